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

/* A cell of the filmstrip that is painted with. */
typedef struct bc_chosen {
    int cell;
    float share; /* of the blend */
} bc_chosen;

typedef struct bc_help_line {
    const char *keys, *text;
} bc_help_line;

typedef enum bc_mark_kind {
    BC_MARK_RECORDING,
    BC_MARK_LIVE,    /* an output that takes what it gets */
    BC_MARK_WAITING, /* one that nobody is at the other end of yet */
    BC_MARK_FAILED,
    BC_MARK_PAUSED,
    BC_MARK_SMALLER, /* painted smaller than wanted, for speed */
    BC_MARK_MUTED
} bc_mark_kind;

/* What goes on and must not be forgotten: at the lower left, above all else that is there. */
typedef struct bc_mark {
    bc_mark_kind kind;
    const char *text; /* "0:12 me.mp4" */
} bc_mark;

enum { BC_VIEW_CHOSEN = 8 };

typedef struct bc_view {
    const bc_frame *painting; /* BC_YUV420 in any colours and size; NULL: black */
    const bc_frame *original; /* likewise; what stands left of the split, or NULL */
    uint64_t serial;          /* another one for other frames; > 0 */
    double aspect;            /* width / height as displayed */
    float split;              /* where the line stands, 0 to 1 of the picture; with `original` */

    const char *message;           /* a short line such as a style's name, or NULL */
    const char *detail, *hint;     /* smaller ones under it, or NULL */
    float message_alpha;           /* 0 to 1 */
    bool is_error;                 /* the message says what went wrong */
    const char *prompt;            /* what the user is to do next, or NULL */
    const char *const *statistics; /* [n_statistics], one line each */
    int n_statistics;
    const bc_help_line *help; /* [n_help] */
    int n_help;
    const bc_mark *marks; /* [n_marks] */
    int n_marks;
    const char *waiting; /* in the middle, while there is no picture ("no signal"), or NULL */

    int64_t position_us, duration_us; /* of what can be sought; duration 0: nothing can */

    const bc_thumbnail *thumbnails; /* [n_thumbnails]: the filmstrip; cell 0 is the original */
    int n_thumbnails;
    bool needs_strip;                 /* it is to be out, wherever the mouse is */
    bc_chosen chosen[BC_VIEW_CHOSEN]; /* [n_chosen] */
    int n_chosen;
} bc_view;

#endif
