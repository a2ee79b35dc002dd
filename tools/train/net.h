/*
 * net.h: the generator as the trainer runs it: encoder, bank, decoder, forward and backward, one
 * picture at a time. The rules are those of model/network.h: padding repeats the edge, statistics
 * of the normalisation are the picture's own, stride 1/2 runs in phases on the low-resolution grid.
 *
 * A bc_train_net holds the activations of one picture of one size and of one path: with a bank of
 * n_bank_layers, or without. Two pictures whose gradients are wanted at once are two nets.
 */
#ifndef BC_TRAIN_NET_H
#define BC_TRAIN_NET_H

#include "train/params.h"
#include "train/workspace.h"

enum { BC_NET_STAGES = BC_N_ENCODER + BC_MAX_BANK_LAYERS + BC_N_DECODER };

/* One stage's activations; every tensor is [channels, h, w] with the h and w of its side. */
typedef struct bc_train_net_stage {
    const bc_train_stage *stage;
    int is_bank;             /* its parameters lie in the bank's arena */
    int h_in, w_in;          /* of the stage's input */
    int h_conv, w_conv;      /* of the convolution's output */
    int h_out, w_out;        /* of the stage's output */
    float *phases, *dphases; /* folded weights, then their biases; `nearest` and `zero` only */
    float *conv;             /* [4*n_out, h_conv, w_conv] of stride 1/2; else it is `linear` */
    float *linear;           /* [n_out, h_out, w_out], before the normalisation */
    float *mean, *inv_std;   /* [n_out] */
    float *out;              /* [n_out, h_out, w_out]; in the last stage it is `linear` */
} bc_train_net_stage;

typedef struct bc_train_net {
    int n_stages;
    bc_train_net_stage stages[BC_NET_STAGES];
    int height, width;
    size_t n_floats; /* of the arena */
    float *arena;
    float *gradients[2]; /* room for the largest tensor's: they change places on the way back */
    const bc_workspace *workspace;
} bc_train_net;

/* Values or gradients of both groups; `bank` is NULL in a net without one. */
typedef struct bc_train_net_values {
    float *autoencoder, *bank;
} bc_train_net_values;

/*
 * height and width are multiples of 4. `autoencoder` and `bank` (NULL: none) are the shapes of the
 * groups; they and the workspace must outlive the net.
 */
bc_status bc_train_net_open(bc_train_net *net, int height, int width, const bc_params *autoencoder,
                            const bc_params *bank, const bc_workspace *workspace,
                            const bc_log *log);
void bc_train_net_close(bc_train_net *net);

/* Paints `picture` [3, height, width], 0 to 1; the result [3, height, width] is the net's. */
const float *bc_train_net_forward(bc_train_net *net, bc_train_net_values values,
                                  const float *picture);

/*
 * Carries dpainting [3, height, width] back and adds to `gradients`; a group whose gradients are
 * NULL is frozen, and what lies before the last thing wanted is not run. `picture` is the one of
 * the forward pass. dpicture [3, height, width] is added to, or NULL.
 */
void bc_train_net_backward(bc_train_net *net, bc_train_net_values gradients, float *dpicture,
                           bc_train_net_values values, const float *picture,
                           const float *dpainting);

#endif
