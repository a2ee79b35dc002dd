/*
 * view.h: all that is to be seen at a moment, made of the live program's state: the picture, what
 * lies over it, and the words for that. Threads: the window's.
 */
#ifndef BC_LIVE_VIEW_H
#define BC_LIVE_VIEW_H

#include "live/live.h"

enum { BC_VIEWER_LINES = 12, BC_VIEWER_HELP = 64, BC_VIEWER_MARKS = BC_MAX_OUTPUTS + 4 };

/* The strings that a view points into; a view is good until the next one is made. */
typedef struct bc_viewer {
    bc_live *live;
    bc_thumbnail *thumbnails; /* [n_thumbnails]: the original, then the model's styles */
    int n_thumbnails;
    bc_model *thumbnail_model; /* held */
    bc_help_line help[BC_VIEWER_HELP];
    char help_keys[BC_VIEWER_HELP][32];
    int n_help;
    char lines[BC_VIEWER_LINES][128]; /* of statistics */
    const char *line_starts[BC_VIEWER_LINES];
    int n_lines;
    int64_t lines_ns; /* when they were made: digits that flicker cannot be read */
    bc_mark marks[BC_VIEWER_MARKS];
    char mark_texts[BC_VIEWER_MARKS][160];
    int n_marks;
    char message[128], detail[192], hint[96], prompt[192];
    int64_t greeting_ns; /* when the greeting was said; 0: there was none */
} bc_viewer;

/* Says the style and the keys that one needs first, once. */
void bc_viewer_open(bc_viewer *viewer, bc_live *live);
void bc_viewer_close(bc_viewer *viewer);

/* With the live program's lock held; `serial` counts frames. */
bc_view bc_viewer_look(bc_viewer *viewer, uint64_t serial, int64_t now_ns);

#endif
