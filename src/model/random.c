#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/model.h"

/* splitmix64: integers and one rounding each, so the same numbers on every machine. */
static float next_uniform(uint64_t *state, float low, float high)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return low + (high - low) * ((float)(z >> 40) * 0x1p-24f);
}

/* Where the weights of layer after layer go, and the numbers' source. */
typedef struct stock {
    float *next; /* NULL: only count */
    size_t n_taken;
    uint64_t state;
} stock;

static const float *fill(stock *from, size_t n, float low, float high)
{
    from->n_taken += n;
    if (!from->next)
        return NULL;
    float *values = from->next;
    from->next += n;
    for (size_t i = 0; i < n; i++)
        values[i] = next_uniform(&from->state, low, high);
    return values;
}

/* A quarter of He's range in the last layer, around grey, so that most is not clipped. */
static void fill_conv(stock *from, bc_tensors *to, const bc_layer *layer, bool is_last)
{
    const size_t n_rows = (size_t)layer->n_rows;
    const size_t fan_in = (size_t)(layer->n_in * layer->kernel * layer->kernel);
    const float bound = (is_last ? 0.25f : 1) * sqrtf(6.0f / (float)fan_in);
    to->weight = fill(from, n_rows * fan_in, -bound, bound);
    to->bias = is_last ? fill(from, n_rows, 0.4f, 0.6f) : fill(from, n_rows, -0.1f, 0.1f);
}

static void fill_owner(stock *from, bc_tensors *to, const bc_layers *table, bc_owner owner)
{
    for (int i = 0; i < table->n; i++) {
        const bc_layer *layer = &table->layers[i];
        if (layer->kind == BC_LAYER_CONV && layer->weights == owner)
            fill_conv(from, &to[i], layer, i == table->n - 1);
        if (!layer->norm || layer->norm_owner != owner)
            continue;
        to[i].scale = fill(from, (size_t)layer->n_out, 0.5f, 1.5f);
        to[i].shift = fill(from, (size_t)layer->n_out, -0.5f, 0.5f);
    }
}

static void fill_model(bc_model *model, stock *from)
{
    const bc_layers *table = &model->net.table;
    fill_owner(from, model->net.tensors, table, BC_OWNER_NET);
    for (int i = 0; i < model->n_styles; i++)
        fill_owner(from, model->styles[i].tensors, table, BC_OWNER_STYLE);
}

static bc_status make_weights(bc_model *model, uint64_t seed, const bc_log *log)
{
    stock count = {0};
    fill_model(model, &count);
    model->weights = malloc(count.n_taken * sizeof(float));
    if (!model->weights)
        return bc_fail(log, BC_ERR_MEMORY, "random model: out of memory");
    fill_model(model, &(stock){.next = model->weights, .state = seed});
    return BC_OK;
}

static bc_status make_styles(bc_model *model, int n, const bc_log *log)
{
    model->styles = calloc((size_t)n + 1, sizeof(*model->styles));
    model->style_names = calloc((size_t)n + 1, sizeof(*model->style_names));
    if (!model->styles || !model->style_names)
        return bc_fail(log, BC_ERR_MEMORY, "random model: out of memory");
    for (int i = 0; i < n; i++) {
        if (asprintf(&model->style_names[i], "random-%d", i) < 0)
            return bc_fail(log, BC_ERR_MEMORY, "random model: out of memory");
        model->styles[i].info = (bc_style_info){.name = model->style_names[i],
                                                .title = "random",
                                                .artist = "",
                                                .year = "",
                                                .licence = ""};
        model->n_styles++;
    }
    return BC_OK;
}

bc_status bc_model_make_random(bc_model **model, const bc_layers *table, int n_styles,
                               uint64_t seed, const bc_log *log)
{
    *model = bc_model_alloc();
    if (!*model)
        return bc_fail(log, BC_ERR_MEMORY, "random model: out of memory");
    bc_net *net = &(*model)->net;
    *net = (bc_net){.format = 2, .name = "random", .table = *table};
    bc_status status = make_styles(*model, n_styles, log);
    if (status == BC_OK)
        status = make_weights(*model, seed, log);
    if (status < 0)
        bc_model_close(model);
    return status;
}
