/*
 * layers.h: a network as a table of layers, the one place where a network's geometry is written.
 *
 * A table is text, one layer a line, in the order in which the layers run, fields separated by one
 * space, at most BC_MAX_LAYERS lines and BC_LAYERS_TEXT_SIZE - 1 bytes:
 *
 *     NAME conv KERNEL OUT [stride=2 | up=subpixel|nearest|zero] [pad=edge|reflect] [norm[=style]]
 *          [relu] [weights=style] [from=NAME]
 *     NAME add FIRST SECOND
 *     NAME mix [INPUT]
 *     NAME canvas CHANNELS stride=4|8
 *
 * The input of a layer is the layer of the line before, or the frame (3 channels) for the first,
 * unless `from` names another ("frame" or an earlier layer). What is `=style` belongs to a style's
 * file, all other tensors to the net's: LAYER.weight [n_rows, n_in, kernel, kernel], LAYER.bias
 * [n_rows], LAYER.norm.scale and LAYER.norm.shift [n_out].
 *
 * conv    cross-correlation with k/2 of padding on each side, then instance normalisation, then
 *         ReLU, where it has them. `up` is a stride of 1/2; all kinds run as four phases on the
 * grid of the input. `subpixel` stores its phases: row c*4 + 2*ry + rx is pixel (2y+ry, 2x+rx) of
 * channel c. add     the sum of two maps of one size mix     the sum, by share, of what the styles
 * of a blend have made: from the first layer with `weights=style` on, maps exist once for each
 * style, up to the next mix. Everywhere else a `norm=style` has the mean, by share, of the styles'
 * scales and shifts. canvas  smooth noise, a function of the place alone: what is painted on where
 * the picture is flat
 *
 * Padding with reflection does not repeat the edge; it stands only at layers without `up`.
 */
#ifndef BC_MODEL_LAYERS_H
#define BC_MODEL_LAYERS_H

#include <stdbool.h>

#include "brushcast.h"

enum {
    BC_MAX_LAYERS = 40,
    BC_MAX_WIDTH = 512, /* channels */
    BC_MAX_UNIT = 32,
    BC_LAYER_NAME_SIZE = 32,
    BC_LAYERS_TEXT_SIZE = 4096,
    BC_FRAME = -1 /* as an input: the frame */
};

typedef enum bc_layer_kind {
    BC_LAYER_CONV,
    BC_LAYER_ADD,
    BC_LAYER_MIX,
    BC_LAYER_CANVAS,
    BC_N_LAYER_KINDS
} bc_layer_kind;

typedef enum bc_upsample {
    BC_UPSAMPLE_SUBPIXEL,
    BC_UPSAMPLE_NEAREST,
    BC_UPSAMPLE_ZERO,
    BC_N_UPSAMPLES
} bc_upsample;

typedef enum bc_stride { BC_STRIDE_1, BC_STRIDE_2, BC_STRIDE_HALF } bc_stride;
typedef enum bc_padding { BC_PAD_EDGE, BC_PAD_REFLECT } bc_padding;

/* Whose tensors. */
typedef enum bc_owner { BC_OWNER_NET, BC_OWNER_STYLE, BC_N_OWNERS } bc_owner;

typedef struct bc_layer {
    char name[BC_LAYER_NAME_SIZE];
    bc_layer_kind kind;
    int inputs[2];       /* earlier layers, or BC_FRAME; bc_layer_inputs says how many */
    int n_in, n_out;     /* channels before and after, phases not counted */
    int cell;            /* pixels of the frame to one of the output's, in x and in y */
    bool is_each_styles; /* its map exists once for each style of a blend */

    /* BC_LAYER_CONV alone: */
    int kernel; /* of the stored weights */
    int n_rows; /* of the stored weights: n_out, or 4 * n_out for stored phases */
    bc_stride stride;
    bc_upsample upsample; /* of BC_STRIDE_HALF */
    bc_padding pad;
    bc_owner weights;
    bool norm, relu;
    bc_owner norm_owner; /* of a norm */
} bc_layer;

/* Plain data: shapes alone. */
typedef struct bc_layers {
    int n;
    bc_layer layers[BC_MAX_LAYERS];
    int unit; /* frames are extended to multiples of it, in both directions */
    char text[BC_LAYERS_TEXT_SIZE];
} bc_layers;

/*
 * Reads `text` into `table`, which also keeps it. BC_ERR_FORMAT, naming `path`, the line and the
 * reason, if it is no table as above: then `table` is undefined.
 */
bc_status bc_layers_parse(bc_layers *table, const char *text, const char *path, const bc_log *log);

/* The table of a preset, "stylebank", "cin", "johnson" or "deep", or of the text file `name`. */
bc_status bc_layers_open(bc_layers *table, const char *name, const bc_log *log);

/*
 * The table of format 1: three widths (multiples of 8), the kind of stride 1/2, and style banks of
 * n_bank_layers, 0 for the path without a style.
 */
void bc_layers_of_format_1(bc_layers *table, const int widths[3], bc_upsample upsample,
                           int n_bank_layers);

/* The layer of that name, or -1. */
int bc_layers_find(const bc_layers *table, const char *name);

/* Whether any tensor of the table is a style's. */
bool bc_layers_have_styles(const bc_layers *table);

/* The side, height or width, to which a frame's is extended. */
static inline int bc_layers_extend(const bc_layers *table, int side)
{
    return (side + table->unit - 1) / table->unit * table->unit;
}

/* Inputs of a layer: 0 for a canvas, 2 for a sum, else 1. */
static inline int bc_layer_inputs(const bc_layer *layer)
{
    return layer->kind == BC_LAYER_CANVAS ? 0 : layer->kind == BC_LAYER_ADD ? 2 : 1;
}

/*
 * The kernel of the phases into which the k x k convolution of a doubled grid, `nearest` or `zero`,
 * folds: taps at (p + d) / 2 for d from -k/2 to k/2 and phases p of 0 and 1.
 */
static inline int bc_folded_kernel(int kernel)
{
    return 2 * ((kernel / 2 + 1) / 2) + 1;
}

/* Multiply-adds for each pixel of the frame, phases folded. */
double bc_layer_macs(const bc_layer *layer);
double bc_layers_macs(const bc_layers *table);

const char *bc_upsample_name(bc_upsample upsample); /* "subpixel", "nearest", "zero" */

#endif
