#include "train/lattice.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST = 8, BORDER = 16, MAX_SIDE = 1024 };

/* One cell of the pattern of a plane: means over the places that are whole periods apart. */
typedef struct cell {
    double values[LONGEST][LONGEST];
} cell;

/* The mean of one period around x[0], in steps of `step`: of a pattern with the period, the mean.
 */
static float smooth(const float *x, ptrdiff_t step)
{
    float sum = (x[-LONGEST / 2 * step] + x[LONGEST / 2 * step]) / 2;
    for (int i = 1 - LONGEST / 2; i < LONGEST / 2; i++)
        sum += x[i * step];
    return sum / LONGEST;
}

/* Strokes are longer than the period: what is smooth is taken off first. */
static cell fold(const float *plane, int side)
{
    const int end = BORDER + (side - 2 * BORDER) / LONGEST * LONGEST;
    const double n = (double)(end - BORDER) * (end - BORDER) / (LONGEST * LONGEST);
    float columns[MAX_SIDE];
    cell mean = {{{0}}};
    for (int y = BORDER; y < end; y++) {
        const float *row = plane + (ptrdiff_t)y * side;
        for (int x = 0; x < side; x++)
            columns[x] = smooth(row + x, side);
        for (int x = BORDER; x < end; x++)
            mean.values[y % LONGEST][x % LONGEST] += (row[x] - smooth(columns + x, 1)) / n;
    }
    return mean;
}

/* What has a shorter period of it. */
static cell shorter(const cell *c, int period)
{
    const int n = LONGEST / period;
    cell mean = {{{0}}};
    for (int y = 0; y < LONGEST; y++)
        for (int x = 0; x < LONGEST; x++)
            for (int i = 0; i < n * n; i++)
                mean.values[y][x] +=
                    c->values[(y + i / n * period) % LONGEST][(x + i % n * period) % LONGEST] /
                    (n * n);
    return mean;
}

/* The mean product of what two cells have with the period, of their means with 1. */
static double shared(const cell cells[2], int period)
{
    const cell a = shorter(&cells[0], period), b = shorter(&cells[1], period);
    double sum = 0;
    for (int i = 0; i < LONGEST * LONGEST; i++)
        sum += a.values[i / LONGEST][i % LONGEST] * b.values[i / LONGEST][i % LONGEST];
    return sum / (LONGEST * LONGEST);
}

/* The periods are averages one in the other: what a shorter one explains is at right angles. */
void bc_lattice(double powers[BC_N_PERIODS], const float *a, const float *b, int side)
{
    assert(side >= 2 * BORDER + LONGEST && side <= MAX_SIDE);
    memset(powers, 0, BC_N_PERIODS * sizeof(*powers));
    for (int c = 0; c < 3; c++) {
        const size_t plane = (size_t)c * (size_t)side * (size_t)side;
        const cell cells[2] = {fold(a + plane, side), fold(b + plane, side)};
        double before = shared(cells, 1);
        for (int i = 0; i < BC_N_PERIODS; i++) {
            const double power = shared(cells, 2 << i);
            powers[i] += (power - before) / 3;
            before = power;
        }
    }
}
