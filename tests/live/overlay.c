/*
 * What lies over the picture, in windows of many sizes: text that stays in its width, a filmstrip
 * that shows what is chosen, marks that nothing hides, and keys of other countries.
 */
#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "window/hands.h"
#include "window/label.h"
#include "window/overlay.h"
#include "window/plates.h"
#include "window/seekbar.h"

enum { N_CELLS = 23, MOST_W = 1920, MOST_H = 1080 };

static const char *const names[] = {
    "original",
    "Great Wave off Kanagawa",
    "Self-Portrait with a Straw Hat",
    "Улица Прогресса в сумерках",
    "Donaudampfschifffahrtsgesellschaft",
    "I and the Village",
};

typedef struct canvas {
    SDL_Surface *surface;
    bc_overlay overlay;
} canvas;

static void open_canvas(canvas *c)
{
    char message[1024];
    const bc_log log = test_log(message);
    *c = (canvas){
        .surface = SDL_CreateRGBSurfaceWithFormat(0, MOST_W, MOST_H, 32, SDL_PIXELFORMAT_RGBA32)};
    c->overlay.renderer = SDL_CreateSoftwareRenderer(c->surface);
    if (!CHECK_INT(bc_text_open(&c->overlay.text, c->overlay.renderer, &log), BC_OK))
        exit(1);
}

static void close_canvas(canvas *c)
{
    bc_overlay_close(&c->overlay);
    SDL_DestroyRenderer(c->overlay.renderer);
    SDL_FreeSurface(c->surface);
}

static bc_overlay_place place_of(int width, int height, float density)
{
    return (bc_overlay_place){.picture = {0, 0, width, height},
                              .screen = {0, 0, width, height},
                              .mouse = {-1, -1},
                              .density = density,
                              .is_awake = true};
}

static void draw(canvas *c, const bc_view *view, const bc_overlay_place *place)
{
    SDL_SetRenderDrawColor(c->overlay.renderer, 90, 120, 150, 255);
    SDL_RenderClear(c->overlay.renderer);
    bc_overlay_draw(&c->overlay, view, place);
    SDL_RenderPresent(c->overlay.renderer);
}

static uint32_t pixel(const canvas *c, int x, int y)
{
    const uint8_t *p = (const uint8_t *)c->surface->pixels + y * c->surface->pitch + 4 * x;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* Pixels of exactly that colour above `bottom`. */
static int count(const canvas *c, uint32_t color, int width, int bottom)
{
    int n = 0;
    for (int y = 0; y < bottom; y++) {
        for (int x = 0; x < width; x++)
            n += pixel(c, x, y) == color;
    }
    return n;
}

static void test_labels(canvas *c)
{
    bc_text *text = c->overlay.text;
    for (size_t i = 0; i < SDL_arraysize(names); i++) {
        for (int width = 30; width < 600; width += 17) {
            const bc_label label = bc_label_wrap(text, names[i], 13, width, 2);
            CHECK(label.n_lines >= 1 && label.n_lines <= 2);
            CHECK_AT_MOST(label.size.x, width + 2); /* letters lean over their places */
            const char *last = label.lines[label.n_lines - 1];
            const bool is_whole = strstr(last, "\xe2\x80\xa6") == NULL;
            size_t bytes = 0; /* all but blanks between lines */
            for (int k = 0; k < label.n_lines; k++)
                bytes += strlen(label.lines[k]);
            CHECK(!is_whole || bytes + 1 >= strlen(names[i]));
        }
        CHECK_INT(bc_label_wrap(text, names[i], 13, 1000, 2).n_lines, 1);
    }
    CHECK_INT(bc_label_wrap(text, "", 13, 100, 2).n_lines, 0);
    CHECK_INT(bc_label_wrap(text, "wide", 13, 1, 2).n_lines, 2); /* no room at all */
}

/* The cells that the mouse finds from left to right: each once, in a row, none over another. */
static int find_cells(canvas *c, const bc_view *view, bc_overlay_place place, int *first)
{
    int last = BC_STRIP_NOTHING, n = 0;
    place.mouse.y = place.screen.h - bc_strip_rect(view, &place).h / 2;
    for (place.mouse.x = 0; place.mouse.x < place.screen.w; place.mouse.x++) {
        const int cell = bc_strip_at(&c->overlay.strip, view, &place);
        if (cell < 0 || cell == last)
            continue;
        CHECK(last < 0 || cell == last + 1);
        if (n++ == 0)
            *first = cell;
        last = cell;
    }
    return n;
}

static void test_strip(canvas *c)
{
    static const int sizes[][2] = {{320, 240}, {420, 300}, {640, 900}, {1280, 720}, {1920, 1080}};
    bc_thumbnail cells[N_CELLS];
    for (int i = 0; i < N_CELLS; i++)
        cells[i] = (bc_thumbnail){.name = names[(size_t)i % SDL_arraysize(names)]};
    bc_view view = {.thumbnails = cells, .n_thumbnails = N_CELLS, .n_chosen = 1};
    for (size_t s = 0; s < 2 * SDL_arraysize(sizes); s++) {
        const float density = s % 2 ? 2 : 1;
        const bc_overlay_place place = place_of(sizes[s / 2][0], sizes[s / 2][1], density);
        for (int chosen = 0; chosen < N_CELLS; chosen += 2) {
            int first = -1;
            view.chosen[0].cell = chosen;
            draw(c, &view, &place);
            const int n = find_cells(c, &view, place, &first);
            CHECK(n >= 1 && n <= N_CELLS);
            CHECK(first <= chosen && chosen < first + n);
            for (int i = 0; i < N_CELLS; i++)
                CHECK_AT_MOST(c->overlay.strip.names[i].size.x,
                              c->overlay.strip.name_width + 2 * place.screen.h / 50);
        }
    }
}

/* The ends and the wheel reach all cells, and stop there. */
static void test_strip_moves(canvas *c)
{
    bc_thumbnail cells[N_CELLS];
    for (int i = 0; i < N_CELLS; i++)
        cells[i] = (bc_thumbnail){.name = "a style"};
    bc_view view = {.thumbnails = cells, .n_thumbnails = N_CELLS, .n_chosen = 1};
    const bc_overlay_place place = place_of(640, 480, 1);
    int first = -1;
    draw(c, &view, &place);
    for (int i = 0; i < N_CELLS; i++)
        bc_strip_turn(&c->overlay.strip, &view, &place, 1);
    draw(c, &view, &place); /* what is chosen has not changed: it stays where it was moved to */
    const int n = find_cells(c, &view, place, &first);
    CHECK_INT(first + n, N_CELLS);
    bc_strip_move(&c->overlay.strip, &view, &place, -1);
    find_cells(c, &view, place, &first);
    CHECK_INT(first + n, N_CELLS - 1);
    bc_strip_move(&c->overlay.strip, &view, &place, -100);
    find_cells(c, &view, place, &first);
    CHECK_INT(first, 0);
    view.n_help = 1;
    CHECK_INT(bc_strip_at(&c->overlay.strip, &view, &place), BC_STRIP_NOTHING);
}

/* With everything out that there is, the recording's dot is red, above the filmstrip. */
static void test_marks(canvas *c)
{
    static const char *const statistics[] = {"29.9 fps, latency 48 ms", "convert 2 ms, paint 20 ms",
                                             "frames 1000", "net deep", "0:01 / 1:40"};
    static const bc_help_line help[] = {{"1 ... 9", "styles"}, {"h", "this help"}, {"q", "quit"}};
    static const bc_mark marks[] = {{BC_MARK_RECORDING,
                                     "REC 0:12  a-name-that-is-much-too-long-for-"
                                     "a-small-window-2026-11-28.mp4"},
                                    {BC_MARK_PAUSED, "Paused"},
                                    {BC_MARK_LIVE, "live video10"},
                                    {BC_MARK_WAITING, "waiting studio.example:1935"},
                                    {BC_MARK_FAILED, "failed away.example"},
                                    {BC_MARK_MUTED, "Muted"},
                                    {BC_MARK_SMALLER, "70 %"}};
    static const int sizes[][2] = {{320, 240}, {420, 300}, {1280, 720}};
    const bc_thumbnail cells[] = {{.name = "original"}, {.name = "waves"}};
    bc_view view = {.message = "A message that says something",
                    .message_alpha = 1,
                    .statistics = statistics,
                    .n_statistics = 5,
                    .marks = marks,
                    .n_marks = 7,
                    .thumbnails = cells,
                    .n_thumbnails = 2,
                    .duration_us = 100000000};
    for (int i = 0; i < 6; i++) {
        const bc_overlay_place place = place_of(sizes[i / 2][0], sizes[i / 2][1], 1);
        view.help = help;
        view.n_help = i % 2 ? 3 : 0;
        draw(c, &view, &place);
        const int bottom = bc_seekbar_rect(&view, &place).y;
        const int radius = bc_place_text_px(&place) * 2 / 5;
        CHECK(count(c, 0xe82020, place.screen.w, bottom) >= 2 * radius * radius);
    }
}

/* Statistics are the same with a message beside them, and give way where there is no room. */
static void test_message(canvas *c)
{
    static const char *const statistics[] = {
        "convert 2.0 ms, paint 20.1 ms, mix 0.1 ms", "29.9 fps", "frames", "net", "0:01", "last"};
    static const bc_mark mark = {BC_MARK_PAUSED, "Paused"};
    static uint32_t before[MOST_W * MOST_H];
    bc_view view = {.statistics = statistics, .n_statistics = 6};
    const bc_overlay_place wide = place_of(1280, 720, 1);
    draw(c, &view, &wide);
    const int plate = 900; /* within it: its text is 380 pixels wide, at the right */
    for (int y = 0; y < 720; y++) {
        for (int x = plate; x < 1280; x++)
            before[y * MOST_W + x] = pixel(c, x, y);
    }
    view.message = "A very long message about something that went wrong, and why it did so";
    view.detail = "and what can be done about it, in as many words as it takes to say such a thing";
    view.message_alpha = 1;
    draw(c, &view, &wide);
    int n_changed = 0;
    for (int y = 0; y < 720; y++) {
        for (int x = plate; x < 1280; x++)
            n_changed += before[y * MOST_W + x] != pixel(c, x, y);
    }
    CHECK_INT(n_changed, 0);
    CHECK_INT(count(c, 0xff5c50, 1280, 720), 0);
    view.is_error = true;
    draw(c, &view, &wide);
    CHECK(count(c, 0xff5c50, 1280, 720) >= 100); /* the letters' insides */
    view.marks = &mark;
    view.n_marks = 1;
    const bc_overlay_place narrow = place_of(320, 120, 1);
    draw(c, &view, &narrow);
    CHECK(count(c, 0xff5c50, 320, 100) >= 50);
}

static const bc_binding keys[] = {
    {"1", "digit 1", ""}, {"-", "smaller", ""}, {"[", "less", ""},
    {"s", "shoot", ""},   {"S", "more", ""},    {NULL, NULL, NULL},
};

static const char *type(bc_hands *hands, SDL_Scancode scancode, uint16_t mod, const char *typed)
{
    SDL_Event down = {.key = {.type = SDL_KEYDOWN, .keysym = {.scancode = scancode, .mod = mod}}};
    SDL_Event text = {.type = SDL_TEXTINPUT};
    snprintf(text.text.text, sizeof(text.text.text), "%s", typed);
    const char *first = bc_hands_take(hands, &down);
    const char *second = bc_hands_take(hands, &text);
    CHECK(!first || !second);
    return first ? first : second ? second : "";
}

static void test_layouts(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    static bc_hands hands;
    CHECK_INT(bc_bindings_open(&hands.bindings, keys, &log), BC_OK);
    CHECK(strcmp(type(&hands, SDL_SCANCODE_1, 0, "1"), "digit 1") == 0);
    CHECK(strcmp(type(&hands, SDL_SCANCODE_1, 0, "&"), "digit 1") == 0);           /* France */
    CHECK(strcmp(type(&hands, SDL_SCANCODE_1, KMOD_LSHIFT, "1"), "digit 1") == 0); /* the same */
    CHECK(strcmp(type(&hands, SDL_SCANCODE_6, 0, "-"), "") == 0); /* France: no brush, but a 6 */
    CHECK(strcmp(type(&hands, SDL_SCANCODE_SLASH, 0, "-"), "smaller") == 0); /* Germany */
    CHECK(strcmp(type(&hands, SDL_SCANCODE_LEFTBRACKET, 0, "\xc3\xbc"), "less") == 0);
    CHECK(strcmp(type(&hands, SDL_SCANCODE_S, 0, "\xd1\x8b"), "shoot") == 0); /* Russia */
    CHECK(strcmp(type(&hands, SDL_SCANCODE_S, KMOD_LSHIFT, "S"), "more") == 0);
    CHECK(strcmp(type(&hands, SDL_SCANCODE_D, 0, "d"), "") == 0);
    bc_bindings_close(&hands.bindings);
}

int main(void)
{
    canvas c;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    CHECK_INT(SDL_InitSubSystem(SDL_INIT_VIDEO), 0);
    open_canvas(&c);
    test_labels(&c);
    test_strip(&c);
    test_strip_moves(&c);
    test_marks(&c);
    test_message(&c);
    test_layouts();
    close_canvas(&c);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    return TEST_END();
}
