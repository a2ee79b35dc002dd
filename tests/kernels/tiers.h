/*
 * tiers.h: what the tests of the kernels share: the tiers of this machine, rows of floats.
 */
#ifndef BC_TESTS_KERNELS_TIERS_H
#define BC_TESTS_KERNELS_TIERS_H

#include <math.h>

#include "base/cpu.h"
#include "guard.h"
#include "kernels/tiers.h"

/* Floats behind the last sample that kernels.h permits to be touched. */
enum { OVERRUN = 2 * BC_PAD - 1 };

static inline float *guarded_floats(const guarded *g, size_t n, int filling)
{
    return guarded_take(g, n * sizeof(float), filling);
}

/* Of either sign: below 1, or with `extreme` of any magnitude from 2^-range to 2^range. */
static inline float random_value(uint64_t *state, bool extreme, int range)
{
    const float x = random_between(state, -1, 1);
    const int exponent = (int)(random_bits(state) % (uint64_t)(2 * range + 1)) - range;
    return extreme ? ldexpf(x, exponent) : x;
}

enum { MAX_TIERS = 8 };

/* The kernels of all tiers that this machine has, C first; returns their number. */
static inline int kernel_tiers(bc_kernels tiers[MAX_TIERS])
{
    int n = 0;
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier))
        bc_kernels_init(&tiers[n++], tier);
    return n;
}

#endif
