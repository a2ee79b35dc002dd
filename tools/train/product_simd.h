/*
 * product_simd.h: the loops that the AVX-512 products share. The file that includes it says before
 * what an element of 32 bits is, a float or a pair of bfloat16:
 *
 *     __m512 add_product(__m512 sum, __m512i a, __m512i b)        sum + a b
 */
#ifndef BC_TRAIN_PRODUCT_SIMD_H
#define BC_TRAIN_PRODUCT_SIMD_H

#include "train/product.h"

enum { LANES = 16, ROWS = BC_PRODUCT_ROWS, MOST_VECTORS = 3 /* sums of a block: 24 registers */ };

/* A product, or its columns from some on. */
typedef struct operands {
    float *c; /* [n_rows, n] */
    const bc_product *product;
    const float *a; /* one of its matrices */
    const float *b; /* [n_lines, n] */
    int n_lines, n;
} operands;

static inline __attribute__((always_inline)) void add_line(__m512 sums[ROWS][MOST_VECTORS],
                                                           const float *a, const float *b,
                                                           const int n_vectors, __mmask16 last)
{
    __m512i line[MOST_VECTORS];
    for (int v = 0; v < n_vectors; v++)
        line[v] = _mm512_maskz_loadu_epi32(v < n_vectors - 1 ? 0xffff : last, b + v * LANES);
    for (int row = 0; row < ROWS; row++) {
        const __m512i element = _mm512_castps_si512(_mm512_set1_ps(a[row]));
        for (int v = 0; v < n_vectors; v++)
            sums[row][v] = add_product(sums[row][v], element, line[v]);
    }
}

/* The rows of a block of A by up to n_vectors * LANES columns. */
static inline __attribute__((always_inline)) void
multiply_block(const operands *o, int first_row, int column, const int n_vectors, __mmask16 last)
{
    __m512 sums[ROWS][MOST_VECTORS];
    for (int row = 0; row < ROWS; row++)
        for (int v = 0; v < n_vectors; v++)
            sums[row][v] = _mm512_setzero_ps();
    const bc_product *p = o->product;
    const float *a = o->a + (ptrdiff_t)(first_row / ROWS) * p->block_step, *b = o->b + column;
    for (int line = 0; line < o->n_lines; line++, a += p->line_step, b += o->n) {
        _mm_prefetch(a + p->block_step, _MM_HINT_T0); /* from memory, for the next block */
        add_line(sums, a, b, n_vectors, last);
    }
    float *c = o->c + (ptrdiff_t)first_row * o->n + column;
    for (int row = 0; row < ROWS; row++, c += o->n)
        for (int v = 0; v < n_vectors && first_row + row < p->n_rows; v++)
            _mm512_mask_storeu_ps(c + v * LANES, v < n_vectors - 1 ? 0xffff : last, sums[row][v]);
}

static void multiply(const operands *o)
{
    const int step = MOST_VECTORS * LANES;
    for (int row = 0; row < o->product->n_rows; row += ROWS)
        for (int column = 0; column < o->n; column += step) {
            const int n = o->n - column < step ? o->n - column : step;
            const __mmask16 last = (__mmask16)(0xffffu >> ((LANES - n % LANES) % LANES));
            if (n > 2 * LANES)
                multiply_block(o, row, column, 3, last);
            else if (n > LANES)
                multiply_block(o, row, column, 2, last);
            else
                multiply_block(o, row, column, 1, last);
        }
}

#endif
