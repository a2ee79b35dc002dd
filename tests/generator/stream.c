/*
 * `stream` statistics: exact at the start, at a cut, after a restart and on a still scene; between
 * them they follow a scene that has come to rest, and hardly one on the move, the same way for
 * every number of threads.
 */
#include <math.h>

#include "generator/session.h"
#include "net.h"

enum { WIDTH = 96, HEIGHT = 54, BYTES = 3 * WIDTH * HEIGHT };

static bc_session *open_stream(const bc_model *model, bc_stats stats, int n_threads)
{
    bc_session *session = open_session(model, &(bc_session_params){.width = WIDTH,
                                                                   .height = HEIGHT,
                                                                   .n_threads = n_threads,
                                                                   .max_blend = 2,
                                                                   .stats = stats});
    choose(session, 0);
    return session;
}

/* The frame with every level moved by `levels`, within 0..255. */
static uint8_t *brighten(const uint8_t *frame, int levels)
{
    uint8_t *brighter = allocate(BYTES, 1);
    for (int i = 0; i < BYTES; i++) {
        const int level = frame[i] + levels;
        brighter[i] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
    }
    return brighter;
}

static double psnr(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < BYTES; i++)
        sum += (double)((a[i] - b[i]) * (a[i] - b[i]));
    return sum > 0 ? 10 * log10(255.0 * 255 * BYTES / sum) : 100;
}

/* Of the stream's painting of `frame` against the exact one. */
static double psnr_of(bc_session *stream, bc_session *exact, uint8_t *frame)
{
    uint8_t *a = paint(stream, frame, WIDTH, HEIGHT), *b = paint(exact, frame, WIDTH, HEIGHT);
    const double result = psnr(a, b);
    free(b);
    free(a);
    return result;
}

typedef struct scene {
    uint8_t *still, *brighter, *other; /* `other` is far enough to be a cut */
} scene;

static void test_exact_places(bc_session *stream, bc_session *exact, const scene *s)
{
    for (int i = 0; i < 5; i++)
        CHECK(psnr_of(stream, exact, s->still) == 100);
    CHECK(psnr_of(stream, exact, s->brighter) < 60); /* follows, but late */
    CHECK(psnr_of(stream, exact, s->other) == 100);
    CHECK(psnr_of(stream, exact, s->still) == 100);
    CHECK(psnr_of(stream, exact, s->brighter) < 60);
    bc_session_restart(stream);
    CHECK(psnr_of(stream, exact, s->brighter) == 100);
}

static void test_convergence(bc_session *stream, bc_session *exact, const scene *s)
{
    bc_session_restart(stream);
    double last = psnr_of(stream, exact, s->still);
    const double first = psnr_of(stream, exact, s->brighter);
    for (int i = 0; i < 8 * 30; i++)
        last = psnr_of(stream, exact, s->brighter);
    printf("after a change of light: %.1f dB, eight seconds later %.1f dB\n", first, last);
    CHECK(last >= 50 && first < last);
}

/* Light that sways once a second is not followed: the painting of what it sways about stays. */
static void test_sway(bc_session *stream, bc_session *exact, const scene *s)
{
    double worst = 100;
    bc_session_restart(stream);
    psnr_of(stream, exact, s->still);
    for (int i = 1; i <= 2 * 30; i++) {
        uint8_t *frame = brighten(s->still, (int)lround(12 * sin(2 * 3.14159265 * i / 30)));
        const double result = psnr_of(stream, exact, i % 15 ? frame : s->still);
        worst = i % 15 ? worst : fmin(worst, result);
        free(frame);
    }
    printf("light that sways: %.1f dB at worst\n", worst);
    CHECK(worst >= 38);
}

/* Time that does not pass changes nothing; much of it makes the next frame's statistics the last.
 */
static void test_interval(bc_session *stream, bc_session *exact, const scene *s)
{
    bc_session_restart(stream);
    psnr_of(stream, exact, s->still);
    bc_session_set_interval(stream, 0);
    const double once = psnr_of(stream, exact, s->brighter);
    CHECK(psnr_of(stream, exact, s->brighter) == once);
    bc_session_set_interval(stream, -1);
    CHECK(psnr_of(stream, exact, s->brighter) == once);
    bc_session_set_interval(stream, 1000);
    for (int i = 0; i < 10; i++)
        psnr_of(stream, exact, s->brighter);
    CHECK(psnr_of(stream, exact, s->brighter) >= 60);
    bc_session_set_interval(stream, 1.0 / 30);
}

static void test_switch(bc_session *stream, bc_session *exact, const scene *s)
{
    static const bc_style_weight both[] = {{0, 1}, {1, 2}};
    bc_session_restart(stream);
    psnr_of(stream, exact, s->still);
    choose(stream, 1);
    choose(exact, 1);
    CHECK(psnr_of(stream, exact, s->still) == 100);
    CHECK_INT(bc_session_set_style(stream, both, 2), BC_OK);
    CHECK_INT(bc_session_set_style(exact, both, 2), BC_OK);
    CHECK(psnr_of(stream, exact, s->still) == 100);
    CHECK_INT(bc_session_set_style(stream, NULL, 0), BC_OK);
    CHECK_INT(bc_session_set_style(exact, NULL, 0), BC_OK);
    CHECK(psnr_of(stream, exact, s->still) == 100);
}

/*
 * From one style to the other in a second: but for the frame in which the other comes, all frames
 * go through groups of layers, near to their own statistics; and soon after, the painting is that
 * of the other style alone. A share that has moved by more than a quarter unseen begins anew.
 */
static void test_fade(const bc_model *model, bc_session *exact, const scene *s)
{
    enum { FRAMES = 30 };
    bc_session *stream = open_session(model, &(bc_session_params){.width = WIDTH,
                                                                  .height = HEIGHT,
                                                                  .n_threads = 2,
                                                                  .max_blend = 2,
                                                                  .precision = BC_PRECISION_FAST,
                                                                  .stats = BC_STATS_STREAM});
    int n_deep = 0;
    double worst = INFINITY;
    choose(stream, 0);
    choose(exact, 0);
    psnr_of(stream, exact, s->still);
    for (int i = 1; i <= FRAMES; i++) {
        const bc_style_weight blend[] = {{0, (float)(FRAMES - i)}, {1, (float)i}};
        CHECK_INT(bc_session_set_style(stream, blend, 2), BC_OK);
        CHECK_INT(bc_session_set_style(exact, blend, 2), BC_OK);
        worst = fmin(worst, psnr_of(stream, exact, s->still));
        n_deep += stream->is_deep;
    }
    CHECK_INT(n_deep, FRAMES - 1);
    for (int i = 0; i < FRAMES; i++)
        psnr_of(stream, exact, s->still);
    const double after = psnr_of(stream, exact, s->still);
    printf("fade: %.1f dB at worst, %.1f dB afterwards\n", worst, after);
    CHECK(worst >= 30 && after >= 50);
    bc_session_set_interval(stream, 0);
    for (int i = 1; i <= 3; i++) {
        const bc_style_weight blend[] = {{0, 0.1F * (float)i}, {1, 1 - 0.1F * (float)i}};
        CHECK_INT(bc_session_set_style(stream, blend, 2), BC_OK);
        CHECK_INT(bc_session_set_style(exact, blend, 2), BC_OK);
        CHECK((psnr_of(stream, exact, s->still) == 100) == (i == 3));
    }
    bc_session_close(&stream);
}

static void test_threads(const bc_model *model, const scene *s)
{
    bc_session *one = open_stream(model, BC_STATS_STREAM, 1);
    bc_session *five = open_stream(model, BC_STATS_STREAM, 5);
    for (int i = 0; i < 6; i++)
        CHECK(psnr_of(one, five, i < 2 ? s->still : i < 5 ? s->brighter : s->other) == 100);
    bc_session_close(&five);
    bc_session_close(&one);
}

int main(void)
{
    net n;
    net_open(&n, light, BC_UPSAMPLE_SUBPIXEL, 2);
    scene s = {.still = make_frame(WIDTH, HEIGHT, 1)};
    s.brighter = brighten(s.still, 12);
    s.other = brighten(s.still, -90);
    bc_session *stream = open_stream(n.model, BC_STATS_STREAM, 2);
    bc_session *exact = open_stream(n.model, BC_STATS_FRAME, 2);
    test_exact_places(stream, exact, &s);
    test_convergence(stream, exact, &s);
    test_sway(stream, exact, &s);
    test_interval(stream, exact, &s);
    test_switch(stream, exact, &s);
    test_fade(n.model, exact, &s);
    test_threads(n.model, &s);
    bc_session_close(&exact);
    bc_session_close(&stream);
    free(s.other);
    free(s.brighter);
    free(s.still);
    net_close(&n);
    return TEST_END();
}
