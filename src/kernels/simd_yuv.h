/*
 * simd_yuv.h: 4:2:0 pixels to float planes and back, over the primitives of a vec_*.h, which must
 * be included before. Written once for all instruction sets.
 */
#ifndef BC_KERNELS_SIMD_YUV_H
#define BC_KERNELS_SIMD_YUV_H

#include <string.h>

#include "kernels/kernels.h"

/* Where a group of LANES pairs is read: luma of its first pixel, the rows at its first sample. */
typedef struct yuv_group {
    const uint8_t *luma;
    const uint8_t *chroma[2][2];
} yuv_group;

VEC_INLINE vec between(vec nearer, vec other, float share)
{
    return vec_fma(vec_sub(nearer, other), vec_all(share), other);
}

VEC_INLINE vec chroma_at(const uint8_t *const rows[2], int i, float share)
{
    return between(vec_bytes(rows[0] + i), vec_bytes(rows[1] + i), share);
}

VEC_INLINE vec colour(const float m[4], vec a, vec b, vec c)
{
    return vec_fma(vec_all(m[0]), a,
                   vec_fma(vec_all(m[1]), b, vec_fma(vec_all(m[2]), c, vec_all(m[3]))));
}

VEC_INLINE vec clip(vec x, float high)
{
    return vec_min(vec_max(x, vec_all(0)), vec_all(high));
}

VEC_INLINE void split_yuv_group(float *const planes[6], int i, const yuv_group *from,
                                const bc_yuv_row *row, const bc_colour_matrix *to_rgb)
{
    const vec first = vec_bytes(from->luma), second = vec_bytes(from->luma + LANES);
    const vec luma[2] = {vec_even(first, second), vec_odd(first, second)};
    vec chroma[2][2];
    for (int c = 0; c < 2; c++) {
        const vec own = chroma_at(from->chroma[c], 0, row->share_row);
        const vec left = chroma_at(from->chroma[c], -1, row->share_row);
        const vec right = chroma_at(from->chroma[c], 1, row->share_row);
        chroma[0][c] = between(own, left, row->share_even);
        chroma[1][c] = between(own, right, row->share_odd);
    }
    for (int c = 0; c < 3; c++) {
        for (int odd = 0; odd < 2; odd++)
            vec_store(planes[2 * c + odd] + i,
                      clip(colour(to_rgb->m[c], luma[odd], chroma[odd][0], chroma[odd][1]), 255));
    }
}

static inline int at_most(int n, int bound)
{
    return n < bound ? n : bound;
}

/* A group at an end of the row: a copy, since nothing outside may be read. */
static void split_yuv_end(float *const planes[6], int i, const bc_yuv_row *row, int pair,
                          const bc_colour_matrix *to_rgb)
{
    const int n_chroma = (row->width + 1) / 2;
    uint8_t luma[2 * LANES], chroma[2][2][LANES + 2];
    yuv_group group = {.luma = luma};
    for (int x = 0; x < 2 * LANES; x++)
        luma[x] = row->luma[at_most(2 * pair + x, row->width - 1)];
    for (int plane = 0; plane < 4; plane++) {
        uint8_t *to = chroma[plane / 2][plane % 2];
        const uint8_t *from = row->chroma[plane / 2][plane % 2];
        for (int x = -1; x <= LANES; x++)
            to[x + 1] = from[pair + x < 0 ? 0 : at_most(pair + x, n_chroma - 1)];
        group.chroma[plane / 2][plane % 2] = to + 1;
    }
    split_yuv_group(planes, i, &group, row, to_rgb);
}

static void yuv_split(float *const planes[6], const bc_yuv_row *row, int first, int n,
                      const bc_colour_matrix *to_rgb)
{
    const int n_whole = row->width / 2;
    for (int i = 0; i < n; i += LANES) {
        const int pair = first + i;
        if (pair == 0 || pair + LANES >= n_whole) {
            split_yuv_end(planes, i, row, pair, to_rgb);
            continue;
        }
        const yuv_group group = {.luma = row->luma + 2 * pair,
                                 .chroma = {{row->chroma[0][0] + pair, row->chroma[0][1] + pair},
                                            {row->chroma[1][0] + pair, row->chroma[1][1] + pair}}};
        split_yuv_group(planes, i, &group, row, to_rgb);
    }
}

VEC_INLINE void store_luma_group(uint8_t *to, float *const chroma[4], const float *const planes[6],
                                 int i, const bc_colour_matrix *from_rgb, float share, bool add)
{
    vec luma[2];
    for (int odd = 0; odd < 2; odd++) {
        const vec red = clip(vec_load(planes[odd] + i), 1);
        const vec green = clip(vec_load(planes[2 + odd] + i), 1);
        const vec blue = clip(vec_load(planes[4 + odd] + i), 1);
        luma[odd] = colour(from_rgb->m[0], red, green, blue);
        for (int c = 0; c < 2; c++) {
            float *sum = chroma[2 * c + odd] + i;
            const vec before = add ? vec_load(sum) : vec_all(0);
            vec_store(
                sum, vec_fma(colour(from_rgb->m[1 + c], red, green, blue), vec_all(share), before));
        }
    }
    vec_store_bytes(to, vec_join_low(luma[0], luma[1]));
    vec_store_bytes(to + LANES, vec_join_high(luma[0], luma[1]));
}

static void store_luma(uint8_t *to, float *const chroma[4], const float *const planes[6], int n,
                       const bc_colour_matrix *from_rgb, float share, bool add)
{
    int x = 0;
    for (; x + 2 * LANES <= n; x += 2 * LANES)
        store_luma_group(to + x, chroma, planes, x / 2, from_rgb, share, add);
    if (x < n) {
        uint8_t rest[2 * LANES];
        store_luma_group(rest, chroma, planes, x / 2, from_rgb, share, add);
        memcpy(to + x, rest, (size_t)(n - x));
    }
}

VEC_INLINE void store_chroma_group(uint8_t *to, const float *even, const float *odd,
                                   const float taps[3])
{
    const vec own = vec_fma(vec_all(taps[1]), vec_load(even), vec_all(0));
    const vec right = vec_fma(vec_all(taps[2]), vec_load(odd), own);
    vec_store_bytes(to, vec_fma(vec_all(taps[0]), vec_load(odd - 1), right));
}

static void store_chroma(uint8_t *to, const float *even, const float *odd, int n,
                         const float taps[3])
{
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        store_chroma_group(to + i, even + i, odd + i, taps);
    if (i < n) {
        uint8_t rest[LANES];
        store_chroma_group(rest, even + i, odd + i, taps);
        memcpy(to + i, rest, (size_t)(n - i));
    }
}

#endif
