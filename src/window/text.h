/*
 * text.h (private): lines of text on an SDL renderer, white or coloured with a black outline, so
 * that they can be read on any picture. Rendered lines are kept as textures and thrown out when
 * they were not used for long. Threads: the window's.
 */
#ifndef BC_WINDOW_TEXT_H
#define BC_WINDOW_TEXT_H

#include <SDL.h>
#include <stddef.h>

#include "brushcast.h"

typedef struct bc_text bc_text;

/* Finds a sans-serif font by fontconfig. The renderer must outlive the text. */
bc_status bc_text_open(bc_text **text, SDL_Renderer *renderer, const bc_log *log);
void bc_text_close(bc_text **text);

/* Pixels that a line of `size_px` takes, outline included; "" has a height too. */
SDL_Point bc_text_size(bc_text *text, const char *line, int size_px);

/* The bytes of the line's beginning that are no wider than `width` pixels: whole characters. */
size_t bc_text_fit(bc_text *text, const char *line, int size_px, int width);

/* The upper left corner goes to (x, y). */
void bc_text_draw(bc_text *text, const char *line, int size_px, int x, int y, SDL_Color color);

#endif
