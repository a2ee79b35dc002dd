/* vec_neon.h: the primitives of vec_avx512.h on 4 floats. For neon.c only. */
#ifndef BC_KERNELS_VEC_NEON_H
#define BC_KERNELS_VEC_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

typedef float32x4_t vec;
enum { LANES = 4 };

#define VEC_INLINE static inline __attribute__((always_inline))

VEC_INLINE vec vec_load(const float *from)
{
    return vld1q_f32(from);
}

/* The first halves of the vectors at a and b. */
VEC_INLINE vec vec_load_halves(const float *a, const float *b)
{
    return vcombine_f32(vld1_f32(a), vld1_f32(b));
}

VEC_INLINE void vec_store(float *to, vec a)
{
    vst1q_f32(to, a);
}

VEC_INLINE vec vec_all(float x)
{
    return vdupq_n_f32(x);
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

/* Of a number and NaN the number, as on x86, where NaN comes first. */
VEC_INLINE vec vec_max(vec a, vec b)
{
    return vmaxnmq_f32(a, b);
}

VEC_INLINE vec vec_min(vec a, vec b)
{
    return vminnmq_f32(a, b);
}

/* LANES bytes as numbers. */
VEC_INLINE vec vec_bytes(const uint8_t *from)
{
    uint32_t bytes;
    memcpy(&bytes, from, sizeof(bytes));
    const uint16x8_t words = vmovl_u8(vcreate_u8(bytes));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
}

/* LANES bytes, rounded to nearest even, from numbers within some thousands of 0..255. */
VEC_INLINE void vec_store_bytes(uint8_t *to, vec a)
{
    const uint16x4_t words = vqmovun_s32(vcvtnq_s32_f32(a));
    const uint8x8_t bytes = vqmovn_u16(vcombine_u16(words, words));
    const uint32_t first = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
    memcpy(to, &first, sizeof(first));
}

/* The first n lanes, 0 < n < LANES; zeros behind them. */
VEC_INLINE vec vec_first(vec a, int n)
{
    static const int32_t lane[LANES] = {0, 1, 2, 3};
    const uint32x4_t keep = vcltq_s32(vld1q_s32(lane), vdupq_n_s32(n));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), keep));
}

VEC_INLINE double vec_sum(vec a)
{
    return vaddvq_f64(vaddq_f64(vcvt_f64_f32(vget_low_f32(a)), vcvt_high_f64_f32(a)));
}

/* The even (odd) lanes of a, then those of b. */
VEC_INLINE vec vec_even(vec a, vec b)
{
    return vuzp1q_f32(a, b);
}

VEC_INLINE vec vec_odd(vec a, vec b)
{
    return vuzp2q_f32(a, b);
}

/* The first (second) half of a0 b0 a1 b1 ... */
VEC_INLINE vec vec_join_low(vec a, vec b)
{
    return vzip1q_f32(a, b);
}

VEC_INLINE vec vec_join_high(vec a, vec b)
{
    return vzip2q_f32(a, b);
}

#endif
