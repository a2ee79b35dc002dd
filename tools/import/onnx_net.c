#include "import/onnx_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "import/onnx_reader.h"

/* Of the frame, where the graph leaves its size open: a multiple of every table's unit. */
enum { FRAME_HEIGHT = 3 * BC_MAX_UNIT, FRAME_WIDTH = 5 * BC_MAX_UNIT };

/* Operations ------------------------------------------------------------------------------- */

static bool read_shape(bc_onnx_reader *r)
{
    const bc_onnx_found *v = bc_onnx_input_found(r, 0);
    if (v && v->kind == BC_ONNX_FOUND_MAP) {
        const bc_onnx_map *m = &v->map;
        bc_onnx_give_numbers(
            r, bc_numbers_row(4, (const int64_t[]){1, m->n_channels, m->height, m->width}));
        return true;
    }
    if (!v || v->kind != BC_ONNX_FOUND_TENSOR)
        return bc_onnx_refuse(r, "asks for the shape of what has none");
    bc_onnx_give_numbers(r, bc_numbers_row(v->tensor.rank, v->tensor.dims));
    return true;
}

static bool read_constant(bc_onnx_reader *r)
{
    bc_onnx_tensor tensor;
    double numbers[BC_ONNX_MAX_NUMBERS];
    if (bc_onnx_op_tensor(r->op, "value", &tensor)) {
        bc_onnx_add_tensor(r, r->op->output, &tensor);
        return true;
    }
    const int n = bc_onnx_op_numbers(r->op, "value_ints", numbers);
    if (n == 0 || n > BC_NUMBERS_MAX)
        return bc_onnx_refuse(r, "is no tensor of numbers");
    bc_numbers row = {.rank = 1, .dims = {n}, .n = n, .is_int = true};
    memcpy(row.values, numbers, (size_t)n * sizeof(*numbers));
    bc_onnx_give_numbers(r, row);
    return true;
}

static bool read_identity(bc_onnx_reader *r)
{
    const bc_onnx_found *v = bc_onnx_input_found(r, 0);
    if (!v)
        return bc_onnx_refuse(r, "has no input");
    bc_onnx_found *copy = bc_onnx_add(r, r->op->output, v->kind);
    *copy = *v;
    copy->name = r->op->output;
    return true;
}

static bool read_numbers(bc_onnx_reader *r)
{
    const bc_numbers *inputs[BC_ONNX_MAX_OP_INPUTS] = {NULL};
    bc_numbers result;
    for (int i = 0; i < r->op->n_inputs; i++)
        inputs[i] = bc_onnx_input_numbers(r, i);
    if (!bc_numbers_compute(&result, r->op, inputs))
        return bc_onnx_refuse(r, "is nothing that a table of layers can say");
    bc_onnx_give_numbers(r, result);
    return true;
}

/* The same operations work on maps and on sizes. */
static bool read_by_input(bc_onnx_reader *r)
{
    const bc_onnx_found *a = bc_onnx_input_found(r, 0), *b = bc_onnx_input_found(r, 1);
    const bool has_map = (a && a->kind == BC_ONNX_FOUND_MAP) || (b && b->kind == BC_ONNX_FOUND_MAP);
    if (!has_map)
        return read_numbers(r);
    if (bc_onnx_reads(r, "Add"))
        return bc_onnx_read_add(r);
    if (bc_onnx_reads(r, "Slice"))
        return a && a->kind == BC_ONNX_FOUND_MAP ? bc_onnx_read_crop(r)
                                                 : bc_onnx_refuse(r, "cuts by a layer");
    if (bc_onnx_reads(r, "Mul") || bc_onnx_reads(r, "Div"))
        return bc_onnx_read_factor(r);
    return bc_onnx_refuse(r, "is nothing that a table of layers can say");
}

static bool read_op(bc_onnx_reader *r)
{
    static const struct {
        const char *type;
        bool (*read)(bc_onnx_reader *);
    } readers[] = {{"Conv", bc_onnx_read_conv},
                   {"ConvTranspose", bc_onnx_read_transposed},
                   {"InstanceNormalization", bc_onnx_read_norm},
                   {"Relu", bc_onnx_read_relu},
                   {"DepthToSpace", bc_onnx_read_phases},
                   {"Pad", bc_onnx_read_pad},
                   {"Resize", bc_onnx_read_resize},
                   {"Upsample", bc_onnx_read_resize},
                   {"Clip", bc_onnx_read_clip},
                   {"Shape", read_shape},
                   {"Constant", read_constant},
                   {"Identity", read_identity},
                   {"Dropout", read_identity}};
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (bc_onnx_reads(r, readers[i].type))
            return readers[i].read(r);
    return read_by_input(r);
}

/* The graph -------------------------------------------------------------------------------- */

/* The canvas of that name in the file's own table, which states its channels and cell, or NULL. */
static const bc_layer *find_canvas(const bc_onnx_reader *r, bc_span name)
{
    char text[BC_LAYER_NAME_SIZE];
    bc_span_copy(text, sizeof(text), name);
    const int stated = name.n < sizeof(text) ? bc_layers_find(&r->stated, text) : -1;
    const bool is_canvas = stated >= 0 && r->stated.layers[stated].kind == BC_LAYER_CANVAS;
    return is_canvas ? &r->stated.layers[stated] : NULL;
}

static bool add_canvas(bc_onnx_reader *r, bc_span name, const bc_layer *canvas)
{
    bc_draft_layer *d = bc_onnx_add_layer(r, BC_LAYER_CANVAS, name);
    if (!d)
        return false;
    d->layer.n_out = canvas->n_out;
    d->layer.cell = canvas->cell;
    bc_onnx_found *v = bc_onnx_add(r, name, BC_ONNX_FOUND_MAP);
    v->map = (bc_onnx_map){.layer = r->draft->n - 1,
                           .n_channels = canvas->n_out,
                           .scale = 1,
                           .height = bc_layers_extend(&r->stated, r->height) / canvas->cell,
                           .width = bc_layers_extend(&r->stated, r->width) / canvas->cell};
    return true;
}

/* Canvases become layers where they are first read, as in the table. */
static bool add_canvases(bc_onnx_reader *r)
{
    for (int i = 0; i < r->op->n_inputs; i++) {
        const bc_span name = r->op->inputs[i];
        const bc_layer *canvas = find_canvas(r, name);
        if (canvas && !bc_onnx_find(r, name) && !add_canvas(r, name, canvas))
            return false;
    }
    return true;
}

/* The one input that is no tensor and no canvas. */
static bool add_frame(bc_onnx_reader *r)
{
    const bc_onnx_value *frame = NULL;
    for (int i = 0; i < r->model->n_inputs; i++) {
        const bc_onnx_value *given = &r->model->inputs[i];
        if (bc_onnx_model_find(r->model, given->name) || find_canvas(r, given->name))
            continue;
        if (frame)
            return bc_onnx_refuse(r, "has several inputs");
        frame = given;
    }
    if (!frame || frame->rank != 4 || (frame->dims[1] != 3 && frame->dims[1] != 0))
        return bc_onnx_refuse(r, "takes no frame [batch, 3, height, width]");
    r->height = frame->dims[2] > 0 ? (int)frame->dims[2] : FRAME_HEIGHT;
    r->width = frame->dims[3] > 0 ? (int)frame->dims[3] : FRAME_WIDTH;
    if (r->height > BC_ONNX_MAX_SIDE || r->width > BC_ONNX_MAX_SIDE)
        return bc_onnx_refuse(r, "takes a frame that is too large");
    bc_onnx_add(r, frame->name, BC_ONNX_FOUND_MAP)->map = (bc_onnx_map){
        .layer = BC_FRAME, .n_channels = 3, .scale = 1, .height = r->height, .width = r->width};
    return true;
}

static bool check_painting(bc_onnx_reader *r)
{
    const bc_onnx_found *v = bc_onnx_find(r, r->model->output);
    const bc_onnx_map *m = v && v->kind == BC_ONNX_FOUND_MAP ? &v->map : NULL;
    if (!m || m->layer != r->draft->n - 1 || m->layer == BC_FRAME || m->n_channels != 3 ||
        !bc_onnx_is_current(r, m) || m->margin > 0 || m->is_doubled ||
        (r->is_extended && !m->is_cropped) || m->height < r->height || m->width < r->width)
        return bc_onnx_refuse(r, "does not end with a picture of the frame's size");
    return true;
}

static bool read_graph(bc_onnx_reader *r)
{
    if (!add_frame(r))
        return false;
    for (int i = 0; i < r->model->n_tensors; i++)
        if (!find_canvas(r, r->model->tensors[i].name))
            bc_onnx_add_tensor(r, r->model->tensors[i].name, &r->model->tensors[i]);
    for (int i = 0; i < r->model->n_ops; i++) {
        r->op = &r->model->ops[i];
        if (!add_canvases(r) || !read_op(r))
            return false;
    }
    r->op = NULL;
    return check_painting(r);
}

static void copy_metadata(const bc_onnx_reader *r, const char *key, char *to, size_t size)
{
    bc_span_copy(to, size, bc_onnx_model_metadata(r->model, key));
}

static bc_status take_metadata(bc_onnx_reader *r, const char *path, const bc_log *log)
{
    bc_draft *d = r->draft;
    copy_metadata(r, "brushcast.layers", d->table, sizeof(d->table));
    copy_metadata(r, "brushcast.name", d->name, sizeof(d->name));
    copy_metadata(r, "brushcast.style", d->style, sizeof(d->style));
    copy_metadata(r, "title", d->title, sizeof(d->title));
    copy_metadata(r, "artist", d->artist, sizeof(d->artist));
    copy_metadata(r, "year", d->year, sizeof(d->year));
    copy_metadata(r, "licence", d->licence, sizeof(d->licence));
    return d->table[0] ? bc_layers_parse(&r->stated, d->table, path, log) : BC_OK;
}

static bc_status fail(const bc_onnx_reader *r, const char *path, const bc_log *log)
{
    char type[64] = "the graph", name[64] = "";
    if (r->op) {
        bc_span_copy(type, sizeof(type), r->op->type);
        bc_span_copy(name, sizeof(name), r->op->name.n > 0 ? r->op->name : r->op->output);
    }
    return bc_fail(log, BC_ERR_FORMAT, "%s: %s%s%s %s", path, type, name[0] ? " " : "", name,
                   r->reason);
}

bc_status bc_onnx_net_read(bc_draft *draft, float *range, const bc_onnx_model *model,
                           const char *path, const bc_log *log)
{
    bc_onnx_reader *r = calloc(1, sizeof(*r));
    bc_onnx_found *found = malloc(BC_ONNX_MAX_FOUND * sizeof(*found));
    bc_status status = BC_ERR_MEMORY;
    *draft = (bc_draft){.n = 0};
    *range = 0;
    if (!r || !found) {
        bc_fail(log, status, "no memory for %s", path);
    } else {
        *r = (bc_onnx_reader){.draft = draft, .model = model, .found = found};
        status = take_metadata(r, path, log);
        if (status == BC_OK && !read_graph(r))
            status = fail(r, path, log);
        *range = r->range;
    }
    free(found);
    free(r);
    return status;
}
