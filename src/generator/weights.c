#include "generator/weights.h"

#include <string.h>

#include "generator/method.h"

size_t bc_weights_size(const bc_step *step)
{
    return step->pass.weights_bytes + step->matrix.weights_bytes;
}

static size_t filter_floats(const bc_step *step)
{
    return (size_t)step->n_in * (size_t)(step->kernel * step->kernel);
}

/* The folded weights and their biases. */
size_t bc_weights_scratch(const bc_step *step)
{
    if (step->layer->kind != BC_LAYER_CONV)
        return 0;
    return (size_t)step->n_out * (filter_floats(step) + 1);
}

/* n / 2, rounded down. */
static int half_down(int n)
{
    return (n - (n & 1)) / 2;
}

/*
 * Where tap t of a filter on the doubled grid falls on the low-resolution one, in taps of the
 * folded kernel, for output phase r; -1 if it falls on an inserted zero.
 */
static int folded_tap(const bc_step *step, int t, int r)
{
    const bc_layer *layer = step->layer;
    const int doubled = r + t - layer->kernel / 2;
    if (layer->upsample == BC_UPSAMPLE_ZERO && (doubled & 1))
        return -1;
    return half_down(doubled) + step->kernel / 2;
}

/* Adds one filter [kernel][kernel] of the doubled grid to its phase (ry, rx). */
static void fold_filter(float *to, const float *filter, const bc_step *step, int ry, int rx)
{
    const int kernel = step->layer->kernel;
    for (int ky = 0; ky < kernel; ky++) {
        for (int kx = 0; kx < kernel; kx++) {
            const int y = folded_tap(step, ky, ry), x = folded_tap(step, kx, rx);
            if (y >= 0 && x >= 0)
                to[y * step->kernel + x] += filter[ky * kernel + kx];
        }
    }
}

/* Weights [n_out][n_in][kernel][kernel] and biases [n_out] of one phase of one channel. */
static void fold_phase(float *weights, float *bias, const bc_step *step, const bc_tensors *from,
                       int phase, int channel)
{
    const bc_layer *layer = step->layer;
    const size_t filter = filter_floats(step);
    const size_t to = (size_t)(phase * step->n_channels + channel);
    if (layer->upsample == BC_UPSAMPLE_SUBPIXEL) {
        const size_t row = (size_t)(channel * step->n_phases + phase);
        memcpy(weights + to * filter, from->weight + row * filter, filter * sizeof(float));
        bias[to] = from->bias[row];
        return;
    }
    const size_t taps = (size_t)(step->kernel * step->kernel);
    const size_t layer_taps = (size_t)(layer->kernel * layer->kernel);
    for (size_t i = 0; i < (size_t)step->n_in; i++)
        fold_filter(weights + to * filter + i * taps,
                    from->weight + ((size_t)channel * (size_t)step->n_in + i) * layer_taps, step,
                    phase / 2, phase % 2);
    bias[to] = from->bias[channel];
}

static void fold_layer(float *weights, float *bias, const bc_step *step, const bc_tensors *from)
{
    const size_t n_out = (size_t)step->n_out, n_rows = (size_t)step->layer->n_rows;
    memset(weights, 0, n_out * filter_floats(step) * sizeof(float));
    memset(bias, 0, n_out * sizeof(float));
    if (step->n_phases == 1) {
        memcpy(weights, from->weight, n_rows * filter_floats(step) * sizeof(float));
        memcpy(bias, from->bias, n_rows * sizeof(float));
        return;
    }
    for (int phase = 0; phase < step->n_phases; phase++) {
        for (int channel = 0; channel < step->n_channels; channel++)
            fold_phase(weights, bias, step, from, phase, channel);
    }
}

/*
 * Normalisation takes a channel's bias away again, but not the difference between the biases of
 * its phases.
 */
static bool keeps_bias(const bc_step *step)
{
    return !step->layer->norm || step->n_phases > 1;
}

bc_weights bc_weights_pack(const bc_step *step, const bc_tensors *tensors,
                           const bc_kernels *kernels, void *memory, float *scratch)
{
    bc_weights weights = {0};
    float *folded = scratch, *bias = folded + (size_t)step->n_out * filter_floats(step);
    const bc_filters filters = {.weights = folded,
                                .bias = keeps_bias(step) ? bias : NULL,
                                .gain =
                                    step->inputs[0].source == BC_SOURCE_PIXELS ? 1.0f / 255 : 1};
    fold_layer(folded, bias, step, tensors);
    step->pass.method->pack(&weights, step, kernels, &filters, memory);
    if (step->matrix.method)
        step->matrix.method->pack(&weights, step, kernels, &filters,
                                  (uint8_t *)memory + step->pass.weights_bytes);
    return weights;
}
