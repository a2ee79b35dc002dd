/*
 * params.h: the learned tensors of an auto-encoder or of a style bank: one arena of values, and a
 * table of what lies where. Gradients and optimiser states are arenas of the same layout.
 */
#ifndef BC_TRAIN_PARAMS_H
#define BC_TRAIN_PARAMS_H

#include "model/network.h"
#include "train/random.h"

enum { BC_MAX_STAGES = 8, BC_MAX_PARAMS = 4 * BC_MAX_STAGES };

typedef struct bc_param {
    char name[32]; /* "encoder.0.weight" */
    int n_dims;
    int64_t shape[4];
    size_t offset, n; /* in the arena, in floats */
} bc_param;

/* One convolution and what follows it; offsets of its tensors in the arena. */
typedef struct bc_train_stage {
    bc_stride stride;
    bc_upsample upsample; /* of stride 1/2 */
    int n_in, n_out;      /* channels before and after, phases not counted */
    int kernel, n_rows;   /* of the stored weights */
    size_t weight, bias;
    int is_linear;       /* the last one: no normalisation, no ReLU */
    size_t scale, shift; /* of the normalisation */
} bc_train_stage;

/* The shape of one group of parameters. An auto-encoder's stages: encoder, then decoder. */
typedef struct bc_params {
    int n_stages;
    bc_train_stage stages[BC_MAX_STAGES];
    int n_params;
    bc_param params[BC_MAX_PARAMS];
    size_t n_values; /* floats of an arena */
} bc_params;

void bc_params_make_autoencoder(bc_params *params, const int widths[BC_N_WIDTHS],
                                bc_upsample upsample);
void bc_params_make_bank(bc_params *params, int width, int n_layers);

/*
 * Values to start from: He's deviation for an auto-encoder, the phases of sub-pixel layers equal
 * (Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017).
 */
void bc_params_init_autoencoder(float *values, const bc_params *params, bc_random *random);
/* A bank starts as the identity and some noise, so that the content is there from the start. */
void bc_params_init_bank(float *values, const bc_params *params, bc_random *random);

/* Reads all tensors of the group from `file`, which messages call `path`. */
bc_status bc_params_read(float *values, const bc_params *params, const bc_safetensors *file,
                         const char *path, const bc_log *log);

#endif
