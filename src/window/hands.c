#include "window/hands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "window/seekbar.h"

enum { AWAKE_MS = 2500, GRIP_PX = 24 };

/* Keys ------------------------------------------------------------------------------------- */

static const char *key_name(SDL_Keycode key)
{
    static const struct {
        SDL_Keycode key;
        const char *name;
    } names[] = {
        {SDLK_ESCAPE, "ESC"},     {SDLK_RETURN, "ENTER"}, {SDLK_LEFT, "LEFT"},
        {SDLK_RIGHT, "RIGHT"},    {SDLK_UP, "UP"},        {SDLK_DOWN, "DOWN"},
        {SDLK_PAGEUP, "PGUP"},    {SDLK_HOME, "HOME"},    {SDLK_END, "END"},
        {SDLK_PAGEDOWN, "PGDWN"}, {SDLK_TAB, "TAB"},      {SDLK_BACKSPACE, "BS"},
        {SDLK_DELETE, "DEL"},
    };
    for (size_t i = 0; i < SDL_arraysize(names); i++) {
        if (names[i].key == key)
            return names[i].name;
    }
    /* SDL calls them "F1" to "F12" too; everything else comes as text. */
    return key >= SDLK_F1 && key <= SDLK_F12 ? SDL_GetKeyName(key) : NULL;
}

static const char *press(bc_hands *hands, const char *key)
{
    return key ? bc_bindings_press(hands->bindings, key) : NULL;
}

static const char *on_key(bc_hands *hands, const SDL_Keysym *key)
{
    static const char digits[][2] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "0"};
    const int modifiers = KMOD_SHIFT | KMOD_CTRL | KMOD_ALT | KMOD_GUI | KMOD_MODE;
    hands->pressed = key->scancode;
    hands->was_digit = key->scancode >= SDL_SCANCODE_1 && key->scancode <= SDL_SCANCODE_0 &&
                       !(key->mod & modifiers);
    return press(hands,
                 hands->was_digit ? digits[key->scancode - SDL_SCANCODE_1] : key_name(key->sym));
}

/* What a keyboard of the US types with the key and without Shift, or NULL. */
static const char *us_name(SDL_Scancode key)
{
    static const char letters[] = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q\0r\0s\0t\0"
                                  "u\0v\0w\0x\0y\0z";
    if (key >= SDL_SCANCODE_A && key <= SDL_SCANCODE_Z)
        return &letters[2 * (key - SDL_SCANCODE_A)];
    switch (key) {
    case SDL_SCANCODE_LEFTBRACKET:
        return "[";
    case SDL_SCANCODE_RIGHTBRACKET:
        return "]";
    case SDL_SCANCODE_MINUS:
        return "-";
    case SDL_SCANCODE_EQUALS:
        return "=";
    case SDL_SCANCODE_COMMA:
        return ",";
    case SDL_SCANCODE_PERIOD:
        return ".";
    case SDL_SCANCODE_SLASH:
        return "/";
    default:
        return NULL;
    }
}

static const char *on_text(bc_hands *hands, const char *text)
{
    const char *us = us_name(hands->pressed);
    if (hands->was_digit)
        return NULL;
    if (strcmp(text, " ") == 0)
        text = "SPACE";
    else if (strcmp(text, "#") == 0)
        text = "SHARP";
    return press(hands, us && !bc_bindings_knows(hands->bindings, text) ? us : text);
}

/* The mouse -------------------------------------------------------------------------------- */

void bc_hands_wake(bc_hands *hands)
{
    hands->awake_until_ms = SDL_GetTicks64() + AWAKE_MS;
    if (!hands->place.is_awake)
        SDL_ShowCursor(SDL_ENABLE);
    hands->place.is_awake = true;
    hands->is_stale = true;
}

void bc_hands_rest(bc_hands *hands)
{
    if (!hands->place.is_awake || SDL_GetTicks64() <= hands->awake_until_ms)
        return;
    SDL_ShowCursor(SDL_DISABLE);
    hands->place.is_awake = false;
    hands->is_stale = true;
}

/* From the window's units to the renderer's pixels, which differ on high-DPI screens. */
static void move_mouse(bc_hands *hands, int x, int y)
{
    int w, h, out_w, out_h;
    SDL_GetWindowSize(hands->window, &w, &h);
    if (SDL_GetRendererOutputSize(hands->renderer, &out_w, &out_h) < 0 || w < 1 || h < 1)
        return;
    hands->place.mouse = (SDL_Point){x * out_w / w, y * out_h / h};
    bc_hands_wake(hands);
}

__attribute__((format(printf, 2, 3))) static const char *command(bc_hands *hands,
                                                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(hands->command, sizeof(hands->command), format, args);
    va_end(args);
    return hands->command;
}

/* What the mouse does while its button is down. */
static const char *drag(bc_hands *hands)
{
    const SDL_Rect *picture = &hands->place.picture;
    const double x = (hands->place.mouse.x - picture->x) / fmax(picture->w, 1);
    if (hands->is_splitting)
        return command(hands, "split %.4f", fmin(fmax(x, 0), 1));
    if (hands->is_seeking)
        return command(hands, "seek %.3f",
                       1e-6 * (double)bc_seekbar_time_us(&hands->view, &hands->place));
    return NULL;
}

static bool is_on_split(const bc_hands *hands)
{
    const SDL_Rect *picture = &hands->place.picture;
    const int x = picture->x + (int)(hands->view.split * (float)picture->w);
    return hands->view.original &&
           abs(hands->place.mouse.x - x) <= (int)(GRIP_PX * hands->place.density);
}

static const char *click(bc_hands *hands, int n_clicks)
{
    const int cell = bc_strip_at(&hands->overlay->strip, &hands->view, &hands->place);
    const SDL_Rect bar = bc_seekbar_rect(&hands->view, &hands->place);
    const SDL_Rect strip = bc_strip_rect(&hands->view, &hands->place);
    if (cell >= 0)
        return command(hands, "style %d", cell);
    if (cell != BC_STRIP_NOTHING)
        bc_strip_turn(&hands->overlay->strip, &hands->view, &hands->place,
                      cell == BC_STRIP_BACK ? -1 : 1);
    if (SDL_PointInRect(&hands->place.mouse, &strip))
        return NULL;
    hands->is_seeking = SDL_PointInRect(&hands->place.mouse, &bar);
    hands->is_splitting = !hands->is_seeking && is_on_split(hands);
    if (hands->is_seeking || hands->is_splitting)
        return drag(hands);
    return n_clicks == 2 ? press(hands, "MBTN_LEFT_DBL") : NULL;
}

static const char *on_button(bc_hands *hands, const SDL_MouseButtonEvent *event)
{
    move_mouse(hands, event->x, event->y);
    if (event->button == SDL_BUTTON_RIGHT)
        return press(hands, "MBTN_RIGHT");
    return event->button == SDL_BUTTON_LEFT ? click(hands, event->clicks) : NULL;
}

/* Over the filmstrip it moves that. */
static const char *on_wheel(bc_hands *hands, int direction)
{
    const SDL_Rect strip = bc_strip_rect(&hands->view, &hands->place);
    if (direction == 0)
        return NULL;
    if (!SDL_PointInRect(&hands->place.mouse, &strip))
        return press(hands, direction > 0 ? "WHEEL_UP" : "WHEEL_DOWN");
    bc_strip_move(&hands->overlay->strip, &hands->view, &hands->place, direction > 0 ? -1 : 1);
    bc_hands_wake(hands);
    return NULL;
}

/* The rest --------------------------------------------------------------------------------- */

static const char *on_drop(bc_hands *hands, const char *path)
{
    size_t n = (size_t)snprintf(hands->command, sizeof(hands->command), "drop \"");
    for (; *path && n + 4 < sizeof(hands->command); path++) {
        if (*path == '"' || *path == '\\')
            hands->command[n++] = '\\';
        hands->command[n++] = *path;
    }
    memcpy(hands->command + n, "\"", 2);
    return hands->command;
}

static const char *on_window(bc_hands *hands, const SDL_WindowEvent *event)
{
    hands->is_stale = true;
    if (event->event == SDL_WINDOWEVENT_MINIMIZED || event->event == SDL_WINDOWEVENT_HIDDEN)
        hands->is_hidden = true;
    if (event->event == SDL_WINDOWEVENT_RESTORED || event->event == SDL_WINDOWEVENT_SHOWN)
        hands->is_hidden = false;
    if (event->event == SDL_WINDOWEVENT_LEAVE)
        hands->awake_until_ms = 0;
    return event->event == SDL_WINDOWEVENT_CLOSE ? "quit" : NULL;
}

const char *bc_hands_take(bc_hands *hands, const SDL_Event *event)
{
    const char *result = NULL;
    switch (event->type) {
    case SDL_KEYDOWN:
        return on_key(hands, &event->key.keysym);
    case SDL_TEXTINPUT:
        return on_text(hands, event->text.text);
    case SDL_MOUSEMOTION:
        move_mouse(hands, event->motion.x, event->motion.y);
        return drag(hands);
    case SDL_MOUSEBUTTONDOWN:
        return on_button(hands, &event->button);
    case SDL_MOUSEBUTTONUP:
        hands->is_splitting = hands->is_seeking = false;
        return NULL;
    case SDL_MOUSEWHEEL:
        return on_wheel(hands, event->wheel.y);
    case SDL_DROPFILE:
        result = on_drop(hands, event->drop.file);
        SDL_free(event->drop.file);
        return result;
    case SDL_WINDOWEVENT:
        return on_window(hands, &event->window);
    case SDL_QUIT:
        return "quit";
    default:
        return NULL;
    }
}
