/*
 * stripe.h: a stripe on its way down the frame, as its calls see it: stripe.c rolls it, matrix.c
 * makes the calls of the matrix units.
 */
#ifndef BC_GENERATOR_STRIPE_H
#define BC_GENERATOR_STRIPE_H

#include "generator/task.h"

typedef struct bc_thread_memory {
    float *rings, *loaded, *scratch, *emitted;
    float *rows; /* of a call: one block of the plan's row_floats for each style */
} bc_thread_memory;

/* A stage on its way down a stripe. */
typedef struct bc_line {
    int next_call;
    int own_calls[2];        /* first and end of those that are the stripe's own */
    int first_row, next_row; /* of its input in the ring: the first needed, the next to come */
} bc_line;

typedef struct bc_stripe {
    const bc_cascade *cascade;
    bc_thread_memory memory;
    bc_line lines[BC_MAX_STEPS];
    int64_t busy_ns[BC_MAX_STEPS]; /* of each stage, if layers are timed */
} bc_stripe;

/* Behind the first step that runs for each style every style has a ring of its own. */
float *bc_stripe_ring(const bc_stripe *stripe, int stage, int variant);

/* Where the sums of a stage's next call go, set to 0; false: they are not the stripe's own. */
bool bc_stripe_sums(const bc_stripe *stripe, int stage, int variant, bc_sums *sums);

/* A map of the rows of a stage's next call, in the thread's memory. */
bc_map bc_stripe_map(const bc_stripe *stripe, int stage);

/*
 * matrix.c: the next call of a stage, to the rings of the next one in all variants, or to rows of
 * the thread's memory, of which it returns the first; `map` as by bc_stripe_map.
 */
void bc_matrix_to_rings(const bc_stripe *stripe, int stage);
float *bc_matrix_to_memory(const bc_stripe *stripe, int stage, const bc_map *map);

#endif
