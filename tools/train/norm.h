/*
 * norm.h: instance normalisation, forward and backward.
 *
 * Tensors are [n_channels, n], n the number of positions, channel after channel. A backward pass
 * adds to the gradients of parameters and overwrites the gradients of tensors.
 * Source: Ulyanov et al., "Instance Normalization", 2016; the backward pass is that of Ioffe and
 * Szegedy, "Batch Normalization", 2015, section 3, over one channel of one picture.
 */
#ifndef BC_TRAIN_NORM_H
#define BC_TRAIN_NORM_H

#include <stddef.h>

/*
 * out = scale (in - mean) / sqrt(variance + 1e-5) + shift, mean and biased variance of each
 * channel. mean and inv_std [n_channels] are kept for the backward pass. `out` may be `in`.
 */
void bc_norm_forward(float *out, float *mean, float *inv_std, const float *in, const float *scale,
                     const float *shift, int n_channels, int n);

/* din may be dout. dscale and dshift [n_channels], or both NULL for frozen parameters. */
void bc_norm_backward(float *din, float *dscale, float *dshift, const float *dout, const float *in,
                      const float *scale, const float *mean, const float *inv_std, int n_channels,
                      int n);

#endif
