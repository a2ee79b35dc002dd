/*
 * gram_avx512.c: blocks of 4 rows by 4 rows of a map: 16 sums in registers, for a piece of the
 * positions whose rows stay in the processor's cache.
 */
#include "train/gram.h"

#include <immintrin.h>
#include <string.h>

enum { LANES = 16, BLOCK = 4, CACHED = 1 << 16 /* floats of a piece of all rows */ };

/* A piece of the positions of all rows. */
typedef struct piece {
    float *gram;
    const float *map; /* [n_channels, n_positions], from the piece's first position on */
    int n, n_channels, n_positions;
} piece;

/* The rows of a block; beyond the last one, the last. */
static void find_rows(const float *rows[BLOCK], const piece *p, int first)
{
    for (int i = 0; i < BLOCK; i++) {
        const ptrdiff_t row = first + i < p->n_channels ? first + i : p->n_channels - 1;
        rows[i] = p->map + row * p->n_positions;
    }
}

/* The sums of the lanes of 4 vectors in each group of 4 lanes. */
static inline __m512 add_in_groups(const __m512 x[4])
{
    const __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(x[0], x[1]), _mm512_unpackhi_ps(x[0], x[1]));
    const __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(x[2], x[3]), _mm512_unpackhi_ps(x[2], x[3]));
    const __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b));
    const __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b));
    return _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
}

/* The sums of the lanes of 16 vectors. */
static inline __m512 add_lanes(__m512 x[BLOCK][BLOCK])
{
    const __m512 a = add_in_groups(x[0]), b = add_in_groups(x[1]);
    const __m512 c = add_in_groups(x[2]), d = add_in_groups(x[3]);
    const __m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88),
                                    _mm512_shuffle_f32x4(a, b, 0xdd)); /* a a b b */
    const __m512 cd =
        _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x88), _mm512_shuffle_f32x4(c, d, 0xdd));
    return _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
}

static __m512 multiply_block(const float *const a[BLOCK], const float *const b[BLOCK], int n)
{
    __m512 sums[BLOCK][BLOCK];
    for (int i = 0; i < BLOCK * BLOCK; i++)
        sums[i / BLOCK][i % BLOCK] = _mm512_setzero_ps();
    for (int at = 0; at < n; at += LANES) {
        const __mmask16 inside = (__mmask16)(n - at < LANES ? (1u << (n - at)) - 1 : 0xffff);
        __m512 right[BLOCK];
        for (int j = 0; j < BLOCK; j++)
            right[j] = _mm512_maskz_loadu_ps(inside, b[j] + at);
        for (int i = 0; i < BLOCK; i++) {
            const __m512 left = _mm512_maskz_loadu_ps(inside, a[i] + at);
            for (int j = 0; j < BLOCK; j++)
                sums[i][j] = _mm512_fmadd_ps(left, right[j], sums[i][j]);
        }
    }
    return add_lanes(sums);
}

static void add_block(const piece *p, int row, int column)
{
    const float *a[BLOCK], *b[BLOCK];
    float sums[BLOCK][BLOCK];
    find_rows(a, p, row);
    find_rows(b, p, column);
    _mm512_storeu_ps(sums, multiply_block(a, b, p->n));
    for (int i = 0; i < BLOCK && row + i < p->n_channels; i++)
        for (int j = 0; j < BLOCK && column + j < p->n_channels; j++)
            p->gram[(ptrdiff_t)(row + i) * p->n_channels + column + j] += sums[i][j];
}

void bc_gram_rows_avx512(float *gram, const float *map, int begin, int end, int n_channels,
                         int n_positions)
{
    const int fitting = CACHED / n_channels / LANES * LANES, step = fitting > 192 ? fitting : 192;
    for (ptrdiff_t row = begin; row < end; row++)
        memset(gram + row * n_channels + begin, 0, (size_t)(n_channels - begin) * sizeof(*gram));
    for (int at = 0; at < n_positions; at += step) {
        const int n = n_positions - at < step ? n_positions - at : step;
        const piece p = {gram, map + at, n, n_channels, n_positions};
        for (int row = begin; row < end; row += BLOCK)
            for (int column = row; column < n_channels; column += BLOCK)
                add_block(&p, row, column);
    }
}
