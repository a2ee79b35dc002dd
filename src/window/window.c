#include "window/window.h"

#include <SDL.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "window/colours.h"
#include "window/overlay.h"

enum { STRIP_MS = 2500, GRIP_PX = 24, MAX_COMMAND = 8192 };

/* A streaming texture of the last frame's size and colours. */
typedef struct canvas {
    SDL_Texture *texture;
    int width, height;
    SDL_YUV_CONVERSION_MODE mode;
    uint64_t serial;     /* of the view that it shows */
    bc_frame *converted; /* in colours that SDL knows, where the view's are none */
} canvas;

struct bc_window {
    bc_log log;
    bc_bindings *bindings;
    SDL_Window *window;
    SDL_Renderer *renderer;
    bc_overlay overlay;
    canvas painting, original;
    uint32_t wake_event;
    atomic_bool is_waking;
    bool is_stale, is_hidden, is_dragging;
    uint64_t strip_until_ms; /* on SDL_GetTicks64's clock */
    bc_view view;            /* the last one: what the mouse points at; no pointers are followed */
    bc_overlay_place place;
    char command[MAX_COMMAND];
};

/* Opening ---------------------------------------------------------------------------------- */

/* The picture's size, or what of it fits on nine tenths of the screen. */
static SDL_Point first_size(const bc_window_params *params)
{
    SDL_Rect screen;
    if (SDL_GetDisplayUsableBounds(0, &screen) < 0)
        return (SDL_Point){params->width, params->height};
    double share = 1;
    share = fmin(share, 0.9 * screen.w / params->width);
    share = fmin(share, 0.9 * screen.h / params->height);
    return (SDL_Point){(int)fmax(params->width * share, 64), (int)fmax(params->height * share, 64)};
}

static bc_status open_window(bc_window *window, const bc_window_params *params)
{
    const SDL_Point size = first_size(params);
    uint32_t flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
    if (params->fullscreen)
        flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    window->window = SDL_CreateWindow(params->title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                      size.x, size.y, flags);
    if (window->window)
        window->renderer = SDL_CreateRenderer(window->window, -1, SDL_RENDERER_PRESENTVSYNC);
    if (!window->renderer)
        return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "cannot open a window: %s",
                       SDL_GetError());
    window->overlay.renderer = window->renderer;
    window->wake_event = SDL_RegisterEvents(1);
    SDL_StartTextInput();
    return BC_OK;
}

bc_status bc_window_open(bc_window **window, const bc_window_params *params)
{
    *window = NULL;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* signals are the program's */
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) < 0)
        return bc_fail(&params->log, BC_ERR_UNSUPPORTED,
                       "there is no display (%s); without one, use --no-window", SDL_GetError());
    bc_window *w = calloc(1, sizeof(*w));
    if (!w) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return bc_fail(&params->log, BC_ERR_MEMORY, "window: out of memory");
    }
    w->log = params->log;
    w->bindings = params->bindings;
    const bc_status status = open_window(w, params);
    if (status < 0) {
        bc_window_close(&w);
        return status;
    }
    bc_text_open(&w->overlay.text, w->renderer, &w->log); /* a window without text is one still */
    w->is_stale = true;
    *window = w;
    return BC_OK;
}

static void close_canvas(canvas *c)
{
    SDL_DestroyTexture(c->texture);
    bc_frame_unref(&c->converted);
}

void bc_window_close(bc_window **window)
{
    if (!window || !*window)
        return;
    bc_window *w = *window;
    bc_overlay_close(&w->overlay);
    close_canvas(&w->painting);
    close_canvas(&w->original);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(w);
    *window = NULL;
}

/* Events ----------------------------------------------------------------------------------- */

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

static const char *press(bc_window *window, const char *key)
{
    return key ? bc_bindings_press(window->bindings, key) : NULL;
}

static const char *on_text(bc_window *window, const char *text)
{
    if (strcmp(text, " ") == 0)
        text = "SPACE";
    else if (strcmp(text, "#") == 0)
        text = "SHARP";
    return press(window, text);
}

/* From the window's units to the renderer's pixels, which differ on high-DPI screens. */
static void move_mouse(bc_window *window, int x, int y)
{
    int w, h, out_w, out_h;
    SDL_GetWindowSize(window->window, &w, &h);
    if (SDL_GetRendererOutputSize(window->renderer, &out_w, &out_h) < 0 || w < 1 || h < 1)
        return;
    window->place.mouse = (SDL_Point){x * out_w / w, y * out_h / h};
    window->strip_until_ms = SDL_GetTicks64() + STRIP_MS;
    window->place.strip = true;
    window->is_stale = true;
}

__attribute__((format(printf, 2, 3))) static const char *command(bc_window *window,
                                                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(window->command, sizeof(window->command), format, args);
    va_end(args);
    return window->command;
}

static const char *drag(bc_window *window)
{
    const SDL_Rect *picture = &window->place.picture;
    const double x = (window->place.mouse.x - picture->x) / fmax(picture->w, 1);
    return command(window, "split %.4f", fmin(fmax(x, 0), 1));
}

static bool is_on_split(const bc_window *window)
{
    const SDL_Rect *picture = &window->place.picture;
    const int x = picture->x + (int)(window->view.split * (float)picture->w);
    return window->view.original && abs(window->place.mouse.x - x) <= GRIP_PX;
}

static const char *on_button(bc_window *window, const SDL_MouseButtonEvent *event)
{
    move_mouse(window, event->x, event->y);
    if (event->button == SDL_BUTTON_RIGHT)
        return press(window, "MBTN_RIGHT");
    if (event->button != SDL_BUTTON_LEFT)
        return NULL;
    const int cell = bc_overlay_cell_at(&window->view, &window->place);
    if (cell >= 0)
        return command(window, "style %d", cell);
    window->is_dragging = is_on_split(window);
    if (window->is_dragging)
        return drag(window);
    return event->clicks == 2 ? press(window, "MBTN_LEFT_DBL") : NULL;
}

static const char *on_drop(bc_window *window, const char *path)
{
    size_t n = (size_t)snprintf(window->command, sizeof(window->command), "drop \"");
    for (; *path && n + 4 < sizeof(window->command); path++) {
        if (*path == '"' || *path == '\\')
            window->command[n++] = '\\';
        window->command[n++] = *path;
    }
    memcpy(window->command + n, "\"", 2);
    return window->command;
}

static const char *on_window(bc_window *window, const SDL_WindowEvent *event)
{
    window->is_stale = true;
    if (event->event == SDL_WINDOWEVENT_MINIMIZED || event->event == SDL_WINDOWEVENT_HIDDEN)
        window->is_hidden = true;
    if (event->event == SDL_WINDOWEVENT_RESTORED || event->event == SDL_WINDOWEVENT_SHOWN)
        window->is_hidden = false;
    if (event->event == SDL_WINDOWEVENT_LEAVE)
        window->strip_until_ms = 0;
    return event->event == SDL_WINDOWEVENT_CLOSE ? "quit" : NULL;
}

static const char *on_event(bc_window *window, const SDL_Event *event)
{
    const char *result = NULL;
    switch (event->type) {
    case SDL_KEYDOWN:
        return press(window, key_name(event->key.keysym.sym));
    case SDL_TEXTINPUT:
        return on_text(window, event->text.text);
    case SDL_MOUSEMOTION:
        move_mouse(window, event->motion.x, event->motion.y);
        return window->is_dragging ? drag(window) : NULL;
    case SDL_MOUSEBUTTONDOWN:
        return on_button(window, &event->button);
    case SDL_MOUSEBUTTONUP:
        window->is_dragging = false;
        return NULL;
    case SDL_MOUSEWHEEL:
        if (event->wheel.y != 0)
            result = press(window, event->wheel.y > 0 ? "WHEEL_UP" : "WHEEL_DOWN");
        return result;
    case SDL_DROPFILE:
        result = on_drop(window, event->drop.file);
        SDL_free(event->drop.file);
        return result;
    case SDL_WINDOWEVENT:
        return on_window(window, &event->window);
    case SDL_QUIT:
        return "quit";
    default:
        if (event->type == window->wake_event)
            atomic_store(&window->is_waking, false);
        return NULL;
    }
}

const char *bc_window_wait(bc_window *window, int timeout_ms)
{
    SDL_Event event;
    if (window->place.strip && SDL_GetTicks64() > window->strip_until_ms) {
        window->place.strip = false;
        window->is_stale = true;
    }
    const char *result = NULL;
    bool has_event = SDL_WaitEventTimeout(&event, timeout_ms);
    while (has_event && !(result = on_event(window, &event)))
        has_event = SDL_PollEvent(&event);
    return result;
}

/* At most one such event is under way: they must not pile up in front of a busy window. */
void bc_window_wake(bc_window *window)
{
    if (!atomic_exchange(&window->is_waking, true))
        SDL_PushEvent(&(SDL_Event){.type = window->wake_event});
}

bool bc_window_is_stale(const bc_window *window)
{
    return window->is_stale;
}

bool bc_window_is_hidden(const bc_window *window)
{
    int w = 0, h = 0;
    SDL_GetWindowSize(window->window, &w, &h);
    return window->is_hidden || w < 2 || h < 2;
}

/* Drawing ---------------------------------------------------------------------------------- */

static SDL_YUV_CONVERSION_MODE conversion_of(const bc_image *image)
{
    if (!bc_colours_are_known(image) || image->matrix == BC_BT709)
        return SDL_YUV_CONVERSION_BT709;
    return image->range == BC_FULL ? SDL_YUV_CONVERSION_JPEG : SDL_YUV_CONVERSION_BT601;
}

static bool fits(const canvas *c, const bc_image *image)
{
    return c->texture && c->width == image->width && c->height == image->height &&
           c->mode == conversion_of(image);
}

static void remake(bc_window *window, canvas *c, const bc_image *image)
{
    close_canvas(c);
    *c = (canvas){.width = image->width, .height = image->height, .mode = conversion_of(image)};
    c->texture = SDL_CreateTexture(window->renderer, SDL_PIXELFORMAT_IYUV,
                                   SDL_TEXTUREACCESS_STREAMING, image->width, image->height);
    if (!c->texture)
        bc_fail(&window->log, BC_ERR_MEMORY, "window: %s", SDL_GetError());
    else
        SDL_SetTextureBlendMode(c->texture, SDL_BLENDMODE_NONE);
}

/* The image in colours that SDL knows; as it is, where there is no memory for others. */
static const bc_image *convert(bc_window *window, canvas *c, const bc_image *image)
{
    if (bc_colours_are_known(image))
        return image;
    if (!c->converted &&
        bc_frame_alloc(&c->converted, image->width, image->height, BC_YUV420, &window->log) < 0)
        return image;
    bc_colours_convert(&c->converted->image, image);
    return &c->converted->image;
}

static void update(bc_window *window, canvas *c, const bc_frame *frame, uint64_t serial)
{
    const bc_image *image = &frame->image;
    SDL_SetYUVConversionMode(conversion_of(image)); /* the process's: SDL has no other */
    if (!fits(c, image))
        remake(window, c, image);
    else if (c->serial == serial)
        return;
    image = convert(window, c, image);
    if (c->texture &&
        SDL_UpdateYUVTexture(c->texture, NULL, image->pixels, (int)image->stride_bytes,
                             image->chroma[0], (int)image->chroma_stride_bytes[0], image->chroma[1],
                             (int)image->chroma_stride_bytes[1]) == 0)
        c->serial = serial;
}

/* The largest rectangle of the aspect that fits. */
static SDL_Rect fit(SDL_Rect screen, double aspect)
{
    SDL_Rect r = screen;
    if (r.w > r.h * aspect)
        r.w = (int)fmax(round(r.h * aspect), 1);
    else
        r.h = (int)fmax(round(r.w / aspect), 1);
    r.x = (screen.w - r.w) / 2;
    r.y = (screen.h - r.h) / 2;
    return r;
}

static void draw_picture(bc_window *window, const bc_view *view)
{
    const SDL_Rect *picture = &window->place.picture;
    if (view->painting) {
        update(window, &window->painting, view->painting, view->serial);
        SDL_RenderCopy(window->renderer, window->painting.texture, NULL, picture);
    }
    if (!view->original)
        return;
    update(window, &window->original, view->original, view->serial);
    SDL_Rect left = *picture;
    left.w = (int)(view->split * (float)picture->w);
    SDL_RenderSetClipRect(window->renderer, &left);
    if (left.w > 0)
        SDL_RenderCopy(window->renderer, window->original.texture, NULL, picture);
    SDL_RenderSetClipRect(window->renderer, NULL);
}

void bc_window_show(bc_window *window, const bc_view *view)
{
    SDL_Rect *screen = &window->place.screen;
    window->is_stale = false;
    if (SDL_GetRendererOutputSize(window->renderer, &screen->w, &screen->h) < 0 || screen->w < 1 ||
        screen->h < 1)
        return;
    window->view = *view;
    window->place.picture = fit(*screen, view->aspect > 0 ? view->aspect : 4.0 / 3);
    SDL_SetRenderDrawColor(window->renderer, 0, 0, 0, 255);
    SDL_RenderClear(window->renderer);
    draw_picture(window, view);
    bc_overlay_draw(&window->overlay, view, &window->place);
    SDL_RenderPresent(window->renderer);
}

void bc_window_set_title(bc_window *window, const char *title)
{
    SDL_SetWindowTitle(window->window, title);
}

void bc_window_set_fullscreen(bc_window *window, bool on)
{
    SDL_SetWindowFullscreen(window->window, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    window->is_stale = true;
}

bool bc_window_is_fullscreen(const bc_window *window)
{
    return SDL_GetWindowFlags(window->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
}

void bc_window_picture_size(const bc_window *window, int *width, int *height)
{
    *width = window->place.picture.w;
    *height = window->place.picture.h;
}

bc_status bc_window_grab(bc_window *window, bc_frame **frame)
{
    int w, h;
    if (SDL_GetRendererOutputSize(window->renderer, &w, &h) < 0)
        return bc_fail(&window->log, BC_ERR_UNSUPPORTED, "window: %s", SDL_GetError());
    const bc_status status = bc_frame_alloc(frame, w, h, BC_RGB24, &window->log);
    if (status < 0)
        return status;
    if (SDL_RenderReadPixels(window->renderer, NULL, SDL_PIXELFORMAT_RGB24, (*frame)->image.pixels,
                             (int)(*frame)->image.stride_bytes) == 0)
        return BC_OK;
    bc_frame_unref(frame);
    return bc_fail(&window->log, BC_ERR_UNSUPPORTED, "window: %s", SDL_GetError());
}
