#include "export/onnx.h"

#include <string.h>

#include "import/onnx_proto.h"

enum { IR_VERSION = 7, OPSET = 13 };

/* Model ------------------------------------------------------------------------------------ */

void bc_onnx_begin(bc_onnx *model, const char *graph_name)
{
    bc_proto *to = &model->proto;
    bc_proto_int(to, BC_ONNX_MODEL_IR_VERSION, IR_VERSION);
    bc_proto_text(to, BC_ONNX_MODEL_PRODUCER, "brushcast");
    const size_t opset = bc_proto_begin(to, BC_ONNX_MODEL_OPSET);
    bc_proto_int(to, BC_ONNX_OPSET_VERSION, OPSET);
    bc_proto_end(to, opset);
    model->graph = bc_proto_begin(to, BC_ONNX_MODEL_GRAPH);
    bc_proto_text(to, BC_ONNX_GRAPH_NAME, graph_name);
}

void bc_onnx_end(bc_onnx *model)
{
    bc_proto_end(&model->proto, model->graph);
}

void bc_onnx_metadata(bc_onnx *model, const char *key, const char *value)
{
    const size_t entry = bc_proto_begin(&model->proto, BC_ONNX_MODEL_METADATA);
    bc_proto_text(&model->proto, BC_ONNX_ENTRY_KEY, key);
    bc_proto_text(&model->proto, BC_ONNX_ENTRY_VALUE, value);
    bc_proto_end(&model->proto, entry);
}

/* Inputs and outputs ----------------------------------------------------------------------- */

static void write_dims(bc_proto *to, const bc_onnx_dim dims[BC_ONNX_MAX_DIMS])
{
    const size_t shape = bc_proto_begin(to, BC_ONNX_TENSOR_TYPE_SHAPE);
    for (int i = 0; i < BC_ONNX_MAX_DIMS; i++) {
        const size_t dim = bc_proto_begin(to, BC_ONNX_SHAPE_DIM);
        if (dims[i].name)
            bc_proto_text(to, BC_ONNX_DIM_NAME, dims[i].name);
        else
            bc_proto_int(to, BC_ONNX_DIM_SIZE, dims[i].size);
        bc_proto_end(to, dim);
    }
    bc_proto_end(to, shape);
}

static void write_value(bc_proto *to, int field, const char *name,
                        const bc_onnx_dim dims[BC_ONNX_MAX_DIMS])
{
    const size_t value = bc_proto_begin(to, field);
    bc_proto_text(to, BC_ONNX_VALUE_NAME, name);
    const size_t type = bc_proto_begin(to, BC_ONNX_VALUE_TYPE),
                 tensor = bc_proto_begin(to, BC_ONNX_TYPE_TENSOR);
    bc_proto_int(to, BC_ONNX_TENSOR_TYPE_ELEMENT, BC_ONNX_FLOAT);
    write_dims(to, dims);
    bc_proto_end(to, tensor);
    bc_proto_end(to, type);
    bc_proto_end(to, value);
}

void bc_onnx_input(bc_onnx *model, const char *name, const bc_onnx_dim dims[BC_ONNX_MAX_DIMS])
{
    write_value(&model->proto, BC_ONNX_GRAPH_INPUT, name, dims);
}

void bc_onnx_output(bc_onnx *model, const char *name, const bc_onnx_dim dims[BC_ONNX_MAX_DIMS])
{
    write_value(&model->proto, BC_ONNX_GRAPH_OUTPUT, name, dims);
}

/* Constants -------------------------------------------------------------------------------- */

/* Raw data are little-endian, as all machines are that this project runs on. */
static void write_tensor(bc_proto *to, const char *name, int type, int n_dims, const int64_t *dims,
                         const void *data, size_t element_size)
{
    size_t n = 1;
    const size_t tensor = bc_proto_begin(to, BC_ONNX_GRAPH_INITIALIZER);
    for (int i = 0; i < n_dims; i++) {
        bc_proto_int(to, BC_ONNX_TENSOR_DIM, dims[i]);
        n *= (size_t)dims[i];
    }
    bc_proto_int(to, BC_ONNX_TENSOR_TYPE, type);
    bc_proto_text(to, BC_ONNX_TENSOR_NAME, name);
    bc_proto_bytes(to, BC_ONNX_TENSOR_RAW, data, n * element_size);
    bc_proto_end(to, tensor);
}

void bc_onnx_floats(bc_onnx *model, const char *name, int n_dims, const int64_t *dims,
                    const float *values)
{
    write_tensor(&model->proto, name, BC_ONNX_FLOAT, n_dims, dims, values, sizeof(*values));
}

void bc_onnx_ints(bc_onnx *model, const char *name, int n, const int64_t *values)
{
    write_tensor(&model->proto, name, BC_ONNX_INT64, 1, &(int64_t){n}, values, sizeof(*values));
}

/* Nodes ------------------------------------------------------------------------------------ */

size_t bc_onnx_node_begin(bc_onnx *model, const char *op, const char *output,
                          const char *const inputs[BC_ONNX_MAX_INPUTS])
{
    bc_proto *to = &model->proto;
    const size_t node = bc_proto_begin(to, BC_ONNX_GRAPH_NODE);
    for (int i = 0; i < BC_ONNX_MAX_INPUTS && inputs[i]; i++)
        bc_proto_text(to, BC_ONNX_NODE_INPUT, inputs[i]);
    bc_proto_text(to, BC_ONNX_NODE_OUTPUT, output);
    bc_proto_text(to, BC_ONNX_NODE_NAME, output);
    bc_proto_text(to, BC_ONNX_NODE_OP, op);
    return node;
}

void bc_onnx_node_end(bc_onnx *model, size_t node)
{
    bc_proto_end(&model->proto, node);
}

void bc_onnx_node(bc_onnx *model, const char *op, const char *output,
                  const char *const inputs[BC_ONNX_MAX_INPUTS])
{
    bc_onnx_node_end(model, bc_onnx_node_begin(model, op, output, inputs));
}

static size_t begin_attribute(bc_proto *to, const char *name, int kind)
{
    const size_t attribute = bc_proto_begin(to, BC_ONNX_NODE_ATTRIBUTE);
    bc_proto_text(to, BC_ONNX_ATTRIBUTE_NAME, name);
    bc_proto_int(to, BC_ONNX_ATTRIBUTE_TYPE, kind);
    return attribute;
}

void bc_onnx_attribute_int(bc_onnx *model, const char *name, int64_t value)
{
    const size_t attribute = begin_attribute(&model->proto, name, BC_ONNX_KIND_INT);
    bc_proto_int(&model->proto, BC_ONNX_ATTRIBUTE_INT, value);
    bc_proto_end(&model->proto, attribute);
}

void bc_onnx_attribute_ints(bc_onnx *model, const char *name, int n, const int64_t *values)
{
    const size_t attribute = begin_attribute(&model->proto, name, BC_ONNX_KIND_INTS);
    for (int i = 0; i < n; i++)
        bc_proto_int(&model->proto, BC_ONNX_ATTRIBUTE_INTS, values[i]);
    bc_proto_end(&model->proto, attribute);
}

void bc_onnx_attribute_float(bc_onnx *model, const char *name, float value)
{
    const size_t attribute = begin_attribute(&model->proto, name, BC_ONNX_KIND_FLOAT);
    bc_proto_float(&model->proto, BC_ONNX_ATTRIBUTE_FLOAT, value);
    bc_proto_end(&model->proto, attribute);
}

void bc_onnx_attribute_text(bc_onnx *model, const char *name, const char *text)
{
    const size_t attribute = begin_attribute(&model->proto, name, BC_ONNX_KIND_TEXT);
    bc_proto_text(&model->proto, BC_ONNX_ATTRIBUTE_TEXT, text);
    bc_proto_end(&model->proto, attribute);
}
