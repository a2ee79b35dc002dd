/*
 * A window without a screen (SDL's dummy driver): the picture in its aspect, the split, overlays
 * that can be seen, and every kind of event as a command.
 */
#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "live/window.h"
#include "test.h"

static const bc_binding defaults[] = {
    {"s", "screenshot", "write a picture"},
    {"ESC", "quit", ""},
    {"SPACE", "pause", ""},
    {"WHEEL_UP", "strength +0.05", ""},
    {"F5", "again", ""},
    {"MBTN_LEFT_DBL", "double", ""},
    {NULL, NULL, NULL},
};

static bc_frame *make_frame(int width, int height, bc_pixel_format format, const uint8_t *rgb)
{
    bc_frame *frame = NULL;
    if (bc_frame_alloc(&frame, width, height, format, &(bc_log){0}) < 0)
        exit(1);
    const int n_bytes = format == BC_RGB24 ? 3 : 4;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = frame->image.pixels + y * frame->image.stride_bytes + x * n_bytes;
            for (int c = 0; c < 3; c++)
                pixel[format == BC_BGRA32 ? 2 - c : c] = rgb[c];
            if (n_bytes == 4)
                pixel[3] = 255;
        }
    }
    return frame;
}

/* The colour at a place in the grabbed window, as 0xRRGGBB. */
static int color_at(const bc_frame *grab, int x, int y)
{
    const uint8_t *p = grab->image.pixels + y * grab->image.stride_bytes + 3 * x;
    return p[0] << 16 | p[1] << 8 | p[2];
}

static bc_frame *show(bc_window *window, const bc_view *view)
{
    bc_frame *grab = NULL;
    bc_window_show(window, view);
    if (!CHECK_INT(bc_window_grab(window, &grab), BC_OK))
        exit(1);
    return grab;
}

static void test_aspect(bc_window *window)
{
    const bc_pixel_format formats[] = {BC_RGB24, BC_RGBA32, BC_BGRA32};
    for (int i = 0; i < 3; i++) {
        bc_frame *orange = make_frame(33, 17, formats[i], (uint8_t[]){250, 120, 10});
        bc_view view = {.painting = orange, .serial = (uint64_t)i + 1, .aspect = 1};
        bc_frame *grab = show(window, &view);
        const int w = grab->image.width, h = grab->image.height; /* 4:3 */
        CHECK_INT(color_at(grab, w / 2, h / 2), 0xfa780a);
        CHECK_INT(color_at(grab, w / 2, 1), 0xfa780a);
        CHECK_INT(color_at(grab, (w - h) / 2 - 2, h / 2), 0);
        CHECK_INT(color_at(grab, (w - h) / 2 + 2, h / 2), 0xfa780a);
        CHECK_INT(color_at(grab, w - (w - h) / 2 - 3, h / 2), 0xfa780a);
        CHECK_INT(color_at(grab, w - 2, h / 2), 0);
        bc_frame_unref(&grab);
        bc_frame_unref(&orange);
    }
}

static void test_split(bc_window *window)
{
    bc_frame *red = make_frame(64, 48, BC_BGRA32, (uint8_t[]){255, 0, 0});
    bc_frame *blue = make_frame(32, 24, BC_BGRA32, (uint8_t[]){0, 0, 255});
    bc_view view = {
        .painting = blue, .original = red, .split = 0.25F, .serial = 10, .aspect = 4 / 3.0};
    bc_frame *grab = show(window, &view);
    const int w = grab->image.width;
    CHECK_INT(color_at(grab, w / 8, 10), 0xff0000);
    CHECK_INT(color_at(grab, w / 2, 10), 0x0000ff);
    bc_frame_unref(&grab);
    bc_frame_unref(&red);
    bc_frame_unref(&blue);
}

static int count_changed(const bc_frame *a, const bc_frame *b)
{
    int n = 0;
    for (int y = 0; y < a->image.height; y++) {
        for (int x = 0; x < a->image.width; x++)
            n += color_at(a, x, y) != color_at(b, x, y);
    }
    return n;
}

static const char *next_command(bc_window *window)
{
    for (int i = 0; i < 50; i++) {
        const char *command = bc_window_wait(window, 0);
        if (command)
            return command;
    }
    return "";
}

static void expect(bc_window *window, SDL_Event event, const char *command)
{
    SDL_PushEvent(&event);
    const char *got = next_command(window);
    if (!CHECK(strcmp(got, command) == 0))
        fprintf(stderr, "    is '%s', expected '%s'\n", got, command);
}

static SDL_Event key(SDL_Keycode code)
{
    return (SDL_Event){.key = {.type = SDL_KEYDOWN, .keysym = {.sym = code}}};
}

static SDL_Event text(const char *typed)
{
    SDL_Event event = {.type = SDL_TEXTINPUT};
    snprintf(event.text.text, sizeof(event.text.text), "%s", typed);
    return event;
}

static SDL_Event button(int x, int y, uint8_t clicks)
{
    return (SDL_Event){.button = {.type = SDL_MOUSEBUTTONDOWN,
                                  .button = SDL_BUTTON_LEFT,
                                  .clicks = clicks,
                                  .x = x,
                                  .y = y}};
}

static void test_events(bc_window *window)
{
    expect(window, key(SDLK_ESCAPE), "quit");
    expect(window, key(SDLK_F5), "again");
    expect(window, text("s"), "screenshot");
    expect(window, text(" "), "pause");
    expect(window, (SDL_Event){.wheel = {.type = SDL_MOUSEWHEEL, .y = 1}}, "strength +0.05");
    expect(window, button(5, 5, 2), "double");
    expect(window, (SDL_Event){.type = SDL_QUIT}, "quit");
    expect(window, (SDL_Event){.drop = {.type = SDL_DROPFILE, .file = SDL_strdup("/a \"b\\c")}},
           "drop \"/a \\\"b\\\\c\"");
    bc_window_wake(window);
    bc_window_wake(window);
    CHECK(bc_window_wait(window, 1000) == NULL);
}

/* The mouse leaves, and with it the filmstrip. */
static void hide_strip(bc_window *window)
{
    SDL_PushEvent(
        &(SDL_Event){.window = {.type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_LEAVE}});
    CHECK(strcmp(next_command(window), "") == 0);
}

/* The mouse on the split line and on the second cell of the filmstrip, in a window of 640x480. */
static void test_mouse(bc_window *window)
{
    bc_frame *red = make_frame(64, 48, BC_BGRA32, (uint8_t[]){255, 0, 0});
    const bc_thumbnail cells[] = {{.name = "original"}, {.name = "waves"}};
    bc_view view = {.painting = red,
                    .original = red,
                    .split = 0.5F,
                    .serial = 20,
                    .aspect = 4 / 3.0,
                    .thumbnails = cells,
                    .n_thumbnails = 2};
    hide_strip(window);
    bc_frame *before = show(window, &view);
    expect(window, button(320, 100, 1), "split 0.5000");
    SDL_Event motion = {.motion = {.type = SDL_MOUSEMOTION, .x = 160, .y = 100}};
    expect(window, motion, "split 0.2500");
    SDL_PushEvent(&(SDL_Event){.button = {.type = SDL_MOUSEBUTTONUP, .button = SDL_BUTTON_LEFT}});
    SDL_PushEvent(&motion);
    CHECK(strcmp(next_command(window), "") == 0);
    CHECK(bc_window_is_stale(window));
    bc_frame *after = show(window, &view);
    CHECK(!bc_window_is_stale(window));
    CHECK(count_changed(before, after) > 640 * 480 / 20); /* the filmstrip is out */
    expect(window, button(350, 420, 1), "style 1");
    bc_frame_unref(&before);
    bc_frame_unref(&after);
    bc_frame_unref(&red);
}

static void test_overlays(bc_window *window)
{
    const char *const lines[] = {"29.9 fps", "latency 48 ms"};
    const bc_help_line help[] = {{"1 … 9", "style"}, {"f", "full screen"}, {"q", "quit"}};
    bc_frame *picture = make_frame(64, 48, BC_BGRA32, (uint8_t[]){200, 200, 210});
    bc_view view = {.painting = picture, .serial = 30, .aspect = 4 / 3.0};
    bc_view views[5] = {view, view, view, view, view};
    views[0].message = "Great Wave", views[0].detail = "Hokusai, 1831", views[0].message_alpha = 1;
    views[1].statistics = lines, views[1].n_statistics = 2;
    views[2].help = help, views[2].n_help = 3;
    views[3].recording = "0:12";
    views[4].waiting = "waiting for the camera";
    hide_strip(window);
    bc_frame *plain = show(window, &view);
    for (int i = 0; i < 5; i++) {
        bc_frame *grab = show(window, &views[i]);
        CHECK(count_changed(plain, grab) > 200);
        bc_frame_unref(&grab);
    }
    bc_frame_unref(&plain);
    bc_frame_unref(&picture);
}

int main(void)
{
    char message[1024];
    bc_bindings *bindings;
    bc_window *window;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    const bc_log log = test_log(message);
    CHECK_INT(bc_bindings_open(&bindings, defaults, &log), BC_OK);
    const bc_window_params params = {
        .title = "test", .width = 640, .height = 480, .bindings = bindings, .log = log};
    if (!CHECK_INT(bc_window_open(&window, &params), BC_OK)) {
        fprintf(stderr, "    %s\n", message);
        return 1;
    }
    test_aspect(window);
    test_split(window);
    test_events(window);
    test_mouse(window);
    test_overlays(window);
    bc_window_close(&window);
    bc_window_close(&window);
    bc_bindings_close(&bindings);
    return TEST_END();
}
