/*
 * import/: brushcast-import, which makes nets of ours of other projects' (style_file.h), and of the
 * public weights of VGG the form of train/vgg.h.
 *
 * vgg_weights.h: the convolutions of VGG found in a file, by block and place in the block.
 */
#ifndef BC_IMPORT_VGG_WEIGHTS_H
#define BC_IMPORT_VGG_WEIGHTS_H

#include "model/safetensors.h"

enum { BC_VGG_BLOCKS = 5, BC_VGG_PER_BLOCK = 4 };

typedef struct bc_vgg_conv {
    int n_in, n_out;
    float *weight; /* [n_out, n_in, 3, 3]; NULL where the file has none */
    float *bias;   /* [n_out]; likewise */
} bc_vgg_conv;

typedef struct bc_vgg_weights {
    bc_vgg_conv convs[BC_VGG_BLOCKS][BC_VGG_PER_BLOCK];
    const char *input; /* convention of the first layer, as train/vgg.h has it */
} bc_vgg_weights;

void bc_vgg_weights_close(bc_vgg_weights *weights);

/*
 * The readers fill an empty one, {0}, which is closed also after a failure. Each checks the shapes
 * of what it takes, and leaves out what is no convolution.
 */

/* Keras .h5, with or without top: datasets below a group blockB_convI, kernel [3, 3, in, out]. */
bc_status bc_keras_read(bc_vgg_weights *weights, const char *path, const bc_log *log);

/* torchvision's names in safetensors: features.N.weight [out, in, 3, 3]; no batch normalisation. */
bc_status bc_torchvision_read(bc_vgg_weights *weights, const char *path, const bc_log *log);

/*
 * Writes the convolutions up to that of layer `last` ("relu4_1"; NULL: all). BC_ERR_FORMAT, naming
 * it, if one is missing before another, has no bias, or does not take what the one before gives.
 */
bc_status bc_vgg_weights_write(const bc_vgg_weights *weights, const char *path, const char *last,
                               const char *source, const bc_log *log);

#endif
