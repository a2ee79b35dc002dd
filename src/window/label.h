/*
 * label.h (private): text in a width: broken into lines between words, and where the lines do not
 * suffice, cut with an ellipsis. Threads: the window's.
 */
#ifndef BC_WINDOW_LABEL_H
#define BC_WINDOW_LABEL_H

#include "window/text.h"

enum { BC_LABEL_LINES = 4, BC_LABEL_BYTES = 256 };

typedef struct bc_label {
    char lines[BC_LABEL_LINES][BC_LABEL_BYTES];
    int n_lines, size_px;
    SDL_Point size; /* pixels of all lines together */
} bc_label;

typedef enum bc_label_side { BC_LABEL_LEFT, BC_LABEL_CENTRE } bc_label_side;

/* `string` in at most `most_lines` lines, none wider than `width` where a character fits at all. */
bc_label bc_label_wrap(bc_text *text, const char *string, int size_px, int width, int most_lines);

/* The upper left corner goes to (x, y); centred lines stand in the middle of `width` from x on. */
void bc_label_draw(const bc_label *label, bc_text *text, int x, int y, int width,
                   bc_label_side side, SDL_Color color);

#endif
