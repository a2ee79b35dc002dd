/*
 * draft.h: a net in the making, as the readers of foreign files find it: its layers, one after the
 * other, with their numbers. When it is whole it is written as a net of ours.
 */
#ifndef BC_IMPORT_DRAFT_H
#define BC_IMPORT_DRAFT_H

#include "model/layers.h"

/* Of `layer` what the kind has, but for cell and owners. */
typedef struct bc_draft_layer {
    bc_layer layer;
    float *weight;        /* [n_rows, n_in, kernel, kernel]; of a convolution, as the next ones */
    float *bias;          /* [n_rows] */
    float *scale, *shift; /* [n_out], of a norm */
} bc_draft_layer;

/* Values: of all weights together, as several may be read from one place in a file. */
enum { BC_DRAFT_TEXT_SIZE = 128, BC_DRAFT_MAX_VALUES = 1 << 26 };

/* {0} is an empty one. */
typedef struct bc_draft {
    int n;
    bc_draft_layer layers[BC_MAX_LAYERS];
    char table[BC_LAYERS_TEXT_SIZE]; /* the net's own, where the file states it: which tensors are
                                      * the style's; else "" */
    char name[64], style[64];        /* what the file calls them, or "" */
    char title[BC_DRAFT_TEXT_SIZE], artist[BC_DRAFT_TEXT_SIZE], year[BC_DRAFT_TEXT_SIZE],
        licence[BC_DRAFT_TEXT_SIZE]; /* of the painting, or "" */
} bc_draft;

void bc_draft_close(bc_draft *draft);

/*
 * One layer more, with the name `name` or, where that is no name of a layer or taken, KIND.NUMBER;
 * its inputs are the layer before. NULL if the draft is full.
 */
bc_draft_layer *bc_draft_add(bc_draft *draft, bc_layer_kind kind, const char *name);

/*
 * Takes the weights' shape [n_rows, n_in, kernel, kernel] into the layer; false if it is none of a
 * convolution that a table of layers can have.
 */
bool bc_draft_take_shape(bc_layer *layer, int rank, const int64_t *dims);

/* Of weights of a convolution, all of them. */
static inline size_t bc_draft_count_weights(const bc_layer *layer)
{
    return (size_t)layer->n_rows * (size_t)layer->n_in * (size_t)(layer->kernel * layer->kernel);
}

/*
 * For nets of pixels from 0 to `range`: the convolutions that read the frame and the last one are
 * made to take and give 0 to 1. Where others read it or end the net, bc_draft_make_table refuses.
 */
void bc_draft_set_range(bc_draft *draft, float range);

/*
 * The table of layers that a draft is: the one that its file states, where that is the same net.
 * BC_ERR_FORMAT if it is no net of ours (model/layers.h), if its weights do not fit its layers or
 * are not finite, or if the two are not the same.
 */
bc_status bc_draft_make_table(bc_layers *table, const bc_draft *draft, const char *path,
                              const bc_log *log);

/*
 * Writes FOLDER/network.safetensors and FOLDER/styles/STYLE.safetensors, whose name is the draft's
 * own or `name`, as is the net's. Where the file says nothing of owners all tensors are the net's,
 * and the style has none: it says what the net's only style is called. Layers or numbers that are
 * no net of ours (model/layers.h) are BC_ERR_FORMAT; messages call the file `path`.
 */
bc_status bc_draft_write(const bc_draft *draft, const char *folder, const char *name,
                         const char *path, const bc_log *log);

#endif
