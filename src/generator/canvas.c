#include "generator/canvas.h"

#include <math.h>
#include <stdint.h>

static const double grid = 10; /* pixels */

/* Uniform, of mean 0 and variance 1. */
static float random_at(int p, int q, int channel)
{
    uint32_t h =
        (uint32_t)p * 0x9E3779B1u + (uint32_t)q * 0x85EBCA77u + (uint32_t)channel * 0xC2B2AE3Du;
    h ^= h >> 15;
    h *= 0x2C1B3C6Du;
    h ^= h >> 12;
    h *= 0x297A2D39u;
    h ^= h >> 15;
    return (float)(((double)h * 0x1p-32 - 0.5) * sqrt(12));
}

/* A point of the grid, and the weights of its four corners. */
typedef struct place {
    int p, q;
    float weights[4];
} place;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static place find_place(double x, double y)
{
    const double p = floor(x / grid), q = floor(y / grid);
    const double right = x / grid - p, below = y / grid - q;
    const double left = 1 - right, above = 1 - below;
    const double w[4] = {left * above, right * above, left * below, right * below};
    const double norm = 1 / sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3]);
    place at = {.p = (int)p, .q = (int)q};
    for (int i = 0; i < 4; i++)
        at.weights[i] = (float)(w[i] * norm);
    return at;
}

static place place_of(int cell, int row, int column, const bc_displacement *moved)
{
    double x = (column + 0.5) * cell, y = (row + 0.5) * cell;
    if (moved->x) {
        /* frames that are extended to the table's unit have cells that the host does not know */
        const int i = smaller(row * cell / BC_CANVAS_CELL, moved->rows - 1) * moved->columns +
                      smaller(column * cell / BC_CANVAS_CELL, moved->columns - 1);
        x += (double)moved->x[i];
        y += (double)moved->y[i];
    }
    return find_place(x, y);
}

enum { AT_ONCE = 16 }; /* channels whose corners are kept from one sample to the next */

static void find_corners(float corners[AT_ONCE][4], const place *at, int first, int n_channels)
{
    for (int c = 0; c < n_channels; c++)
        for (int i = 0; i < 4; i++)
            corners[c][i] = random_at(at->p + i % 2, at->q + i / 2, first + c);
}

static void make_channels(float *to, ptrdiff_t pitch, int first, int n_channels, int cell,
                          bc_canvas_span span, const bc_displacement *moved)
{
    float corners[AT_ONCE][4];
    place last = {.p = 0};
    for (int i = 0; i < span.n; i++) {
        const place at = place_of(cell, span.row, span.first + i * span.step, moved);
        if (i == 0 || at.p != last.p || at.q != last.q)
            find_corners(corners, &at, first, n_channels);
        for (int c = 0; c < n_channels; c++)
            to[(first + c) * pitch + i] =
                at.weights[0] * corners[c][0] + at.weights[1] * corners[c][1] +
                at.weights[2] * corners[c][2] + at.weights[3] * corners[c][3];
        last = at;
    }
}

void bc_canvas_row(float *to, ptrdiff_t pitch, int n_channels, int cell, bc_canvas_span span,
                   const bc_displacement *moved)
{
    for (int first = 0; first < n_channels; first += AT_ONCE) {
        const int left = n_channels - first;
        make_channels(to, pitch, first, left < AT_ONCE ? left : AT_ONCE, cell, span, moved);
    }
}
