/*
 * simd_rows.h: the loads of kernels.h over the primitives of a vec_*.h, which must be included
 * before. Written once for all instruction sets.
 */
#ifndef BC_KERNELS_SIMD_ROWS_H
#define BC_KERNELS_SIMD_ROWS_H

#include "kernels/kernels.h"

/* A bc_norm in all lanes. */
typedef struct norm_lanes {
    vec scale, shift, least;
} norm_lanes;

VEC_INLINE norm_lanes spread_norm(bc_norm how)
{
    return (norm_lanes){vec_all(how.scale), vec_all(how.shift), vec_all(how.least)};
}

VEC_INLINE vec norm(vec x, norm_lanes how)
{
    return vec_max(vec_fma(x, how.scale, how.shift), how.least);
}

VEC_INLINE void put(float *to, vec y, bool add)
{
    vec_store(to, add ? vec_add(y, vec_load(to)) : y);
}

static void norm_row(float *to, const float *from, int n, bc_norm how)
{
    const norm_lanes lanes = spread_norm(how);
    for (int i = 0; i < n; i += LANES)
        put(to + i, norm(vec_load(from + i), lanes), how.add);
}

static void norm_split(float *even, float *odd, const float *from, int n, bc_norm how)
{
    const norm_lanes lanes = spread_norm(how);
    for (int i = 0; i < n; i += LANES) {
        const vec first = norm(vec_load(from + 2 * i), lanes);
        const vec second = norm(vec_load(from + 2 * i + LANES), lanes);
        put(even + i, vec_even(first, second), how.add);
        put(odd + i, vec_odd(first, second), how.add);
    }
}

static void norm_join(float *to, const float *even, const float *odd, int n, bc_norm how)
{
    const norm_lanes lanes = spread_norm(how);
    for (int i = 0; i < n; i += LANES) {
        const vec first = norm(vec_load(even + i), lanes);
        const vec second = norm(vec_load(odd + i), lanes);
        put(to + 2 * i, vec_join_low(first, second), how.add);
        put(to + 2 * i + LANES, vec_join_high(first, second), how.add);
    }
}

#endif
