#include "train/params.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "train/upsample.h"

static size_t add_param(bc_params *params, const char *stage, const char *what, int n_dims,
                        const int *shape)
{
    assert(params->n_params < BC_MAX_PARAMS);
    bc_param *param = &params->params[params->n_params++];
    *param = (bc_param){.n_dims = n_dims, .offset = params->n_values, .n = 1};
    snprintf(param->name, sizeof(param->name), "%s.%s", stage, what);
    for (int i = 0; i < n_dims; i++) {
        param->shape[i] = shape[i];
        param->n *= (size_t)shape[i];
    }
    params->n_values += param->n;
    return param->offset;
}

static void add_stage(bc_params *params, const char *name, bc_train_stage stage)
{
    assert(params->n_stages < BC_MAX_STAGES);
    const int shape[4] = {stage.n_rows, stage.n_in, stage.kernel, stage.kernel};
    stage.weight = add_param(params, name, "weight", 4, shape);
    stage.bias = add_param(params, name, "bias", 1, shape);
    if (!stage.is_linear) {
        stage.scale = add_param(params, name, "norm.scale", 1, &stage.n_out);
        stage.shift = add_param(params, name, "norm.shift", 1, &stage.n_out);
    }
    params->stages[params->n_stages++] = stage;
}

static bc_train_stage make_stage(bc_stride stride, int n_in, int n_out, int kernel,
                                 bc_upsample upsample)
{
    const int has_phases = stride == BC_STRIDE_HALF && upsample == BC_UPSAMPLE_SUBPIXEL;
    return (bc_train_stage){.stride = stride,
                            .upsample = upsample,
                            .n_in = n_in,
                            .n_out = n_out,
                            .kernel = has_phases ? bc_fold_kernel(kernel) : kernel,
                            .n_rows = has_phases ? 4 * n_out : n_out};
}

void bc_params_make_autoencoder(bc_params *params, const int widths[BC_N_WIDTHS],
                                bc_upsample upsample)
{
    const int *w = widths;
    bc_train_stage last = make_stage(BC_STRIDE_HALF, w[0], 3, 9, upsample);
    last.is_linear = 1;
    *params = (bc_params){0};
    add_stage(params, "encoder.0", make_stage(BC_STRIDE_2, 3, w[0], 9, upsample));
    add_stage(params, "encoder.1", make_stage(BC_STRIDE_2, w[0], w[1], 3, upsample));
    add_stage(params, "encoder.2", make_stage(BC_STRIDE_1, w[1], w[2], 3, upsample));
    add_stage(params, "decoder.0", make_stage(BC_STRIDE_1, w[2], w[1], 3, upsample));
    add_stage(params, "decoder.1", make_stage(BC_STRIDE_HALF, w[1], w[0], 3, upsample));
    add_stage(params, "decoder.2", last);
}

void bc_params_make_bank(bc_params *params, int width, int n_layers)
{
    assert(n_layers >= 1 && n_layers <= BC_MAX_BANK_LAYERS);
    *params = (bc_params){0};
    for (int i = 0; i < n_layers; i++) {
        char name[16];
        snprintf(name, sizeof(name), "bank.%d", i);
        add_stage(params, name, make_stage(BC_STRIDE_1, width, width, 3, BC_UPSAMPLE_SUBPIXEL));
    }
}

/* Normal numbers; with phases, the four rows of a channel are equal. */
static void init_weight(float *values, const bc_train_stage *stage, double deviation,
                        bc_random *random)
{
    const size_t n = (size_t)(stage->n_in * stage->kernel * stage->kernel);
    const int n_equal = stage->n_rows / stage->n_out;
    for (int row = 0; row < stage->n_rows; row++) {
        float *weight = values + stage->weight + (size_t)row * n;
        if (row % n_equal)
            memcpy(weight, weight - n, n * sizeof(*weight));
        else
            for (size_t i = 0; i < n; i++)
                weight[i] = (float)(deviation * bc_random_normal(random));
    }
}

static double he_deviation(const bc_train_stage *stage)
{
    return sqrt(2.0 / (stage->n_in * stage->kernel * stage->kernel));
}

static void init_norm(float *values, const bc_train_stage *stage)
{
    for (int c = 0; c < stage->n_out && !stage->is_linear; c++)
        values[stage->scale + (size_t)c] = 1;
}

void bc_params_init_autoencoder(float *values, const bc_params *params, bc_random *random)
{
    memset(values, 0, params->n_values * sizeof(*values));
    for (int i = 0; i < params->n_stages; i++) {
        const bc_train_stage *stage = &params->stages[i];
        init_weight(values, stage, he_deviation(stage) * (stage->is_linear ? 0.5 : 1), random);
        init_norm(values, stage);
        for (int row = 0; row < stage->n_rows && stage->is_linear; row++)
            values[stage->bias + (size_t)row] = 0.5F; /* the middle of the picture's range */
    }
}

void bc_params_init_bank(float *values, const bc_params *params, bc_random *random)
{
    const double noise = 0.5; /* of He's deviation */
    memset(values, 0, params->n_values * sizeof(*values));
    for (int i = 0; i < params->n_stages; i++) {
        const bc_train_stage *stage = &params->stages[i];
        const int n_taps = stage->kernel * stage->kernel;
        init_weight(values, stage, noise * he_deviation(stage), random);
        init_norm(values, stage);
        for (int c = 0; c < stage->n_out; c++)
            values[stage->weight + (size_t)((c * stage->n_in + c) * n_taps + n_taps / 2)] += 1;
    }
}

static int shape_fits(const bc_tensor *tensor, const bc_param *param)
{
    return tensor->dtype == BC_DTYPE_F32 && tensor->n_dims == param->n_dims &&
           memcmp(tensor->shape, param->shape, sizeof(*param->shape) * (size_t)param->n_dims) == 0;
}

bc_status bc_params_read(float *values, const bc_params *params, const bc_safetensors *file,
                         const char *path, const bc_log *log)
{
    for (int i = 0; i < params->n_params; i++) {
        const bc_param *param = &params->params[i];
        const bc_tensor *tensor = bc_safetensors_find(file, param->name);
        if (!tensor)
            return bc_fail(log, BC_ERR_FORMAT, "%s: has no tensor '%s'", path, param->name);
        if (!shape_fits(tensor, param))
            return bc_fail(log, BC_ERR_FORMAT, "%s: tensor '%s' has another shape", path,
                           param->name);
        memcpy(values + param->offset, tensor->data, param->n * sizeof(*values));
    }
    return BC_OK;
}
