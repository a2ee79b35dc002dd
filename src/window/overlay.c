#include "window/overlay.h"

#include "window/plates.h"
#include "window/seekbar.h"

static void draw_split(const bc_overlay *overlay, const bc_view *view,
                       const bc_overlay_place *place)
{
    if (!view->original)
        return;
    SDL_Renderer *renderer = overlay->renderer;
    const SDL_Rect *picture = &place->picture;
    const int x = picture->x + (int)(view->split * (float)picture->w);
    const SDL_Point middle = {x, picture->y + picture->h / 2};
    const int radius = bc_place_px(place, 16, 7);
    bc_draw_rect(renderer, (SDL_Rect){x - 2, picture->y, 5, picture->h}, (SDL_Color){0, 0, 0, 90});
    bc_draw_rect(renderer, (SDL_Rect){x - 1, picture->y, 2, picture->h}, bc_white);
    bc_draw_disc(renderer, middle, radius + 2, (SDL_Color){0, 0, 0, 120});
    bc_draw_disc(renderer, middle, radius, bc_white);
}

void bc_overlay_draw(bc_overlay *overlay, const bc_view *view, const bc_overlay_place *place)
{
    bc_plates plates = {overlay->renderer, overlay->text, view, place,
                        bc_seekbar_rect(view, place).y};
    draw_split(overlay, view, place);
    bc_strip_draw(&overlay->strip, overlay->renderer, overlay->text, view, place);
    bc_seekbar_draw(overlay->renderer, overlay->text, view, place);
    bc_plates_draw_marks(&plates);
    if (!overlay->text)
        return;
    bc_plates_draw_waiting(&plates);
    bc_plates_draw_message(&plates);
    bc_plates_draw_statistics(&plates);
    bc_plates_draw_help(&plates);
}

void bc_overlay_close(bc_overlay *overlay)
{
    bc_strip_close(&overlay->strip);
    bc_text_close(&overlay->text);
}
