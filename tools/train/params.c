#include "train/params.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* Layout ----------------------------------------------------------------------------------- */

static size_t add_param(bc_params *params, bc_owner owner, const char *layer, const char *what,
                        int n_dims, const int *shape)
{
    assert(params->n_params < BC_MAX_PARAMS);
    bc_param *param = &params->params[params->n_params++];
    *param =
        (bc_param){.owner = owner, .n_dims = n_dims, .offset = params->n_values[owner], .n = 1};
    snprintf(param->name, sizeof(param->name), "%s.%s", layer, what);
    for (int i = 0; i < n_dims; i++) {
        param->shape[i] = shape[i];
        param->n *= (size_t)shape[i];
    }
    params->n_values[owner] += param->n;
    return param->offset;
}

static void add_layer(bc_params *params, bc_layer_params *at, const bc_layer *layer)
{
    const int shape[4] = {layer->n_rows, layer->n_in, layer->kernel, layer->kernel};
    at->weight = add_param(params, layer->weights, layer->name, "weight", 4, shape);
    at->bias = add_param(params, layer->weights, layer->name, "bias", 1, shape);
    if (!layer->norm)
        return;
    at->scale = add_param(params, layer->norm_owner, layer->name, "norm.scale", 1, &layer->n_out);
    at->shift = add_param(params, layer->norm_owner, layer->name, "norm.shift", 1, &layer->n_out);
}

void bc_params_make(bc_params *params, const bc_layers *table)
{
    *params = (bc_params){.table = *table};
    for (int i = 0; i < table->n; i++)
        if (table->layers[i].kind == BC_LAYER_CONV)
            add_layer(params, &params->layers[i], &table->layers[i]);
}

/* Values to start from --------------------------------------------------------------------- */

/* Normal numbers; with phases, the four rows of a channel are equal. */
static void init_weight(float *weight, const bc_layer *layer, double deviation, bc_random *random)
{
    const size_t n = (size_t)(layer->n_in * layer->kernel * layer->kernel);
    const int n_equal = layer->n_rows / layer->n_out;
    for (int row = 0; row < layer->n_rows; row++, weight += n)
        if (row % n_equal)
            memcpy(weight, weight - n, n * sizeof(*weight));
        else
            for (size_t i = 0; i < n; i++)
                weight[i] = (float)(deviation * bc_random_normal(random));
}

static void add_identity(float *weight, const bc_layer *layer)
{
    const int n_taps = layer->kernel * layer->kernel;
    for (int c = 0; c < layer->n_out; c++)
        weight[(c * layer->n_in + c) * n_taps + n_taps / 2] += 1;
}

static void fill(float *x, float value, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = value;
}

static bool has_sums(const bc_layers *table)
{
    for (int i = 0; i < table->n; i++)
        if (table->layers[i].kind == BC_LAYER_ADD)
            return true;
    return false;
}

static void init_conv(float *values, const bc_params *params, int i, bc_random *random)
{
    const bc_layer *layer = &params->table.layers[i];
    const bool is_last = i == params->table.n - 1;
    const bool starts_as_identity = layer->weights == BC_OWNER_STYLE &&
                                    layer->n_rows == layer->n_in && !has_sums(&params->table);
    const double he = sqrt(2.0 / (layer->n_in * layer->kernel * layer->kernel));
    float *weight = values + params->layers[i].weight;
    init_weight(weight, layer, is_last || starts_as_identity ? 0.5 * he : he, random);
    if (starts_as_identity)
        add_identity(weight, layer);
    if (is_last) /* the middle of the picture's range */
        fill(values + params->layers[i].bias, 0.5F, layer->n_rows);
}

/* The canvas's share differs from channel to channel; a branch of a sum begins as a small one. */
static void init_scale(float *scale, const bc_params *params, int i, bc_random *random)
{
    const bc_layer *layer = &params->table.layers[i];
    const int input = layer->inputs[0];
    const bool is_of_canvas =
        input != BC_FRAME && params->table.layers[input].kind == BC_LAYER_CANVAS;
    for (int c = 0; c < layer->n_out; c++)
        scale[c] = is_of_canvas  ? (float)(0.1 + 0.3 * bc_random_uniform(random))
                   : layer->relu ? 1
                                 : 0.3F;
}

void bc_params_init(float *values, const bc_params *params, bc_owner owner, bc_random *random)
{
    memset(values, 0, params->n_values[owner] * sizeof(*values));
    for (int i = 0; i < params->table.n; i++) {
        const bc_layer *layer = &params->table.layers[i];
        if (layer->kind != BC_LAYER_CONV)
            continue;
        if (layer->weights == owner)
            init_conv(values, params, i, random);
        if (layer->norm && layer->norm_owner == owner)
            init_scale(values + params->layers[i].scale, params, i, random);
    }
}

enum { N_PHASES = 4 };

/* x [N_PHASES, step]: the first n of each phase get the same sum. */
static void equalise_sums(float *x, size_t step, size_t n)
{
    double sums[N_PHASES] = {0}, mean = 0;
    for (int phase = 0; phase < N_PHASES; phase++) {
        for (size_t i = 0; i < n; i++)
            sums[phase] += (double)x[(size_t)phase * step + i];
        mean += sums[phase] / N_PHASES;
    }
    for (int phase = 0; phase < N_PHASES; phase++)
        for (size_t i = 0; i < n; i++)
            x[(size_t)phase * step + i] += (float)((mean - sums[phase]) / (double)n);
}

void bc_params_equalise(float *values, const bc_params *params, bc_owner owner)
{
    for (int i = 0; i < params->table.n; i++) {
        const bc_layer *layer = &params->table.layers[i];
        if (layer->kind != BC_LAYER_CONV || layer->weights != owner ||
            layer->n_rows != N_PHASES * layer->n_out)
            continue;
        const size_t n_taps = (size_t)(layer->kernel * layer->kernel);
        const size_t row = (size_t)layer->n_in * n_taps;
        for (int c = 0; c < layer->n_out; c++) {
            float *weight = values + params->layers[i].weight + (size_t)(N_PHASES * c) * row;
            for (int in = 0; in < layer->n_in; in++)
                equalise_sums(weight + (size_t)in * n_taps, row, n_taps);
            equalise_sums(values + params->layers[i].bias + N_PHASES * c, 1, 1);
        }
    }
}

/* Files ------------------------------------------------------------------------------------ */

static void copy(float *to, const float *from, size_t n)
{
    if (from)
        memcpy(to, from, n * sizeof(*to));
}

bc_status bc_params_read(float *values, const bc_params *params, bc_owner owner,
                         const bc_safetensors *file, const char *path, const bc_log *log)
{
    bc_taker from = {.file = file, .path = path, .log = log};
    bc_tensors tensors[BC_MAX_LAYERS] = {{0}};
    const bc_status status = bc_take_tensors(&from, tensors, &params->table, owner);
    for (int i = 0; i < params->table.n && status == BC_OK; i++) {
        const bc_layer *layer = &params->table.layers[i];
        const bc_layer_params *at = &params->layers[i];
        const size_t n_rows = (size_t)layer->n_rows, n_out = (size_t)layer->n_out;
        const size_t n_taps = (size_t)(layer->n_in * layer->kernel * layer->kernel);
        copy(values + at->weight, tensors[i].weight, n_rows * n_taps);
        copy(values + at->bias, tensors[i].bias, n_rows);
        copy(values + at->scale, tensors[i].scale, n_out);
        copy(values + at->shift, tensors[i].shift, n_out);
    }
    return status;
}

int bc_params_list(bc_tensor tensors[BC_MAX_PARAMS], const bc_params *params, bc_owner owner,
                   const float *values)
{
    int n = 0;
    for (int i = 0; i < params->n_params; i++) {
        const bc_param *param = &params->params[i];
        if (param->owner != owner)
            continue;
        tensors[n] = (bc_tensor){.name = param->name,
                                 .dtype = BC_DTYPE_F32,
                                 .n_dims = param->n_dims,
                                 .data = values + param->offset,
                                 .size_bytes = param->n * sizeof(*values)};
        memcpy(tensors[n++].shape, param->shape, sizeof(param->shape));
    }
    return n;
}
