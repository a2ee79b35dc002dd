/*
 * random.h: a small generator of random numbers: same seed, same numbers on every machine.
 * Its whole state is one 64-bit number, which a checkpoint holds.
 * Source: Steele et al., "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
 */
#ifndef BC_TRAIN_RANDOM_H
#define BC_TRAIN_RANDOM_H

#include <math.h>
#include <stdint.h>

typedef struct bc_random {
    uint64_t state;
} bc_random;

static inline uint64_t bc_random_next(bc_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* From 0 to n - 1, n >= 1. */
static inline int bc_random_below(bc_random *random, int n)
{
    return (int)((bc_random_next(random) >> 32) * (uint64_t)n >> 32);
}

/* Uniform in [0, 1). */
static inline double bc_random_uniform(bc_random *random)
{
    return (double)(bc_random_next(random) >> 11) * 0x1p-53;
}

/* Normally distributed, mean 0 and deviation 1 (Box and Muller). */
static inline double bc_random_normal(bc_random *random)
{
    const double radius = sqrt(-2 * log(1 - bc_random_uniform(random)));
    return radius * cos(6.283185307179586 * bc_random_uniform(random));
}

#endif
