/*
 * params.h: the learned tensors of a table of layers: an arena of values for each owner, the net
 * and a style, and a table of what lies where. Gradients and optimiser states are arenas of the
 * same layout.
 */
#ifndef BC_TRAIN_PARAMS_H
#define BC_TRAIN_PARAMS_H

#include "model/tensors.h"
#include "train/random.h"

enum { BC_MAX_PARAMS = 4 * BC_MAX_LAYERS };

typedef struct bc_param {
    char name[BC_LAYER_NAME_SIZE + 16]; /* "encoder.0.weight" */
    bc_owner owner;
    int n_dims;
    int64_t shape[4];
    size_t offset, n; /* in its owner's arena, in floats */
} bc_param;

/* Where a convolution's tensors begin, each in the arena of its owner. */
typedef struct bc_layer_params {
    size_t weight, bias;
    size_t scale, shift; /* of the normalisation, if it has one */
} bc_layer_params;

typedef struct bc_params {
    bc_layers table;
    bc_layer_params layers[BC_MAX_LAYERS]; /* as in the table; of a convolution */
    int n_params;
    bc_param params[BC_MAX_PARAMS]; /* in the order of the table */
    size_t n_values[BC_N_OWNERS];   /* floats of an arena */
} bc_params;

void bc_params_make(bc_params *params, const bc_layers *table);

/*
 * Values of one owner to start from: He's deviation, half of it in the last layer; the phases of
 * sub-pixel layers equal (Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017);
 * what is added to something starts small. In a table without sums a style's convolutions start as
 * the identity and some noise, so that the content is there from the start.
 */
void bc_params_init(float *values, const bc_params *params, bc_owner owner, bc_random *random);

/*
 * Makes the phases of sub-pixel layers say the same of what is constant, the nearest values that
 * do: else flat areas carry a pattern of the grid. Of values or of gradients. Source: Sugawara et
 * al., "Super-resolution using convolutional neural networks without any checkerboard artifacts",
 * 2018: all polyphase filters have the same gain at frequency 0.
 */
void bc_params_equalise(float *values, const bc_params *params, bc_owner owner);

/*
 * Reads all tensors of an owner from `file`, which messages call `path`; BC_ERR_FORMAT if one is
 * missing or has another shape.
 */
bc_status bc_params_read(float *values, const bc_params *params, bc_owner owner,
                         const bc_safetensors *file, const char *path, const bc_log *log);

/* The tensors of an owner, for a file that is written; returns their number. */
int bc_params_list(bc_tensor tensors[BC_MAX_PARAMS], const bc_params *params, bc_owner owner,
                   const float *values);

#endif
