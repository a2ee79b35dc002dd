/* The elements of a tensor: raw, or in a field of their type, packed or one by one. */
#include <stdlib.h>

#include "import/element.h"
#include "import/onnx_model.h"
#include "import/onnx_proto.h"

/* A type of onnx.proto, and the field in which its elements stand when they are not raw, or 0. */
typedef struct tensor_type {
    int number;
    bc_element element;
    int field;
    bool is_int;
} tensor_type;

static const tensor_type types[] = {
    {BC_ONNX_FLOAT, BC_ELEMENT_FLOAT, BC_ONNX_TENSOR_FLOATS, false},
    {BC_ONNX_INT32, BC_ELEMENT_INT, BC_ONNX_TENSOR_INT32S, true},
    {BC_ONNX_INT64, BC_ELEMENT_LONG, BC_ONNX_TENSOR_INT64S, true},
    {BC_ONNX_FLOAT16, BC_ELEMENT_HALF, 0, false},
    {BC_ONNX_DOUBLE, BC_ELEMENT_DOUBLE, BC_ONNX_TENSOR_DOUBLES, false}};

/* NULL: none of numbers that are known here. */
static const tensor_type *find_type(int number)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].number == number)
            return &types[i];
    return NULL;
}

typedef struct elements {
    double *values;
    size_t n, capacity;
    const tensor_type *type;
} elements;

/* False when there are more than the shape says. */
static bool add(elements *to, uint64_t bits)
{
    if (to->n == to->capacity)
        return false;
    to->values[to->n++] = bc_element_decode(to->type->element, bits);
    return true;
}

static bool add_fixed(elements *to, bc_wire packed)
{
    uint64_t bits;
    while (bc_wire_little_endian(&packed, bc_element_size(to->type->element), &bits))
        if (!add(to, bits))
            return false;
    return packed.at == packed.end;
}

static bool add_varints(elements *to, bc_wire packed)
{
    uint64_t bits;
    while (bc_wire_varint(&packed, &bits))
        if (!add(to, bits))
            return false;
    return packed.at == packed.end;
}

static bool add_field(elements *to, const bc_wire_field *field)
{
    if (field->number == BC_ONNX_TENSOR_RAW && field->kind == BC_WIRE_BYTES)
        return add_fixed(to, field->bytes);
    if (field->number != to->type->field)
        return true;
    if (field->kind != BC_WIRE_BYTES)
        return add(to, field->value);
    return to->type->is_int ? add_varints(to, field->bytes) : add_fixed(to, field->bytes);
}

double *bc_onnx_tensor_values(const bc_onnx_tensor *tensor)
{
    bc_wire message = tensor->message;
    bc_wire_field field;
    elements to = {.values = malloc((tensor->n + 1) * sizeof(double)),
                   .capacity = tensor->n,
                   .type = find_type(tensor->type)};
    bool ok = to.values && to.type;
    while (ok && bc_wire_next(&message, &field) > 0)
        ok = add_field(&to, &field);
    if (ok && to.n == to.capacity)
        return to.values;
    free(to.values);
    return NULL;
}

bool bc_onnx_tensor_is_int(const bc_onnx_tensor *tensor)
{
    const tensor_type *type = find_type(tensor->type);
    return type && type->is_int;
}
