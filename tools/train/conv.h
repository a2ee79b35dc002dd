/*
 * conv.h: two-dimensional convolution (cross-correlation), forward and backward, as matrix products
 * over columns: im2col in blocks that fit the cache, so memory does not grow with the picture.
 */
#ifndef BC_TRAIN_CONV_H
#define BC_TRAIN_CONV_H

#include "train/workspace.h"

/* Zeros, the nearest edge's value, or the value as far within the edge as the place is beyond. */
typedef enum bc_train_pad {
    BC_TRAIN_PAD_ZERO,
    BC_TRAIN_PAD_EDGE,
    BC_TRAIN_PAD_REFLECT
} bc_train_pad;

typedef struct bc_train_conv_shape {
    int n_in, n_out;   /* channels */
    int kernel;        /* odd; padding is kernel/2 on each side */
    int stride;        /* 1 or 2 */
    int height, width; /* of the input */
    bc_train_pad pad;
} bc_train_conv_shape;

/* The output's size: the input's over the stride, rounded up. */
int bc_train_conv_out_height(const bc_train_conv_shape *shape);
int bc_train_conv_out_width(const bc_train_conv_shape *shape);

/*
 * out [n_out, h_out, w_out], in [n_in, height, width], weight [n_out, n_in, kernel, kernel],
 * bias [n_out] or NULL.
 */
void bc_train_conv_forward(float *out, const float *in, const float *weight, const float *bias,
                           const bc_train_conv_shape *shape, const bc_workspace *workspace);

/* din, dweight and dbias are added to; each may be NULL; `in` is needed for dweight only. */
void bc_train_conv_backward(float *din, float *dweight, float *dbias, const float *dout,
                            const float *in, const float *weight, const bc_train_conv_shape *shape,
                            const bc_workspace *workspace);

#endif
