#include "train/optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const double beta_mean = 0.9, beta_square = 0.999, epsilon = 1e-8;

bc_status bc_optimizer_open(bc_optimizer *optimizer, bc_optimizer_kind kind, size_t n,
                            const bc_log *log)
{
    *optimizer = (bc_optimizer){.kind = kind, .n = n};
    if (kind == BC_OPTIMIZER_DESCENT)
        return BC_OK;
    optimizer->mean = calloc(2 * n, sizeof(float));
    if (!optimizer->mean)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the optimizer of %zu parameters", n);
    optimizer->square = optimizer->mean + n;
    return BC_OK;
}

void bc_optimizer_close(bc_optimizer *optimizer)
{
    free(optimizer->mean);
    *optimizer = (bc_optimizer){0};
}

void bc_optimizer_reset(bc_optimizer *optimizer)
{
    if (optimizer->mean)
        memset(optimizer->mean, 0, 2 * optimizer->n * sizeof(float));
    optimizer->n_steps = 0;
}

static void adam_step(bc_optimizer *o, float *values, const float *gradients, double rate)
{
    const double correction = sqrt(1 - pow(beta_square, (double)o->n_steps));
    const float step = (float)(rate * correction / (1 - pow(beta_mean, (double)o->n_steps)));
    const float floor = (float)(epsilon * correction);
    const float keep_mean = (float)beta_mean, keep_square = (float)beta_square;
    for (size_t i = 0; i < o->n; i++) {
        const float g = gradients[i];
        o->mean[i] = keep_mean * o->mean[i] + (1 - keep_mean) * g;
        o->square[i] = keep_square * o->square[i] + (1 - keep_square) * g * g;
        values[i] -= step * o->mean[i] / (sqrtf(o->square[i]) + floor);
    }
}

void bc_optimizer_step(bc_optimizer *optimizer, float *values, const float *gradients, double rate)
{
    optimizer->n_steps++;
    if (optimizer->kind == BC_OPTIMIZER_ADAM)
        adam_step(optimizer, values, gradients, rate);
    else
        for (size_t i = 0; i < optimizer->n; i++)
            values[i] -= (float)rate * gradients[i];
}
