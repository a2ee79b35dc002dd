/*
 * seekbar.h (private): where in its input the picture is, above the filmstrip, out with it where
 * one can seek. Threads: the window's.
 */
#ifndef BC_WINDOW_SEEKBAR_H
#define BC_WINDOW_SEEKBAR_H

#include "window/draw.h"
#include "window/text.h"
#include "window/view.h"

/* Its plate; without height while it is not out. */
SDL_Rect bc_seekbar_rect(const bc_view *view, const bc_overlay_place *place);
/* `text` may be NULL: a bar without times. */
void bc_seekbar_draw(SDL_Renderer *renderer, bc_text *text, const bc_view *view,
                     const bc_overlay_place *place);
/* The time under the mouse, whatever its height; 0 to the duration. */
int64_t bc_seekbar_time_us(const bc_view *view, const bc_overlay_place *place);

#endif
