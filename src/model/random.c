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

static void fill_layer(stock *from, bc_weighted_layer *layer)
{
    const size_t n_rows = (size_t)layer->n_rows, n_out = (size_t)layer->n_out;
    const size_t fan_in = (size_t)(layer->n_in * layer->kernel * layer->kernel);
    const float bound = sqrtf(6.0f / (float)fan_in);
    layer->weight = fill(from, n_rows * fan_in, -bound, bound);
    layer->bias = fill(from, n_rows, -0.1f, 0.1f);
    layer->scale = fill(from, n_out, 0.5f, 1.5f);
    layer->shift = fill(from, n_out, -0.5f, 0.5f);
}

/* A quarter of He's range around grey, so that most of the picture is not clipped. */
static void fill_linear_layer(stock *from, bc_weighted_layer *layer)
{
    const size_t n_rows = (size_t)layer->n_rows;
    const size_t fan_in = (size_t)(layer->n_in * layer->kernel * layer->kernel);
    const float bound = 0.25f * sqrtf(6.0f / (float)fan_in);
    layer->weight = fill(from, n_rows * fan_in, -bound, bound);
    layer->bias = fill(from, n_rows, 0.4f, 0.6f);
}

static void fill_model(bc_model *model, stock *from)
{
    bc_autoencoder *autoencoder = &model->autoencoder;
    bc_bank *bank = &model->banks[0];
    for (int i = 0; i < BC_N_ENCODER; i++)
        fill_layer(from, &autoencoder->encoder[i]);
    for (int i = 0; i < BC_N_DECODER - 1; i++)
        fill_layer(from, &autoencoder->decoder[i]);
    fill_linear_layer(from, &autoencoder->decoder[BC_N_DECODER - 1]);
    for (int i = 0; i < bank->n_layers; i++)
        fill_layer(from, &bank->layers[i]);
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

static bc_status make_model(bc_model *model, const int widths[BC_N_WIDTHS], bc_upsample upsample,
                            int n_bank_layers, uint64_t seed, const bc_log *log)
{
    bc_autoencoder *autoencoder = &model->autoencoder;
    snprintf(autoencoder->name, sizeof(autoencoder->name), "random");
    bc_autoencoder_describe(autoencoder, widths, upsample);
    model->banks = calloc(1, sizeof(*model->banks));
    model->style_names = calloc(1, sizeof(*model->style_names));
    if (!model->banks || !model->style_names || !(model->style_names[0] = strdup("random")))
        return bc_fail(log, BC_ERR_MEMORY, "random model: out of memory");
    model->n_banks = 1;
    bc_bank_describe(&model->banks[0], n_bank_layers, widths[2]);
    model->banks[0].info = (bc_style_info){
        .name = model->style_names[0], .title = "random", .artist = "", .year = "", .licence = ""};
    return make_weights(model, seed, log);
}

bc_status bc_model_make_random(bc_model **model, const int widths[BC_N_WIDTHS],
                               bc_upsample upsample, int n_bank_layers, uint64_t seed,
                               const bc_log *log)
{
    *model = NULL;
    for (int i = 0; i < BC_N_WIDTHS; i++) {
        if (widths[i] < 8 || widths[i] > BC_MAX_WIDTH || widths[i] % 8 != 0)
            return bc_fail(log, BC_ERR_ARGUMENT, "random model: width %d is no multiple of 8",
                           widths[i]);
    }
    if (n_bank_layers < 1 || n_bank_layers > BC_MAX_BANK_LAYERS)
        return bc_fail(log, BC_ERR_ARGUMENT, "random model: a bank of %d layers", n_bank_layers);
    *model = calloc(1, sizeof(**model));
    if (!*model)
        return bc_fail(log, BC_ERR_MEMORY, "random model: out of memory");
    const bc_status status = make_model(*model, widths, upsample, n_bank_layers, seed, log);
    if (status < 0)
        bc_model_close(model);
    return status;
}
