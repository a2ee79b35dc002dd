/* The painter of video beside sessions and stabilisers: time, fades, and what changes while it
 * runs. */
#include "painter.h"

#include <math.h>

#include "stabilizer/stabilizer.h"

/* Time that jumps or runs backwards, and being told so, is a cut; time that runs on is none. */
static void test_time(void)
{
    static const struct {
        int64_t time_us;
        unsigned flags;
        bool is_cut;
    } frames[] = {{0, 0, true},           {40000, 0, false},
                  {80000, 0, false},      {9000000, 0, true},
                  {9040000, 0, false},    {9020000, 0, true},
                  {9060000, 0, false},    {9100000, BC_PAINT_CUT, true},
                  {BC_NO_TIME, 0, false}, {9140000, 0, false}};
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 7), painted[MOST_BYTES], fresh[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    const bc_image wanted = view(fresh, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_STREAM);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STABILIZE, 1), BC_OK);
    paint_plainly(&source, &wanted, &first, 1);
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        bc_painter_state state = {.size = sizeof(state)};
        frame[0] ^= 1; /* noise */
        paint_plainly(&source, &wanted, &first, 1);
        CHECK_INT(bc_painter_run(painter, &source, &to, frames[i].time_us, frames[i].flags), BC_OK);
        bc_painter_get_state(painter, &state);
        CHECK_INT(state.was_cut, frames[i].is_cut);
        if (frames[i].is_cut) /* nothing is left of before, in the stabiliser either */
            CHECK(memcmp(painted, fresh, 3 * WIDTH * HEIGHT) == 0);
    }
    bc_painter_close(&painter);
    free(frame);
}

/* Of the style before nothing is held when another comes, whichever it was. */
static void test_held_style(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 14), painted[2][MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT);
    const bc_style_weight before[2] = {{.style = 0, .weight = 1}, {.style = 1, .weight = 1}};
    for (int i = 0; i < 2; i++) {
        const bc_image to = view(painted[i], WIDTH, HEIGHT);
        bc_painter *painter = open_painter(BC_STATS_FRAME);
        CHECK_INT(bc_painter_set(painter, BC_PAINTER_STABILIZE, 1), BC_OK);
        CHECK_INT(bc_painter_set_blend(painter, before, 1 + i), BC_OK);
        for (int k = 0; k < 5; k++)
            paint_frame(painter, &source, &to);
        CHECK_INT(bc_painter_set_blend(painter, before + 1, 1), BC_OK);
        paint_frame(painter, &source, &to);
        bc_painter_close(&painter);
    }
    CHECK(memcmp(painted[0], painted[1], 3 * WIDTH * HEIGHT) == 0);
    free(frame);
}

/* A fade goes by the frames' times, through a blend of both, and ends with the style alone. */
static void test_fade(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 10), painted[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_STREAM);
    bc_painter_state state = {.size = sizeof(state)};
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_FADE, 1), BC_OK);
    for (int i = 0; i <= 8; i++) {
        CHECK_INT(bc_painter_run(painter, &source, &to, i * 250000, 0), BC_OK);
        bc_painter_get_state(painter, &state);
        CHECK_INT(state.n_styles, i >= 3 && i < 6 ? 2 : 1);
        if (i == 1)
            CHECK_INT(bc_painter_set_blend(painter, &(bc_style_weight){1, 1}, 1), BC_OK);
        if (i == 4)
            CHECK_AT_MOST(fabs((double)state.styles[0].weight - 0.5), 1e-6);
    }
    CHECK_INT(state.styles[0].style, 1);
    bc_painter_close(&painter);
    free(frame);
}

static const char with_canvas[] = "first conv 3 8 stride=2 norm relu\n"
                                  "second conv 3 8 stride=2 norm relu\n"
                                  "canvas canvas 8 stride=4\n"
                                  "grain conv 1 8 norm=style\n"
                                  "ground add second grain\n"
                                  "third conv 3 8 up=subpixel norm relu\n"
                                  "last conv 5 3 up=subpixel";

/* What the painter does with a net, a session and a stabiliser, by hand; how far the canvas lies.
 */
static float paint_steadily(bc_stabilizer *stabilizer, bc_session *session, const bc_image *source,
                            const bc_image *painting)
{
    bc_image steady;
    CHECK_INT(bc_stabilizer_source(stabilizer, source, 0.5F, &steady), BC_OK);
    const float *moved = bc_stabilizer_canvas(stabilizer);
    bc_session_move_canvas(session, moved);
    CHECK_INT(bc_session_run(session, &steady, painting), BC_OK);
    CHECK_INT(bc_stabilizer_painting(stabilizer, painting), BC_OK);
    return moved[HEIGHT / 16 * ((WIDTH + 7) / 8) + WIDTH / 16];
}

/* The canvas goes with the stabiliser's motion. */
static void test_canvas(void)
{
    enum { N = 8, STEP = 2, ROOM = WIDTH + N * STEP };
    uint8_t texture[3 * ROOM * HEIGHT], painted[MOST_BYTES], expected[MOST_BYTES];
    const bc_image to = view(painted, WIDTH, HEIGHT), wanted = view(expected, WIDTH, HEIGHT);
    bc_stabilizer *stabilizer;
    bc_painter *painter;
    net flat;
    float moved = 0;
    for (int i = 0; i < ROOM * HEIGHT; i++) {
        const uint32_t patch = (uint32_t)(i % ROOM / 3 + i / ROOM / 3 * 1000);
        memset(texture + 3 * i, (int)((patch * 2654435761u) >> 25) + 60, 3);
    }
    net_open_table(&flat, with_canvas, 1);
    bc_session *session = open_session(
        flat.model, &(bc_session_params){.width = WIDTH, .height = HEIGHT, .n_threads = 1});
    choose(session, 0);
    if (bc_painter_open(&painter, &(bc_painter_params){.model = flat.model, .n_threads = 2}) < 0 ||
        bc_stabilizer_open(&stabilizer, 1, &(bc_log){0}) < 0)
        abort();
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STABILIZE, 0.5), BC_OK);
    for (int i = 0; i < N; i++) {
        bc_image source = view(texture + 3 * STEP * i, WIDTH, HEIGHT);
        source.stride_bytes = 3 * ROOM;
        paint_frame(painter, &source, &to);
        moved = paint_steadily(stabilizer, session, &source, &wanted);
        CHECK(memcmp(painted, expected, 3 * WIDTH * HEIGHT) == 0);
    }
    CHECK(fabsf(moved) > STEP);
    bc_painter_close(&painter);
    bc_stabilizer_close(&stabilizer);
    bc_session_close(&session);
    net_close(&flat);
}

/* Frames go on with the session at hand until another one is ready. */
static void test_background(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 11), painted[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    bc_painter *painter;
    bc_painter_state state = {.size = sizeof(state)};
    if (bc_painter_open(&painter, &(bc_painter_params){.model = two_styles.model,
                                                       .n_threads = 1,
                                                       .in_background = true}) < 0)
        abort();
    paint_frame(painter, &source, &to);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_SCALE, 0.5), BC_OK);
    paint_frame(painter, &source, &to);
    bc_painter_get_state(painter, &state);
    CHECK(state.is_pending && state.width == WIDTH);
    for (int i = 0; i < 10000 && state.is_pending; i++) {
        paint_frame(painter, &source, &to);
        bc_painter_get_state(painter, &state);
    }
    CHECK(!state.is_pending && state.width == 42);
    bc_painter_close(&painter);
    free(frame);
}

/* Another net paints from when its session is open, the one before in the same style until then.
 * Each stays as long as something paints with it. */
static void test_model(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 13), painted[MOST_BYTES], expected[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    const bc_image wanted = view(expected, WIDTH, HEIGHT);
    const bc_style_weight second = {.style = 1, .weight = 1};
    bc_painter_state state = {.size = sizeof(state)};
    bc_painter *painter;
    net other;
    net_open(&other, wide, BC_UPSAMPLE_SUBPIXEL, 2);
    if (bc_painter_open(&painter, &(bc_painter_params){.model = two_styles.model,
                                                       .n_threads = 1,
                                                       .in_background = true}) < 0)
        abort();
    paint_frame(painter, &source, &to);
    CHECK_INT(bc_painter_set_model(painter, other.model, &second, 1), BC_OK);
    CHECK(bc_painter_model(painter) == other.model);
    paint_frame(painter, &source, &to);
    bc_painter_get_state(painter, &state);
    if (CHECK(state.is_pending && state.model == two_styles.model)) {
        paint_plainly(&source, &wanted, &second, 1);
        CHECK(memcmp(painted, expected, 3 * WIDTH * HEIGHT) == 0);
    }
    for (int i = 0; i < 10000 && state.is_pending; i++) {
        paint_frame(painter, &source, &to);
        bc_painter_get_state(painter, &state);
    }
    CHECK(state.model == other.model && state.styles[0].style == 1);
    CHECK_INT(bc_painter_set_model(painter, other.model, &(bc_style_weight){2, 1}, 1),
              BC_ERR_ARGUMENT);
    net_close(&other); /* which the painter keeps; it lets go of the one before */
    for (int i = 0; i < 10000 && two_styles.model->n_users > 1; i++)
        paint_frame(painter, &source, &to);
    CHECK_INT(two_styles.model->n_users, 1);
    bc_painter_close(&painter);
    free(frame);
}

int main(void)
{
    net_open(&two_styles, light, BC_UPSAMPLE_SUBPIXEL, 2);
    test_time();
    test_held_style();
    test_fade();
    test_canvas();
    test_background();
    test_model();
    net_close(&two_styles);
    return TEST_END();
}
