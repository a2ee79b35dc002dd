/* lattice.c: patterns of known strength in paintings of flat patches. */
#include "train/lattice.h"

#include <math.h>

#include "test.h"
#include "train/random.h"

enum { SIDE = 96, PIXELS = 3 * SIDE * SIDE };

/* A colour, waves that are cut off at no period of ours, noise, and a pattern in all channels. */
static void draw(float *picture, double pattern(int x, int y), double phase, uint64_t seed)
{
    bc_random random = {seed};
    for (int i = 0; i < PIXELS; i++) {
        const int x = i % SIDE, y = i / SIDE % SIDE;
        picture[i] = (float)(0.2 + 0.1 * sin(0.23 * x + phase) + 0.02 * bc_random_normal(&random) +
                             pattern(x, y));
    }
}

static double of_2(int x, int y)
{
    return (x + y) % 2 ? 0.03 : -0.03;
}

static double of_4(int x, int y)
{
    (void)y;
    return x % 4 < 2 ? 0.02 : -0.02;
}

static double of_8(int x, int y)
{
    (void)x;
    return y % 8 < 4 ? 0.01 : -0.01;
}

/* One way in every other cell, the other way in those between. */
static double of_16(int x, int y)
{
    return (x / 8 + y / 8) % 2 ? of_8(x, y) : -of_8(x, y);
}

static double none(int x, int y)
{
    (void)x;
    (void)y;
    return 0;
}

static void check(double pattern(int x, int y), double of_period_2, double of_period_4,
                  double of_period_8)
{
    static float a[PIXELS], b[PIXELS];
    const double expected[BC_N_PERIODS] = {of_period_2, of_period_4, of_period_8};
    const double sum = of_period_2 + of_period_4 + of_period_8;
    double powers[BC_N_PERIODS];
    draw(a, pattern, 0.3, 1);
    draw(b, pattern, 2, 2);
    bc_lattice(powers, a, b, SIDE);
    for (int i = 0; i < BC_N_PERIODS; i++)
        CHECK_AT_MOST(fabs(powers[i] - expected[i]), 4e-6 + 0.03 * sum);
}

/* What one painting has and the other has not is no lattice. */
static void test_chance(void)
{
    static float a[PIXELS], b[PIXELS];
    double powers[BC_N_PERIODS];
    draw(a, of_4, 0.3, 1);
    draw(b, none, 2, 2);
    bc_lattice(powers, a, b, SIDE);
    for (int i = 0; i < BC_N_PERIODS; i++)
        CHECK_AT_MOST(fabs(powers[i]), 2e-5);
}

/* The loss of one painting: what is bound to the grid counts where the source is flat. */
static void check_loss(double pattern(int x, int y), double expected)
{
    static float a[PIXELS], flat[PIXELS], scratch[SIDE * SIDE];
    draw(a, pattern, 0.3, 3);
    CHECK_AT_MOST(fabs(bc_lattice_loss(NULL, a, flat, 1, SIDE, scratch) - expected),
                  6e-5 + 0.03 * expected);
    CHECK_AT_MOST(bc_lattice_loss(NULL, a, a, 1, SIDE, scratch), 0.5 * expected + 3e-5);
}

/* Its gradient along a direction, by differences: the loss is a square, so that they are exact. */
static void test_gradient(void)
{
    static float a[PIXELS], moved[PIXELS], direction[PIXELS], slopes[PIXELS], source[PIXELS];
    static float scratch[SIDE * SIDE];
    bc_random random = {4};
    const double weight = 3;
    double along = 0, losses[2];
    draw(a, of_8, 0.3, 5);
    for (int i = 0; i < PIXELS; i++)
        direction[i] =
            (float)(0.1 * of_8(i % SIDE, i / SIDE % SIDE) + 0.01 * bc_random_normal(&random));
    draw(source, none, 0, 6);
    bc_lattice_loss(slopes, a, source, weight, SIDE, scratch);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < PIXELS; i++)
            moved[i] = a[i] + (k == 0 ? direction[i] : -direction[i]);
        losses[k] = bc_lattice_loss(NULL, moved, source, 1, SIDE, scratch);
    }
    for (int i = 0; i < PIXELS; i++)
        along += (double)slopes[i] * (double)direction[i];
    const double expected = weight * (losses[0] - losses[1]) / 2;
    CHECK_AT_MOST(fabs(along / expected - 1), 1e-3);
}

int main(void)
{
    check_loss(none, 0);
    check_loss(of_2, 9e-4);
    check_loss(of_4, 4e-4);
    check_loss(of_8, 1e-4);
    check_loss(of_16, 1e-4);
    test_gradient();
    check(none, 0, 0, 0);
    check(of_2, 9e-4, 0, 0);
    check(of_4, 0, 4e-4, 0);
    check(of_8, 0, 0, 1e-4);
    test_chance();
    return TEST_END();
}
