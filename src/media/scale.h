/*
 * scale.h (private): conversion between any two sizes and pixel formats over libswscale, with the
 * matrix, range and chroma position that the two frames state (bc_av_complete_colour fills in what
 * a stream leaves unset). Bicubic, exact rounding, full chroma; no change of primaries or transfer.
 */
#ifndef BC_MEDIA_SCALE_H
#define BC_MEDIA_SCALE_H

#include "media/av.h"

/* Keeps the context of the last conversion. {0} is valid; one thread at a time. */
typedef struct bc_scaler {
    int n_threads; /* of which few are used, as more gain nothing; 0: 1 */
    struct SwsContext *sws;
    struct bc_scaler_key {
        struct bc_scaler_side {
            int width, height, format;
            int matrix, range, chroma;
        } source, target;
    } key;
} bc_scaler;

/* Fills `target`, whose format, size, colour and buffers are set. */
bc_status bc_scaler_run(bc_scaler *scaler, const AVFrame *source, AVFrame *target,
                        const bc_log *log);
void bc_scaler_close(bc_scaler *scaler);

#endif
