/*
 * live_painter.h: from a captured frame and the settings of the moment to a painted picture. The
 * frame becomes planes of 4:2:0 in the source's own colours, which a decoder's mostly are already,
 * and the library's painter paints them. Frames' memory comes from a pool.
 *
 * Threads: one at a time.
 */
#ifndef BC_LIVE_LIVE_PAINTER_H
#define BC_LIVE_LIVE_PAINTER_H

#include "frame/frame.h"
#include "live/settings.h"

/* A picture on its way from the painter to the eyes. */
typedef struct bc_painted {
    bc_frame *picture;                 /* BC_YUV420; of the painting's size or the source's */
    bc_frame *original;                /* like it, of the source's size: what was painted */
    bc_frame *mask;                    /* like it, its luma alone; or NULL: painted everywhere */
    double aspect;                     /* width / height as displayed */
    int64_t arrival_ns;                /* when the source frame came */
    int64_t due_ns;                    /* when it is to be shown; not after painted_ns: at once */
    int64_t step_us;                   /* from the source frame before it */
    int64_t painted_ns;                /* when it was there */
    int64_t time_us;                   /* on the source's time line */
    int width, height;                 /* of the source */
    int painted_width, painted_height; /* 0: nothing was painted */
    bc_model *model;                   /* that painted it, held, or NULL */
    bool is_as_wanted; /* not with the session of before, while the wanted one is being opened */
    float convert_ms, paint_ms, mix_ms; /* to planes; the net; sizes, stabiliser and strength */
} bc_painted;

/* Frees the painted picture and sets it to NULL; takes NULL and pointers to NULL. */
void bc_painted_free(bc_painted **painted);

typedef struct bc_live_painter bc_live_painter;

typedef struct bc_live_painter_params {
    const bc_model *model; /* the first net */
    int n_threads;         /* 0: one for each processor */
    bc_precision precision;
    bc_log log;
} bc_live_painter_params;

bc_status bc_live_painter_open(bc_live_painter **painter, const bc_live_painter_params *params);
void bc_live_painter_close(bc_live_painter **painter);

/* What a frame is painted with. */
typedef struct bc_paint_order {
    bc_settings settings;
    bc_model *model; /* the settings' own net or a cheaper one; held */
    bc_blend blend;  /* the settings' one in the model's styles */
    double scale;    /* of the painting's size to the source's */
    bc_frame *mask;  /* any frame, or NULL: everywhere */
    bool is_paused;  /* the same frame is painted again: a fade is not waited for */
} bc_paint_order;

/* Paints `source`, any frame. The first one waits for its session. */
bc_status bc_live_painter_run(bc_live_painter *painter, const bc_paint_order *order,
                              bc_frame *source, bc_painted **painted);

/* The last frame was painted with another session than the one that is being opened. */
bool bc_live_painter_is_pending(const bc_live_painter *painter);

#endif
