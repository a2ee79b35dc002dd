/*
 * transcode_choice.h (private): what a stream of sound or text becomes that an output cannot hold.
 */
#ifndef BC_MEDIA_TRANSCODE_CHOICE_H
#define BC_MEDIA_TRANSCODE_CHOICE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/*
 * The encoder `name`, of an encoder or a codec, for sound; NULL: what the container prefers. Text
 * becomes the container's own kind. NULL: there is none.
 */
const AVCodec *bc_transcode_encoder(const AVCodecParameters *source,
                                    const AVOutputFormat *container, const char *name);

/* The next higher rate that the encoder takes, or its highest; 0 or less: the source's is unknown.
 */
int bc_transcode_rate(const AVCodec *codec, int rate);

/* The source's channels, or the most that the encoder takes of as many. FFmpeg's error or 0. */
int bc_transcode_layout(AVChannelLayout *layout, const AVCodec *codec,
                        const AVCodecParameters *source);

#endif
