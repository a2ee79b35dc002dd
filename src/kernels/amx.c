/*
 * AMX: tile registers of 16 rows of 64 bytes. A product multiplies 16 positions x 32 values with 32
 * values x 16 lanes. Four products are accumulated at once, of neighbouring positions with the same
 * weights; while their terms are added up, vectors finish the four before: their sums,
 * normalisation and splitting.
 */
#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "kernels/kernels.h"

enum { LANES = BC_MATRIX_LANES, CHUNK = BC_MATRIX_CHUNK, TILE = CHUNK * LANES };
enum { GROUPS = 4 /* products at once */, ROWS = GROUPS * LANES /* their positions */ };
enum { QUAD = 4 /* positions that are finished together at least */ };

#define INLINE static inline __attribute__((always_inline))

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

/* One call of matrix_lines or matrix_planes. */
typedef struct call {
    const bc_matrix *matrix;
    const bc_matrix_input *in;
    int n;                     /* pixels */
    const bc_matrix_lines *to; /* or: */
    float *planes;
    ptrdiff_t pitch;
    bool is_summed;
    float *sums; /* [tile][first output, sum, square][lanes] */
} call;

/* The products of one tile of lanes for some positions, computed and not yet finished. */
typedef struct block {
    int position, n_positions, tile;
    int n_whole; /* positions all of whose pixels are inside the row */
    int n_finished;
    float *products; /* [ROWS][LANES] */
    uint16_t *line;  /* where position 0 goes */
    ptrdiff_t step;  /* values from position to position */
    float *sums;
} block;

/* Finishing -------------------------------------------------------------------------------- */

/* What all positions of a block have in common, in registers; sums as in simd_conv.h. */
typedef struct finisher {
    __m512 scale, shift, least, pivot, sum, square;
} finisher;

INLINE finisher begin_finishing(const call *c, const block *b)
{
    return (finisher){.scale = _mm512_loadu_ps(c->to->scale + b->tile * LANES),
                      .shift = _mm512_loadu_ps(c->to->shift + b->tile * LANES),
                      .least = _mm512_set1_ps(c->to->least),
                      .pivot = _mm512_loadu_ps(b->sums),
                      .sum = _mm512_loadu_ps(b->sums + LANES),
                      .square = _mm512_loadu_ps(b->sums + 2 * LANES)};
}

INLINE void end_finishing(const finisher *f, const block *b)
{
    _mm512_storeu_ps(b->sums + LANES, f->sum);
    _mm512_storeu_ps(b->sums + 2 * LANES, f->square);
}

INLINE void add_output(finisher *f, __m512 x, __mmask16 inside)
{
    const __m512 difference = _mm512_maskz_sub_ps(inside, x, f->pivot);
    f->sum = _mm512_add_ps(f->sum, difference);
    f->square = _mm512_fmadd_ps(difference, difference, f->square);
}

INLINE __m512 normalise(const finisher *f, __m512 x)
{
    return _mm512_max_ps(_mm512_fmadd_ps(x, f->scale, f->shift), f->least);
}

INLINE void store_values(uint16_t *to, __m256i values)
{
    _mm256_storeu_si256((__m256i *)(void *)to, values);
}

INLINE __m512 cut_to_high(__m512 y)
{
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000u);
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(y), upper));
}

/* One position's values, rounded, or cut and what is left. */
INLINE void store_parts(const bool split, uint16_t *to, ptrdiff_t low, __m512 y)
{
    const __m512 high = split ? cut_to_high(y) : y;
    store_values(to, (__m256i)_mm512_cvtneps_pbh(high));
    if (split)
        store_values(to + low, (__m256i)_mm512_cvtneps_pbh(_mm512_sub_ps(y, high)));
}

/* Two positions' values at once. */
INLINE void store_two(uint16_t *to, ptrdiff_t step, __m512 a, __m512 b)
{
    const __m512i values = (__m512i)_mm512_cvtne2ps_pbh(b, a);
    store_values(to, _mm512_castsi512_si256(values));
    store_values(to + step, _mm512_extracti64x4_epi64(values, 1));
}

INLINE void store_two_parts(const bool split, uint16_t *to, ptrdiff_t low, ptrdiff_t step, __m512 a,
                            __m512 b)
{
    const __m512 high_a = split ? cut_to_high(a) : a, high_b = split ? cut_to_high(b) : b;
    store_two(to, step, high_a, high_b);
    if (split)
        store_two(to + low, step, _mm512_sub_ps(a, high_a), _mm512_sub_ps(b, high_b));
}

/* Pairs of positions that are inside the row, up to `end`. */
INLINE void finish_pairs(const bool split, const bool summed, const call *c, block *b, int end)
{
    uint16_t *to = b->line + (b->position + b->n_finished) * b->step;
    const ptrdiff_t low = c->to->low, step = b->step;
    const float *from = b->products + b->n_finished * LANES;
    finisher f = begin_finishing(c, b);
    for (; b->n_finished < end; b->n_finished += 2, from += 2 * LANES, to += 2 * step) {
        const __m512 first = _mm512_loadu_ps(from), second = _mm512_loadu_ps(from + LANES);
        if (summed) {
            add_output(&f, first, 0xffff);
            add_output(&f, second, 0xffff);
        }
        store_two_parts(split, to, low, step, normalise(&f, first), normalise(&f, second));
    }
    end_finishing(&f, b);
}

static __m512 load_values(const uint16_t *from)
{
    const __m256i values = _mm256_loadu_si256((const __m256i *)(const void *)from);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}

/* The lanes of position `position` whose pixel is inside the row. */
static __mmask16 lanes_inside(const call *c, int position, int tile)
{
    const bc_matrix *m = c->matrix;
    unsigned mask = 0;
    for (int i = 0; i < LANES; i++)
        mask |= (unsigned)(position * m->group + bc_matrix_pixel(m, tile * LANES + i) < c->n) << i;
    return (__mmask16)mask;
}

/* One position, wherever it is and whatever it is added to. */
static void finish_any(const call *c, block *b)
{
    const int position = b->position + b->n_finished;
    uint16_t *to = b->line + position * b->step;
    const ptrdiff_t low = c->to->low;
    finisher f = begin_finishing(c, b);
    const __m512 x = _mm512_loadu_ps(b->products + b->n_finished * LANES);
    add_output(&f, x, lanes_inside(c, position, b->tile));
    __m512 y = normalise(&f, x);
    if (c->to->add)
        y = _mm512_add_ps(y, load_values(to));
    if (c->to->add && low)
        y = _mm512_add_ps(y, load_values(to + low));
    store_parts(low != 0, to, low, y);
    end_finishing(&f, b);
    b->n_finished++;
}

/* Finishes lines up to position `end`. */
static void finish_lines(const call *c, block *b, int end)
{
    const int whole = c->to->add ? 0 : (end < b->n_whole ? end : b->n_whole) / 2 * 2;
    if (b->position + b->n_finished == 0)
        memcpy(b->sums, b->products, LANES * sizeof(float));
    if (b->n_finished < whole) {
        if (c->to->low && c->is_summed)
            finish_pairs(true, true, c, b, whole);
        else if (c->to->low)
            finish_pairs(true, false, c, b, whole);
        else if (c->is_summed)
            finish_pairs(false, true, c, b, whole);
        else
            finish_pairs(false, false, c, b, whole);
    }
    while (b->n_finished < end)
        finish_any(c, b);
}

/* Four positions of four outputs of four pixels each: rows of quarters become columns. */
INLINE void finish_quads(const call *c, const block *b)
{
    const float *from = b->products + b->n_finished * LANES;
    float *to = c->planes + 4 * b->tile * c->pitch + 4 * (b->position + b->n_finished);
    const __m512 x0 = _mm512_loadu_ps(from), x1 = _mm512_loadu_ps(from + LANES);
    const __m512 x2 = _mm512_loadu_ps(from + 2 * LANES), x3 = _mm512_loadu_ps(from + 3 * LANES);
    const __m512 low01 = _mm512_shuffle_f32x4(x0, x1, 0x44);
    const __m512 low23 = _mm512_shuffle_f32x4(x2, x3, 0x44);
    const __m512 high01 = _mm512_shuffle_f32x4(x0, x1, 0xee);
    const __m512 high23 = _mm512_shuffle_f32x4(x2, x3, 0xee);
    _mm512_storeu_ps(to, _mm512_shuffle_f32x4(low01, low23, 0x88));
    _mm512_storeu_ps(to + c->pitch, _mm512_shuffle_f32x4(low01, low23, 0xdd));
    _mm512_storeu_ps(to + 2 * c->pitch, _mm512_shuffle_f32x4(high01, high23, 0x88));
    _mm512_storeu_ps(to + 3 * c->pitch, _mm512_shuffle_f32x4(high01, high23, 0xdd));
}

/* Finishes the next n positions, a multiple of QUAD, or what is left. */
static void finish(const call *c, block *b, int n)
{
    const int all = b->n_finished + n, end = all < b->n_positions ? all : b->n_positions;
    if (b->n_finished >= end)
        return;
    if (!c->matrix->planar) {
        finish_lines(c, b, end);
        return;
    }
    for (; b->n_finished < end; b->n_finished += QUAD)
        finish_quads(c, b);
}

/* Multiplying ------------------------------------------------------------------------------ */

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

/* Calls ------------------------------------------------------------------------------------ */

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

static __m512 load_parts(const uint16_t *from, ptrdiff_t low)
{
    const __m512 high = load_values(from);
    return low ? _mm512_add_ps(high, load_values(from + low)) : high;
}

static void matrix_add(const bc_matrix_sum *sum, int n)
{
    const __m512 scale = _mm512_set1_ps(sum->scale);
    for (int i = 0; i < n; i += LANES) {
        const __m512 a = load_parts(sum->from[0] + i, sum->from_low[0]);
        const __m512 b = load_parts(sum->from[1] + i, sum->from_low[1]);
        __m512 y = _mm512_mul_ps(scale, _mm512_add_ps(a, b));
        if (sum->add)
            y = _mm512_add_ps(y, load_parts(sum->to + i, sum->to_low));
        store_parts(sum->to_low != 0, sum->to + i, sum->to_low, y);
    }
}

static void matrix_planes(const bc_matrix *matrix, const bc_matrix_input *in, int n, float *planes,
                          ptrdiff_t pitch, float *scratch)
{
    const call c = {.matrix = matrix, .in = in, .n = n, .planes = planes, .pitch = pitch};
    run(&c, scratch);
}

/* Pixels ----------------------------------------------------------------------------------- */

/* Whole numbers as bf16, in the upper halves. */
INLINE __m512i load_whole(const float *plane)
{
    enum { NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };
    return _mm512_castps_si512(_mm512_roundscale_ps(_mm512_loadu_ps(plane), NEAREST));
}

/*
 * Every second one of 32 pixels of a row, as red, green, blue, 0. A quarter of `low` holds numbers
 * 4k and 4k + 1 of them, of `high` 4k + 2 and 4k + 3.
 */
typedef struct colours {
    __m512i low, high;
} colours;

INLINE colours load_colours(const float *red, const float *green, const float *blue)
{
    const __m512i red_green =
        _mm512_or_si512(_mm512_srli_epi32(load_whole(red), 16), load_whole(green));
    const __m512i only_blue = _mm512_srli_epi32(load_whole(blue), 16);
    return (colours){.low = _mm512_unpacklo_epi32(red_green, only_blue),
                     .high = _mm512_unpackhi_epi32(red_green, only_blue)};
}

/* Both rows' pixels: quarter k of `pixels[j]` is number 4k + j. */
INLINE void join_rows(__m512i pixels[4], const float *planes[2][6], int odd, int i)
{
    const colours upper =
        load_colours(planes[0][odd] + i, planes[0][2 + odd] + i, planes[0][4 + odd] + i);
    const colours lower =
        load_colours(planes[1][odd] + i, planes[1][2 + odd] + i, planes[1][4 + odd] + i);
    pixels[0] = _mm512_unpacklo_epi64(upper.low, lower.low);
    pixels[1] = _mm512_unpackhi_epi64(upper.low, lower.low);
    pixels[2] = _mm512_unpacklo_epi64(upper.high, lower.high);
    pixels[3] = _mm512_unpackhi_epi64(upper.high, lower.high);
}

/* Quarter k of the four numbers goes to to + k * step. */
INLINE void store_quarters(uint16_t *to, ptrdiff_t step, __m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i ab_low = _mm512_shuffle_i64x2(a, b, 0x44),
                  ab_high = _mm512_shuffle_i64x2(a, b, 0xee);
    const __m512i cd_low = _mm512_shuffle_i64x2(c, d, 0x44),
                  cd_high = _mm512_shuffle_i64x2(c, d, 0xee);
    _mm512_storeu_si512(to, _mm512_shuffle_i64x2(ab_low, cd_low, 0x88));
    _mm512_storeu_si512(to + step, _mm512_shuffle_i64x2(ab_low, cd_low, 0xdd));
    _mm512_storeu_si512(to + 2 * step, _mm512_shuffle_i64x2(ab_high, cd_high, 0x88));
    _mm512_storeu_si512(to + 3 * step, _mm512_shuffle_i64x2(ab_high, cd_high, 0xdd));
}

static void matrix_pixels(uint16_t *to, const float *planes[2][6], int n)
{
    for (int i = 0; i < n; i += LANES, to += 8 * CHUNK) {
        __m512i even[4], odd[4];
        join_rows(even, planes, 0, i);
        join_rows(odd, planes, 1, i);
        store_quarters(to, 2 * CHUNK, even[0], odd[0], even[1], odd[1]);
        store_quarters(to + CHUNK, 2 * CHUNK, even[2], odd[2], even[3], odd[3]);
    }
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
