/*
 * overlay.h (private): draws what lies over the picture. Sizes follow the window's height, so that
 * text keeps its share of the screen. Threads: the window's.
 */
#ifndef BC_WINDOW_OVERLAY_H
#define BC_WINDOW_OVERLAY_H

#include "window/text.h"
#include "window/view.h"

typedef struct bc_overlay {
    SDL_Renderer *renderer;
    bc_text *text;            /* NULL: there is no font, only what needs none is drawn */
    SDL_Texture **thumbnails; /* [n_thumbnails], made when first shown; NULL entries: no picture */
    int n_thumbnails;
    const bc_thumbnail *shown; /* whose textures these are */
} bc_overlay;

/* What only the window knows. All in the renderer's pixels. */
typedef struct bc_overlay_place {
    SDL_Rect picture, screen;
    SDL_Point mouse;
    bool strip; /* the filmstrip is out */
} bc_overlay_place;

void bc_overlay_draw(bc_overlay *overlay, const bc_view *view, const bc_overlay_place *place);
void bc_overlay_close(bc_overlay *overlay);

/* The cell of the filmstrip under the mouse, or -1. */
int bc_overlay_cell_at(const bc_view *view, const bc_overlay_place *place);

#endif
