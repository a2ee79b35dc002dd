#include "import/vgg_weights.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { MAX_CONVS = BC_VGG_BLOCKS * BC_VGG_PER_BLOCK };

typedef struct output {
    int n;
    char names[2 * MAX_CONVS][32];
    bc_tensor tensors[2 * MAX_CONVS];
} output;

void bc_vgg_weights_close(bc_vgg_weights *weights)
{
    for (int i = 0; i < MAX_CONVS; i++) {
        bc_vgg_conv *conv = &weights->convs[i / BC_VGG_PER_BLOCK][i % BC_VGG_PER_BLOCK];
        free(conv->weight);
        free(conv->bias);
    }
    *weights = (bc_vgg_weights){0};
}

static bool is_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static size_t n_weights(const bc_vgg_conv *conv)
{
    return (size_t)conv->n_out * (size_t)conv->n_in * 9;
}

static bc_status check(const bc_vgg_conv *conv, int block, int place, int n_in, const bc_log *log)
{
    const char *reason = NULL;
    if (!conv->weight)
        reason = "is missing";
    else if (!conv->bias)
        reason = "has no bias";
    else if (conv->n_in != n_in)
        reason = "does not take as many channels as there are before it";
    else if (!is_finite(conv->weight, n_weights(conv)) ||
             !is_finite(conv->bias, (size_t)conv->n_out))
        reason = "has values that are not finite";
    return reason
               ? bc_fail(log, BC_ERR_FORMAT, "convolution %d of block %d %s", place, block, reason)
               : BC_OK;
}

static void add(output *o, const bc_vgg_conv *conv, int block, int place)
{
    char *weight = o->names[o->n], *bias = o->names[o->n + 1];
    snprintf(weight, sizeof(o->names[0]), "conv%d_%d.weight", block, place);
    snprintf(bias, sizeof(o->names[0]), "conv%d_%d.bias", block, place);
    o->tensors[o->n] = (bc_tensor){.name = weight,
                                   .dtype = BC_DTYPE_F32,
                                   .n_dims = 4,
                                   .shape = {conv->n_out, conv->n_in, 3, 3},
                                   .data = conv->weight,
                                   .size_bytes = n_weights(conv) * sizeof(float)};
    o->tensors[o->n + 1] = (bc_tensor){.name = bias,
                                       .dtype = BC_DTYPE_F32,
                                       .n_dims = 1,
                                       .shape = {conv->n_out},
                                       .data = conv->bias,
                                       .size_bytes = (size_t)conv->n_out * sizeof(float)};
    o->n += 2;
}

static bool is_there(const bc_vgg_conv *conv)
{
    return conv->weight || conv->bias;
}

/* The last place to write, counted over all places of all blocks; -1 if there is none. */
static int last_place(const bc_vgg_weights *weights, const char *last)
{
    int block, place, length = 0, found = -1;
    if (last)
        return sscanf(last, "relu%d_%d%n", &block, &place, &length) == 2 && !last[length] &&
                       block >= 1 && block <= BC_VGG_BLOCKS && place >= 1 &&
                       place <= BC_VGG_PER_BLOCK
                   ? (block - 1) * BC_VGG_PER_BLOCK + place - 1
                   : -1;
    for (int i = 0; i < MAX_CONVS; i++)
        if (is_there(&weights->convs[i / BC_VGG_PER_BLOCK][i % BC_VGG_PER_BLOCK]))
            found = i;
    return found;
}

/* Blocks differ in length: two convolutions, from the third block on three or four. */
static bool ends_block(const bc_vgg_weights *weights, int block, int place)
{
    for (int i = place; i < BC_VGG_PER_BLOCK; i++)
        if (is_there(&weights->convs[block][i]))
            return false;
    return place >= (block < 2 ? 2 : 3);
}

static bc_status gather(output *o, const bc_vgg_weights *weights, int end, const bc_log *log)
{
    int n_in = 3;
    for (int i = 0; i <= end; i++) {
        const int block = i / BC_VGG_PER_BLOCK, place = i % BC_VGG_PER_BLOCK;
        const bc_vgg_conv *conv = &weights->convs[block][place];
        if (i < end && ends_block(weights, block, place))
            continue;
        const bc_status status = check(conv, block + 1, place + 1, n_in, log);
        if (status < 0)
            return status;
        add(o, conv, block + 1, place + 1);
        n_in = conv->n_out;
    }
    return BC_OK;
}

bc_status bc_vgg_weights_write(const bc_vgg_weights *weights, const char *path, const char *last,
                               const char *source, const bc_log *log)
{
    const int end = last_place(weights, last);
    if (end < 0)
        return last ? bc_fail(log, BC_ERR_ARGUMENT, "'%s' is no layer like relu4_1", last)
                    : bc_fail(log, BC_ERR_FORMAT, "%s: no convolutions of VGG in it", source);
    output *o = calloc(1, sizeof(*o));
    if (!o)
        return bc_fail(log, BC_ERR_MEMORY, "no memory");
    bc_status status = gather(o, weights, end, log);
    const bc_metadata metadata[] = {{"input", weights->input}, {"source", source}};
    if (status == BC_OK)
        status = bc_safetensors_write(path, o->tensors, o->n, metadata, 2, log);
    if (status == BC_OK)
        bc_log_write(log, BC_LOG_INFO, "%s: %d convolutions, input %s", path, o->n / 2,
                     weights->input);
    free(o);
    return status;
}
