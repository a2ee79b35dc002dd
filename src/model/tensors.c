#include "model/tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { TENSOR_NAME_SIZE = BC_LAYER_NAME_SIZE + 16 };

static const char thumbnail_name[] = "thumbnail";

static bc_status fail_tensor(const bc_taker *from, const char *name, const char *reason)
{
    return bc_fail(from->log, BC_ERR_FORMAT, "%s: tensor '%.100s': %s", from->path, name, reason);
}

/* Metadata --------------------------------------------------------------------------------- */

bc_status bc_take_text(const bc_taker *from, const char *key, const char **text)
{
    const char *value = bc_safetensors_metadata(from->file, key);
    *text = value ? value : "";
    for (const char *c = *text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return bc_fail(from->log, BC_ERR_FORMAT, "%s: metadata '%s' holds control characters",
                           from->path, key);
    }
    return BC_OK;
}

bc_status bc_check_text(const bc_taker *from, const char *key, const char *expected)
{
    const char *value;
    const bc_status status = bc_take_text(from, key, &value);
    if (status < 0 || strcmp(value, expected) == 0)
        return status;
    return bc_fail(from->log, BC_ERR_FORMAT, "%s: %s is '%.60s', expected '%s'", from->path, key,
                   value, expected);
}

bc_status bc_take_name(const bc_taker *from, char *name, size_t size)
{
    const char *text;
    const bc_status status = bc_take_text(from, "brushcast.name", &text);
    if (status < 0)
        return status;
    if (!*text || strlen(text) >= size)
        return bc_fail(from->log, BC_ERR_FORMAT, "%s: brushcast.name is missing or too long",
                       from->path);
    memcpy(name, text, strlen(text) + 1);
    return BC_OK;
}

/* Tensors ---------------------------------------------------------------------------------- */

static void print_shape(char text[96], int n_dims, const int64_t *shape)
{
    int n = snprintf(text, 96, "[");
    for (int i = 0; i < n_dims && n < 80; i++)
        n += snprintf(text + n, 96 - (size_t)n, "%s%lld", i ? "," : "", (long long)shape[i]);
    snprintf(text + (n < 94 ? n : 94), 2, "]");
}

static bc_status check_shape(const bc_taker *from, const bc_tensor *tensor, int n_dims,
                             const int64_t *shape)
{
    if (tensor->n_dims == n_dims &&
        memcmp(tensor->shape, shape, sizeof(*shape) * (size_t)n_dims) == 0)
        return BC_OK;
    char is[96], expected[96], reason[256];
    print_shape(is, tensor->n_dims, tensor->shape);
    print_shape(expected, n_dims, shape);
    snprintf(reason, sizeof(reason), "shape is %s, expected %s", is, expected);
    return fail_tensor(from, tensor->name, reason);
}

static bc_status check_finite(const bc_taker *from, const bc_tensor *tensor)
{
    const float *values = tensor->data;
    for (size_t i = 0; i < tensor->size_bytes / sizeof(float); i++) {
        if (!isfinite(values[i]))
            return fail_tensor(from, tensor->name, "holds a NaN or an infinity");
    }
    return BC_OK;
}

/* Takes tensor LAYER.PART, of `n_dims` dimensions. */
static bc_status take_tensor(bc_taker *from, const float **values, const bc_layer *layer,
                             const char *part, int n_dims, const int64_t *shape)
{
    char name[TENSOR_NAME_SIZE];
    snprintf(name, sizeof(name), "%s.%s", layer->name, part);
    const bc_tensor *tensor = bc_safetensors_find(from->file, name);
    if (!tensor)
        return fail_tensor(from, name, "is missing");
    if (tensor->dtype != BC_DTYPE_F32)
        return fail_tensor(from, name, "is not F32");
    bc_status status = check_shape(from, tensor, n_dims, shape);
    if (status == BC_OK)
        status = check_finite(from, tensor);
    *values = tensor->data;
    from->n_taken++;
    return status;
}

static bc_status take_conv(bc_taker *from, bc_tensors *to, const bc_layer *layer)
{
    const int64_t n_rows = layer->n_rows, kernel = layer->kernel;
    const int64_t shape[] = {n_rows, layer->n_in, kernel, kernel};
    const bc_status status = take_tensor(from, &to->weight, layer, "weight", 4, shape);
    return status < 0 ? status : take_tensor(from, &to->bias, layer, "bias", 1, &n_rows);
}

static bc_status take_norm(bc_taker *from, bc_tensors *to, const bc_layer *layer)
{
    const int64_t n_out = layer->n_out;
    const bc_status status = take_tensor(from, &to->scale, layer, "norm.scale", 1, &n_out);
    return status < 0 ? status : take_tensor(from, &to->shift, layer, "norm.shift", 1, &n_out);
}

bc_status bc_take_tensors(bc_taker *from, bc_tensors *tensors, const bc_layers *table,
                          bc_owner owner)
{
    bc_status status = BC_OK;
    for (int i = 0; i < table->n && status == BC_OK; i++) {
        const bc_layer *layer = &table->layers[i];
        if (layer->kind == BC_LAYER_CONV && layer->weights == owner)
            status = take_conv(from, &tensors[i], layer);
        if (status == BC_OK && layer->norm && layer->norm_owner == owner)
            status = take_norm(from, &tensors[i], layer);
    }
    return status;
}

bc_status bc_take_thumbnail(bc_taker *from, bc_style_info *info)
{
    const bc_tensor *tensor = bc_safetensors_find(from->file, thumbnail_name);
    if (!tensor)
        return BC_OK;
    const int64_t *shape = tensor->shape; /* [h,w,3] */
    if (tensor->dtype != BC_DTYPE_U8)
        return fail_tensor(from, tensor->name, "is not U8");
    if (tensor->n_dims != 3 || shape[2] != 3)
        return fail_tensor(from, tensor->name, "is no picture [height,width,3]");
    if (shape[0] < 1 || shape[0] > BC_MAX_SIZE || shape[1] < 1 || shape[1] > BC_MAX_SIZE)
        return fail_tensor(from, tensor->name, "is empty or too large");
    info->thumbnail = tensor->data;
    info->thumbnail_height = (int)shape[0];
    info->thumbnail_width = (int)shape[1];
    from->n_taken++;
    return BC_OK;
}

/* Whether NAME is LAYER.PART of a tensor that bc_take_tensors takes. */
static bool is_of_layer(const char *name, const bc_layer *layer, bc_owner owner)
{
    const size_t length = strlen(layer->name);
    if (strncmp(name, layer->name, length) != 0 || name[length] != '.')
        return false;
    const char *part = name + length + 1;
    if (strcmp(part, "weight") == 0 || strcmp(part, "bias") == 0)
        return layer->kind == BC_LAYER_CONV && layer->weights == owner;
    return layer->norm && layer->norm_owner == owner &&
           (strcmp(part, "norm.scale") == 0 || strcmp(part, "norm.shift") == 0);
}

static bool is_known(const char *name, const bc_layers *table, bc_owner owner)
{
    for (int i = 0; i < table->n; i++) {
        if (is_of_layer(name, &table->layers[i], owner))
            return true;
    }
    return owner == BC_OWNER_STYLE && strcmp(name, thumbnail_name) == 0;
}

bc_status bc_refuse_rest(const bc_taker *from, const bc_layers *table, bc_owner owner)
{
    const int n = bc_safetensors_count(from->file);
    for (int i = 0; i < n && from->n_taken < n; i++) {
        const char *name = bc_safetensors_at(from->file, i)->name;
        if (!is_known(name, table, owner))
            return fail_tensor(from, name, "is unknown here");
    }
    return BC_OK;
}
