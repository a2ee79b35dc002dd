/*
 * studio.h: from a captured frame and the settings of the moment to a painted picture, in planes
 * all the way: a decoder's 4:2:0 is what is painted, stabilised, mixed, shown and encoded. Its
 * sessions are the workshop's (workshop.h).
 *
 * Threads: one at a time.
 */
#ifndef BC_LIVE_STUDIO_H
#define BC_LIVE_STUDIO_H

#include <stdbool.h>

#include "frame/frame.h"
#include "paint/nets.h"

/* What the user can change while it runs; plain data. */
typedef struct bc_settings {
    int net;                                /* index in the nets */
    int n_styles;                           /* in the blend; 0: the original */
    bc_style_weight styles[2];              /* of that net */
    bool shows_original;                    /* for now, whatever the blend */
    bool shows_split;                       /* the original is wanted beside the painting */
    float split;                            /* where the line stands */
    float strength, keep_colors, stabilize; /* 0 to 1 */
    float brush;                            /* size of the strokes, 1: as trained */
    float fixed_scale;                      /* 0: the governor's */
    bool is_net_fixed;                      /* the governor may not take a cheaper one */
    float rate; /* frames a second that the governor holds; 0: the source's, at most 30 */
    bool mirror;
    float fade_s; /* how long one style takes to become the next */
} bc_settings;

/* A picture on its way from the studio to the eyes. */
typedef struct bc_painted {
    bc_frame *picture;  /* as bc_view.painting; of the painting's size or the source's */
    bc_frame *original; /* like it, where the settings want it, or NULL */
    double aspect;      /* width / height as displayed */
    int64_t arrival_ns; /* when the source frame came */
    int64_t time_us;    /* on the source's time line */
    int width, height;  /* of the source */
    int painted_width, painted_height; /* 0: nothing was painted */
    const char *net;                   /* that painted it, the nets' own string, or NULL */
    bool is_as_wanted; /* not with the session of before, while the wanted one is being opened */
    float convert_ms, paint_ms, mix_ms;
} bc_painted;

/* Frees the painted picture and sets it to NULL; takes NULL and pointers to NULL. */
void bc_painted_free(bc_painted **painted);

typedef struct bc_studio bc_studio;

typedef struct bc_studio_params {
    const bc_nets *nets; /* must outlive the studio */
    int n_threads;       /* 0: one for each processor */
    bc_precision precision;
    bc_log log;
} bc_studio_params;

bc_status bc_studio_open(bc_studio **studio, const bc_studio_params *params);
void bc_studio_close(bc_studio **studio);

/*
 * Paints `source`, any frame, with the net `net` (the settings' own or a cheaper one) at
 * `scale` times its size. `now_ns` moves the fade. The first frame waits for its session.
 */
bc_status bc_studio_run(bc_studio *studio, const bc_settings *settings, int net, double scale,
                        bc_frame *source, int64_t now_ns, bc_painted **painted);

/* Another session is being made than the one that painted last. */
bool bc_studio_is_pending(bc_studio *studio);

#endif
