#include "train/lattice.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
    LONGEST = 8,
    BORDER = 16,
    MAX_SIDE = 1024,
    TILE = 4, /* cells of LONGEST pixels, each way, at least */
    MAX_TILES = MAX_SIDE / LONGEST / TILE
};

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

/* Strokes are longer than the period: a row without what is smooth, from `first` to `end`. */
static void sharpen_row(float *to, const float *plane, int side, int y, int first, int end)
{
    const float *row = plane + (ptrdiff_t)y * side;
    float columns[MAX_SIDE];
    for (int x = 0; x < side; x++)
        columns[x] = smooth(row + x, side);
    for (int x = first; x < end; x++)
        to[x] = row[x] - smooth(columns + x, 1);
}

static cell fold(const float *plane, int side)
{
    const int end = BORDER + (side - 2 * BORDER) / LONGEST * LONGEST;
    const double n = (double)(end - BORDER) * (end - BORDER) / (LONGEST * LONGEST);
    float row[MAX_SIDE];
    cell mean = {{{0}}};
    for (int y = BORDER; y < end; y++) {
        sharpen_row(row, plane, side, y, BORDER, end);
        for (int x = BORDER; x < end; x++)
            mean.values[y % LONGEST][x % LONGEST] += row[x] / n;
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

/* As a loss -------------------------------------------------------------------------------- */

/* How a picture's middle is cut: cells and tiles, each way. */
typedef struct grid {
    int side, n_cells, n_tiles;
} grid;

/* Sums over its cells by turns, like the fields of a chessboard: a pattern that is the other way
 * round in every other cell is one, too. */
typedef struct tile {
    cell halves[2];
    int n[2];
    double activity; /* sum of squares of the source, sharpened */
} tile;

static grid grid_of(int side)
{
    const int n_cells = (side - 2 * BORDER) / LONGEST, n_tiles = n_cells / TILE;
    return (grid){side, n_cells, n_tiles > 0 ? n_tiles : 1};
}

static int tile_of(const grid *g, int index)
{
    return index * g->n_tiles / g->n_cells;
}

static void add_row(tile *tiles, const float *painting, const float *source, const grid *g, int i)
{
    for (int j = 0; j < g->n_cells * LONGEST; j++) {
        tile *t = &tiles[tile_of(g, j / LONGEST)];
        const int half = (i / LONGEST + j / LONGEST) % 2;
        t->halves[half].values[i % LONGEST][j % LONGEST] += painting[j];
        t->n[half] += i % LONGEST == 0 && j % LONGEST == 0;
        t->activity += (double)(source[j] * source[j]);
    }
}

/* A row of tiles [n_tiles]. */
static void fold_tiles(tile *tiles, const float *painting, const float *source, const grid *g,
                       int tile_row)
{
    const int end = g->side - BORDER;
    float painted[MAX_SIDE], seen[MAX_SIDE];
    memset(tiles, 0, (size_t)g->n_tiles * sizeof(*tiles));
    for (int i = 0; i < g->n_cells * LONGEST; i++) {
        if (tile_of(g, i / LONGEST) != tile_row)
            continue;
        sharpen_row(painted, painting, g->side, BORDER + i, BORDER, end);
        sharpen_row(seen, source, g->side, BORDER + i, BORDER, end);
        add_row(tiles, painted + BORDER, seen + BORDER, g, i);
    }
}

/* 1 where the source is flat, less where it gives something to paint with. */
static double flatness_of(const tile *t)
{
    const double flat = 4.0 / 255, n = (double)(t->n[0] + t->n[1]) * LONGEST * LONGEST;
    return 1 / (1 + t->activity / (n * flat * flat));
}

/* The mean square of the halves' means, which become its gradient to each of their cells. */
static double take_power(tile *t)
{
    const double share = flatness_of(t) / (2 * LONGEST * LONGEST);
    double power = 0;
    for (int half = 0; half < 2; half++) {
        const double n = t->n[half] > 0 ? t->n[half] : 1;
        for (int i = 0; i < LONGEST * LONGEST; i++) {
            double *value = &t->halves[half].values[i / LONGEST][i % LONGEST];
            const double mean = *value / n;
            power += share * mean * mean;
            *value = 2 * share * mean / n;
        }
    }
    return power;
}

/* What is not smooth of the gradient is that of the painting: the filter is symmetric. */
static void add_gradient(float *dplane, const float *slopes, double weight, int side)
{
    const int margin = BORDER - LONGEST / 2;
    float row[MAX_SIDE];
    for (int y = margin; y < side - margin; y++) {
        sharpen_row(row, slopes, side, y, margin, side - margin);
        for (int x = margin; x < side - margin; x++)
            dplane[(ptrdiff_t)y * side + x] += (float)weight * row[x];
    }
}

static void put_slopes(float *slopes, const tile *tiles, const grid *g, int tile_row)
{
    for (int i = 0; i < g->n_cells * LONGEST; i++) {
        if (tile_of(g, i / LONGEST) != tile_row)
            continue;
        for (int j = 0; j < g->n_cells * LONGEST; j++) {
            const cell *half =
                &tiles[tile_of(g, j / LONGEST)].halves[(i / LONGEST + j / LONGEST) % 2];
            slopes[(ptrdiff_t)(BORDER + i) * g->side + BORDER + j] =
                (float)half->values[i % LONGEST][j % LONGEST];
        }
    }
}

double bc_lattice_loss(float *dpainting, const float *painting, const float *source, double weight,
                       int side, float *scratch)
{
    const grid g = grid_of(side);
    const double n = 3.0 * g.n_tiles * g.n_tiles;
    double sum = 0;
    assert(side <= MAX_SIDE);
    for (int c = 0; c < 3 && g.n_cells > 0; c++) {
        const ptrdiff_t plane = (ptrdiff_t)c * side * side;
        tile tiles[MAX_TILES];
        memset(scratch, 0, (size_t)side * (size_t)side * sizeof(*scratch));
        for (int row = 0; row < g.n_tiles; row++) {
            fold_tiles(tiles, painting + plane, source + plane, &g, row);
            for (int i = 0; i < g.n_tiles; i++)
                sum += take_power(&tiles[i]);
            put_slopes(scratch, tiles, &g, row);
        }
        if (dpainting)
            add_gradient(dpainting + plane, scratch, weight / n, side);
    }
    return sum / n;
}
