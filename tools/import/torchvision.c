#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "import/vgg_weights.h"

enum { MAX_FEATURES = 64, MAX_CHANNELS = 4096 };

static const char *const INPUT = "RGB 0..1 minus 0.485,0.456,0.406 over 0.229,0.224,0.225";

static const bc_tensor *find(const bc_safetensors *file, int feature, const char *kind)
{
    char name[64];
    snprintf(name, sizeof(name), "features.%d.%s", feature, kind);
    return bc_safetensors_find(file, name);
}

static bc_status refuse(const char *path, int feature, const char *reason, const bc_log *log)
{
    return bc_fail(log, BC_ERR_FORMAT, "%s: features.%d %s", path, feature, reason);
}

static bc_status read_conv(bc_vgg_conv *conv, const bc_safetensors *file, int feature,
                           const char *path, const bc_log *log)
{
    const bc_tensor *weight = find(file, feature, "weight"), *bias = find(file, feature, "bias");
    if (weight->n_dims != 4 || weight->shape[2] != 3 || weight->shape[3] != 3 ||
        weight->shape[0] < 1 || weight->shape[0] > MAX_CHANNELS || weight->shape[1] < 1)
        return refuse(path, feature, "is no 3x3 convolution (batch normalisation is not supported)",
                      log);
    if (!bias || bias->n_dims != 1 || bias->shape[0] != weight->shape[0])
        return refuse(path, feature, "has no bias of its size", log);
    if (weight->dtype != BC_DTYPE_F32 || bias->dtype != BC_DTYPE_F32)
        return refuse(path, feature, "is not F32", log);
    conv->n_out = (int)weight->shape[0];
    conv->n_in = (int)weight->shape[1];
    conv->weight = malloc(weight->size_bytes);
    conv->bias = malloc(bias->size_bytes);
    if (!conv->weight || !conv->bias)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    memcpy(conv->weight, weight->data, weight->size_bytes);
    memcpy(conv->bias, bias->data, bias->size_bytes);
    return BC_OK;
}

/*
 * The numbers count all layers: from one convolution to the next it is 2 across a ReLU, and 3
 * across a ReLU and the pooling that ends a block.
 */
static bc_status read_features(bc_vgg_weights *weights, const bc_safetensors *file,
                               const char *path, const bc_log *log)
{
    int block = 1, place = 0, before = -2;
    for (int feature = 0; feature < MAX_FEATURES; feature++) {
        if (!find(file, feature, "weight"))
            continue;
        const int step = feature - before;
        place = step == 2 ? place + 1 : 1;
        block = step == 3 ? block + 1 : block;
        if ((step != 2 && step != 3) || block > BC_VGG_BLOCKS || place > BC_VGG_PER_BLOCK)
            return refuse(path, feature, "is not where VGG has a convolution", log);
        const bc_status status =
            read_conv(&weights->convs[block - 1][place - 1], file, feature, path, log);
        if (status < 0)
            return status;
        before = feature;
    }
    return BC_OK;
}

bc_status bc_torchvision_read(bc_vgg_weights *weights, const char *path, const bc_log *log)
{
    bc_safetensors *file;
    bc_status status = bc_safetensors_open(&file, path, log);
    weights->input = INPUT;
    if (status == BC_OK)
        status = read_features(weights, file, path, log);
    bc_safetensors_close(&file);
    return status;
}
