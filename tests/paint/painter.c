/* The painter beside a session: the same pixels, in any format, size, place and executor, and calls
 * that must be refused. */
#include "painter.h"

#include <math.h>
#include <pthread.h>

enum { CHROMA_WIDTH = (WIDTH + 1) / 2, CHROMA_HEIGHT = (HEIGHT + 1) / 2 };

static void test_styles(void)
{
    const bc_style_weight both[] = {{.style = 0, .weight = 3}, {.style = 1, .weight = 1}};
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 1), painted[MOST_BYTES], expected[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    const bc_image wanted = view(expected, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    paint_frame(painter, &source, &to);
    paint_plainly(&source, &wanted, &first, 1);
    CHECK(memcmp(painted, expected, 3 * WIDTH * HEIGHT) == 0);
    char blend[64];
    snprintf(blend, sizeof(blend), "%s:3+%s", bc_model_style(two_styles.model, 0).name,
             bc_model_style(two_styles.model, 1).name);
    CHECK_INT(bc_painter_set_style(painter, blend), BC_OK);
    paint_frame(painter, &source, &to);
    paint_plainly(&source, &wanted, both, 2);
    CHECK(memcmp(painted, expected, 3 * WIDTH * HEIGHT) == 0);
    CHECK_INT(bc_painter_set_style(painter, "none"), BC_OK);
    paint_frame(painter, &source, &to);
    CHECK(memcmp(painted, frame, 3 * WIDTH * HEIGHT) == 0);
    bc_painter_close(&painter);
    free(frame);
}

static void test_parsing(void)
{
    const char *wrong[] = {"",         "none:1", "NAME:", "NAME:0.5abc", "NAME:-1",    "NAME:nan",
                           "NAME:inf", "NAME:0", "NAME,", ",NAME",       "NAME++NAME", "nobody"};
    const char *name = bc_model_style(two_styles.model, 0).name;
    bc_style_weight weights[BC_MAX_BLEND];
    const bc_log log = test_log(last_message);
    int n = 7;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256];
        const char *at = strstr(wrong[i], "NAME");
        if (at)
            snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - wrong[i]), wrong[i], name, at + 4);
        else
            snprintf(text, sizeof(text), "%s", wrong[i]);
        last_message[0] = '\0';
        CHECK_INT(bc_blend_parse(two_styles.model, text, weights, &n, &log), BC_ERR_ARGUMENT);
        CHECK(last_message[0]);
    }
    CHECK_INT(n, 7);
    CHECK_INT(bc_blend_parse(two_styles.model, NULL, weights, &n, &log), BC_OK);
    CHECK_INT(n, 1);
    CHECK_INT(bc_blend_parse(two_styles.model, "none", weights, &n, &log), BC_OK);
    CHECK_INT(n, 0);
}

/* Strength and kept colours, by their definition. */
static void test_mixing(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 2), painted[MOST_BYTES], expected[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    const bc_image wanted = view(expected, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    int worst = 0;
    double worst_luma = 0;
    paint_plainly(&source, &wanted, &first, 1);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STRENGTH, 0.25), BC_OK);
    paint_frame(painter, &source, &to);
    for (int i = 0; i < 3 * WIDTH * HEIGHT; i++) {
        const int mixed = (3 * frame[i] + expected[i] + 2) / 4, off = abs(mixed - painted[i]);
        worst = off > worst ? off : worst;
    }
    CHECK_AT_MOST(worst, 0);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STRENGTH, 1), BC_OK);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_KEEP_COLORS, 1), BC_OK);
    paint_frame(painter, &source, &to);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const uint8_t *p = painted + 3 * i, *e = expected + 3 * i;
        double luma = 0;
        for (int c = 0; c < 3; c++) {
            const double share = c == 0 ? 0.2126 : c == 1 ? 0.7152 : 0.0722;
            luma += p[c] > 0 && p[c] < 255 ? share * (p[c] - e[c]) : NAN;
        }
        worst_luma = fmax(worst_luma, fabs(luma)); /* pixels that were clipped are NaN */
    }
    CHECK_AT_MOST(worst_luma, 0.5);
    bc_painter_close(&painter);
    free(frame);
}

/* Every packed format as RGB, in place too. */
static void test_packed(void)
{
    static const bc_pixel_format formats[] = {BC_RGB24, BC_RGBA32, BC_BGRA32, BC_RGBX32, BC_BGRX32};
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 3), pixels[MOST_BYTES], expected[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), wanted = view(expected, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    paint_plainly(&source, &wanted, &first, 1);
    for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
        const bool is_bgr = formats[f] == BC_BGRA32 || formats[f] == BC_BGRX32;
        const int size = formats[f] == BC_RGB24 ? 3 : 4;
        const bc_image image = {.pixels = pixels,
                                .stride_bytes = size * WIDTH,
                                .width = WIDTH,
                                .height = HEIGHT,
                                .format = formats[f]};
        bool is_same = true;
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            for (int c = 0; c < 3; c++)
                pixels[size * i + (is_bgr ? 2 - c : c)] = frame[3 * i + c];
            if (size == 4)
                pixels[4 * i + 3] = (uint8_t)i;
        }
        paint_frame(painter, &image, &image);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            for (int c = 0; c < 3; c++)
                is_same &= pixels[size * i + (is_bgr ? 2 - c : c)] == expected[3 * i + c];
            if (formats[f] == BC_RGBA32 || formats[f] == BC_BGRA32)
                is_same &= pixels[4 * i + 3] == (uint8_t)i;
        }
        CHECK(is_same);
    }
    bc_painter_close(&painter);
    free(frame);
}

typedef struct planes {
    uint8_t luma[WIDTH * HEIGHT], chroma[2 * CHROMA_WIDTH * CHROMA_HEIGHT];
} planes;

static bc_image yuv_view(planes *p, int step)
{
    const int plane = CHROMA_WIDTH * CHROMA_HEIGHT;
    return (bc_image){.pixels = p->luma,
                      .stride_bytes = WIDTH,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .format = BC_YUV420,
                      .chroma = {p->chroma, p->chroma + (step == 2 ? 1 : plane)},
                      .chroma_stride_bytes = {step * CHROMA_WIDTH, step * CHROMA_WIDTH},
                      .chroma_step_bytes = step};
}

static void test_nv12(void)
{
    static planes separate, turns, painted;
    uint64_t seed = 4;
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        separate.luma[i] = turns.luma[i] = (uint8_t)(random_bits(&seed) % 256);
    for (int i = 0; i < CHROMA_WIDTH * CHROMA_HEIGHT; i++) {
        for (int c = 0; c < 2; c++)
            separate.chroma[c * CHROMA_WIDTH * CHROMA_HEIGHT + i] = turns.chroma[2 * i + c] =
                (uint8_t)(random_bits(&seed) % 256);
    }
    const bc_image source = yuv_view(&separate, 1), to = yuv_view(&painted, 1);
    const bc_image nv12 = yuv_view(&turns, 2);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_KEEP_COLORS, 0.5), BC_OK);
    paint_frame(painter, &source, &to);
    paint_frame(painter, &nv12, &nv12);
    CHECK(memcmp(turns.luma, painted.luma, sizeof(turns.luma)) == 0);
    bool is_same = true;
    for (int i = 0; i < 2 * CHROMA_WIDTH * CHROMA_HEIGHT; i++)
        is_same &= turns.chroma[i] == painted.chroma[i % 2 * CHROMA_WIDTH * CHROMA_HEIGHT + i / 2];
    CHECK(is_same);
    bc_painter_close(&painter);
}

/* Another size of frames, and another size to paint at. */
static void test_sizes(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 5), painted[MOST_BYTES], flat[3 * 32 * 32];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_STREAM);
    bc_painter_state state = {.size = sizeof(state)};
    paint_frame(painter, &source, &to);
    bc_painter_get_state(painter, &state);
    CHECK_INT(state.width, WIDTH);
    CHECK(state.was_cut && !state.is_pending && state.n_styles == 1);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_SCALE, 0.5), BC_OK);
    paint_frame(painter, &source, &to);
    bc_painter_get_state(painter, &state);
    CHECK_INT(state.width, 42);
    CHECK_INT(state.height, 23);
    memset(flat, 90, sizeof(flat));
    const bc_image small = view(flat, 32, 32);
    paint_frame(painter, &small, &small);
    bc_painter_get_state(painter, &state);
    CHECK_INT(state.width, 16);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_SCALE, 5), BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STRENGTH, NAN), BC_ERR_ARGUMENT);
    bc_painter_close(&painter);
    free(frame);
}

/* A ramp of half a picture's width keeps its levels whatever the size that it goes through. */
static void test_resized_strength(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 6), painted[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_SCALE, 0.75), BC_OK);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STRENGTH, 0), BC_OK);
    paint_frame(painter, &source, &to);
    CHECK(memcmp(painted, frame, 3 * WIDTH * HEIGHT) == 0);
    bc_painter_close(&painter);
    free(frame);
}

static void test_refused(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 8), painted[MOST_BYTES];
    bc_image source = view(frame, WIDTH, HEIGHT), to = view(painted, WIDTH, HEIGHT);
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    const bc_image small = view(painted, WIDTH - 1, HEIGHT);
    bc_image none = to, narrow = to, alpha = to;
    none.pixels = NULL;
    narrow.stride_bytes = 3 * WIDTH - 1;
    alpha.format = BC_RGBA32;
    alpha.stride_bytes = 4 * WIDTH;
    CHECK_INT(bc_painter_run(painter, &source, &none, 0, 0), BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_run(painter, NULL, &to, 0, 0), BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_run(painter, &source, &narrow, 0, 0), BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_run(painter, &source, &alpha, 0, 0), BC_OK);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_STRENGTH, 0.5), BC_OK);
    CHECK_INT(bc_painter_run(painter, &source, &alpha, 0, 0), BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_run(painter, &source, &small, 0, 0), BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_set_blend(painter, &(bc_style_weight){.style = 2, .weight = 1}, 1),
              BC_ERR_ARGUMENT);
    CHECK_INT(bc_painter_set_blend(painter, &(bc_style_weight){.style = 1, .weight = 0}, 1),
              BC_ERR_ARGUMENT);
    bc_painter_close(&painter);
    free(frame);
}

/* A host that runs jobs backwards, all on its own thread. */
static void run_backwards(void *cookie, bc_job_fn *job, void *arg, int n_jobs)
{
    for (int i = n_jobs - 1; i >= 0; i--)
        job(arg, i, (i + *(int *)cookie) % 3);
    ++*(int *)cookie;
}

typedef struct sharing {
    bc_executor *executor;
    uint8_t *frame;
    uint8_t painted[MOST_BYTES];
} sharing;

static void *paint_shared(void *arg)
{
    sharing *s = arg;
    bc_painter *painter;
    const bc_image source = view(s->frame, WIDTH, HEIGHT), to = view(s->painted, WIDTH, HEIGHT);
    if (bc_painter_open(
            &painter, &(bc_painter_params){.model = two_styles.model, .executor = s->executor}) < 0)
        abort();
    for (int i = 0; i < 5; i++)
        paint_frame(painter, &source, &to);
    bc_painter_close(&painter);
    return NULL;
}

static void test_executors(void)
{
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 9), expected[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), wanted = view(expected, WIDTH, HEIGHT);
    static sharing sharers[3];
    pthread_t threads[3];
    int n_runs = 0;
    bc_executor *ours, *hosts;
    CHECK_INT(bc_executor_open(&ours, &(bc_executor_params){.n_threads = 3}), BC_OK);
    CHECK_INT(
        bc_executor_open(
            &hosts, &(bc_executor_params){.n_threads = 3, .run = run_backwards, .cookie = &n_runs}),
        BC_OK);
    paint_plainly(&source, &wanted, &first, 1);
    for (int i = 0; i < 3; i++) {
        sharers[i].executor = i < 2 ? ours : hosts;
        sharers[i].frame = frame;
        if (pthread_create(&threads[i], NULL, paint_shared, &sharers[i]) != 0)
            abort();
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        CHECK(memcmp(sharers[i].painted, expected, 3 * WIDTH * HEIGHT) == 0);
    }
    CHECK(n_runs > 0);
    bc_executor_close(&ours);
    bc_executor_close(&hosts);
    free(frame);
}

/* A painting of the size that was painted is not resized; one of another size is. */
static void test_painting_size(void)
{
    enum { W = 42, H = 23 };
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 12), painted[MOST_BYTES], expected[MOST_BYTES];
    uint8_t half[MOST_BYTES];
    const bc_image source = view(frame, WIDTH, HEIGHT), whole = view(expected, WIDTH, HEIGHT);
    const bc_image small = view(half, W, H), tiny = view(painted, 1, 1);
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    CHECK_INT(bc_painter_set(painter, BC_PAINTER_SCALE, 0.5), BC_OK);
    paint_frame(painter, &source, &whole);
    paint_frame(painter, &source, &small);
    for (int c = 0; c < 3; c++) { /* a corner is nearly the corner */
        CHECK_AT_MOST(abs(half[c] - expected[c]), 12);
        CHECK_AT_MOST(abs(half[3 * W * H - 3 + c] - expected[3 * WIDTH * HEIGHT - 3 + c]), 12);
    }
    paint_frame(painter, &source, &tiny);
    bc_painter_close(&painter);
    free(frame);
}

/* A caller that knows less of a struct than the library. */
static void test_growing(void)
{
    uint8_t bytes[sizeof(bc_painter_state)];
    bc_painter *painter = open_painter(BC_STATS_FRAME);
    bc_painter_state *state = (bc_painter_state *)(void *)bytes;
    memset(bytes, UNTOUCHED, sizeof(bytes));
    state->size = offsetof(bc_painter_state, height);
    bc_painter_get_state(painter, state);
    CHECK_INT(state->width, 0);
    CHECK(is_untouched(&state->height, sizeof(bytes) - offsetof(bc_painter_state, height)));
    bc_painter_close(&painter);
}

int main(void)
{
    net_open(&two_styles, light, BC_UPSAMPLE_SUBPIXEL, 2);
    test_styles();
    test_parsing();
    test_mixing();
    test_packed();
    test_nv12();
    test_sizes();
    test_resized_strength();
    test_refused();
    test_executors();
    test_painting_size();
    test_growing();
    net_close(&two_styles);
    return TEST_END();
}
