#include "stabilizer/detail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd.h"
#include "stabilizer/gate.h"

enum {
    CELL = BC_MOTION_CELL,
    MAX_SAMPLES = CELL * BC_MAX_CHANNELS, /* of a cell's row */
    SUM_BITS = 4,                         /* of what is summed below its 8 */
    MAX_GAIN = 64                         /* 256ths */
};

static size_t row_samples(const bc_detail *d)
{
    return (size_t)d->columns * CELL * (size_t)d->channels;
}

bool bc_detail_open(bc_detail *d, const bc_held *plane, int n_threads)
{
    *d = (bc_detail){.columns = (plane->width + CELL - 1) / CELL,
                     .rows = (plane->height + CELL - 1) / CELL,
                     .channels = plane->channels,
                     .width = plane->width,
                     .height = plane->height};
    const size_t n_cells = (size_t)d->rows * (size_t)d->columns;
    const size_t n = row_samples(d) * (size_t)n_threads;
    d->means = calloc(n_cells * (size_t)d->channels, sizeof(*d->means));
    d->gains = malloc(n_cells * sizeof(*d->gains));
    d->mean_row = malloc(n * sizeof(*d->mean_row));
    d->gain_row = malloc(n / (size_t)d->channels * sizeof(*d->gain_row));
    return d->means && d->gains && d->mean_row && d->gain_row;
}

void bc_detail_close(bc_detail *d)
{
    free(d->means);
    free(d->gains);
    free(d->mean_row);
    free(d->gain_row);
    *d = (bc_detail){0};
}

/* Of the samples of one or more pixels: twelve bits each, at most 64. */
typedef struct cell_sums {
    uint32_t fresh[MAX_SAMPLES], fresh_squares[MAX_SAMPLES];
    uint32_t average[MAX_SAMPLES], average_squares[MAX_SAMPLES];
} cell_sums;

/* Down the columns of a cell of n samples a row. */
BC_SIMD static void sum_columns(cell_sums *s, const uint8_t *fresh, ptrdiff_t fresh_stride,
                                const uint16_t *average, ptrdiff_t stride, int n, int n_rows)
{
    memset(s, 0, sizeof(*s));
    for (int y = 0; y < n_rows; y++, fresh += fresh_stride, average += stride) {
        for (int i = 0; i < n; i++) {
            const uint32_t a = (uint32_t)fresh[i] << SUM_BITS;
            const uint32_t b = (uint32_t)average[i] >> (BC_HELD_BITS - SUM_BITS);
            s->fresh[i] += a;
            s->fresh_squares[i] += a * a;
            s->average[i] += b;
            s->average_squares[i] += b * b;
        }
    }
}

/* The mean of a channel of n samples, and their variance. */
static double measure(const uint32_t *sums, const uint32_t *squares, int channel, int channels,
                      int n, double *variance)
{
    uint64_t sum = 0, square = 0;
    for (int i = channel; i < MAX_SAMPLES; i += channels) {
        sum += sums[i];
        square += squares[i];
    }
    const double mean = (double)sum / n;
    *variance += fmax((double)square / n - mean * mean, 0);
    return mean;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Sets the means of a cell; what its contrast lacks, in 256ths. */
static int measure_cell(bc_detail *d, int row, int column, const bc_held *average,
                        const uint8_t *fresh, ptrdiff_t stride_bytes)
{
    const int width = smaller(CELL, d->width - column * CELL);
    const int height = smaller(CELL, d->height - row * CELL);
    const ptrdiff_t x = (ptrdiff_t)column * CELL * d->channels, y = row * CELL;
    uint16_t *means = d->means + ((ptrdiff_t)row * d->columns + column) * d->channels;
    double before = 1 << (2 * SUM_BITS),
           after = before; /* of flat cells there is nothing to give */
    cell_sums s;
    sum_columns(&s, fresh + y * stride_bytes + x, stride_bytes,
                average->now + y * average->stride + x, average->stride, width * d->channels,
                height);
    for (int c = 0; c < d->channels; c++) {
        measure(s.fresh, s.fresh_squares, c, d->channels, width * height, &before);
        const double mean =
            measure(s.average, s.average_squares, c, d->channels, width * height, &after);
        means[c] = (uint16_t)lround(mean * (1 << (BC_HELD_BITS - SUM_BITS)));
    }
    return (int)fmin(fmax((sqrt(before / after) - 1) * 256, 0), MAX_GAIN);
}

static bool is_moving(bc_vector v)
{
    return v.x || v.y;
}

/* Whether a cell or a neighbour moves: between them is interpolated. */
static bool is_near_motion(const bc_held *plane, const bc_vector *vectors, int row, int column)
{
    for (int y = row - 1; y <= row + 1; y++)
        for (int x = column - 1; x <= column + 1; x++)
            if (y >= 0 && y < plane->rows && x >= 0 && x < plane->columns &&
                is_moving(vectors[y * plane->columns + x]))
                return true;
    return false;
}

void bc_detail_measure(bc_detail *d, int row, const bc_held *average, const uint8_t *fresh,
                       ptrdiff_t stride_bytes, const bc_vector *vectors)
{
    for (int column = 0; column < d->columns; column++) {
        int lack = 0;
        if (is_near_motion(average, vectors, row, column))
            lack = measure_cell(d, row, column, average, fresh, stride_bytes);
        if (!is_moving(vectors[row * average->columns + column]))
            lack = 0;
        d->gains[row * d->columns + column] = (uint16_t)lack;
    }
}

static bool has_gain(const bc_detail *d, int row)
{
    if (row < 0 || row >= d->rows)
        return false;
    for (int column = 0; column < d->columns; column++)
        if (d->gains[row * d->columns + column])
            return true;
    return false;
}

/* Pixels of a row, whose means of each channel are `pitch` apart. */
static inline void stretch(uint16_t *restrict samples, const uint16_t *restrict means,
                           ptrdiff_t pitch, const uint16_t *restrict gains, int width, int channels)
{
    const int most = 255 << BC_HELD_BITS;
    for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
            const int sample = samples[x * channels + c];
            const int value = sample + (((sample - means[c * pitch + x]) * gains[x]) >> 8);
            samples[x * channels + c] = (uint16_t)(value < 0 ? 0 : value > most ? most : value);
        }
    }
}

BC_SIMD static void stretch_row(uint16_t *samples, const uint16_t *means, ptrdiff_t pitch,
                                const uint16_t *gains, int width, int channels)
{
    if (channels == 1)
        stretch(samples, means, pitch, gains, width, 1);
    else if (channels == 3)
        stretch(samples, means, pitch, gains, width, 3);
    else
        stretch(samples, means, pitch, gains, width, 4);
}

void bc_detail_restore(const bc_detail *d, int y, uint16_t *average, int thread)
{
    const int row = y / CELL;
    const ptrdiff_t pitch = (ptrdiff_t)d->columns * CELL;
    uint16_t *means = d->mean_row + thread * pitch * d->channels;
    uint16_t *gains = d->gain_row + thread * pitch;
    if (!has_gain(d, row) && !has_gain(d, y % CELL < CELL / 2 ? row - 1 : row + 1))
        return;
    for (int c = 0; c < d->channels; c++)
        bc_spread_cells(means + c * pitch, d->means, d->columns, d->rows, d->channels, c, y);
    bc_spread_cells(gains, d->gains, d->columns, d->rows, 1, 0, y);
    stretch_row(average, means, pitch, gains, d->width, d->channels);
}
