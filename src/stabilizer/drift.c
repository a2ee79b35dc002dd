#include "stabilizer/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELL = BC_MOTION_CELL,
    PIXEL = 4,    /* vectors are in quarters of one */
    FAR = 1 << 20 /* pixels; the fields stay fine and finite, however long a camera pans */
};

static size_t size_of(const bc_drift *drift)
{
    return (size_t)drift->columns * (size_t)drift->rows;
}

bool bc_drift_open(bc_drift *drift, int width, int height)
{
    *drift = (bc_drift){.columns = (width + CELL - 1) / CELL, .rows = (height + CELL - 1) / CELL};
    drift->now = calloc(2 * size_of(drift), sizeof(*drift->now));
    drift->last = calloc(2 * size_of(drift), sizeof(*drift->last));
    return drift->now && drift->last;
}

void bc_drift_close(bc_drift *drift)
{
    free(drift->now);
    free(drift->last);
    *drift = (bc_drift){0};
}

void bc_drift_begin(bc_drift *drift)
{
    memset(drift->now, 0, 2 * size_of(drift) * sizeof(*drift->now));
}

/* A coordinate between cells: the first of the two, and how far beyond its middle. */
typedef struct between {
    int first, step;
    float part;
} between;

static between find_between(int cell, int quarters, int n)
{
    const float at = (float)cell + (float)quarters / (PIXEL * CELL), last = (float)(n - 1);
    const float inside = at < 0 ? 0 : at > last ? last : at;
    const int first = (int)inside;
    return (between){first, first + 1 < n ? 1 : 0, inside - (float)first};
}

static float interpolate(const bc_drift *drift, const float *field, between x, between y)
{
    const float *at = field + (ptrdiff_t)y.first * drift->columns + x.first;
    const float *under = at + (ptrdiff_t)y.step * drift->columns;
    const float upper = at[0] + (at[x.step] - at[0]) * x.part;
    const float lower = under[0] + (under[x.step] - under[0]) * x.part;
    return upper + (lower - upper) * y.part;
}

static void follow_cell(bc_drift *drift, int row, int column, const bc_vector *vector)
{
    const size_t i = (size_t)row * (size_t)drift->columns + (size_t)column, n = size_of(drift);
    const between x = find_between(column, vector->x, drift->columns);
    const between y = find_between(row, vector->y, drift->rows);
    const float right = interpolate(drift, drift->last, x, y) + (float)vector->x / PIXEL;
    const float below = interpolate(drift, drift->last + n, x, y) + (float)vector->y / PIXEL;
    const bool is_near = fabsf(right) < FAR && fabsf(below) < FAR;
    drift->now[i] = is_near ? right : 0;
    drift->now[n + i] = is_near ? below : 0;
}

void bc_drift_follow(bc_drift *drift, const bc_vector *vectors, const bc_gate *gate)
{
    const bc_vector none = {0, 0};
    float *last = drift->last;
    drift->last = drift->now;
    drift->now = last;
    for (int row = 0; row < drift->rows; row++) {
        for (int column = 0; column < drift->columns; column++) {
            const int i = row * gate->columns + column;
            const bool is_known = gate->shares[i] < BC_SHARE_ONE;
            follow_cell(drift, row, column, is_known ? &vectors[i] : &none);
        }
    }
}
