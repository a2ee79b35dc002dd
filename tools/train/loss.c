#include "train/loss.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/pages.h"
#include "base/simd.h"
#include "train/layers.h"
#include "train/statistics.h"

/* A layer's maps, at one picture size. */
typedef struct layer_maps {
    int height, width; /* of input and response */
    float *input;      /* [n_in, height, width]: the layer's before it, pooled, or the picture's */
    float *response;   /* [n_out, height, width], after the ReLU */
    float *content;    /* the same of the content, or NULL */
    double content_square; /* of its values */
} layer_maps;

struct bc_loss {
    bc_loss_params params;
    int n_layers; /* up to the deepest that counts */
    layer_maps layers[BC_VGG_MAX_LAYERS];
    float *gradients[2]; /* each as large as the largest map */
    float *work;         /* of the convolutions, and of the statistics */
    void *arena;
    size_t arena_bytes;
};

struct bc_style_target {
    bc_train_statistics layers[BC_VGG_MAX_LAYERS];
};

static bool counts(const bc_loss_terms *weights, int layer)
{
    bool any = weights->content[layer] > 0;
    for (int s = 0; s < BC_N_STATISTICS; s++)
        any = any || weights->style[s][layer] > 0;
    return any;
}

static int depth(const bc_loss_terms *weights)
{
    int n = 0;
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        n = counts(weights, i) ? i + 1 : n;
    return n;
}

static int64_t map_size(const layer_maps *maps, int n_channels)
{
    return (int64_t)n_channels * maps->height * maps->width;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Opening ---------------------------------------------------------------------------------- */

/* The next `n` floats of the arena; with no arena yet it only counts. */
static float *take(bc_loss *loss, int64_t n)
{
    float *taken = loss->arena ? (float *)((char *)loss->arena + loss->arena_bytes) : NULL;
    loss->arena_bytes += ((size_t)n * sizeof(float) + 63) / 64 * 64;
    return taken;
}

/* Run twice: to count, and to set the pointers. */
static void lay_out(bc_loss *loss)
{
    int height = loss->params.height, width = loss->params.width;
    int64_t largest = 3 * (int64_t)height * width, work = 0;
    float *before = NULL;
    loss->arena_bytes = 0;
    for (int i = 0; i < loss->n_layers; i++) {
        const bc_vgg_layer *layer = &loss->params.vgg->layers[i];
        layer_maps *maps = &loss->layers[i];
        maps->height = height = layer->pools_first ? height / 2 : height;
        maps->width = width = layer->pools_first ? width / 2 : width;
        maps->input =
            i == 0 || layer->pools_first ? take(loss, map_size(maps, layer->n_in)) : before;
        maps->response = before = take(loss, map_size(maps, layer->n_out));
        if (loss->params.weights.content[i] > 0)
            maps->content = take(loss, map_size(maps, layer->n_out));
        largest = max(largest, map_size(maps, layer->n_out));
        work = max(work, bc_train_winograd_work_floats(layer->n_in, layer->n_out, height, width));
        work = max(work, (int64_t)(bc_train_statistics_work_bytes(layer->n_out) / sizeof(float)));
    }
    for (int i = 0; i < 2; i++)
        loss->gradients[i] = take(loss, largest);
    loss->work = take(loss, work);
}

/* A position is left after all poolings. */
static bool is_large_enough(const bc_loss_params *params, int n_layers)
{
    int n_poolings = 0;
    for (int i = 0; i < n_layers; i++)
        n_poolings += params->vgg->layers[i].pools_first;
    return params->height >> n_poolings > 0 && params->width >> n_poolings > 0;
}

static bc_loss measured(const bc_loss_params *params)
{
    bc_loss loss = {.params = *params, .n_layers = depth(&params->weights)};
    assert(loss.n_layers <= params->vgg->n_layers);
    lay_out(&loss);
    return loss;
}

uint64_t bc_loss_memory(const bc_loss_params *params)
{
    return measured(params).arena_bytes + sizeof(bc_loss);
}

bc_status bc_loss_open(bc_loss **loss_out, const bc_loss_params *params, const bc_log *log)
{
    *loss_out = NULL;
    const int n_layers = depth(&params->weights);
    if (!is_large_enough(params, n_layers))
        return bc_fail(log, BC_ERR_ARGUMENT, "a picture of %dx%d is too small for %s",
                       params->width, params->height, params->vgg->layers[n_layers - 1].name);
    const bc_loss size = measured(params);
    bc_loss *loss = malloc(sizeof(*loss));
    void *arena = bc_pages_alloc(size.arena_bytes);
    if (!loss || !arena) {
        free(loss);
        bc_pages_free(arena, size.arena_bytes);
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the loss network at %dx%d: %zu MB",
                       params->width, params->height, size.arena_bytes >> 20);
    }
    *loss = size;
    loss->arena = arena;
    lay_out(loss);
    *loss_out = loss;
    return BC_OK;
}

void bc_loss_close(bc_loss **loss)
{
    if (!loss || !*loss)
        return;
    bc_pages_free((*loss)->arena, (*loss)->arena_bytes);
    free(*loss);
    *loss = NULL;
}

void bc_loss_set_weights(bc_loss *loss, const bc_loss_terms *weights)
{
    loss->params.weights = *weights;
}

/* Forward ---------------------------------------------------------------------------------- */

static void convert_picture(const bc_loss *loss, const float *picture)
{
    const bc_vgg_input *input = &loss->params.vgg->input;
    const int64_t area = (int64_t)loss->params.height * loss->params.width;
    for (int c = 0; c < 3; c++) {
        const float *in = picture + input->source[c] * area;
        float *out = loss->layers[0].input + c * area;
        for (int64_t i = 0; i < area; i++)
            out[i] = in[i] * input->scale[c] + input->shift[c];
    }
}

static void forward(bc_loss *loss, const float *picture, int n_layers, bool is_target)
{
    const bc_workspace *workspace = loss->params.workspace;
    if (n_layers > 0)
        convert_picture(loss, picture);
    for (int i = 0; i < n_layers; i++) {
        const bc_vgg_layer *layer = &loss->params.vgg->layers[i];
        const layer_maps *maps = &loss->layers[i];
        if (layer->pools_first)
            (loss->params.pooling == BC_POOL_MAX ? bc_max_pool_forward : bc_average_pool_forward)(
                maps->input, maps[-1].response, layer->n_in, maps[-1].height, maps[-1].width,
                workspace);
        bc_train_winograd_forward(maps->response, maps->input, &layer->winograd, layer->bias,
                                  is_target, maps->height, maps->width, loss->work, workspace);
    }
}

void bc_loss_set_content(bc_loss *loss, const float *picture)
{
    int n_layers = 0;
    for (int i = 0; i < loss->n_layers; i++)
        n_layers = loss->layers[i].content ? i + 1 : n_layers;
    forward(loss, picture, n_layers, true);
    for (int i = 0; i < n_layers; i++) {
        layer_maps *maps = &loss->layers[i];
        if (!maps->content)
            continue;
        const int64_t n = map_size(maps, loss->params.vgg->layers[i].n_out);
        memcpy(maps->content, maps->response, (size_t)n * sizeof(float));
        maps->content_square = bc_dot(maps->content, maps->content, n);
    }
}

/* Losses of one layer ---------------------------------------------------------------------- */

typedef struct difference {
    const float *x, *target;
    float *dx;
    float weight;
    double *sums; /* one for each piece */
} difference;

enum { PIECE = 1 << 16 };

BC_SIMD static void square_range(void *arg, int64_t begin, int64_t end)
{
    const difference *d = arg;
    float delta[1024];
    double sum = 0;
    for (int64_t i = begin; i < end; i += 1024) {
        const int64_t n = end - i < 1024 ? end - i : 1024;
        for (int64_t j = 0; j < n; j++)
            delta[j] = d->x[i + j] - d->target[i + j];
        sum += bc_dot(delta, delta, n);
        if (d->dx)
            for (int64_t j = 0; j < n; j++)
                d->dx[i + j] += d->weight * delta[j];
    }
    d->sums[begin / PIECE] = sum;
}

/* |x - target|^2; adds weight times its gradient. */
static double square_loss(float *dx, const float *x, const float *target, double weight, int64_t n,
                          const bc_workspace *workspace)
{
    /* No more pieces than the scratch memory holds sums: 2^17 of 2^16 values. */
    difference d = {x, target, dx, (float)(2 * weight),
                    (double *)(void *)bc_workspace_scratch(workspace, 0)};
    bc_workspace_loop(workspace, square_range, &d, n, PIECE);
    double sum = 0;
    for (int64_t i = 0; i * PIECE < n; i++)
        sum += d.sums[i];
    return sum;
}

static double content_loss(bc_loss *loss, int i, float *gradient, double weight)
{
    const layer_maps *maps = &loss->layers[i];
    const int64_t n = map_size(maps, loss->params.vgg->layers[i].n_out);
    const double over =
        loss->params.scale == BC_LOSS_RELATIVE ? fmax(maps->content_square, 1e-30) : 2;
    return square_loss(gradient, maps->response, maps->content, weight / over, n,
                       loss->params.workspace) /
           over;
}

/* Returns the weighted sum of a layer's losses and adds its gradient to `gradient` (or NULL). */
static double layer_loss(bc_loss *loss, int i, bc_loss_terms *values, float *gradient,
                         const bc_style_target *style)
{
    const bc_loss_terms *weights = &loss->params.weights;
    const layer_maps *maps = &loss->layers[i];
    const bc_response response = {maps->response, loss->params.vgg->layers[i].n_out,
                                  maps->height * maps->width};
    double total = 0;
    if (weights->content[i] > 0) {
        assert(maps->content);
        values->content[i] = content_loss(loss, i, gradient, weights->content[i]);
        total += weights->content[i] * values->content[i];
    }
    for (int s = 0; s < BC_N_STATISTICS; s++) {
        const double weight = weights->style[s][i];
        if (weight <= 0)
            continue;
        assert(style && style->layers[i].n_channels == response.n_channels);
        values->style[s][i] = bc_train_statistics_loss(
            gradient, &response, &style->layers[i], (bc_statistic)s, loss->params.scale, weight,
            loss->params.vgg->products, loss->work, loss->params.workspace);
        total += weight * values->style[s][i];
    }
    return total;
}

/* Backward --------------------------------------------------------------------------------- */

static void clear(float *x, int64_t n)
{
    memset(x, 0, (size_t)n * sizeof(*x));
}

/* From the gradient at a layer's response, in gradients[0], to that at the response before it. */
static void layer_backward(bc_loss *loss, int i)
{
    const bc_vgg_layer *layer = &loss->params.vgg->layers[i];
    const layer_maps *maps = &loss->layers[i];
    const bc_workspace *workspace = loss->params.workspace;
    float *dout = loss->gradients[0], *din = loss->gradients[1];
    bc_train_winograd_backward(din, dout, maps->response, &layer->winograd, maps->height,
                               maps->width, loss->work, workspace);
    if (!layer->pools_first) {
        loss->gradients[0] = din;
        loss->gradients[1] = dout;
        return;
    }
    const layer_maps *before = maps - 1;
    if (loss->params.pooling == BC_POOL_MAX)
        bc_max_pool_backward(dout, din, before->response, layer->n_in, before->height,
                             before->width, workspace);
    else
        bc_average_pool_backward(dout, din, layer->n_in, before->height, before->width, workspace);
}

static void add_to_picture(const bc_loss *loss, float *dpicture)
{
    const bc_vgg_input *input = &loss->params.vgg->input;
    const int64_t area = (int64_t)loss->params.height * loss->params.width;
    for (int c = 0; c < 3; c++) {
        const float *in = loss->gradients[0] + c * area;
        float *out = dpicture + input->source[c] * area;
        for (int64_t i = 0; i < area; i++)
            out[i] += in[i] * input->scale[c];
    }
}

double bc_loss_run(bc_loss *loss, bc_loss_terms *values, float *dpicture, const float *picture,
                   const bc_style_target *style)
{
    bc_loss_terms unused;
    values = values ? values : &unused;
    *values = (bc_loss_terms){0};
    const int n_layers = depth(&loss->params.weights);
    assert(n_layers <= loss->n_layers);
    if (n_layers == 0)
        return 0;
    forward(loss, picture, n_layers, false);
    if (dpicture)
        clear(loss->gradients[0],
              map_size(&loss->layers[n_layers - 1], loss->params.vgg->layers[n_layers - 1].n_out));
    double total = 0;
    for (int i = n_layers - 1; i >= 0; i--) {
        total += layer_loss(loss, i, values, dpicture ? loss->gradients[0] : NULL, style);
        if (dpicture)
            layer_backward(loss, i);
    }
    if (dpicture)
        add_to_picture(loss, dpicture);
    return total;
}

const float *bc_loss_response(const bc_loss *loss, int layer, int *h, int *w)
{
    assert(layer < loss->n_layers);
    *h = loss->layers[layer].height;
    *w = loss->layers[layer].width;
    return loss->layers[layer].response;
}

/* Style targets ---------------------------------------------------------------------------- */

static bc_status measure_style(bc_style_target *target, const bc_loss *loss, const bc_log *log)
{
    bc_status status = BC_OK;
    for (int i = 0; i < loss->n_layers && status == BC_OK; i++) {
        const layer_maps *maps = &loss->layers[i];
        const bc_response response = {maps->response, loss->params.vgg->layers[i].n_out,
                                      maps->height * maps->width};
        bool wanted[BC_N_STATISTICS];
        for (int s = 0; s < BC_N_STATISTICS; s++)
            wanted[s] = loss->params.weights.style[s][i] > 0;
        status = bc_train_statistics_open(&target->layers[i], &response, wanted,
                                          loss->params.workspace, log);
    }
    return status;
}

bc_status bc_style_target_of(bc_style_target **target, const bc_loss *loss, const bc_log *log)
{
    *target = calloc(1, sizeof(**target));
    if (!*target)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a style");
    const bc_status status = measure_style(*target, loss, log);
    if (status < 0)
        bc_style_target_close(target);
    return status;
}

double bc_style_target_distance(const bc_style_target *a, const bc_style_target *b)
{
    double sum = 0;
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        if (a->layers[i].gram && b->layers[i].gram)
            sum += bc_gram_distance(&a->layers[i], &b->layers[i]);
    return sum;
}

bc_status bc_style_target_open(bc_style_target **target, const bc_loss_params *params,
                               const float *picture, const bc_log *log)
{
    bc_loss_params style_only = *params;
    memset(style_only.weights.content, 0, sizeof(style_only.weights.content));
    bc_loss *loss = NULL;
    *target = NULL;
    bc_status status = bc_loss_open(&loss, &style_only, log);
    if (status < 0)
        return status;
    forward(loss, picture, loss->n_layers, false);
    status = bc_style_target_of(target, loss, log);
    bc_loss_close(&loss);
    return status;
}

static void move_content(bc_loss *loss, int i, float share)
{
    layer_maps *maps = &loss->layers[i];
    const int64_t n = maps->content ? map_size(maps, loss->params.vgg->layers[i].n_out) : 0;
    for (int64_t k = 0; k < n; k++)
        maps->content[k] += share * (maps->response[k] - maps->content[k]);
    if (n > 0)
        maps->content_square = bc_dot(maps->content, maps->content, n);
}

bc_status bc_loss_follow(bc_loss *loss, bc_style_target **target, const float *picture,
                         double share, const bc_log *log)
{
    const int n_layers = depth(&loss->params.weights);
    forward(loss, picture, n_layers, false);
    for (int i = 0; i < n_layers; i++)
        move_content(loss, i, (float)share);
    return bc_style_target_of(target, loss, log);
}

void bc_style_target_close(bc_style_target **target)
{
    if (!target || !*target)
        return;
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        bc_train_statistics_close(&(*target)->layers[i]);
    free(*target);
    *target = NULL;
}
