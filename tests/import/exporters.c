/*
 * exporters.c: a classic net as three generations of exporters write it to ONNX, and as PyTorch
 * saves it, old and new.
 */
#include "export/onnx.h"
#include "import/imported.h"
#include "import/onnx_proto.h"
#include "import/torch_pickle.h"

/* Exporters' spellings --------------------------------------------------------------------- */

/* Of padding by reflection, and of doubling. */
typedef enum spelling {
    SPELLING_OPSET_8,
    SPELLING_OPSET_9,
    SPELLING_OPSET_13,
    N_SPELLINGS
} spelling;

typedef struct exporter {
    bc_onnx onnx;
    spelling spelling;
    int n_nodes;
    const bc_model *model;
    char values[BC_MAX_LAYERS][48];
} exporter;

/* A value's name that is a number, as exporters have them. */
static const char *number_name(exporter *e, char name[16])
{
    snprintf(name, 16, "%d", 100 + e->n_nodes++);
    return name;
}

static void write_cast(exporter *e, char to[16], const char *from, int type)
{
    const size_t node =
        bc_onnx_node_begin(&e->onnx, "Cast", number_name(e, to), BC_ONNX_INPUTS(from));
    bc_onnx_attribute_int(&e->onnx, "to", type);
    bc_onnx_node_end(&e->onnx, node);
}

/* A single number, in a node of its own. */
static void write_constant(exporter *e, char name[16], int64_t value)
{
    bc_proto *to = &e->onnx.proto;
    const size_t node =
        bc_onnx_node_begin(&e->onnx, "Constant", number_name(e, name), BC_ONNX_INPUTS(NULL));
    const size_t attribute = bc_proto_begin(to, BC_ONNX_NODE_ATTRIBUTE);
    bc_proto_text(to, BC_ONNX_ATTRIBUTE_NAME, "value");
    const size_t tensor = bc_proto_begin(to, BC_ONNX_ATTRIBUTE_TENSOR);
    bc_proto_int(to, BC_ONNX_TENSOR_TYPE, BC_ONNX_INT64);
    bc_proto_bytes(to, BC_ONNX_TENSOR_RAW, &value, sizeof(value));
    bc_proto_end(to, tensor);
    bc_proto_int(to, BC_ONNX_ATTRIBUTE_TYPE, BC_ONNX_KIND_TENSOR);
    bc_proto_end(to, attribute);
    bc_onnx_node_end(&e->onnx, node);
}

/* One side of the doubled map: Shape, Gather, Cast, Mul, Floor, Unsqueeze, in exporters' order. */
static void write_doubled_side(exporter *e, char side[16], const char *x, int axis)
{
    char axis_name[16], two[16], shape[16], size[16], real[16], product[16], whole[16], cast[16];
    bc_onnx_floats(&e->onnx, number_name(e, two), 0, NULL, (const float[]){2});
    bc_onnx_node(&e->onnx, "Shape", number_name(e, shape), BC_ONNX_INPUTS(x));
    write_constant(e, axis_name, axis);
    bc_onnx_node(&e->onnx, "Gather", number_name(e, size), BC_ONNX_INPUTS(shape, axis_name));
    write_cast(e, real, size, BC_ONNX_FLOAT);
    bc_onnx_node(&e->onnx, "Mul", number_name(e, product), BC_ONNX_INPUTS(real, two));
    write_cast(e, cast, product, BC_ONNX_FLOAT);
    bc_onnx_node(&e->onnx, "Floor", number_name(e, whole), BC_ONNX_INPUTS(cast));
    const size_t node =
        bc_onnx_node_begin(&e->onnx, "Unsqueeze", number_name(e, side), BC_ONNX_INPUTS(whole));
    bc_onnx_attribute_ints(&e->onnx, "axes", 1, (const int64_t[]){0});
    bc_onnx_node_end(&e->onnx, node);
}

/* Sizes over sizes, and 1 for the other two: the scales of opset 9. */
static void write_scales(exporter *e, char scales[16], const char *x)
{
    char sides[2][16], sizes[16], doubled[16], shape[16], part[16], real[16], ratio[16], ones[16];
    for (int i = 0; i < 2; i++)
        write_doubled_side(e, sides[i], x, 2 + i);
    size_t node = bc_onnx_node_begin(&e->onnx, "Concat", number_name(e, sizes),
                                     BC_ONNX_INPUTS(sides[0], sides[1]));
    bc_onnx_attribute_int(&e->onnx, "axis", 0);
    bc_onnx_node_end(&e->onnx, node);
    write_cast(e, doubled, sizes, BC_ONNX_FLOAT);
    bc_onnx_node(&e->onnx, "Shape", number_name(e, shape), BC_ONNX_INPUTS(x));
    node = bc_onnx_node_begin(&e->onnx, "Slice", number_name(e, part), BC_ONNX_INPUTS(shape));
    bc_onnx_attribute_ints(&e->onnx, "axes", 1, (const int64_t[]){0});
    bc_onnx_attribute_ints(&e->onnx, "starts", 1, (const int64_t[]){2});
    bc_onnx_attribute_ints(&e->onnx, "ends", 1, (const int64_t[]){4});
    bc_onnx_node_end(&e->onnx, node);
    write_cast(e, real, part, BC_ONNX_FLOAT);
    bc_onnx_node(&e->onnx, "Div", number_name(e, ratio), BC_ONNX_INPUTS(doubled, real));
    bc_onnx_floats(&e->onnx, number_name(e, ones), 1, (const int64_t[]){2}, (const float[]){1, 1});
    node =
        bc_onnx_node_begin(&e->onnx, "Concat", number_name(e, scales), BC_ONNX_INPUTS(ones, ratio));
    bc_onnx_attribute_int(&e->onnx, "axis", 0);
    bc_onnx_node_end(&e->onnx, node);
}

static void write_doubling(exporter *e, char doubled[16], const char *x)
{
    char scales[16] = "";
    const bool is_new = e->spelling == SPELLING_OPSET_13;
    const float factors[] = {1, 1, 2, 2};
    if (e->spelling == SPELLING_OPSET_9)
        write_scales(e, scales, x);
    else
        bc_onnx_floats(&e->onnx, number_name(e, scales), 1, (const int64_t[]){4}, factors);
    const size_t node =
        bc_onnx_node_begin(&e->onnx, is_new ? "Resize" : "Upsample", number_name(e, doubled),
                           is_new ? BC_ONNX_INPUTS(x, "", scales) : BC_ONNX_INPUTS(x, scales));
    bc_onnx_attribute_text(&e->onnx, "mode", "nearest");
    if (is_new)
        bc_onnx_attribute_text(&e->onnx, "coordinate_transformation_mode", "asymmetric");
    if (is_new)
        bc_onnx_attribute_text(&e->onnx, "nearest_mode", "floor");
    bc_onnx_node_end(&e->onnx, node);
}

/* The pads of opset 13 as PyTorch makes them: a matrix turned upside down and on its side. */
static void write_pads(exporter *e, char pads[16], int64_t n)
{
    char sides[16], count[16], zeros[16], all[16], two[16], matrix[16], cut[4][16], turned[16],
        flipped[16], flat[16];
    bc_onnx_ints(&e->onnx, number_name(e, sides), 4, (const int64_t[]){n, n, n, n});
    bc_onnx_ints(&e->onnx, number_name(e, count), 1, (const int64_t[]){4});
    bc_onnx_node(&e->onnx, "ConstantOfShape", number_name(e, zeros), BC_ONNX_INPUTS(count));
    const size_t node =
        bc_onnx_node_begin(&e->onnx, "Concat", number_name(e, all), BC_ONNX_INPUTS(sides, zeros));
    bc_onnx_attribute_int(&e->onnx, "axis", 0);
    bc_onnx_node_end(&e->onnx, node);
    bc_onnx_ints(&e->onnx, number_name(e, two), 2, (const int64_t[]){-1, 2});
    bc_onnx_node(&e->onnx, "Reshape", number_name(e, matrix), BC_ONNX_INPUTS(all, two));
    const int64_t parts[] = {-1, INT64_MIN + 1, 0, -1}; /* start, end, axis, step */
    for (int i = 0; i < 4; i++)
        bc_onnx_ints(&e->onnx, number_name(e, cut[i]), 1, &parts[i]);
    bc_onnx_node(&e->onnx, "Slice", number_name(e, flipped),
                 BC_ONNX_INPUTS(matrix, cut[0], cut[1], cut[2], cut[3]));
    bc_onnx_node(&e->onnx, "Transpose", number_name(e, turned), BC_ONNX_INPUTS(flipped));
    bc_onnx_ints(&e->onnx, number_name(e, flat), 1, (const int64_t[]){-1});
    bc_onnx_node(&e->onnx, "Reshape", number_name(e, pads), BC_ONNX_INPUTS(turned, flat));
}

static void write_reflection(exporter *e, char padded[16], const char *x, int64_t n)
{
    char pads[16] = "";
    const bool is_new = e->spelling == SPELLING_OPSET_13;
    if (is_new)
        write_pads(e, pads, n);
    const size_t node = bc_onnx_node_begin(&e->onnx, "Pad", number_name(e, padded),
                                           is_new ? BC_ONNX_INPUTS(x, pads) : BC_ONNX_INPUTS(x));
    bc_onnx_attribute_text(&e->onnx, "mode", "reflect");
    if (!is_new)
        bc_onnx_attribute_ints(&e->onnx, "pads", 8, (const int64_t[]){0, 0, n, n, 0, 0, n, n});
    bc_onnx_node_end(&e->onnx, node);
}

static void write_tensor(exporter *e, const bc_layer *layer, const char *what, char name[64],
                         int n_dims, const int64_t *dims, const float *values)
{
    snprintf(name, 64, "%s.%s", layer->name, what);
    bc_onnx_floats(&e->onnx, name, n_dims, dims, values);
}

static void write_conv(exporter *e, int i, const char *x, char y[16])
{
    const bc_layer *layer = &e->model->net.table.layers[i];
    const bc_tensors *tensors = &e->model->net.tensors[i];
    char padded[16], doubled[16], conv[16], names[4][64];
    const int64_t k = layer->kernel, n = layer->n_out,
                  stride = layer->stride == BC_STRIDE_2 ? 2 : 1;
    if (layer->stride == BC_STRIDE_HALF)
        write_doubling(e, doubled, x);
    write_reflection(e, padded, layer->stride == BC_STRIDE_HALF ? doubled : x, k / 2);
    write_tensor(e, layer, "weight", names[0], 4, (const int64_t[]){n, layer->n_in, k, k},
                 tensors->weight);
    write_tensor(e, layer, "bias", names[1], 1, &n, tensors->bias);
    const size_t node = bc_onnx_node_begin(&e->onnx, "Conv", number_name(e, conv),
                                           BC_ONNX_INPUTS(padded, names[0], names[1]));
    bc_onnx_attribute_ints(&e->onnx, "kernel_shape", 2, (const int64_t[]){k, k});
    bc_onnx_attribute_ints(&e->onnx, "strides", 2, (const int64_t[]){stride, stride});
    bc_onnx_node_end(&e->onnx, node);
    snprintf(y, 16, "%s", conv);
    if (!layer->norm)
        return;
    write_tensor(e, layer, "scale", names[2], 1, &n, tensors->scale);
    write_tensor(e, layer, "shift", names[3], 1, &n, tensors->shift);
    bc_onnx_node(&e->onnx, "InstanceNormalization", number_name(e, y),
                 BC_ONNX_INPUTS(conv, names[2], names[3]));
    snprintf(conv, 16, "%s", y);
    if (layer->relu)
        bc_onnx_node(&e->onnx, "Relu", number_name(e, y), BC_ONNX_INPUTS(conv));
}

/* Sums have their layers' names, which numbers would lose. */
static void write_net(exporter *e)
{
    const bc_layers *table = &e->model->net.table;
    const bc_onnx_dim dims[] = {{.size = 1}, {.size = 3}, {.name = "height"}, {.name = "width"}};
    bc_onnx_begin(&e->onnx, "torch-jit-export");
    bc_onnx_input(&e->onnx, "input", dims);
    for (int i = 0; i < table->n; i++) {
        const bc_layer *layer = &table->layers[i];
        const int *inputs = layer->inputs;
        const char *x = inputs[0] == BC_FRAME ? "input" : e->values[inputs[0]];
        if (layer->kind == BC_LAYER_ADD) {
            snprintf(e->values[i], sizeof(e->values[i]), "%s", layer->name);
            bc_onnx_node(&e->onnx, "Add", layer->name, BC_ONNX_INPUTS(x, e->values[inputs[1]]));
        } else {
            char y[16];
            write_conv(e, i, x, y);
            snprintf(e->values[i], sizeof(e->values[i]), "%s", y);
        }
    }
    bc_onnx_output(&e->onnx, e->values[table->n - 1], dims);
    bc_onnx_end(&e->onnx);
}

/* The same table, the same numbers: the same identity. */
static void check_same(bc_model *back, const bc_model *model)
{
    if (!CHECK(back != NULL)) {
        fprintf(stderr, "    %s\n", message);
        return;
    }
    CHECK(strcmp(back->net.table.text, model->net.table.text) == 0);
    CHECK(strcmp(back->net.id, model->net.id) == 0);
    CHECK_INT(bc_model_style_count(back), 1);
    bc_model_close(&back);
}

static void test_spellings(const bc_model *model)
{
    for (int i = 0; i < N_SPELLINGS; i++) {
        exporter *e = calloc(1, sizeof(*e));
        if (!e)
            exit(1);
        *e = (exporter){.spelling = (spelling)i, .model = model};
        write_net(e);
        check_same(import(e->onnx.proto.bytes, e->onnx.proto.size, 1, "classic"), model);
        bc_model *scaled = import(e->onnx.proto.bytes, e->onnx.proto.size, 0, "classic");
        const bc_tensors *own = model->net.tensors, *first = scaled ? scaled->net.tensors : NULL;
        const int last = model->net.table.n - 1;
        CHECK(first && first[0].weight[0] == 255 * own[0].weight[0] &&
              first[0].bias[0] == own[0].bias[0] && first[last].bias[0] == own[last].bias[0] / 255);
        bc_model_close(&scaled);
        bc_proto_free(&e->onnx.proto);
        free(e);
    }
}

/* PyTorch ---------------------------------------------------------------------------------- */

static void test_torch(const bc_model *model)
{
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        bc_proto file = {0};
        torch_write(&file, model, is_zip, NULL);
        check_same(import(file.bytes, file.size, 1, "classic"), model);
        /* Cut anywhere, and with any byte changed, it may be refused but no more. */
        for (size_t i = 0; i < file.size; i += 1 + file.size / 100) {
            bc_model *cut = import(file.bytes, i, 1, "classic");
            CHECK(cut == NULL);
            file.bytes[i] ^= 0x55;
            bc_model *changed = import(file.bytes, file.size, 1, "classic");
            bc_model_close(&changed);
            file.bytes[i] ^= 0x55;
        }
        bc_proto_free(&file);
    }
}

/* A pickle that would call os.system. */
static void test_foreign_call(const bc_model *model)
{
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        bc_proto file = {0};
        torch_write(&file, model, is_zip, "cos\nsystem\nX\4\0\0\0true\x85R0");
        check_refused(&file, "os.system");
        bc_proto_free(&file);
    }
}

int main(void)
{
    if (!imported_begin())
        return 1;
    bc_model *classic = open_golden("tables/johnson-tiny.network", NULL);
    test_spellings(classic);
    test_torch(classic);
    test_foreign_call(classic);
    bc_model_close(&classic);
    imported_end();
    return TEST_END();
}
