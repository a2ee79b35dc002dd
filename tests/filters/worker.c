/* The worker: paints each frame that it has time for, the newest one last, whatever their sizes. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "filters/worker.h"
#include "test.h"

enum { SMALL = 40, LARGE = 200, N_FRAMES = 50, WAIT_MS = 20000 };

static char last_message[1024];

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* A square of noise-free colours that `seed` changes. */
static bc_image make_square(int size, int seed)
{
    uint8_t *pixels = malloc(4 * (size_t)(size * size));
    if (!pixels)
        abort();
    for (int i = 0; i < 4 * size * size; i++)
        pixels[i] = (uint8_t)(i % 4 == 3 ? 255 : i / 9 * seed % 251);
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 4 * size,
                      .width = size,
                      .height = size,
                      .format = BC_BGRA32};
}

static bool is_same(const bc_image *a, const bc_image *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format &&
           memcmp(a->pixels, b->pixels, 4 * (size_t)(a->width * a->height)) == 0;
}

/* Takes paintings until `expected` comes; returns how many came, or 0 if it does not. */
static int take_until(bc_worker *worker, const bc_image *expected)
{
    int n = 0;
    for (int ms = 0; ms < WAIT_MS; ms++) {
        const bc_image *painting = bc_worker_take(worker);
        n += painting != NULL;
        if (painting && is_same(painting, expected))
            return n;
        sleep_ms(1);
    }
    return 0;
}

static bc_effect *open_effect(const char *net)
{
    const bc_log log = test_log(last_message);
    bc_effect *effect = bc_effect_open(BC_STATS_FRAME, &log);
    if (!effect)
        abort();
    bc_effect_set_net(effect, net);
    return effect;
}

/* Whatever is dropped on the way, what comes last is the last frame, painted. */
static void test_newest(void)
{
    bc_effect *effect = open_effect("light");
    bc_worker *worker = bc_worker_open(effect);
    bc_image source = make_square(SMALL, 1), last = make_square(LARGE, 7), expected = last;
    expected.pixels = malloc(4 * LARGE * LARGE);
    CHECK(expected.pixels && bc_effect_paint(effect, &last, &expected, 0, 0));
    CHECK(bc_worker_take(worker) == NULL);
    for (int i = 0; i < N_FRAMES; i++) {
        source.pixels[0] = (uint8_t)i;
        bc_worker_put(worker, &source, 40000 * i);
    }
    bc_worker_put(worker, &last, 40000 * N_FRAMES);
    const int n = take_until(worker, &expected);
    CHECK(n > 0 && n <= N_FRAMES + 1);
    CHECK(bc_worker_take(worker) == NULL);
    bc_worker_put(worker, &last, 0); /* closed while it paints */
    bc_worker_close(worker);
    bc_effect_close(effect);
    free(source.pixels);
    free(last.pixels);
    free(expected.pixels);
}

/* A net that is not there, said once: frames come back, and are painted as soon as there is one. */
static void test_missing_net(void)
{
    bc_effect *effect = open_effect("no-such-net");
    bc_worker *worker = bc_worker_open(effect);
    bc_image source = make_square(SMALL, 3), expected = make_square(SMALL, 3);
    bc_worker_put(worker, &source, 0);
    CHECK_INT(take_until(worker, &source), 1);
    CHECK(strstr(last_message, "no-such-net") != NULL);
    last_message[0] = '\0';
    bc_worker_put(worker, &source, 0);
    CHECK_INT(take_until(worker, &source), 1);
    CHECK(last_message[0] == '\0');
    bc_effect_set_net(effect, "light");
    bc_worker_put(worker, &source, 0);
    CHECK(bc_effect_paint(effect, &source, &expected, 0, 0));
    CHECK_INT(take_until(worker, &expected), 1);
    bc_worker_close(worker);
    bc_effect_close(effect);
    free(source.pixels);
    free(expected.pixels);
}

int main(void)
{
    test_newest();
    test_missing_net();
    return TEST_END();
}
