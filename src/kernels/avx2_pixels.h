/*
 * avx2_pixels.h: 8-bit pixels to float planes and back, 16 pixels at a time. All formats are one
 * code: 16 pixels of `size` bytes are `size` registers, and byte shuffles between them and one
 * register a channel are made from the format when a row begins. For avx2.c only.
 */
#ifndef BC_KERNELS_AVX2_PIXELS_H
#define BC_KERNELS_AVX2_PIXELS_H

#include <immintrin.h>
#include <string.h>

#include "kernels/kernels.h"

enum { GROUP = 16, NOTHING = 0x80 }; /* a shuffle index with the top bit set gives zero */

/*
 * Where pixel x of a group stands in a channel's register: as _mm256_packs_epi32 of 8 even and 8
 * odd pixels leaves them: e0..e3 o0..o3 e4..e7 o4..o7.
 */
static inline int packed_place(int x)
{
    const int pair = x / 2;
    return pair % 4 + 4 * (x % 2) + 8 * (pair / 4);
}

typedef struct shuffles {
    __m128i mask[3][4]; /* [channel][register] */
} shuffles;

/*
 * The shuffles from the pixels' registers to a channel's register (`gathers`), or back. Either way,
 * mask[channel][register] is between those two.
 */
static inline shuffles make_shuffles(bc_pixel_format format, bool gathers)
{
    const int size = bc_pixel_size(format);
    uint8_t index[3][4][16];
    memset(index, NOTHING, sizeof(index));
    for (int c = 0; c < 3; c++) {
        for (int x = 0; x < GROUP; x++) {
            const int byte = x * size + bc_channel_byte(format, c), place = packed_place(x);
            uint8_t *mask = index[c][byte / 16];
            if (gathers)
                mask[place] = (uint8_t)(byte % 16);
            else
                mask[byte % 16] = (uint8_t)place;
        }
    }
    shuffles s;
    memcpy(&s, index, sizeof(s));
    return s;
}

/* Bytes 0..3 and 8..11 as floats. */
static inline __m256 bytes_to_floats(__m128i bytes)
{
    const __m128i eight = _mm_shuffle_epi32(bytes, 0x08);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight));
}

/* 16 pixels; `pair` is the index of the first one's pair. */
VEC_INLINE void split_group(float *const planes[6], int pair, const uint8_t *from, const int size,
                            const shuffles *s)
{
    __m128i in[4];
    for (int r = 0; r < size; r++)
        in[r] = _mm_loadu_si128((const __m128i *)(const void *)(from + 16 * r));
    for (int c = 0; c < 3; c++) {
        __m128i channel = _mm_setzero_si128();
        for (int r = 0; r < size; r++)
            channel = _mm_or_si128(channel, _mm_shuffle_epi8(in[r], s->mask[c][r]));
        _mm256_storeu_ps(planes[2 * c] + pair, bytes_to_floats(channel));
        _mm256_storeu_ps(planes[2 * c + 1] + pair, bytes_to_floats(_mm_srli_si128(channel, 4)));
    }
}

/* `size` is a constant in both uses: the registers of a group are then no array in memory. */
VEC_INLINE void split_groups(float *const planes[6], const uint8_t *from, int n, const int size,
                             const shuffles *s)
{
    int pair = 0;
    for (; pair + GROUP / 2 <= n; pair += GROUP / 2)
        split_group(planes, pair, from + 2 * pair * size, size, s);
    if (pair < n) { /* a copy, since nothing behind the row may be read */
        uint8_t rest[GROUP * 4] = {0};
        memcpy(rest, from + 2 * pair * size, (size_t)(2 * (n - pair) * size));
        split_group(planes, pair, rest, size, s);
    }
}

static void pixels_split(float *const planes[6], const uint8_t *from, int n, bc_pixel_format format)
{
    const shuffles s = make_shuffles(format, true);
    if (bc_pixel_size(format) == 3)
        split_groups(planes, from, n, 3, &s);
    else
        split_groups(planes, from, n, 4, &s);
}

static inline __m256i to_levels(const float *from)
{
    const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1);
    const __m256 clipped = _mm256_min_ps(_mm256_max_ps(_mm256_loadu_ps(from), zero), one);
    return _mm256_cvtps_epi32(_mm256_mul_ps(clipped, _mm256_set1_ps(255)));
}

/* 8 even and 8 odd pixels of a channel as bytes, in packed_place order. */
static inline __m128i channel_bytes(const float *even, const float *odd)
{
    const __m256i words = _mm256_packs_epi32(to_levels(even), to_levels(odd));
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

VEC_INLINE void store_group(uint8_t *to, const int size, const float *const planes[6], int pair,
                            const uint8_t *source, bool source_alpha, const shuffles *s)
{
    const __m128i alpha = _mm_set1_epi32((int)0xFF000000);
    __m128i channels[3];
    for (int c = 0; c < 3; c++)
        channels[c] = channel_bytes(planes[2 * c] + pair, planes[2 * c + 1] + pair);
    for (int r = 0; r < size; r++) {
        __m128i out = _mm_setzero_si128();
        for (int c = 0; c < 3; c++)
            out = _mm_or_si128(out, _mm_shuffle_epi8(channels[c], s->mask[c][r]));
        if (size == 4 && source_alpha) {
            const __m128i *in = (const __m128i *)(const void *)(source + 16 * r);
            out = _mm_or_si128(out, _mm_and_si128(alpha, _mm_loadu_si128(in)));
        } else if (size == 4) {
            out = _mm_or_si128(out, alpha);
        }
        _mm_storeu_si128((__m128i *)(void *)(to + 16 * r), out);
    }
}

VEC_INLINE void store_groups(uint8_t *to, const int size, const float *const planes[6],
                             const uint8_t *source, bool source_alpha, int n, const shuffles *s)
{
    int x = 0;
    for (; x + GROUP <= n; x += GROUP)
        store_group(to + x * size, size, planes, x / 2, source_alpha ? source + x * 4 : NULL,
                    source_alpha, s);
    if (x < n) {
        uint8_t rest[GROUP * 4], source_rest[GROUP * 4] = {0};
        if (source_alpha)
            memcpy(source_rest, source + x * 4, (size_t)((n - x) * 4));
        store_group(rest, size, planes, x / 2, source_rest, source_alpha, s);
        memcpy(to + x * size, rest, (size_t)((n - x) * size));
    }
}

static void store_pixels(uint8_t *to, bc_pixel_format format, const float *const planes[6],
                         const uint8_t *source, bc_pixel_format source_format, int n)
{
    const shuffles s = make_shuffles(format, false);
    const bool source_alpha = bc_pixel_size(source_format) == 4;
    if (bc_pixel_size(format) == 3)
        store_groups(to, 3, planes, source, source_alpha, n, &s);
    else
        store_groups(to, 4, planes, source, source_alpha, n, &s);
}

#endif
