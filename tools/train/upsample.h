/*
 * upsample.h: stride 1/2 on the low-resolution grid, forward and backward.
 *
 * A convolution of the doubled grid is four convolutions of the low-resolution grid, one for each
 * sub-pixel phase (ry, rx); row c*4 + 2*ry + rx of the phases' weights makes pixel
 * (2y+ry, 2x+rx) of channel c. `subpixel` stores the phases; `nearest` and `zero` store the
 * weights of the doubled grid, which fold into phases: a linear map, whose transpose carries the
 * gradient back.
 * Source: Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016.
 */
#ifndef BC_TRAIN_UPSAMPLE_H
#define BC_TRAIN_UPSAMPLE_H

#include "model/layers.h"

/*
 * phases [4*n_out, n_in, K, K] and phase_bias [4*n_out] from weight [n_out, n_in, kernel, kernel]
 * and bias [n_out]; K = bc_folded_kernel(kernel); kind is NEAREST or ZERO.
 */
void bc_fold_forward(float *phases, float *phase_bias, const float *weight, const float *bias,
                     int n_out, int n_in, int kernel, bc_upsample kind);
/* Adds to dweight and dbias. */
void bc_fold_backward(float *dweight, float *dbias, const float *dphases, const float *dphase_bias,
                      int n_out, int n_in, int kernel, bc_upsample kind);

/* out [n_out, 2h, 2w] from phases [4*n_out, h, w], and back. */
void bc_shuffle_forward(float *out, const float *phases, int n_out, int h, int w);
void bc_shuffle_backward(float *dphases, const float *dout, int n_out, int h, int w);

#endif
