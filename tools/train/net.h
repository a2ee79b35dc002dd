/*
 * net.h: a table of layers as the trainer runs it, forward and backward, one picture and one style
 * at a time. The rules are those of model/layers.h and DESIGN.md: statistics of the normalisation
 * are the picture's own, stride 1/2 runs in phases on the low-resolution grid. Where a map has
 * several readers, its gradients add up. With one style a `mix` does nothing.
 *
 * A bc_train_net holds the activations of one picture of one size. Two pictures whose gradients are
 * wanted at once are two nets.
 */
#ifndef BC_TRAIN_NET_H
#define BC_TRAIN_NET_H

#include <stdbool.h>

#include "train/params.h"
#include "train/workspace.h"

/* One layer's activations; every tensor is [channels, h, w] with the h and w of its side. */
typedef struct bc_train_net_stage {
    const bc_layer *layer;
    const bc_layer_params *params;
    int h_in, w_in;          /* of the layer's input */
    int h_conv, w_conv;      /* of the convolution's output */
    int h_out, w_out;        /* of the layer's output */
    float *phases, *dphases; /* folded weights, then their biases; `nearest` and `zero` only */
    float *conv;             /* [4*n_out, h_conv, w_conv] of stride 1/2; else it is `linear` */
    float *linear;           /* [n_out, h_out, w_out], before the normalisation; else it is `out` */
    float *mean, *inv_std;   /* [n_out], of a normalisation */
    float *out, *dout;       /* [n_out, h_out, w_out]; those of its input in a mix */
} bc_train_net_stage;

typedef struct bc_train_net {
    const bc_params *params;
    int n_stages; /* one for each layer of the table */
    bc_train_net_stage stages[BC_MAX_LAYERS];
    int height, width;
    size_t n_floats; /* of the arena */
    float *arena;
    const bc_workspace *workspace;
} bc_train_net;

/* Values or gradients, for each owner; a style's are NULL in a table without any. */
typedef struct bc_train_net_values {
    float *of[BC_N_OWNERS];
} bc_train_net_values;

/* height and width are multiples of the table's unit; params and workspace outlive the net. */
bc_status bc_train_net_open(bc_train_net *net, int height, int width, const bc_params *params,
                            const bc_workspace *workspace, const bc_log *log);
void bc_train_net_close(bc_train_net *net);

/*
 * Paints `picture` [3, height, width], 0 to 1; the result [3, height, width] is the net's. `moved`
 * is the displacement of the canvas as in canvas.h, or NULL.
 */
const float *bc_train_net_forward(bc_train_net *net, bc_train_net_values values,
                                  const float *picture, const float *moved);

/*
 * Carries `dout`, the gradient of stage `last` (the painting's: n_stages - 1), back and adds to
 * `gradients`; an owner whose gradients are NULL is frozen, and what leads to nothing wanted is not
 * run. `picture` is the one of the forward pass. dpicture [3, height, width] is added to, or NULL.
 */
void bc_train_net_backward(bc_train_net *net, bc_train_net_values gradients, float *dpicture,
                           bc_train_net_values values, const float *picture, int last,
                           const float *dout);

#endif
