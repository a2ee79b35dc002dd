/*
 * draw.h (private): shapes, and the sizes of all that lies over the picture. Sizes follow the
 * window, so that text keeps its share of the screen, but never become too small to read.
 * Coordinates and sizes are the renderer's pixels. Threads: the window's.
 */
#ifndef BC_WINDOW_DRAW_H
#define BC_WINDOW_DRAW_H

#include <SDL.h>
#include <stdbool.h>

/* Where things are. */
typedef struct bc_overlay_place {
    SDL_Rect picture, screen;
    SDL_Point mouse;
    float density; /* pixels in a place of one pixel on an ordinary screen: 2 on a fine one */
    bool is_awake; /* the mouse has moved: what can be clicked on is out */
} bc_overlay_place;

extern const SDL_Color bc_white, bc_accent, bc_red, bc_green, bc_gray;

/* A share of the window's size, but at least `least` pixels of an ordinary screen. */
int bc_place_px(const bc_overlay_place *place, int per_mille, int least);
int bc_place_margin(const bc_overlay_place *place);
/* The height of ordinary text. */
int bc_place_text_px(const bc_overlay_place *place);

void bc_draw_rect(SDL_Renderer *renderer, SDL_Rect rect, SDL_Color color);
/* Around the rectangle. */
void bc_draw_border(SDL_Renderer *renderer, SDL_Rect rect, int width, SDL_Color color);
void bc_draw_disc(SDL_Renderer *renderer, SDL_Point centre, int radius, SDL_Color color);
/* What text lies on. */
void bc_draw_plate(SDL_Renderer *renderer, SDL_Rect rect, float alpha);

#endif
