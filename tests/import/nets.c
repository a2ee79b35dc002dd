/*
 * nets.c: nets out to ONNX and back, the same bit for bit; a classic net as three generations of
 * exporters write it, and as PyTorch saves it, old and new; and what is to be refused.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/graph.h"
#include "export/onnx.h"
#include "generator/random_table.h"
#include "import/style_file.h"
#include "import/torch_pickle.h"
#include "test.h"

static char folder[] = "/tmp/bc-nets-XXXXXX";
static char message[1024];
static bc_log log_;

static const char *path_of(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", folder, name);
    return path;
}

/* A file's bytes to a net in the folder and back into a model; NULL if they are refused. */
static bc_model *import(const void *bytes, size_t size, int range, const char *style)
{
    char path[256], style_path[512];
    bc_model *model = NULL;
    bc_draft *read = calloc(1, sizeof(*read));
    bc_status status =
        read ? bc_style_file_read(read, bytes, size, range, "FILE", &log_) : BC_ERR_MEMORY;
    if (status == BC_OK)
        status = bc_draft_write(read, folder, style, "FILE", &log_);
    if (read)
        bc_draft_close(read);
    free(read);
    snprintf(style_path, sizeof(style_path), "%s/styles/%s.safetensors", folder, style);
    const char *const styles[] = {style_path};
    if (status == BC_OK)
        bc_model_open_files(&model, path_of(path, "network.safetensors"), styles, 1, &log_);
    return model;
}

/* Export and import ------------------------------------------------------------------------ */

static int count_different(const float *a, const float *b, int64_t n)
{
    if (!a || !b)
        return a != b;
    return memcmp(a, b, (size_t)n * sizeof(*a)) != 0;
}

static int compare_tensors(const bc_layer *layer, const bc_tensors *a, const bc_tensors *b)
{
    const int64_t n_taps = (int64_t)layer->n_in * layer->kernel * layer->kernel;
    return count_different(a->weight, b->weight, layer->n_rows * n_taps) +
           count_different(a->bias, b->bias, layer->n_rows) +
           count_different(a->scale, b->scale, layer->n_out) +
           count_different(a->shift, b->shift, layer->n_out);
}

/* The style's own name is in the file. */
static void check_return(const bc_model *model, const char *style, int width, int height)
{
    const bc_style_weight blend = {.style = 0, .weight = 3};
    const bc_export_params params = {
        .blend = &blend, .n_blend = 1, .width = width, .height = height};
    bc_proto file = {0};
    CHECK_INT(bc_export_write(&file, model, &params, &log_), BC_OK);
    bc_model *back = import(file.bytes, file.size, 0, style);
    bc_proto_free(&file);
    if (!CHECK(back != NULL)) {
        fprintf(stderr, "    %s\n%s\n", message, model->net.table.text);
        return;
    }
    const bc_layers *table = &model->net.table;
    CHECK(strcmp(back->net.table.text, table->text) == 0);
    int n_different = 0;
    for (int i = 0; i < table->n; i++)
        n_different +=
            compare_tensors(&table->layers[i], &model->net.tensors[i], &back->net.tensors[i]) +
            compare_tensors(&table->layers[i], &model->styles[0].tensors[i],
                            &back->styles[0].tensors[i]);
    CHECK_INT(n_different, 0);
    bc_model_close(&back);
}

static void test_random_tables(void)
{
    enum { N_TABLES = 40 };
    for (int seed = 1; seed <= N_TABLES; seed++) {
        char text[BC_LAYERS_TEXT_SIZE];
        bc_layers table;
        bc_model *model;
        make_random_table(text, (uint64_t)seed);
        CHECK_INT(bc_layers_parse(&table, text, "TABLE", &log_), BC_OK);
        CHECK_INT(bc_model_make_random(&model, &table, 1, (uint64_t)seed, &log_), BC_OK);
        check_return(model, bc_model_style(model, 0).name, 0, 0);
        check_return(model, bc_model_style(model, 0).name, 13 + seed, 29);
        bc_model_close(&model);
    }
}

static bc_model *open_golden(const char *net, const char *style)
{
    char path[512], style_path[512];
    bc_model *model = NULL;
    snprintf(path, sizeof(path), BC_TESTS_DIR "/golden/%s.safetensors", net);
    snprintf(style_path, sizeof(style_path), BC_TESTS_DIR "/golden/%s.safetensors",
             style ? style : "");
    const char *const styles[] = {style_path};
    CHECK_INT(bc_model_open_files(&model, path, styles, style ? 1 : 0, &log_), BC_OK);
    return model;
}

/* The net's identity, too, comes back. */
static void test_golden(void)
{
    static const char *const nets[][2] = {
        {"tables/deep-tiny.network", "tables/deep-tiny.style-a"},
        {"tables/cin-odd.network", "tables/cin-odd.style-b"},
        {"tiny-zero.autoencoder", "tiny-zero.bank"},
        {"tiny-subpixel.autoencoder", "tiny-subpixel.bank"},
    };
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        bc_model *model = open_golden(nets[i][0], nets[i][1]);
        check_return(model, bc_model_style(model, 0).name, 0, 0);
        bc_model_close(&model);
    }
}

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

#define INPUTS(...) ((const char *[BC_ONNX_MAX_INPUTS]){__VA_ARGS__})

static void write_cast(exporter *e, char to[16], const char *from, int type)
{
    const size_t node = bc_onnx_node_begin(&e->onnx, "Cast", number_name(e, to), INPUTS(from));
    bc_onnx_attribute_int(&e->onnx, "to", type);
    bc_onnx_node_end(&e->onnx, node);
}

/* One side of the doubled map: Shape, Gather, Cast, Mul, Floor, Unsqueeze, in exporters' order. */
static void write_doubled_side(exporter *e, char side[16], const char *x, int axis)
{
    char axis_name[16], two[16], shape[16], size[16], real[16], product[16], floor[16];
    bc_onnx_ints(&e->onnx, number_name(e, axis_name), 1, (const int64_t[]){axis});
    bc_onnx_floats(&e->onnx, number_name(e, two), 0, NULL, (const float[]){2});
    bc_onnx_node(&e->onnx, "Shape", number_name(e, shape), INPUTS(x));
    bc_onnx_node(&e->onnx, "Gather", number_name(e, size), INPUTS(shape, axis_name));
    write_cast(e, real, size, 1);
    bc_onnx_node(&e->onnx, "Mul", number_name(e, product), INPUTS(real, two));
    bc_onnx_node(&e->onnx, "Floor", number_name(e, floor), INPUTS(product));
    write_cast(e, side, floor, 7);
}

/* Sizes over sizes, and 1 for the other two: the scales of opset 9. */
static void write_scales(exporter *e, char scales[16], const char *x)
{
    char sides[2][16], sizes[16], doubled[16], shape[16], part[16], real[16], ratio[16], ones[16];
    for (int i = 0; i < 2; i++)
        write_doubled_side(e, sides[i], x, 2 + i);
    size_t node =
        bc_onnx_node_begin(&e->onnx, "Concat", number_name(e, sizes), INPUTS(sides[0], sides[1]));
    bc_onnx_attribute_int(&e->onnx, "axis", 0);
    bc_onnx_node_end(&e->onnx, node);
    write_cast(e, doubled, sizes, 1);
    bc_onnx_node(&e->onnx, "Shape", number_name(e, shape), INPUTS(x));
    node = bc_onnx_node_begin(&e->onnx, "Slice", number_name(e, part), INPUTS(shape));
    bc_onnx_attribute_ints(&e->onnx, "axes", 1, (const int64_t[]){0});
    bc_onnx_attribute_ints(&e->onnx, "starts", 1, (const int64_t[]){2});
    bc_onnx_attribute_ints(&e->onnx, "ends", 1, (const int64_t[]){4});
    bc_onnx_node_end(&e->onnx, node);
    write_cast(e, real, part, 1);
    bc_onnx_node(&e->onnx, "Div", number_name(e, ratio), INPUTS(doubled, real));
    bc_onnx_floats(&e->onnx, number_name(e, ones), 1, (const int64_t[]){2}, (const float[]){1, 1});
    node = bc_onnx_node_begin(&e->onnx, "Concat", number_name(e, scales), INPUTS(ones, ratio));
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
                           is_new ? INPUTS(x, "", scales) : INPUTS(x, scales));
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
    bc_onnx_node(&e->onnx, "ConstantOfShape", number_name(e, zeros), INPUTS(count));
    const size_t node =
        bc_onnx_node_begin(&e->onnx, "Concat", number_name(e, all), INPUTS(sides, zeros));
    bc_onnx_attribute_int(&e->onnx, "axis", 0);
    bc_onnx_node_end(&e->onnx, node);
    bc_onnx_ints(&e->onnx, number_name(e, two), 2, (const int64_t[]){-1, 2});
    bc_onnx_node(&e->onnx, "Reshape", number_name(e, matrix), INPUTS(all, two));
    const int64_t parts[] = {-1, INT64_MIN + 1, 0, -1}; /* start, end, axis, step */
    for (int i = 0; i < 4; i++)
        bc_onnx_ints(&e->onnx, number_name(e, cut[i]), 1, &parts[i]);
    bc_proto *to = &e->onnx.proto;
    const size_t slice = bc_onnx_node_begin(&e->onnx, "Slice", number_name(e, flipped),
                                            INPUTS(matrix, cut[0], cut[1], cut[2]));
    bc_proto_text(to, 1, cut[3]); /* a fifth input */
    bc_onnx_node_end(&e->onnx, slice);
    bc_onnx_node(&e->onnx, "Transpose", number_name(e, turned), INPUTS(flipped));
    bc_onnx_ints(&e->onnx, number_name(e, flat), 1, (const int64_t[]){-1});
    bc_onnx_node(&e->onnx, "Reshape", number_name(e, pads), INPUTS(turned, flat));
}

static void write_reflection(exporter *e, char padded[16], const char *x, int64_t n)
{
    char pads[16] = "";
    const bool is_new = e->spelling == SPELLING_OPSET_13;
    if (is_new)
        write_pads(e, pads, n);
    const size_t node = bc_onnx_node_begin(&e->onnx, "Pad", number_name(e, padded),
                                           is_new ? INPUTS(x, pads) : INPUTS(x));
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
                                           INPUTS(padded, names[0], names[1]));
    bc_onnx_attribute_ints(&e->onnx, "kernel_shape", 2, (const int64_t[]){k, k});
    bc_onnx_attribute_ints(&e->onnx, "strides", 2, (const int64_t[]){stride, stride});
    bc_onnx_node_end(&e->onnx, node);
    snprintf(y, 16, "%s", conv);
    if (!layer->norm)
        return;
    write_tensor(e, layer, "scale", names[2], 1, &n, tensors->scale);
    write_tensor(e, layer, "shift", names[3], 1, &n, tensors->shift);
    bc_onnx_node(&e->onnx, "InstanceNormalization", number_name(e, y),
                 INPUTS(conv, names[2], names[3]));
    snprintf(conv, 16, "%s", y);
    if (layer->relu)
        bc_onnx_node(&e->onnx, "Relu", number_name(e, y), INPUTS(conv));
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
            bc_onnx_node(&e->onnx, "Add", layer->name, INPUTS(x, e->values[inputs[1]]));
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

/* Refusals --------------------------------------------------------------------------------- */

static void check_refused(const bc_proto *file, const char *reason)
{
    bc_model *model = import(file->bytes, file->size, 0, "refused");
    CHECK(model == NULL);
    if (!CHECK(strstr(message, reason) != NULL))
        fprintf(stderr, "    no '%s' in: %s\n", reason, message);
    bc_model_close(&model);
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

/* A graph of one convolution, with an operation after it and pads of its own. */
static void write_small(bc_onnx *to, const char *op, int64_t pad)
{
    static const float weight[3 * 3 * 9];
    const bc_onnx_dim dims[] = {{.size = 1}, {.size = 3}, {.size = 32}, {.size = 32}};
    bc_onnx_begin(to, "small");
    bc_onnx_input(to, "frame", dims);
    bc_onnx_floats(to, "out.weight", 4, (const int64_t[]){3, 3, 3, 3}, weight);
    const size_t node = bc_onnx_node_begin(to, "Conv", "y", INPUTS("frame", "out.weight"));
    bc_onnx_attribute_ints(to, "pads", 4, (const int64_t[]){pad, pad, pad, pad});
    bc_onnx_node_end(to, node);
    bc_onnx_node(to, op, "z", INPUTS("y"));
    bc_onnx_output(to, "z", dims);
    bc_onnx_end(to);
}

static void test_refusals(void)
{
    static const struct {
        const char *op, *reason;
        int64_t pad;
    } cases[] = {{"Identity", "pads with zeros", 1},
                 {"Identity", "a kernel of 3 after a padding by 0", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bc_onnx onnx = {.graph = 0};
        write_small(&onnx, cases[i].op, cases[i].pad);
        check_refused(&onnx.proto, cases[i].reason);
        bc_proto_free(&onnx.proto);
    }
    const bc_proto nothing = {.bytes = (uint8_t[]){'n', 'o'}, .size = 2};
    check_refused(&nothing, "is no ONNX model");
}

/*
 * A net in a wrapper: the frame by `first`, one convolution of one weight and a bias, by `last`,
 * clipped to 0 to `most`. What it is for pixels of 0 to 1 are that weight and that bias.
 */
static void check_wrapped(float first, float last, float most, float weight, float bias)
{
    static const float weights[9] = {0.5f}, biases[3] = {51};
    const bc_onnx_dim dims[] = {{.size = 1}, {.size = 3}, {.name = "h"}, {.name = "w"}};
    bc_onnx onnx = {.graph = 0};
    bc_onnx_begin(&onnx, "wrapped");
    bc_onnx_input(&onnx, "frame", dims);
    bc_onnx_floats(&onnx, "out.weight", 4, (const int64_t[]){3, 3, 1, 1}, weights);
    bc_onnx_floats(&onnx, "out.bias", 1, (const int64_t[]){3}, biases);
    bc_onnx_floats(&onnx, "first", 0, NULL, &first);
    bc_onnx_floats(&onnx, "last", 0, NULL, &last);
    bc_onnx_floats(&onnx, "low", 0, NULL, (const float[]){0});
    bc_onnx_floats(&onnx, "high", 0, NULL, &most);
    bc_onnx_node(&onnx, "Mul", "x", INPUTS("first", "frame"));
    bc_onnx_node(&onnx, "Conv", "y", INPUTS("x", "out.weight", "out.bias"));
    bc_onnx_node(&onnx, "Div", "z", INPUTS("y", "last"));
    bc_onnx_node(&onnx, "Clip", "painting", INPUTS("z", "low", "high"));
    bc_onnx_output(&onnx, "painting", dims);
    bc_onnx_end(&onnx);
    bc_model *model = import(onnx.proto.bytes, onnx.proto.size, 0, "wrapped");
    const bc_tensors *tensors = model ? &model->net.tensors[0] : NULL;
    CHECK(tensors && tensors->weight[0] == weight && tensors->bias[0] == bias);
    bc_model_close(&model);
    bc_proto_free(&onnx.proto);
}

static void test_ranges(void)
{
    check_wrapped(255, 255, 1, 0.5f, 51.0f / 255);
    check_wrapped(1, 1, 255, 0.5f, 51.0f / 255);
    check_wrapped(1, 1, 1, 0.5f, 51);
}

/* A stated table that is another net's is not believed. */
static void test_stated_table(void)
{
    bc_model *model = open_golden("tables/cin-odd.network", "tables/cin-odd.style-a");
    const bc_style_weight blend = {.style = 0, .weight = 1};
    bc_proto file = {0};
    CHECK_INT(
        bc_export_write(&file, model, &(bc_export_params){.blend = &blend, .n_blend = 1}, &log_),
        BC_OK);
    char *line = memmem(file.bytes, file.size, "body.1 conv 1 16 norm=style\n", 28);
    if (CHECK(line != NULL))
        line[12] = '3'; /* the kernel */
    check_refused(&file, "its graph is not what its brushcast.layers says");
    bc_proto_free(&file);
    bc_model_close(&model);
}

static void remove_folder(void)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_INT(system(command), 0);
}

int main(void)
{
    log_ = test_log(message);
    if (!mkdtemp(folder))
        return 1;
    test_random_tables();
    test_golden();
    bc_model *classic = open_golden("tables/johnson-tiny.network", NULL);
    test_spellings(classic);
    test_torch(classic);
    test_foreign_call(classic);
    test_refusals();
    test_ranges();
    test_stated_table();
    bc_model_close(&classic);
    remove_folder();
    return TEST_END();
}
