/*
 * amx_finish.h: what becomes of the products of the matrix units, in vectors: their sums, their
 * normalisation, and their way into rows of bf16, whole or split, or into planes.
 */
#ifndef BC_KERNELS_AMX_FINISH_H
#define BC_KERNELS_AMX_FINISH_H

#include <immintrin.h>
#include <string.h>

#include "kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

enum { LANES = BC_MATRIX_LANES, CHUNK = BC_MATRIX_CHUNK };
enum { QUAD = 4 /* positions that are finished together at least */ };

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
    float *products; /* [positions][LANES] */
    uint16_t *line;  /* where position 0 goes */
    ptrdiff_t step;  /* values from position to position */
    float *sums;
} block;

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

#endif
