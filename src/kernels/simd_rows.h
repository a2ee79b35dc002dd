/*
 * simd_rows.h: the loads of kernels.h over the primitives of a vec_*.h, which must be included
 * before. Written once for all instruction sets.
 */
#ifndef BC_KERNELS_SIMD_ROWS_H
#define BC_KERNELS_SIMD_ROWS_H

#include "kernels/kernels.h"

VEC_INLINE vec norm(vec x, vec scale, vec shift)
{
    return vec_max(vec_fma(x, scale, shift), vec_all(0));
}

VEC_INLINE void put(float *to, vec y, bool add)
{
    vec_store(to, add ? vec_add(y, vec_load(to)) : y);
}

static void norm_row(float *to, const float *from, int n, float scale, float shift, bool add)
{
    const vec a = vec_all(scale), b = vec_all(shift);
    for (int i = 0; i < n; i += LANES)
        put(to + i, norm(vec_load(from + i), a, b), add);
}

static void norm_split(float *even, float *odd, const float *from, int n, float scale, float shift,
                       bool add)
{
    const vec a = vec_all(scale), b = vec_all(shift);
    for (int i = 0; i < n; i += LANES) {
        const vec first = norm(vec_load(from + 2 * i), a, b);
        const vec second = norm(vec_load(from + 2 * i + LANES), a, b);
        put(even + i, vec_even(first, second), add);
        put(odd + i, vec_odd(first, second), add);
    }
}

static void norm_join(float *to, const float *even, const float *odd, int n, float scale,
                      float shift)
{
    const vec a = vec_all(scale), b = vec_all(shift);
    for (int i = 0; i < n; i += LANES) {
        const vec first = norm(vec_load(even + i), a, b);
        const vec second = norm(vec_load(odd + i), a, b);
        vec_store(to + 2 * i, vec_join_low(first, second));
        vec_store(to + 2 * i + LANES, vec_join_high(first, second));
    }
}

#endif
