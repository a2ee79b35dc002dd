/*
 * simd_winograd_row.h: Winograd's F(2, 5) along the rows over the primitives of a vec_*.h: 6
 * products instead of 10 for two outputs. The transformed rows are made once and serve all rows of
 * the kernel. Points 0, 1, -1, 2, -2, infinity; source as in simd_winograd.h. simd_conv.h comes
 * before.
 */
#ifndef BC_KERNELS_SIMD_WINOGRAD_ROW_H
#define BC_KERNELS_SIMD_WINOGRAD_ROW_H

#include "kernels/simd_conv.h"

/* B^T d of the six inputs of a pair of outputs. */
VEC_INLINE void transform_pair(vec to[BC_ROW_TAPS], const vec d[BC_ROW_TAPS])
{
    const vec two = vec_all(2), four = vec_all(4), minus_four = vec_all(-4);
    const vec minus_five = vec_all(-5);
    const vec near = vec_fma(minus_four, d[2], d[4]), far = vec_fma(minus_four, d[1], d[3]);
    const vec even = vec_sub(d[4], d[2]), odd = vec_sub(d[3], d[1]);
    to[0] = vec_fma(four, d[0], vec_fma(minus_five, d[2], d[4]));
    to[1] = vec_add(near, far);
    to[2] = vec_sub(near, far);
    to[3] = vec_fma(two, odd, even);
    to[4] = vec_sub(even, vec_add(odd, odd));
    to[5] = vec_fma(four, d[1], vec_fma(minus_five, d[3], d[5]));
}

static void winograd_row_load(float *to, ptrdiff_t pitch, const float *even, const float *odd,
                              int n)
{
    for (int x = 0; x < n; x += LANES) {
        const vec d[BC_ROW_TAPS] = {vec_load(even + x - 1), vec_load(odd + x - 1),
                                    vec_load(even + x),     vec_load(odd + x),
                                    vec_load(even + x + 1), vec_load(odd + x + 1)};
        vec taps[BC_ROW_TAPS];
        transform_pair(taps, d);
        UNROLL
        for (int i = 0; i < BC_ROW_TAPS; i++)
            vec_store(to + i * pitch + x, taps[i]);
    }
}

/* A^T m of the six products: the outputs 2x and 2x + 1. */
VEC_INLINE void finish_pair(vec *even, vec *odd, const float *products, ptrdiff_t tap_stride)
{
    vec m[BC_ROW_TAPS];
    UNROLL
    for (int i = 0; i < BC_ROW_TAPS; i++)
        m[i] = vec_load(products + i * tap_stride);
    *even = vec_add(vec_add(m[0], vec_add(m[1], m[2])), vec_add(m[3], m[4]));
    *odd = vec_fma(vec_all(2), vec_sub(m[3], m[4]), vec_add(vec_sub(m[1], m[2]), m[5]));
}

/* Products of one output row and tap for n_vecs vectors of pairs: [n_out][n_vecs]. */
VEC_INLINE void multiply_pairs(const int n_out, const int n_vecs, const bc_conv_block *block,
                               const float *const rows[], ptrdiff_t x, float *products)
{
    vec acc[BC_CONV_MAX_BLOCK][MAX_VECS];
    conv_taps(n_out, n_vecs, acc, block, rows, x);
    UNROLL
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(products + (o * n_vecs + v) * LANES, acc[o][v]);
    }
}

/* What stays the same from tile to tile. */
typedef struct row_pair {
    const bc_winograd_row *winograd;
    const float *const *rows;
    ptrdiff_t pitch;
    const bc_map_rows *out;
    int n, n_rows, stride;
    counted counted;
    float *lanes, *products;
} row_pair;

/* Two vectors of a row's outputs from their products. */
VEC_INLINE void finish_pairs(const float *products, ptrdiff_t tap_stride, float *to, counted c,
                             lane_sums *lanes)
{
    vec even, odd;
    finish_pair(&even, &odd, products, tap_stride);
    const vec low = vec_join_low(even, odd), high = vec_join_high(even, odd);
    vec_store(to, low);
    vec_store(to + LANES, high);
    add_lanes(lanes, low, c);
    add_lanes(lanes, high, counted_from(c, LANES));
}

/* The first output, but for rounding. */
static float first_of_pairs(const float *products, ptrdiff_t tap_stride)
{
    float sum = 0;
    for (int tap = 0; tap < BC_ROW_TAPS - 1; tap++)
        sum += products[tap * tap_stride];
    return sum;
}

/*
 * Outputs of block b and row y, pairs from x on, from their products [taps][n_out][n_vecs]. Not
 * inlined: its constants would take registers from the loop over the products.
 */
static __attribute__((noinline)) void finish_block(int n_out, int n_vecs, const row_pair *p, int b,
                                                   int y, int x, const float *products)
{
    const ptrdiff_t tap_stride = (ptrdiff_t)n_out * n_vecs * LANES;
    for (int o = 0; o < n_out; o++, products += n_vecs * LANES) {
        const int channel = b * n_out + o;
        float *to = p->out->map + channel * p->out->channel_stride + y * p->out->row_stride + 2 * x;
        float *lanes = lanes_of(p->lanes, channel);
        if (x == 0 && y == 0)
            set_pivot(lanes, first_of_pairs(products, tap_stride));
        lane_sums sums = no_lanes(lanes);
        for (int v = 0; v < n_vecs; v++)
            finish_pairs(products + v * LANES, tap_stride, to + 2 * v * LANES,
                         counted_from(p->counted, 2 * (x + v * LANES)), &sums);
        merge_lanes(lanes, sums);
    }
}

/* Both rows of a tap in turn: they share most of their input while it is in the nearest cache. */
VEC_INLINE void winograd_row_tile(const int n_out, const int n_vecs, const row_pair *p, int x)
{
    const bc_conv *products = p->winograd->products;
    const ptrdiff_t tap_floats = n_out * n_vecs * LANES, row_floats = BC_ROW_TAPS * tap_floats;
    for (int b = 0; b < products[0].n_out / n_out; b++) {
        for (int tap = 0; tap < BC_ROW_TAPS; tap++) {
            for (int y = 0; y < p->n_rows; y++)
                multiply_pairs(n_out, n_vecs, &products[tap].blocks[b], p->rows + y * p->stride,
                               x + tap * p->pitch, p->products + y * row_floats + tap * tap_floats);
        }
        for (int y = 0; y < p->n_rows; y++)
            finish_block(n_out, n_vecs, p, b, y, x, p->products + y * row_floats);
    }
}

VEC_INLINE void winograd_row_blocks(const int n_out, const int max_vecs, const row_pair *p)
{
    int x = 0;
    for (; p->n - 2 * x > 2 * LANES * (max_vecs - 1); x += max_vecs * LANES)
        winograd_row_tile(n_out, max_vecs, p, x);
    if (max_vecs == 3 && p->n - 2 * x > 2 * LANES) {
        winograd_row_tile(n_out, 2, p, x);
        x += 2 * LANES;
    }
    if (p->n > 2 * x)
        winograd_row_tile(n_out, 1, p, x);
}

static void winograd_row(const bc_winograd_row *winograd, const float *const rows[],
                         ptrdiff_t pitch, int stride, const bc_map_rows *out, int n, int n_rows,
                         const bc_sums *sums, float *scratch)
{
    const int n_out = winograd->products[0].n_out;
    const row_pair p = {.winograd = winograd,
                        .rows = rows,
                        .pitch = pitch,
                        .out = out,
                        .n = n,
                        .n_rows = n_rows,
                        .stride = stride,
                        .counted = counted_of(sums, n),
                        .lanes = scratch,
                        .products = scratch + BC_CONV_SCRATCH(n_out)};
    clear_lanes(scratch, n_out);
    if (winograd->products[0].block == CONV_BLOCK)
        winograd_row_blocks(CONV_BLOCK, CONV_VECS, &p);
    else
        winograd_row_blocks(LAST_BLOCK, LAST_VECS, &p);
    if (sums)
        reduce_lanes(sums, scratch, n_out, (p.counted.end - p.counted.first) * n_rows);
}

#endif
