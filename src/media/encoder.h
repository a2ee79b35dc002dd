/*
 * encoder.h (private): a video encoder chosen and set up for a container, and what the frames have
 * to be like for it. Times go through exactly: the encoder's time base is the source's where the
 * codec and the container allow it, so that B-frames and variable rates lose nothing, and packets
 * get the durations of their frames back.
 */
#ifndef BC_MEDIA_ENCODER_H
#define BC_MEDIA_ENCODER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/av.h"
#include "media/writer.h"

enum { BC_MAX_DELAY = 1024 }; /* frames inside an encoder whose durations are remembered */

typedef struct bc_encoder {
    AVCodecContext *context;
    AVFrame *canvas; /* no pixels: size, format, colour and pixel aspect of the frames to encode;
                        BGRA where the encoder takes palettes: the writer makes them */
    int64_t last_pts, end; /* of what was sent, in context->time_base */
    int64_t n_thinned;     /* frames left out, as the codec holds no times so close */
    int n_delayed;
    struct bc_delayed {
        int64_t pts, duration;
    } delayed[BC_MAX_DELAY];
} bc_encoder;

typedef struct bc_encoder_source {
    const AVFrame *first;
    AVRational time_base, frame_rate;
} bc_encoder_source;

/* `url` names a picture format where `container` is pictures. */
bc_status bc_encoder_open(bc_encoder *encoder, const AVOutputFormat *container, const char *url,
                          const bc_encoder_source *source, const bc_writer_params *params);
/* Begins anew, as it was opened, after it was drained. */
bc_status bc_encoder_restart(bc_encoder *encoder, const AVOutputFormat *container,
                             const bc_writer_params *params);
/* Takes a half-open encoder and {0}. */
void bc_encoder_close(bc_encoder *encoder);

/* How long the last frame that was not left out lasts, in context->time_base. */
int64_t bc_encoder_last_delay(const bc_encoder *encoder);
/* Whether it writes the captions that come with frames. */
bool bc_encoder_takes_captions(const bc_encoder *encoder);

/* `av` is like the canvas; pts and duration in `time_base`, or NULL: drain. FFmpeg's error or
 * 0. */
int bc_encoder_send(bc_encoder *encoder, AVFrame *av, AVRational time_base);
/* The next packet in context->time_base; AVERROR(EAGAIN): send more; AVERROR_EOF: drained. */
int bc_encoder_receive(bc_encoder *encoder, AVPacket *packet);

#endif
