/*
 * gradient.h: checks a backward pass against central differences, in double precision, of a plain
 * reference of the forward pass.
 */
#ifndef BC_TESTS_TRAIN_GRADIENT_H
#define BC_TESTS_TRAIN_GRADIENT_H

#include <math.h>
#include <stdint.h>

#include "test.h"

/* Uniform in (-1, 1); splitmix64. */
static inline double gradient_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(int64_t)(z >> 11) / 4503599627370496.0 - 1;
}

/* Random values that are the same in both precisions. */
static inline void gradient_fill(float *x, double *reference, int n, uint64_t seed)
{
    for (int i = 0; i < n; i++) {
        x[i] = (float)gradient_random(&seed);
        reference[i] = x[i];
    }
}

/* The largest difference, over the root mean square of the expected values. */
static inline double gradient_error(const float *x, const double *expected, int n)
{
    double square = 0, largest = 0;
    for (int i = 0; i < n; i++) {
        const double difference = fabs(x[i] - expected[i]);
        square += expected[i] * expected[i];
        if (!(difference <= largest))
            largest = difference;
    }
    return largest / sqrt(square / n + 1e-300);
}

/* The loss in double precision as a function of arrays that `cookie` knows. */
typedef double gradient_loss(void *cookie);

/* expected[i] = d loss / d x[i] by central differences; x is restored. */
static inline void gradient_differences(double *expected, double *x, int n, double step,
                                        gradient_loss *loss, void *cookie)
{
    for (int i = 0; i < n; i++) {
        const double old = x[i];
        x[i] = old + step;
        const double above = loss(cookie);
        x[i] = old - step;
        const double below = loss(cookie);
        x[i] = old;
        expected[i] = (above - below) / (2 * step);
    }
}

#endif
