/* vec_avx2.h: the primitives of vec_avx512.h on 8 floats. For avx2.c only. */
#ifndef BC_KERNELS_VEC_AVX2_H
#define BC_KERNELS_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

typedef __m256 vec;
enum { LANES = 8 };

#define VEC_INLINE static inline __attribute__((always_inline))

VEC_INLINE vec vec_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

/* The first halves of the vectors at a and b. */
VEC_INLINE vec vec_load_halves(const float *a, const float *b)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(a)), _mm_loadu_ps(b), 1);
}

VEC_INLINE void vec_store(float *to, vec a)
{
    _mm256_storeu_ps(to, a);
}

VEC_INLINE vec vec_all(float x)
{
    return _mm256_set1_ps(x);
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

VEC_INLINE vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

/* LANES bytes as numbers. */
VEC_INLINE vec vec_bytes(const uint8_t *from)
{
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)from);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

/* LANES bytes, rounded to nearest even, from numbers within some thousands of 0..255. */
VEC_INLINE void vec_store_bytes(uint8_t *to, vec a)
{
    const __m256i whole = _mm256_cvtps_epi32(a);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(words, words));
}

/* The first n lanes, 0 < n < LANES; zeros behind them. */
VEC_INLINE vec vec_first(vec a, int n)
{
    const __m256i lane = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    const __m256i keep = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane);
    return _mm256_and_ps(a, _mm256_castsi256_ps(keep));
}

VEC_INLINE double vec_sum(vec a)
{
    const __m256d pairs = _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(a)),
                                        _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(pairs), _mm256_extractf128_pd(pairs, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/* 64-bit quarters 0 2 1 3: the shuffles below work on halves of a register. */
VEC_INLINE vec order_quarters(vec a)
{
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(a), 0xD8));
}

/* The even (odd) lanes of a, then those of b. */
VEC_INLINE vec vec_even(vec a, vec b)
{
    return order_quarters(_mm256_shuffle_ps(a, b, 0x88));
}

VEC_INLINE vec vec_odd(vec a, vec b)
{
    return order_quarters(_mm256_shuffle_ps(a, b, 0xDD));
}

/* The first (second) half of a0 b0 a1 b1 ... */
VEC_INLINE vec vec_join_low(vec a, vec b)
{
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}

VEC_INLINE vec vec_join_high(vec a, vec b)
{
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}

#endif
