#include "window/overlay.h"

#include <stdlib.h>
#include <string.h>

static const SDL_Color white = {255, 255, 255, 255};
static const SDL_Color accent = {255, 196, 64, 255};

/* Basics ----------------------------------------------------------------------------------- */

static void fill(SDL_Renderer *renderer, SDL_Rect rect, SDL_Color color)
{
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(renderer, color.r, color.g, color.b, color.a);
    SDL_RenderFillRect(renderer, &rect);
}

static void draw_plate(const bc_overlay *overlay, SDL_Rect rect)
{
    fill(overlay->renderer, rect, (SDL_Color){0, 0, 0, 150});
}

static void draw_border(SDL_Renderer *renderer, SDL_Rect rect, int width, SDL_Color color)
{
    fill(renderer, (SDL_Rect){rect.x - width, rect.y - width, rect.w + 2 * width, width}, color);
    fill(renderer, (SDL_Rect){rect.x - width, rect.y + rect.h, rect.w + 2 * width, width}, color);
    fill(renderer, (SDL_Rect){rect.x - width, rect.y, width, rect.h}, color);
    fill(renderer, (SDL_Rect){rect.x + rect.w, rect.y, width, rect.h}, color);
}

static void draw_disc(SDL_Renderer *renderer, SDL_Point centre, int radius, SDL_Color color)
{
    for (int dy = -radius; dy <= radius; dy++) {
        int dx = 0;
        while ((dx + 1) * (dx + 1) + dy * dy <= radius * radius)
            dx++;
        fill(renderer, (SDL_Rect){centre.x - dx, centre.y + dy, 2 * dx + 1, 1}, color);
    }
}

/* A share of the screen's height, but never too small to read. */
static int scaled(const bc_overlay_place *place, int per_mille, int least)
{
    const int size = place->screen.h * per_mille / 1000;
    return size > least ? size : least;
}

static int margin(const bc_overlay_place *place)
{
    return scaled(place, 22, 6);
}

static int body_px(const bc_overlay_place *place)
{
    return scaled(place, 26, 12);
}

/* Parts ------------------------------------------------------------------------------------ */

static void draw_message(const bc_overlay *overlay, const bc_view *view,
                         const bc_overlay_place *place)
{
    if (!view->message || view->message_alpha <= 0)
        return;
    const int size_px = scaled(place, 58, 20), m = margin(place);
    SDL_Color color = white;
    color.a = (uint8_t)(255 * SDL_min(view->message_alpha, 1.0F));
    bc_text_draw(overlay->text, view->message, size_px, m, m, color);
    const SDL_Point size = bc_text_size(overlay->text, view->message, size_px);
    if (view->detail)
        bc_text_draw(overlay->text, view->detail, size_px * 11 / 20, m, m + size.y, color);
}

/* Statistics stand at the upper right, where the message is not. */
static void draw_statistics(const bc_overlay *overlay, const bc_view *view,
                            const bc_overlay_place *place)
{
    const int size_px = body_px(place), m = margin(place);
    int width = 0;
    for (int i = 0; i < view->n_statistics; i++)
        width = SDL_max(width, bc_text_size(overlay->text, view->statistics[i], size_px).x);
    if (view->n_statistics == 0)
        return;
    const int line_h = bc_text_size(overlay->text, "", size_px).y;
    SDL_Rect plate = {0, m, width + m, line_h * view->n_statistics + m};
    plate.x = place->screen.w - plate.w - m;
    draw_plate(overlay, plate);
    for (int i = 0; i < view->n_statistics; i++)
        bc_text_draw(overlay->text, view->statistics[i], size_px, plate.x + m / 2,
                     plate.y + m / 2 + i * line_h, white);
}

static void draw_recording(const bc_overlay *overlay, const bc_view *view,
                           const bc_overlay_place *place)
{
    if (!view->recording)
        return;
    const int m = margin(place), radius = scaled(place, 12, 5);
    const SDL_Point centre = {m + radius, place->screen.h - m - radius};
    draw_disc(overlay->renderer, centre, radius + 2, (SDL_Color){0, 0, 0, 200});
    draw_disc(overlay->renderer, centre, radius, (SDL_Color){232, 32, 32, 255});
    if (!overlay->text)
        return;
    const SDL_Point size = bc_text_size(overlay->text, view->recording, body_px(place));
    bc_text_draw(overlay->text, view->recording, body_px(place), centre.x + 2 * radius,
                 centre.y - size.y / 2, white);
}

/* The largest text with which all rows fit. */
static int help_px(const bc_overlay *overlay, const bc_overlay_place *place, int n_rows)
{
    int size_px = body_px(place);
    while (size_px > 8 && bc_text_size(overlay->text, "", size_px).y * n_rows + 4 * margin(place) >
                              place->screen.h)
        size_px--;
    return size_px;
}

static void measure_help(const bc_overlay *overlay, const bc_view *view, int size_px, int *keys_w,
                         int *text_w)
{
    *keys_w = *text_w = 0;
    for (int i = 0; i < view->n_help; i++) {
        *keys_w = SDL_max(*keys_w, bc_text_size(overlay->text, view->help[i].keys, size_px).x);
        *text_w = SDL_max(*text_w, bc_text_size(overlay->text, view->help[i].text, size_px).x);
    }
}

static void draw_help(const bc_overlay *overlay, const bc_view *view, const bc_overlay_place *place)
{
    if (view->n_help == 0)
        return;
    const int n_rows = (view->n_help + 1) / 2, m = margin(place);
    int keys_w, text_w, size_px = help_px(overlay, place, n_rows);
    for (;; size_px--) {
        measure_help(overlay, view, size_px, &keys_w, &text_w);
        if (size_px <= 8 || 2 * (keys_w + text_w) + 7 * m <= place->screen.w)
            break;
    }
    const int line_h = bc_text_size(overlay->text, "", size_px).y;
    const int column_w = keys_w + m + text_w;
    SDL_Rect plate = {0, 0, 2 * column_w + 4 * m, n_rows * line_h + 2 * m};
    plate.x = (place->screen.w - plate.w) / 2;
    plate.y = (place->screen.h - plate.h) / 2;
    fill(overlay->renderer, plate, (SDL_Color){0, 0, 0, 190});
    for (int i = 0; i < view->n_help; i++) {
        const int x = plate.x + m + (i / n_rows) * (column_w + 2 * m);
        const int y = plate.y + m + (i % n_rows) * line_h;
        const int w = bc_text_size(overlay->text, view->help[i].keys, size_px).x;
        bc_text_draw(overlay->text, view->help[i].keys, size_px, x + keys_w - w, y, accent);
        bc_text_draw(overlay->text, view->help[i].text, size_px, x + keys_w + m, y, white);
    }
}

static void draw_waiting(const bc_overlay *overlay, const bc_view *view,
                         const bc_overlay_place *place)
{
    if (!view->waiting)
        return;
    const int size_px = scaled(place, 44, 16);
    const SDL_Point size = bc_text_size(overlay->text, view->waiting, size_px);
    const SDL_Rect plate = {(place->screen.w - size.x) / 2, (place->screen.h - size.y) / 2, size.x,
                            size.y};
    draw_plate(overlay, (SDL_Rect){plate.x - size_px, plate.y - size_px / 2, plate.w + 2 * size_px,
                                   plate.h + size_px});
    bc_text_draw(overlay->text, view->waiting, size_px, plate.x, plate.y, white);
}

static void draw_split(const bc_overlay *overlay, const bc_view *view,
                       const bc_overlay_place *place)
{
    if (!view->original)
        return;
    const SDL_Rect *picture = &place->picture;
    const int x = picture->x + (int)(view->split * (float)picture->w);
    const int middle = picture->y + picture->h / 2, radius = scaled(place, 16, 7);
    fill(overlay->renderer, (SDL_Rect){x - 2, picture->y, 5, picture->h}, (SDL_Color){0, 0, 0, 90});
    fill(overlay->renderer, (SDL_Rect){x - 1, picture->y, 2, picture->h}, white);
    draw_disc(overlay->renderer, (SDL_Point){x, middle}, radius + 2, (SDL_Color){0, 0, 0, 120});
    draw_disc(overlay->renderer, (SDL_Point){x, middle}, radius, white);
}

/* The filmstrip ---------------------------------------------------------------------------- */

typedef struct strip {
    int cell_w, cell_h, gap, x, y; /* the first cell's corner */
    int name_h;
} strip;

/* Where the cells stand: centred, or, when they are more than fit, moved along with the mouse. */
static strip lay_out(const bc_view *view, const bc_overlay_place *place)
{
    strip s = {.cell_h = scaled(place, 120, 36), .gap = scaled(place, 14, 4)};
    s.cell_w = s.cell_h * 4 / 3;
    s.name_h = body_px(place) * 3 / 2;
    const int width = view->n_thumbnails * (s.cell_w + s.gap) + s.gap, room = place->screen.w;
    s.y = place->screen.h - s.cell_h - s.name_h - s.gap;
    s.x = (room - width) / 2 + s.gap;
    if (width > room)
        s.x = s.gap - (int)((int64_t)(width - room) * place->mouse.x / SDL_max(room, 1));
    return s;
}

static SDL_Rect cell_of(const strip *s, int index)
{
    return (SDL_Rect){s->x + index * (s->cell_w + s->gap), s->y, s->cell_w, s->cell_h};
}

int bc_overlay_cell_at(const bc_view *view, const bc_overlay_place *place)
{
    const strip s = lay_out(view, place);
    for (int i = 0; i < view->n_thumbnails; i++) {
        const SDL_Rect cell = cell_of(&s, i);
        if (SDL_PointInRect(&place->mouse, &cell))
            return i;
    }
    return -1;
}

static SDL_Texture *make_thumbnail(SDL_Renderer *renderer, const bc_thumbnail *thumbnail)
{
    if (!thumbnail->pixels)
        return NULL;
    SDL_Texture *texture =
        SDL_CreateTexture(renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STATIC,
                          thumbnail->width, thumbnail->height);
    if (texture)
        SDL_UpdateTexture(texture, NULL, thumbnail->pixels, 3 * thumbnail->width);
    return texture;
}

static void drop_thumbnails(bc_overlay *overlay)
{
    for (int i = 0; i < overlay->n_thumbnails; i++)
        SDL_DestroyTexture(overlay->thumbnails[i]);
    free(overlay->thumbnails);
    overlay->thumbnails = NULL;
    overlay->n_thumbnails = 0;
    overlay->shown = NULL;
}

static void make_thumbnails(bc_overlay *overlay, const bc_view *view)
{
    if (overlay->shown == view->thumbnails && overlay->n_thumbnails == view->n_thumbnails)
        return;
    drop_thumbnails(overlay);
    overlay->thumbnails = calloc((size_t)view->n_thumbnails, sizeof(SDL_Texture *));
    if (!overlay->thumbnails)
        return;
    for (int i = 0; i < view->n_thumbnails; i++)
        overlay->thumbnails[i] = make_thumbnail(overlay->renderer, &view->thumbnails[i]);
    overlay->n_thumbnails = view->n_thumbnails;
    overlay->shown = view->thumbnails;
}

/* The largest part of the thumbnail that has the cell's shape. */
static SDL_Rect crop(const bc_thumbnail *thumbnail, const strip *s)
{
    SDL_Rect part = {0, 0, thumbnail->width, thumbnail->height};
    if (part.w * s->cell_h > part.h * s->cell_w)
        part.w = part.h * s->cell_w / s->cell_h;
    else
        part.h = part.w * s->cell_h / s->cell_w;
    part.x = (thumbnail->width - part.w) / 2;
    part.y = (thumbnail->height - part.h) / 2;
    return part;
}

/* The name under its cell, as large as it fits. */
static void draw_name(const bc_overlay *overlay, const char *name, SDL_Rect cell, int size_px,
                      SDL_Color color)
{
    if (!overlay->text)
        return;
    SDL_Point size = bc_text_size(overlay->text, name, size_px);
    for (; size_px > 8 && size.x > cell.w; size_px--)
        size = bc_text_size(overlay->text, name, size_px - 1);
    bc_text_draw(overlay->text, name, size_px, cell.x + (cell.w - size.x) / 2, cell.y + cell.h,
                 color);
}

static void draw_cell(const bc_overlay *overlay, const bc_view *view, int index, const strip *s,
                      const bc_overlay_place *place)
{
    const SDL_Rect cell = cell_of(s, index);
    const bool is_current = index == view->current;
    const bool is_under_mouse = SDL_PointInRect(&place->mouse, &cell);
    fill(overlay->renderer, cell, (SDL_Color){40, 40, 44, 255});
    SDL_Texture *texture = overlay->thumbnails ? overlay->thumbnails[index] : NULL;
    if (texture) {
        const SDL_Rect part = crop(&view->thumbnails[index], s);
        SDL_RenderCopy(overlay->renderer, texture, &part, &cell);
    }
    if (is_current || is_under_mouse)
        draw_border(overlay->renderer, cell, SDL_max(s->gap / 4, 2), is_current ? accent : white);
    draw_name(overlay, view->thumbnails[index].name, cell, body_px(place) * 4 / 5,
              is_current ? accent : white);
}

static void draw_strip(bc_overlay *overlay, const bc_view *view, const bc_overlay_place *place)
{
    if (!place->strip || view->n_thumbnails == 0)
        return;
    make_thumbnails(overlay, view);
    const strip s = lay_out(view, place);
    draw_plate(overlay, (SDL_Rect){0, s.y - s.gap, place->screen.w, place->screen.h - s.y + s.gap});
    for (int i = 0; i < view->n_thumbnails; i++)
        draw_cell(overlay, view, i, &s, place);
}

void bc_overlay_draw(bc_overlay *overlay, const bc_view *view, const bc_overlay_place *place)
{
    draw_split(overlay, view, place);
    draw_strip(overlay, view, place);
    if (!place->strip)
        draw_recording(overlay, view, place);
    if (!overlay->text)
        return;
    draw_waiting(overlay, view, place);
    draw_message(overlay, view, place);
    draw_statistics(overlay, view, place);
    draw_help(overlay, view, place);
}

void bc_overlay_close(bc_overlay *overlay)
{
    drop_thumbnails(overlay);
    bc_text_close(&overlay->text);
}
