/*
 * A window without a screen (SDL's dummy driver): the picture in its aspect, the split, overlays
 * that can be seen, and every kind of event as a command.
 */
#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "window/window.h"

static const bc_binding defaults[] = {
    {"s", "screenshot", "write a picture"},
    {"ESC", "quit", ""},
    {"SPACE", "pause", ""},
    {"WHEEL_UP", "strength +0.05", ""},
    {"F5", "again", ""},
    {"MBTN_LEFT_DBL", "double", ""},
    {NULL, NULL, NULL},
};

typedef struct color {
    uint8_t y, cb, cr;
    bc_yuv_matrix matrix;
    bc_yuv_range range;
} color;

static const color red = {63, 102, 240, BC_BT709, BC_LIMITED};
static const color blue = {32, 240, 118, BC_BT709, BC_LIMITED};
static const color gray = {192, 128, 128, BC_BT709, BC_LIMITED};

static bc_frame *make_frame(int width, int height, color c)
{
    bc_frame *frame = NULL;
    if (bc_frame_alloc(&frame, width, height, BC_YUV420, &(bc_log){0}) < 0)
        exit(1);
    bc_image *image = &frame->image;
    image->matrix = c.matrix;
    image->range = c.range;
    for (int y = 0; y < height; y++)
        memset(image->pixels + y * image->stride_bytes, c.y, (size_t)width);
    for (int y = 0; y < (height + 1) / 2; y++) {
        memset(image->chroma[0] + y * image->chroma_stride_bytes[0], c.cb, (size_t)(width + 1) / 2);
        memset(image->chroma[1] + y * image->chroma_stride_bytes[1], c.cr, (size_t)(width + 1) / 2);
    }
    return frame;
}

/* The colour at a place in the grabbed window, as 0xRRGGBB. */
static int color_at(const bc_frame *grab, int x, int y)
{
    const uint8_t *p = grab->image.pixels + y * grab->image.stride_bytes + 3 * x;
    return p[0] << 16 | p[1] << 8 | p[2];
}

/* Within the rounding of 8 bits. */
static void check_color(const bc_frame *grab, int x, int y, int expected)
{
    const int is = color_at(grab, x, y);
    for (int shift = 0; shift < 24; shift += 8) {
        if (!CHECK(abs((is >> shift & 255) - (expected >> shift & 255)) <= 3))
            fprintf(stderr, "    is %06x, expected %06x\n", (unsigned)is, (unsigned)expected);
    }
}

static bc_frame *show(bc_window *window, const bc_view *view)
{
    bc_frame *grab = NULL;
    bc_window_show(window, view);
    if (!CHECK_INT(bc_window_grab(window, &grab), BC_OK))
        exit(1);
    return grab;
}

/* The same orange in all colours, one after the other: SDL's renderers know but the first three. */
static void test_aspect(bc_window *window)
{
    static const color oranges[] = {
        {136, 67, 190, BC_BT709, BC_LIMITED},  {142, 60, 193, BC_BT601, BC_LIMITED},
        {146, 51, 202, BC_BT601, BC_FULL},     {140, 58, 198, BC_BT709, BC_FULL},
        {143, 64, 189, BC_BT2020, BC_LIMITED}, {148, 55, 197, BC_BT2020, BC_FULL}};
    for (size_t i = 0; i < sizeof(oranges) / sizeof(oranges[0]); i++) {
        bc_frame *orange = make_frame(33, 17, oranges[i]);
        bc_view view = {.painting = orange, .serial = (uint64_t)i + 1, .aspect = 1};
        bc_frame *grab = show(window, &view);
        const int w = grab->image.width, h = grab->image.height; /* 4:3 */
        check_color(grab, w / 2, h / 2, 0xfa780a);
        check_color(grab, w / 2, 1, 0xfa780a);
        check_color(grab, (w - h) / 2 - 2, h / 2, 0);
        check_color(grab, (w - h) / 2 + 2, h / 2, 0xfa780a);
        check_color(grab, w - (w - h) / 2 - 3, h / 2, 0xfa780a);
        check_color(grab, w - 2, h / 2, 0);
        bc_frame_unref(&grab);
        bc_frame_unref(&orange);
    }
}

static void test_split(bc_window *window)
{
    bc_frame *original = make_frame(64, 48, red);
    bc_frame *painting = make_frame(32, 24, blue);
    bc_view view = {.painting = painting,
                    .original = original,
                    .split = 0.25F,
                    .serial = 10,
                    .aspect = 4 / 3.0};
    bc_frame *grab = show(window, &view);
    const int w = grab->image.width;
    check_color(grab, w / 8, 10, 0xff0000);
    check_color(grab, w / 2, 10, 0x0000ff);
    bc_frame_unref(&grab);
    bc_frame_unref(&original);
    bc_frame_unref(&painting);
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
    bc_frame *picture = make_frame(64, 48, red);
    const bc_thumbnail cells[] = {{.name = "original"}, {.name = "waves"}};
    bc_view view = {.painting = picture,
                    .original = picture,
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
    bc_frame_unref(&picture);
}

static void test_overlays(bc_window *window)
{
    const char *const lines[] = {"29.9 fps", "latency 48 ms"};
    const bc_help_line help[] = {{"1 … 9", "style"}, {"f", "full screen"}, {"q", "quit"}};
    const bc_mark recording = {BC_MARK_RECORDING, "0:12"};
    bc_frame *picture = make_frame(64, 48, gray);
    bc_view view = {.painting = picture, .serial = 30, .aspect = 4 / 3.0};
    bc_view views[5] = {view, view, view, view, view};
    views[0].message = "Great Wave", views[0].detail = "Hokusai, 1831", views[0].message_alpha = 1;
    views[1].statistics = lines, views[1].n_statistics = 2;
    views[2].help = help, views[2].n_help = 3;
    views[3].marks = &recording, views[3].n_marks = 1;
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
