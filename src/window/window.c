#include "window/window.h"

#include <SDL.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "window/colours.h"
#include "window/hands.h"

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
    SDL_Window *window;
    SDL_Renderer *renderer;
    bc_overlay overlay;
    canvas painting, original;
    uint32_t wake_event;
    atomic_bool is_waking;
    bc_hands hands;
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
    window->hands.window = window->window;
    window->hands.renderer = window->renderer;
    window->wake_event = SDL_RegisterEvents(1);
    SDL_StartTextInput();
    return BC_OK;
}

/* Where there is no display SDL may choose a driver of its own that shows nothing. */
static bool is_invisible(void)
{
    const char *driver = SDL_GetCurrentVideoDriver(), *wanted = SDL_getenv("SDL_VIDEODRIVER");
    return (!wanted || !*wanted) &&
           (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0);
}

static bc_status open_display(const bc_log *log)
{
    const bool is_open = SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
    if (is_open && !is_invisible())
        return BC_OK;
    const bc_status status =
        bc_fail(log, BC_ERR_UNSUPPORTED, "there is no display (%s); without one, use --no-window",
                is_open ? "neither X11 nor Wayland" : SDL_GetError());
    if (is_open)
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
    return status;
}

bc_status bc_window_open(bc_window **window, const bc_window_params *params)
{
    *window = NULL;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* signals are the program's */
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    bc_status status = open_display(&params->log);
    if (status < 0)
        return status;
    bc_window *w = calloc(1, sizeof(*w));
    if (!w) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return bc_fail(&params->log, BC_ERR_MEMORY, "window: out of memory");
    }
    w->log = params->log;
    w->hands.bindings = params->bindings;
    w->hands.overlay = &w->overlay;
    status = open_window(w, params);
    if (status < 0) {
        bc_window_close(&w);
        return status;
    }
    bc_text_open(&w->overlay.text, w->renderer, &w->log); /* a window without text is one still */
    w->hands.is_stale = true;
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

static const char *on_event(bc_window *window, const SDL_Event *event)
{
    if (event->type == window->wake_event)
        atomic_store(&window->is_waking, false);
    return bc_hands_take(&window->hands, event);
}

const char *bc_window_wait(bc_window *window, int timeout_ms)
{
    SDL_Event event;
    bc_hands_rest(&window->hands);
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
    return window->hands.is_stale;
}

bool bc_window_is_hidden(const bc_window *window)
{
    int w = 0, h = 0;
    SDL_GetWindowSize(window->window, &w, &h);
    return window->hands.is_hidden || w < 2 || h < 2;
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
    const SDL_Rect *picture = &window->hands.place.picture;
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

/* Pixels in a place of one on an ordinary screen. Where the window is measured in pixels itself, as
 * under X11, the screen's resolution tells it, in halves: what screens say of it is not exact. */
static float density(const bc_window *window)
{
    int width, height;
    float dpi = 96;
    SDL_GetWindowSize(window->window, &width, &height);
    if (width > 0 && window->hands.place.screen.w > width)
        return (float)window->hands.place.screen.w / (float)width;
    SDL_GetDisplayDPI(SDL_GetWindowDisplayIndex(window->window), NULL, &dpi, NULL);
    return fminf(fmaxf(roundf(2 * dpi / 96) / 2, 1), 3);
}

void bc_window_show(bc_window *window, const bc_view *view)
{
    SDL_Rect *screen = &window->hands.place.screen;
    window->hands.is_stale = false;
    if (SDL_GetRendererOutputSize(window->renderer, &screen->w, &screen->h) < 0 || screen->w < 1 ||
        screen->h < 1)
        return;
    window->hands.view = *view;
    if (view->needs_strip)
        bc_hands_wake(&window->hands);
    window->hands.place.density = density(window);
    window->hands.place.picture = fit(*screen, view->aspect > 0 ? view->aspect : 4.0 / 3);
    SDL_SetRenderDrawColor(window->renderer, 0, 0, 0, 255);
    SDL_RenderClear(window->renderer);
    draw_picture(window, view);
    bc_overlay_draw(&window->overlay, view, &window->hands.place);
    SDL_RenderPresent(window->renderer);
}

void bc_window_set_title(bc_window *window, const char *title)
{
    SDL_SetWindowTitle(window->window, title);
}

void bc_window_set_fullscreen(bc_window *window, bool on)
{
    SDL_SetWindowFullscreen(window->window, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    window->hands.is_stale = true;
}

bool bc_window_is_fullscreen(const bc_window *window)
{
    return SDL_GetWindowFlags(window->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
}

void bc_window_picture_size(const bc_window *window, int *width, int *height)
{
    *width = window->hands.place.picture.w;
    *height = window->hands.place.picture.h;
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
