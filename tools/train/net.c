#include "train/net.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/pages.h"
#include "train/conv.h"
#include "train/layers.h"
#include "train/norm.h"
#include "train/upsample.h"

enum { ALIGN_FLOATS = 16 };

static size_t tensor_floats(int n_channels, int h, int w)
{
    return (size_t)n_channels * (size_t)h * (size_t)w;
}

static size_t in_floats(const bc_train_net_stage *s)
{
    return tensor_floats(s->stage->n_in, s->h_in, s->w_in);
}

static size_t out_floats(const bc_train_net_stage *s)
{
    return tensor_floats(s->stage->n_out, s->h_out, s->w_out);
}

static int is_folded(const bc_train_stage *stage)
{
    return stage->stride == BC_STRIDE_HALF && stage->upsample != BC_UPSAMPLE_SUBPIXEL;
}

/* The weights of the convolution that is run: of the phases where there are any. */
static int conv_kernel(const bc_train_stage *stage)
{
    return is_folded(stage) ? bc_fold_kernel(stage->kernel) : stage->kernel;
}

static int conv_rows(const bc_train_stage *stage)
{
    return stage->stride == BC_STRIDE_HALF ? 4 * stage->n_out : stage->n_out;
}

static size_t conv_weights(const bc_train_stage *stage)
{
    const int kernel = conv_kernel(stage);
    return tensor_floats(conv_rows(stage) * stage->n_in, kernel, kernel);
}

static bc_train_conv_shape conv_shape(const bc_train_net_stage *s)
{
    return (bc_train_conv_shape){.n_in = s->stage->n_in,
                                 .n_out = conv_rows(s->stage),
                                 .kernel = conv_kernel(s->stage),
                                 .stride = s->stage->stride == BC_STRIDE_2 ? 2 : 1,
                                 .height = s->h_in,
                                 .width = s->w_in,
                                 .pad = BC_TRAIN_PAD_EDGE};
}

/* Takes n floats of the arena; while it has no memory yet, only counts them. */
static float *take(bc_train_net *net, size_t n)
{
    const size_t at = net->n_floats;
    net->n_floats += (n + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
    return net->arena ? net->arena + at : NULL;
}

static void lay_out_stage(bc_train_net *net, bc_train_net_stage *s)
{
    const bc_train_stage *stage = s->stage;
    const size_t n_phases = conv_weights(stage) + (size_t)conv_rows(stage);
    if (is_folded(stage)) {
        s->phases = take(net, n_phases);
        s->dphases = take(net, n_phases);
    }
    s->linear = take(net, out_floats(s));
    s->conv = stage->stride == BC_STRIDE_HALF ? take(net, out_floats(s)) : s->linear;
    s->mean = take(net, (size_t)stage->n_out);
    s->inv_std = take(net, (size_t)stage->n_out);
    s->out = stage->is_linear ? s->linear : take(net, out_floats(s));
}

static void lay_out(bc_train_net *net)
{
    size_t largest = 0;
    net->n_floats = 0;
    for (int i = 0; i < net->n_stages; i++) {
        lay_out_stage(net, &net->stages[i]);
        const size_t in = in_floats(&net->stages[i]), out = out_floats(&net->stages[i]);
        largest = in > largest ? in : largest;
        largest = out > largest ? out : largest;
    }
    net->gradients[0] = take(net, largest);
    net->gradients[1] = take(net, largest);
}

/* `size` is that of the stage's input, and then of its output. */
static void add_stages(bc_train_net *net, const bc_train_stage *stages, int n_stages, int is_bank,
                       int size[2])
{
    for (int i = 0; i < n_stages; i++) {
        bc_train_net_stage s = {.stage = &stages[i], .is_bank = is_bank};
        s.h_in = size[0];
        s.w_in = size[1];
        s.h_conv = stages[i].stride == BC_STRIDE_2 ? size[0] / 2 : size[0];
        s.w_conv = stages[i].stride == BC_STRIDE_2 ? size[1] / 2 : size[1];
        s.h_out = size[0] = stages[i].stride == BC_STRIDE_HALF ? 2 * s.h_conv : s.h_conv;
        s.w_out = size[1] = stages[i].stride == BC_STRIDE_HALF ? 2 * s.w_conv : s.w_conv;
        net->stages[net->n_stages++] = s;
    }
}

bc_status bc_train_net_open(bc_train_net *net, int height, int width, const bc_params *autoencoder,
                            const bc_params *bank, const bc_workspace *workspace, const bc_log *log)
{
    assert(height > 0 && width > 0 && height % 4 == 0 && width % 4 == 0);
    *net = (bc_train_net){.height = height, .width = width, .workspace = workspace};
    int size[2] = {height, width};
    add_stages(net, autoencoder->stages, BC_N_ENCODER, 0, size);
    if (bank)
        add_stages(net, bank->stages, bank->n_stages, 1, size);
    add_stages(net, autoencoder->stages + BC_N_ENCODER, BC_N_DECODER, 0, size);
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

static float *arena_of(bc_train_net_values values, const bc_train_net_stage *s)
{
    return s->is_bank ? values.bank : values.autoencoder;
}

static void stage_forward(bc_train_net_stage *s, const float *values, const float *in,
                          const bc_workspace *workspace)
{
    const bc_train_stage *stage = s->stage;
    const float *weight = values + stage->weight, *bias = values + stage->bias;
    if (is_folded(stage)) {
        float *phase_bias = s->phases + conv_weights(stage);
        bc_fold_forward(s->phases, phase_bias, weight, bias, stage->n_out, stage->n_in,
                        stage->kernel, stage->upsample);
        weight = s->phases;
        bias = phase_bias;
    }
    const bc_train_conv_shape shape = conv_shape(s);
    bc_train_conv_forward(s->conv, in, weight, bias, &shape, workspace);
    if (stage->stride == BC_STRIDE_HALF)
        bc_shuffle_forward(s->linear, s->conv, stage->n_out, s->h_conv, s->w_conv);
    if (stage->is_linear)
        return;
    bc_norm_forward(s->out, s->mean, s->inv_std, s->linear, values + stage->scale,
                    values + stage->shift, stage->n_out, s->h_out * s->w_out);
    bc_relu_forward(s->out, (int64_t)out_floats(s), workspace);
}

const float *bc_train_net_forward(bc_train_net *net, bc_train_net_values values,
                                  const float *picture)
{
    const float *in = picture;
    for (int i = 0; i < net->n_stages; i++) {
        bc_train_net_stage *s = &net->stages[i];
        stage_forward(s, arena_of(values, s), in, net->workspace);
        in = s->out;
    }
    return in;
}

/* The convolution's part: `d` is the gradient of its output; din is added to, or NULL. */
static void conv_backward(const bc_train_net_stage *s, float *din, float *gradients,
                          const float *values, const float *in, const float *d,
                          const bc_workspace *workspace)
{
    const bc_train_stage *stage = s->stage;
    const bc_train_conv_shape shape = conv_shape(s);
    const float *weight = is_folded(stage) ? s->phases : values + stage->weight;
    float *dweight = gradients ? gradients + stage->weight : NULL;
    float *dbias = gradients ? gradients + stage->bias : NULL;
    if (!gradients || !is_folded(stage)) {
        bc_train_conv_backward(din, dweight, dbias, d, in, weight, &shape, workspace);
        return;
    }
    float *dphase_bias = s->dphases + conv_weights(stage);
    memset(s->dphases, 0, sizeof(float) * (conv_weights(stage) + (size_t)conv_rows(stage)));
    bc_train_conv_backward(din, s->dphases, dphase_bias, d, in, weight, &shape, workspace);
    bc_fold_backward(dweight, dbias, s->dphases, dphase_bias, stage->n_out, stage->n_in,
                     stage->kernel, stage->upsample);
}

/* dout is overwritten; din is added to, or NULL; gradients NULL: frozen. */
static void stage_backward(const bc_train_net_stage *s, float *din, float *gradients, float *dout,
                           const float *values, const float *in, const bc_workspace *workspace)
{
    const bc_train_stage *stage = s->stage;
    if (!stage->is_linear) {
        bc_relu_backward(dout, s->out, (int64_t)out_floats(s), workspace);
        bc_norm_backward(dout, gradients ? gradients + stage->scale : NULL,
                         gradients ? gradients + stage->shift : NULL, dout, s->linear,
                         values + stage->scale, s->mean, s->inv_std, stage->n_out,
                         s->h_out * s->w_out);
    }
    if (stage->stride == BC_STRIDE_HALF) {
        bc_shuffle_backward(s->conv, dout, stage->n_out, s->h_conv, s->w_conv);
        conv_backward(s, din, gradients, values, in, s->conv, workspace);
    } else {
        conv_backward(s, din, gradients, values, in, dout, workspace);
    }
}

/* The first stage that the backward pass has to run. */
static int first_wanted(const bc_train_net *net, bc_train_net_values gradients,
                        const float *dpicture)
{
    int first = 0;
    while (!dpicture && first < net->n_stages && !arena_of(gradients, &net->stages[first]))
        first++;
    return first;
}

void bc_train_net_backward(bc_train_net *net, bc_train_net_values gradients, float *dpicture,
                           bc_train_net_values values, const float *picture, const float *dpainting)
{
    const int first = first_wanted(net, gradients, dpicture);
    float *dout = net->gradients[0], *other = net->gradients[1];
    memcpy(dout, dpainting, out_floats(&net->stages[net->n_stages - 1]) * sizeof(float));
    for (int i = net->n_stages - 1; i >= first; i--) {
        const bc_train_net_stage *s = &net->stages[i];
        const float *in = i > 0 ? net->stages[i - 1].out : picture;
        float *din = i > 0 ? other : dpicture;
        if (i > first)
            memset(din, 0, in_floats(s) * sizeof(float));
        stage_backward(s, i > first || i == 0 ? din : NULL, arena_of(gradients, s), dout,
                       arena_of(values, s), in, net->workspace);
        other = dout;
        dout = din;
    }
}
