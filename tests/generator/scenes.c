/*
 * `stream` statistics on a made clip of real pictures with the shipped paper net, whose weights
 * stay: a pan, a cut, a fade, a flash, and how near the painting is to the one with each frame's
 * own statistics.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "media/picture.h"
#include "model/model.h"
#include "test.h"

#define TREE BC_TESTS_DIR "/.."

enum { WIDTH = 240, HEIGHT = 136, BYTES = 3 * WIDTH * HEIGHT, RATE = 30, SETTLED = 3 * RATE };

typedef struct theatre {
    bc_model *model;
    bc_session *stream, *exact;
    bc_frame *street, *still_life;
    uint8_t frame[BYTES], painting[BYTES], expected[BYTES];
} theatre;

static bc_image view(uint8_t *pixels)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * WIDTH,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .format = BC_RGB24};
}

static void open_session(bc_session **session, const theatre *t, bc_stats stats)
{
    const bc_session_params params = {
        .width = WIDTH, .height = HEIGHT, .n_threads = 2, .stats = stats};
    const bc_style_weight starry_night = {.style = 1, .weight = 1};
    CHECK_INT(bc_session_open(session, t->model, &params), BC_OK);
    CHECK_INT(bc_session_set_style(*session, &starry_night, 1), BC_OK);
}

/* Every third pixel of a part that begins `x` to the right. */
static void shoot(uint8_t *frame, const bc_frame *picture, int x)
{
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const ptrdiff_t row = i / WIDTH * 3, column = x + i % WIDTH * 3;
        memcpy(frame + 3 * i,
               picture->image.pixels + row * picture->image.stride_bytes + 3 * column, 3);
    }
}

/* PSNR of the stream's painting to the exact one, in dB. */
static double paint(theatre *t)
{
    const bc_image frame = view(t->frame), painting = view(t->painting);
    const bc_image expected = view(t->expected);
    double sum = 0;
    bc_session_run(t->stream, &frame, &painting);
    bc_session_run(t->exact, &frame, &expected);
    for (int i = 0; i < BYTES; i++)
        sum += (t->painting[i] - t->expected[i]) * (double)(t->painting[i] - t->expected[i]);
    return sum > 0 ? 10 * log10(255.0 * 255 * BYTES / sum) : 100;
}

static double paint_still(theatre *t, int n_frames)
{
    double last = 0;
    for (int i = 0; i < n_frames; i++)
        last = paint(t);
    return last;
}

static void test_cut(theatre *t)
{
    double worst = 100;
    int n_off = 0;
    for (int i = 0; i < RATE; i++) {
        shoot(t->frame, t->street, 3 * i);
        worst = fmin(worst, paint(t));
    }
    printf("pan: %.1f dB at worst\n", worst);
    shoot(t->frame, t->still_life, 0);
    for (int i = 0; i < RATE; i++)
        n_off += paint(t) < 40;
    CHECK_AT_MOST(n_off, 1);
    CHECK(paint_still(t, SETTLED) >= 50);
}

/* From one picture to the other within a second. */
static void test_fade(theatre *t)
{
    static uint8_t from[BYTES], to[BYTES];
    double worst = 100;
    shoot(from, t->still_life, 0);
    shoot(to, t->street, 60);
    for (int i = 0; i <= RATE; i++) {
        for (int k = 0; k < BYTES; k++)
            t->frame[k] = (uint8_t)((from[k] * (RATE - i) + to[k] * i) / RATE);
        worst = fmin(worst, paint(t));
    }
    const double settled = paint_still(t, SETTLED);
    printf("fade: %.1f dB at worst, three seconds later %.1f dB\n", worst, settled);
    CHECK(settled >= 50);
}

/* Nothing can be normalised with what a black frame leaves. */
static void test_fade_in(theatre *t)
{
    static uint8_t to[BYTES];
    double worst = 100;
    shoot(to, t->street, 60);
    for (int i = 0; i <= RATE; i++) {
        for (int k = 0; k < BYTES; k++)
            t->frame[k] = (uint8_t)(to[k] * i / RATE);
        worst = fmin(worst, paint(t));
    }
    const double settled = paint_still(t, SETTLED);
    printf("fade from black: %.1f dB at worst, three seconds later %.1f dB\n", worst, settled);
    CHECK(worst >= 15);
    CHECK(settled >= 45);
}

/* Texture, nothing, texture again, in a light that does not change. */
static void test_texture(theatre *t)
{
    for (int i = 0; i < 3 * RATE; i++) {
        for (int k = 0; k < BYTES; k++) {
            const int x = k / 3 % WIDTH / 2, y = k / 3 / WIDTH / 2;
            t->frame[k] = (uint8_t)(i / RATE == 1 ? 128 : 128 + ((x + y) % 2 ? 100 : -100));
        }
        paint(t);
    }
    const double settled = paint_still(t, SETTLED);
    printf("texture again after nothing: %.1f dB three seconds later\n", settled);
    CHECK(settled >= 50);
}

/* The street, after `i` frames of an exposure that drifts, and somebody dark who walks by. */
static void shoot_drift(theatre *t, int i)
{
    shoot(t->frame, t->street, 60);
    for (int k = 0; k < BYTES; k++) {
        const int x = k / 3 % WIDTH - 4 * i;
        const bool is_dark = x >= 0 && x < 40;
        t->frame[k] = (uint8_t)(is_dark ? 20 : t->frame[k] * 3 / 4 + 30 + i / 2);
    }
}

/* The painting of what stands still does not drift with it. */
static void test_drift(theatre *t)
{
    static uint8_t first[BYTES];
    double worst = 0;
    for (int i = 0; i < SETTLED; i++) {
        shoot_drift(t, 0);
        paint(t);
    }
    memcpy(first, t->painting, BYTES);
    for (int i = 1; i <= RATE; i++) {
        double change = 0;
        shoot_drift(t, i);
        paint(t);
        for (int y = 0; y < HEIGHT; y++)
            for (int k = 3 * (y * WIDTH + 180); k < 3 * (y + 1) * WIDTH; k++)
                change += abs(t->painting[k] - first[k]);
        worst = fmax(worst, change / (3.0 * HEIGHT * (WIDTH - 180)));
    }
    printf("drift of 15 levels: the painting's is %.2f\n", worst);
    CHECK_AT_MOST(worst, 4);
}

/* Brighter for a frame: by little enough to be no cut, and white. */
static void test_flash(theatre *t, int levels)
{
    static uint8_t still[BYTES];
    shoot(still, t->street, 60);
    for (int k = 0; k < BYTES; k++)
        t->frame[k] = (uint8_t)(still[k] + levels > 255 ? 255 : still[k] + levels);
    const double flash = paint(t);
    memcpy(t->frame, still, BYTES);
    const double next = paint(t), settled = paint_still(t, SETTLED);
    printf("flash of %d: %.1f dB, next frame %.1f dB, three seconds later %.1f dB\n", levels, flash,
           next, settled);
    CHECK(settled >= 50);
}

int main(void)
{
    static theatre t;
    const bc_log log = {0};
    CHECK_INT(bc_model_open(&t.model, TREE "/models/paper", &(bc_model_params){0}), BC_OK);
    CHECK_INT(bc_picture_read(&t.street, TREE "/samples/street.jpg", BC_ALPHA_OVER_WHITE, &log),
              BC_OK);
    CHECK_INT(
        bc_picture_read(&t.still_life, TREE "/samples/still-life.jpg", BC_ALPHA_OVER_WHITE, &log),
        BC_OK);
    if (!t.model || !t.street || !t.still_life)
        return TEST_END();
    open_session(&t.stream, &t, BC_STATS_STREAM);
    open_session(&t.exact, &t, BC_STATS_FRAME);
    test_cut(&t);
    test_fade(&t);
    test_fade_in(&t);
    test_flash(&t, 15);
    test_flash(&t, 255);
    test_texture(&t);
    test_drift(&t);
    bc_session_close(&t.stream);
    bc_session_close(&t.exact);
    bc_frame_unref(&t.street);
    bc_frame_unref(&t.still_life);
    bc_model_close(&t.model);
    return TEST_END();
}
