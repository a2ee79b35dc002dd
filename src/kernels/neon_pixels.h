/*
 * neon_pixels.h: 8-bit pixels to float planes and back, 16 pixels at a time: the loads and stores
 * of three and four registers part the channels. For neon.c only.
 */
#ifndef BC_KERNELS_NEON_PIXELS_H
#define BC_KERNELS_NEON_PIXELS_H

#include <arm_neon.h>
#include <string.h>

#include "kernels/kernels.h"

enum { GROUP = 16 };

/* The bytes of 16 pixels: register i holds byte i of each. */
VEC_INLINE uint8x16x4_t load_group(const uint8_t *from, const int size)
{
    if (size == 4)
        return vld4q_u8(from);
    const uint8x16x3_t three = vld3q_u8(from);
    return (uint8x16x4_t){{three.val[0], three.val[1], three.val[2], vdupq_n_u8(255)}};
}

VEC_INLINE void store_floats(float *to, uint8x8_t bytes)
{
    const uint16x8_t words = vmovl_u8(bytes);
    vst1q_f32(to, vcvtq_f32_u32(vmovl_u16(vget_low_u16(words))));
    vst1q_f32(to + 4, vcvtq_f32_u32(vmovl_high_u16(words)));
}

/* 16 pixels; `pair` is the index of the first one's pair. */
VEC_INLINE void split_group(float *const planes[6], int pair, const uint8_t *from, const int size,
                            bc_pixel_format format)
{
    const uint8x16x4_t in = load_group(from, size);
    for (int c = 0; c < 3; c++) {
        const uint8x16_t channel = in.val[bc_channel_byte(format, c)];
        store_floats(planes[2 * c] + pair, vget_low_u8(vuzp1q_u8(channel, channel)));
        store_floats(planes[2 * c + 1] + pair, vget_low_u8(vuzp2q_u8(channel, channel)));
    }
}

VEC_INLINE void split_groups(float *const planes[6], const uint8_t *from, int n, const int size,
                             bc_pixel_format format)
{
    int pair = 0;
    for (; pair + GROUP / 2 <= n; pair += GROUP / 2)
        split_group(planes, pair, from + 2 * pair * size, size, format);
    if (pair < n) { /* a copy, since nothing behind the row may be read */
        uint8_t rest[GROUP * 4] = {0};
        memcpy(rest, from + 2 * pair * size, (size_t)(2 * (n - pair) * size));
        split_group(planes, pair, rest, size, format);
    }
}

static void pixels_split(float *const planes[6], const uint8_t *from, int n, bc_pixel_format format)
{
    if (bc_pixel_size(format) == 3)
        split_groups(planes, from, n, 3, format);
    else
        split_groups(planes, from, n, 4, format);
}

VEC_INLINE uint16x4_t to_levels(const float *from)
{
    const vec clipped = vec_min(vec_max(vec_load(from), vec_all(0)), vec_all(1));
    return vmovn_u32(vcvtnq_u32_f32(vmulq_n_f32(clipped, 255)));
}

VEC_INLINE uint8x8_t to_bytes(const float *from)
{
    return vmovn_u16(vcombine_u16(to_levels(from), to_levels(from + 4)));
}

/* The bytes of alpha of 16 pixels: the source's, or where `source` is NULL opaque. */
VEC_INLINE uint8x16_t load_alpha(const uint8_t *source)
{
    return source ? vld4q_u8(source).val[3] : vdupq_n_u8(255);
}

VEC_INLINE void store_group(uint8_t *to, const int size, const float *const planes[6], int pair,
                            const uint8_t *source, bc_pixel_format format)
{
    uint8x16_t out[3];
    for (int c = 0; c < 3; c++) {
        const uint8x8_t even = to_bytes(planes[2 * c] + pair);
        const uint8x8_t odd = to_bytes(planes[2 * c + 1] + pair);
        out[bc_channel_byte(format, c)] = vcombine_u8(vzip1_u8(even, odd), vzip2_u8(even, odd));
    }
    if (size == 4)
        vst4q_u8(to, (uint8x16x4_t){{out[0], out[1], out[2], load_alpha(source)}});
    else
        vst3q_u8(to, (uint8x16x3_t){{out[0], out[1], out[2]}});
}

/* `source` is NULL where there is no alpha to take over. */
VEC_INLINE void store_groups(uint8_t *to, const int size, const float *const planes[6],
                             const uint8_t *source, int n, bc_pixel_format format)
{
    int x = 0;
    for (; x + GROUP <= n; x += GROUP)
        store_group(to + x * size, size, planes, x / 2, source ? source + x * 4 : NULL, format);
    if (x < n) {
        uint8_t rest[GROUP * 4], source_rest[GROUP * 4] = {0};
        if (source)
            memcpy(source_rest, source + x * 4, (size_t)((n - x) * 4));
        store_group(rest, size, planes, x / 2, source ? source_rest : NULL, format);
        memcpy(to + x * size, rest, (size_t)((n - x) * size));
    }
}

static void store_pixels(uint8_t *to, bc_pixel_format format, const float *const planes[6],
                         const uint8_t *source, bc_pixel_format source_format, int n)
{
    if (bc_pixel_size(format) == 3)
        store_groups(to, 3, planes, NULL, n, format);
    else
        store_groups(to, 4, planes, bc_pixel_size(source_format) == 4 ? source : NULL, n, format);
}

#endif
