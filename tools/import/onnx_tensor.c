/* The elements of a tensor: raw, or in a field of their type, packed or one by one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/half.h"
#include "import/onnx_model.h"
#include "import/onnx_proto.h"

typedef struct elements {
    double *values;
    size_t n, capacity;
} elements;

static int size_of(int type)
{
    return type == BC_ONNX_FLOAT || type == BC_ONNX_INT32    ? 4
           : type == BC_ONNX_INT64 || type == BC_ONNX_DOUBLE ? 8
           : type == BC_ONNX_FLOAT16                         ? 2
                                                             : 0;
}

static double decode(int type, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double real;
    memcpy(&single, &low, sizeof(single));
    memcpy(&real, &bits, sizeof(real));
    switch (type) {
    case BC_ONNX_FLOAT:
        return (double)single;
    case BC_ONNX_DOUBLE:
        return real;
    case BC_ONNX_FLOAT16:
        return (double)bc_half_to_float((uint16_t)bits);
    case BC_ONNX_INT32:
        return (double)(int32_t)low;
    default:
        return (double)(int64_t)bits;
    }
}

/* False when there are more than the shape says. */
static bool add(elements *to, int type, uint64_t bits)
{
    if (to->n == to->capacity)
        return false;
    to->values[to->n++] = decode(type, bits);
    return true;
}

static bool add_fixed(elements *to, int type, bc_wire packed)
{
    uint64_t bits;
    while (bc_wire_little_endian(&packed, size_of(type), &bits))
        if (!add(to, type, bits))
            return false;
    return packed.at == packed.end;
}

static bool add_varints(elements *to, int type, bc_wire packed)
{
    uint64_t bits;
    while (bc_wire_varint(&packed, &bits))
        if (!add(to, type, bits))
            return false;
    return packed.at == packed.end;
}

/* The field in which a type's elements stand when they are not raw. */
static int data_field(int type)
{
    return type == BC_ONNX_FLOAT    ? BC_ONNX_TENSOR_FLOATS
           : type == BC_ONNX_INT32  ? BC_ONNX_TENSOR_INT32S
           : type == BC_ONNX_INT64  ? BC_ONNX_TENSOR_INT64S
           : type == BC_ONNX_DOUBLE ? BC_ONNX_TENSOR_DOUBLES
                                    : 0;
}

static bool add_field(elements *to, int type, const bc_wire_field *field)
{
    const bool is_int = type == BC_ONNX_INT32 || type == BC_ONNX_INT64;
    if (field->number == BC_ONNX_TENSOR_RAW && field->kind == BC_WIRE_BYTES)
        return add_fixed(to, type, field->bytes);
    if (field->number != data_field(type))
        return true;
    if (field->kind != BC_WIRE_BYTES)
        return add(to, type, field->value);
    return is_int ? add_varints(to, type, field->bytes) : add_fixed(to, type, field->bytes);
}

double *bc_onnx_tensor_values(const bc_onnx_tensor *tensor)
{
    bc_wire message = tensor->message;
    bc_wire_field field;
    elements to = {.values = malloc((tensor->n + 1) * sizeof(double)), .capacity = tensor->n};
    bool ok = to.values && size_of(tensor->type) > 0;
    while (ok && bc_wire_next(&message, &field) > 0)
        ok = add_field(&to, tensor->type, &field);
    if (ok && to.n == to.capacity)
        return to.values;
    free(to.values);
    return NULL;
}

bool bc_onnx_tensor_is_int(const bc_onnx_tensor *tensor)
{
    return tensor->type == BC_ONNX_INT32 || tensor->type == BC_ONNX_INT64;
}
