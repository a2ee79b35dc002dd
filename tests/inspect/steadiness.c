/*
 * The measure of flicker on clips whose motion and flicker are known: flow to parts of a pixel,
 * deviation of still areas, warping error.
 */
#include "inspect/steadiness.h"

#include <math.h>
#include <stdlib.h>

#include "test.h"

enum { WIDTH = 160, HEIGHT = 120, N_PIXELS = WIDTH * HEIGHT };

/* A smooth pattern without period, at any place. */
static double pattern(double x, double y)
{
    return 128 + 30 * sin(x / 5 + sin(y / 9)) + 30 * sin(y / 4 + 2 * sin(x / 13)) +
           20 * sin((x + y) / 17);
}

static void test_flow(double dx, double dy)
{
    static float from[N_PIXELS], to[N_PIXELS];
    bc_flow flow;
    double off = 0;
    for (int i = 0; i < N_PIXELS; i++) {
        const double x = i % WIDTH, y = (double)(i / WIDTH);
        from[i] = (float)pattern(x, y);
        to[i] = (float)pattern(x - dx, y - dy);
    }
    CHECK_INT(bc_flow_open(&flow, WIDTH, HEIGHT, &(bc_log){0}), BC_OK);
    CHECK_INT(bc_flow_estimate(&flow, from, to, &(bc_log){0}), BC_OK);
    for (int y = 16; y < HEIGHT - 16; y++)
        for (int x = 16; x < WIDTH - 16; x++)
            off += hypot((double)flow.x[y * WIDTH + x] - dx, (double)flow.y[y * WIDTH + x] - dy);
    CHECK_AT_MOST(off / ((WIDTH - 32) * (HEIGHT - 32)), 0.1);
    bc_flow_close(&flow);
}

/* The pattern moved, `flicker` levels brighter in every other frame. */
static void draw(uint8_t *pixels, int frame, double speed, int flicker)
{
    for (int i = 0; i < 3 * N_PIXELS; i++) {
        const int x = i / 3 % WIDTH, y = i / 3 / WIDTH;
        pixels[i] = (uint8_t)lrint(pattern(x - speed * frame, y) + (frame % 2) * flicker);
    }
}

static void measure(double speed, bc_steadiness_result results[2], double *still, double *seen)
{
    static uint8_t pixels[3][3 * N_PIXELS];
    bc_image images[3];
    bc_steadiness *steadiness;
    for (int i = 0; i < 3; i++)
        images[i] = (bc_image){.pixels = pixels[i],
                               .stride_bytes = 3 * WIDTH,
                               .width = WIDTH,
                               .height = HEIGHT,
                               .format = BC_RGB24};
    CHECK_INT(bc_steadiness_open(&steadiness, WIDTH, HEIGHT, 2, 4, &(bc_log){0}), BC_OK);
    for (int frame = 0; frame < 8; frame++) {
        draw(pixels[0], frame, speed, 0);
        draw(pixels[1], frame, speed, 0);
        draw(pixels[2], frame, speed, 6);
        CHECK_INT(bc_steadiness_add(steadiness, &images[0], images + 1), BC_OK);
    }
    for (int i = 0; i < 2; i++)
        results[i] = bc_steadiness_of(steadiness, i);
    *still = bc_steadiness_still_share(steadiness);
    *seen = bc_steadiness_seen_share(steadiness);
    bc_steadiness_close(&steadiness);
}

int main(void)
{
    bc_steadiness_result results[2];
    double still, seen;
    test_flow(0, 0);
    test_flow(1.3, -0.6);
    test_flow(-11.5, 7);
    measure(0, results, &still, &seen);
    CHECK(still == 1 && seen == 1);
    CHECK_AT_MOST(results[0].still_deviation, 0);
    CHECK_AT_MOST(fabs(results[1].still_deviation - 3), 0.01);
    CHECK_AT_MOST(results[0].warping_error, 0.5);
    CHECK_AT_MOST(fabs(results[1].warping_error - 6), 0.1);
    measure(2.5, results, &still, &seen);
    CHECK_AT_MOST(still, 0.05);
    CHECK(seen > 0.8);
    CHECK_AT_MOST(results[0].warping_error, 1);
    CHECK_AT_MOST(fabs(results[1].warping_error - 6), 0.5);
    return TEST_END();
}
