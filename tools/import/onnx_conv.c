/* Convolutions and what belongs to them: stride, padding, phases, normalisation, ReLU. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx_reader.h"

static const float epsilon = 1e-5f; /* of our instance normalisation */

/* Convolutions ----------------------------------------------------------------------------- */

static bool attribute_is(const bc_onnx_op *op, const char *name, double expected, bool may_lack)
{
    double numbers[BC_ONNX_MAX_NUMBERS];
    const int n = bc_onnx_op_numbers(op, name, numbers);
    for (int i = 0; i < n; i++)
        if (numbers[i] != expected)
            return false;
    return n > 0 || may_lack;
}

/* The weights' shape into the layer; of a transposed convolution inputs come first. */
static bool take_shape(bc_onnx_reader *r, bc_layer *layer, const bc_onnx_tensor *weight,
                       bool is_transposed)
{
    const int64_t *from = weight->dims;
    const int64_t dims[] = {from[is_transposed], from[!is_transposed], from[2], from[3]};
    return bc_draft_take_shape(layer, weight->rank, dims) ||
           bc_onnx_refuse(r, "has no kernel of 1, 3, 5, 7 or 9 squared");
}

/* [in, out, k, k] of a transposed convolution, turned by 180 degrees, to [out, in, k, k]. */
static bool turn_back(float *weight, const bc_layer *layer)
{
    const size_t n_in = (size_t)layer->n_in, n_out = (size_t)layer->n_out;
    const size_t n_taps = (size_t)(layer->kernel * layer->kernel), n = n_in * n_out * n_taps;
    float *from = malloc(n * sizeof(*from));
    if (!from)
        return false;
    memcpy(from, weight, n * sizeof(*from));
    for (size_t i = 0; i < n; i++) {
        const size_t out = i / (n_in * n_taps), in = i / n_taps % n_in, tap = i % n_taps;
        weight[i] = from[(in * n_out + out) * n_taps + n_taps - 1 - tap];
    }
    free(from);
    return true;
}

static bool take_weights(bc_onnx_reader *r, bc_draft_layer *d, const bc_onnx_tensor *weight,
                         float scale)
{
    if (weight->n > BC_DRAFT_MAX_VALUES - r->n_values)
        return bc_onnx_refuse(r, "has more weights than the %d of all layers", BC_DRAFT_MAX_VALUES);
    r->n_values += weight->n;
    d->weight = bc_onnx_floats_of(weight);
    d->bias = bc_onnx_input_row(r, 2, d->layer.n_rows);
    if (!d->weight)
        return bc_onnx_refuse(r, "has weights that cannot be read");
    for (size_t i = 0; i < weight->n && scale != 1; i++)
        d->weight[i] *= scale;
    return d->bias != NULL;
}

/* How the convolution is padded, by what waited for it. */
static bool take_padding(bc_onnx_reader *r, bc_layer *layer, const bc_onnx_map *m)
{
    if (!attribute_is(r->op, "pads", 0, true))
        return bc_onnx_refuse(r, "pads with zeros, which no table of layers does");
    if (m->margin != layer->kernel / 2)
        return bc_onnx_refuse(r, "has a kernel of %d after a padding by %d", layer->kernel,
                              m->margin);
    layer->pad = m->pad;
    if (!m->is_doubled)
        return true;
    layer->stride = BC_STRIDE_HALF;
    layer->upsample = BC_UPSAMPLE_NEAREST;
    if (m->margin > 1 && m->pad == BC_PAD_REFLECT)
        return bc_onnx_refuse(r, "reflects more than one row of a doubled map");
    layer->pad = BC_PAD_EDGE; /* the row beside the edge of a doubled map is the edge's own */
    return true;
}

static bool is_ordinary(bc_onnx_reader *r)
{
    const bc_span pad = bc_onnx_op_text(r->op, "auto_pad", "NOTSET");
    if (bc_onnx_op_int(r->op, "group", 1) != 1 || !attribute_is(r->op, "dilations", 1, true) ||
        !(bc_span_is(pad, "NOTSET") || bc_span_is(pad, "VALID")))
        return bc_onnx_refuse(r, "is grouped, dilated or padded automatically");
    return true;
}

static bool take_stride(bc_onnx_reader *r, bc_layer *layer)
{
    if (attribute_is(r->op, "strides", 1, true))
        return true;
    if (!attribute_is(r->op, "strides", 2, false) ||
        !attribute_is(r->op, "output_padding", 0, true) || layer->stride == BC_STRIDE_HALF)
        return bc_onnx_refuse(r, "has a stride that is neither 1 nor 2");
    layer->stride = BC_STRIDE_2;
    return true;
}

static const bc_onnx_tensor *input_weight(bc_onnx_reader *r)
{
    const bc_onnx_found *v = bc_onnx_input_found(r, 1);
    if (!v || v->kind != BC_ONNX_FOUND_TENSOR)
        bc_onnx_refuse(r, "has weights that are no constant");
    return v && v->kind == BC_ONNX_FOUND_TENSOR ? &v->tensor : NULL;
}

bool bc_onnx_read_conv(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    const bc_onnx_tensor *weight = m ? input_weight(r) : NULL;
    if (!weight || !is_ordinary(r))
        return false;
    if (!bc_onnx_is_current(r, m) || m->is_cropped)
        return bc_onnx_refuse(r, "reads what is no layer's output");
    bc_draft_layer *d = bc_onnx_add_layer(r, BC_LAYER_CONV, weight->name);
    if (!d || !take_shape(r, &d->layer, weight, false))
        return false;
    d->layer.inputs[0] = m->layer;
    if (d->layer.n_in != m->n_channels)
        return bc_onnx_refuse(r, "takes %d channels of %d", d->layer.n_in, m->n_channels);
    if (!take_weights(r, d, weight, m->scale) || !take_padding(r, &d->layer, m) ||
        !take_stride(r, &d->layer))
        return false;
    const int stride = d->layer.stride == BC_STRIDE_2 ? 2 : 1;
    return bc_onnx_give_map(r, (bc_onnx_map){.layer = r->draft->n - 1,
                                             .n_channels = d->layer.n_out,
                                             .scale = 1,
                                             .height = (m->height - 2 * m->margin - 1) / stride + 1,
                                             .width = (m->width - 2 * m->margin - 1) / stride + 1});
}

/* A zero after each value, as brushcast-export writes it; see there. */
bool bc_onnx_read_transposed(bc_onnx_reader *r)
{
    double pads[BC_ONNX_MAX_NUMBERS];
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    const bc_onnx_tensor *weight = m ? input_weight(r) : NULL;
    const int n = weight ? bc_onnx_op_numbers(r->op, "pads", pads) : 0;
    if (!weight || !is_ordinary(r))
        return false;
    bc_draft_layer *d = bc_onnx_add_layer(r, BC_LAYER_CONV, weight->name);
    if (!d || !take_shape(r, &d->layer, weight, true))
        return false;
    const int before = 2 * m->margin + d->layer.kernel / 2;
    if (n != 4 || pads[0] != before || pads[1] != before || pads[2] != before - 1 ||
        pads[3] != before - 1 || m->margin != d->layer.kernel / 4 + 1 || m->pad != BC_PAD_EDGE ||
        !attribute_is(r->op, "strides", 2, false) || !bc_onnx_is_current(r, m) || m->is_doubled ||
        m->is_cropped || m->scale != 1 || d->layer.n_in != m->n_channels)
        return bc_onnx_refuse(r, "is no doubling with repeated edges");
    d->layer.inputs[0] = m->layer;
    d->layer.stride = BC_STRIDE_HALF;
    d->layer.upsample = BC_UPSAMPLE_ZERO;
    if (!take_weights(r, d, weight, 1))
        return false;
    if (!turn_back(d->weight, &d->layer))
        return bc_onnx_refuse(r, "finds no memory");
    return bc_onnx_give_map(r, (bc_onnx_map){.layer = r->draft->n - 1,
                                             .n_channels = d->layer.n_out,
                                             .scale = 1,
                                             .height = 2 * (m->height - 2 * m->margin),
                                             .width = 2 * (m->width - 2 * m->margin)});
}

/* What belongs to a convolution ------------------------------------------------------------ */

bool bc_onnx_read_norm(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    if (!m)
        return false;
    if (!bc_onnx_is_open(r, m) || bc_onnx_layer_of(r, m)->norm || bc_onnx_layer_of(r, m)->relu ||
        r->op->n_inputs != 3)
        return bc_onnx_refuse(r, "normalises what is no convolution's output");
    const float own = bc_onnx_op_float(r->op, "epsilon", epsilon);
    if (!(fabsf(own - epsilon) <= epsilon / 1000))
        return bc_onnx_refuse(r, "has an epsilon of %g, not 1e-5", (double)own);
    bc_draft_layer *d = &r->draft->layers[m->layer];
    d->layer.norm = true;
    d->scale = bc_onnx_input_row(r, 1, d->layer.n_out);
    d->shift = d->scale ? bc_onnx_input_row(r, 2, d->layer.n_out) : NULL;
    return d->shift && bc_onnx_give_map(r, bc_onnx_next_version(r, m));
}

bool bc_onnx_read_relu(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    if (!m)
        return false;
    if (!bc_onnx_is_open(r, m) || bc_onnx_layer_of(r, m)->relu)
        return bc_onnx_refuse(r, "follows what is no convolution");
    bc_onnx_layer_of(r, m)->relu = true;
    return bc_onnx_give_map(r, bc_onnx_next_version(r, m));
}

bool bc_onnx_read_phases(bc_onnx_reader *r)
{
    const bc_onnx_map *m = bc_onnx_input_map(r, 0);
    if (!m)
        return false;
    bc_layer *layer = m->layer == BC_FRAME ? NULL : bc_onnx_layer_of(r, m);
    if (!layer || !bc_onnx_is_open(r, m) || layer->norm || layer->relu ||
        layer->stride != BC_STRIDE_1 || layer->n_rows % 4 || layer->pad == BC_PAD_REFLECT ||
        bc_onnx_op_int(r->op, "blocksize", 0) != 2 ||
        !bc_span_is(bc_onnx_op_text(r->op, "mode", "DCR"), "CRD"))
        return bc_onnx_refuse(
            r, "is no sub-pixel convolution: blocks of 2, mode CRD, right after a Conv");
    layer->stride = BC_STRIDE_HALF;
    layer->upsample = BC_UPSAMPLE_SUBPIXEL;
    layer->n_out = layer->n_rows / 4;
    bc_onnx_map doubled = bc_onnx_next_version(r, m);
    doubled.n_channels = layer->n_out;
    doubled.height *= 2;
    doubled.width *= 2;
    return bc_onnx_give_map(r, doubled);
}
