#include "stabilizer/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd.h"

enum {
    CELL = BC_MOTION_CELL,
    CELL_PIXELS = CELL * CELL,
    MAX_MOVING_HOLD = 4,     /* frames: each is interpolated from the last */
    MAX_PAINTED_HOLD = 12,   /* where it moves: strokes that change show more than soft ones */
    STILL = 3 * CELL_PIXELS, /* a cell's difference at which the gate begins to close, and how */
    SPAN = 12 * CELL_PIXELS, /* much more closes it, where there is no more noise than that */
    NOISE_STEP = CELL_PIXELS / 4
};

bool bc_gate_open(bc_gate *gate, int columns, int rows)
{
    const size_t n_cells = (size_t)columns * (size_t)rows;
    *gate = (bc_gate){.columns = columns,
                      .rows = rows,
                      .differences = malloc(n_cells * sizeof(*gate->differences)),
                      .shares = malloc(n_cells * sizeof(*gate->shares)),
                      .painted = malloc(n_cells * sizeof(*gate->painted))};
    return gate->differences && gate->shares && gate->painted;
}

void bc_gate_close(bc_gate *gate)
{
    free(gate->differences);
    free(gate->shares);
    free(gate->painted);
    *gate = (bc_gate){0};
}

BC_SIMD void bc_gate_measure(bc_gate *gate, int row, const uint8_t *luma, ptrdiff_t stride_bytes,
                             const uint16_t *fetched)
{
    int *differences = gate->differences + row * gate->columns;
    const ptrdiff_t stride = (ptrdiff_t)gate->columns * CELL;
    for (int column = 0; column < gate->columns; column++) {
        const uint8_t *now = luma + column * CELL;
        const uint16_t *last = fetched + column * CELL;
        int sum = 0;
        for (int y = 0; y < CELL; y++, now += stride_bytes, last += stride)
            for (int x = 0; x < CELL; x++)
                sum += abs(now[x] - ((last[x] + (1 << (BC_HELD_BITS - 1))) >> BC_HELD_BITS));
        differences[column] = sum;
    }
}

/* The median of the cells' differences: most of a frame is found again, but for its noise. */
static int measure_noise(const bc_gate *gate)
{
    enum { N_BINS = 4 * CELL_PIXELS / NOISE_STEP };
    int counts[N_BINS] = {0}, n_below = 0, bin = 0;
    const int n_cells = gate->rows * gate->columns;
    for (int i = 0; i < n_cells; i++) {
        const int at = gate->differences[i] / NOISE_STEP;
        counts[at < N_BINS ? at : N_BINS - 1]++;
    }
    while (2 * (n_below += counts[bin]) < n_cells)
        bin++;
    return bin + 1;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int worst_around(const bc_gate *gate, int row, int column)
{
    const int n = gate->columns, *at = gate->differences + row * n + column;
    int worst = at[0];
    worst = row > 0 ? larger(worst, at[-n]) : worst;
    worst = row + 1 < gate->rows ? larger(worst, at[n]) : worst;
    worst = column > 0 ? larger(worst, at[-1]) : worst;
    return column + 1 < n ? larger(worst, at[1]) : worst;
}

/* Of what is held for so many frames where the gate is shut; open: 1 where it is all the way. */
static uint16_t share_of(float hold, int age, float open)
{
    const float least = 1 / (1 + fminf(hold, (float)age));
    return (uint16_t)((least + (1 - least) * open) * BC_SHARE_ONE + 0.5F);
}

void bc_gate_set(bc_gate *gate, const bc_vector *vectors, float amount, int age)
{
    gate->noise = measure_noise(gate);
    const int still = larger(STILL, gate->noise * NOISE_STEP * 3 / 2);
    for (int row = 0; row < gate->rows; row++) {
        for (int column = 0; column < gate->columns; column++) {
            const int i = row * gate->columns + column;
            const bool moves = vectors[i].x || vectors[i].y;
            const float beyond = (float)(worst_around(gate, row, column) - still) / SPAN;
            const float open = fminf(fmaxf(beyond, 0), 1);
            gate->shares[i] = share_of((moves ? MAX_MOVING_HOLD : BC_MAX_HOLD) * amount, age, open);
            gate->painted[i] =
                share_of((moves ? MAX_PAINTED_HOLD : BC_MAX_HOLD) * amount, age, open);
        }
    }
}

/* Of a row of a cell: compilers do not find it in a loop of eight. */
typedef int lanes __attribute__((vector_size(CELL * sizeof(int))));
typedef uint16_t samples __attribute__((vector_size(CELL * sizeof(uint16_t))));

/* A value of a row of cells between two: `part` sixteenths of the way. */
static inline int between(const uint16_t *upper, const uint16_t *lower, int i, int part)
{
    return upper[i] + (((lower[i] - upper[i]) * part) >> 4);
}

BC_SIMD void bc_spread_cells(uint16_t *restrict to, const uint16_t *restrict cells, int columns,
                             int rows, int channels, int channel, int y)
{
    const lanes to_left = {7, 5, 3, 1, 0, 0, 0, 0}, to_right = {0, 0, 0, 0, 1, 3, 5, 7};
    const int n = columns * channels, at = 2 * y + 1 - CELL;
    const int above = at < 0 ? 0 : at / (2 * CELL), below = above + 1 < rows ? above + 1 : above;
    const int part = at < 0 ? 0 : at % (2 * CELL);
    const uint16_t *upper = cells + above * n, *lower = cells + below * n;
    int left = between(upper, lower, channel, part), middle = left;
    for (int i = channel; i < n; i += channels, to += CELL) {
        const int right = i + channels < n ? between(upper, lower, i + channels, part) : middle;
        const int before = left - middle, behind = right - middle;
        const lanes row = middle + ((before * to_left + behind * to_right) >> 4);
        const samples cell = __builtin_convertvector(row, samples);
        memcpy(to, &cell, sizeof(cell));
        left = middle;
        middle = right;
    }
}
