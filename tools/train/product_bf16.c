/* product_bf16.c: products of pairs of bfloat16 values, added up in 32 bits. */
#include <immintrin.h>

static inline __attribute__((always_inline)) __m512 add_product(__m512 sum, __m512i a, __m512i b)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

#include "train/product_simd.h"

/* Two lines of floats become one line of pairs; `to` may be the first of them. */
static void pair_lines(float *to, const float *low, const float *high, int n)
{
    const __m512i mix = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    for (int i = 0; i < n; i += LANES) {
        const __mmask16 inside = (__mmask16)(n - i < LANES ? (1u << (n - i)) - 1 : 0xffff);
        const __m512 a = _mm512_maskz_loadu_ps(inside, low + i);
        const __m512 b = high ? _mm512_maskz_loadu_ps(inside, high + i) : _mm512_setzero_ps();
        const __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(b, a);
        _mm512_mask_storeu_epi32(to + i, inside, _mm512_permutexvar_epi16(mix, halves));
    }
}

void bc_product_pair_lines(float *x, int n_lines, int n)
{
    for (int line = 0; line < n_lines; line += 2) {
        const float *low = x + (ptrdiff_t)line * n;
        pair_lines(x + (ptrdiff_t)(line / 2) * n, low, line + 1 < n_lines ? low + n : NULL, n);
    }
}

void bc_product_bf16(float *c, const bc_product *product, const float *a, float *b, int n)
{
    bc_product_pair_lines(b, product->depth, n);
    multiply(&(operands){c, product, a, b, (product->depth + 1) / 2, n});
}
