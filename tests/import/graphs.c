/* graphs.c: small ONNX graphs: what pixels they are for, and what is to be refused. */
#include <math.h>

#include "export/onnx.h"
#include "import/imported.h"

typedef struct node {
    const char *op, *output, *inputs[BC_ONNX_MAX_INPUTS];
} node;

enum { MAX_NODES = 6 };

static void write_tensors(bc_onnx *to)
{
    static const float weights[3 * 3 * 9];
    bc_onnx_floats(to, "w 3 3", 4, (const int64_t[]){3, 3, 1, 1}, weights);
    bc_onnx_floats(to, "w 8 3", 4, (const int64_t[]){8, 3, 1, 1}, weights);
    bc_onnx_floats(to, "w 8 8", 4, (const int64_t[]){8, 8, 1, 1}, weights);
    bc_onnx_floats(to, "w 3 8", 4, (const int64_t[]){3, 8, 1, 1}, weights);
    bc_onnx_floats(to, "infinite", 1, (const int64_t[]){3}, (const float[]){1, 1, INFINITY});
    bc_onnx_floats(to, "w 3x3", 4, (const int64_t[]){3, 3, 3, 3}, weights);
    bc_onnx_ints(to, "0,0", 2, (const int64_t[]){0, 0});
    bc_onnx_ints(to, "2,2", 2, (const int64_t[]){2, 2});
    bc_onnx_ints(to, "2,3", 2, (const int64_t[]){2, 3});
    bc_onnx_ints(to, "32,32", 2, (const int64_t[]){32, 32});
}

/* From "frame" to "painting", of 32x32 pixels; each Conv pads with `pad` zeros on each side. */
static void write_graph(bc_onnx *to, const node nodes[MAX_NODES], int64_t pad)
{
    const bc_onnx_dim dims[] = {{.size = 1}, {.size = 3}, {.size = 32}, {.size = 32}};
    bc_onnx_begin(to, "small");
    bc_onnx_input(to, "frame", dims);
    write_tensors(to);
    for (int i = 0; i < MAX_NODES && nodes[i].op; i++) {
        const node *n = &nodes[i];
        const size_t begun = bc_onnx_node_begin(to, n->op, n->output, n->inputs);
        if (strcmp(n->op, "Conv") == 0)
            bc_onnx_attribute_ints(to, "pads", 4, (const int64_t[]){pad, pad, pad, pad});
        bc_onnx_node_end(to, begun);
    }
    bc_onnx_output(to, "painting", dims);
    bc_onnx_end(to);
}

/* What a table of layers would say differently, or not at all. */
static void test_refusals(void)
{
    static const struct {
        const char *reason;
        node nodes[MAX_NODES];
        int64_t pad;
    } cases[] = {
        {"pads with zeros", {{"Conv", "painting", {"frame", "w 3x3"}}}, 1},
        {"a kernel of 3 after a padding by 0", {{"Conv", "painting", {"frame", "w 3x3"}}}, 0},
        /* The sum is of what is not rectified yet. */
        {"Relu rectified follows what is no convolution",
         {{"Conv", "x", {"frame", "w 8 3"}},
          {"Conv", "y", {"x", "w 8 8"}},
          {"Add", "sum", {"x", "y"}},
          {"Relu", "rectified", {"y"}},
          {"Add", "whole", {"sum", "rectified"}},
          {"Conv", "painting", {"whole", "w 3 8"}}},
         0},
        {"has weights that are not finite",
         {{"Conv", "painting", {"frame", "w 3 3", "infinite"}}},
         0},
        {"cuts out other than the frame",
         {{"Conv", "y", {"frame", "w 3 3"}},
          {"Slice", "painting", {"y", "0,0", "32,32", "2,3", "2,2"}}},
         0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bc_onnx onnx = {.graph = 0};
        write_graph(&onnx, cases[i].nodes, cases[i].pad);
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
    bc_onnx_node(&onnx, "Mul", "x", BC_ONNX_INPUTS("first", "frame"));
    bc_onnx_node(&onnx, "Conv", "y", BC_ONNX_INPUTS("x", "out.weight", "out.bias"));
    bc_onnx_node(&onnx, "Div", "z", BC_ONNX_INPUTS("y", "last"));
    bc_onnx_node(&onnx, "Clip", "painting", BC_ONNX_INPUTS("z", "low", "high"));
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

int main(void)
{
    if (!imported_begin())
        return 1;
    test_refusals();
    test_ranges();
    imported_end();
    return TEST_END();
}
