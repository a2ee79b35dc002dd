/*
 * The stabiliser: what stands still stands still, source and painting, what moves leaves no trail
 * and keeps its contrast, a cut and a restart are seen at once, and nothing stays held for ever.
 */
#include "stabilizer/stabilizer.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { WIDTH = 150, HEIGHT = 101, BYTES = 3 * WIDTH * HEIGHT, SQUARE = 30 };

typedef struct clip {
    bc_stabilizer *stabilizer;
    uint8_t source[BYTES], steady[BYTES];  /* steady: what is to be painted of the source */
    uint8_t painting[BYTES], fresh[BYTES]; /* fresh: the painting before the filter */
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

static void filter(clip *c, const bc_image *source, const bc_image *painting, float amount)
{
    bc_image steady;
    CHECK_INT(bc_stabilizer_source(c->stabilizer, source, amount, &steady), BC_OK);
    CHECK(steady.width == source->width && steady.height == source->height);
    if (source->pixels == c->source && source->format == BC_RGB24)
        for (int y = 0; y < HEIGHT; y++)
            memcpy(c->steady + 3 * y * WIDTH, steady.pixels + y * steady.stride_bytes, 3 * WIDTH);
    CHECK_INT(bc_stabilizer_painting(c->stabilizer, painting), BC_OK);
}

static void run(clip *c, float amount)
{
    const bc_image source = view(c->source), painting = view(c->painting);
    memcpy(c->painting, c->fresh, BYTES);
    filter(c, &source, &painting, amount);
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

/* The same of their luma. */
static double luma_difference(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < BYTES; i += 3)
        sum += pow((a[i] - b[i] + 2 * (a[i + 1] - b[i + 1]) + a[i + 2] - b[i + 2]) / 4.0, 2);
    return sqrt(sum / (WIDTH * HEIGHT));
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

/* Noise is taken from the source's luma before it is painted. */
static void test_source(clip *c)
{
    static uint8_t clean[BYTES];
    bc_stabilizer_restart(c->stabilizer);
    for (int i = 0; i < 40; i++) {
        draw(c, -100, 4, 0);
        run(c, 1);
    }
    const double noisy = difference(c->source, c->steady, 0, WIDTH);
    draw(c, -100, 0, 0);
    memcpy(clean, c->source, BYTES);
    CHECK(noisy > 1.2);
    CHECK_AT_MOST(luma_difference(c->steady, clean), 0.6);
    run(c, 0);
    CHECK(memcmp(c->steady, c->source, BYTES) == 0);
}

/* A patch of the painting turns light though the source stands still, as where something has left.
 */
static void test_patch(clip *c)
{
    bc_stabilizer_restart(c->stabilizer);
    for (int i = 0; i < 40; i++) {
        draw(c, -100, 0, 0);
        run(c, 1);
    }
    for (int y = 30; y < 60; y++)
        memset(c->fresh + 3 * (y * WIDTH + 40), 230, 3 * 40);
    run(c, 1);
    for (int y = 32; y < 58; y++)
        for (int i = 3 * (y * WIDTH + 42); i < 3 * (y * WIDTH + 78); i++)
            CHECK_AT_MOST(abs(c->painting[i] - c->fresh[i]), 3);
}

/* Strokes on a moving wall, new in each frame: their average keeps most of the contrast. */
static void test_contrast(clip *c)
{
    double contrast = 0, fresh = 0;
    bc_stabilizer_restart(c->stabilizer);
    for (int frame = 0; frame < 40; frame++) {
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            const double x = i % WIDTH - 1.5 * frame, y = i / WIDTH;
            memset(c->source + 3 * i, (int)(120 + 50 * sin(x / 4) + 30 * sin(y / 5 + x / 9)), 3);
            memset(c->fresh + 3 * i, 120 + noise(c, 40), 3);
        }
        run(c, 1);
        if (frame >= 30) {
            memset(c->steady, 120, BYTES);
            contrast += difference(c->painting, c->steady, 20, WIDTH - 20);
            fresh += difference(c->fresh, c->steady, 20, WIDTH - 20);
        }
    }
    printf("contrast kept of strokes that move: %.2f\n", contrast / fresh);
    CHECK(contrast > 0.5 * fresh);
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

/* A texture of patches, `x` pixels to the left. */
static void draw_far(clip *c, int x)
{
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const uint32_t place = (uint32_t)((i % WIDTH + x) / 3 + i / WIDTH / 3 * 1000);
        memset(&c->source[3 * i], (int)((place * 2654435761u) >> 25) + 60, 3);
    }
}

/* The canvas in the middle of the picture. */
static double canvas_of(const clip *c)
{
    const int columns = (WIDTH + 7) / 8, rows = (HEIGHT + 7) / 8;
    const float *moved = bc_stabilizer_canvas(c->stabilizer);
    CHECK(moved && fabsf(moved[columns * rows + rows / 2 * columns + columns / 2]) < 0.01F);
    return (double)(moved ? moved[rows / 2 * columns + columns / 2] : NAN);
}

/* It goes with the camera, lies where it is when the camera rests, and back again at a cut. */
static void test_canvas(clip *c)
{
    enum { FOUND = 3 /* frames until motion is */, N = 12, STEP = 2 };
    double found = 0;
    bc_stabilizer_restart(c->stabilizer);
    for (int i = 0; i <= N; i++) {
        draw_far(c, STEP * i);
        run(c, 1);
        found = i <= FOUND ? canvas_of(c) : found;
    }
    const double moved = canvas_of(c);
    CHECK_AT_MOST(fabs(moved - found - STEP * (N - FOUND)), 0.01);
    run(c, 1);
    CHECK_AT_MOST(fabs(canvas_of(c) - moved), 0.01);
    run(c, 0);
    CHECK(!bc_stabilizer_canvas(c->stabilizer));
    run(c, 1);
    CHECK_AT_MOST(fabs(canvas_of(c)), 0);
}

/* Like draw_far under a flat sky, but from column `first` on the ground stands still. */
static void draw_sky(clip *c, int x, int first)
{
    static uint8_t still[BYTES];
    draw_far(c, 0);
    memcpy(still, c->source, BYTES);
    draw_far(c, x);
    memset(c->source, 200, BYTES / 2);
    for (int y = HEIGHT / 2; y < HEIGHT; y++)
        for (int i = 3 * (y * WIDTH + first); i < 3 * (y + 1) * WIDTH; i++)
            c->source[i] = still[i];
}

/* The canvas in the sky after a while, over ground that moves left of column `first`. */
static double sky_over(clip *c, int first)
{
    enum { N = 12, STEP = 2, SKY_ROW = 2 };
    const int columns = (WIDTH + 7) / 8;
    bc_stabilizer_restart(c->stabilizer);
    for (int i = 0; i <= N; i++) {
        draw_sky(c, STEP * i, first);
        run(c, 1);
    }
    const float *moved = bc_stabilizer_canvas(c->stabilizer);
    CHECK(moved);
    return (double)(moved ? moved[SKY_ROW * columns + columns / 2] : NAN);
}

/* What is flat shows no motion: it goes with a camera that pans, and with nothing less. */
static void test_sky(clip *c)
{
    CHECK(sky_over(c, WIDTH) > 15);
    CHECK_AT_MOST(fabs(sky_over(c, WIDTH / 3)), 0);
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
            filter(c, &source, &painting, 1);
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
        filter(c, &source, &painting, 1);
    }
    for (int i = 0; i < n; i++)
        sum += pow(painted[i] - (100 + i % WIDTH / 2), 2);
    CHECK_AT_MOST(sqrt(sum / n), 2);
}

/* Everything moves, one part faster. */
static void draw_motion(clip *c, int frame)
{
    draw(c, 3 * frame, 2, 12);
    for (int i = 0; i < BYTES; i++) {
        const double x = i / 3 % WIDTH - 1.25 * frame, y = i / 3 / WIDTH;
        c->source[i] = clip8(c->source[i] / 2 + (int)(60 + 50 * sin(x / 4 + y / 7)));
    }
}

/* The same bits for every number of threads: of the painting and of what is to be painted. */
static void test_threads(void)
{
    static clip clips[2];
    for (int i = 0; i < 2; i++)
        CHECK_INT(bc_stabilizer_open(&clips[i].stabilizer, 1 + 2 * i, &(bc_log){0}), BC_OK);
    for (int frame = 0; frame < 12; frame++) {
        for (int i = 0; i < 2; i++) {
            draw_motion(&clips[i], frame);
            run(&clips[i], 1);
        }
        CHECK(memcmp(clips[0].steady, clips[1].steady, BYTES) == 0);
        CHECK(memcmp(clips[0].painting, clips[1].painting, BYTES) == 0);
    }
    for (int i = 0; i < 2; i++)
        bc_stabilizer_close(&clips[i].stabilizer);
}

int main(void)
{
    static clip c;
    CHECK_INT(bc_stabilizer_open(&c.stabilizer, 2, &(bc_log){0}), BC_OK);
    test_still(&c);
    test_source(&c);
    test_patch(&c);
    test_contrast(&c);
    test_motion(&c);
    test_cut(&c);
    test_restart(&c);
    test_canvas(&c);
    test_sky(&c);
    test_arrival(&c);
    test_sizes(&c);
    test_planes(&c);
    bc_stabilizer_close(&c.stabilizer);
    CHECK(!c.stabilizer);
    test_threads();
    return TEST_END();
}
