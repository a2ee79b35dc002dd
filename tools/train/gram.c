#include "train/gram.h"

#include <cblas.h>
#include <string.h>

#include "base/simd.h"

enum {
    ROWS = 32,     /* of a job of the Gram matrix */
    COLUMNS = 192, /* of a job of its backward pass, at most */
};

typedef struct pass {
    float *out; /* gram or dmap */
    const float *map;
    const bc_product *product; /* by dgram */
    int n_channels, n_positions, n_columns;
    bool has_avx512;
    const bc_workspace *workspace;
} pass;

/* Divides the rows, which are there from the diagonal on, and mirrors them. */
BC_SIMD static void finish_rows(const pass *p, int begin, int end)
{
    const int n = p->n_channels;
    for (int i = begin; i < end; i++)
        for (int j = i; j < n; j++)
            p->out[i * n + j] /= (float)p->n_positions;
    for (int j = begin + 1; j < n; j++)
        for (int i = begin; i < end && i < j; i++)
            p->out[j * n + i] = p->out[i * n + j];
}

/* It is symmetric: a job makes its rows from the diagonal on. */
static void make_rows(void *arg, int job, int thread)
{
    (void)thread;
    const pass *p = arg;
    const int n = p->n_channels, begin = job * ROWS, end = begin + ROWS < n ? begin + ROWS : n;
    const float *rows = p->map + (int64_t)begin * p->n_positions;
    float *gram = p->out + (int64_t)begin * n;
    if (p->has_avx512)
        bc_gram_rows_avx512(p->out, p->map, begin, end, n, p->n_positions);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, end - begin, n - begin, p->n_positions,
                    1, rows, p->n_positions, rows, p->n_positions, 0, gram + begin, n);
    finish_rows(p, begin, end);
}

void bc_gram_forward(float *gram, const float *map, int n_channels, int n_positions,
                     const bc_workspace *workspace)
{
    pass p = {.out = gram,
              .map = map,
              .n_channels = n_channels,
              .n_positions = n_positions,
              .has_avx512 = bc_product_exact() == BC_PRODUCT_AVX512};
    bc_pool_run(workspace->pool, make_rows, &p, (n_channels + ROWS - 1) / ROWS);
}

BC_SIMD static void add_scaled(float *sum, const float *x, int n, float scale)
{
    for (int i = 0; i < n; i++)
        sum[i] += scale * x[i];
}

static void add_columns(void *arg, int job, int thread)
{
    const pass *p = arg;
    const int begin = job * p->n_columns, rest = p->n_positions - begin;
    const int n = rest < p->n_columns ? rest : p->n_columns;
    float *columns = bc_workspace_scratch(p->workspace, thread);
    float *sums = columns + (ptrdiff_t)p->n_channels * n;
    for (ptrdiff_t c = 0; c < p->n_channels; c++)
        memcpy(columns + c * n, p->map + c * p->n_positions + begin, (size_t)n * sizeof(float));
    bc_product_run(p->product, sums, columns, n, 0);
    for (ptrdiff_t c = 0; c < p->n_channels; c++)
        add_scaled(p->out + c * p->n_positions + begin, sums + c * n, n, 2 / (float)p->n_positions);
}

void bc_gram_backward(float *dmap, float *dgram, const float *map, int n_channels, int n_positions,
                      bc_product_kind kind, const bc_workspace *workspace)
{
    const int fitting = BC_SCRATCH_FLOATS / (2 * n_channels);
    const bc_product product = bc_product_of_symmetric(dgram, n_channels, kind);
    pass p = {.out = dmap,
              .map = map,
              .product = &product,
              .n_channels = n_channels,
              .n_positions = n_positions,
              .n_columns = fitting < COLUMNS ? fitting : COLUMNS,
              .workspace = workspace};
    bc_pool_run(workspace->pool, add_columns, &p, (n_positions + p.n_columns - 1) / p.n_columns);
}
