/*
 * model.h: what brushcast.h's bc_model is inside: a net and its styles, immutable.
 */
#ifndef BC_MODEL_MODEL_H
#define BC_MODEL_MODEL_H

#include <stdatomic.h>

#include "model/net.h"

struct bc_model {
    bc_net net;
    int n_styles;
    bc_style *styles;   /* [n_styles], in order of name but for added ones */
    char **style_names; /* [n_styles] */
    float *weights;     /* of a random model; otherwise the files hold them */
    int added;          /* of one that bc_model_add_style has made: the style that is new */
    atomic_int n_users; /* whoever has it: the last to close it frees it */
};

/* A model of nothing that has one user; NULL without memory. */
bc_model *bc_model_alloc(void);

/* A model of one net's file and n_styles files of styles, for the tools. */
bc_status bc_model_open_files(bc_model **model, const char *path, const char *const *style_paths,
                              int n_styles, const bc_log *log);

/*
 * A model of random weights (He's initialisation) with `n_styles` styles, for benchmarks and tests:
 * same table and seed, same weights on every machine. The table is copied.
 */
bc_status bc_model_make_random(bc_model **model, const bc_layers *table, int n_styles,
                               uint64_t seed, const bc_log *log);

/* Frames may go through the net without a style: the nets of format 1. */
static inline bool bc_model_has_plain(const bc_model *model)
{
    return model->net.format == 1;
}

/*
 * Finds the folder of a net. `net` is a folder (anything with a '/') or a name that is looked for
 * in `models_folder` (may be NULL), $BRUSHCAST_MODELS, $XDG_DATA_HOME/brushcast (or
 * ~/.local/share/brushcast), the installed data folder, the source tree and the working folder, in
 * this order. The result is the caller's to free; the error names every place that was looked at.
 */
bc_status bc_model_find_net(char **folder, const char *net, const char *models_folder,
                            const bc_log *log);

#endif
