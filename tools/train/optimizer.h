/*
 * optimizer.h: one step down the gradient of one arena of parameters. Each path of the training
 * (identity, style) has an optimizer of its own for the parameters they share: their gradients
 * differ in size and direction, and one state would follow neither.
 */
#ifndef BC_TRAIN_OPTIMIZER_H
#define BC_TRAIN_OPTIMIZER_H

#include "brushcast.h"

/* Adam: Kingma and Ba 2014, algorithm 1, beta 0.9 and 0.999. */
typedef enum bc_optimizer_kind { BC_OPTIMIZER_ADAM, BC_OPTIMIZER_DESCENT } bc_optimizer_kind;

typedef struct bc_optimizer {
    bc_optimizer_kind kind;
    size_t n;
    float *mean, *square; /* [n] each, of the gradients; Adam only, else NULL */
    int64_t n_steps;      /* made so far */
} bc_optimizer;

bc_status bc_optimizer_open(bc_optimizer *optimizer, bc_optimizer_kind kind, size_t n,
                            const bc_log *log);
void bc_optimizer_close(bc_optimizer *optimizer);

/* Forgets all steps. */
void bc_optimizer_reset(bc_optimizer *optimizer);

/* values [n] change by about `rate` each (Adam), or by rate times the gradient (descent). */
void bc_optimizer_step(bc_optimizer *optimizer, float *values, const float *gradients, double rate);

#endif
