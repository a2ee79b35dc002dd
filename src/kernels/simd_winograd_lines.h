/*
 * simd_winograd_lines.h: Winograd's transforms of one line over the primitives of a vec_*.h: from
 * 6 or 8 inputs to as many factors (B^T), and from their products to 4 outputs (A^T). The points
 * are 0, 1, -1, 2, -2 (with 8 also 1/2, -1/2) and infinity.
 *
 * Of a line of equal inputs only point 1 may keep anything, exactly, and its product is what all
 * four outputs become: normalisation would show a flat frame's rounding as a grid. Hence
 * differences first, and sums of products whose other terms are zeros.
 */
#ifndef BC_KERNELS_SIMD_WINOGRAD_LINES_H
#define BC_KERNELS_SIMD_WINOGRAD_LINES_H

#include "kernels/kernels.h"

VEC_INLINE void transform_6(vec to[], const vec d[])
{
    const vec far = vec_sub(d[4], d[2]), near = vec_sub(d[3], d[1]);
    const vec minus_four = vec_all(-4);
    const vec even = vec_fma(minus_four, d[2], d[4]), odd = vec_fma(minus_four, d[1], d[3]);
    to[0] = vec_fma(vec_all(4), vec_sub(d[0], d[2]), far);
    to[1] = vec_add(even, odd);
    to[2] = vec_sub(even, odd);
    to[3] = vec_fma(vec_all(2), near, far);
    to[4] = vec_fma(vec_all(-2), near, far);
    to[5] = vec_fma(minus_four, near, vec_sub(d[5], d[3]));
}

VEC_INLINE void transform_8(vec to[], const vec d[])
{
    const vec e0 = vec_sub(d[4], d[2]), e1 = vec_sub(d[6], d[4]);
    const vec o0 = vec_sub(d[3], d[1]), o1 = vec_sub(d[5], d[3]);
    const vec one_even = vec_add(vec_fma(vec_all(-4.25f), d[4], d[2]), d[6]);
    const vec one_odd = vec_add(vec_fma(vec_all(-4.25f), d[3], d[1]), d[5]);
    const vec two_even = vec_fma(vec_all(-0.25f), e0, e1);
    const vec two_odd = vec_fma(vec_all(-0.25f), o0, o1);
    const vec half_even = vec_fma(vec_all(-4), e0, e1), half_odd = vec_fma(vec_all(-4), o0, o1);
    to[0] = vec_fma(vec_all(-5.25f), e0, vec_sub(d[6], d[0]));
    to[1] = vec_add(one_even, one_odd);
    to[2] = vec_sub(one_even, one_odd);
    to[3] = vec_fma(vec_all(2), two_odd, two_even);
    to[4] = vec_fma(vec_all(-2), two_odd, two_even);
    to[5] = vec_fma(vec_all(0.5f), half_odd, half_even);
    to[6] = vec_fma(vec_all(-0.5f), half_odd, half_even);
    to[7] = vec_fma(vec_all(-5.25f), o1, vec_sub(d[7], d[1]));
}

VEC_INLINE void transform_line(const int n_points, vec to[], const vec d[])
{
    if (n_points == 6)
        transform_6(to, d);
    else
        transform_8(to, d);
}

/* Products of points p and -p add to even powers of p, and their differences to odd ones. */
VEC_INLINE void outputs_of(const int n_points, vec y[BC_WINOGRAD_TILE], const vec m[])
{
    const vec one_sum = vec_add(m[1], m[2]), one_difference = vec_sub(m[1], m[2]);
    const vec two_sum = vec_add(m[3], m[4]), two_difference = vec_sub(m[3], m[4]);
    y[0] = vec_add(vec_add(m[0], one_sum), two_sum);
    y[1] = vec_fma(vec_all(2), two_difference, one_difference);
    y[2] = vec_fma(vec_all(4), two_sum, one_sum);
    y[3] = vec_add(vec_fma(vec_all(8), two_difference, one_difference), m[n_points - 1]);
    if (n_points == 6)
        return;
    const vec half_sum = vec_add(m[5], m[6]), half_difference = vec_sub(m[5], m[6]);
    y[0] = vec_add(y[0], half_sum);
    y[1] = vec_fma(vec_all(0.5f), half_difference, y[1]);
    y[2] = vec_fma(vec_all(0.25f), half_sum, y[2]);
    y[3] = vec_fma(vec_all(0.125f), half_difference, y[3]);
}

#endif
