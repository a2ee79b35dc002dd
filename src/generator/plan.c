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

static void need(size_t *size, size_t wanted)
{
    if (wanted > *size)
        *size = wanted;
}

int bc_pass_samples(const bc_step *step, const bc_pass *pass)
{
    if (pass->algorithm == BC_MATRIX)
        return step->in_width / (pass->split ? 2 : 1);
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
    } else if (step->inputs[0].source == BC_SOURCE_PIXELS && !pass->split)
        pass->load_floats = 6 * (size_t)pass->load_pitch; /* pairs, before they are joined */
    pass->n_calls = (step->height + pass->rows - 1) / pass->rows;
}

/* Video's chroma is made of two rows, so that a last step makes two at once. */
static bc_pass direct_pass(const bc_step *step)
{
    const int reach = step->kernel / 2;
    const int rows = step->is_last && step->n_phases == 1 ? 2 : 1;
    return (bc_pass){.algorithm = BC_DIRECT,
                     .rows = rows,
                     .stride = step->stride,
                     .above = reach,
                     .n_slots = step->kernel + (rows - 1) * step->stride,
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
    if (step->is_last && step->n_phases == 1)
        step->pass = direct_pass(step);
    else if (has_winograd && step->kernel == 3 && step->stride == 1 && is_dense)
        step->pass = winograd_pass(step);
    else if (has_winograd && step->kernel == (step->stride == 2 ? 9 : 5))
        step->pass = winograd_pass(step);
    else
        step->pass = direct_pass(step);
    place_planes(step, kernels);
}

/* Where a step's last outputs are kept; cut.h says how many rows. */
static bc_map shape_ring(const bc_step *step)
{
    const ptrdiff_t channel = spread(step->width + 2 * BC_PAD);
    return (bc_map){.row_stride = channel * step->n_out, .channel_stride = channel};
}

/* Floats of a row that holds `n_values` bf16. */
static ptrdiff_t values_floats(ptrdiff_t n_values)
{
    return spread((int)(n_values * (ptrdiff_t)sizeof(uint16_t) / (ptrdiff_t)sizeof(float)) + 1);
}

/* Pixels behind a row that its maker may write: the rest of a position, or of a vector. */
enum { MATRIX_SLACK = 64 };

/* Rows of `width` pixels for a step to read with its kernel. */
static void fit_reader(bc_value_rows *rows, const bc_step *reader, int width)
{
    const int n_values = bc_matrix_values(&reader->matrix_shape), reach = reader->kernel / 2;
    const ptrdiff_t wanted = bc_matrix_want(&reader->matrix_shape, reader->width);
    const ptrdiff_t read = bc_matrix_reach(&reader->matrix_shape, reader->width);
    const ptrdiff_t written = (ptrdiff_t)(width + reader->kernel + MATRIX_SLACK) * n_values;
    const int behind = (int)(wanted + n_values - 1) / n_values - width;
    rows->before = reach > rows->before ? reach : rows->before;
    rows->behind = behind > rows->behind ? behind : rows->behind;
    rows->lead = (ptrdiff_t)rows->before * n_values;
    need(&rows->row, (size_t)(read > written ? read : written)); /* values behind the lead yet */
}

/* Turns a number of values behind pixel 0 into floats. */
static void close_rows(bc_value_rows *rows, bool has_low)
{
    const ptrdiff_t part = values_floats(rows->lead + (ptrdiff_t)rows->row);
    rows->low = has_low ? 2 * part : 0;
    rows->row = (size_t)(has_low ? 2 * part : part);
}

static void shape_matrix_in(bc_step *step, int n_parts)
{
    bc_pass *pass = &step->matrix;
    const bool is_frame = step->inputs[0].source == BC_SOURCE_PIXELS;
    fit_reader(&pass->in, step, step->in_width);
    close_rows(&pass->in, n_parts == 2 && !is_frame);
    pass->in.n_rows = pass->n_slots;
    pass->ring_row = pass->in.row;
    pass->load_pitch = plane_floats(bc_pass_samples(step, pass), pass->halo);
    pass->load_floats = (size_t)pass->load_pitch * (size_t)(is_frame ? 12 : step->n_in);
}

/* The last step's are rows of planes. */
static void shape_matrix_out(bc_plan *plan, int index, int n_parts)
{
    bc_step *step = &plan->steps[index];
    bc_value_rows *rows = &step->matrix.out;
    const int scale = step->n_phases == 4 ? 2 : 1, width = step->width * scale;
    if (step->is_last) {
        step->matrix.ring = shape_ring(step);
        return;
    }
    need(&rows->row, (size_t)(width + MATRIX_SLACK) * (size_t)step->n_channels);
    for (int i = index + 1; i < plan->n_steps; i++) {
        const bc_step *reader = &plan->steps[i];
        if (reader->inputs[0].from == index && reader->layer->kind == BC_LAYER_CONV)
            fit_reader(rows, reader, width);
    }
    close_rows(rows, n_parts == 2);
}

static void add_matrix_conv(bc_step *step, int n_parts)
{
    const bool is_first = step->inputs[0].source == BC_SOURCE_PIXELS;
    step->matrix_shape = (bc_matrix_shape){.n_in = step->n_in,
                                           .n_out = step->n_out,
                                           .kernel = step->kernel,
                                           .stride = step->stride,
                                           .n_phases = step->n_phases,
                                           .is_first = is_first,
                                           .planar = step->is_last,
                                           .has_low = n_parts == 2};
    step->matrix = (bc_pass){.algorithm = BC_MATRIX,
                             .rows = 1,
                             .stride = is_first ? 1 : step->stride, /* of pairs of rows */
                             .above = is_first ? step->kernel / 4 : step->kernel / 2,
                             .n_slots = is_first ? (step->kernel + 1) / 2 : step->kernel,
                             .split = is_first, /* pixels, on their way */
                             .halo = step->kernel / 2,
                             .n_calls = step->height};
    if (step->inputs[0].from < 0)
        shape_matrix_in(step, n_parts);
}

static void add_matrix_passes(bc_plan *plan, int n_parts)
{
    for (int i = 0; i < plan->n_steps; i++) {
        bc_step *step = &plan->steps[i];
        if (step->layer->kind == BC_LAYER_CONV)
            add_matrix_conv(step, n_parts);
        else
            step->matrix = (bc_pass){.algorithm = BC_MATRIX,
                                     .rows = 1,
                                     .stride = 1,
                                     .n_slots = 1,
                                     .n_calls = step->height};
    }
    for (int i = 0; i < plan->n_steps; i++)
        shape_matrix_out(plan, i, n_parts);
}

static bc_map shape_map(const bc_step *step)
{
    const ptrdiff_t row = round_up(step->width, MAP_UNIT) + MAP_UNIT;
    const ptrdiff_t channel = BC_PAD + row * step->height;
    return (bc_map){.row_stride = row,
                    .channel_stride = channel,
                    .n_rows = step->height,
                    .size = (size_t)channel * (size_t)step->n_out,
                    .n_copies = 1};
}

/* Steps --------------------------------------------------------------------------------------- */

/* Where a layer's output is found: the step that makes it, or none. */
static bc_edge find_edge(const bc_plan *plan, const bc_plan_params *params, int layer)
{
    bc_edge edge = {.source = BC_SOURCE_PIXELS, .from = -1};
    const bc_layer *layers = plan->table->layers;
    while (layer != BC_FRAME && (layers[layer].kind == BC_LAYER_MIX ||
                                 (params->is_plain && layers[layer].is_each_styles))) {
        edge.is_mix = edge.is_mix || !params->is_plain;
        layer = layers[layer].inputs[0];
    }
    if (layer == BC_FRAME)
        return edge;
    if (layers[layer].kind == BC_LAYER_CANVAS) {
        edge.source = BC_SOURCE_CANVAS;
        return edge;
    }
    edge.from = 0;
    while (plan->steps[edge.from].index != layer)
        edge.from++;
    edge.source = plan->steps[edge.from].n_phases == 4 ? BC_SOURCE_PHASES : BC_SOURCE_MAP;
    return edge;
}

static void shape_conv(bc_step *step, const bc_kernels *kernels)
{
    const bc_layer *layer = step->layer;
    const bool is_half = layer->stride == BC_STRIDE_HALF;
    const bool is_stored = !is_half || layer->upsample == BC_UPSAMPLE_SUBPIXEL;
    step->n_phases = is_half ? 4 : 1;
    step->n_out = step->n_channels * step->n_phases;
    if (step->is_last && !is_half)
        step->n_out = (step->n_channels + 7) / 8 * 8; /* whole blocks of outputs */
    step->stride = layer->stride == BC_STRIDE_2 ? 2 : 1;
    step->kernel = is_stored ? layer->kernel : bc_folded_kernel(layer->kernel);
    step->width = step->in_width / step->stride;
    step->height = step->in_height / step->stride;
    step->macs = (double)step->width * step->height * step->n_in * step->n_channels *
                 step->n_phases * step->kernel * step->kernel;
    choose_pass(step, kernels, is_stored);
}

/* A sum's rows are those of its map, phases joined. */
static void shape_sum(bc_step *step)
{
    step->n_phases = step->stride = step->kernel = 1;
    step->n_out = step->n_channels;
    step->width = step->in_width;
    step->height = step->in_height;
    step->pass = (bc_pass){
        .algorithm = BC_DIRECT, .rows = 1, .stride = 1, .n_slots = 1, .n_calls = step->height};
}

static void add_step(bc_plan *plan, int index, const bc_kernels *kernels,
                     const bc_plan_params *params)
{
    const bc_layer *layer = &plan->table->layers[index];
    const int unit = plan->table->unit;
    bc_step *step = &plan->steps[plan->n_steps];
    const int in_cell = layer->stride == BC_STRIDE_2      ? layer->cell / 2
                        : layer->stride == BC_STRIDE_HALF ? layer->cell * 2
                                                          : layer->cell;
    *step = (bc_step){.layer = layer, .index = index, .is_last = index == plan->table->n - 1};
    memcpy(step->name, layer->name, sizeof(step->name));
    step->n_inputs = bc_layer_inputs(layer);
    for (int i = 0; i < step->n_inputs; i++)
        step->inputs[i] = find_edge(plan, params, layer->inputs[i]);
    step->n_in = layer->n_in;
    step->n_channels = layer->n_out;
    step->in_width = round_up(params->width, unit) / in_cell;
    step->in_height = round_up(params->height, unit) / in_cell;
    if (layer->kind == BC_LAYER_CONV)
        shape_conv(step, kernels);
    else
        shape_sum(step);
    step->map = shape_map(step);
    step->pass.ring = shape_ring(step);
    plan->n_steps++;
}

/* Whether a step follows the one before it in every style: between banks there is a mix. */
static bool goes_on(const bc_plan *plan, int step)
{
    const bc_step *it = &plan->steps[step];
    if (step == 0 || !bc_is_each_styles(&it[-1]))
        return false;
    for (int layer = it[-1].index; layer < it->index; layer++) {
        if (plan->table->layers[layer].kind == BC_LAYER_MIX)
            return false;
    }
    return true;
}

/* Each run of steps that every style runs for itself. */
static void find_styles_steps(bc_plan *plan)
{
    for (int i = 0; i < plan->n_steps; i++) {
        bc_step *step = &plan->steps[i];
        if (!bc_is_each_styles(step))
            continue;
        step->first_of_styles = goes_on(plan, i) ? step[-1].first_of_styles : i;
        for (int k = step->first_of_styles; k <= i; k++)
            plan->steps[k].end_of_styles = i + 1;
    }
    for (int i = 0; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            const bc_edge *edge = &plan->steps[i].inputs[k];
            if (edge->is_mix)
                plan->steps[edge->from].map.n_copies = plan->max_blend;
        }
    }
}

static void add_steps(bc_plan *plan, const bc_kernels *kernels, const bc_plan_params *params)
{
    for (int i = 0; i < plan->table->n; i++) {
        const bc_layer *layer = &plan->table->layers[i];
        const bool is_step = layer->kind == BC_LAYER_CONV || layer->kind == BC_LAYER_ADD;
        if (is_step && !(params->is_plain && layer->is_each_styles))
            add_step(plan, i, kernels, params);
    }
    find_styles_steps(plan);
}

/* What is read through a mix must not be read in the styles too: it has their shares. */
static bool is_mixed_alone(const bc_plan *plan, int step)
{
    int n_mixes = 0, n_others = 0;
    for (int i = step + 1; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            if (plan->steps[i].inputs[k].from == step)
                *(plan->steps[i].inputs[k].is_mix ? &n_mixes : &n_others) += 1;
        }
    }
    return n_mixes == 0 || n_others == 0;
}

static bool fits_matrix(const bc_plan *plan, int index)
{
    const bc_step *step = &plan->steps[index];
    const bool is_first = step->n_inputs == 1 && step->inputs[0].source == BC_SOURCE_PIXELS;
    if (is_first && (step->stride != 2 || step->kernel / 2 % 2 != 0))
        return false;
    if (step->is_last && step->n_phases != 4)
        return false;
    for (int i = 0; i < step->n_inputs; i++) {
        if (step->layer->kind == BC_LAYER_ADD && step->inputs[i].from < 0)
            return false;
    }
    return step->layer->pad == BC_PAD_EDGE && is_mixed_alone(plan, index);
}

/*
 * Whether the matrix units can run all steps: the frame is read with stride 2, in pairs of rows,
 * the painting is made of phases, and no edge is reflected.
 */
static bool is_for_matrix(const bc_plan *plan)
{
    for (int i = 0; i < plan->n_steps; i++) {
        if (!fits_matrix(plan, i))
            return false;
    }
    return true;
}

/* Questions ---------------------------------------------------------------------------------- */

bool bc_plan_keeps(const bc_plan *plan, const bc_group *group, int step)
{
    for (int i = group->end; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            if (plan->steps[i].inputs[k].from == step)
                return true;
        }
    }
    return step == plan->n_steps - 1;
}

static size_t scratch_of(const bc_step *step, const bc_kernels *kernels)
{
    if (step->layer->kind != BC_LAYER_CONV)
        return 0;
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
        need(&plan->load_floats, step->pass.load_floats);
        need(&plan->load_floats, step->matrix.load_floats);
        need(&plan->scratch_floats, scratch_of(step, kernels));
        if (bc_step_has_matrix(step))
            need(&plan->scratch_floats, bc_matrix_scratch(&step->matrix_shape));
        step->slots_offset = plan->slots_doubles;
        if (step->layer->norm)
            plan->slots_doubles += bc_plan_slots(step) * (bc_is_each_styles(step) ? max_blend : 1);
    }
    plan->emit_floats = 10 * (size_t)bc_emit_pitch(&plan->steps[plan->n_steps - 1]);
}

void bc_plan_make(bc_plan *plan, const bc_layers *table, const bc_kernels *kernels,
                  const bc_plan_params *params)
{
    bc_plan_params p = *params;
    assert(p.width > 0 && p.height > 0 && p.n_threads > 0);
    assert(p.max_blend > 0 && p.max_blend <= BC_MAX_BLEND);
    *plan = (bc_plan){.table = table, .max_blend = p.max_blend};
    add_steps(plan, kernels, &p);
    if (!is_for_matrix(plan))
        p.n_parts = 0;
    if (p.n_parts > 0)
        add_matrix_passes(plan, p.n_parts);
    bc_plan_cut(plan, &p);
    bc_plan_place_maps(plan);
    size_scratch(plan, kernels);
}
