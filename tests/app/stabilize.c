/*
 * The stabiliser: what stands still stands still, what moves leaves no trail, a cut and a restart
 * are seen at once, and nothing stays held for ever.
 */
#include "app/stabilize.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { WIDTH = 150, HEIGHT = 101, BYTES = 3 * WIDTH * HEIGHT, SQUARE = 30 };

typedef struct clip {
    bc_stabilizer *stabilizer;
    uint8_t source[BYTES], painting[BYTES],
        fresh[BYTES]; /* fresh: the painting before the filter */
    uint32_t seed;
} clip;

static int noise(clip *c, int levels)
{
    c->seed = c->seed * 1664525u + 1013904223u;
    return (int)(c->seed >> 16) % (2 * levels + 1) - levels;
}

static uint8_t clip8(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static bc_image view(uint8_t *pixels)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * WIDTH,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .format = BC_RGB24};
}

/* A wall under sensor noise with a bright square in front of it; its painting is its negative. */
static void draw(clip *c, int square_x, int sensor_noise, int paint_noise)
{
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const bool is_square = x >= square_x && x < square_x + SQUARE && y >= 20 && y < 60;
            const int level = is_square ? 150 + (x - square_x) * 3 : 60 + (x * 7 + y * 5) % 40;
            for (int i = 3 * (y * WIDTH + x), k = 0; k < 3; k++) {
                c->source[i + k] = clip8(level + noise(c, sensor_noise));
                c->fresh[i + k] = clip8(255 - level + noise(c, paint_noise));
            }
        }
    }
}

static void run(clip *c, float amount)
{
    const bc_image source = view(c->source), painting = view(c->painting);
    memcpy(c->painting, c->fresh, BYTES);
    CHECK_INT(bc_stabilizer_run(c->stabilizer, &source, &painting, amount), BC_OK);
}

/* Root mean square of a - b over columns first to end. */
static double difference(const uint8_t *a, const uint8_t *b, int first, int end)
{
    double sum = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 3 * (y * WIDTH + first); i < 3 * (y * WIDTH + end); i++)
            sum += (a[i] - b[i]) * (double)(a[i] - b[i]);
    return sqrt(sum / (3.0 * HEIGHT * (end - first)));
}

static void test_still(clip *c)
{
    uint8_t *last = malloc(BYTES);
    double fresh = 0, filtered = 0;
    bc_stabilizer_restart(c->stabilizer);
    for (int i = 0; last && i < 60; i++) {
        memcpy(last, c->painting, BYTES);
        draw(c, -100, 4, 12);
        run(c, 0.5F);
        if (i >= 30) {
            fresh += difference(c->fresh, last, 0, WIDTH);
            filtered += difference(c->painting, last, 0, WIDTH);
        }
    }
    CHECK_AT_MOST(filtered, 0.2 * fresh);
    draw(c, -100, 4, 0);
    CHECK_AT_MOST(difference(c->painting, c->fresh, 0, WIDTH), 3);
    free(last);
}

/* Over the moving square and where it was. */
static void test_motion(clip *c)
{
    double worst = 0;
    bc_stabilizer_restart(c->stabilizer);
    for (int i = 0; i < 25; i++) {
        const int x = 3 * i;
        draw(c, x, 2, 0);
        run(c, 1);
        if (i > 0)
            worst = fmax(worst, difference(c->painting, c->fresh, x > 12 ? x - 12 : 0, x + SQUARE));
    }
    CHECK_AT_MOST(worst, 3);
}

static void test_cut(clip *c)
{
    for (int i = 0; i < 5; i++) {
        draw(c, 40, 2, 6);
        run(c, 1);
    }
    for (int i = 0; i < BYTES; i++) {
        c->source[i] = (uint8_t)(255 - c->source[i]);
        c->fresh[i] = (uint8_t)(255 - c->fresh[i]);
    }
    run(c, 1);
    CHECK(memcmp(c->painting, c->fresh, BYTES) == 0);
}

static void test_restart(clip *c)
{
    draw(c, 40, 2, 6);
    run(c, 1);
    run(c, 1);
    draw(c, 40, 2, 6);
    run(c, 1);
    CHECK(memcmp(c->painting, c->fresh, BYTES) != 0);
    bc_stabilizer_restart(c->stabilizer);
    run(c, 1);
    CHECK(memcmp(c->painting, c->fresh, BYTES) == 0);
    draw(c, 40, 2, 6);
    run(c, 0);
    CHECK(memcmp(c->painting, c->fresh, BYTES) == 0);
    draw(c, 40, 2, 6);
    run(c, 1);
    CHECK(memcmp(c->painting, c->fresh, BYTES) == 0);
}

/* Another painting of the same source arrives, whole levels and parts of them. */
static void test_arrival(clip *c)
{
    draw(c, 40, 0, 0);
    run(c, 1);
    for (int i = 0; i < BYTES; i++)
        c->fresh[i] = (uint8_t)(c->fresh[i] ^ 1);
    for (int i = 0; i < 300; i++)
        run(c, 1);
    CHECK(memcmp(c->painting, c->fresh, BYTES) == 0);
}

/* Every size and format, outside of which nothing is touched (the sanitizer looks). */
static void test_sizes(clip *c)
{
    static const int sizes[][2] = {{1, 1}, {15, 17}, {16, 16}, {33, 2}, {3, 40}};
    static const bc_pixel_format formats[] = {BC_RGB24, BC_BGRA32};
    for (int i = 0; i < 10; i++) {
        const int width = sizes[i / 2][0], height = sizes[i / 2][1], bytes = i % 2 ? 4 : 3;
        uint8_t *pixels = malloc((size_t)(2 * width * height * bytes));
        bc_image source = {.pixels = pixels,
                           .stride_bytes = width * bytes,
                           .width = width,
                           .height = height,
                           .format = formats[i % 2]};
        bc_image painting = source;
        painting.pixels += width * height * bytes;
        memset(pixels, 90, (size_t)(2 * width * height * bytes));
        for (int frame = 0; frame < 3; frame++)
            CHECK_INT(bc_stabilizer_run(c->stabilizer, &source, &painting, 1), BC_OK);
        for (int k = 0; k < 2 * width * height * bytes; k++)
            CHECK_INT(pixels[k], 90);
        free(pixels);
    }
}

/* Planes of video: a still square of chroma under noise. */
static void test_planes(clip *c)
{
    uint8_t *luma = c->source, *painted = c->painting;
    bc_image source = {.pixels = luma,
                       .stride_bytes = WIDTH,
                       .width = WIDTH,
                       .height = HEIGHT,
                       .format = BC_YUV420,
                       .chroma = {luma + WIDTH * HEIGHT, luma + WIDTH * HEIGHT},
                       .chroma_stride_bytes = {(WIDTH + 1) / 2, (WIDTH + 1) / 2}};
    bc_image painting = source;
    const int n_chroma = (WIDTH + 1) / 2 * ((HEIGHT + 1) / 2), n = WIDTH * HEIGHT + 2 * n_chroma;
    painting.pixels = painted;
    painting.chroma[0] = painted + WIDTH * HEIGHT;
    painting.chroma[1] = painting.chroma[0] + n_chroma;
    memset(luma, 128, BYTES);
    double sum = 0;
    for (int frame = 0; frame < 40; frame++) {
        for (int i = 0; i < n; i++)
            painted[i] = (uint8_t)(100 + i % WIDTH / 2 + noise(c, 12));
        CHECK_INT(bc_stabilizer_run(c->stabilizer, &source, &painting, 1), BC_OK);
    }
    for (int i = 0; i < n; i++)
        sum += pow(painted[i] - (100 + i % WIDTH / 2), 2);
    CHECK_AT_MOST(sqrt(sum / n), 2);
}

int main(void)
{
    static clip c;
    CHECK_INT(bc_stabilizer_open(&c.stabilizer, &(bc_log){0}), BC_OK);
    test_still(&c);
    test_motion(&c);
    test_cut(&c);
    test_restart(&c);
    test_arrival(&c);
    test_sizes(&c);
    test_planes(&c);
    bc_stabilizer_close(&c.stabilizer);
    CHECK(!c.stabilizer);
    return TEST_END();
}
