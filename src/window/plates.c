#include "window/plates.h"

enum { MESSAGE_LINES = 3, DETAIL_LINES = 2, LEAST_HELP_PX = 6 };

static int line_height(const bc_plates *p, int size_px)
{
    return bc_text_size(p->text, "", size_px).y;
}

/* Statistics and messages ------------------------------------------------------------------- */

/* Where messages may be: all of `width`, from (x, y) down. */
typedef struct corner {
    int x, y, width;
} corner;

static SDL_Rect statistics_rect(const bc_plates *p)
{
    const int size_px = bc_place_text_px(p->place), m = bc_place_margin(p->place);
    int width = 0;
    if (p->view->n_statistics == 0)
        return (SDL_Rect){p->place->screen.w, 0, 0, 0};
    for (int i = 0; i < p->view->n_statistics; i++)
        width = SDL_max(width, bc_text_size(p->text, p->view->statistics[i], size_px).x);
    width = SDL_min(width + m, p->place->screen.w - 2 * m);
    return (SDL_Rect){p->place->screen.w - width - m, m, width,
                      line_height(p, size_px) * p->view->n_statistics + m};
}

static corner message_corner(const bc_plates *p)
{
    const SDL_Rect statistics = statistics_rect(p);
    const int m = bc_place_margin(p->place);
    const corner beside = {m, m, statistics.x - 2 * m};
    corner under = {m, statistics.y + statistics.h + m, p->place->screen.w - 2 * m};
    if (beside.width >= under.width * 9 / 20)
        return beside;
    const int n_lines = p->view->prompt ? 8 : 4; /* of text that must have room */
    if (under.y + n_lines * bc_place_text_px(p->place) > p->bottom)
        under.y = m;
    return under;
}

/* A small window has room for one of them, and messages are short. */
static bool hides_statistics(const bc_plates *p)
{
    const corner at = message_corner(p);
    const bool is_message = (p->view->message && p->view->message_alpha > 0) || p->view->prompt;
    return is_message && at.y < statistics_rect(p).h && at.x + at.width > statistics_rect(p).x;
}

void bc_plates_draw_statistics(const bc_plates *p)
{
    const int size_px = bc_place_text_px(p->place), m = bc_place_margin(p->place);
    const SDL_Rect plate = statistics_rect(p);
    if (p->view->n_statistics == 0 || hides_statistics(p))
        return;
    bc_draw_plate(p->renderer, plate, 1);
    for (int i = 0; i < p->view->n_statistics; i++) {
        const bc_label line =
            bc_label_wrap(p->text, p->view->statistics[i], size_px, plate.w - m, 1);
        bc_label_draw(&line, p->text, plate.x + m / 2,
                      plate.y + m / 2 + i * line_height(p, size_px), 0, BC_LABEL_LEFT, bc_white);
    }
}

/* A plate with labels one under the other; returns where it ends. */
static int draw_labels(const bc_plates *p, corner at, const bc_label *labels,
                       const SDL_Color *colors, int n, float alpha)
{
    const int m = bc_place_margin(p->place);
    SDL_Rect plate = {at.x, at.y, 0, m};
    for (int i = 0; i < n; i++) {
        plate.w = SDL_max(plate.w, labels[i].size.x);
        plate.h += labels[i].size.y;
    }
    plate.w += m;
    bc_draw_plate(p->renderer, plate, alpha);
    int y = plate.y + m / 2;
    for (int i = 0; i < n; i++) {
        SDL_Color color = colors[i];
        color.a = (uint8_t)(255 * alpha);
        bc_label_draw(&labels[i], p->text, plate.x + m / 2, y, 0, BC_LABEL_LEFT, color);
        y += labels[i].size.y;
    }
    return plate.y + plate.h;
}

void bc_plates_draw_message(const bc_plates *p)
{
    const bc_view *view = p->view;
    const int m = bc_place_margin(p->place), small_px = bc_place_text_px(p->place);
    const float alpha = SDL_min(view->message_alpha, 1.0F);
    corner at = message_corner(p);
    bc_label labels[3];
    const SDL_Color colors[3] = {view->is_error ? bc_red : bc_white, bc_white, bc_accent};
    const char *texts[3] = {view->message, view->detail, view->hint};
    if (view->message && alpha > 0 && (view->n_help == 0 || view->is_error)) {
        for (int i = 0; i < 3; i++)
            labels[i] = bc_label_wrap(p->text, texts[i] ? texts[i] : "",
                                      i > 0 ? small_px
                                            : bc_place_px(p->place, view->is_error ? 34 : 48, 16),
                                      at.width - m, i > 0 ? DETAIL_LINES : MESSAGE_LINES);
        at.y = draw_labels(p, at, labels, colors, 3, alpha) + m / 2;
    }
    if (view->prompt) {
        labels[0] = bc_label_wrap(p->text, view->prompt, bc_place_px(p->place, 34, 14),
                                  at.width - m, MESSAGE_LINES);
        draw_labels(p, at, labels, &bc_accent, 1, 1);
    }
}

void bc_plates_draw_waiting(const bc_plates *p)
{
    if (!p->view->waiting)
        return;
    const int size_px = bc_place_px(p->place, 44, 16);
    const SDL_Rect *screen = &p->place->screen;
    const bc_label label =
        bc_label_wrap(p->text, p->view->waiting, size_px, screen->w - 3 * size_px, MESSAGE_LINES);
    const SDL_Rect at = {(screen->w - label.size.x) / 2, (screen->h - label.size.y) / 2,
                         label.size.x, label.size.y};
    bc_draw_plate(
        p->renderer,
        (SDL_Rect){at.x - size_px, at.y - size_px / 2, at.w + 2 * size_px, at.h + size_px}, 1);
    bc_label_draw(&label, p->text, at.x, at.y, at.w, BC_LABEL_CENTRE, bc_white);
}

/* The help --------------------------------------------------------------------------------- */

typedef struct help_layout {
    int size_px, n_columns, n_rows, keys_w, column_w, gap;
    SDL_Rect plate;
} help_layout;

static help_layout lay_out_help(const bc_plates *p, int size_px, int n_columns)
{
    help_layout l = {.size_px = size_px, .n_columns = n_columns, .gap = size_px};
    int text_w = 0;
    for (int i = 0; i < p->view->n_help; i++) {
        l.keys_w = SDL_max(l.keys_w, bc_text_size(p->text, p->view->help[i].keys, size_px).x);
        text_w = SDL_max(text_w, bc_text_size(p->text, p->view->help[i].text, size_px).x);
    }
    l.n_rows = (p->view->n_help + n_columns - 1) / n_columns;
    l.column_w = l.keys_w + l.gap / 2 + text_w;
    l.plate.w = n_columns * (l.column_w + l.gap) + l.gap;
    l.plate.h = l.n_rows * line_height(p, size_px) + 2 * l.gap;
    l.plate.x = (p->place->screen.w - l.plate.w) / 2;
    l.plate.y = (p->bottom - l.plate.h) / 2;
    return l;
}

/* The largest text with which all of it fits; in two columns, if it does not matter. */
static help_layout fit_help(const bc_plates *p)
{
    static const int columns[] = {2, 1, 3};
    help_layout l = {0};
    for (int size_px = bc_place_text_px(p->place); size_px >= LEAST_HELP_PX; size_px--) {
        for (int i = 0; i < 3; i++) {
            l = lay_out_help(p, size_px, columns[i]);
            if (l.plate.w <= p->place->screen.w && l.plate.h <= p->bottom)
                return l;
        }
    }
    return l;
}

void bc_plates_draw_help(const bc_plates *p)
{
    if (p->view->n_help == 0)
        return;
    const help_layout l = fit_help(p);
    bc_draw_rect(p->renderer, l.plate, (SDL_Color){0, 0, 0, 216});
    for (int i = 0; i < p->view->n_help; i++) {
        const bc_help_line *line = &p->view->help[i];
        const int x = l.plate.x + l.gap + i / l.n_rows * (l.column_w + l.gap);
        const int y = l.plate.y + l.gap + i % l.n_rows * line_height(p, l.size_px);
        const int w = bc_text_size(p->text, line->keys, l.size_px).x;
        bc_text_draw(p->text, line->keys, l.size_px, x + l.keys_w - w, y, bc_accent);
        bc_text_draw(p->text, line->text, l.size_px, x + l.keys_w + l.gap / 2, y, bc_white);
    }
}
