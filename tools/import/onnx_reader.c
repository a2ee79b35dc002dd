#include "import/onnx_reader.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bc_onnx_refuse(bc_onnx_reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->reason, sizeof(r->reason), format, args);
    va_end(args);
    return false;
}

bool bc_onnx_reads(const bc_onnx_reader *r, const char *type)
{
    return bc_span_is(r->op->type, type);
}

/* Values ----------------------------------------------------------------------------------- */

bc_onnx_found *bc_onnx_find(bc_onnx_reader *r, bc_span name)
{
    for (int i = r->n_found - 1; i >= 0 && name.n > 0; i--)
        if (bc_span_same(r->found[i].name, name))
            return &r->found[i];
    return NULL;
}

bc_onnx_found *bc_onnx_add(bc_onnx_reader *r, bc_span name, bc_onnx_found_kind kind)
{
    assert(r->n_found < BC_ONNX_MAX_FOUND);
    bc_onnx_found *v = &r->found[r->n_found++];
    *v = (bc_onnx_found){.name = name, .kind = kind};
    return v;
}

bc_onnx_found *bc_onnx_input_found(bc_onnx_reader *r, int i)
{
    return i < r->op->n_inputs ? bc_onnx_find(r, r->op->inputs[i]) : NULL;
}

const bc_onnx_map *bc_onnx_input_map(bc_onnx_reader *r, int i)
{
    const bc_onnx_found *v = bc_onnx_input_found(r, i);
    if (!v || v->kind != BC_ONNX_FOUND_MAP)
        bc_onnx_refuse(r, "has an input that no layer makes");
    return v && v->kind == BC_ONNX_FOUND_MAP ? &v->map : NULL;
}

const bc_numbers *bc_onnx_input_numbers(bc_onnx_reader *r, int i)
{
    const bc_onnx_found *v = bc_onnx_input_found(r, i);
    return v && v->has_numbers ? &v->numbers : NULL;
}

bool bc_onnx_give_map(bc_onnx_reader *r, bc_onnx_map m)
{
    if (m.height > BC_ONNX_MAX_SIDE || m.width > BC_ONNX_MAX_SIDE)
        return bc_onnx_refuse(r, "makes a map that is too large");
    bc_onnx_add(r, r->op->output, BC_ONNX_FOUND_MAP)->map = m;
    return true;
}

void bc_onnx_give_numbers(bc_onnx_reader *r, bc_numbers numbers)
{
    bc_onnx_found *v = bc_onnx_add(r, r->op->output, BC_ONNX_FOUND_NUMBERS);
    v->numbers = numbers;
    v->has_numbers = true;
}

void bc_onnx_add_tensor(bc_onnx_reader *r, bc_span name, const bc_onnx_tensor *tensor)
{
    bc_onnx_found *v = bc_onnx_add(r, name, BC_ONNX_FOUND_TENSOR);
    v->tensor = *tensor;
    v->has_numbers = bc_numbers_of_tensor(&v->numbers, tensor);
}

/* Layers ----------------------------------------------------------------------------------- */

bc_layer *bc_onnx_layer_of(bc_onnx_reader *r, const bc_onnx_map *m)
{
    return &r->draft->layers[m->layer].layer;
}

bool bc_onnx_is_plain(const bc_onnx_map *m)
{
    return !m->is_doubled && !m->is_cropped && m->margin == 0 && m->scale == 1;
}

static bool is_read(const bc_draft *draft, int layer)
{
    for (int i = layer + 1; i < draft->n; i++) {
        const bc_layer *reader = &draft->layers[i].layer;
        for (int k = 0; k < bc_layer_inputs(reader); k++)
            if (reader->inputs[k] == layer)
                return true;
    }
    return false;
}

/* What another layer has read already cannot change any more. */
bool bc_onnx_is_open(bc_onnx_reader *r, const bc_onnx_map *m)
{
    return m->layer != BC_FRAME && bc_onnx_is_plain(m) && m->version == r->versions[m->layer] &&
           bc_onnx_layer_of(r, m)->kind == BC_LAYER_CONV && !is_read(r->draft, m->layer);
}

bool bc_onnx_is_current(bc_onnx_reader *r, const bc_onnx_map *m)
{
    return m->layer == BC_FRAME || m->version == r->versions[m->layer];
}

bc_onnx_map bc_onnx_next_version(bc_onnx_reader *r, const bc_onnx_map *m)
{
    bc_onnx_map next = *m;
    next.version = ++r->versions[m->layer];
    return next;
}

static bool cut_ending(char *name, const char *ending)
{
    const size_t n = strlen(name), length = strlen(ending);
    const bool has_it = n > length && strcmp(name + n - length, ending) == 0;
    if (has_it)
        name[n - length] = '\0';
    return has_it;
}

/*
 * Of our own nets "LAYER.weight" and "LAYER/add". Of others "res1.conv1.conv2d.weight" is layer
 * "res1.conv1", and a number of the exporter's is no name.
 */
static void take_name(char name[BC_LAYER_NAME_SIZE], bc_span text, bool is_own)
{
    char whole[2 * BC_LAYER_NAME_SIZE];
    bc_span_copy(whole, sizeof(whole), text);
    whole[strcspn(whole, "/@")] = '\0';
    if (cut_ending(whole, ".weight") && !is_own)
        cut_ending(whole, ".conv2d");
    if (!is_own && strspn(whole, "0123456789.") == strlen(whole))
        whole[0] = '\0';
    whole[BC_LAYER_NAME_SIZE - 1] = '\0';
    memcpy(name, whole, BC_LAYER_NAME_SIZE);
}

bc_draft_layer *bc_onnx_add_layer(bc_onnx_reader *r, bc_layer_kind kind, bc_span named)
{
    char name[BC_LAYER_NAME_SIZE];
    take_name(name, named, r->stated.n > 0);
    bc_draft_layer *added = bc_draft_add(r->draft, kind, name);
    if (!added)
        bc_onnx_refuse(r, "is one more layer than the %d of a table", BC_MAX_LAYERS);
    return added;
}

float *bc_onnx_floats_of(const bc_onnx_tensor *tensor)
{
    double *values = bc_onnx_tensor_values(tensor);
    float *floats = values ? malloc((tensor->n + 1) * sizeof(*floats)) : NULL;
    for (size_t i = 0; floats && i < tensor->n; i++)
        floats[i] = (float)values[i];
    free(values);
    return floats;
}

float *bc_onnx_input_row(bc_onnx_reader *r, int i, int n)
{
    const bc_onnx_found *v = bc_onnx_input_found(r, i);
    if (i >= r->op->n_inputs)
        return calloc((size_t)n, sizeof(float));
    float *row = v && v->kind == BC_ONNX_FOUND_TENSOR && v->tensor.n == (size_t)n
                     ? bc_onnx_floats_of(&v->tensor)
                     : NULL;
    if (!row)
        bc_onnx_refuse(r, "needs a tensor of %d numbers as its input %d", n, i);
    return row;
}
