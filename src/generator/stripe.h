/*
 * stripe.h: a stripe on its way down the frame, as its calls see it: stripe.c makes those of 32
 * bits, matrix.c those of the matrix units.
 */
#ifndef BC_GENERATOR_STRIPE_H
#define BC_GENERATOR_STRIPE_H

#include "generator/roll.h"
#include "generator/task.h"

typedef struct bc_thread_memory {
    float *rings, *loaded, *scratch, *emitted;
} bc_thread_memory;

typedef struct bc_stripe {
    bc_roll roll;
    const bc_work *work;
    bc_thread_memory memory;
    int64_t busy_ns[BC_MAX_STEPS]; /* of each step, if layers are timed */
} bc_stripe;

static inline const bc_step *bc_stripe_step(const bc_stripe *stripe, int step)
{
    return &stripe->work->plan->steps[step];
}

static inline const bc_pass *bc_stripe_pass(const bc_stripe *stripe, int step)
{
    return bc_step_pass(bc_stripe_step(stripe, step), stripe->work->group.is_matrix);
}

/* The session's slot of a step's variant: the work's slots in order; -1 if all styles share it. */
static inline int bc_stripe_slot(const bc_stripe *stripe, int step, int variant)
{
    return bc_is_each_styles(bc_stripe_step(stripe, step)) ? stripe->work->slots[variant] : -1;
}

/* The ring of a step's loaded rows. */
float *bc_stripe_ring(const bc_stripe *stripe, int step, int variant);

/* Where the sums of a step's next call go, set to 0; false: they are not the stripe's own. */
bool bc_stripe_sums(const bc_stripe *stripe, int step, int variant, bc_sums *sums);

/* matrix.c: a step's next call, to the ring that its readers read; of the last one to `planes`. */
void bc_matrix_call(const bc_stripe *stripe, int step, int variant, const bc_map_rows *planes);

#endif
