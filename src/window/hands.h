/*
 * hands.h (private): what the user does with keys, mouse and files, as commands.
 *
 * A key is what it types. Two exceptions, for keyboards of all countries: the row of digits is
 * digits wherever they need another key to be typed, and a key whose character stands for nothing
 * is what a keyboard of the US has in its place. Threads: the window's.
 */
#ifndef BC_WINDOW_HANDS_H
#define BC_WINDOW_HANDS_H

#include "window/bindings.h"
#include "window/overlay.h"

enum { BC_HANDS_MAX_COMMAND = 8192 };

typedef struct bc_hands {
    SDL_Window *window;
    SDL_Renderer *renderer;
    bc_bindings *bindings;
    bc_overlay *overlay;
    bc_view view; /* the last one: what the mouse points at; no pointers but thumbnails followed */
    bc_overlay_place place;
    uint64_t awake_until_ms; /* on SDL_GetTicks64's clock */
    SDL_Scancode pressed;    /* the last key */
    bool was_digit;          /* it was a digit by its place: what it types says nothing */
    bool is_stale, is_hidden, is_splitting, is_seeking;
    char command[BC_HANDS_MAX_COMMAND];
} bc_hands;

/* The command of the event, valid until the next call, or NULL. */
const char *bc_hands_take(bc_hands *hands, const SDL_Event *event);
/* What can be clicked on comes out, for a while. */
void bc_hands_wake(bc_hands *hands);
/* The mouse has been still for a while: what it can click on goes away. */
void bc_hands_rest(bc_hands *hands);

#endif
