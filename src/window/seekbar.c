#include "window/seekbar.h"

#include <stdio.h>

#include "window/strip.h"

SDL_Rect bc_seekbar_rect(const bc_view *view, const bc_overlay_place *place)
{
    const SDL_Rect strip = bc_strip_rect(view, place);
    const int height = place->is_awake && view->n_help == 0 && view->duration_us > 0
                           ? 2 * bc_place_text_px(place)
                           : 0;
    return (SDL_Rect){0, strip.y - height, place->screen.w, height};
}

/* The bar itself, between the times. */
static SDL_Rect groove(const bc_view *view, const bc_overlay_place *place)
{
    const SDL_Rect plate = bc_seekbar_rect(view, place);
    const int side = bc_place_margin(place) + 5 * bc_place_text_px(place);
    const int height = bc_place_px(place, 8, 4);
    return (SDL_Rect){side, plate.y + (plate.h - height) / 2, plate.w - 2 * side, height};
}

int64_t bc_seekbar_time_us(const bc_view *view, const bc_overlay_place *place)
{
    const SDL_Rect bar = groove(view, place);
    const int x = SDL_max(SDL_min(place->mouse.x - bar.x, bar.w), 0);
    return view->duration_us * x / SDL_max(bar.w, 1);
}

static void draw_time(bc_text *text, int64_t time_us, SDL_Point middle, int size_px)
{
    char words[32];
    const int seconds = (int)(time_us / 1000000);
    if (seconds < 3600)
        snprintf(words, sizeof(words), "%d:%02d", seconds / 60, seconds % 60);
    else
        snprintf(words, sizeof(words), "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
    const SDL_Point size = bc_text_size(text, words, size_px);
    bc_text_draw(text, words, size_px, middle.x - size.x / 2, middle.y - size.y / 2, bc_white);
}

void bc_seekbar_draw(SDL_Renderer *renderer, bc_text *text, const bc_view *view,
                     const bc_overlay_place *place)
{
    const SDL_Rect plate = bc_seekbar_rect(view, place), bar = groove(view, place);
    const int size_px = bc_place_text_px(place), middle = plate.y + plate.h / 2;
    if (plate.h == 0)
        return;
    const int64_t position_us = SDL_min(view->position_us, view->duration_us);
    const int done = (int)(bar.w * position_us / view->duration_us);
    bc_draw_plate(renderer, plate, 1);
    bc_draw_rect(renderer, bar, (SDL_Color){255, 255, 255, 96});
    bc_draw_rect(renderer, (SDL_Rect){bar.x, bar.y, done, bar.h}, bc_accent);
    bc_draw_disc(renderer, (SDL_Point){bar.x + done, middle}, bar.h, bc_accent);
    if (!text)
        return;
    draw_time(text, position_us, (SDL_Point){bar.x / 2, middle}, size_px);
    draw_time(text, view->duration_us, (SDL_Point){bar.x + bar.w + bar.x / 2, middle}, size_px);
    if (SDL_PointInRect(&place->mouse, &plate))
        draw_time(text, bc_seekbar_time_us(view, place),
                  (SDL_Point){place->mouse.x, plate.y - size_px}, size_px);
}
