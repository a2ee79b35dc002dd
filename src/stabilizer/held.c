#include "stabilizer/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/simd.h"

enum {
    CELL = BC_MOTION_CELL,
    TAPS = 4,
    PARTS = 8,     /* of a pixel: quarters of luma's are eighths of chroma's */
    UNIT_BITS = 7, /* of the weights */
    CHUNK = 128,   /* samples of a row that are interpolated at a time */
    MARGIN = 2,    /* pixels around the picture: one before a vector's place, two behind */
    MOST = 255 << BC_HELD_BITS
};

/* Catmull and Rom, "A class of local interpolating splines", 1974; in 128ths, by eighths. */
static const int16_t cubic[PARTS][TAPS] = {{0, 128, 0, 0},    {-6, 123, 12, -1}, {-9, 111, 29, -3},
                                           {-9, 93, 50, -6},  {-8, 72, 72, -8},  {-6, 50, 93, -9},
                                           {-3, 29, 111, -9}, {-1, 12, 123, -6}};

bool bc_held_open(bc_held *h, int channels, int shift, int width, int height)
{
    const int block = BC_MOTION_BLOCK;
    *h = (bc_held){.channels = channels,
                   .shift = shift,
                   .width = (width + shift) >> shift,
                   .height = (height + shift) >> shift,
                   .columns = (width + block - 1) / block * (block / CELL),
                   .rows = (height + block - 1) / block * (block / CELL),
                   .cell = CELL >> shift};
    h->stride = (ptrdiff_t)(h->columns * h->cell + 2 * MARGIN) * channels;
    const ptrdiff_t n_rows = h->rows * h->cell + 2 * MARGIN;
    for (int i = 0; i < 2; i++)
        h->memory[i] = malloc((size_t)(h->stride * n_rows) * sizeof(uint16_t));
    if (!h->memory[0] || !h->memory[1])
        return false;
    h->last = h->memory[0] + MARGIN * (h->stride + channels);
    h->now = h->memory[1] + MARGIN * (h->stride + channels);
    return true;
}

void bc_held_close(bc_held *held)
{
    free(held->memory[0]);
    free(held->memory[1]);
    *held = (bc_held){0};
}

ptrdiff_t bc_held_row_samples(const bc_held *h)
{
    return (ptrdiff_t)h->cell * h->cell * h->columns * h->channels;
}

void bc_held_take(bc_held *h, const uint8_t *pixels, ptrdiff_t stride_bytes)
{
    for (int y = 0; y < h->height; y++)
        for (int x = 0; x < h->width * h->channels; x++)
            h->now[y * h->stride + x] = (uint16_t)(pixels[y * stride_bytes + x] << BC_HELD_BITS);
}

/* Interpolation ---------------------------------------------------------------------------- */

/* From four samples, `step` apart. */
static inline int weigh(const uint16_t *from, ptrdiff_t step, const int16_t weights[TAPS])
{
    const int sum = weights[0] * (int16_t)from[-step] + weights[1] * (int16_t)from[0] +
                    weights[2] * (int16_t)from[step] + weights[3] * (int16_t)from[2 * step];
    const int value = (sum + (1 << (UNIT_BITS - 1))) >> UNIT_BITS;
    return value < 0 ? 0 : value > MOST ? MOST : value;
}

static void interpolate_row(uint16_t *restrict to, const uint16_t *restrict from, ptrdiff_t step,
                            int part, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (uint16_t)weigh(from + i, step, cubic[part]);
}

/* A rectangle of n samples in each row, at most CHUNK; parts of a pixel to the right and below. */
BC_SIMD static void interpolate(uint16_t *to, ptrdiff_t to_stride, const bc_held *h,
                                const uint16_t *from, int right, int below, int n)
{
    uint16_t rows[CELL + TAPS - 1][CHUNK];
    if (!below) {
        for (int y = 0; y < h->cell; y++)
            interpolate_row(to + y * to_stride, from + y * h->stride, h->channels, right, n);
        return;
    }
    for (int y = 0; y < h->cell + TAPS - 1; y++)
        interpolate_row(rows[y], from + (y - 1) * h->stride, h->channels, right, n);
    for (int y = 0; y < h->cell; y++)
        interpolate_row(to + y * to_stride, rows[y + 1], CHUNK, below, n);
}

/* n_cells that moved alike. */
static void fetch_cells(uint16_t *to, const bc_held *h, const uint16_t *from, bc_vector v,
                        int n_cells)
{
    const int x = 2 * v.x >> h->shift, y = 2 * v.y >> h->shift; /* eighths */
    const int right = x & (PARTS - 1), below = y & (PARTS - 1);
    const int n = n_cells * h->cell * h->channels;
    const ptrdiff_t to_stride = (ptrdiff_t)h->columns * h->cell * h->channels;
    from += (y >> 3) * h->stride + (x >> 3) * h->channels;
    if (!right && !below) {
        for (int row = 0; row < h->cell; row++)
            memcpy(to + row * to_stride, from + row * h->stride, (size_t)n * sizeof(*to));
        return;
    }
    for (int i = 0; i < n; i += CHUNK)
        interpolate(to + i, to_stride, h, from + i, right, below, n - i < CHUNK ? n - i : CHUNK);
}

void bc_held_fetch(const bc_held *h, const bc_vector *vectors, int row, uint16_t *samples)
{
    const uint16_t *from = h->last + (ptrdiff_t)row * h->cell * h->stride;
    for (int column = 0, end; column < h->columns; column = end) {
        const bc_vector v = vectors[column];
        const ptrdiff_t at = (ptrdiff_t)column * h->cell * h->channels;
        for (end = column + 1; end < h->columns; end++)
            if (vectors[end].x != v.x || vectors[end].y != v.y)
                break;
        fetch_cells(samples + at, h, from + at, v, end - column);
    }
}

/* ------------------------------------------------------------------------------------------ */

BC_SIMD void bc_held_mix(uint16_t *restrict now, const uint16_t *restrict fetched,
                         const uint8_t *restrict fresh, const uint16_t *restrict shares, int n)
{
    for (int i = 0; i < n; i++) {
        const int16_t twice = (int16_t)(2 * ((fresh[i] << BC_HELD_BITS) - fetched[i]));
        now[i] = (uint16_t)(fetched[i] + ((twice * (int16_t)shares[i]) >> 16));
    }
}

BC_SIMD void bc_held_round(uint8_t *restrict levels, const uint16_t *restrict samples, int n)
{
    for (int i = 0; i < n; i++)
        levels[i] = (uint8_t)((samples[i] + (1 << (BC_HELD_BITS - 1))) >> BC_HELD_BITS);
}

/* Beyond the picture and in the margin its edges are repeated. */
static void repeat_edges(const bc_held *h)
{
    const int c = h->channels;
    const ptrdiff_t end = (ptrdiff_t)(h->columns * h->cell + MARGIN) * c;
    for (int y = 0; y < h->height; y++) {
        uint16_t *row = h->now + y * h->stride;
        for (ptrdiff_t x = (ptrdiff_t)h->width * c; x < end; x++)
            row[x] = row[x - c];
        for (ptrdiff_t x = -1; x >= -MARGIN * c; x--)
            row[x] = row[x + c];
    }
    const size_t bytes = (size_t)h->stride * sizeof(uint16_t);
    uint16_t *first = h->now - MARGIN * c;
    for (int y = h->height; y < h->rows * h->cell + MARGIN; y++)
        memcpy(first + y * h->stride, first + (y - 1) * h->stride, bytes);
    for (int y = -1; y >= -MARGIN; y--)
        memcpy(first + y * h->stride, first + (y + 1) * h->stride, bytes);
}

void bc_held_turn(bc_held *h)
{
    repeat_edges(h);
    uint16_t *last = h->last;
    h->last = h->now;
    h->now = last;
}
