#include "train/net.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/pages.h"
#include "train/canvas.h"
#include "train/conv.h"
#include "train/layers.h"
#include "train/norm.h"
#include "train/upsample.h"

enum { ALIGN_FLOATS = 16 };

/* Geometry --------------------------------------------------------------------------------- */

static size_t out_floats(const bc_train_net_stage *s)
{
    return (size_t)s->layer->n_out * (size_t)s->h_out * (size_t)s->w_out;
}

static bool is_folded(const bc_layer *layer)
{
    return layer->stride == BC_STRIDE_HALF && layer->upsample != BC_UPSAMPLE_SUBPIXEL;
}

/* The convolution that is run: of the phases where there are any. */
static bc_train_conv_shape conv_shape(const bc_train_net_stage *s)
{
    const bc_layer *layer = s->layer;
    return (bc_train_conv_shape){
        .n_in = layer->n_in,
        .n_out = layer->stride == BC_STRIDE_HALF ? 4 * layer->n_out : layer->n_out,
        .kernel = is_folded(layer) ? bc_folded_kernel(layer->kernel) : layer->kernel,
        .stride = layer->stride == BC_STRIDE_2 ? 2 : 1,
        .height = s->h_in,
        .width = s->w_in,
        .pad = layer->pad == BC_PAD_REFLECT ? BC_TRAIN_PAD_REFLECT : BC_TRAIN_PAD_EDGE};
}

static size_t conv_weights(const bc_train_net_stage *s)
{
    const bc_train_conv_shape shape = conv_shape(s);
    return (size_t)(shape.n_out * shape.n_in * shape.kernel * shape.kernel);
}

static void set_size(const bc_train_net *net, bc_train_net_stage *s)
{
    const bc_layer *layer = s->layer;
    const bool is_of_frame = bc_layer_inputs(layer) == 0 || layer->inputs[0] == BC_FRAME;
    s->h_in = is_of_frame ? net->height : net->stages[layer->inputs[0]].h_out;
    s->w_in = is_of_frame ? net->width : net->stages[layer->inputs[0]].w_out;
    s->h_out = net->height / layer->cell;
    s->w_out = net->width / layer->cell;
    s->h_conv = layer->stride == BC_STRIDE_HALF ? s->h_in : s->h_out;
    s->w_conv = layer->stride == BC_STRIDE_HALF ? s->w_in : s->w_out;
}

/* Memory ----------------------------------------------------------------------------------- */

/* Takes n floats of the arena; while it has no memory yet, only counts them. */
static float *take(bc_train_net *net, size_t n)
{
    const size_t at = net->n_floats;
    net->n_floats += (n + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
    return net->arena ? net->arena + at : NULL;
}

static void lay_out_conv(bc_train_net *net, bc_train_net_stage *s)
{
    const size_t n_phases = conv_weights(s) + (size_t)conv_shape(s).n_out;
    if (is_folded(s->layer)) {
        s->phases = take(net, n_phases);
        s->dphases = take(net, n_phases);
    }
    s->linear = s->layer->norm ? take(net, out_floats(s)) : s->out;
    s->conv = s->layer->stride == BC_STRIDE_HALF ? take(net, out_floats(s)) : s->linear;
    s->mean = take(net, (size_t)s->layer->n_out);
    s->inv_std = take(net, (size_t)s->layer->n_out);
}

static void lay_out(bc_train_net *net)
{
    net->n_floats = 0;
    for (int i = 0; i < net->n_stages; i++) {
        bc_train_net_stage *s = &net->stages[i];
        if (s->layer->kind == BC_LAYER_MIX) {
            s->out = net->stages[s->layer->inputs[0]].out;
            s->dout = net->stages[s->layer->inputs[0]].dout;
            continue;
        }
        s->out = take(net, out_floats(s));
        s->dout = take(net, out_floats(s));
        if (s->layer->kind == BC_LAYER_CONV)
            lay_out_conv(net, s);
    }
}

bc_status bc_train_net_open(bc_train_net *net, int height, int width, const bc_params *params,
                            const bc_workspace *workspace, const bc_log *log)
{
    assert(height > 0 && height % params->table.unit == 0);
    assert(width > 0 && width % params->table.unit == 0);
    *net = (bc_train_net){.params = params,
                          .n_stages = params->table.n,
                          .height = height,
                          .width = width,
                          .workspace = workspace};
    for (int i = 0; i < net->n_stages; i++) {
        net->stages[i] =
            (bc_train_net_stage){.layer = &params->table.layers[i], .params = &params->layers[i]};
        set_size(net, &net->stages[i]);
    }
    lay_out(net);
    net->arena = bc_pages_alloc(net->n_floats * sizeof(float));
    if (!net->arena)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the activations of %dx%d pixels", width,
                       height);
    lay_out(net);
    return BC_OK;
}

void bc_train_net_close(bc_train_net *net)
{
    bc_pages_free(net->arena, net->n_floats * sizeof(float));
    *net = (bc_train_net){0};
}

/* Forward ---------------------------------------------------------------------------------- */

/* What an input of a layer is: another one's output, or the picture. */
static const float *input_of(const bc_train_net *net, const bc_train_net_stage *s, int i,
                             const float *picture)
{
    const int input = s->layer->inputs[i];
    return input == BC_FRAME ? picture : net->stages[input].out;
}

static void conv_forward(const bc_train_net *net, bc_train_net_stage *s, bc_train_net_values values,
                         const float *in)
{
    const bc_layer *layer = s->layer;
    const bc_train_conv_shape shape = conv_shape(s);
    const float *own = values.of[layer->weights];
    const float *weight = own + s->params->weight, *bias = own + s->params->bias;
    if (is_folded(layer)) {
        float *phase_bias = s->phases + conv_weights(s);
        bc_fold_forward(s->phases, phase_bias, weight, bias, layer->n_out, layer->n_in,
                        layer->kernel, layer->upsample);
        weight = s->phases;
        bias = phase_bias;
    }
    bc_train_conv_forward(s->conv, in, weight, bias, &shape, net->workspace);
    if (layer->stride == BC_STRIDE_HALF)
        bc_shuffle_forward(s->linear, s->conv, layer->n_out, s->h_conv, s->w_conv);
    if (layer->norm) {
        const float *norm = values.of[layer->norm_owner];
        bc_norm_forward(s->out, s->mean, s->inv_std, s->linear, norm + s->params->scale,
                        norm + s->params->shift, layer->n_out, s->h_out * s->w_out);
    }
    if (layer->relu)
        bc_relu_forward(s->out, (int64_t)out_floats(s), net->workspace);
}

static void add_forward(float *out, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = a[i] + b[i];
}

const float *bc_train_net_forward(bc_train_net *net, bc_train_net_values values,
                                  const float *picture, const float *moved)
{
    for (int i = 0; i < net->n_stages; i++) {
        bc_train_net_stage *s = &net->stages[i];
        if (s->layer->kind == BC_LAYER_CONV)
            conv_forward(net, s, values, input_of(net, s, 0, picture));
        else if (s->layer->kind == BC_LAYER_ADD)
            add_forward(s->out, input_of(net, s, 0, picture), input_of(net, s, 1, picture),
                        out_floats(s));
        else if (s->layer->kind == BC_LAYER_CANVAS)
            bc_train_canvas(s->out, s->layer->n_out, s->h_out, s->w_out, s->layer->cell, moved);
    }
    return net->stages[net->n_stages - 1].out;
}

/* Backward --------------------------------------------------------------------------------- */

/* The convolution's part: `d` is the gradient of its output; din is added to, or NULL. */
static void conv_backward(const bc_train_net *net, const bc_train_net_stage *s, float *din,
                          float *gradients, const float *values, const float *in, const float *d)
{
    const bc_layer *layer = s->layer;
    const bc_train_conv_shape shape = conv_shape(s);
    const float *weight = is_folded(layer) ? s->phases : values + s->params->weight;
    float *dweight = gradients ? gradients + s->params->weight : NULL;
    float *dbias = gradients ? gradients + s->params->bias : NULL;
    if (!gradients || !is_folded(layer)) {
        bc_train_conv_backward(din, dweight, dbias, d, in, weight, &shape, net->workspace);
        return;
    }
    float *dphase_bias = s->dphases + conv_weights(s);
    memset(s->dphases, 0, sizeof(float) * (conv_weights(s) + (size_t)shape.n_out));
    bc_train_conv_backward(din, s->dphases, dphase_bias, d, in, weight, &shape, net->workspace);
    bc_fold_backward(dweight, dbias, s->dphases, dphase_bias, layer->n_out, layer->n_in,
                     layer->kernel, layer->upsample);
}

/* s->dout is overwritten. */
static void layer_backward(const bc_train_net *net, const bc_train_net_stage *s, float *din,
                           bc_train_net_values gradients, bc_train_net_values values,
                           const float *in)
{
    const bc_layer *layer = s->layer;
    float *d = s->dout;
    if (layer->relu)
        bc_relu_backward(d, s->out, (int64_t)out_floats(s), net->workspace);
    if (layer->norm) {
        float *norm = gradients.of[layer->norm_owner];
        bc_norm_backward(d, norm ? norm + s->params->scale : NULL,
                         norm ? norm + s->params->shift : NULL, d, s->linear,
                         values.of[layer->norm_owner] + s->params->scale, s->mean, s->inv_std,
                         layer->n_out, s->h_out * s->w_out);
    }
    if (layer->stride == BC_STRIDE_HALF) {
        bc_shuffle_backward(s->conv, d, layer->n_out, s->h_conv, s->w_conv);
        d = s->conv;
    }
    conv_backward(net, s, din, gradients.of[layer->weights], values.of[layer->weights], in, d);
}

/* wanted[i]: the gradient at the output of stage i leads to one that is asked for. */
static void find_wanted(bool wanted[BC_MAX_LAYERS], const bc_train_net *net,
                        bc_train_net_values gradients, const float *dpicture)
{
    for (int i = 0; i < net->n_stages; i++) {
        const bc_layer *layer = net->stages[i].layer;
        wanted[i] =
            layer->kind == BC_LAYER_CONV &&
            (gradients.of[layer->weights] || (layer->norm && gradients.of[layer->norm_owner]));
        for (int k = 0; k < bc_layer_inputs(layer); k++)
            wanted[i] |= layer->inputs[k] == BC_FRAME ? dpicture != NULL : wanted[layer->inputs[k]];
    }
}

static void add_to(float *sum, const float *x, size_t n)
{
    for (size_t i = 0; sum && i < n; i++)
        sum[i] += x[i];
}

void bc_train_net_backward(bc_train_net *net, bc_train_net_values gradients, float *dpicture,
                           bc_train_net_values values, const float *picture, int last,
                           const float *dout)
{
    bool wanted[BC_MAX_LAYERS];
    find_wanted(wanted, net, gradients, dpicture);
    for (int i = 0; i < last; i++)
        memset(net->stages[i].dout, 0, out_floats(&net->stages[i]) * sizeof(float));
    memcpy(net->stages[last].dout, dout, out_floats(&net->stages[last]) * sizeof(float));
    for (int i = last; i >= 0; i--) {
        const bc_train_net_stage *s = &net->stages[i];
        float *din[2] = {NULL, NULL};
        for (int k = 0; wanted[i] && k < bc_layer_inputs(s->layer); k++) {
            const int input = s->layer->inputs[k];
            din[k] = input == BC_FRAME ? dpicture : wanted[input] ? net->stages[input].dout : NULL;
        }
        if (!wanted[i])
            continue;
        if (s->layer->kind == BC_LAYER_CONV)
            layer_backward(net, s, din[0], gradients, values, input_of(net, s, 0, picture));
        for (int k = 0; k < 2 && s->layer->kind == BC_LAYER_ADD; k++)
            add_to(din[k], s->dout, out_floats(s));
    }
}
