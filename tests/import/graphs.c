/* graphs.c: small ONNX graphs: what pixels they are for, and what is to be refused. */
#include "export/onnx.h"
#include "import/imported.h"

/* A graph of one convolution, with an operation after it and pads of its own. */
static void write_small(bc_onnx *to, const char *op, int64_t pad)
{
    static const float weight[3 * 3 * 9];
    const bc_onnx_dim dims[] = {{.size = 1}, {.size = 3}, {.size = 32}, {.size = 32}};
    bc_onnx_begin(to, "small");
    bc_onnx_input(to, "frame", dims);
    bc_onnx_floats(to, "out.weight", 4, (const int64_t[]){3, 3, 3, 3}, weight);
    const size_t node = bc_onnx_node_begin(to, "Conv", "y", BC_ONNX_INPUTS("frame", "out.weight"));
    bc_onnx_attribute_ints(to, "pads", 4, (const int64_t[]){pad, pad, pad, pad});
    bc_onnx_node_end(to, node);
    bc_onnx_node(to, op, "z", BC_ONNX_INPUTS("y"));
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
