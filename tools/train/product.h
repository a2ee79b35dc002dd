/*
 * product.h: products of constant matrices with others, C = A B: what a convolution by Winograd's
 * way consists of. The constant ones are packed once; OpenBLAS packs both factors again for every
 * product, which was a fifth of the time of the loss network.
 */
#ifndef BC_TRAIN_PRODUCT_H
#define BC_TRAIN_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

typedef enum bc_product_kind {
    BC_PRODUCT_BLAS,   /* OpenBLAS: everywhere */
    BC_PRODUCT_AVX512, /* 32 bits, to the rounding as OpenBLAS */
    BC_PRODUCT_BF16,   /* AVX512_BF16: both factors rounded to bfloat16, sums in 32 bits */
    BC_PRODUCT_AMX     /* AMX: as BF16, in another order */
} bc_product_kind;

/* Whether this machine has instructions for it. */
bool bc_product_has(bc_product_kind kind);

/* The fastest of 32 bits. */
bc_product_kind bc_product_exact(void);

/* The fastest of bfloat16, or of 32 bits where there is none. */
bc_product_kind bc_product_fast(void);

/* Whether it rounds to bfloat16. */
bool bc_product_rounds(bc_product_kind kind);

/* n_matrices constant factors A [n_rows, depth]. Immutable: shared by all threads. */
typedef struct bc_product {
    bc_product_kind kind; /* what was asked for, or a simpler one where its shape is none for it */
    int n_matrices, n_rows, depth;
    size_t step;               /* floats from one packed matrix to the next */
    int block_step, line_step; /* floats within one */
    float *packed;             /* [n_matrices, step] */
} bc_product;

/*
 * Packs a [n_matrices, n_rows, depth]; the machine has the kind. The result is closed by
 * bc_product_close, also after a failure.
 */
bc_status bc_product_open(bc_product *product, const float *a, int n_matrices, int n_rows,
                          int depth, bc_product_kind kind, const bc_log *log);
void bc_product_close(bc_product *product);

/*
 * By a symmetric a [n, n], which lies as it must already, but is overwritten by pairs for bfloat16.
 * It stays the caller's: the product is not closed. What would have to lie otherwise is made by a
 * simpler kind.
 */
bc_product bc_product_of_symmetric(float *a, int n, bc_product_kind kind);

/*
 * c [n_rows, n] = A b, for the factor of this index; b [depth, n] is left undefined. The bits of a
 * column depend on nothing but that column and A. Threads: any, each with its own b and c.
 */
void bc_product_run(const bc_product *product, float *c, float *b, int n, int matrix);

/*
 * The instruction sets' own files, for one packed matrix `a`: block_step from a block of
 * BC_PRODUCT_ROWS rows to the next, zeros below the last row; line_step from one of its lines of
 * BC_PRODUCT_ROWS elements to the next. A line is one of A's columns, or, in bfloat16, two: an
 * element of 32 bits is then a pair, the first column's value in the lower half. For AMX a block
 * has BC_PRODUCT_TILE rows, in tiles of as many lines, zeros behind the last; within a tile row
 * follows row.
 */
enum { BC_PRODUCT_ROWS = 8, BC_PRODUCT_TILE = 16 };

typedef void bc_product_fn(float *c, const bc_product *product, const float *a, float *b, int n);
bc_product_fn bc_product_avx512, bc_product_bf16, bc_product_amx;

/* x [n_lines, n] becomes lines of pairs, [ceil(n_lines / 2), n]. */
void bc_product_pair_lines(float *x, int n_lines, int n);

#endif
