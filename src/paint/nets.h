/*
 * nets.h: the nets that a live picture can be painted with: the one that was asked for and, where
 * they are there, `deep`, `light` and `wide`. Threads: any, but for bc_nets_add_style one at a
 * time.
 */
#ifndef BC_PAINT_NETS_H
#define BC_PAINT_NETS_H

#include "brushcast.h"

enum { BC_MAX_NETS = 4 };

typedef struct bc_nets {
    int n;
    char *names[BC_MAX_NETS]; /* as they are asked for: "light", or a folder */
    _Atomic(bc_model *) models[BC_MAX_NETS];
    double costs[BC_MAX_NETS]; /* multiply-adds a pixel */
} bc_nets;

/* `net` comes first; its absence is an error, that of the others is not. NULL: as bc_model_open. */
bc_status bc_nets_open(bc_nets *nets, const char *net, const char *models_folder,
                       const bc_log *log);
/* Takes {0}. */
void bc_nets_close(bc_nets *nets);

/* The net's present model, which stays until bc_nets_close, also when another takes its place. */
const bc_model *bc_nets_model(const bc_nets *nets, int net);

/*
 * Adds the style in the bank file `path` to the net that it was trained on, `*net` or another,
 * which goes to *net, and its number there to *style. BC_ERR_MISMATCH if it is none of them.
 */
bc_status bc_nets_add_style(bc_nets *nets, const char *path, int *net, int *style,
                            const bc_log *log);

/* The cheapest net that has styles of the same names as these of `net`: `net`, if none is. */
int bc_nets_cheapest(const bc_nets *nets, int net, const bc_style_weight *styles, int n_styles);

/* The style of net `to` that has the name of `style` in net `from`, or -1. */
int bc_nets_same_style(const bc_nets *nets, int from, int style, int to);

#endif
