/*
 * nets.h: the nets that a live picture can be painted with: the one that was asked for and, where
 * they are there, `deep` and `light`. Each is a model, whose place another one with more
 * styles may take; the numbers of its styles stay. Threads: one at a time.
 */
#ifndef BC_PAINT_NETS_H
#define BC_PAINT_NETS_H

#include "brushcast.h"

enum { BC_MAX_NETS = 4 };

typedef struct bc_nets {
    int n;
    char *names[BC_MAX_NETS]; /* as they are asked for: "light", or a folder */
    bc_model *models[BC_MAX_NETS];
    double costs[BC_MAX_NETS]; /* multiply-adds a pixel */
} bc_nets;

/* `net` comes first; its absence is an error, that of the others is not. NULL: as bc_model_open. */
bc_status bc_nets_open(bc_nets *nets, const char *net, const char *models_folder,
                       const bc_log *log);
/* Takes {0}. */
void bc_nets_close(bc_nets *nets);

/* The net's present model, which stays until another takes its place. */
const bc_model *bc_nets_model(const bc_nets *nets, int net);
/* The net that the model is of, present or not, or -1. */
int bc_nets_find(const bc_nets *nets, const bc_model *model);

/* Another hold of the same models, without names, to be closed too: for who reads a style for them
 * while others go on with the nets. */
bc_nets bc_nets_hold(const bc_nets *nets);
/*
 * Reads the style in the file `path` for the net that it was trained on, `*net` or another, which
 * goes to *net; *extended is that net's model with it, and *style its number there. The nets stay
 * as they are. BC_ERR_MISMATCH if it is of none of them.
 */
bc_status bc_nets_read_style(const bc_nets *nets, const char *path, int *net, int *style,
                             bc_model **extended, const bc_log *log);
/* Lets *extended take the place of `base`, which the caller gets for it; false, and nothing
 * happens, if another has taken it already. */
bool bc_nets_replace(bc_nets *nets, int net, const bc_model *base, bc_model **extended);

/* The cheapest net that has styles of the same names as these of `net`: `net`, if none is. */
int bc_nets_cheapest(const bc_nets *nets, int net, const bc_style_weight *styles, int n_styles);

/* The style of net `to` that has the name of `style` in net `from`, or -1. */
int bc_nets_same_style(const bc_nets *nets, int from, int style, int to);

#endif
