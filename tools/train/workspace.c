#include "train/workspace.h"

#include <assert.h>
#include <cblas.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/simd.h"

enum { N_LANES = 16, BLOCK = 1024 };

static size_t scratch_bytes(int n_threads)
{
    return (size_t)n_threads * BC_SCRATCH_FLOATS * sizeof(float);
}

bc_status bc_workspace_open(bc_workspace *workspace, int n_threads, const bc_log *log)
{
    assert(n_threads >= 0);
    openblas_set_num_threads(1);
    *workspace = (bc_workspace){.n_threads = n_threads ? n_threads : bc_cpu_count()};
    workspace->scratch = bc_pages_alloc(scratch_bytes(workspace->n_threads));
    if (!workspace->scratch)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the scratch space of %d threads",
                       workspace->n_threads);
    const bc_status status = bc_pool_open(&workspace->pool, workspace->n_threads, "layers", log);
    if (status < 0)
        bc_workspace_close(workspace);
    return status;
}

void bc_workspace_close(bc_workspace *workspace)
{
    bc_pool_close(&workspace->pool);
    bc_pages_free(workspace->scratch, scratch_bytes(workspace->n_threads));
    *workspace = (bc_workspace){0};
}

float *bc_workspace_scratch(const bc_workspace *workspace, int thread)
{
    return workspace->scratch + (size_t)thread * BC_SCRATCH_FLOATS;
}

typedef struct range_loop {
    bc_range_fn *fn;
    void *arg;
    int64_t n, grain;
} range_loop;

static void run_range(void *arg, int job, int thread)
{
    (void)thread;
    const range_loop *loop = arg;
    const int64_t begin = job * loop->grain;
    const int64_t end = begin + loop->grain < loop->n ? begin + loop->grain : loop->n;
    loop->fn(loop->arg, begin, end);
}

void bc_workspace_loop(const bc_workspace *workspace, bc_range_fn *fn, void *arg, int64_t n,
                       int64_t grain)
{
    range_loop loop = {fn, arg, n, grain};
    bc_pool_run(workspace->pool, run_range, &loop, (int)((n + grain - 1) / grain));
}

/* Floats in lanes within a block, doubles across blocks: fast, and as exact as it needs to be. */
static double block_dot(const float *x, const float *y, int64_t n)
{
    float lanes[N_LANES] = {0};
    int64_t i = 0;
    for (; i + N_LANES <= n; i += N_LANES)
        for (int lane = 0; lane < N_LANES; lane++)
            lanes[lane] += x[i + lane] * y[i + lane];
    double sum = 0;
    for (; i < n; i++)
        sum += (double)x[i] * y[i];
    for (int lane = 0; lane < N_LANES; lane++)
        sum += lanes[lane];
    return sum;
}

BC_SIMD double bc_dot(const float *x, const float *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i += BLOCK)
        sum += block_dot(x + i, y + i, n - i < BLOCK ? n - i : BLOCK);
    return sum;
}

static double block_sum(const float *x, int64_t n)
{
    float lanes[N_LANES] = {0};
    int64_t i = 0;
    for (; i + N_LANES <= n; i += N_LANES)
        for (int lane = 0; lane < N_LANES; lane++)
            lanes[lane] += x[i + lane];
    double sum = 0;
    for (; i < n; i++)
        sum += x[i];
    for (int lane = 0; lane < N_LANES; lane++)
        sum += lanes[lane];
    return sum;
}

BC_SIMD double bc_sum(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i += BLOCK)
        sum += block_sum(x + i, n - i < BLOCK ? n - i : BLOCK);
    return sum;
}
