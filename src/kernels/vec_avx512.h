/*
 * vec_avx512.h: what the shared bodies (simd_*.h) are written in, on vectors of 16 floats. A new
 * instruction set is one more such file. For avx512.c only.
 */
#ifndef BC_KERNELS_VEC_AVX512_H
#define BC_KERNELS_VEC_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512 vec;
enum { LANES = 16 };

#define VEC_INLINE static inline __attribute__((always_inline))

VEC_INLINE vec vec_load(const float *from)
{
    return _mm512_loadu_ps(from);
}

/* The first halves of the vectors at a and b. */
VEC_INLINE vec vec_load_halves(const float *a, const float *b)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(a)), _mm256_loadu_ps(b), 1);
}

VEC_INLINE void vec_store(float *to, vec a)
{
    _mm512_storeu_ps(to, a);
}

VEC_INLINE vec vec_all(float x)
{
    return _mm512_set1_ps(x);
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

VEC_INLINE vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

/* LANES bytes as numbers. */
VEC_INLINE vec vec_bytes(const uint8_t *from)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

/* LANES bytes, rounded to nearest even, from numbers within some thousands of 0..255. */
VEC_INLINE void vec_store_bytes(uint8_t *to, vec a)
{
    const __m512i whole = _mm512_max_epi32(_mm512_cvtps_epi32(a), _mm512_setzero_si512());
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtusepi32_epi8(whole));
}

/* The first n lanes, 0 < n < LANES; zeros behind them. */
VEC_INLINE vec vec_first(vec a, int n)
{
    return _mm512_maskz_mov_ps((__mmask16)((1u << n) - 1), a);
}

VEC_INLINE double vec_sum(vec a)
{
    return _mm512_reduce_add_pd(_mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(a)),
                                              _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1))));
}

/* The even (odd) lanes of a, then those of b. */
VEC_INLINE vec vec_even(vec a, vec b)
{
    const __m512i index =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    return _mm512_permutex2var_ps(a, index, b);
}

VEC_INLINE vec vec_odd(vec a, vec b)
{
    const __m512i index =
        _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    return _mm512_permutex2var_ps(a, index, b);
}

/* The first (second) half of a0 b0 a1 b1 ... */
VEC_INLINE vec vec_join_low(vec a, vec b)
{
    const __m512i index = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutex2var_ps(a, index, b);
}

VEC_INLINE vec vec_join_high(vec a, vec b)
{
    const __m512i index =
        _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
    return _mm512_permutex2var_ps(a, index, b);
}

#endif
