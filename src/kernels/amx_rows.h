/*
 * amx_rows.h: rows of bf16 that no product makes: of 8-bit pixels, and sums of two such rows.
 */
#ifndef BC_KERNELS_AMX_ROWS_H
#define BC_KERNELS_AMX_ROWS_H

#include "kernels/amx_finish.h"

static __m512 load_parts(const uint16_t *from, ptrdiff_t low)
{
    const __m512 high = load_values(from);
    return low ? _mm512_add_ps(high, load_values(from + low)) : high;
}

static void matrix_add(const bc_matrix_sum *sum, int n)
{
    const __m512 scale = _mm512_set1_ps(sum->scale);
    for (int i = 0; i < n; i += LANES) {
        const __m512 a = load_parts(sum->from[0] + i, sum->from_low[0]);
        const __m512 b = load_parts(sum->from[1] + i, sum->from_low[1]);
        __m512 y = _mm512_mul_ps(scale, _mm512_add_ps(a, b));
        if (sum->add)
            y = _mm512_add_ps(y, load_parts(sum->to + i, sum->to_low));
        store_parts(sum->to_low != 0, sum->to + i, sum->to_low, y);
    }
}

/* Whole numbers as bf16, in the upper halves. */
INLINE __m512i load_whole(const float *plane)
{
    enum { NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };
    return _mm512_castps_si512(_mm512_roundscale_ps(_mm512_loadu_ps(plane), NEAREST));
}

/*
 * Every second one of 32 pixels of a row, as red, green, blue, 0. A quarter of `low` holds numbers
 * 4k and 4k + 1 of them, of `high` 4k + 2 and 4k + 3.
 */
typedef struct colours {
    __m512i low, high;
} colours;

INLINE colours load_colours(const float *red, const float *green, const float *blue)
{
    const __m512i red_green =
        _mm512_or_si512(_mm512_srli_epi32(load_whole(red), 16), load_whole(green));
    const __m512i only_blue = _mm512_srli_epi32(load_whole(blue), 16);
    return (colours){.low = _mm512_unpacklo_epi32(red_green, only_blue),
                     .high = _mm512_unpackhi_epi32(red_green, only_blue)};
}

/* Both rows' pixels: quarter k of `pixels[j]` is number 4k + j. */
INLINE void join_rows(__m512i pixels[4], const float *planes[2][6], int odd, int i)
{
    const colours upper =
        load_colours(planes[0][odd] + i, planes[0][2 + odd] + i, planes[0][4 + odd] + i);
    const colours lower =
        load_colours(planes[1][odd] + i, planes[1][2 + odd] + i, planes[1][4 + odd] + i);
    pixels[0] = _mm512_unpacklo_epi64(upper.low, lower.low);
    pixels[1] = _mm512_unpackhi_epi64(upper.low, lower.low);
    pixels[2] = _mm512_unpacklo_epi64(upper.high, lower.high);
    pixels[3] = _mm512_unpackhi_epi64(upper.high, lower.high);
}

/* Quarter k of the four numbers goes to to + k * step. */
INLINE void store_quarters(uint16_t *to, ptrdiff_t step, __m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i ab_low = _mm512_shuffle_i64x2(a, b, 0x44),
                  ab_high = _mm512_shuffle_i64x2(a, b, 0xee);
    const __m512i cd_low = _mm512_shuffle_i64x2(c, d, 0x44),
                  cd_high = _mm512_shuffle_i64x2(c, d, 0xee);
    _mm512_storeu_si512(to, _mm512_shuffle_i64x2(ab_low, cd_low, 0x88));
    _mm512_storeu_si512(to + step, _mm512_shuffle_i64x2(ab_low, cd_low, 0xdd));
    _mm512_storeu_si512(to + 2 * step, _mm512_shuffle_i64x2(ab_high, cd_high, 0x88));
    _mm512_storeu_si512(to + 3 * step, _mm512_shuffle_i64x2(ab_high, cd_high, 0xdd));
}

static void matrix_pixels(uint16_t *to, const float *planes[2][6], int n)
{
    for (int i = 0; i < n; i += LANES, to += 8 * CHUNK) {
        __m512i even[4], odd[4];
        join_rows(even, planes, 0, i);
        join_rows(odd, planes, 1, i);
        store_quarters(to, 2 * CHUNK, even[0], odd[0], even[1], odd[1]);
        store_quarters(to + CHUNK, 2 * CHUNK, even[2], odd[2], even[3], odd[3]);
    }
}

#endif
