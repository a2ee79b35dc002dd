/*
 * overlay.h (private): draws all that lies over the picture, each thing in its place. Threads: the
 * window's.
 */
#ifndef BC_WINDOW_OVERLAY_H
#define BC_WINDOW_OVERLAY_H

#include "window/draw.h"
#include "window/strip.h"
#include "window/text.h"
#include "window/view.h"

typedef struct bc_overlay {
    SDL_Renderer *renderer;
    bc_text *text; /* NULL: there is no font, only what needs none is drawn */
    bc_strip strip;
} bc_overlay;

void bc_overlay_draw(bc_overlay *overlay, const bc_view *view, const bc_overlay_place *place);
void bc_overlay_close(bc_overlay *overlay);

#endif
