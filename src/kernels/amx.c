/*
 * AMX: tile registers of 16 rows of 64 bytes. A product multiplies 16 positions x 32 values with 32
 * values x 16 lanes. Four products are accumulated at once, of neighbouring positions with the same
 * weights; while their terms are added up, vectors finish the four before (amx_finish.h).
 */
#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "kernels/amx_finish.h"
#include "kernels/amx_rows.h"

enum { TILE = CHUNK * LANES };
enum { GROUPS = 4 /* products at once */, ROWS = GROUPS * LANES /* their positions */ };

/* All eight tile registers whole. Constant, since the compiler sees only its first bytes read. */
static const struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tiles = {.palette = 1,
           .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
           .rows = {LANES, LANES, LANES, LANES, LANES, LANES, LANES, LANES}};

static void matrix_begin(void)
{
    _tile_loadconfig(&tiles);
}

static void matrix_end(void)
{
    _tile_release();
}

/* One group of positions: tiles `to` += (6, and 7) x (4, and 5). */
#define ADD_PRODUCTS(to)                                                                           \
    do {                                                                                           \
        _tile_loadd(6, from, step);                                                                \
        _tile_dpbf16ps(to, 6, 4);                                                                  \
        if (low_weights)                                                                           \
            _tile_dpbf16ps(to, 6, 5);                                                              \
        if (low_inputs) {                                                                          \
            _tile_loadd(7, from + low, step);                                                      \
            _tile_dpbf16ps(to, 7, 4);                                                              \
        }                                                                                          \
        from += next_group;                                                                        \
    } while (0)

INLINE void multiply_chunk(const int n_groups, const bool low_inputs, const bool low_weights,
                           const uint16_t *from, ptrdiff_t low, const bc_matrix *m, ptrdiff_t tile)
{
    const size_t step = (size_t)m->step * sizeof(*from);
    const ptrdiff_t next_group = (ptrdiff_t)m->step * LANES;
    _tile_loadd(4, m->weights[0] + tile, 64);
    if (low_weights)
        _tile_loadd(5, m->weights[1] + tile, 64);
    ADD_PRODUCTS(0);
    if (n_groups > 1)
        ADD_PRODUCTS(1);
    if (n_groups > 2)
        ADD_PRODUCTS(2);
    if (n_groups > 3)
        ADD_PRODUCTS(3);
}

/* All products of block `b`, while block `before` is finished. */
INLINE void multiply_groups(const int n_groups, const bool low_inputs, const bool low_weights,
                            const call *c, block *b, block *before)
{
    const bc_matrix *m = c->matrix;
    const int n_terms = m->n_rows * m->n_chunks;
    const int share = QUAD * ((ROWS / QUAD + n_terms - 1) / n_terms);
    const ptrdiff_t first = b->position * m->step - m->before;
    ptrdiff_t tile = (ptrdiff_t)b->tile * n_terms * TILE;
    _tile_loadd(0, m->bias + b->tile * LANES, 0);
    _tile_loadd(1, m->bias + b->tile * LANES, 0);
    _tile_loadd(2, m->bias + b->tile * LANES, 0);
    _tile_loadd(3, m->bias + b->tile * LANES, 0);
    for (int row = 0; row < m->n_rows; row++) {
        const uint16_t *from = c->in->rows[row] + first;
        for (int chunk = 0; chunk < m->n_chunks; chunk++, from += CHUNK, tile += TILE) {
            multiply_chunk(n_groups, low_inputs, low_weights, from, c->in->low, m, tile);
            finish(c, before, share);
        }
    }
    _tile_stored(0, b->products, 64);
    if (n_groups > 1)
        _tile_stored(1, b->products + LANES * LANES, 64);
    if (n_groups > 2)
        _tile_stored(2, b->products + 2 * LANES * LANES, 64);
    if (n_groups > 3)
        _tile_stored(3, b->products + 3 * LANES * LANES, 64);
}

INLINE void multiply_parts(const bool low_inputs, const bool low_weights, const call *c, block *b,
                           block *before)
{
    const int n_groups = (b->n_positions + LANES - 1) / LANES;
    if (n_groups == 4)
        multiply_groups(4, low_inputs, low_weights, c, b, before);
    else if (n_groups == 3)
        multiply_groups(3, low_inputs, low_weights, c, b, before);
    else if (n_groups == 2)
        multiply_groups(2, low_inputs, low_weights, c, b, before);
    else
        multiply_groups(1, low_inputs, low_weights, c, b, before);
}

static void multiply(const call *c, block *b, block *before)
{
    const bool low_inputs = c->in->low != 0, low_weights = c->matrix->weights[1] != NULL;
    assert(low_weights || !low_inputs);
    if (low_inputs)
        multiply_parts(true, true, c, b, before);
    else if (low_weights)
        multiply_parts(false, true, c, b, before);
    else
        multiply_parts(false, false, c, b, before);
}

static void begin_block(const call *c, block *b, int position, int n_positions, int tile)
{
    const bc_matrix *m = c->matrix;
    b->position = position;
    b->n_positions = n_positions < ROWS ? n_positions : ROWS;
    b->tile = tile;
    b->n_finished = 0;
    if (m->planar)
        return;
    b->step = (ptrdiff_t)m->group * m->width;
    const int lane = tile * LANES;
    b->line = c->to->lines[lane / b->step] + lane % b->step;
    b->n_whole = c->n / m->group - position;
    b->sums = c->sums + tile * 3 * LANES;
}

static void run(const call *c, float *scratch)
{
    const bc_matrix *m = c->matrix;
    const int n_positions = (c->n + m->group - 1) / m->group;
    block blocks[2] = {{.products = scratch}, {.products = scratch + ROWS * LANES}};
    int current = 0;
    for (int position = 0; position < n_positions; position += ROWS) {
        for (int tile = 0; tile < m->n_tiles; tile++, current = 1 - current) {
            block *b = &blocks[current];
            begin_block(c, b, position, n_positions - position, tile);
            multiply(c, b, &blocks[1 - current]);
            finish(c, &blocks[1 - current], ROWS);
        }
    }
    finish(c, &blocks[1 - current], ROWS);
}

/* Of channels in the order of lanes: divisions would take as long as some products. */
static void reduce_sums(const call *c, const bc_sums *sums)
{
    const bc_matrix *m = c->matrix;
    const float *at = c->sums;
    for (int first = 0; first < m->n_out; first += m->width) {
        for (int pixel = 0; pixel < m->group; pixel++) {
            const double n = (c->n - pixel + m->group - 1) / m->group;
            for (int i = 0; i < m->width; i++) {
                const double pivot = (double)at[0], sum = (double)at[LANES];
                sums->sum[first + i] += sum + n * pivot;
                sums->square[first + i] += (double)at[2 * LANES] + pivot * (2 * sum + n * pivot);
                at++;
                if ((at - c->sums) % LANES == 0)
                    at += 2 * LANES;
            }
        }
    }
}

static void matrix_lines(const bc_matrix *matrix, const bc_matrix_input *in, int n,
                         const bc_matrix_lines *to, const bc_sums *sums, float *scratch)
{
    const call c = {.matrix = matrix,
                    .in = in,
                    .n = n,
                    .to = to,
                    .is_summed = sums != NULL,
                    .sums = scratch + 2 * ROWS * LANES};
    memset(c.sums, 0, (size_t)matrix->n_tiles * 3 * LANES * sizeof(float));
    run(&c, scratch);
    if (sums)
        reduce_sums(&c, sums);
}

static void matrix_planes(const bc_matrix *matrix, const bc_matrix_input *in, int n, float *planes,
                          ptrdiff_t pitch, float *scratch)
{
    const call c = {.matrix = matrix, .in = in, .n = n, .planes = planes, .pitch = pitch};
    run(&c, scratch);
}

/* Of numbers that are not 0: processors multiply zeros faster. */
static double measure_matrix_peak(int64_t n_rounds)
{
    float values[2][TILE / 2];
    for (int i = 0; i < TILE / 2; i++) {
        values[0][i] = 1 + (float)(i % 13) / 16;
        values[1][i] = -1 - (float)(i % 7) / 8;
    }
    for (int64_t i = 0; i < n_rounds; i++) {
        _tile_loadd(4, values[0], 64);
        _tile_loadd(6, values[1], 64);
        _tile_dpbf16ps(0, 6, 4);
        _tile_dpbf16ps(1, 6, 4);
        _tile_dpbf16ps(2, 6, 4);
        _tile_dpbf16ps(3, 6, 4);
    }
    return 2.0 * GROUPS * LANES * TILE * (double)n_rounds;
}

void bc_kernels_init_amx(bc_kernels *kernels)
{
    kernels->has_matrix = true;
    kernels->matrix_begin = matrix_begin;
    kernels->matrix_end = matrix_end;
    kernels->matrix_pixels = matrix_pixels;
    kernels->matrix_lines = matrix_lines;
    kernels->matrix_add = matrix_add;
    kernels->matrix_planes = matrix_planes;
    kernels->measure_matrix_peak = measure_matrix_peak;
}
