#include "import/onnx_model.h"

#include <string.h>

#include "base/log.h"
#include "import/onnx_proto.h"

static bc_span text_of(const bc_wire_field *field)
{
    return (bc_span){(const char *)field->bytes.at, bc_wire_size(field->bytes)};
}

/* Whether the field is `number`, and its value bytes. */
static bool is_bytes(const bc_wire_field *field, int number)
{
    return field->number == number && field->kind == BC_WIRE_BYTES;
}

/* Tensors ---------------------------------------------------------------------------------- */

static bool add_dim(bc_onnx_tensor *tensor, uint64_t dim)
{
    if (tensor->rank == BC_ONNX_MAX_RANK || dim > INT32_MAX)
        return false;
    tensor->dims[tensor->rank++] = (int64_t)dim;
    return true;
}

static bool add_dims(bc_onnx_tensor *tensor, bc_wire packed)
{
    uint64_t dim;
    while (packed.at < packed.end)
        if (!bc_wire_varint(&packed, &dim) || !add_dim(tensor, dim))
            return false;
    return true;
}

/* An element takes a byte at least, but in a tensor without any. */
static bool count_elements(bc_onnx_tensor *tensor)
{
    const size_t most = bc_wire_size(tensor->message);
    tensor->n = 1;
    for (int i = 0; i < tensor->rank; i++) {
        const size_t dim = (size_t)tensor->dims[i];
        if (dim > 0 && tensor->n > most / dim)
            return false;
        tensor->n *= dim;
    }
    return true;
}

static bool read_tensor(bc_onnx_tensor *tensor, bc_wire message)
{
    bc_wire_field field;
    int more;
    *tensor = (bc_onnx_tensor){.message = message};
    while ((more = bc_wire_next(&message, &field)) > 0) {
        bool ok = true;
        if (field.number == BC_ONNX_TENSOR_DIM)
            ok = field.kind == BC_WIRE_BYTES ? add_dims(tensor, field.bytes)
                                             : add_dim(tensor, field.value);
        else if (field.number == BC_ONNX_TENSOR_TYPE)
            tensor->type = field.value < 100 ? (int)field.value : 0;
        else if (is_bytes(&field, BC_ONNX_TENSOR_NAME))
            tensor->name = text_of(&field);
        if (!ok)
            return false;
    }
    return more == 0 && count_elements(tensor);
}

/* Operations ------------------------------------------------------------------------------- */

static bool read_op(bc_onnx_op *op, bc_wire message)
{
    bc_wire_field field;
    int more;
    *op = (bc_onnx_op){.message = message};
    while ((more = bc_wire_next(&message, &field)) > 0) {
        if (is_bytes(&field, BC_ONNX_NODE_INPUT)) {
            if (op->n_inputs == BC_ONNX_MAX_OP_INPUTS)
                return false;
            op->inputs[op->n_inputs++] = text_of(&field);
        } else if (is_bytes(&field, BC_ONNX_NODE_OUTPUT) && op->output.n == 0) {
            op->output = text_of(&field);
        } else if (is_bytes(&field, BC_ONNX_NODE_OP)) {
            op->type = text_of(&field);
        } else if (is_bytes(&field, BC_ONNX_NODE_NAME)) {
            op->name = text_of(&field);
        }
    }
    return more == 0;
}

/* The attribute's message, or an empty one. */
static bc_wire find_attribute(const bc_onnx_op *op, const char *name)
{
    bc_wire rest = op->message;
    bc_wire_field attribute, field;
    while (bc_wire_next(&rest, &attribute) > 0) {
        bc_wire inside = attribute.bytes;
        if (!is_bytes(&attribute, BC_ONNX_NODE_ATTRIBUTE))
            continue;
        while (bc_wire_next(&inside, &field) > 0)
            if (is_bytes(&field, BC_ONNX_ATTRIBUTE_NAME) && bc_span_is(text_of(&field), name))
                return attribute.bytes;
    }
    return (bc_wire){NULL, NULL};
}

/* The first field of that number in the attribute `name`. */
static bool find_field(const bc_onnx_op *op, const char *name, int number, bc_wire_kind kind,
                       bc_wire_field *field)
{
    bc_wire attribute = find_attribute(op, name);
    while (bc_wire_next(&attribute, field) > 0)
        if (field->number == number && field->kind == kind)
            return true;
    return false;
}

static float float_of(uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof(value));
    return value;
}

int64_t bc_onnx_op_int(const bc_onnx_op *op, const char *name, int64_t other)
{
    bc_wire_field field;
    return find_field(op, name, BC_ONNX_ATTRIBUTE_INT, BC_WIRE_VARINT, &field)
               ? (int64_t)field.value
               : other;
}

float bc_onnx_op_float(const bc_onnx_op *op, const char *name, float other)
{
    bc_wire_field field;
    return find_field(op, name, BC_ONNX_ATTRIBUTE_FLOAT, BC_WIRE_32_BITS, &field)
               ? float_of(field.value)
               : other;
}

bc_span bc_onnx_op_text(const bc_onnx_op *op, const char *name, const char *other)
{
    bc_wire_field field;
    return find_field(op, name, BC_ONNX_ATTRIBUTE_TEXT, BC_WIRE_BYTES, &field)
               ? text_of(&field)
               : (bc_span){other, strlen(other)};
}

bool bc_onnx_op_tensor(const bc_onnx_op *op, const char *name, bc_onnx_tensor *tensor)
{
    bc_wire_field field;
    return find_field(op, name, BC_ONNX_ATTRIBUTE_TENSOR, BC_WIRE_BYTES, &field) &&
           read_tensor(tensor, field.bytes);
}

/* One value, or packed ones; false if there are more than can be held. */
static bool add_numbers(double *numbers, int *n, const bc_wire_field *field)
{
    const bool is_float = field->number == BC_ONNX_ATTRIBUTE_FLOATS;
    bc_wire packed = field->bytes;
    uint64_t value = field->value;
    bool more = field->kind != BC_WIRE_BYTES;
    if (!more)
        more =
            is_float ? bc_wire_little_endian(&packed, 4, &value) : bc_wire_varint(&packed, &value);
    while (more) {
        if (*n == BC_ONNX_MAX_NUMBERS)
            return false;
        numbers[(*n)++] = is_float ? (double)float_of(value) : (double)(int64_t)value;
        more =
            is_float ? bc_wire_little_endian(&packed, 4, &value) : bc_wire_varint(&packed, &value);
    }
    return true;
}

int bc_onnx_op_numbers(const bc_onnx_op *op, const char *name, double numbers[BC_ONNX_MAX_NUMBERS])
{
    bc_wire attribute = find_attribute(op, name);
    bc_wire_field field;
    int n = 0;
    while (bc_wire_next(&attribute, &field) > 0)
        if ((field.number == BC_ONNX_ATTRIBUTE_INTS || field.number == BC_ONNX_ATTRIBUTE_FLOATS) &&
            !add_numbers(numbers, &n, &field))
            return 0;
    return n;
}

/* The graph -------------------------------------------------------------------------------- */

static void read_dim(bc_onnx_value *value, bc_wire message)
{
    bc_wire_field field;
    int64_t size = 0;
    while (bc_wire_next(&message, &field) > 0)
        if (field.number == BC_ONNX_DIM_SIZE && field.kind == BC_WIRE_VARINT &&
            field.value <= INT32_MAX)
            size = (int64_t)field.value;
    if (value->rank < BC_ONNX_MAX_RANK)
        value->dims[value->rank++] = size;
}

/* Down to the dimensions: a value has a type, that of a tensor, that a shape, that dimensions. */
static void read_type(bc_onnx_value *value, bc_wire message, int depth)
{
    static const int fields[] = {BC_ONNX_TYPE_TENSOR, BC_ONNX_TENSOR_TYPE_SHAPE, BC_ONNX_SHAPE_DIM};
    bc_wire_field field;
    while (bc_wire_next(&message, &field) > 0)
        if (is_bytes(&field, fields[depth])) {
            if (depth == 2)
                read_dim(value, field.bytes);
            else
                read_type(value, field.bytes, depth + 1);
        }
}

static bc_onnx_value read_value(bc_wire message)
{
    bc_onnx_value value = {.rank = 0};
    bc_wire_field field;
    while (bc_wire_next(&message, &field) > 0) {
        if (is_bytes(&field, BC_ONNX_VALUE_NAME))
            value.name = text_of(&field);
        else if (is_bytes(&field, BC_ONNX_VALUE_TYPE))
            read_type(&value, field.bytes, 0);
    }
    return value;
}

/* NULL, or what is wrong. */
static const char *read_graph_field(bc_onnx_model *model, const bc_wire_field *field)
{
    if (is_bytes(field, BC_ONNX_GRAPH_NODE)) {
        if (model->n_ops == BC_ONNX_MAX_OPS)
            return "has too many operations";
        if (!read_op(&model->ops[model->n_ops++], field->bytes))
            return "has an operation that is malformed";
    } else if (is_bytes(field, BC_ONNX_GRAPH_INITIALIZER)) {
        if (model->n_tensors == BC_ONNX_MAX_TENSORS)
            return "has too many tensors";
        if (!read_tensor(&model->tensors[model->n_tensors++], field->bytes))
            return "has a tensor that is malformed, or whose data lie in another file";
    } else if (is_bytes(field, BC_ONNX_GRAPH_INPUT)) {
        if (model->n_inputs == BC_ONNX_MAX_GRAPH_INPUTS)
            return "has too many inputs";
        model->inputs[model->n_inputs++] = read_value(field->bytes);
    } else if (is_bytes(field, BC_ONNX_GRAPH_OUTPUT) && model->output.n == 0) {
        model->output = read_value(field->bytes).name;
    }
    return NULL;
}

static const char *read_graph(bc_onnx_model *model, bc_wire graph)
{
    bc_wire_field field;
    int more;
    while ((more = bc_wire_next(&graph, &field)) > 0) {
        const char *wrong = read_graph_field(model, &field);
        if (wrong)
            return wrong;
    }
    return more < 0 ? "has a graph that is malformed" : NULL;
}

bc_status bc_onnx_model_read(bc_onnx_model *model, const void *bytes, size_t size, const char *path,
                             const bc_log *log)
{
    const uint8_t *start = bytes;
    bc_wire rest = {start, start + size};
    bc_wire_field field;
    const char *wrong = NULL;
    int more;
    model->n_ops = model->n_tensors = model->n_inputs = 0;
    model->output = (bc_span){NULL, 0};
    model->message = rest;
    while (!wrong && (more = bc_wire_next(&rest, &field)) != 0) {
        if (more < 0)
            wrong = "is no ONNX model";
        else if (is_bytes(&field, BC_ONNX_MODEL_GRAPH))
            wrong = read_graph(model, field.bytes);
    }
    if (!wrong && model->n_ops == 0)
        wrong = "is no ONNX model";
    return wrong ? bc_fail(log, BC_ERR_FORMAT, "%s: %s", path, wrong) : BC_OK;
}

bc_span bc_onnx_model_metadata(const bc_onnx_model *model, const char *key)
{
    bc_wire rest = model->message;
    bc_wire_field entry, field;
    while (bc_wire_next(&rest, &entry) > 0) {
        bc_span found = {NULL, 0}, value = {"", 0};
        bc_wire inside = entry.bytes;
        if (!is_bytes(&entry, BC_ONNX_MODEL_METADATA))
            continue;
        while (bc_wire_next(&inside, &field) > 0) {
            if (is_bytes(&field, BC_ONNX_ENTRY_KEY))
                found = text_of(&field);
            else if (is_bytes(&field, BC_ONNX_ENTRY_VALUE))
                value = text_of(&field);
        }
        if (bc_span_is(found, key))
            return value;
    }
    return (bc_span){"", 0};
}

const bc_onnx_tensor *bc_onnx_model_find(const bc_onnx_model *model, bc_span name)
{
    for (int i = 0; i < model->n_tensors; i++)
        if (bc_span_same(model->tensors[i].name, name))
            return &model->tensors[i];
    return NULL;
}
