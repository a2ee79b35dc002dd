/*
 * bf16.h: the upper half of an f32, in plain C: what the matrix units multiply.
 */
#ifndef BC_KERNELS_BF16_H
#define BC_KERNELS_BF16_H

#include <stdint.h>
#include <string.h>

static inline float bc_from_bf16(uint16_t x)
{
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* To nearest, ties to even; finite numbers only. */
static inline uint16_t bc_to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Towards zero: what is left is exact in f32. */
static inline uint16_t bc_cut_to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return (uint16_t)(bits >> 16);
}

#endif
