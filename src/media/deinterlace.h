/*
 * deinterlace.h (private): frames of two fields made whole by libavfilter's bwdif, one frame for
 * each frame. It stands between a decoder and whoever takes its frames, and holds back one frame:
 * the filter looks at the next one.
 */
#ifndef BC_MEDIA_DEINTERLACE_H
#define BC_MEDIA_DEINTERLACE_H

#include "media/filter.h"
#include "media/reader.h"

/* {0} is valid but for the mode. */
typedef struct bc_deinterlacer {
    bc_deinterlace mode;
    bc_filter filter;
    AVFrame *next; /* of another size or format: waits until the filter is empty */
    bool has_ended;
} bc_deinterlacer;

/* Whether the frame has to go through: once one has, all that follow do. */
bool bc_deinterlacer_wants(const bc_deinterlacer *deinterlacer, const AVFrame *av);

/* Takes the frame's pixels, which leaves it empty; NULL: no more will come. BC_OK or an error. */
bc_status bc_deinterlacer_send(bc_deinterlacer *deinterlacer, AVFrame *av, const bc_log *log);

/* A frame with the time stamps of the one that was sent; AVERROR(EAGAIN): send more; AVERROR_EOF:
 * the end was sent, and nothing is left. */
int bc_deinterlacer_receive(bc_deinterlacer *deinterlacer, AVFrame *av, const bc_log *log);

void bc_deinterlacer_close(bc_deinterlacer *deinterlacer);

#endif
