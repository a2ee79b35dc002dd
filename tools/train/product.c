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
    [BC_PRODUCT_AMX] = bc_product_amx,
#endif
};

bool bc_product_has(bc_product_kind kind)
{
    static const unsigned needs[] = {[BC_PRODUCT_AVX512] = BC_CPU_AVX512,
                                     [BC_PRODUCT_BF16] = BC_CPU_AVX512_BF16,
                                     [BC_PRODUCT_AMX] = BC_CPU_AMX | BC_CPU_AVX512_BF16};
    return (needs[kind] & ~bc_cpu_features()) == 0;
}

bc_product_kind bc_product_exact(void)
{
    return bc_product_has(BC_PRODUCT_AVX512) ? BC_PRODUCT_AVX512 : BC_PRODUCT_BLAS;
}

bc_product_kind bc_product_fast(void)
{
    if (bc_product_has(BC_PRODUCT_AMX))
        return BC_PRODUCT_AMX;
    return bc_product_has(BC_PRODUCT_BF16) ? BC_PRODUCT_BF16 : bc_product_exact();
}

bool bc_product_rounds(bc_product_kind kind)
{
    return kind == BC_PRODUCT_BF16 || kind == BC_PRODUCT_AMX;
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

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static int count_lines(const bc_product *p)
{
    const int n_pairs = (p->depth + 1) / 2;
    if (p->kind == BC_PRODUCT_AMX)
        return round_up(n_pairs, BC_PRODUCT_TILE);
    return p->kind == BC_PRODUCT_BF16 ? n_pairs : p->depth;
}

/* What lies together: a tile of AMX, or a line of a block. */
static int tile_rows(const bc_product *p)
{
    return p->kind == BC_PRODUCT_AMX ? BC_PRODUCT_TILE : BC_PRODUCT_ROWS;
}

static int tile_lines(const bc_product *p)
{
    return p->kind == BC_PRODUCT_AMX ? BC_PRODUCT_TILE : 1;
}

static float *pack_tile(float *packed, const bc_product *p, const float *a, int row, int line)
{
    for (int i = 0; i < tile_rows(p) * tile_lines(p); i++, packed++) {
        const uint32_t bits =
            packed_element(p, a, row + i / tile_lines(p), line + i % tile_lines(p));
        memcpy(packed, &bits, sizeof(bits));
    }
    return packed;
}

static void pack(float *packed, const bc_product *p, const float *a)
{
    if (p->kind == BC_PRODUCT_BLAS) {
        memcpy(packed, a, p->step * sizeof(*a));
        return;
    }
    for (int row = 0; row < p->n_rows; row += tile_rows(p))
        for (int line = 0; line < count_lines(p); line += tile_lines(p))
            packed = pack_tile(packed, p, a, row, line);
}

static size_t packed_floats(const bc_product *p)
{
    const int n_rows = p->kind == BC_PRODUCT_BLAS ? p->n_rows : round_up(p->n_rows, tile_rows(p));
    return (size_t)n_rows * (size_t)count_lines(p);
}

/* Below as many lines of b there is no room for the zeros behind its pairs. */
enum { MIN_AMX_DEPTH = BC_PRODUCT_TILE };

static bc_product_kind kind_for(int depth, bc_product_kind kind)
{
    return kind == BC_PRODUCT_AMX && depth < MIN_AMX_DEPTH ? BC_PRODUCT_BF16 : kind;
}

static size_t packed_bytes(const bc_product *p)
{
    return (size_t)p->n_matrices * p->step * sizeof(float);
}

bc_status bc_product_open(bc_product *product, const float *a, int n_matrices, int n_rows,
                          int depth, bc_product_kind kind, const bc_log *log)
{
    assert(bc_product_has(kind));
    *product = (bc_product){
        .kind = kind_for(depth, kind), .n_matrices = n_matrices, .n_rows = n_rows, .depth = depth};
    product->step = packed_floats(product);
    product->block_step = tile_rows(product) * count_lines(product);
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
    const bc_product_kind packed = kind == BC_PRODUCT_AMX ? BC_PRODUCT_BF16 : kind;
    bc_product product = {.kind = n % BC_PRODUCT_ROWS ? BC_PRODUCT_BLAS : packed,
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
