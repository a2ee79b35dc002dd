/*
 * plates.h (private): text on plates: messages, statistics, the help, what is waited for, and the
 * marks. Threads: the window's.
 */
#ifndef BC_WINDOW_PLATES_H
#define BC_WINDOW_PLATES_H

#include "window/draw.h"
#include "window/label.h"
#include "window/view.h"

/* What all of them draw with. */
typedef struct bc_plates {
    SDL_Renderer *renderer;
    bc_text *text;
    const bc_view *view;
    const bc_overlay_place *place;
    int bottom; /* what is below is the marks' */
} bc_plates;

/* At the upper right; not while a message needs the room. */
void bc_plates_draw_statistics(const bc_plates *plates);
/* At the upper left, and under it the prompt: beside the statistics or, where that is narrow,
 * under them. While the help is out, errors alone. */
void bc_plates_draw_message(const bc_plates *plates);
void bc_plates_draw_waiting(const bc_plates *plates);
/* In the middle, in columns, as large as it fits. */
void bc_plates_draw_help(const bc_plates *plates);
/* In rows from the left, above `bottom`, which becomes what is left above them. Without text the
 * signs stand alone. */
void bc_plates_draw_marks(bc_plates *plates);

#endif
