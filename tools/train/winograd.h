/*
 * winograd.h: 3x3 convolution with fixed weights, stride 1 and padding by zeros, by the minimal
 * filtering F(4x4, 3x3) (Winograd 1980; Lavin and Gray 2015, arXiv 1509.09308): tiles of 4x4
 * outputs, a quarter of the products of the direct way. Rounding errors are some 10 times larger.
 */
#ifndef BC_TRAIN_WINOGRAD_H
#define BC_TRAIN_WINOGRAD_H

#include "train/product.h"
#include "train/workspace.h"

typedef struct bc_train_winograd {
    int n_in, n_out;
    bc_product forward;  /* by 36 matrices [n_out, n_in], in 32 bits */
    bc_product target;   /* the same, as asked for; n_matrices 0: as `forward` */
    bc_product backward; /* by 36 matrices [n_in, n_out], as asked for */
} bc_train_winograd;

/*
 * Transforms weight [n_out, n_in, 3, 3]. Targets and the backward pass are computed by products of
 * `kind`, responses in 32 bits. The result is closed by bc_train_winograd_close, also after a
 * failure.
 */
bc_status bc_train_winograd_open(bc_train_winograd *winograd, const float *weight, int n_in,
                                 int n_out, bc_product_kind kind, const bc_log *log);
void bc_train_winograd_close(bc_train_winograd *winograd);

/* Floats of the work memory that the passes need at this size. */
int64_t bc_train_winograd_work_floats(int n_in, int n_out, int height, int width);

/*
 * out [n_out, height, width] = ReLU of the convolution of in [n_in, height, width], plus bias; for
 * a target, to which no gradient leads back, or for a response.
 */
void bc_train_winograd_forward(float *out, const float *in, const bc_train_winograd *winograd,
                               const float *bias, bool is_target, int height, int width,
                               float *work, const bc_workspace *workspace);

/* din (set, not added to) from dout and from out, the forward pass's result. */
void bc_train_winograd_backward(float *din, const float *dout, const float *out,
                                const bc_train_winograd *winograd, int height, int width,
                                float *work, const bc_workspace *workspace);

#endif
