/*
 * letterbox.h (private): frames of one shape from a stream that changes its size or its pixels'
 * aspect: a frame of another shape than the first is put into the middle of the first one's, as
 * large as fits, with black around it. Frames of the same shape pass untouched, whatever their
 * size.
 */
#ifndef BC_MEDIA_LETTERBOX_H
#define BC_MEDIA_LETTERBOX_H

#include "media/scale.h"

/* {0} takes its shape from the first frame. */
typedef struct bc_letterbox {
    int width, height;
    AVRational pixel_aspect;
    bc_scaler scaler;
} bc_letterbox;

/* Replaces the frame where it has to. */
bc_status bc_letterbox_run(bc_letterbox *box, AVFrame *av, const bc_log *log);
/* Makes the bars around a source's picture black in its painting too. */
void bc_letterbox_blacken(AVFrame *painted, const AVFrame *source);
void bc_letterbox_close(bc_letterbox *box);

#endif
