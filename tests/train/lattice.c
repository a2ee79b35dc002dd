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

int main(void)
{
    check(none, 0, 0, 0);
    check(of_2, 9e-4, 0, 0);
    check(of_4, 0, 4e-4, 0);
    check(of_8, 0, 0, 1e-4);
    test_chance();
    return TEST_END();
}
