/*
 * strip.h (private): the filmstrip at the bottom of the window: a cell for each style with its
 * number, picture and name. Where they are more than fit it shows some of them, among these
 * what is chosen, and is moved by the wheel and by its ends. Threads: the window's.
 */
#ifndef BC_WINDOW_STRIP_H
#define BC_WINDOW_STRIP_H

#include "window/draw.h"
#include "window/label.h"
#include "window/view.h"

typedef struct bc_strip {
    const bc_thumbnail *thumbnails; /* whose the rest is; NULL: nobody's */
    int n;
    SDL_Texture **textures; /* [n]; NULL entries: no picture */
    bc_label *names;        /* [n] */
    int name_width, name_px;
    int first; /* the first cell that is shown */
    bc_chosen chosen[BC_VIEW_CHOSEN];
    int n_chosen; /* what was brought into view */
} bc_strip;

/* What a click on the strip does: a cell's index, or one of these. */
enum { BC_STRIP_NOTHING = -1, BC_STRIP_BACK = -2, BC_STRIP_FORTH = -3 };

/* `text` may be NULL: cells without names. */
void bc_strip_draw(bc_strip *strip, SDL_Renderer *renderer, bc_text *text, const bc_view *view,
                   const bc_overlay_place *place);
void bc_strip_close(bc_strip *strip);

/* What it covers, while it is out. */
SDL_Rect bc_strip_rect(const bc_view *view, const bc_overlay_place *place);
/* What is under the mouse. */
int bc_strip_at(const bc_strip *strip, const bc_view *view, const bc_overlay_place *place);
/* By so many cells, but not beyond its ends. */
void bc_strip_move(bc_strip *strip, const bc_view *view, const bc_overlay_place *place,
                   int n_cells);
/* By all that are shown: -1 back, 1 forth. */
void bc_strip_turn(bc_strip *strip, const bc_view *view, const bc_overlay_place *place,
                   int direction);

#endif
