#include "train/product.h"

#include <assert.h>
#include <cblas.h>
#include <stdint.h>
#include <string.h>

#include "base/cpu.h"
#include "base/pages.h"

static void product_blas(float *c, const bc_product *p, const float *a, float *b, int n)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, p->n_rows, n, p->depth, 1, a, p->depth,
                b, n, 0, c, n);
}

static bc_product_fn *const functions[] = {
    [BC_PRODUCT_BLAS] = product_blas,
#if defined(__x86_64__)
    [BC_PRODUCT_AVX512] = bc_product_avx512,
    [BC_PRODUCT_BF16] = bc_product_bf16,
#endif
};

bool bc_product_has(bc_product_kind kind)
{
    static const unsigned needs[] = {
        [BC_PRODUCT_AVX512] = BC_CPU_AVX512, [BC_PRODUCT_BF16] = BC_CPU_AVX512_BF16};
    return (needs[kind] & ~bc_cpu_features()) == 0;
}

bc_product_kind bc_product_exact(void)
{
    return bc_product_has(BC_PRODUCT_AVX512) ? BC_PRODUCT_AVX512 : BC_PRODUCT_BLAS;
}

/* Packing ---------------------------------------------------------------------------------- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

/* To the nearest, ties to even. */
static uint32_t bf16_of(float x)
{
    const uint32_t bits = bits_of(x);
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* Element [row, column], or 0 beyond the edges. */
static float element(const bc_product *p, const float *a, int row, int column)
{
    return row < p->n_rows && column < p->depth ? a[(ptrdiff_t)row * p->depth + column] : 0;
}

static uint32_t packed_element(const bc_product *p, const float *a, int row, int line)
{
    if (p->kind == BC_PRODUCT_AVX512)
        return bits_of(element(p, a, row, line));
    return bf16_of(element(p, a, row, 2 * line)) | bf16_of(element(p, a, row, 2 * line + 1)) << 16;
}

static int count_lines(const bc_product *p)
{
    return p->kind == BC_PRODUCT_BF16 ? (p->depth + 1) / 2 : p->depth;
}

static void pack(float *packed, const bc_product *p, const float *a)
{
    if (p->kind == BC_PRODUCT_BLAS) {
        memcpy(packed, a, p->step * sizeof(*a));
        return;
    }
    for (int first = 0; first < p->n_rows; first += BC_PRODUCT_ROWS)
        for (int line = 0; line < count_lines(p); line++)
            for (int row = first; row < first + BC_PRODUCT_ROWS; row++, packed++) {
                const uint32_t bits = packed_element(p, a, row, line);
                memcpy(packed, &bits, sizeof(bits));
            }
}

static size_t packed_floats(const bc_product *p)
{
    const int n_blocks = (p->n_rows + BC_PRODUCT_ROWS - 1) / BC_PRODUCT_ROWS;
    const int n_rows = p->kind == BC_PRODUCT_BLAS ? p->n_rows : n_blocks * BC_PRODUCT_ROWS;
    return (size_t)n_rows * (size_t)count_lines(p);
}

static size_t packed_bytes(const bc_product *p)
{
    return (size_t)p->n_matrices * p->step * sizeof(float);
}

bc_status bc_product_open(bc_product *product, const float *a, int n_matrices, int n_rows,
                          int depth, bc_product_kind kind, const bc_log *log)
{
    assert(bc_product_has(kind));
    *product =
        (bc_product){.kind = kind, .n_matrices = n_matrices, .n_rows = n_rows, .depth = depth};
    product->step = packed_floats(product);
    product->block_step = BC_PRODUCT_ROWS * count_lines(product);
    product->line_step = BC_PRODUCT_ROWS;
    product->packed = bc_pages_alloc(packed_bytes(product));
    if (!product->packed)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for packed weights");
    for (int i = 0; i < n_matrices; i++)
        pack(product->packed + (size_t)i * product->step, product,
             a + (size_t)i * (size_t)n_rows * (size_t)depth);
    return BC_OK;
}

void bc_product_close(bc_product *product)
{
    bc_pages_free(product->packed, packed_bytes(product));
    *product = (bc_product){0};
}

bc_product bc_product_of_symmetric(float *a, int n, bc_product_kind kind)
{
    assert(bc_product_has(kind));
    bc_product product = {.kind = n % BC_PRODUCT_ROWS ? BC_PRODUCT_BLAS : kind,
                          .n_matrices = 1,
                          .n_rows = n,
                          .depth = n,
                          .block_step = BC_PRODUCT_ROWS,
                          .line_step = n,
                          .packed = a};
#if defined(__x86_64__)
    if (product.kind == BC_PRODUCT_BF16)
        bc_product_pair_lines(a, n, n);
#endif
    return product;
}

void bc_product_run(const bc_product *product, float *c, float *b, int n, int matrix)
{
    assert(matrix < product->n_matrices);
    functions[product->kind](c, product, product->packed + (size_t)matrix * product->step, b, n);
}
