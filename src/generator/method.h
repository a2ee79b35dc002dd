/*
 * method.h: a way to compute a step, and all that it takes. Each is one file: direct.c, winograd.c
 * and sum.c in 32 bits, matrix.c (convolutions and sums) on rows of bf16 for the matrix units.
 */
#ifndef BC_GENERATOR_METHOD_H
#define BC_GENERATOR_METHOD_H

#include "generator/task.h"

/* Weights on their way to be packed, stride 1/2 folded into phases. */
typedef struct bc_filters {
    const float *weights; /* [n_out][n_in][kernel][kernel] */
    const float *bias;    /* [n_out], or NULL for none */
    float gain;           /* that the weights are multiplied by */
} bc_filters;

/* One call of a step in one style or in none: n_rows rows of its grid from y on. */
typedef struct bc_step_call {
    bc_task task;
    const bc_layer_state *state;
    int y, n_rows;
    float *ring;         /* of a step that loads its input */
    const bc_sums *sums; /* NULL: not wanted */
    bc_map_rows rows;    /* row y on, raw; of a pass that has them in `ring` */
    float *values;       /* or the rows of pass->out, normalised: */
    float share;         /* of the style, where they are read through a mix, else 1 */
    bool adds;           /* to what other styles have left there */
    bc_ahead ahead;      /* what the next call will load */
    float *scratch;      /* the pass' scratch_floats */
} bc_step_call;

/* Functions that may be NULL say so. */
struct bc_method {
    /* Whether these kernels can compute the step so. */
    bool (*fits)(const bc_step *step, const bc_kernels *kernels);
    /* The step's pass, but for n_calls and the places of rings. */
    bc_pass (*shape)(bc_step *step, const bc_kernels *kernels);
    /* Packs into `memory`, pass->weights_bytes aligned to 64; NULL: there are no weights. */
    void (*pack)(bc_weights *weights, const bc_step *step, const bc_kernels *kernels,
                 const bc_filters *filters, void *memory);
    /* Loads input row y (any, edges are padded) into its ring row. NULL: it never loads. */
    void (*load)(const bc_task *task, int y, float *ring, float *loaded);
    void (*run)(const bc_step_call *call);
    /*
     * Brings a step's normalisation into the order of its outputs, before frames whose
     * normalisation is known. NULL: who reads the outputs normalises them.
     */
    void (*normalise)(const bc_step *step, const bc_layer_state *state);
};

extern const bc_method bc_method_direct, bc_method_winograd, bc_method_sum;
extern const bc_method bc_method_matrix, bc_method_matrix_sum;

/* matrix.c: the rows that steps leave for their readers, when all steps' passes are shaped. */
void bc_matrix_shape_rows(bc_plan *plan);

/* An odd number of cache lines, so that planes do not fall onto the same sets of the cache. */
static inline ptrdiff_t bc_spread(ptrdiff_t floats)
{
    return ((floats + BC_PAD - 1) / BC_PAD | 1) * BC_PAD;
}

/* Floats from plane to plane of a loaded row. */
static inline ptrdiff_t bc_plane_floats(int n_samples, int halo)
{
    return bc_spread(BC_PAD + n_samples + halo + 2 * BC_PAD);
}

/* Where the ring row of input row y lies. */
static inline float *bc_ring_row(const bc_pass *pass, float *ring, int y)
{
    const int n = pass->n_slots;
    return ring + (size_t)((y % n + n) % n) * pass->ring_row;
}

/* The input rows of a call, sample 0 of plane 0 of each, in 32 bits. */
static inline void bc_call_rows(const bc_step_call *call, const float *rows[BC_MAX_ROWS])
{
    const bc_pass *pass = call->task.pass;
    for (int k = 0; k < pass->n_slots; k++)
        rows[k] = BC_PAD + bc_ring_row(pass, call->ring, call->y * pass->stride - pass->above + k);
}

#endif
