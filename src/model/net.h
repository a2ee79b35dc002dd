/*
 * net.h: a net and its styles, as their files describe them.
 *
 * Format 2: FOLDER/network.safetensors holds the table of layers (metadata brushcast.layers) and
 * the tensors that are the net's; FOLDER/styles/NAME.safetensors those that are a style's, and the
 * identity of the net that it was trained on (brushcast.network).
 *
 * Format 1: FOLDER/autoencoder.safetensors states three widths and a kind of stride 1/2, styles
 * (brushcast.autoencoder is the net's identity) are banks of convolutions. It expands into a table,
 * whose banks are as deep as the first style's. In format 1 alone frames may go through the net
 * without a style, and the banks are left out.
 */
#ifndef BC_MODEL_NET_H
#define BC_MODEL_NET_H

#include "model/tensors.h"

enum { BC_N_WIDTHS = 3, BC_MAX_BANK_LAYERS = 8 };

typedef struct bc_net {
    int format; /* 1 or 2 */
    char name[64];
    char id[BC_ID_SIZE]; /* see bc_net_identify */
    bc_layers table;
    bc_tensors tensors[BC_MAX_LAYERS]; /* of each layer, those that are the net's */
    bc_safetensors *file;              /* NULL if the weights are made, not read */
    /* Format 1: */
    int widths[BC_N_WIDTHS];
    bc_upsample upsample;
    int n_bank_layers; /* in the table; 0: no style was opened yet */
} bc_net;

typedef struct bc_style {
    bc_style_info info; /* points into `file`; `name` is the caller's in bc_style_open */
    bc_tensors tensors[BC_MAX_LAYERS]; /* of each layer of the net's table, the style's */
    bc_safetensors *file;
} bc_style;

/*
 * Opens and checks a net's file of either format: format and kind, geometry, every tensor there
 * with its shape, F32, finite, and none besides. Closed by bc_net_close, also after a failure.
 */
bc_status bc_net_open(bc_net *net, const char *path, const bc_log *log);
void bc_net_close(bc_net *net);
/* The same of a file that is open already, which the net owns from here on, also after a failure;
 * messages call it `path`. */
bc_status bc_net_load(bc_net *net, bc_safetensors *file, const char *path, const bc_log *log);

/*
 * Opens and checks a style of `net`; BC_ERR_MISMATCH, naming both, if it was trained on another.
 * `name` is kept, not copied. In format 1 the net's first style sets the depth of its banks, and a
 * style of another depth is refused. Closed by bc_style_close, also after a failure.
 */
bc_status bc_style_open(bc_style *style, const char *path, const char *name, bc_net *net,
                        const bc_log *log);
void bc_style_close(bc_style *style);
bc_status bc_style_load(bc_style *style, bc_safetensors *file, const char *path, const char *name,
                        bc_net *net, const bc_log *log);

/*
 * The identity of a net's file: SHA-256 over the text of its table (format 2), and then its tensors
 * in order of name, of each its name's bytes and then its data. Any file of a net may state its own
 * as brushcast.id; then it is checked, so that no flipped bit goes unseen.
 */
void bc_net_identify(char id[BC_ID_SIZE], const char *layers, const bc_safetensors *file);

/* The same for tensors that are not written yet, in any order. */
void bc_tensors_identify(char id[BC_ID_SIZE], const char *layers, const bc_tensor *tensors,
                         int n_tensors);

#endif
