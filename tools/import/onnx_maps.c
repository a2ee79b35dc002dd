/* What waits for a convolution, sums, and the ends of the net. */
#include <math.h>
#include <string.h>

#include "import/onnx_reader.h"

/* What waits for a convolution ------------------------------------------------------------- */

/* The four sides' paddings of [n, c, h, w]: top, left, bottom, right. */
static bool take_pads(bc_onnx_reader *r, double sides[4])
{
    double numbers[BC_ONNX_MAX_NUMBERS];
    const bc_numbers *given = bc_onnx_input_numbers(r, 1);
    const int n = given ? given->n : bc_onnx_op_numbers(r->op, "pads", numbers);
    const double *pads = given ? given->values : numbers;
    if (n != 8 || pads[0] != 0 || pads[1] != 0 || pads[4] != 0 || pads[5] != 0)
        return bc_onnx_refuse(r, "has paddings that are not known, or not of height and width");
    const double found[] = {pads[2], pads[3], pads[6], pads[7]};
    memcpy(sides, found, sizeof(found));
    return true;
}

/* The frame's extension to a multiple of some unit. */
static bool extend_frame(bc_onnx_reader *r, bc_onnx_map padded, const double sides[4])
{
    const int height = padded.height + (int)sides[2], width = padded.width + (int)sides[3];
    const bool is_least =
        height < padded.height + BC_MAX_UNIT && width < padded.width + BC_MAX_UNIT;
    if (padded.layer != BC_FRAME || sides[0] != 0 || sides[1] != 0 || padded.margin > 0 ||
        !is_least || padded.pad != BC_PAD_EDGE)
        return bc_onnx_refuse(r, "pads the sides differently");
    padded.height = height;
    padded.width = width;
    r->is_extended = true;
    return bc_onnx_give_map(r, padded);
}

bool bc_onnx_read_pad(bc_onnx_reader *r)
{
    double sides[4] = {0};
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    const bc_span mode = bc_onnx_op_text(r->op, "mode", "constant");
    if (!m || !take_pads(r, sides))
        return false;
    for (int i = 0; i < 4; i++)
        if (!(sides[i] >= 0 && sides[i] <= 2 * BC_MAX_UNIT))
            return bc_onnx_refuse(r, "pads by %g", sides[i]);
    bc_onnx_map padded = *m;
    padded.pad = bc_span_is(mode, "reflect") ? BC_PAD_REFLECT : BC_PAD_EDGE;
    const bool is_nothing = sides[0] + sides[1] + sides[2] + sides[3] == 0;
    if (!is_nothing && !bc_span_is(mode, "reflect") && !bc_span_is(mode, "edge"))
        return bc_onnx_refuse(r, "pads with a constant, which no table of layers does");
    if (m->margin > 0 || m->is_cropped)
        return bc_onnx_refuse(r, "pads what is padded or cropped already");
    if (is_nothing)
        padded.pad = m->pad;
    else if (sides[0] != sides[1] || sides[0] != sides[2] || sides[0] != sides[3])
        return extend_frame(r, padded, sides);
    padded.margin = (int)sides[0];
    padded.height += 2 * padded.margin;
    padded.width += 2 * padded.margin;
    return bc_onnx_give_map(r, padded);
}

/* The ways to round that repeat each value once, for a factor of two. */
static bool repeats_values(const bc_onnx_op *op)
{
    const bc_span mode = bc_onnx_op_text(op, "mode", "nearest");
    const bc_span place = bc_onnx_op_text(op, "coordinate_transformation_mode", "half_pixel");
    const bc_span rounds = bc_onnx_op_text(op, "nearest_mode", "round_prefer_floor");
    const bool prefers_floor = bc_span_is(rounds, "round_prefer_floor");
    if (!bc_span_is(mode, "nearest"))
        return false;
    if (bc_span_is(op->type, "Upsample") || op->n_inputs == 2) /* Resize of opset 10 */
        return true;
    if (bc_span_is(place, "asymmetric"))
        return prefers_floor || bc_span_is(rounds, "floor");
    return (bc_span_is(place, "half_pixel") || bc_span_is(place, "pytorch_half_pixel")) &&
           (prefers_floor || bc_span_is(rounds, "round_prefer_ceil"));
}

/* Scales or sizes of [n, c, h, w], whichever the operation has. */
static bool doubles(bc_onnx_reader *r, const bc_onnx_map *m)
{
    double numbers[BC_ONNX_MAX_NUMBERS];
    const bool is_new = bc_onnx_reads(r, "Resize") && r->op->n_inputs > 2;
    const bc_numbers *scales = bc_onnx_input_numbers(r, is_new ? 2 : 1);
    const bc_numbers *sizes = is_new ? bc_onnx_input_numbers(r, 3) : NULL;
    const int n = bc_onnx_op_numbers(r->op, "scales", numbers);
    if (sizes && sizes->n == 4)
        return sizes->values[0] == 1 && sizes->values[1] == m->n_channels &&
               sizes->values[2] == 2 * m->height && sizes->values[3] == 2 * m->width;
    const double *factors = scales ? scales->values : numbers;
    return (scales ? scales->n : n) == 4 && factors[0] == 1 && factors[1] == 1 && factors[2] == 2 &&
           factors[3] == 2;
}

bool bc_onnx_read_resize(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    if (!m)
        return false;
    if (m->layer == BC_FRAME || !bc_onnx_is_plain(m) || !bc_onnx_is_current(r, m) ||
        !repeats_values(r->op) || !doubles(r, m))
        return bc_onnx_refuse(r, "does not repeat each value of a layer once in both directions");
    bc_onnx_map doubled = *m;
    doubled.is_doubled = true;
    doubled.height *= 2;
    doubled.width *= 2;
    return bc_onnx_give_map(r, doubled);
}

/* Sums, the frame and the painting --------------------------------------------------------- */

bool bc_onnx_read_add(bc_onnx_reader *r)
{
    const bc_onnx_map *a = bc_onnx_input_map(r, 0), *b = a ? bc_onnx_input_map(r, 1) : NULL;
    if (!b)
        return false;
    if (!bc_onnx_is_plain(a) || !bc_onnx_is_plain(b) || !bc_onnx_is_current(r, a) ||
        !bc_onnx_is_current(r, b) || a->n_channels != b->n_channels || a->height != b->height ||
        a->width != b->width)
        return bc_onnx_refuse(r, "adds what are no two layers of one size");
    bc_draft_layer *d = bc_onnx_add_layer(r, BC_LAYER_ADD, r->op->output);
    if (!d)
        return false;
    d->layer.inputs[0] = a->layer;
    d->layer.inputs[1] = b->layer;
    d->layer.n_in = d->layer.n_out = a->n_channels;
    return bc_onnx_give_map(r, (bc_onnx_map){.layer = r->draft->n - 1,
                                             .n_channels = a->n_channels,
                                             .height = a->height,
                                             .width = a->width,
                                             .scale = 1});
}

/* Into the convolution. The bounds of a Clip before it are scaled, too. */
static bool scale_layer(bc_onnx_reader *r, const bc_onnx_map *m, double factor)
{
    bc_draft_layer *d = &r->draft->layers[m->layer];
    const bc_layer *layer = &d->layer;
    if (!bc_onnx_is_open(r, m) || layer->norm || layer->relu)
        return bc_onnx_refuse(r, r->stated.n > 0 ? "is a style's share of a blend, which is no net"
                                                 : "is a factor of what no convolution makes");
    for (size_t i = 0; i < bc_draft_count_weights(layer); i++)
        d->weight[i] = (float)(d->weight[i] * factor);
    for (int i = 0; i < layer->n_rows; i++)
        d->bias[i] = (float)(d->bias[i] * factor);
    r->range *= (float)factor;
    return bc_onnx_give_map(r, bc_onnx_next_version(r, m));
}

/* A net that multiplies its frame by 255 takes 0 to 1. */
static bool scale_frame(bc_onnx_reader *r, const bc_onnx_map *m, double factor)
{
    bc_onnx_map product = *m;
    product.scale *= (float)factor;
    if (factor == 255)
        r->range = 1;
    return bc_onnx_give_map(r, product);
}

/* A factor of all values: of the frame, or of what a convolution makes. */
bool bc_onnx_read_factor(bc_onnx_reader *r)
{
    const bool is_second = bc_onnx_input_numbers(r, 0) != NULL, divides = bc_onnx_reads(r, "Div");
    const bc_numbers *number = bc_onnx_input_numbers(r, is_second ? 0 : 1);
    const bc_onnx_map *m = bc_onnx_input_map(r, is_second ? 1 : 0);
    if (!m || !number || number->n != 1 || (is_second && divides))
        return bc_onnx_refuse(r, "is no product of a layer and a number");
    const double factor = divides ? 1 / number->values[0] : number->values[0];
    return m->layer == BC_FRAME ? scale_frame(r, m, factor) : scale_layer(r, m, factor);
}

/* The bounds are inputs, or attributes before opset 11. */
bool bc_onnx_read_clip(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    const bc_numbers *low = bc_onnx_input_numbers(r, 1), *high = bc_onnx_input_numbers(r, 2);
    if (!m)
        return false;
    const double least =
        low && low->n == 1 ? low->values[0] : (double)bc_onnx_op_float(r->op, "min", -1);
    const double most =
        high && high->n == 1 ? high->values[0] : (double)bc_onnx_op_float(r->op, "max", -1);
    if (m->n_channels != 3 || least != 0 || (most != 1 && most != 255))
        return bc_onnx_refuse(r, "clips to other bounds than 0 and 1 or 255");
    r->range = (float)most;
    return bc_onnx_give_map(r, *m);
}

/* The frame's extension is cut off again. */
bool bc_onnx_read_crop(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    const bc_numbers *starts = bc_onnx_input_numbers(r, 1), *ends = bc_onnx_input_numbers(r, 2),
                     *axes = bc_onnx_input_numbers(r, 3);
    if (!starts || !ends || !axes || r->op->n_inputs != 4 || starts->n != 2 || ends->n != 2 ||
        axes->n != 2 || starts->values[0] != 0 || starts->values[1] != 0 ||
        ends->values[0] != r->height || ends->values[1] != r->width || axes->values[0] != 2 ||
        axes->values[1] != 3 || m->n_channels != 3)
        return bc_onnx_refuse(r, "cuts out other than the frame");
    bc_onnx_map cropped = *m;
    cropped.is_cropped = true;
    cropped.height = r->height;
    cropped.width = r->width;
    return bc_onnx_give_map(r, cropped);
}
