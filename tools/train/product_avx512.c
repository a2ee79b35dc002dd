/* product_avx512.c: products in 32 bits. */
#include <immintrin.h>

static inline __attribute__((always_inline)) __m512 add_product(__m512 sum, __m512i a, __m512i b)
{
    return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}

#include "train/product_simd.h"

void bc_product_avx512(float *c, const bc_product *product, const float *a, float *b, int n)
{
    multiply(&(operands){c, product, a, b, product->depth, n});
}
