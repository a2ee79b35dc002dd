#include "window/draw.h"

const SDL_Color bc_white = {255, 255, 255, 255}, bc_accent = {255, 196, 64, 255},
                bc_red = {255, 92, 80, 255}, bc_green = {88, 208, 96, 255},
                bc_gray = {160, 160, 164, 255};

/* In a tall window the width is what is scarce. */
int bc_place_px(const bc_overlay_place *place, int per_mille, int least)
{
    const int height = SDL_min(place->screen.h, place->screen.w * 3 / 4);
    return SDL_max(height * per_mille / 1000, (int)((float)least * place->density));
}

int bc_place_margin(const bc_overlay_place *place)
{
    return bc_place_px(place, 20, 6);
}

int bc_place_text_px(const bc_overlay_place *place)
{
    return bc_place_px(place, 26, 12);
}

void bc_draw_rect(SDL_Renderer *renderer, SDL_Rect rect, SDL_Color color)
{
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(renderer, color.r, color.g, color.b, color.a);
    SDL_RenderFillRect(renderer, &rect);
}

void bc_draw_border(SDL_Renderer *renderer, SDL_Rect rect, int width, SDL_Color color)
{
    const SDL_Rect outer = {rect.x - width, rect.y - width, rect.w + 2 * width, rect.h + 2 * width};
    bc_draw_rect(renderer, (SDL_Rect){outer.x, outer.y, outer.w, width}, color);
    bc_draw_rect(renderer, (SDL_Rect){outer.x, rect.y + rect.h, outer.w, width}, color);
    bc_draw_rect(renderer, (SDL_Rect){outer.x, rect.y, width, rect.h}, color);
    bc_draw_rect(renderer, (SDL_Rect){rect.x + rect.w, rect.y, width, rect.h}, color);
}

void bc_draw_disc(SDL_Renderer *renderer, SDL_Point centre, int radius, SDL_Color color)
{
    for (int dy = -radius; dy <= radius; dy++) {
        int dx = 0;
        while ((dx + 1) * (dx + 1) + dy * dy <= radius * radius)
            dx++;
        bc_draw_rect(renderer, (SDL_Rect){centre.x - dx, centre.y + dy, 2 * dx + 1, 1}, color);
    }
}

void bc_draw_plate(SDL_Renderer *renderer, SDL_Rect rect, float alpha)
{
    bc_draw_rect(renderer, rect, (SDL_Color){0, 0, 0, (uint8_t)(168 * alpha)});
}
