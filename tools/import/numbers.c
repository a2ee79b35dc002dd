#include "import/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/onnx_proto.h"

bc_numbers bc_numbers_row(int n, const int64_t *values)
{
    bc_numbers row = {.rank = 1, .dims = {n}, .n = n, .is_int = true};
    for (int i = 0; i < n; i++)
        row.values[i] = (double)values[i];
    return row;
}

bool bc_numbers_of_tensor(bc_numbers *numbers, const bc_onnx_tensor *tensor)
{
    if (tensor->rank > 2 || tensor->n > BC_NUMBERS_MAX)
        return false;
    for (int i = 0; i < tensor->rank; i++)
        if (tensor->dims[i] > BC_NUMBERS_MAX)
            return false;
    double *values = bc_onnx_tensor_values(tensor);
    if (!values)
        return false;
    *numbers = (bc_numbers){
        .rank = tensor->rank, .n = (int)tensor->n, .is_int = bc_onnx_tensor_is_int(tensor)};
    for (int i = 0; i < tensor->rank; i++)
        numbers->dims[i] = (int)tensor->dims[i];
    memcpy(numbers->values, values, tensor->n * sizeof(*values));
    free(values);
    return true;
}

/* Element by element ----------------------------------------------------------------------- */

static double wrapped(double a, double b)
{
    const double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* NaN for what is not known here. */
static double apply(bc_span type, double a, double b, bool is_int)
{
    if (bc_span_is(type, "Add"))
        return a + b;
    if (bc_span_is(type, "Sub"))
        return a - b;
    if (bc_span_is(type, "Mul"))
        return a * b;
    if (bc_span_is(type, "Div"))
        return is_int ? trunc(a / b) : a / b;
    return bc_span_is(type, "Mod") ? wrapped(a, b) : NAN;
}

/* Two of one shape, or one of them a single number. */
static bool combine(bc_numbers *result, bc_span type, const bc_numbers *a, const bc_numbers *b)
{
    if (a->n != b->n && a->n != 1 && b->n != 1)
        return false;
    *result = a->n >= b->n ? *a : *b;
    for (int i = 0; i < result->n; i++) {
        result->values[i] = apply(type, a->values[a->n == 1 ? 0 : i], b->values[b->n == 1 ? 0 : i],
                                  a->is_int && b->is_int);
        if (!isfinite(result->values[i]))
            return false;
    }
    return true;
}

static bool convert(bc_numbers *result, const bc_onnx_op *op, const bc_numbers *x)
{
    *result = *x;
    for (int i = 0; i < x->n; i++) {
        double *value = &result->values[i];
        if (bc_span_is(op->type, "Floor"))
            *value = floor(*value);
        else if (bc_span_is(op->type, "Ceil"))
            *value = ceil(*value);
        else if (bc_span_is(op->type, "Neg"))
            *value = -*value;
    }
    if (!bc_span_is(op->type, "Cast"))
        return true;
    const int64_t to = bc_onnx_op_int(op, "to", 0);
    result->is_int = to == BC_ONNX_INT32 || to == BC_ONNX_INT64;
    for (int i = 0; i < x->n && result->is_int; i++)
        result->values[i] = trunc(result->values[i]);
    return true;
}

/* Shapes ----------------------------------------------------------------------------------- */

/* As a row, or a single number where `n` is 1 and rank 0 is wanted. */
static bool flatten(bc_numbers *result, const bc_numbers *x, int rank)
{
    *result = *x;
    result->rank = rank;
    result->dims[0] = x->n;
    return rank == 1 || x->n == 1;
}

static bool reshape(bc_numbers *result, const bc_numbers *x, const bc_numbers *shape)
{
    if (shape->n < 1 || shape->n > 2)
        return false;
    *result = *x;
    result->rank = shape->n;
    int known = 1, missing = -1;
    for (int i = 0; i < shape->n; i++) {
        const double dim = shape->values[i];
        if (dim == -1 && missing < 0)
            missing = i;
        else if (dim >= 1 && dim <= BC_NUMBERS_MAX)
            known *= result->dims[i] = (int)dim;
        else
            return false;
    }
    if (missing >= 0)
        result->dims[missing] = x->n / known;
    return result->dims[0] * (shape->n == 2 ? result->dims[1] : 1) == x->n;
}

static bool transpose(bc_numbers *result, const bc_numbers *x)
{
    *result = *x;
    if (x->rank < 2)
        return true;
    result->dims[0] = x->dims[1];
    result->dims[1] = x->dims[0];
    for (int i = 0; i < x->n; i++)
        result->values[i % x->dims[1] * x->dims[0] + i / x->dims[1]] = x->values[i];
    return true;
}

static bool concatenate(bc_numbers *result, const bc_onnx_op *op,
                        const bc_numbers *const inputs[BC_ONNX_MAX_OP_INPUTS])
{
    *result = (bc_numbers){.rank = 1, .is_int = true};
    for (int i = 0; i < op->n_inputs; i++) {
        const bc_numbers *x = inputs[i];
        if (!x || x->rank > 1 || result->n + x->n > BC_NUMBERS_MAX)
            return false;
        memcpy(result->values + result->n, x->values, (size_t)x->n * sizeof(double));
        result->n += x->n;
        result->is_int = result->is_int && x->is_int;
    }
    result->dims[0] = result->n;
    return true;
}

static bool fill(bc_numbers *result, const bc_onnx_op *op, const bc_numbers *shape)
{
    bc_onnx_tensor tensor;
    bc_numbers value = {.n = 1, .is_int = false};
    const double n = shape->n == 1 ? shape->values[0] : -1;
    if (!(n >= 0 && n <= BC_NUMBERS_MAX) ||
        (bc_onnx_op_tensor(op, "value", &tensor) && !bc_numbers_of_tensor(&value, &tensor)))
        return false;
    *result = (bc_numbers){.rank = 1, .dims = {(int)n}, .n = (int)n, .is_int = value.is_int};
    for (int i = 0; i < result->n; i++)
        result->values[i] = value.n > 0 ? value.values[0] : 0;
    return true;
}

/* Parts ------------------------------------------------------------------------------------ */

/* Rows of the first axis, of one or several numbers. */
static int row_size(const bc_numbers *x)
{
    return x->rank == 2 ? x->dims[1] : 1;
}

static void copy_row(bc_numbers *to, const bc_numbers *from, int row)
{
    const int size = row_size(from);
    memcpy(to->values + to->n, from->values + row * size, (size_t)size * sizeof(double));
    to->n += size;
    to->dims[0]++;
}

static bool gather(bc_numbers *result, const bc_numbers *x, const bc_numbers *indices)
{
    if (x->rank != 1 || indices->rank > 1)
        return false;
    *result = (bc_numbers){.rank = indices->rank, .is_int = x->is_int};
    for (int i = 0; i < indices->n; i++) {
        const double at = indices->values[i] < 0 ? indices->values[i] + x->n : indices->values[i];
        if (!(at >= 0 && at < x->n))
            return false;
        copy_row(result, x, (int)at);
    }
    return true;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* One part of a Slice: an input (opset 10) or an attribute; `other` where it has neither. */
static double slice_part(const bc_onnx_op *op, const bc_numbers *input, const char *attribute,
                         double other)
{
    double numbers[BC_ONNX_MAX_NUMBERS];
    if (input)
        return input->n == 1 ? input->values[0] : NAN;
    const int n = bc_onnx_op_numbers(op, attribute, numbers);
    return n == 0 ? other : n == 1 ? numbers[0] : NAN;
}

static bool slice(bc_numbers *result, const bc_onnx_op *op,
                  const bc_numbers *const inputs[BC_ONNX_MAX_OP_INPUTS])
{
    const bc_numbers *x = inputs[0];
    double start = slice_part(op, inputs[1], "starts", 0);
    double end = slice_part(op, inputs[2], "ends", 0);
    const double axis = slice_part(op, inputs[3], "axes", 0);
    const double step = slice_part(op, inputs[4], "steps", 1);
    if (!x || x->rank == 0 || axis != 0 || (step != 1 && step != -1) || isnan(start) || isnan(end))
        return false;
    const int n = x->dims[0];
    const double first = step < 0 ? -1 : 0;
    start = clamp(start < 0 ? start + n : start, 0, n + first);
    end = clamp(end < 0 ? end + n : end, first, n);
    *result = (bc_numbers){.rank = x->rank, .dims = {0, x->dims[1]}, .is_int = x->is_int};
    for (int i = (int)start; step > 0 ? i < (int)end : i > (int)end; i += (int)step)
        copy_row(result, x, i);
    return true;
}

/* ------------------------------------------------------------------------------------------ */

static bool is_one_of(bc_span type, const char *const *names)
{
    for (; *names; names++)
        if (bc_span_is(type, *names))
            return true;
    return false;
}

bool bc_numbers_compute(bc_numbers *result, const bc_onnx_op *op,
                        const bc_numbers *const inputs[BC_ONNX_MAX_OP_INPUTS])
{
    static const char *const pairs[] = {"Add", "Sub", "Mul", "Div", "Mod", NULL};
    static const char *const singles[] = {"Cast", "Floor", "Ceil", "Neg", "Identity", NULL};
    const bc_numbers *a = inputs[0], *b = inputs[1];
    if (bc_span_is(op->type, "Concat"))
        return concatenate(result, op, inputs);
    if (!a)
        return false;
    if (is_one_of(op->type, singles))
        return convert(result, op, a);
    if (bc_span_is(op->type, "Unsqueeze"))
        return a->rank == 0 && flatten(result, a, 1);
    if (bc_span_is(op->type, "Squeeze"))
        return flatten(result, a, 0);
    if (bc_span_is(op->type, "ConstantOfShape"))
        return fill(result, op, a);
    if (bc_span_is(op->type, "Transpose"))
        return transpose(result, a);
    if (bc_span_is(op->type, "Slice"))
        return slice(result, op, inputs);
    if (!b)
        return false;
    if (bc_span_is(op->type, "Reshape"))
        return reshape(result, a, b);
    if (bc_span_is(op->type, "Gather"))
        return gather(result, a, b);
    return is_one_of(op->type, pairs) && combine(result, op->type, a, b);
}
