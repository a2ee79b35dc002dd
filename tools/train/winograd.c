#include "train/winograd.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/simd.h"

enum {
    TILE = 4,
    SPAN = TILE + 2, /* of the inputs that a tile of outputs reads */
    N_POINTS = SPAN * SPAN,
    SMALL_PRODUCT = 1000000, /* multiplications: OpenBLAS does as many without packing */
    SMALL_TILES = 32,        /* at least, to be worth it */
    BAND_TILES = 160,        /* elsewhere, to repay the packing of the weights */
    BANDS_PER_THREAD = 4,    /* at least, so that threads end together */
    STRIP = 48,              /* tiles that are transformed at a time, at most */
    LINE = 16,               /* floats of a cache line */
    SKEW = 80,               /* floats that keep the 36 points out of each other's cache sets */
};

/* The points of the interpolation: 0, +-NEAR, +-FAR and infinity. */
static const double NEAR = 0.70710678118654752, FAR = 1.41421356237309505; /* sqrt(1/2), sqrt(2) */

/* One convolution, or a band of it: a rectangle of its tiles. */
typedef struct pass {
    const float *in, *mask;    /* [n_in, height, width]; where mask <= 0, `in` counts as 0 */
    float *out;                /* [n_out, height, width] */
    const float *bias;         /* [n_out]: added, then ReLU; NULL: neither */
    const bc_product *product; /* by the weights, 36 matrices [n_out, n_in] */
    float *tiles;              /* [36, n_in, n_tiles], transformed */
    float *products;           /* [36, n_out, n_tiles] */
    int64_t tiles_step, products_step; /* from one of the 36 to the next, SKEW included */
    int n_in, n_out, height, width;
    int row, column, n_rows, n_columns, n_tiles; /* of the band's tiles */
    const bc_workspace *workspace;
} pass;

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* Of one of the 36 points: [channel, tile of the band]. */
static int64_t tile_index(const pass *p, int channel, int row, int column)
{
    return (int64_t)channel * p->n_tiles + (row - p->row) * p->n_columns + column - p->column;
}

/* Weights ---------------------------------------------------------------------------------- */

/* out = G w G^T */
static void transform_weight(float *out, const float *w, bool flipped, size_t step)
{
    static const double g[SPAN][3] = {{1, 0, 0},
                                      {-2 / 3., -2 / 3. * NEAR, -1 / 3.},
                                      {-2 / 3., 2 / 3. * NEAR, -1 / 3.},
                                      {1 / 6., 1 / 6. * FAR, 1 / 3.},
                                      {1 / 6., -1 / 6. * FAR, 1 / 3.},
                                      {0, 0, 1}};
    double down[SPAN][3] = {{0}};
    for (int i = 0; i < SPAN; i++)
        for (int k = 0; k < 9; k++)
            down[i][k % 3] += g[i][k / 3] * w[flipped ? 8 - k : k];
    for (int i = 0; i < SPAN; i++)
        for (int j = 0; j < SPAN; j++)
            out[(size_t)(i * SPAN + j) * step] =
                (float)(down[i][0] * g[j][0] + down[i][1] * g[j][1] + down[i][2] * g[j][2]);
}

static bc_status pack(bc_product *product, float *matrices, const float *weight, int n_in,
                      int n_out, bool is_backward, bc_product_kind kind, const bc_log *log)
{
    const size_t n = (size_t)n_in * (size_t)n_out;
    for (int o = 0; o < n_out; o++)
        for (int i = 0; i < n_in; i++)
            transform_weight(matrices + (is_backward ? i * n_out + o : o * n_in + i),
                             weight + ((size_t)o * (size_t)n_in + (size_t)i) * 9, is_backward, n);
    return bc_product_open(product, matrices, N_POINTS, is_backward ? n_in : n_out,
                           is_backward ? n_out : n_in, kind, log);
}

bc_status bc_train_winograd_open(bc_train_winograd *winograd, const float *weight, int n_in,
                                 int n_out, bc_product_kind kind, const bc_log *log)
{
    *winograd = (bc_train_winograd){.n_in = n_in, .n_out = n_out};
    float *matrices = calloc(N_POINTS * (size_t)n_in * (size_t)n_out, sizeof(float));
    if (!matrices)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for transformed weights");
    bc_status status =
        pack(&winograd->forward, matrices, weight, n_in, n_out, false, bc_product_exact(), log);
    if (status == BC_OK && kind != bc_product_exact())
        status = pack(&winograd->target, matrices, weight, n_in, n_out, false, kind, log);
    if (status == BC_OK)
        status = pack(&winograd->backward, matrices, weight, n_in, n_out, true, kind, log);
    free(matrices);
    return status;
}

void bc_train_winograd_close(bc_train_winograd *winograd)
{
    bc_product_close(&winograd->forward);
    bc_product_close(&winograd->target);
    bc_product_close(&winograd->backward);
    *winograd = (bc_train_winograd){0};
}

/* Input tiles ------------------------------------------------------------------------------ */

/*
 * A strip is up to STRIP tiles that are transformed at a time: whole rows of the band's tiles, or a
 * part of one. Columns are transformed as they lie in memory, from LINE on; then they are kept by
 * phase, phase q of tile t being input column 4 t + q - 1, so that the transform of rows runs along
 * the tiles of all rows of the strip. Rows start at cache lines: a load that spans two stores has
 * to wait for them.
 */
typedef struct strip {
    int row, column, n_rows, n_columns; /* of its tiles */
} strip;

typedef float strip_columns[SPAN][LINE + TILE * STRIP + LINE];
typedef float strip_phases[SPAN][SPAN][STRIP + LINE];

/* A band's strips: rows by STRIP / n_columns, or one by one, and those cut. */
static int count_strips(const pass *p)
{
    return divide_up(p->n_columns, STRIP) * divide_up(p->n_rows, max(1, STRIP / p->n_columns));
}

static strip take_strip(const pass *p, int i)
{
    const int n_across = divide_up(p->n_columns, STRIP), n_rows = max(1, STRIP / p->n_columns);
    const int row = i / n_across * n_rows, column = i % n_across * STRIP;
    return (strip){p->row + row, p->column + column, min(n_rows, p->n_rows - row),
                   min(STRIP, p->n_columns - column)};
}

/* The rows of a map that a row of tiles reads, from column x on; zeros beyond the borders. */
static void find_rows(const float *rows[SPAN], const float *map, const pass *p, int channel,
                      int tile_row, int x)
{
    static const float zeros[TILE * STRIP + 2];
    for (int i = 0; i < SPAN; i++) {
        const int y = tile_row * TILE + i - 1;
        const bool inside = y >= 0 && y < p->height;
        rows[i] = inside ? map + ((int64_t)channel * p->height + y) * p->width + x : zeros;
    }
}

/* in[i][t], or 0 where there is a mask that is not above 0; a choice would become a branch. */
static float masked(const float *const in[SPAN], const float *const mask[SPAN], int i, int t)
{
    const float kept = !mask || mask[i][t] > 0;
    return in[i][t] * kept;
}

/* The six values of B^T x, `step` apart, along n elements; mask may be NULL. */
static void transform_input(float *out, int64_t step, const float *const in[SPAN],
                            const float *const mask[SPAN], int n)
{
#pragma omp simd
    for (int t = 0; t < n; t++) {
        const float x0 = masked(in, mask, 0, t), x1 = masked(in, mask, 1, t);
        const float x2 = masked(in, mask, 2, t), x3 = masked(in, mask, 3, t);
        const float x4 = masked(in, mask, 4, t), x5 = masked(in, mask, 5, t);
        const float a = x4 - 2 * x2, b = (float)NEAR * (x3 - 2 * x1);
        const float c = x4 - x2 / 2, d = (float)FAR * (x3 - x1 / 2);
        out[t] = x0 - 2.5f * x2 + x4;
        out[t + step] = a + b;
        out[t + 2 * step] = a - b;
        out[t + 3 * step] = c + d;
        out[t + 4 * step] = c - d;
        out[t + 5 * step] = x1 - 2.5f * x3 + x5;
    }
}

static void transform_columns(strip_columns down, const pass *p, int channel, int tile_row,
                              int first, int n)
{
    const int begin = max(first * TILE - 1, 0), end = min((first + n) * TILE + 1, p->width);
    const float *in[SPAN], *mask[SPAN];
    float *out = down[0] + LINE + begin - first * TILE;
    for (int i = 0; i < SPAN; i++) {
        down[i][LINE - 1] = 0; /* this and the last four are beyond the borders, or written next */
        for (int x = 1; x <= TILE; x++)
            down[i][LINE + (n - 1) * TILE + x] = 0;
    }
    find_rows(in, p->in, p, channel, tile_row, begin);
    if (p->mask) {
        find_rows(mask, p->mask, p, channel, tile_row, begin);
        transform_input(out, down[1] - down[0], in, mask, end - begin);
    } else {
        transform_input(out, down[1] - down[0], in, NULL, end - begin);
    }
}

/* Whole vectors: what is beyond the row's tiles is unused, or written by the next row. */
static void split_phases(strip_phases phases, strip_columns down, int at, int n)
{
    const int lanes = divide_up(n, LINE) * LINE;
    for (int i = 0; i < SPAN; i++) {
        const float *columns = down[i] + LINE - 1;
#pragma omp simd
        for (int t = 0; t < lanes; t++)
            for (int q = 0; q < TILE; q++)
                phases[i][q][at + t] = columns[t * TILE + q];
        for (int q = 0; q < SPAN - TILE; q++) {
            phases[i][q][at + n] = columns[n * TILE + q];
#pragma omp simd
            for (int t = 0; t < lanes; t++)
                phases[i][TILE + q][at + t] = phases[i][q][at + t + 1];
        }
    }
}

static void transform_strip(const pass *p, int channel, strip s)
{
    _Alignas(LINE * sizeof(float)) strip_columns down;
    _Alignas(LINE * sizeof(float)) strip_phases phases;
    for (int row = 0; row < s.n_rows; row++) {
        transform_columns(down, p, channel, s.row + row, s.column, s.n_columns);
        split_phases(phases, down, row * s.n_columns, s.n_columns);
    }
    float *out = p->tiles + tile_index(p, channel, s.row, s.column);
    for (int i = 0; i < SPAN; i++, out += SPAN * p->tiles_step)
        transform_input(out, p->tiles_step,
                        (const float *[]){phases[i][0], phases[i][1], phases[i][2], phases[i][3],
                                          phases[i][4], phases[i][5]},
                        NULL, s.n_rows * s.n_columns);
}

BC_SIMD static void transform_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const pass *p = arg;
    for (int i = 0; i < count_strips(p); i++)
        transform_strip(p, channel, take_strip(p, i));
}

/* Products --------------------------------------------------------------------------------- */

static void multiply_point(void *arg, int point, int thread)
{
    (void)thread;
    const pass *p = arg;
    bc_product_run(p->product, p->products + point * p->products_step,
                   p->tiles + point * p->tiles_step, p->n_tiles, point);
}

/* Output tiles ----------------------------------------------------------------------------- */

/* The four values of A^T x. */
static void transform_output(float *const y[TILE], const float *const x[SPAN], int n)
{
#pragma omp simd
    for (int t = 0; t < n; t++) {
        const float a = x[1][t] + x[2][t], b = (float)NEAR * (x[1][t] - x[2][t]);
        const float c = x[3][t] + x[4][t], d = (float)FAR * (x[3][t] - x[4][t]);
        y[0][t] = x[0][t] + a + c;
        y[1][t] = b + d;
        y[2][t] = a / 2 + 2 * c;
        y[3][t] = b / 2 + 2 * d + x[5][t];
    }
}

static void store_row(const pass *p, float phases[TILE][STRIP], int channel, int y, int first,
                      int n)
{
    float *out = p->out + ((int64_t)channel * p->height + y) * p->width + first * TILE;
    const int width = min(n * TILE, p->width - first * TILE);
    const float bias = p->bias ? p->bias[channel] : 0;
    const float least = p->bias ? 0 : -INFINITY;
#pragma omp simd
    for (int t = 0; t < width / TILE; t++)
        for (int q = 0; q < TILE; q++)
            out[t * TILE + q] = larger(phases[q][t] + bias, least);
    for (int x = width / TILE * TILE; x < width; x++)
        out[x] = larger(phases[x % TILE][x / TILE] + bias, least);
}

static void untransform_strip(const pass *p, int channel, int tile_row, int first, int n)
{
    _Alignas(LINE * sizeof(float)) float down[TILE][SPAN][STRIP], phases[TILE][STRIP];
    const int lanes = divide_up(n, LINE) * LINE; /* what is beyond is another's, or SKEW: unused */
    const int64_t step = p->products_step;
    const float *in = p->products + tile_index(p, channel, tile_row, first);
    for (int j = 0; j < SPAN; j++, in += step)
        transform_output((float *[]){down[0][j], down[1][j], down[2][j], down[3][j]},
                         (const float *[]){in, in + 6 * step, in + 12 * step, in + 18 * step,
                                           in + 24 * step, in + 30 * step},
                         lanes);
    for (int i = 0; i < TILE && tile_row * TILE + i < p->height; i++) {
        transform_output((float *[]){phases[0], phases[1], phases[2], phases[3]},
                         (const float *[]){down[i][0], down[i][1], down[i][2], down[i][3],
                                           down[i][4], down[i][5]},
                         lanes);
        store_row(p, phases, channel, tile_row * TILE + i, first, n);
    }
}

BC_SIMD static void untransform_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const pass *p = arg;
    const int end = p->column + p->n_columns;
    for (int row = p->row; row < p->row + p->n_rows; row++)
        for (int first = p->column; first < end; first += STRIP)
            untransform_strip(p, channel, row, first, min(STRIP, end - first));
}

/* Bands ------------------------------------------------------------------------------------ */

static int64_t band_floats(int n_in, int n_out, int n_tiles)
{
    return N_POINTS * ((int64_t)(n_in + n_out) * n_tiles + 2 * SKEW);
}

/*
 * A thread's scratch memory has room for as many tiles. Where products are small, such a band stays
 * in its cache from the first transform to the last.
 */
static int most_tiles(int n_in, int n_out)
{
    const int small = SMALL_PRODUCT / (n_in * n_out);
    const int fitting = (BC_SCRATCH_FLOATS / N_POINTS - 2 * SKEW) / (n_in + n_out);
    return small < SMALL_TILES ? BAND_TILES : min(small, fitting);
}

/* How a convolution is cut: bands are equal, as near as it goes. */
typedef struct bands {
    int n_rows, n_columns; /* of tiles in a band */
    int n_across, n;
} bands;

static bands cut(int n_in, int n_out, int height, int width)
{
    const int n_rows = divide_up(height, TILE), n_columns = divide_up(width, TILE);
    const int most = most_tiles(n_in, n_out);
    bands b = {.n_across = divide_up(n_columns, most)};
    b.n_columns = divide_up(n_columns, b.n_across);
    b.n_rows = divide_up(n_rows, divide_up(n_rows, most / b.n_columns));
    b.n = b.n_across * divide_up(n_rows, b.n_rows);
    return b;
}

int64_t bc_train_winograd_work_floats(int n_in, int n_out, int height, int width)
{
    const bands b = cut(n_in, n_out, height, width);
    return band_floats(n_in, n_out, b.n_rows * b.n_columns);
}

static pass take_band(const pass *whole, int band, float *work)
{
    const bands b = cut(whole->n_in, whole->n_out, whole->height, whole->width);
    pass p = *whole;
    p.row = band / b.n_across * b.n_rows;
    p.column = band % b.n_across * b.n_columns;
    p.n_rows = min(b.n_rows, divide_up(p.height, TILE) - p.row);
    p.n_columns = min(b.n_columns, divide_up(p.width, TILE) - p.column);
    p.n_tiles = p.n_rows * p.n_columns;
    p.tiles = work;
    p.tiles_step = (int64_t)p.n_in * p.n_tiles + SKEW;
    p.products = work + N_POINTS * p.tiles_step;
    p.products_step = (int64_t)p.n_out * p.n_tiles + SKEW;
    return p;
}

static void run_band(void *arg, int band, int thread)
{
    const pass *whole = arg;
    pass p = take_band(whole, band, bc_workspace_scratch(whole->workspace, thread));
    for (int i = 0; i < p.n_in; i++)
        transform_channel(&p, i, thread);
    for (int i = 0; i < N_POINTS; i++)
        multiply_point(&p, i, thread);
    for (int i = 0; i < p.n_out; i++)
        untransform_channel(&p, i, thread);
}

/* By all threads. */
static void share_band(const pass *whole, int band, float *work)
{
    bc_pool *pool = whole->workspace->pool;
    pass p = take_band(whole, band, work);
    bc_pool_run(pool, transform_channel, &p, p.n_in);
    bc_pool_run(pool, multiply_point, &p, N_POINTS);
    bc_pool_run(pool, untransform_channel, &p, p.n_out);
}

/* The way does not show in the result: the products are the same. */
static void run(pass *p, float *work)
{
    const bands b = cut(p->n_in, p->n_out, p->height, p->width);
    if (band_floats(p->n_in, p->n_out, b.n_rows * b.n_columns) <= BC_SCRATCH_FLOATS &&
        b.n >= BANDS_PER_THREAD * p->workspace->n_threads)
        bc_pool_run(p->workspace->pool, run_band, p, b.n);
    else
        for (int band = 0; band < b.n; band++)
            share_band(p, band, work);
}

void bc_train_winograd_forward(float *out, const float *in, const bc_train_winograd *winograd,
                               const float *bias, bool is_target, int height, int width,
                               float *work, const bc_workspace *workspace)
{
    pass p = {.in = in,
              .out = out,
              .bias = bias,
              .product =
                  is_target && winograd->target.n_matrices ? &winograd->target : &winograd->forward,
              .n_in = winograd->n_in,
              .n_out = winograd->n_out,
              .height = height,
              .width = width,
              .workspace = workspace};
    run(&p, work);
}

void bc_train_winograd_backward(float *din, const float *dout, const float *out,
                                const bc_train_winograd *winograd, int height, int width,
                                float *work, const bc_workspace *workspace)
{
    pass p = {.in = dout,
              .mask = out,
              .out = din,
              .product = &winograd->backward,
              .n_in = winograd->n_out,
              .n_out = winograd->n_in,
              .height = height,
              .width = width,
              .workspace = workspace};
    run(&p, work);
}
