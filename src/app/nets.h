/*
 * nets.h: the nets that a live picture can be painted with: the one that was asked for and, where
 * they are there, `light` and `wide`. Immutable while it is open; threads: any.
 */
#ifndef BC_APP_NETS_H
#define BC_APP_NETS_H

#include "brushcast.h"

enum { BC_MAX_NETS = 3 };

typedef struct bc_nets {
    int n;
    char *names[BC_MAX_NETS]; /* as they are asked for: "light", or a folder */
    bc_model *models[BC_MAX_NETS];
    double costs[BC_MAX_NETS]; /* multiply-adds a pixel */
} bc_nets;

/* `net` comes first; its absence is an error, that of the others is not. */
bc_status bc_nets_open(bc_nets *nets, const char *net, const char *models_folder,
                       const bc_log *log);
/* Takes {0}. */
void bc_nets_close(bc_nets *nets);

/* The style of net `to` that has the name of `style` in net `from`, or -1. */
int bc_nets_same_style(const bc_nets *nets, int from, int style, int to);

#endif
