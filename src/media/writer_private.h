/*
 * writer_private.h (private): a writer's state: writer_open.c fills it in, writer.c writes with it.
 */
#ifndef BC_MEDIA_WRITER_PRIVATE_H
#define BC_MEDIA_WRITER_PRIVATE_H

#include "media/destination.h"
#include "media/encoder.h"
#include "media/filter.h"
#include "media/route.h"
#include "media/scale.h"
#include "media/writer.h"

struct bc_writer {
    bc_writer_params params;
    char *name; /* as the user wrote it */
    char description[160];
    bc_destination destination;
    AVFormatContext *output;
    AVFormatContext *meant; /* its metadata */
    AVIOContext *pipe;      /* what the output writes to, if that is a pipe; or NULL */
    bc_encoder encoder;
    bc_scaler scaler;
    bc_filter palette;
    AVStream *video;
    AVPacket *packet; /* scratch */
    int n_inputs;
    bc_route *routes;  /* [n_inputs], by the index of the source's stream */
    int64_t *last_dts; /* [output->nb_streams] */
    int64_t n_frames, n_refused;
    bool is_tone_mapped, has_lost_captions;
};

/* Closes what the output writes to; takes a closed one. FFmpeg's error or 0. */
int bc_writer_close_file(bc_writer *writer);

#endif
