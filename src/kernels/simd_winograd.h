/*
 * simd_winograd.h: Winograd's F(2x2, 3x3) over the primitives of a vec_*.h: 16 products instead
 * of 36 for 2x2 outputs. Source: Lavin and Gray, "Fast algorithms for convolutional neural
 * networks", CVPR 2016, section 4.1.
 *
 * A tile is 2x2 outputs; a vector holds one element of LANES neighbouring tiles. For a strip of
 * WINOGRAD_VECS vectors of tiles: transform all inputs (B^T d B), then for each block of
 * WINOGRAD_BLOCK outputs multiply tap by tap, and transform back (A^T m A) on the way out. The
 * including file chooses strip and block by its number of registers; simd_conv.h comes before.
 */
#ifndef BC_KERNELS_SIMD_WINOGRAD_H
#define BC_KERNELS_SIMD_WINOGRAD_H

#include "kernels/simd_conv.h"

/* One strip of tiles and the scratch that it is computed in. */
typedef struct strip {
    const bc_winograd *winograd;
    ptrdiff_t pitch, tile; /* `tile` is the first one */
    float *lanes;          /* sums and squares of all outputs */
    float *inputs;         /* [16 taps][n_in][n_vecs * LANES] */
    float *products;       /* [16 taps][WINOGRAD_BLOCK][n_vecs * LANES] */
} strip;

/* Floats from tap to tap. One vector more than needed: taps would fall onto one set of the cache.
 */
VEC_INLINE ptrdiff_t tap_stride_of(int n_channels, const int n_vecs)
{
    return (n_channels * n_vecs + 1) * LANES;
}

/* to = B^T d of four rows or columns. */
VEC_INLINE void transform_in(vec to[4], vec d0, vec d1, vec d2, vec d3)
{
    to[0] = vec_sub(d0, d2);
    to[1] = vec_add(d1, d2);
    to[2] = vec_sub(d2, d1);
    to[3] = vec_sub(d1, d3);
}

/* The 4x4 inputs of a vector of tiles; `at` is the position of even pixels in plane 0. */
VEC_INLINE void transform_tiles(float *to, ptrdiff_t tap_stride, const float *const rows[],
                                ptrdiff_t at, ptrdiff_t pitch)
{
    const ptrdiff_t column_at[4] = {at + pitch - 1, at, at + pitch, at + 1};
    vec columns[4][4];
    UNROLL
    for (int x = 0; x < 4; x++)
        transform_in(columns[x], vec_load(rows[0] + column_at[x]), vec_load(rows[1] + column_at[x]),
                     vec_load(rows[2] + column_at[x]), vec_load(rows[3] + column_at[x]));
    UNROLL
    for (int y = 0; y < 4; y++) {
        vec taps[4];
        transform_in(taps, columns[0][y], columns[1][y], columns[2][y], columns[3][y]);
        UNROLL
        for (int x = 0; x < 4; x++)
            vec_store(to + (4 * y + x) * tap_stride, taps[x]);
    }
}

VEC_INLINE void transform_strip(const int n_vecs, const strip *s, const float *const rows[])
{
    const ptrdiff_t width = n_vecs * LANES;
    const ptrdiff_t tap_stride = tap_stride_of(s->winograd->n_in, n_vecs);
    for (int c = 0; c < s->winograd->n_in; c++) {
        for (int v = 0; v < n_vecs; v++)
            transform_tiles(s->inputs + c * width + v * LANES, tap_stride, rows,
                            2 * c * s->pitch + s->tile + v * LANES, s->pitch);
    }
}

/* The product that all four outputs of a tile contain with a factor of 1: the bias goes there. */
enum { BIAS_TAP = 5 };

/* products[tap][o] = sum over the inputs of weight * transformed input, for outputs from `first`.
 */
VEC_INLINE void multiply_tap(const int n_vecs, const strip *s, int first, int tap)
{
    const int n_in = s->winograd->n_in;
    const float *in = s->inputs + tap * tap_stride_of(n_in, n_vecs);
    const float *weight = s->winograd->weights + (ptrdiff_t)first * BC_WINOGRAD_TAPS * n_in +
                          (ptrdiff_t)tap * n_in * WINOGRAD_BLOCK;
    vec acc[WINOGRAD_BLOCK][WINOGRAD_VECS];
    UNROLL
    for (int o = 0; o < WINOGRAD_BLOCK; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            acc[o][v] = vec_all(tap == BIAS_TAP ? s->winograd->bias[first + o] : 0);
    }
    for (int c = 0; c < n_in; c++) {
        UNROLL
        for (int o = 0; o < WINOGRAD_BLOCK; o++) {
            const vec w = vec_all(weight[o]);
            UNROLL
            for (int v = 0; v < n_vecs; v++)
                acc[o][v] = vec_fma(w, vec_load(in + v * LANES), acc[o][v]);
        }
        in += n_vecs * LANES;
        weight += WINOGRAD_BLOCK;
    }
    float *to = s->products + tap * tap_stride_of(WINOGRAD_BLOCK, n_vecs);
    UNROLL
    for (int o = 0; o < WINOGRAD_BLOCK; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(to + (o * n_vecs + v) * LANES, acc[o][v]);
    }
}

/* A^T m of four rows or columns: two outputs. */
VEC_INLINE void transform_out(vec *y0, vec *y1, vec m0, vec m1, vec m2, vec m3)
{
    *y0 = vec_add(vec_add(m0, m1), m2);
    *y1 = vec_sub(vec_sub(m1, m2), m3);
}

/* Two rows of 2 * LANES pixels of one output from its products. */
VEC_INLINE void finish_tiles(const float *products, ptrdiff_t tap_stride, float *to,
                             ptrdiff_t row_stride, counted c, int n_rows, lane_sums *lanes)
{
    vec rows[2][4];
    UNROLL
    for (int x = 0; x < 4; x++) {
        const float *m = products + x * tap_stride;
        transform_out(&rows[0][x], &rows[1][x], vec_load(m), vec_load(m + 4 * tap_stride),
                      vec_load(m + 8 * tap_stride), vec_load(m + 12 * tap_stride));
    }
    UNROLL
    for (int y = 0; y < 2; y++) {
        vec even, odd;
        transform_out(&even, &odd, rows[y][0], rows[y][1], rows[y][2], rows[y][3]);
        const vec low = vec_join_low(even, odd), high = vec_join_high(even, odd);
        vec_store(to + y * row_stride, low);
        vec_store(to + y * row_stride + LANES, high);
        if (y < n_rows) {
            add_lanes(lanes, low, c);
            add_lanes(lanes, high, counted_from(c, LANES));
        }
    }
}

/* Output (0, 0) of the first tile, but for rounding. */
static float first_output(const float *products, ptrdiff_t tap_stride)
{
    float sum = 0;
    for (int tap = 0; tap < 11; tap++)
        sum += tap % 4 < 3 ? products[tap * tap_stride] : 0;
    return sum;
}

/* One output of a strip. Not inlined, as finish_block of simd_winograd_row.h. */
static __attribute__((noinline)) void finish_output(int n_vecs, const strip *s,
                                                    const float *products, int channel,
                                                    const bc_map_rows *out, counted c, int n_rows)
{
    float *to = out->map + channel * out->channel_stride + 2 * s->tile;
    float *const channel_lanes = lanes_of(s->lanes, channel);
    const ptrdiff_t tap_stride = tap_stride_of(WINOGRAD_BLOCK, n_vecs);
    if (s->tile == 0)
        set_pivot(channel_lanes, first_output(products, tap_stride));
    lane_sums lanes = no_lanes(channel_lanes);
    UNROLL
    for (int v = 0; v < n_vecs; v++)
        finish_tiles(products + v * LANES, tap_stride, to + 2 * v * LANES, out->row_stride,
                     counted_from(c, 2 * v * LANES), n_rows, &lanes);
    merge_lanes(channel_lanes, lanes);
}

/* The share of the next call's rows that stands over this strip and call `number` of `n`. */
VEC_INLINE void touch_ahead(const int n_vecs, const bc_ahead *ahead, ptrdiff_t x, int number, int n)
{
    const int n_lines = 2 * ahead->n_channels; /* a channel's two rows */
    for (int i = number * n_lines / n; i < (number + 1) * n_lines / n; i++) {
        const float *at =
            ahead->map + i / 2 * ahead->channel_stride + i % 2 * ahead->row_stride + x;
        UNROLL
        for (int v = 0; v < 2 * n_vecs; v++)
            __builtin_prefetch(at + v * LANES, 0, 2);
    }
}

VEC_INLINE void compute_strip(const int n_vecs, const strip *s, const float *const rows[],
                              const bc_map_rows *out, counted c, int n_rows, const bc_ahead *ahead)
{
    const counted of_strip = counted_from(c, 2 * (int)s->tile);
    transform_strip(n_vecs, s, rows);
    for (int first = 0; first < s->winograd->n_out; first += WINOGRAD_BLOCK) {
        for (int tap = 0; tap < BC_WINOGRAD_TAPS; tap++) {
            if (ahead->map)
                touch_ahead(n_vecs, ahead, 2 * s->tile,
                            first / WINOGRAD_BLOCK * BC_WINOGRAD_TAPS + tap,
                            s->winograd->n_out / WINOGRAD_BLOCK * BC_WINOGRAD_TAPS);
            multiply_tap(n_vecs, s, first, tap);
        }
        for (int o = 0; o < WINOGRAD_BLOCK; o++)
            finish_output(n_vecs, s, s->products + o * n_vecs * LANES, first + o, out, of_strip,
                          n_rows);
    }
}

static void winograd_rows(const bc_winograd *winograd, const float *const rows[], ptrdiff_t pitch,
                          const bc_map_rows *out, int n, int n_rows, const bc_sums *sums,
                          const bc_ahead *ahead, float *scratch)
{
    float *const inputs = scratch + BC_CONV_SCRATCH(winograd->n_out);
    strip s = {.winograd = winograd,
               .pitch = pitch,
               .lanes = scratch,
               .inputs = inputs,
               .products =
                   inputs + BC_WINOGRAD_TAPS * tap_stride_of(winograd->n_in, WINOGRAD_VECS)};
    const counted c = counted_of(sums, n);
    clear_lanes(scratch, winograd->n_out);
    while (2 * s.tile < n) {
        const int left = n - (int)(2 * s.tile);
        if (left > 2 * LANES * (WINOGRAD_VECS - 1)) {
            compute_strip(WINOGRAD_VECS, &s, rows, out, c, n_rows, ahead);
            s.tile += WINOGRAD_VECS * LANES;
        } else {
            compute_strip(1, &s, rows, out, c, n_rows, ahead);
            s.tile += LANES;
        }
    }
    if (sums)
        reduce_lanes(sums, scratch, winograd->n_out, (c.end - c.first) * n_rows);
}

#endif
