/*
 * simd_winograd.h: Winograd's F(4x4, 3x3) and F(4x4, 5x5) over the primitives of a vec_*.h: 36
 * products instead of 144, and 64 instead of 400, for 4x4 outputs. Source: Lavin and Gray, "Fast
 * algorithms for convolutional neural networks", CVPR 2016, section 4.
 *
 * A tile is 4x4 outputs; a vector holds one element of LANES neighbouring tiles. Of two rows of
 * tiles, whose last vectors are at most half full, these two are one. Rows come transformed. For a
 * strip of at most WINOGRAD_VECS vectors of tiles, and for each point of the rows in turn:
 * transform the columns of all inputs, multiply point by point for each block of outputs, and
 * transform the products' columns back; at last the rows, on the way out. So one point's inputs and
 * one block's products stay in the nearest cache. The including file chooses strip and block by its
 * number of registers:
 *     WINOGRAD_BLOCK       outputs of a block, where it divides their number
 *     WINOGRAD_LAST_BLOCK  otherwise (the last layer's 12), or WINOGRAD_BLOCK if it divides 12 too
 *     WINOGRAD_VECS        vectors of tiles
 */
#ifndef BC_KERNELS_SIMD_WINOGRAD_H
#define BC_KERNELS_SIMD_WINOGRAD_H

#include "kernels/simd_conv.h"
#include "kernels/simd_winograd_lines.h"

/* The eight inputs around a tile of four: even and odd samples from two before it. */
VEC_INLINE void load_line(vec d[8], const float *even, const float *odd)
{
    UNROLL
    for (int i = 0; i < 2; i++) {
        const vec e0 = vec_load(even + 2 * i - 1), e1 = vec_load(even + 2 * i - 1 + LANES);
        const vec o0 = vec_load(odd + 2 * i - 1), o1 = vec_load(odd + 2 * i - 1 + LANES);
        d[4 * i] = vec_even(e0, e1);
        d[4 * i + 1] = vec_even(o0, o1);
        d[4 * i + 2] = vec_odd(e0, e1);
        d[4 * i + 3] = vec_odd(o0, o1);
    }
}

enum { STRIP = WINOGRAD_VECS * LANES }; /* tiles */

VEC_INLINE void load_points(const int n_points, float *to, int n_groups, const float *even,
                            const float *odd, int n)
{
    const ptrdiff_t stride = (ptrdiff_t)n_groups * STRIP;
    for (int x = 0; x < n; x += LANES) {
        vec d[8], points[8];
        load_line(d, even + 2 * x, odd + 2 * x);
        transform_line(n_points, points, n_points == 6 ? d + 1 : d);
        UNROLL
        for (int i = 0; i < n_points; i++)
            vec_store(to + (x / STRIP * n_points + i) * stride + x % STRIP, points[i]);
    }
}

static void winograd_load(float *to, int n_points, int n_groups, const float *even,
                          const float *odd, int n)
{
    if (n_points == 6)
        load_points(6, to, n_groups, even, odd, n);
    else
        load_points(8, to, n_groups, even, odd, n);
}

/* One strip of tiles and what it is computed from and in. */
typedef struct strip {
    const bc_winograd *winograd;
    const float *const *rows;
    bc_map_rows to; /* its row of tiles, from output 0 on */
    int n, n_rows;  /* outputs wanted: of a row, and rows */
    ptrdiff_t tile; /* the first one */
    int n_vecs;
    bool is_shared; /* its one vector has a half of this row of tiles and one of the next */
    bool is_summed;
    float *lanes;    /* sums and squares of all outputs; those of the next row follow */
    float *inputs;   /* [n_in][points][n_vecs * LANES] */
    float *products; /* [points][block][n_vecs * LANES] */
    float *columns;  /* [points][n_out][BC_WINOGRAD_TILE][n_vecs * LANES] */
    touches ahead, out;
} strip;

/* One vector more than needed: points would fall onto one set of the cache. */
static ptrdiff_t column_stride(const strip *s)
{
    return (ptrdiff_t)(s->winograd->n_out * BC_WINOGRAD_TILE * s->n_vecs + 1) * LANES;
}

/* Where a row's point `px` begins for the strip. */
static ptrdiff_t first_input(const strip *s, int n_points, int px)
{
    return (s->tile / STRIP * n_points + px) * s->winograd->n_groups * STRIP + s->tile % STRIP;
}

/* The columns of point `px` of all inputs. */
VEC_INLINE void transform_columns(const int n_points, const int n_vecs, const strip *s, int px)
{
    const int n_groups = s->winograd->n_groups, stride = s->winograd->stride;
    const ptrdiff_t first = first_input(s, n_points, px);
    float *to = s->inputs;
    for (int phase = 0; phase < stride; phase++) {
        const float *rows[8];
        UNROLL
        for (int i = 0; i < n_points; i++)
            rows[i] = s->rows[i * stride + phase] + first;
        for (ptrdiff_t at = 0; at < (ptrdiff_t)n_groups * STRIP; at += STRIP) {
            UNROLL
            for (int v = 0; v < n_vecs; v++) {
                vec d[8], points[8];
                UNROLL
                for (int i = 0; i < n_points; i++)
                    d[i] = vec_load(rows[i] + at + v * LANES);
                transform_line(n_points, points, d);
                UNROLL
                for (int i = 0; i < n_points; i++)
                    vec_store(to + (i * n_vecs + v) * LANES, points[i]);
            }
            to += n_points * n_vecs * LANES;
        }
    }
}

/* The same for a shared vector, of stride 1. */
VEC_INLINE void transform_shared_columns(const int n_points, const strip *s, int px)
{
    const ptrdiff_t first = first_input(s, n_points, px);
    float *to = s->inputs;
    for (int group = 0; group < s->winograd->n_groups; group++, to += n_points * LANES) {
        const ptrdiff_t at = first + (ptrdiff_t)group * STRIP;
        vec d[8], points[8];
        UNROLL
        for (int i = 0; i < n_points; i++)
            d[i] = vec_load_halves(s->rows[i] + at, s->rows[i + BC_WINOGRAD_TILE] + at);
        transform_line(n_points, points, d);
        UNROLL
        for (int i = 0; i < n_points; i++)
            vec_store(to + i * LANES, points[i]);
    }
}

/* One point's products of a block: the sums over the inputs of weight * input. */
VEC_INLINE void multiply_point(const int n_points, const int n_out, const int n_vecs, float *to,
                               const float *in, const float *weight, int n_in, const float *bias)
{
    vec acc[BC_CONV_MAX_BLOCK][MAX_VECS];
    UNROLL
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            acc[o][v] = vec_all(bias ? bias[o] : 0);
    }
    for (int c = 0; c < n_in; c++) {
        UNROLL
        for (int o = 0; o < n_out; o++) {
            const vec w = vec_all(weight[o]);
            UNROLL
            for (int v = 0; v < n_vecs; v++)
                acc[o][v] = vec_fma(w, vec_load(in + v * LANES), acc[o][v]);
        }
        in += n_points * n_vecs * LANES;
        weight += n_out;
    }
    UNROLL
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(to + (o * n_vecs + v) * LANES, acc[o][v]);
    }
}

/* The columns of a block's products become four rows each. */
VEC_INLINE void finish_columns(const int n_points, const int n_out, const int n_vecs, float *to,
                               const float *products)
{
    for (int o = 0; o < n_out; o++) {
        UNROLL
        for (int v = 0; v < n_vecs; v++) {
            vec m[8], y[BC_WINOGRAD_TILE];
            UNROLL
            for (int i = 0; i < n_points; i++)
                m[i] = vec_load(products + ((i * n_out + o) * n_vecs + v) * LANES);
            outputs_of(n_points, y, m);
            UNROLL
            for (int i = 0; i < BC_WINOGRAD_TILE; i++)
                vec_store(to + ((o * BC_WINOGRAD_TILE + i) * n_vecs + v) * LANES, y[i]);
        }
    }
}

/* The point, of rows and columns, whose product all outputs contain with a factor of 1. */
enum { BIAS_POINT = 1 };

/* All products of a block with point `px` of the rows. */
VEC_INLINE void multiply_block(const int n_points, const int n_out, const int n_vecs, strip *s,
                               int px, int block)
{
    const bc_winograd *w = s->winograd;
    const int n_in = w->n_groups * w->stride;
    const ptrdiff_t first = (ptrdiff_t)(px * (w->n_out / n_out) + block) * n_points;
    for (int py = 0; py < n_points; py++) {
        const bool has_bias = px == BIAS_POINT && py == BIAS_POINT;
        touch(&s->ahead, false);
        touch(&s->out, true);
        /* with stride 2 the odd rows of a kernel have no last tap */
        const int n_used = py == n_points - 1 ? w->n_groups : n_in;
        multiply_point(n_points, n_out, n_vecs, s->products + py * n_out * n_vecs * LANES,
                       s->inputs + py * n_vecs * LANES, w->weights + (first + py) * n_in * n_out,
                       n_used, has_bias ? w->bias + block * n_out : NULL);
    }
    finish_columns(n_points, n_out, n_vecs,
                   s->columns + px * column_stride(s) +
                       (ptrdiff_t)block * n_out * BC_WINOGRAD_TILE * n_vecs * LANES,
                   s->products);
}

/* A row of outputs of LANES tiles, as it stands in a map. */
VEC_INLINE void finish_row(const int n_points, vec joined[BC_WINOGRAD_TILE], const float *from,
                           ptrdiff_t stride)
{
    vec m[8], y[BC_WINOGRAD_TILE];
    UNROLL
    for (int i = 0; i < n_points; i++)
        m[i] = vec_load(from + i * stride);
    outputs_of(n_points, y, m);
    const vec even[2] = {vec_join_low(y[0], y[2]), vec_join_high(y[0], y[2])};
    const vec odd[2] = {vec_join_low(y[1], y[3]), vec_join_high(y[1], y[3])};
    UNROLL
    for (int i = 0; i < 2; i++) {
        joined[2 * i] = vec_join_low(even[i], odd[i]);
        joined[2 * i + 1] = vec_join_high(even[i], odd[i]);
    }
}

/* `n` outputs of these vectors are wanted. `lanes` may be NULL. */
VEC_INLINE void put_row(const int n_vecs, float *to, const vec joined[], int n, lane_sums *lanes)
{
    UNROLL
    for (int i = 0; i < n_vecs; i++) {
        if (i * LANES < n)
            vec_store(to + i * LANES, joined[i]);
        if (lanes)
            add_lanes(lanes, joined[i], n - i * LANES);
    }
}

/* The first output, but for rounding. */
static float first_output(const strip *s, const float *from)
{
    float sum = 0;
    for (int i = 0; i < s->winograd->n_points - 1; i++)
        sum += from[i * column_stride(s)];
    return sum;
}

/* All rows of one output. */
VEC_INLINE void finish_output(const int n_points, const strip *s, int channel)
{
    const ptrdiff_t stride = column_stride(s);
    const float *from = s->columns + (ptrdiff_t)channel * BC_WINOGRAD_TILE * s->n_vecs * LANES;
    float *const to = s->to.map + channel * s->to.channel_stride + BC_WINOGRAD_TILE * s->tile;
    float *const channel_lanes = lanes_of(s->lanes, channel);
    if (s->tile == 0)
        set_pivot(channel_lanes, first_output(s, from));
    lane_sums lanes = no_lanes(channel_lanes);
    for (int y = 0; y < s->n_rows; y++) {
        for (int v = 0; v < s->n_vecs; v++, from += LANES) {
            const int x = v * BC_WINOGRAD_TILE * LANES;
            vec joined[BC_WINOGRAD_TILE];
            finish_row(n_points, joined, from, stride);
            put_row(BC_WINOGRAD_TILE, to + y * s->to.row_stride + x, joined, s->n - x,
                    s->is_summed ? &lanes : NULL);
        }
    }
    merge_lanes(channel_lanes, lanes);
}

/* The same for a shared vector, which no row of tiles begins with. */
VEC_INLINE void finish_shared_output(const int n_points, const strip *s, int channel)
{
    enum { HALF = BC_WINOGRAD_TILE / 2 };
    const ptrdiff_t stride = column_stride(s);
    const float *from = s->columns + (ptrdiff_t)channel * BC_WINOGRAD_TILE * LANES;
    float *const to = s->to.map + channel * s->to.channel_stride + BC_WINOGRAD_TILE * s->tile;
    float *const both[2] = {lanes_of(s->lanes, channel),
                            lanes_of(s->lanes, s->winograd->n_out + channel)};
    lane_sums lanes[2] = {no_lanes(both[0]), no_lanes(both[1])};
    for (int y = 0; y < BC_WINOGRAD_TILE; y++, from += LANES) {
        float *const row = to + y * s->to.row_stride;
        vec joined[BC_WINOGRAD_TILE];
        finish_row(n_points, joined, from, stride);
        put_row(HALF, row, joined, s->n, s->is_summed ? &lanes[0] : NULL);
        if (y + BC_WINOGRAD_TILE < s->n_rows)
            put_row(HALF, row + BC_WINOGRAD_TILE * s->to.row_stride, joined + HALF, s->n,
                    s->is_summed ? &lanes[1] : NULL);
    }
    merge_lanes(both[0], lanes[0]);
    merge_lanes(both[1], lanes[1]);
}

/* All products of a strip with point `px` of the rows. */
VEC_INLINE void compute_point(const int n_points, const int n_out, const int n_vecs, strip *s,
                              int px)
{
    if (n_vecs == 1 && s->is_shared)
        transform_shared_columns(n_points, s, px);
    else
        transform_columns(n_points, n_vecs, s, px);
    for (int block = 0; block < s->winograd->n_out / n_out; block++)
        multiply_block(n_points, n_out, n_vecs, s, px, block);
}

VEC_INLINE void compute_points(const int n_points, const int n_out, strip *s)
{
    for (int px = 0; px < n_points; px++) {
        if (s->n_vecs == 1)
            compute_point(n_points, n_out, 1, s, px);
        else if (s->n_vecs == 2 || n_out > WINOGRAD_BLOCK)
            compute_point(n_points, n_out, 2, s, px);
        else
            compute_point(n_points, n_out, 3, s, px);
    }
}

VEC_INLINE void compute_strip(const int n_points, strip *s)
{
    if (s->winograd->block == WINOGRAD_BLOCK)
        compute_points(n_points, WINOGRAD_BLOCK, s);
    else
        compute_points(n_points, WINOGRAD_LAST_BLOCK, s);
    for (int o = 0; o < s->winograd->n_out; o++) {
        if (s->is_shared)
            finish_shared_output(n_points, s, o);
        else
            finish_output(n_points, s, o);
    }
}

/* The strip from tile s->tile on, with which n outputs of a row are left. */
static void run_strip(strip *s, int n_calls)
{
    bc_ahead written = {.map = s->to.map + BC_WINOGRAD_TILE * s->tile,
                        .channel_stride = s->to.channel_stride,
                        .row_stride = s->to.row_stride,
                        .n_channels = s->winograd->n_out,
                        .n_rows = s->n_rows,
                        .n = BC_WINOGRAD_TILE * s->n_vecs * LANES};
    s->out = share_out(&written, n_calls);
    if (s->winograd->n_points == 6)
        compute_strip(6, s);
    else
        compute_strip(8, s);
}

/* The strips of a row of n_tiles. */
static void run_row(strip *s, int n, int n_tiles, int n_calls)
{
    for (s->tile = 0; s->tile < n_tiles; s->tile += s->n_vecs * LANES) {
        const int left = (n_tiles - (int)s->tile + LANES - 1) / LANES;
        s->n = n - BC_WINOGRAD_TILE * (int)s->tile;
        s->n_vecs = left < WINOGRAD_VECS ? left : WINOGRAD_VECS;
        run_strip(s, n_calls);
    }
}

static void winograd_rows(const bc_winograd *winograd, const float *const rows[],
                          const bc_map_rows *out, int n, int n_rows, const bc_sums *sums,
                          const bc_ahead *ahead, float *scratch)
{
    enum { TILE = BC_WINOGRAD_TILE };
    const int n_points = winograd->n_points, n_in = winograd->n_groups * winograd->stride;
    const int n_tiles = (n + TILE - 1) / TILE, n_tile_rows = n_rows > TILE ? 2 : 1;
    const int n_shared = n_tile_rows == 2 ? n_tiles % LANES : 0, n_own = n_tiles - n_shared;
    const int n_calls = n_points * n_points * winograd->n_out / winograd->block;
    const int n_strips = n_tile_rows * ((n_own + STRIP - 1) / STRIP) + (n_shared > 0);
    const ptrdiff_t lanes = (ptrdiff_t)3 * LANES * winograd->n_out;
    strip s = {.winograd = winograd,
               .is_summed = sums != NULL,
               .ahead = share_out(ahead, n_strips * n_calls)};
    s.products = scratch + 2 * lanes;
    s.inputs = s.products + (ptrdiff_t)n_points * winograd->block * STRIP;
    s.columns = s.inputs + (ptrdiff_t)n_points * n_in * STRIP;
    clear_lanes(scratch, n_tile_rows * winograd->n_out);
    for (int i = n_tile_rows - 1; i >= 0; i--) {
        s.rows = rows + i * TILE;
        s.to = *out;
        s.to.map += i * TILE * out->row_stride;
        s.n_rows = i == n_tile_rows - 1 ? n_rows - i * TILE : TILE;
        s.lanes = scratch + i * lanes;
        run_row(&s, n, n_own, n_calls);
    }
    if (n_shared > 0) {
        s.is_shared = true;
        s.n_vecs = 1;
        s.n = n - TILE * n_own;
        s.n_rows = n_rows;
        run_strip(&s, n_calls);
    }
    for (int i = 0; i < n_tile_rows && sums; i++)
        reduce_lanes(sums, scratch + i * lanes, winograd->n_out,
                     n * (i == n_tile_rows - 1 ? n_rows - i * TILE : TILE));
}

#endif
