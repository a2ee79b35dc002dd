/*
 * import/: brushcast-import, which turns the public weights of VGG into the form of train/vgg.h.
 *
 * network.h: the convolutions found in a file, by block and place in the block, both from 1.
 */
#ifndef BC_IMPORT_NETWORK_H
#define BC_IMPORT_NETWORK_H

#include "model/safetensors.h"

enum { BC_IMPORT_BLOCKS = 5, BC_IMPORT_PER_BLOCK = 4 };

typedef struct bc_import_conv {
    int n_in, n_out;
    float *weight; /* [n_out, n_in, 3, 3]; NULL where the file has none */
    float *bias;   /* [n_out]; likewise */
} bc_import_conv;

typedef struct bc_import_network {
    bc_import_conv convs[BC_IMPORT_BLOCKS][BC_IMPORT_PER_BLOCK];
    const char *input; /* convention of the first layer, as train/vgg.h has it */
} bc_import_network;

void bc_import_close(bc_import_network *network);

/*
 * The readers fill a network of zeros, which is closed also after a failure. Each checks the shapes
 * of what it takes, and leaves out what is no convolution.
 */

/* Keras .h5, with or without top: datasets below a group blockB_convI, kernel [3, 3, in, out]. */
bc_status bc_import_keras(bc_import_network *network, const char *path, const bc_log *log);

/* torchvision's names in safetensors: features.N.weight [out, in, 3, 3]; no batch normalisation. */
bc_status bc_import_torchvision(bc_import_network *network, const char *path, const bc_log *log);

/*
 * Writes the convolutions up to block and place `last` ("4_1"; NULL: all). BC_ERR_FORMAT, naming
 * it, if one is missing before another, has no bias, or does not take what the one before gives.
 */
bc_status bc_import_write(const bc_import_network *network, const char *path, const char *last,
                          const char *source, const bc_log *log);

#endif
