/*
 * weights.h: a layer's weights in the form that its step computes with.
 */
#ifndef BC_GENERATOR_WEIGHTS_H
#define BC_GENERATOR_WEIGHTS_H

#include "generator/plan.h"

/* A convolution, packed for its step's pass, and for the matrix units if they run it. */
typedef struct bc_weights {
    bc_conv direct;
    bc_winograd winograd;
    bc_matrix matrix;
} bc_weights;

/* Bytes for bc_weights_pack, a multiple of 64, and floats of its scratch; 0 for a sum. */
size_t bc_weights_size(const bc_step *step);
size_t bc_weights_scratch(const bc_step *step);

/*
 * Folds stride 1/2 into phases, output phase * n_channels + channel, and packs. The result points
 * into `memory` (aligned to 64). A bias that instance normalisation cancels is dropped; layers
 * that read the frame take pixels of 0..255.
 */
bc_weights bc_weights_pack(const bc_step *step, const bc_tensors *tensors,
                           const bc_kernels *kernels, void *memory, float *scratch);

#endif
