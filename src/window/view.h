/*
 * view.h: all that is to be seen at a moment. The strings and frames are the caller's and are
 * needed during the call that gets the view only.
 */
#ifndef BC_WINDOW_VIEW_H
#define BC_WINDOW_VIEW_H

#include <stdbool.h>

#include "frame/frame.h"

/* A style in the filmstrip. */
typedef struct bc_thumbnail {
    const char *name;
    const uint8_t *pixels; /* RGB24 without padding, or NULL; must stay until the window closes */
    int width, height;
} bc_thumbnail;

typedef struct bc_help_line {
    const char *keys, *text;
} bc_help_line;

typedef struct bc_view {
    const bc_frame *painting; /* BC_YUV420 in any colours and size; NULL: black */
    const bc_frame *original; /* likewise; what stands left of the split, or NULL */
    uint64_t serial;          /* another one for other frames; > 0 */
    double aspect;            /* width / height as displayed */
    float split;              /* where the line stands, 0 to 1 of the picture; with `original` */

    const char *message;           /* a short line such as a style's name, or NULL */
    const char *detail;            /* a second, smaller line under it, or NULL */
    float message_alpha;           /* 0 to 1 */
    const char *const *statistics; /* [n_statistics], one line each */
    int n_statistics;
    const bc_help_line *help; /* [n_help] */
    int n_help;
    const char *recording; /* what stands beside the red dot ("0:12"), or NULL */
    const char *waiting;   /* in the middle, while there is no picture ("no signal"), or NULL */

    const bc_thumbnail *thumbnails; /* [n_thumbnails]: the filmstrip; cell 0 is the original */
    int n_thumbnails;
    int current; /* the cell that is chosen, or -1 */
} bc_view;

#endif
