#include "window/plates.h"

/* The mark's sign in a square. */
static void draw_sign(SDL_Renderer *renderer, bc_mark_kind kind, SDL_Rect square)
{
    const int size = square.w, bar = SDL_max(size / 5, 1);
    const SDL_Point centre = {square.x + size / 2, square.y + size / 2};
    switch (kind) {
    case BC_MARK_RECORDING:
        bc_draw_disc(renderer, centre, size / 2, (SDL_Color){232, 32, 32, 255});
        break;
    case BC_MARK_LIVE:
        bc_draw_disc(renderer, centre, size / 3, bc_green);
        break;
    case BC_MARK_WAITING:
        bc_draw_disc(renderer, centre, size / 3, bc_gray);
        break;
    case BC_MARK_FAILED:
        for (int i = 0; i < size; i++) {
            bc_draw_rect(renderer, (SDL_Rect){square.x + i, square.y + i, bar, bar}, bc_red);
            bc_draw_rect(renderer, (SDL_Rect){square.x + i, square.y + size - 1 - i, bar, bar},
                         bc_red);
        }
        break;
    case BC_MARK_PAUSED:
        for (int i = 1; i < 4; i += 2)
            bc_draw_rect(renderer, (SDL_Rect){square.x + i * bar, square.y, bar, size}, bc_white);
        break;
    case BC_MARK_SMALLER:
        bc_draw_border(renderer, (SDL_Rect){square.x + 1, square.y + 1, size - 2, size - 2}, 1,
                       bc_gray);
        bc_draw_rect(renderer, (SDL_Rect){square.x + 1, centre.y, size / 2, size / 2}, bc_gray);
        break;
    case BC_MARK_MUTED: /* a loudspeaker, struck out */
        bc_draw_rect(renderer, (SDL_Rect){square.x, centre.y - bar, 2 * bar, 2 * bar}, bc_white);
        for (int i = 0; i < 3 * bar; i++)
            bc_draw_rect(renderer, (SDL_Rect){square.x + bar + i, centre.y - i, 1, 2 * i + 1},
                         bc_white);
        for (int i = 0; i < size; i++)
            bc_draw_rect(renderer, (SDL_Rect){square.x + i, square.y + i, bar, bar}, bc_red);
        break;
    }
}

void bc_plates_draw_marks(bc_plates *p)
{
    const int m = bc_place_margin(p->place), size_px = bc_place_text_px(p->place);
    const int sign = size_px * 4 / 5, height = size_px * 3 / 2 + m / 2;
    const int most = p->place->screen.w - 2 * m;
    int x = m, y = p->bottom - m - height;
    for (int i = 0; i < p->view->n_marks; i++) {
        const bc_mark *mark = &p->view->marks[i];
        bc_label label = {0};
        if (p->text)
            label = bc_label_wrap(p->text, mark->text, size_px, most - sign - 2 * m, 1);
        const SDL_Rect plate = {0, 0, sign + label.size.x + 3 * m / 2, height};
        if (x > m && x + plate.w > m + most) {
            x = m;
            y -= height + m / 2;
        }
        bc_draw_plate(p->renderer, (SDL_Rect){x, y, plate.w, height}, 1);
        draw_sign(p->renderer, mark->kind,
                  (SDL_Rect){x + m / 2, y + (height - sign) / 2, sign, sign});
        bc_label_draw(&label, p->text, x + m + sign, y + (height - label.size.y) / 2, 0,
                      BC_LABEL_LEFT, mark->kind == BC_MARK_FAILED ? bc_red : bc_white);
        x += plate.w + m / 2;
    }
    if (p->view->n_marks > 0)
        p->bottom = y;
}
