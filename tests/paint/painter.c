/* The painter beside a session: the same pixels, in any format, place and executor; sizes, strength
 * and styles that change, times that jump, and calls that must be refused. */
#include <math.h>
#include <pthread.h>

#include "generator/net.h"
#include "stabilizer/stabilizer.h"

enum { WIDTH = 83, HEIGHT = 46, CHROMA_WIDTH = (WIDTH + 1) / 2, CHROMA_HEIGHT = (HEIGHT + 1) / 2 };
enum { MOST_BYTES = 4 * WIDTH * HEIGHT };

static net two_styles;
static char last_message[1024];

static bc_painter *open_painter(bc_stats stats)
{
    bc_painter *painter;
    const bc_painter_params params = {.size = sizeof(params),
                                      .model = two_styles.model,
                                      .n_threads = 2,
                                      .stats = stats,
                                      .log = test_log(last_message)};
    if (bc_painter_open(&painter, &params) < 0)
        abort();
    return painter;
}

static void paint_frame(bc_painter *painter, const bc_image *source, const bc_image *painting)
{
    CHECK_INT(bc_painter_run(painter, source, painting, BC_NO_TIME, 0), BC_OK);
}

/* What a session paints of the frame in these styles. */
static void paint_plainly(const bc_image *source, const bc_image *painting,
                          const bc_style_weight *weights, int n)
{
    bc_session *session = open_session(
        two_styles.model,
        &(bc_session_params){
            .width = source->width, .height = source->height, .n_threads = 1, .max_blend = 2});
    CHECK_INT(bc_session_set_style(session, weights, n), BC_OK);
    CHECK_INT(bc_session_run(session, source, painting), BC_OK);
    bc_session_close(&session);
}

static const bc_style_weight first = {.style = 0, .weight = 1};

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

/* Another net paints from when its session is open, the one before in the same style until then. */
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
    bc_painter_close(&painter);
    net_close(&other);
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
    test_time();
    test_held_style();
    test_refused();
    test_executors();
    test_fade();
    test_canvas();
    test_background();
    test_painting_size();
    test_model();
    test_growing();
    net_close(&two_styles);
    return TEST_END();
}
