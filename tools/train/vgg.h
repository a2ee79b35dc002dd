/*
 * vgg.h: the loss network: the convolutions of VGG-16 or VGG-19 (Simonyan and Zisserman 2014), as
 * many as the file holds from conv1_1 on.
 *
 *     image -> [conv 3x3, ReLU] .. pool 2x2 [conv 3x3, ReLU] .. pool 2x2 ..
 *
 * The file is safetensors: `convB_I.weight` [n_out, n_in, 3, 3] and `convB_I.bias` [n_out], block B
 * and I both counting from 1 without gaps; padding is by zeros, and each block but the first
 * starts with the pooling. Its metadata `input` states what the first layer expects, with the
 * channels in the order of the numbers:
 *
 *     "BGR 0..255 minus 103.939,116.779,123.68"                      Keras, Caffe; the default
 *     "RGB 0..1 minus 0.485,0.456,0.406 over 0.229,0.224,0.225"      torchvision
 */
#ifndef BC_TRAIN_VGG_H
#define BC_TRAIN_VGG_H

#include <stdbool.h>

#include "model/safetensors.h"
#include "train/winograd.h"

enum { BC_VGG_MAX_LAYERS = 20 }; /* five blocks of up to four; VGG-19 has 16 */

/* One convolution with its ReLU. */
typedef struct bc_vgg_layer {
    char name[16]; /* "relu3_1": what options and messages call it */
    int n_in, n_out;
    bool pools_first;    /* starts a block: its input is pooled */
    const float *weight; /* [n_out, n_in, 3, 3] */
    const float *bias;   /* [n_out] */
    bc_train_winograd winograd;
} bc_vgg_layer;

/* The first layer's input channel c is image[source[c]] * scale[c] + shift[c]; image RGB, 0..1. */
typedef struct bc_vgg_input {
    int source[3];
    float scale[3], shift[3];
} bc_vgg_input;

typedef struct bc_vgg {
    int n_layers;
    bc_vgg_layer layers[BC_VGG_MAX_LAYERS];
    bc_vgg_input input;
    bc_product_kind products; /* of contents and the backward pass */
    bc_safetensors *file;
} bc_vgg;

/*
 * Reads, checks and transforms the weights: 9 times the file in memory. The result is closed by
 * bc_vgg_close, also after a failure.
 */
bc_status bc_vgg_open(bc_vgg *vgg, const char *path, const bc_log *log);
void bc_vgg_close(bc_vgg *vgg);

/*
 * The products of contents and of the backward pass from now on; bc_product_exact() at first. The
 * machine has the kind. After a failure the network can only be closed.
 *
 * One that rounds to bfloat16 moves a gradient by 0.4 to 0.8 % of its norm; by 1.5 % where the
 * picture is its own content. Responses of the picture stay in 32 bits: bfloat16 would move few of
 * them by much, but those near zero to the other side of the ReLU, and others out of their pool's
 * maximum, and the gradient by 8 to 10 %.
 */
bc_status bc_vgg_set_products(bc_vgg *vgg, bc_product_kind kind, const bc_log *log);

/* BC_ERR_ARGUMENT, naming the layers there are, if `name` ("relu3_1") is none of them. */
bc_status bc_vgg_find(const bc_vgg *vgg, int *layer, const char *name, const bc_log *log);

/* As the metadata `input`; BC_ERR_FORMAT if it is not of the form above. */
bc_status bc_vgg_input_parse(bc_vgg_input *input, const char *text, const bc_log *log);

#endif
