/*
 * model.h: what brushcast.h's bc_model is inside: an auto-encoder and its banks, immutable.
 */
#ifndef BC_MODEL_MODEL_H
#define BC_MODEL_MODEL_H

#include <stdatomic.h>

#include "model/network.h"

struct bc_model {
    bc_autoencoder autoencoder;
    int n_banks;
    bc_bank *banks;         /* [n_banks], in order of name but for added ones, all as deep */
    char **style_names;     /* [n_banks] */
    float *weights;         /* of a random model; otherwise the files hold them */
    bc_model *base;         /* the model that this one was made of, or NULL */
    int added;              /* with a base: the one bank that is not the base's */
    atomic_int n_followers; /* models that have it as their base: the last to go frees it */
};

/* A model of one auto-encoder file and at most one bank file (NULL: none), for the tools. */
bc_status bc_model_open_files(bc_model **model, const char *autoencoder_path, const char *bank_path,
                              const bc_log *log);

/*
 * A model of random weights (He's initialisation) with one bank of `n_bank_layers`, for benchmarks
 * and tests: same seed, same weights on every machine.
 */
bc_status bc_model_make_random(bc_model **model, const int widths[BC_N_WIDTHS],
                               bc_upsample upsample, int n_bank_layers, uint64_t seed,
                               const bc_log *log);

/*
 * Finds the folder of a net. `net` is a folder (anything with a '/') or a name that is looked for
 * in `models_folder` (may be NULL), $BRUSHCAST_MODELS, $XDG_DATA_HOME/brushcast (or
 * ~/.local/share/brushcast), the installed data folder and the source tree, in this order. The
 * result is the caller's to free; the error names every place that was looked at.
 */
bc_status bc_model_find_net(char **folder, const char *net, const char *models_folder,
                            const bc_log *log);

#endif
