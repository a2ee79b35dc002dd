/* layers.h: what stands between convolutions. */
#ifndef BC_TRAIN_LAYERS_H
#define BC_TRAIN_LAYERS_H

#include "train/workspace.h"

/* x [n] becomes max(x, 0), in place. */
void bc_relu_forward(float *x, int64_t n, const bc_workspace *workspace);
/* dx [n] becomes 0 where the ReLU's output y is 0, in place. */
void bc_relu_backward(float *dx, const float *y, int64_t n, const bc_workspace *workspace);

/*
 * 2x2 pooling with stride 2: out [n_channels, height/2, width/2] of in [n_channels, height, width];
 * an odd last row or column does not count. The backward passes set din, all of it, for nothing
 * else leads there; of equal values the first, row by row, is the maximum.
 */
void bc_max_pool_forward(float *out, const float *in, int n_channels, int height, int width,
                         const bc_workspace *workspace);
void bc_max_pool_backward(float *din, const float *dout, const float *in, int n_channels,
                          int height, int width, const bc_workspace *workspace);
void bc_average_pool_forward(float *out, const float *in, int n_channels, int height, int width,
                             const bc_workspace *workspace);
void bc_average_pool_backward(float *din, const float *dout, int n_channels, int height, int width,
                              const bc_workspace *workspace);

#endif
