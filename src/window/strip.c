#include "window/strip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LINES = 2 };

/* Where the cells stand. */
typedef struct layout {
    int cell_w, cell_h, gap;
    int name_px, name_h; /* of a line, of all */
    int n_shown;
    int x, y;  /* the first shown cell's corner */
    int end_w; /* of what turns it, at both ends; 0: all cells are shown */
} layout;

static layout lay_out(const bc_view *view, const bc_overlay_place *place)
{
    layout l = {.cell_h = bc_place_px(place, 120, 48),
                .gap = bc_place_px(place, 14, 6),
                .name_px = bc_place_px(place, 20, 10)};
    l.cell_w = l.cell_h * 4 / 3;
    l.name_h = NAME_LINES * l.name_px * 4 / 3;
    const int step = l.cell_w + l.gap, room = place->screen.w - l.gap;
    l.n_shown = view->n_thumbnails;
    if (l.n_shown * step > room) {
        l.end_w = bc_place_px(place, 40, 18);
        l.n_shown = SDL_max((room - 2 * (l.end_w + l.gap)) / step, 1);
    }
    l.x = (place->screen.w - l.n_shown * step + l.gap) / 2;
    l.y = place->screen.h - l.cell_h - l.name_h - l.gap;
    return l;
}

/* The help is more than a small window holds beside it. */
static bool is_out(const bc_view *view, const bc_overlay_place *place)
{
    return place->is_awake && view->n_thumbnails > 0 && view->n_help == 0;
}

SDL_Rect bc_strip_rect(const bc_view *view, const bc_overlay_place *place)
{
    if (!is_out(view, place))
        return (SDL_Rect){0, place->screen.h, place->screen.w, 0};
    const layout l = lay_out(view, place);
    return (SDL_Rect){0, l.y - l.gap, place->screen.w, place->screen.h - l.y + l.gap};
}

/* The place-th cell that is shown. */
static SDL_Rect cell_rect(const layout *l, int place)
{
    return (SDL_Rect){l->x + place * (l->cell_w + l->gap), l->y, l->cell_w, l->cell_h};
}

static SDL_Rect end_rect(const layout *l, int direction)
{
    const int width = l->n_shown * (l->cell_w + l->gap) - l->gap;
    const int x = direction < 0 ? l->x - l->gap - l->end_w : l->x + width + l->gap;
    return (SDL_Rect){x, l->y, l->end_w, l->cell_h};
}

static bool has_more(const bc_strip *strip, const layout *l, int direction)
{
    return direction < 0 ? strip->first > 0 : strip->first + l->n_shown < strip->n;
}

int bc_strip_at(const bc_strip *strip, const bc_view *view, const bc_overlay_place *place)
{
    const layout l = lay_out(view, place);
    if (!is_out(view, place))
        return BC_STRIP_NOTHING;
    for (int i = 0; i < l.n_shown; i++) {
        SDL_Rect cell = cell_rect(&l, i);
        cell.h += l.name_h;
        if (SDL_PointInRect(&place->mouse, &cell))
            return strip->first + i;
    }
    const SDL_Rect back = end_rect(&l, -1), forth = end_rect(&l, 1);
    if (SDL_PointInRect(&place->mouse, &back))
        return BC_STRIP_BACK;
    return SDL_PointInRect(&place->mouse, &forth) ? BC_STRIP_FORTH : BC_STRIP_NOTHING;
}

void bc_strip_move(bc_strip *strip, const bc_view *view, const bc_overlay_place *place, int n_cells)
{
    const int last = view->n_thumbnails - lay_out(view, place).n_shown;
    strip->first = SDL_max(SDL_min(strip->first + n_cells, last), 0);
}

void bc_strip_turn(bc_strip *strip, const bc_view *view, const bc_overlay_place *place,
                   int direction)
{
    bc_strip_move(strip, view, place, direction * lay_out(view, place).n_shown);
}

/* Moves it no farther than is needed to show the first of what is chosen, and the others if they
 * fit beside it. */
static void show_chosen(bc_strip *strip, const bc_view *view, const bc_overlay_place *place,
                        const layout *l)
{
    const size_t bytes = (size_t)view->n_chosen * sizeof(bc_chosen);
    if (strip->n_chosen != view->n_chosen || memcmp(strip->chosen, view->chosen, bytes) != 0) {
        for (int i = view->n_chosen - 1; i >= 0; i--) {
            const int cell = view->chosen[i].cell;
            strip->first = SDL_max(SDL_min(strip->first, cell), cell - l->n_shown + 1);
        }
    }
    strip->n_chosen = view->n_chosen;
    memcpy(strip->chosen, view->chosen, bytes);
    bc_strip_move(strip, view, place, 0);
}

/* Textures and names ----------------------------------------------------------------------- */

static SDL_Texture *make_texture(SDL_Renderer *renderer, const bc_thumbnail *thumbnail)
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

void bc_strip_close(bc_strip *strip)
{
    for (int i = 0; i < strip->n && strip->textures; i++)
        SDL_DestroyTexture(strip->textures[i]);
    free(strip->textures);
    free(strip->names);
    *strip = (bc_strip){0};
}

/* False without memory. */
static bool make_textures(bc_strip *strip, SDL_Renderer *renderer, const bc_view *view)
{
    if (strip->thumbnails == view->thumbnails && strip->n == view->n_thumbnails)
        return true;
    bc_strip_close(strip);
    strip->n_chosen = -1; /* nothing yet was brought into view */
    strip->textures = calloc((size_t)view->n_thumbnails, sizeof(SDL_Texture *));
    strip->names = calloc((size_t)view->n_thumbnails, sizeof(bc_label));
    if (!strip->textures || !strip->names) {
        bc_strip_close(strip);
        return false;
    }
    for (int i = 0; i < view->n_thumbnails; i++)
        strip->textures[i] = make_texture(renderer, &view->thumbnails[i]);
    strip->n = view->n_thumbnails;
    strip->thumbnails = view->thumbnails;
    return true;
}

static void wrap_names(bc_strip *strip, bc_text *text, const layout *l)
{
    if (strip->name_width == l->cell_w && strip->name_px == l->name_px)
        return;
    for (int i = 0; i < strip->n; i++)
        strip->names[i] = bc_label_wrap(text, strip->thumbnails[i].name, l->name_px,
                                        l->cell_w + l->gap / 2, NAME_LINES);
    strip->name_width = l->cell_w;
    strip->name_px = l->name_px;
}

/* Drawing ---------------------------------------------------------------------------------- */

/* The largest part of the thumbnail that has the cell's shape. */
static SDL_Rect crop(const bc_thumbnail *thumbnail, const layout *l)
{
    SDL_Rect part = {0, 0, thumbnail->width, thumbnail->height};
    if (part.w * l->cell_h > part.h * l->cell_w)
        part.w = part.h * l->cell_w / l->cell_h;
    else
        part.h = part.w * l->cell_h / l->cell_w;
    part.x = (thumbnail->width - part.w) / 2;
    part.y = (thumbnail->height - part.h) / 2;
    return part;
}

/* A word or two on a plate of its own, in the cell's upper left or lower right corner. */
static void draw_badge(SDL_Renderer *renderer, bc_text *text, const char *words, SDL_Rect cell,
                       bool is_lower_right, int size_px, SDL_Color color)
{
    const SDL_Point size = bc_text_size(text, words, size_px);
    SDL_Rect plate = {cell.x, cell.y, size.x + size_px / 2, size.y};
    if (is_lower_right) {
        plate.x = cell.x + cell.w - plate.w;
        plate.y = cell.y + cell.h - plate.h;
    }
    bc_draw_plate(renderer, plate, 1);
    bc_text_draw(text, words, size_px, plate.x + size_px / 4, plate.y, color);
}

static const bc_chosen *find_chosen(const bc_view *view, int cell)
{
    for (int i = 0; i < view->n_chosen; i++) {
        if (view->chosen[i].cell == cell)
            return &view->chosen[i];
    }
    return NULL;
}

static void draw_words(const bc_strip *strip, SDL_Renderer *renderer, bc_text *text,
                       const bc_view *view, int index, SDL_Rect cell, const layout *l)
{
    char words[24];
    const bc_chosen *chosen = find_chosen(view, index);
    const SDL_Color color = chosen ? bc_accent : bc_white;
    snprintf(words, sizeof(words), "%d", index);
    draw_badge(renderer, text, words, cell, false, l->name_px, color);
    if (chosen && view->n_chosen > 1) {
        snprintf(words, sizeof(words), "%.0f %%", 100 * (double)chosen->share);
        draw_badge(renderer, text, words, cell, true, l->name_px, color);
    }
    bc_label_draw(&strip->names[index], text, cell.x, cell.y + cell.h + l->gap / 4, cell.w,
                  BC_LABEL_CENTRE, color);
}

/* What stands for the original: a sun over a hill. */
static void draw_plain(SDL_Renderer *renderer, SDL_Rect cell)
{
    const int radius = cell.h / 10, hill_h = cell.h / 3;
    bc_draw_disc(renderer, (SDL_Point){cell.x + cell.w * 2 / 3, cell.y + cell.h / 3}, radius,
                 bc_gray);
    for (int y = 0; y < hill_h; y++)
        bc_draw_rect(renderer,
                     (SDL_Rect){cell.x + cell.w / 2 - hill_h + (hill_h - y),
                                cell.y + cell.h * 4 / 5 - hill_h + y, 2 * y, 1},
                     bc_gray);
}

static void draw_cell(const bc_strip *strip, SDL_Renderer *renderer, bc_text *text,
                      const bc_view *view, int index, const layout *l,
                      const bc_overlay_place *place)
{
    const SDL_Rect cell = cell_rect(l, index - strip->first);
    bc_draw_rect(renderer, cell, (SDL_Color){64, 64, 70, 255});
    if (strip->textures[index]) {
        const SDL_Rect part = crop(&view->thumbnails[index], l);
        SDL_RenderCopy(renderer, strip->textures[index], &part, &cell);
    } else if (index == 0) {
        draw_plain(renderer, cell);
    }
    if (find_chosen(view, index))
        bc_draw_border(renderer, cell, SDL_max(l->gap / 3, 2), bc_accent);
    else if (SDL_PointInRect(&place->mouse, &cell))
        bc_draw_border(renderer, cell, SDL_max(l->gap / 4, 2), bc_white);
    if (text)
        draw_words(strip, renderer, text, view, index, cell, l);
}

/* An arrowhead, pale where there is nothing more. */
static void draw_end(SDL_Renderer *renderer, SDL_Rect rect, int direction, bool is_more)
{
    const int size = rect.w / 3;
    const SDL_Color color = is_more ? bc_white : (SDL_Color){255, 255, 255, 64};
    bc_draw_plate(renderer, rect, 0.5F);
    for (int dy = -size; dy <= size; dy++) {
        const int length = size - abs(dy);
        const int x = rect.x + rect.w / 2 + (direction < 0 ? size / 2 - length : -size / 2);
        bc_draw_rect(renderer, (SDL_Rect){x, rect.y + rect.h / 2 + dy, length, 1}, color);
    }
}

void bc_strip_draw(bc_strip *strip, SDL_Renderer *renderer, bc_text *text, const bc_view *view,
                   const bc_overlay_place *place)
{
    if (!is_out(view, place) || !make_textures(strip, renderer, view))
        return;
    const layout l = lay_out(view, place);
    if (text)
        wrap_names(strip, text, &l);
    show_chosen(strip, view, place, &l);
    bc_draw_plate(renderer, bc_strip_rect(view, place), 1);
    for (int i = strip->first; i < strip->first + l.n_shown; i++)
        draw_cell(strip, renderer, text, view, i, &l, place);
    for (int direction = -1; direction <= 1 && l.end_w > 0; direction += 2)
        draw_end(renderer, end_rect(&l, direction), direction, has_more(strip, &l, direction));
}
