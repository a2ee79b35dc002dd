#include "generator/plan.h"

#include <assert.h>
#include <string.h>

#include "generator/arena.h"
#include "generator/cut.h"

enum { MAP_UNIT = 32 };

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

/* An odd number of cache lines, so that planes do not fall onto the same sets of the cache. */
static ptrdiff_t spread(int floats)
{
    return ((round_up(floats, BC_PAD) / BC_PAD) | 1) * BC_PAD;
}

int bc_pass_samples(const bc_step *step, const bc_pass *pass)
{
    if (pass->algorithm == BC_MATRIX)
        return step->in_width / 2;
    if (pass->algorithm == BC_DIRECT)
        return step->width;
    return round_up(step->width, BC_WINOGRAD_TILE) * step->stride / 2;
}

static ptrdiff_t plane_floats(int samples, int halo)
{
    return spread(BC_PAD + samples + halo + 2 * BC_PAD);
}

static void place_planes(bc_step *step, const bc_kernels *kernels)
{
    bc_pass *pass = &step->pass;
    pass->load_pitch = plane_floats(bc_pass_samples(step, pass), pass->halo);
    pass->ring_row = (size_t)pass->load_pitch * (size_t)(step->n_in * (pass->split ? 2 : 1));
    if (pass->algorithm == BC_WINOGRAD) {
        /* a line more, so that rows do not fall onto the same sets of the cache */
        pass->ring_row = bc_winograd_row(kernels, step->n_in, step->kernel, step->width) + BC_PAD;
        /* all planes of a row, and one of them in halves for stride 2 */
        pass->load_floats = (size_t)pass->load_pitch * (size_t)(2 * step->n_in + 2);
    }
    pass->n_calls = (step->height + pass->rows - 1) / pass->rows;
}

static bc_pass direct_pass(const bc_step *step)
{
    const int reach = step->kernel / 2;
    return (bc_pass){.algorithm = BC_DIRECT,
                     .rows = 1,
                     .stride = step->stride,
                     .above = reach,
                     .n_slots = step->kernel,
                     .split = step->stride == 2,
                     .halo = step->stride == 2 ? (reach + 1) / 2 : reach};
}

/* A tile's inputs reach one pair to either side; with stride 2, pairs of the samples loaded. */
static bc_pass winograd_pass(const bc_step *step)
{
    return (bc_pass){.algorithm = BC_WINOGRAD,
                     .rows = BC_WINOGRAD_TILE,
                     .stride = step->stride,
                     .above = step->kernel / 2,
                     .n_slots = step->stride * bc_winograd_points(step->kernel),
                     .split = true,
                     .halo = step->stride};
}

/* Phases of `nearest` and `zero` have at most 2x2 taps of 3x3: nothing to gain there. */
static void choose_pass(bc_step *step, const bc_kernels *kernels, bool is_dense)
{
    const bool has_winograd = kernels->winograd_block > 0;
    if (has_winograd && step->kernel == 3 && step->stride == 1 && is_dense)
        step->pass = winograd_pass(step);
    else if (has_winograd && step->kernel == (step->stride == 2 ? 9 : 5))
        step->pass = winograd_pass(step);
    else
        step->pass = direct_pass(step);
    place_planes(step, kernels);
}

/* Floats of a row that holds `n_values` bf16. */
static ptrdiff_t values_floats(ptrdiff_t n_values)
{
    return spread((int)(n_values * (ptrdiff_t)sizeof(uint16_t) / (ptrdiff_t)sizeof(float)) + 1);
}

/* Pixels behind a row that its maker may write: the rest of a position, or of a vector. */
enum { MATRIX_SLACK = 64 };

static void place_matrix_rows(bc_step *step, int n_parts)
{
    const bool has_low = n_parts == 2 && step->source != BC_SOURCE_PIXELS;
    const int n_values = bc_matrix_values(&step->matrix_shape);
    const int n_pixels = step->in_width + step->kernel + MATRIX_SLACK;
    const ptrdiff_t reach = bc_matrix_reach(&step->matrix_shape, step->width);
    const ptrdiff_t wanted = bc_matrix_want(&step->matrix_shape, step->width);
    const ptrdiff_t written = (ptrdiff_t)n_pixels * n_values;
    bc_pass *pass = &step->matrix;
    pass->lead = step->kernel / 2 * n_values;
    pass->behind = (int)(wanted + n_values - 1) / n_values - step->in_width;
    const ptrdiff_t part = values_floats(pass->lead + (reach > written ? reach : written));
    pass->low = has_low ? 2 * part : 0;
    pass->ring_row = (size_t)(has_low ? 2 * part : part);
}

static void add_matrix_pass(bc_step *step, int n_parts)
{
    const bool is_first = step->source == BC_SOURCE_PIXELS;
    step->matrix_shape = (bc_matrix_shape){.n_in = step->n_in,
                                           .n_out = step->n_out,
                                           .kernel = step->kernel,
                                           .stride = step->stride,
                                           .n_phases = step->n_phases,
                                           .is_first = is_first,
                                           .planar = !step->layer->scale,
                                           .has_low = n_parts == 2};
    bc_pass *pass = &step->matrix;
    *pass = (bc_pass){.algorithm = BC_MATRIX,
                      .rows = 1,
                      .stride = is_first ? 1 : step->stride, /* of pairs of rows */
                      .above = is_first ? step->kernel / 4 : step->kernel / 2,
                      .n_slots = is_first ? (step->kernel + 1) / 2 : step->kernel,
                      .split = is_first, /* pixels, on their way */
                      .halo = step->kernel / 2,
                      .n_calls = step->height};
    place_matrix_rows(step, n_parts);
    if (!is_first)
        return;
    pass->load_pitch = plane_floats(bc_pass_samples(step, pass), pass->halo);
    pass->load_floats = 12 * (size_t)pass->load_pitch;
}

static bc_map shape_map(const bc_step *step)
{
    const ptrdiff_t row = round_up(step->width, MAP_UNIT) + MAP_UNIT;
    const ptrdiff_t channel = BC_PAD + row * step->height;
    return (bc_map){.row_stride = row,
                    .channel_stride = channel,
                    .size = (size_t)channel * (size_t)step->n_out};
}

static void shape_step(bc_step *step, const bc_weighted_layer *layer, bc_upsample upsample)
{
    const bool half = layer->stride == BC_STRIDE_HALF;
    step->layer = layer;
    memcpy(step->name, layer->name, sizeof(step->name));
    step->n_in = layer->n_in;
    step->n_channels = layer->n_out;
    step->n_phases = half ? 4 : 1;
    step->n_out = step->n_channels * step->n_phases;
    step->stride = layer->stride == BC_STRIDE_2 ? 2 : 1;
    step->kernel = layer->kernel;
    if (half && upsample != BC_UPSAMPLE_SUBPIXEL && layer->kernel == 9)
        step->kernel = 5; /* folded into phases */
    step->width = step->in_width / step->stride;
    step->height = step->in_height / step->stride;
}

static void add_step(bc_plan *plan, const bc_weighted_layer *layer, const bc_model *model,
                     const bc_kernels *kernels, int bank_layer)
{
    const bc_upsample upsample = model->autoencoder.upsample;
    bc_step *step = &plan->steps[plan->n_steps++];
    step->bank_layer = bank_layer;
    shape_step(step, layer, upsample);
    step->macs =
        (double)step->width * step->height * step->n_in * step->n_out * step->kernel * step->kernel;
    choose_pass(step, kernels, step->n_phases == 1 || upsample == BC_UPSAMPLE_SUBPIXEL);
    step->map = shape_map(step);
    if (plan->n_steps < BC_MAX_STEPS) {
        bc_step *next = step + 1;
        next->source = step->n_phases == 4 ? BC_SOURCE_PHASES : BC_SOURCE_MAP;
        next->in_width = step->n_phases == 4 ? 2 * step->width : step->width;
        next->in_height = step->n_phases == 4 ? 2 * step->height : step->height;
    }
}

static void add_steps(bc_plan *plan, const bc_model *model, const bc_kernels *kernels)
{
    const bc_autoencoder *autoencoder = &model->autoencoder;
    for (int i = 0; i < BC_N_ENCODER; i++)
        add_step(plan, &autoencoder->encoder[i], model, kernels, -1);
    plan->first_bank = plan->n_steps;
    plan->n_bank_layers = model->n_banks > 0 ? model->banks[0].n_layers : 0;
    for (int i = 0; i < plan->n_bank_layers; i++)
        add_step(plan, &model->banks[0].layers[i], model, kernels, i);
    plan->first_decoder = plan->n_steps;
    for (int i = 0; i < BC_N_DECODER; i++)
        add_step(plan, &autoencoder->decoder[i], model, kernels, -1);
}

static void need(size_t *size, size_t wanted)
{
    if (wanted > *size)
        *size = wanted;
}

static size_t scratch_of(const bc_step *step, const bc_kernels *kernels)
{
    switch (step->pass.algorithm) {
    case BC_DIRECT:
        return BC_CONV_SCRATCH(step->n_out);
    case BC_WINOGRAD:
        return bc_winograd_scratch(kernels, step->n_in, step->n_out, step->kernel);
    case BC_MATRIX:
        break;
    }
    return 0;
}

/* Memory that the threads and the statistics need. */
static void size_scratch(bc_plan *plan, const bc_kernels *kernels)
{
    const size_t max_blend = (size_t)plan->max_blend;
    for (int i = 0; i < plan->n_steps; i++) {
        bc_step *step = &plan->steps[i];
        const size_t n_rows = (size_t)step->pass.rows * (size_t)step->n_out;
        need(&plan->load_floats, step->pass.load_floats);
        need(&plan->load_floats, step->matrix.load_floats);
        need(&plan->scratch_floats, scratch_of(step, kernels));
        if (step->matrix.rows > 0)
            need(&plan->scratch_floats, bc_matrix_scratch(&step->matrix_shape));
        need(&plan->row_floats, n_rows * (size_t)spread(step->width + 2 * BC_PAD));
        step->slots_offset = plan->slots_doubles;
        plan->slots_doubles += bc_plan_slots(step) * (step->bank_layer >= 0 ? max_blend : 1);
    }
    plan->emit_floats = 4 * (size_t)bc_emit_pitch(&plan->steps[plan->n_steps - 1]);
}

void bc_plan_make(bc_plan *plan, const bc_model *model, const bc_kernels *kernels,
                  const bc_plan_params *params)
{
    assert(params->width > 0 && params->height > 0 && params->n_threads > 0);
    assert(params->max_blend > 0 && params->max_blend <= BC_MAX_BLEND);
    *plan = (bc_plan){.max_blend = params->max_blend};
    plan->steps[0].source = BC_SOURCE_PIXELS;
    plan->steps[0].in_width = round_up(params->width, 4);
    plan->steps[0].in_height = round_up(params->height, 4);
    add_steps(plan, model, kernels);
    for (int i = 0; i < plan->n_steps && params->n_parts > 0; i++)
        add_matrix_pass(&plan->steps[i], params->n_parts);
    bc_plan_cut(plan, params);
    bc_plan_place_maps(plan);
    size_scratch(plan, kernels);
}
