#include "export/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "export/metadata.h"
#include "kernels/kernels.h"

enum { NAME_SIZE = BC_LAYER_NAME_SIZE + 32 };

typedef struct value {
    char name[NAME_SIZE];
} value;

/* A model in the making, and the layer and the blend's part that are being written. */
typedef struct writer {
    bc_onnx onnx;
    const bc_model *model;
    const bc_layers *table;
    int n_parts; /* of the blend; 1 also where there is none */
    bc_style_weight parts[BC_MAX_BLEND];
    int width, height;
    int layer, part;
    value frame; /* extended */
    value values[BC_MAX_LAYERS]
                [BC_MAX_BLEND]; /* outputs of layers, of each part where it has one */
    bool failed;
} writer;

static const bc_layer *layer_of(const writer *w)
{
    return &w->table->layers[w->layer];
}

static bool has_parts(const writer *w)
{
    return layer_of(w)->is_each_styles && w->n_parts > 1;
}

/* The layer's name, `separator`, `what`, and the part where there are several. */
static value name_of(const writer *w, char separator, const char *what)
{
    value v;
    const char *layer = layer_of(w)->name;
    if (has_parts(w))
        snprintf(v.name, sizeof(v.name), "%s%c%s@%d", layer, separator, what, w->part);
    else
        snprintf(v.name, sizeof(v.name), "%s%c%s", layer, separator, what);
    return v;
}

static value input_of(const writer *w, int i)
{
    const int input = layer_of(w)->inputs[i];
    if (input == BC_FRAME)
        return w->frame;
    return w->values[input][w->table->layers[input].is_each_styles ? w->part : 0];
}

static const bc_tensors *tensors_of(const writer *w, bc_owner owner, int part)
{
    const bc_model *model = w->model;
    return owner == BC_OWNER_NET ? &model->net.tensors[w->layer]
                                 : &model->styles[w->parts[part].style].tensors[w->layer];
}

/* Nodes ------------------------------------------------------------------------------------ */

static value write_pad(writer *w, value x, int64_t n, bc_padding kind)
{
    const value pads = name_of(w, '/', "pads"), padded = name_of(w, '/', "padded");
    if (n == 0)
        return x;
    bc_onnx_ints(&w->onnx, pads.name, 8, (const int64_t[]){0, 0, n, n, 0, 0, n, n});
    const size_t node =
        bc_onnx_node_begin(&w->onnx, "Pad", padded.name, BC_ONNX_INPUTS(x.name, pads.name));
    bc_onnx_attribute_text(&w->onnx, "mode", kind == BC_PAD_REFLECT ? "reflect" : "edge");
    bc_onnx_node_end(&w->onnx, node);
    return padded;
}

static value write_doubled(writer *w, value x)
{
    const value scales = name_of(w, '/', "scales"), doubled = name_of(w, '/', "doubled");
    bc_onnx_floats(&w->onnx, scales.name, 1, (const int64_t[]){4}, (const float[]){1, 1, 2, 2});
    const size_t node = bc_onnx_node_begin(&w->onnx, "Resize", doubled.name,
                                           BC_ONNX_INPUTS(x.name, "", scales.name));
    bc_onnx_attribute_text(&w->onnx, "mode", "nearest");
    bc_onnx_attribute_text(&w->onnx, "coordinate_transformation_mode", "asymmetric");
    bc_onnx_attribute_text(&w->onnx, "nearest_mode", "floor");
    bc_onnx_node_end(&w->onnx, node);
    return doubled;
}

static value write_phases(writer *w, value x)
{
    const value pixels = name_of(w, '/', "pixels");
    const size_t node =
        bc_onnx_node_begin(&w->onnx, "DepthToSpace", pixels.name, BC_ONNX_INPUTS(x.name));
    bc_onnx_attribute_int(&w->onnx, "blocksize", 2);
    bc_onnx_attribute_text(&w->onnx, "mode", "CRD");
    bc_onnx_node_end(&w->onnx, node);
    return pixels;
}

/* Convolutions ----------------------------------------------------------------------------- */

static size_t begin_convolution(writer *w, const char *op, value x, value output)
{
    const bc_layer *layer = layer_of(w);
    const value weight = name_of(w, '.', "weight"), bias = name_of(w, '.', "bias");
    const bc_tensors *tensors = tensors_of(w, layer->weights, w->part);
    bc_onnx_floats(&w->onnx, bias.name, 1, (const int64_t[]){layer->n_rows}, tensors->bias);
    const size_t node = bc_onnx_node_begin(&w->onnx, op, output.name,
                                           BC_ONNX_INPUTS(x.name, weight.name, bias.name));
    const int64_t k = layer->kernel, stride = layer->stride == BC_STRIDE_1 ? 1 : 2;
    bc_onnx_attribute_ints(&w->onnx, "kernel_shape", 2, (const int64_t[]){k, k});
    if (layer->upsample == BC_UPSAMPLE_ZERO || layer->stride != BC_STRIDE_HALF)
        bc_onnx_attribute_ints(&w->onnx, "strides", 2, (const int64_t[]){stride, stride});
    return node;
}

static value write_convolution(writer *w, value x)
{
    const bc_layer *layer = layer_of(w);
    const value y = name_of(w, '/', "conv"), weight = name_of(w, '.', "weight");
    const int64_t shape[] = {layer->n_rows, layer->n_in, layer->kernel, layer->kernel};
    bc_onnx_floats(&w->onnx, weight.name, 4, shape, tensors_of(w, layer->weights, w->part)->weight);
    bc_onnx_node_end(&w->onnx, begin_convolution(w, "Conv", x, y));
    return y;
}

/* [out, in, k, k] to [in, out, k, k], turned by 180 degrees. */
static void turn(float *to, const float *from, int n_out, int n_in, int n_taps)
{
    for (int o = 0; o < n_out; o++)
        for (int i = 0; i < n_in; i++)
            for (int k = 0; k < n_taps; k++)
                to[((size_t)i * (size_t)n_out + (size_t)o) * (size_t)n_taps + (size_t)k] =
                    from[((size_t)o * (size_t)n_in + (size_t)i) * (size_t)n_taps +
                         (size_t)(n_taps - 1 - k)];
}

/*
 * A zero after each value and then a convolution is a transposed convolution. Of the input, which
 * was padded by `margin` on each side, it leaves twice its size without the padding.
 */
static value write_transposed(writer *w, value x, int64_t margin)
{
    const bc_layer *layer = layer_of(w);
    const int k = layer->kernel;
    const value y = name_of(w, '/', "conv"), weight = name_of(w, '.', "weight");
    float *turned =
        malloc((size_t)layer->n_out * (size_t)layer->n_in * (size_t)(k * k) * sizeof(*turned));
    w->failed = w->failed || !turned;
    if (!turned)
        return y;
    turn(turned, tensors_of(w, layer->weights, w->part)->weight, layer->n_out, layer->n_in, k * k);
    bc_onnx_floats(&w->onnx, weight.name, 4, (const int64_t[]){layer->n_in, layer->n_out, k, k},
                   turned);
    free(turned);
    const int64_t before = 2 * margin + k / 2, after = before - 1;
    const size_t node = begin_convolution(w, "ConvTranspose", x, y);
    bc_onnx_attribute_ints(&w->onnx, "pads", 4, (const int64_t[]){before, before, after, after});
    bc_onnx_node_end(&w->onnx, node);
    return y;
}

/* A style's norm where maps exist once is the mean, by share, of all. */
static void write_norm_tensors(writer *w, const bc_layer *layer, value scale, value shift)
{
    float means[2][BC_MAX_WIDTH] = {{0}};
    const int64_t n = layer->n_out;
    const bool is_mean = layer->norm_owner == BC_OWNER_STYLE && !layer->is_each_styles;
    for (int part = 0; is_mean && part < w->n_parts; part++) {
        const bc_tensors *tensors = tensors_of(w, BC_OWNER_STYLE, part);
        for (int c = 0; c < layer->n_out; c++) {
            means[0][c] += w->parts[part].weight * tensors->scale[c];
            means[1][c] += w->parts[part].weight * tensors->shift[c];
        }
    }
    const bc_tensors *own = tensors_of(w, layer->norm_owner, w->part);
    bc_onnx_floats(&w->onnx, scale.name, 1, &n, is_mean ? means[0] : own->scale);
    bc_onnx_floats(&w->onnx, shift.name, 1, &n, is_mean ? means[1] : own->shift);
}

static value write_norm(writer *w, value x)
{
    const value y = name_of(w, '/', "norm"), scale = name_of(w, '.', "norm.scale"),
                shift = name_of(w, '.', "norm.shift");
    write_norm_tensors(w, layer_of(w), scale, shift);
    const size_t node = bc_onnx_node_begin(&w->onnx, "InstanceNormalization", y.name,
                                           BC_ONNX_INPUTS(x.name, scale.name, shift.name));
    bc_onnx_attribute_float(&w->onnx, "epsilon", 1e-5f);
    bc_onnx_node_end(&w->onnx, node);
    return y;
}

static value write_conv(writer *w)
{
    const bc_layer *layer = layer_of(w);
    const bool is_up = layer->stride == BC_STRIDE_HALF;
    const int margin = layer->kernel / 4 + 1; /* of the grid before zeros are put into it */
    value x = input_of(w, 0);
    if (is_up && layer->upsample == BC_UPSAMPLE_NEAREST)
        x = write_doubled(w, x);
    if (is_up && layer->upsample == BC_UPSAMPLE_ZERO)
        x = write_transposed(w, write_pad(w, x, margin, layer->pad), margin);
    else
        x = write_convolution(w, write_pad(w, x, layer->kernel / 2, layer->pad));
    if (is_up && layer->upsample == BC_UPSAMPLE_SUBPIXEL)
        x = write_phases(w, x);
    if (layer->norm)
        x = write_norm(w, x);
    if (!layer->relu)
        return x;
    const value rectified = name_of(w, '/', "relu");
    bc_onnx_node(&w->onnx, "Relu", rectified.name, BC_ONNX_INPUTS(x.name));
    return rectified;
}

/* Other layers ----------------------------------------------------------------------------- */

static value write_add(writer *w)
{
    const value sum = name_of(w, '/', "add"), a = input_of(w, 0), b = input_of(w, 1);
    bc_onnx_node(&w->onnx, "Add", sum.name, BC_ONNX_INPUTS(a.name, b.name));
    return sum;
}

/* The sum, by share, of what the parts have made; of one part it is that. */
static value write_mix(writer *w)
{
    const char *layer = layer_of(w)->name;
    value sum = {""};
    if (w->n_parts == 1)
        return input_of(w, 0);
    for (w->part = 0; w->part < w->n_parts; w->part++) {
        value share, product, next;
        const value x = input_of(w, 0);
        snprintf(share.name, NAME_SIZE, "%s/share@%d", layer, w->part);
        snprintf(product.name, NAME_SIZE, "%s/product@%d", layer, w->part);
        snprintf(next.name, NAME_SIZE, "%s/sum@%d", layer, w->part);
        bc_onnx_floats(&w->onnx, share.name, 0, NULL, &w->parts[w->part].weight);
        bc_onnx_node(&w->onnx, "Mul", product.name, BC_ONNX_INPUTS(x.name, share.name));
        if (w->part > 0)
            bc_onnx_node(&w->onnx, "Add", next.name, BC_ONNX_INPUTS(sum.name, product.name));
        sum = w->part > 0 ? next : product;
    }
    return sum;
}

static void bake_canvas(writer *w, const char *name)
{
    const bc_layer *layer = layer_of(w);
    const int rows = bc_layers_extend(w->table, w->height) / layer->cell,
              columns = bc_layers_extend(w->table, w->width) / layer->cell;
    const size_t n = (size_t)rows * (size_t)columns;
    float *canvas = malloc((size_t)layer->n_out * n * sizeof(*canvas));
    bc_kernels kernels;
    bc_kernels_init_c(&kernels);
    w->failed = w->failed || !canvas;
    for (int row = 0; canvas && row < rows; row++)
        kernels.canvas_row(canvas + (size_t)row * (size_t)columns, (ptrdiff_t)n, layer->n_out,
                           layer->cell, (bc_canvas_span){.row = row, .step = 1, .n = columns},
                           &(bc_displacement){0});
    if (canvas)
        bc_onnx_floats(&w->onnx, name, 4, (const int64_t[]){1, layer->n_out, rows, columns},
                       canvas);
    free(canvas);
}

static value write_canvas(writer *w)
{
    const bc_layer *layer = layer_of(w);
    const value rows = name_of(w, '/', "rows"), columns = name_of(w, '/', "columns");
    const bc_onnx_dim dims[BC_ONNX_MAX_DIMS] = {
        {.size = 1}, {.size = layer->n_out}, {.name = rows.name}, {.name = columns.name}};
    value canvas;
    snprintf(canvas.name, sizeof(canvas.name), "%s", layer->name);
    if (w->width > 0)
        bake_canvas(w, canvas.name);
    else
        bc_onnx_input(&w->onnx, canvas.name, dims);
    return canvas;
}

/* Frames ----------------------------------------------------------------------------------- */

/* How far any frame is to be extended: six zeros, and what its height and width lack. */
static void write_dynamic_pads(writer *w)
{
    bc_onnx *to = &w->onnx;
    bc_onnx_ints(to, "frame/sides", 2, (const int64_t[]){2, 3});
    bc_onnx_ints(to, "frame/unit", 1, (const int64_t[]){w->table->unit});
    bc_onnx_ints(to, "frame/zeros", 6, (const int64_t[6]){0});
    bc_onnx_node(&w->onnx, "Shape", "frame/shape", BC_ONNX_INPUTS("frame"));
    bc_onnx_node(&w->onnx, "Gather", "frame/size", BC_ONNX_INPUTS("frame/shape", "frame/sides"));
    bc_onnx_node(&w->onnx, "Neg", "frame/negative", BC_ONNX_INPUTS("frame/size"));
    bc_onnx_node(&w->onnx, "Mod", "frame/lack", BC_ONNX_INPUTS("frame/negative", "frame/unit"));
    const size_t node =
        bc_onnx_node_begin(to, "Concat", "frame/pads", BC_ONNX_INPUTS("frame/zeros", "frame/lack"));
    bc_onnx_attribute_int(to, "axis", 0);
    bc_onnx_node_end(to, node);
}

/* Whether frames have to be extended, and cropped back. */
static bool is_extended(const writer *w)
{
    const int unit = w->table->unit;
    return w->width == 0 ? unit > 1 : w->width % unit != 0 || w->height % unit != 0;
}

static void write_frame(writer *w)
{
    const bc_onnx_dim dynamic[] = {
        {.name = "batch"}, {.size = 3}, {.name = "height"}, {.name = "width"}};
    const bc_onnx_dim fixed[] = {{.size = 1}, {.size = 3}, {.size = w->height}, {.size = w->width}};
    bc_onnx_input(&w->onnx, "frame", w->width > 0 ? fixed : dynamic);
    bc_onnx_output(&w->onnx, "painting", w->width > 0 ? fixed : dynamic);
    snprintf(w->frame.name, NAME_SIZE, "%s", is_extended(w) ? "frame/extended" : "frame");
    if (!is_extended(w))
        return;
    if (w->width > 0) {
        const int64_t pads[8] = {[6] = bc_layers_extend(w->table, w->height) - w->height,
                                 [7] = bc_layers_extend(w->table, w->width) - w->width};
        bc_onnx_ints(&w->onnx, "frame/sides", 2, (const int64_t[]){2, 3});
        bc_onnx_ints(&w->onnx, "frame/size", 2, (const int64_t[]){w->height, w->width});
        bc_onnx_ints(&w->onnx, "frame/pads", 8, pads);
    } else {
        write_dynamic_pads(w);
    }
    const size_t node =
        bc_onnx_node_begin(&w->onnx, "Pad", w->frame.name, BC_ONNX_INPUTS("frame", "frame/pads"));
    bc_onnx_attribute_text(&w->onnx, "mode", "edge");
    bc_onnx_node_end(&w->onnx, node);
}

static void write_painting(writer *w)
{
    const value last = w->values[w->table->n - 1][0];
    bc_onnx_floats(&w->onnx, "painting/low", 0, NULL, &(const float){0});
    bc_onnx_floats(&w->onnx, "painting/high", 0, NULL, &(const float){1});
    bc_onnx_node(&w->onnx, "Clip", is_extended(w) ? "painting/extended" : "painting",
                 BC_ONNX_INPUTS(last.name, "painting/low", "painting/high"));
    if (!is_extended(w))
        return;
    bc_onnx_ints(&w->onnx, "painting/start", 2, (const int64_t[]){0, 0});
    bc_onnx_node(
        &w->onnx, "Slice", "painting",
        BC_ONNX_INPUTS("painting/extended", "painting/start", "frame/size", "frame/sides"));
}

/* The model -------------------------------------------------------------------------------- */

static void write_layer(writer *w)
{
    static value (*const writers[])(writer *) = {[BC_LAYER_CONV] = write_conv,
                                                 [BC_LAYER_ADD] = write_add,
                                                 [BC_LAYER_MIX] = write_mix,
                                                 [BC_LAYER_CANVAS] = write_canvas};
    const int n = layer_of(w)->is_each_styles ? w->n_parts : 1;
    for (int part = 0; part < n; part++) {
        w->part = part;
        const value v = writers[layer_of(w)->kind](w);
        w->values[w->layer][part] = v;
    }
}

/* Parts without a share are left out, and shares add up to 1. */
static void set_parts(writer *w, const bc_export_params *params)
{
    double sum = 0;
    for (int i = 0; i < params->n_blend; i++)
        sum += (double)params->blend[i].weight;
    for (int i = 0; i < params->n_blend && w->n_parts < BC_MAX_BLEND; i++) {
        if (params->blend[i].weight > 0)
            w->parts[w->n_parts++] = (bc_style_weight){
                params->blend[i].style, (float)((double)params->blend[i].weight / sum)};
    }
}

/* A canvas whose name, the layer's alone, is another value's, or NULL. */
static const char *find_clash(const bc_layers *table)
{
    static const char *const parts[] = {"weight", "bias", "norm.scale", "norm.shift"};
    char name[NAME_SIZE] = "painting";
    for (int i = 0;; i++) {
        const int layer = bc_layers_find(table, name);
        if (layer >= 0 && table->layers[layer].kind == BC_LAYER_CANVAS)
            return table->layers[layer].name;
        if (i == 4 * table->n)
            return NULL;
        snprintf(name, sizeof(name), "%s.%s", table->layers[i / 4].name, parts[i % 4]);
    }
}

bc_status bc_export_write(bc_proto *file, const bc_model *model, const bc_export_params *params,
                          const bc_log *log)
{
    const char *clash = find_clash(&model->net.table);
    if (clash)
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: its canvas '%s' is called like another value",
                       model->net.name, clash);
    writer *w = calloc(1, sizeof(*w));
    if (!w)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory to export it", model->net.name);
    *w = (writer){.model = model,
                  .table = &model->net.table,
                  .width = params->width,
                  .height = params->height};
    set_parts(w, params);
    const bool has_style = w->n_parts > 0;
    if (!has_style && bc_layers_have_styles(w->table)) {
        free(w);
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: needs a style", model->net.name);
    }
    w->n_parts = has_style ? w->n_parts : 1;
    bc_onnx_begin(&w->onnx, model->net.name);
    write_frame(w);
    for (; w->layer < w->table->n; w->layer++)
        write_layer(w);
    write_painting(w);
    bc_onnx_end(&w->onnx);
    bc_export_metadata(&w->onnx, model, w->parts, has_style ? w->n_parts : 0);
    *file = w->onnx.proto;
    const bool failed = w->failed || file->failed;
    free(w);
    return failed ? bc_fail(log, BC_ERR_MEMORY, "%s: no memory to export it", model->net.name)
                  : BC_OK;
}
