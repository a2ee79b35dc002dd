/*
 * transcode.h (private): a stream of sound or text that an output cannot hold as it is, decoded and
 * encoded into what it can. Sound keeps its rate and channels where the encoder takes them; gaps in
 * it are filled with silence, so that it stays with the picture.
 */
#ifndef BC_MEDIA_TRANSCODE_H
#define BC_MEDIA_TRANSCODE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

typedef struct bc_transcoder bc_transcoder;

/*
 * `codec`: an encoder or a codec, NULL: what the container prefers. `rate` of sound, as near as the
 * encoder has it; 0: the source's. FFmpeg's error or 0; AVERROR_ENCODER_NOT_FOUND: the container
 * has no kind of its own for such a stream, or `codec` is none.
 */
int bc_transcoder_open(bc_transcoder **transcoder, const AVStream *source,
                       const AVOutputFormat *container, const char *codec, int rate);
void bc_transcoder_close(bc_transcoder **transcoder);

/*
 * Goes on with another source, into the same packets; what is left of the one before comes first.
 * On failure, FFmpeg's error, nothing but silence follows.
 */
int bc_transcoder_change_source(bc_transcoder *transcoder, const AVStream *source);
/* Where the sound so far ends, or will begin (0: unknown); and silence from there to `until_us`. */
int64_t bc_transcoder_end_us(const bc_transcoder *transcoder);
int bc_transcoder_fill(bc_transcoder *transcoder, int64_t until_us);

/* What the packets are like: size, format and time base. */
const AVCodecContext *bc_transcoder_encoder(const bc_transcoder *transcoder);

/* Times in the source's time base; NULL: the end. A damaged packet is passed over. */
int bc_transcoder_send(bc_transcoder *transcoder, const AVPacket *packet);
/* The next packet, the caller's, in the encoder's time base; NULL: send more. */
AVPacket *bc_transcoder_receive(bc_transcoder *transcoder);

#endif
