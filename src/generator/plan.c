#include "generator/plan.h"

#include <assert.h>
#include <string.h>

/*
 * Floats of a ring, of which a call needs what its strips read: wide rows are worth more than a
 * ring that leaves a cache of 1 MiB to others.
 */
enum { RING_BUDGET = 256 << 10, COLUMN_UNIT = 64, MAP_UNIT = 32 };

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static int at_most(int n, int bound)
{
    return n < bound ? n : bound;
}

/* An odd number of cache lines, so that planes do not fall onto the same sets of the cache. */
static ptrdiff_t spread(int floats)
{
    return ((round_up(floats, BC_PAD) / BC_PAD) | 1) * BC_PAD;
}

int bc_pass_samples(const bc_pass *pass, const bc_step *step, int width)
{
    if (pass->algorithm == BC_DIRECT)
        return width;
    return round_up(width, BC_WINOGRAD_TILE) * step->stride / 2;
}

static int ring_planes(const bc_pass *pass, const bc_step *step)
{
    if (pass->algorithm == BC_WINOGRAD)
        return step->n_in * step->stride * bc_winograd_points(step->kernel);
    return pass->split ? 2 * step->n_in : step->n_in;
}

static ptrdiff_t plane_floats(int samples, int halo)
{
    return spread(BC_PAD + samples + halo + 2 * BC_PAD);
}

/* Columns as wide as the ring's budget allows, all of one width but the last. */
static void cut_columns(bc_pass *pass, const bc_step *step)
{
    const int planes = ring_planes(pass, step);
    const int samples_a_unit = pass->algorithm == BC_DIRECT ? COLUMN_UNIT : COLUMN_UNIT / 4;
    const int units = RING_BUDGET / (pass->n_slots * planes) / samples_a_unit;
    const int limit = units > 1 ? units * COLUMN_UNIT : COLUMN_UNIT;
    const int n = (step->width + limit - 1) / limit;
    pass->column_width = round_up((step->width + n - 1) / n, COLUMN_UNIT);
    pass->n_columns = (step->width + pass->column_width - 1) / pass->column_width;
    pass->n_calls = (step->height + pass->rows - 1) / pass->rows;
}

static void place_planes(bc_pass *pass, const bc_step *step, const bc_kernels *kernels)
{
    const int width = at_most(pass->column_width, step->width);
    pass->load_pitch = plane_floats(bc_pass_samples(pass, step, width), pass->halo);
    pass->ring_row = (size_t)pass->load_pitch * (size_t)(step->n_in * (pass->split ? 2 : 1));
    if (pass->algorithm == BC_WINOGRAD) {
        /* a line more, so that rows do not fall onto the same sets of the cache */
        pass->ring_row = bc_winograd_row(kernels, step->n_in, step->kernel, width) + BC_PAD;
        /* all planes of a row, and one of them in halves for stride 2 */
        pass->load_floats = (size_t)pass->load_pitch * (size_t)(2 * step->n_in + 2);
    }
}

static bc_pass direct_pass(const bc_step *step)
{
    const int reach = step->kernel / 2;
    return (bc_pass){.algorithm = BC_DIRECT,
                     .rows = 1,
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
    cut_columns(&step->pass, step);
    place_planes(&step->pass, step, kernels);
}

static bc_map shape_map(const bc_step *step)
{
    const ptrdiff_t row = round_up(step->width, MAP_UNIT) + MAP_UNIT;
    const ptrdiff_t channel = BC_PAD + row * step->height;
    return (bc_map){.row_stride = row,
                    .channel_stride = channel,
                    .size = (size_t)channel * (size_t)step->n_out};
}

static void shape_step(bc_step *step, const bc_layer *layer, bc_upsample upsample)
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

static void add_step(bc_plan *plan, const bc_layer *layer, const bc_model *model,
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

static bool live_together(const bc_map *a, const bc_map *b)
{
    return a->born <= b->dies && b->born <= a->dies;
}

/* First fit: the lowest place that no map of the same time takes. */
static void place_map(bc_plan *plan, bc_map *map, bc_map *const placed[], int n_placed)
{
    map->offset = 0;
    for (int i = 0; i < n_placed; i++) {
        const bc_map *other = placed[i];
        const bool overlaps =
            map->offset < other->offset + other->size && other->offset < map->offset + map->size;
        if (!live_together(map, other) || !overlaps)
            continue;
        map->offset = other->offset + other->size;
        i = -1; /* the new place must be clear of all */
    }
    if (map->offset + map->size > plan->arena_floats)
        plan->arena_floats = map->offset + map->size;
}

static void set_lives(bc_plan *plan)
{
    const int last = plan->n_steps - 1, last_bank = plan->first_decoder - 1;
    for (int i = 0; i < last; i++) {
        plan->steps[i].map.born = i;
        plan->steps[i].map.dies = i + 1;
    }
    /* Every style of a blend starts again from the encoder's output and needs its own response. */
    plan->steps[plan->first_bank - 1].map.dies = plan->first_decoder;
    for (int i = plan->first_bank; i < last_bank; i++) {
        plan->steps[i].map.born = plan->first_bank;
        plan->steps[i].map.dies = last_bank;
    }
    for (int i = 0; i < plan->max_blend && plan->n_bank_layers > 0; i++) {
        plan->responses[i] = plan->steps[last_bank].map;
        plan->responses[i].born = plan->first_bank;
        plan->responses[i].dies = plan->first_decoder;
    }
}

static void place_maps(bc_plan *plan)
{
    bc_map *placed[BC_MAX_STEPS + BC_MAX_BLEND];
    int n = 0;
    for (int i = 0; i < plan->n_steps - 1; i++) {
        if (plan->n_bank_layers > 0 && i == plan->first_decoder - 1)
            continue;
        place_map(plan, &plan->steps[i].map, placed, n);
        placed[n++] = &plan->steps[i].map;
    }
    for (int i = 0; i < plan->max_blend && plan->n_bank_layers > 0; i++) {
        place_map(plan, &plan->responses[i], placed, n);
        placed[n++] = &plan->responses[i];
    }
    plan->arena_floats += 2 * BC_PAD; /* the kernels' overrun */
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
    }
    return 0;
}

/* Memory that the threads and the statistics need. */
static void size_scratch(bc_plan *plan, const bc_kernels *kernels)
{
    for (int i = 0; i < plan->n_steps; i++) {
        const bc_step *step = &plan->steps[i];
        const bc_pass *pass = &step->pass;
        const size_t n_calls = (size_t)pass->n_columns * (size_t)pass->n_calls;
        need(&plan->ring_floats, pass->ring_row * (size_t)pass->n_slots);
        need(&plan->load_floats, pass->load_floats);
        need(&plan->scratch_floats, scratch_of(step, kernels));
        need(&plan->slots_doubles, n_calls * 2 * (size_t)step->n_out);
    }
    const bc_step *last = &plan->steps[plan->n_steps - 1];
    plan->row_floats = (size_t)last->pass.rows * (size_t)last->n_out *
                       (size_t)spread(last->pass.column_width + 2 * BC_PAD);
    plan->emit_floats = 4 * (size_t)bc_emit_pitch(&last->pass);
}

void bc_plan_make(bc_plan *plan, const bc_model *model, const bc_kernels *kernels, int width,
                  int height, int max_blend)
{
    assert(width > 0 && height > 0 && max_blend > 0 && max_blend <= BC_MAX_BLEND);
    *plan = (bc_plan){.max_blend = max_blend};
    plan->steps[0].source = BC_SOURCE_PIXELS;
    plan->steps[0].in_width = round_up(width, 4);
    plan->steps[0].in_height = round_up(height, 4);
    add_steps(plan, model, kernels);
    set_lives(plan);
    place_maps(plan);
    size_scratch(plan, kernels);
}
