#include "train/vgg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { N_BLOCKS = 5, MAX_PER_BLOCK = 4 };

static const char *const DEFAULT_INPUT = "BGR 0..255 minus 103.939,116.779,123.68";

/* Reads three numbers and what follows them. */
static bool read_three(float numbers[3], const char **text)
{
    int length = 0;
    if (sscanf(*text, "%f,%f,%f%n", &numbers[0], &numbers[1], &numbers[2], &length) != 3)
        return false;
    *text += length;
    return true;
}

bc_status bc_vgg_input_parse(bc_vgg_input *input, const char *text, const bc_log *log)
{
    char order[4] = "";
    int range = 0, length = 0;
    float mean[3], deviation[3] = {1, 1, 1};
    const char *rest = text;
    bool ok = sscanf(text, "%3s 0..%d minus %n", order, &range, &length) == 2 && length > 0 &&
              (range == 1 || range == 255);
    const bool bgr = strcmp(order, "BGR") == 0;
    ok = ok && (bgr || strcmp(order, "RGB") == 0);
    rest += length;
    ok = ok && read_three(mean, &rest);
    if (ok && strncmp(rest, " over ", 6) == 0) {
        rest += 6;
        ok = read_three(deviation, &rest);
    }
    if (!ok || *rest)
        return bc_fail(log, BC_ERR_FORMAT, "input convention '%s' is not understood", text);
    for (int c = 0; c < 3; c++) {
        input->source[c] = bgr ? 2 - c : c;
        input->scale[c] = (float)range / deviation[c];
        input->shift[c] = -mean[c] / deviation[c];
    }
    return BC_OK;
}

static bool is_convolution(const bc_tensor *weight, const bc_tensor *bias, int n_in)
{
    return weight->dtype == BC_DTYPE_F32 && weight->n_dims == 4 && weight->shape[1] == n_in &&
           weight->shape[2] == 3 && weight->shape[3] == 3 && weight->shape[0] > 0 &&
           weight->shape[0] <= 4096 && bias && bias->dtype == BC_DTYPE_F32 && bias->n_dims == 1 &&
           bias->shape[0] == weight->shape[0];
}

static bool is_finite(const bc_tensor *tensor)
{
    const float *x = tensor->data;
    float sum = 0;
    for (size_t i = 0; i < tensor->size_bytes / sizeof(*x); i++)
        sum += x[i] * 0; /* 0, or NaN from the first value that is not finite */
    return sum == 0;
}

/* BC_END where the file has no such convolution. */
static bc_status add_layer(bc_vgg *vgg, int block, int index, const char *path, const bc_log *log)
{
    char name[32];
    snprintf(name, sizeof(name), "conv%d_%d.weight", block, index);
    const bc_tensor *weight = bc_safetensors_find(vgg->file, name);
    if (!weight)
        return BC_END;
    snprintf(name, sizeof(name), "conv%d_%d.bias", block, index);
    const bc_tensor *bias = bc_safetensors_find(vgg->file, name);
    const int n_in = vgg->n_layers ? vgg->layers[vgg->n_layers - 1].n_out : 3;
    if (!is_convolution(weight, bias, n_in))
        return bc_fail(log, BC_ERR_FORMAT, "%s: conv%d_%d is not a 3x3 convolution of %d channels",
                       path, block, index, n_in);
    if (!is_finite(weight) || !is_finite(bias))
        return bc_fail(log, BC_ERR_FORMAT, "%s: conv%d_%d has values that are not finite", path,
                       block, index);
    bc_vgg_layer *layer = &vgg->layers[vgg->n_layers++];
    *layer = (bc_vgg_layer){.n_in = n_in,
                            .n_out = (int)weight->shape[0],
                            .pools_first = block > 1 && index == 1,
                            .weight = weight->data,
                            .bias = bias->data};
    snprintf(layer->name, sizeof(layer->name), "relu%d_%d", block, index);
    return bc_train_winograd_open(&layer->winograd, layer->weight, layer->n_in, layer->n_out,
                                  vgg->products, log);
}

static bool has_block(const bc_vgg *vgg, int block)
{
    char name[32];
    snprintf(name, sizeof(name), "conv%d_1.weight", block);
    return bc_safetensors_find(vgg->file, name) != NULL;
}

/* A block that another one follows has two convolutions, from the third on at least three. */
static bc_status end_block(const bc_vgg *vgg, int block, int index, const char *path,
                           const bc_log *log)
{
    if (has_block(vgg, block + 1) && index <= (block <= 2 ? 2 : 3))
        return bc_fail(log, BC_ERR_FORMAT, "%s: no conv%d_%d.weight", path, block, index);
    return BC_OK;
}

static bc_status add_block(bc_vgg *vgg, int block, const char *path, const bc_log *log)
{
    for (int index = 1; index <= MAX_PER_BLOCK; index++) {
        const bc_status status = add_layer(vgg, block, index, path, log);
        if (status == BC_END)
            return end_block(vgg, block, index, path, log);
        if (status < 0)
            return status;
    }
    return BC_OK;
}

static bc_status add_layers(bc_vgg *vgg, const char *path, const bc_log *log)
{
    if (!has_block(vgg, 1))
        return bc_fail(log, BC_ERR_FORMAT, "%s: no conv1_1.weight", path);
    bc_status status = BC_OK;
    for (int block = 1; block <= N_BLOCKS && has_block(vgg, block) && status == BC_OK; block++)
        status = add_block(vgg, block, path, log);
    return status;
}

/* A convolution that the chain did not reach was left hanging by a missing one. */
static bc_status check_chain(const bc_vgg *vgg, const char *path, const bc_log *log)
{
    for (int i = 0; i < bc_safetensors_count(vgg->file); i++) {
        const char *name = bc_safetensors_at(vgg->file, i)->name;
        int block = 0, index = 0, length = 0;
        if (sscanf(name, "conv%d_%d.weight%n", &block, &index, &length) != 2 || name[length])
            continue;
        char relu[32];
        snprintf(relu, sizeof(relu), "relu%d_%d", block, index);
        bool found = false;
        for (int j = 0; j < vgg->n_layers; j++)
            found = found || strcmp(vgg->layers[j].name, relu) == 0;
        if (!found)
            return bc_fail(log, BC_ERR_FORMAT, "%s: %s is there, but not all layers before it",
                           path, name);
    }
    return BC_OK;
}

bc_status bc_vgg_open(bc_vgg *vgg, const char *path, const bc_log *log)
{
    *vgg = (bc_vgg){.products = bc_product_exact()};
    bc_status status = bc_safetensors_open(&vgg->file, path, log);
    if (status < 0)
        return status;
    const char *input = bc_safetensors_metadata(vgg->file, "input");
    status = bc_vgg_input_parse(&vgg->input, input ? input : DEFAULT_INPUT, log);
    if (status == BC_OK)
        status = add_layers(vgg, path, log);
    return status < 0 ? status : check_chain(vgg, path, log);
}

void bc_vgg_close(bc_vgg *vgg)
{
    for (int i = 0; i < vgg->n_layers; i++)
        bc_train_winograd_close(&vgg->layers[i].winograd);
    bc_safetensors_close(&vgg->file);
    *vgg = (bc_vgg){0};
}

bc_status bc_vgg_set_products(bc_vgg *vgg, bc_product_kind kind, const bc_log *log)
{
    bc_status status = BC_OK;
    vgg->products = kind;
    for (int i = 0; i < vgg->n_layers && status == BC_OK; i++) {
        bc_vgg_layer *layer = &vgg->layers[i];
        bc_train_winograd_close(&layer->winograd);
        status = bc_train_winograd_open(&layer->winograd, layer->weight, layer->n_in, layer->n_out,
                                        kind, log);
    }
    return status;
}

bc_status bc_vgg_find(const bc_vgg *vgg, int *layer, const char *name, const bc_log *log)
{
    char names[BC_VGG_MAX_LAYERS * sizeof(vgg->layers[0].name)] = "";
    for (int i = 0; i < vgg->n_layers; i++) {
        if (strcmp(vgg->layers[i].name, name) == 0) {
            *layer = i;
            return BC_OK;
        }
        strcat(names, i ? " " : "");
        strcat(names, vgg->layers[i].name);
    }
    return bc_fail(log, BC_ERR_ARGUMENT, "no layer '%s' in the loss network: it has %s", name,
                   names);
}
