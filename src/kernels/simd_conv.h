/*
 * simd_conv.h: direct convolution over the primitives of a vec_*.h. A tile of outputs x vectors of
 * pixels stays in registers while the taps pass by: each loaded vector serves all outputs, each
 * broadcast weight all vectors. The including file chooses the tile by its number of registers:
 *     CONV_BLOCK     outputs of a block, where it divides their number
 *     CONV_VECS      vectors of pixels with CONV_BLOCK outputs
 *     LAST_BLOCK     outputs of a block otherwise (the last layer's 12), or CONV_BLOCK if it
 *                    divides 12 too
 *     LAST_VECS      vectors of pixels with LAST_BLOCK outputs
 */
#ifndef BC_KERNELS_SIMD_CONV_H
#define BC_KERNELS_SIMD_CONV_H

#include "kernels/kernels.h"

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { MAX_VECS = 3 };

/*
 * Sums of a channel's outputs and of their squares, lane by lane, both of the difference from the
 * call's first output: of outputs far from zero and close to each other, rounded squares would
 * lose the variance.
 */
typedef struct lane_sums {
    vec pivot, sum, square;
} lane_sums;

/* Adds the first n lanes, or all of them. */
VEC_INLINE void add_lanes(lane_sums *lanes, vec y, int n)
{
    if (n <= 0)
        return;
    vec difference = vec_sub(y, lanes->pivot);
    if (n < LANES)
        difference = vec_first(difference, n);
    lanes->sum = vec_add(lanes->sum, difference);
    lanes->square = vec_fma(difference, difference, lanes->square);
}

VEC_INLINE float *lanes_of(float *scratch, int channel)
{
    return scratch + (ptrdiff_t)channel * 3 * LANES;
}

VEC_INLINE void set_pivot(float *lanes, float first)
{
    vec_store(lanes, vec_all(first));
}

/* What a tile adds its outputs to. */
VEC_INLINE lane_sums no_lanes(const float *lanes)
{
    return (lane_sums){.pivot = vec_load(lanes), .sum = vec_all(0), .square = vec_all(0)};
}

VEC_INLINE void merge_lanes(float *lanes, lane_sums sums)
{
    vec_store(lanes + LANES, vec_add(vec_load(lanes + LANES), sums.sum));
    vec_store(lanes + 2 * LANES, vec_add(vec_load(lanes + 2 * LANES), sums.square));
}

static void clear_lanes(float *scratch, int n_out)
{
    for (int i = 0; i < 3 * n_out; i++)
        vec_store(scratch + (ptrdiff_t)i * LANES, vec_all(0));
}

/* `n` outputs of each channel were added. */
static void reduce_lanes(const bc_sums *sums, float *scratch, int n_out, int n)
{
    for (int o = 0; o < n_out; o++) {
        const float *lanes = lanes_of(scratch, o);
        const double pivot = (double)*lanes, sum = vec_sum(vec_load(lanes + LANES));
        const double square = vec_sum(vec_load(lanes + 2 * LANES));
        sums->sum[o] += sum + n * pivot;
        sums->square[o] += square + pivot * (2 * sum + n * pivot);
    }
}

/* Memory that is needed soon, brought nearer by equal shares between the products. */
typedef struct touches {
    bc_ahead rows;
    int next, share; /* rows of all channels */
} touches;

static touches share_out(const bc_ahead *rows, int n_calls)
{
    const int n = rows->map ? rows->n_channels * rows->n_rows : 0;
    return (touches){.rows = *rows, .share = (n + n_calls - 1) / n_calls};
}

VEC_INLINE void touch(touches *t, const bool is_written)
{
    enum { LINE = 16 }; /* floats of a cache line */
    const bc_ahead *rows = &t->rows;
    const int n = rows->n_channels * rows->n_rows;
    for (int i = 0; i < t->share && t->next < n; i++, t->next++) {
        const float *row = rows->map + t->next / rows->n_rows * rows->channel_stride +
                           t->next % rows->n_rows * rows->row_stride;
        for (int x = 0; x < rows->n; x += LINE) {
            if (is_written)
                __builtin_prefetch(row + x, 1);
            else
                __builtin_prefetch(row + x, 0, 2);
        }
    }
}

/* acc = bias + the sum over all taps, for n_vecs vectors from x on. */
VEC_INLINE void conv_taps(const int n_out, const int n_vecs, vec acc[][MAX_VECS],
                          const bc_conv_block *block, const float *const rows[], ptrdiff_t x)
{
    const int32_t *offset = block->offsets;
    const float *weight = block->weights;
    UNROLL
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            acc[o][v] = vec_all(block->bias[o]);
    }
    for (int r = 0; r < block->n_rows; r++) {
        const float *row = rows[block->rows[r].row] + x;
        for (int t = block->rows[r].n_taps; t > 0; t--) {
            const float *from = row + *offset++;
            vec in[MAX_VECS];
            UNROLL
            for (int v = 0; v < n_vecs; v++)
                in[v] = vec_load(from + v * LANES);
            UNROLL
            for (int o = 0; o < n_out; o++) {
                const vec w = vec_all(weight[o]);
                UNROLL
                for (int v = 0; v < n_vecs; v++)
                    acc[o][v] = vec_fma(w, in[v], acc[o][v]);
            }
            weight += n_out;
        }
    }
}

/* One tile: outputs of `block` for n_vecs vectors from x on; the first n are wanted. */
VEC_INLINE void conv_tile(const int n_out, const int n_vecs, const bc_conv_block *block,
                          const float *const rows[], ptrdiff_t x, float *to,
                          ptrdiff_t channel_stride, int n, float *lanes)
{
    vec acc[BC_CONV_MAX_BLOCK][MAX_VECS];
    UNROLL
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            __builtin_prefetch(to + o * channel_stride + v * LANES, 1);
    }
    conv_taps(n_out, n_vecs, acc, block, rows, x);
    UNROLL
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(to + o * channel_stride + v * LANES, acc[o][v]);
        if (!lanes)
            continue;
        if (x == 0)
            set_pivot(lanes_of(lanes, o), to[o * channel_stride]);
        lane_sums sums = no_lanes(lanes_of(lanes, o));
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            add_lanes(&sums, acc[o][v], n - v * LANES);
        merge_lanes(lanes_of(lanes, o), sums);
    }
}

/* The tile with n_vecs out of 1 to 3 as a constant. */
VEC_INLINE void conv_tile_of(const int n_out, int n_vecs, const bc_conv_block *block,
                             const float *const rows[], ptrdiff_t x, float *to,
                             ptrdiff_t channel_stride, int n, float *lanes)
{
    if (n_vecs == 3)
        conv_tile(n_out, 3, block, rows, x, to, channel_stride, n, lanes);
    else if (n_vecs == 2)
        conv_tile(n_out, 2, block, rows, x, to, channel_stride, n, lanes);
    else
        conv_tile(n_out, 1, block, rows, x, to, channel_stride, n, lanes);
}

VEC_INLINE void conv_blocks(const int n_block, const int max_vecs, const bc_conv *conv,
                            const float *const rows[], const bc_map_rows *out, int n, float *lanes,
                            const bc_ahead *ahead)
{
    const int n_vectors = (n + LANES - 1) / LANES, n_blocks = conv->n_out / n_block;
    touches next = share_out(ahead, n_blocks * ((n_vectors + max_vecs - 1) / max_vecs));
    for (int x = 0; x < n;) {
        const int left = (n - x + LANES - 1) / LANES;
        const int n_vecs = left < max_vecs ? left : max_vecs;
        for (int b = 0; b < n_blocks; b++) {
            touch(&next, false);
            conv_tile_of(n_block, n_vecs, &conv->blocks[b], rows, x,
                         out->map + b * n_block * out->channel_stride + x, out->channel_stride,
                         n - x, lanes ? lanes_of(lanes, b * n_block) : NULL);
        }
        x += n_vecs * LANES;
    }
}

static void conv_row(const bc_conv *conv, const float *const rows[], const bc_map_rows *out, int n,
                     const bc_sums *sums, const bc_ahead *ahead, float *scratch)
{
    if (sums)
        clear_lanes(scratch, conv->n_out);
    float *const lanes = sums ? scratch : NULL;
    if (conv->block == CONV_BLOCK)
        conv_blocks(CONV_BLOCK, CONV_VECS, conv, rows, out, n, lanes, ahead);
    else
        conv_blocks(LAST_BLOCK, LAST_VECS, conv, rows, out, n, lanes, ahead);
    if (sums)
        reduce_lanes(sums, scratch, conv->n_out, n);
}

static double measure_peak(int64_t n_rounds)
{
    enum { CHAINS = 12 };
    volatile float seed = 0.5f;
    const vec factor = vec_all(seed);
    vec chain[CHAINS];
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        chain[i] = vec_all(seed * (float)i); /* equal chains would become one */
    for (int64_t round = 0; round < n_rounds; round++) {
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain[i] = vec_fma(chain[i], factor, factor);
    }
    double total = 0;
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        total += vec_sum(chain[i]);
    seed = (float)total;
    return 2.0 * CHAINS * LANES * (double)n_rounds;
}

#endif
