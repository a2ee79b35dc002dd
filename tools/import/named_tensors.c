#include "import/named_tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

bc_named_tensor *bc_named_add(bc_named_tensors *list, const char *name, int rank,
                              const int64_t *dims)
{
    size_t n = 1;
    if (list->n == BC_NAMED_MAX)
        return NULL;
    bc_named_tensor *tensor = &list->tensors[list->n];
    *tensor = (bc_named_tensor){.rank = rank};
    snprintf(tensor->name, sizeof(tensor->name), "%s", name);
    for (int i = 0; i < rank; i++) {
        tensor->dims[i] = dims[i];
        n *= (size_t)dims[i];
    }
    if (n > BC_DRAFT_MAX_VALUES - list->n_values)
        return NULL;
    list->n_values += n;
    tensor->n = n;
    tensor->values = calloc(n + 1, sizeof(float));
    list->n += tensor->values != NULL;
    return tensor->values ? tensor : NULL;
}

void bc_named_close(bc_named_tensors *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->tensors[i].values);
    list->n = 0;
}

/* A net in the making, of a list. */
typedef struct builder {
    bc_draft *draft;
    bc_named_tensors *list;
    const char *path;
    const bc_log *log;
} builder;

/* What was trained on several processors at once has one word more before its names. */
static bc_named_tensor *find(const builder *b, const char *name)
{
    static const char prefix[] = "module.";
    for (int i = 0; i < b->list->n; i++) {
        const char *own = b->list->tensors[i].name;
        own += strncmp(own, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
        if (strcmp(own, name) == 0)
            return &b->list->tensors[i];
    }
    return NULL;
}

static bc_status take(float **values, const builder *b, const char *module, const char *what,
                      int64_t n)
{
    char name[BC_NAMED_SIZE];
    snprintf(name, sizeof(name), "%s.%s", module, what);
    bc_named_tensor *tensor = find(b, name);
    if (!tensor || !tensor->values)
        return bc_fail(b->log, BC_ERR_FORMAT, "%s: has no '%s': it is no fast_neural_style net",
                       b->path, name);
    if (tensor->n != (size_t)n)
        return bc_fail(b->log, BC_ERR_FORMAT, "%s: '%s' has %zu numbers, not %lld", b->path, name,
                       tensor->n, (long long)n);
    *values = tensor->values;
    tensor->values = NULL;
    return BC_OK;
}

/* Weights and bias of "MODULE.conv2d". */
static bc_status take_conv(const builder *b, bc_draft_layer *d, const char *module)
{
    char name[BC_NAMED_SIZE], weight[BC_NAMED_SIZE + 8];
    snprintf(name, sizeof(name), "%s.conv2d", module);
    snprintf(weight, sizeof(weight), "%s.weight", name);
    const bc_named_tensor *tensor = find(b, weight);
    bc_layer *layer = &d->layer;
    if (tensor && !bc_draft_take_shape(layer, tensor->rank, tensor->dims))
        return bc_fail(b->log, BC_ERR_FORMAT, "%s: '%s' is no kernel of 1, 3, 5, 7 or 9 squared",
                       b->path, weight);
    const bc_status status =
        take(&d->weight, b, name, "weight", (int64_t)bc_draft_count_weights(layer));
    return status < 0 ? status : take(&d->bias, b, name, "bias", layer->n_out);
}

/* `norm` NULL: none. */
static bc_status add_conv(const builder *b, const char *name, const char *module, const char *norm,
                          bc_stride stride, bool relu)
{
    bc_draft_layer *d = bc_draft_add(b->draft, BC_LAYER_CONV, name);
    if (!d)
        return bc_fail(b->log, BC_ERR_FORMAT, "%s: has more layers than a table", b->path);
    d->layer.stride = stride;
    d->layer.upsample = stride == BC_STRIDE_HALF ? BC_UPSAMPLE_NEAREST : BC_UPSAMPLE_SUBPIXEL;
    d->layer.pad = stride == BC_STRIDE_HALF ? BC_PAD_EDGE : BC_PAD_REFLECT;
    d->layer.norm = norm != NULL;
    d->layer.relu = relu;
    bc_status status = take_conv(b, d, module);
    /* Reflected in a doubled map, the row beside the edge is the edge's own; the next one is not.
     */
    if (status == BC_OK && stride == BC_STRIDE_HALF && d->layer.kernel > 3)
        status = bc_fail(b->log, BC_ERR_FORMAT, "%s: '%s' has a kernel of %d, not 3", b->path,
                         module, d->layer.kernel);
    if (status == BC_OK && norm)
        status = take(&d->scale, b, norm, "weight", d->layer.n_out);
    if (status == BC_OK && norm)
        status = take(&d->shift, b, norm, "bias", d->layer.n_out);
    return status;
}

/* Two convolutions, and the sum with what was before them. */
static bc_status add_block(const builder *b, int number)
{
    char name[BC_LAYER_NAME_SIZE], module[32], norm[32];
    const int before = b->draft->n - 1;
    bc_status status = BC_OK;
    for (int i = 1; i <= 2 && status == BC_OK; i++) {
        snprintf(name, sizeof(name), "res%d.%d", number, i);
        snprintf(module, sizeof(module), "res%d.conv%d", number, i);
        snprintf(norm, sizeof(norm), "res%d.in%d", number, i);
        status = add_conv(b, name, module, norm, BC_STRIDE_1, i == 1);
    }
    snprintf(name, sizeof(name), "res%d", number);
    bc_draft_layer *sum = status < 0 ? NULL : bc_draft_add(b->draft, BC_LAYER_ADD, name);
    if (status == BC_OK && !sum)
        return bc_fail(b->log, BC_ERR_FORMAT, "%s: has more layers than a table", b->path);
    if (sum) {
        sum->layer.inputs[0] = before;
        sum->layer.n_in = sum->layer.n_out = b->draft->layers[before].layer.n_out;
    }
    return status;
}

static bool has_block(const builder *b, int number)
{
    char name[BC_NAMED_SIZE];
    snprintf(name, sizeof(name), "res%d.conv1.conv2d.weight", number);
    return find(b, name) != NULL;
}

bc_status bc_named_read_net(bc_draft *draft, bc_named_tensors *list, const char *path,
                            const bc_log *log)
{
    const builder b = {draft, list, path, log};
    bc_status status = add_conv(&b, "conv1", "conv1", "in1", BC_STRIDE_1, true);
    if (status == BC_OK)
        status = add_conv(&b, "conv2", "conv2", "in2", BC_STRIDE_2, true);
    if (status == BC_OK)
        status = add_conv(&b, "conv3", "conv3", "in3", BC_STRIDE_2, true);
    for (int i = 1; status == BC_OK && has_block(&b, i); i++)
        status = add_block(&b, i);
    if (status == BC_OK)
        status = add_conv(&b, "deconv1", "deconv1", "in4", BC_STRIDE_HALF, true);
    if (status == BC_OK)
        status = add_conv(&b, "deconv2", "deconv2", "in5", BC_STRIDE_HALF, true);
    if (status == BC_OK)
        status = add_conv(&b, "deconv3", "deconv3", NULL, BC_STRIDE_1, false);
    return status;
}
