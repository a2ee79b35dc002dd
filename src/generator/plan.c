#include "generator/plan.h"

#include <assert.h>
#include <string.h>

#include "generator/arena.h"
#include "generator/cut.h"
#include "generator/method.h"

enum { MAP_UNIT = 32 };

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static void need(size_t *size, size_t wanted)
{
    if (wanted > *size)
        *size = wanted;
}

/* The first of `methods` that fits, or NULL. */
static const bc_method *find_method(const bc_method *const methods[], int n, const bc_step *step,
                                    const bc_kernels *kernels)
{
    for (int i = 0; i < n; i++) {
        if (methods[i]->fits(step, kernels))
            return methods[i];
    }
    return NULL;
}

/* Where a step's last outputs are kept; cut.h says how many rows. */
static bc_map shape_ring(const bc_step *step)
{
    const ptrdiff_t channel = bc_spread(step->width + 2 * BC_PAD);
    return (bc_map){.row_stride = channel * step->n_out, .channel_stride = channel};
}

static bc_pass shape_pass(bc_step *step, const bc_method *method, const bc_kernels *kernels)
{
    bc_pass pass = method->shape(step, kernels);
    pass.method = method;
    pass.n_calls = (step->height + pass.rows - 1) / pass.rows;
    pass.ring = shape_ring(step);
    return pass;
}

static void choose_pass(bc_step *step, const bc_kernels *kernels)
{
    static const bc_method *const methods[] = {&bc_method_winograd, &bc_method_direct,
                                               &bc_method_sum};
    step->pass = shape_pass(step, find_method(methods, 3, step, kernels), kernels);
}

static const bc_method *find_matrix(const bc_step *step, const bc_kernels *kernels)
{
    static const bc_method *const methods[] = {&bc_method_matrix, &bc_method_matrix_sum};
    return find_method(methods, 2, step, kernels);
}

/* Second passes, if the matrix units can run all steps; whether they can. */
static bool add_matrix_passes(bc_plan *plan, const bc_kernels *kernels, int n_parts)
{
    for (int i = 0; i < plan->n_steps; i++) {
        if (!find_matrix(&plan->steps[i], kernels))
            return false;
    }
    for (int i = 0; i < plan->n_steps; i++) {
        bc_step *step = &plan->steps[i];
        step->n_parts = n_parts;
        step->matrix = shape_pass(step, find_matrix(step, kernels), kernels);
    }
    bc_matrix_shape_rows(plan);
    return true;
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

static bool is_left_out(const bc_layer *layer, const bc_plan_params *params)
{
    return layer->kind == BC_LAYER_MIX || (params->is_plain && layer->is_each_styles);
}

/* The layer that makes what is found as the output of `layer`, or BC_FRAME. */
static int find_origin(const bc_plan *plan, const bc_plan_params *params, int layer)
{
    while (layer != BC_FRAME && is_left_out(&plan->table->layers[layer], params))
        layer = plan->table->layers[layer].inputs[0];
    return layer;
}

static bool is_canvas(const bc_layers *table, int layer)
{
    return layer != BC_FRAME && table->layers[layer].kind == BC_LAYER_CANVAS;
}

static bc_edge make_edge(const bc_plan *plan, int origin, bool is_mix)
{
    bc_edge edge = {.source = BC_SOURCE_PIXELS, .from = -1, .is_mix = is_mix};
    if (origin == BC_FRAME)
        return edge;
    if (is_canvas(plan->table, origin)) {
        edge.source = BC_SOURCE_CANVAS;
        return edge;
    }
    edge.from = 0;
    while (plan->steps[edge.from].index != origin)
        edge.from++;
    edge.source = plan->steps[edge.from].n_phases == 4 ? BC_SOURCE_PHASES : BC_SOURCE_MAP;
    return edge;
}

static bool is_folded(const bc_plan *plan, int layer)
{
    return layer != BC_FRAME && plan->is_folded[layer];
}

/*
 * Adds a layer's inputs to a step's. Of two at most one is a folded sum: what it adds up comes
 * first, so that the order of additions is the table's.
 */
static void add_inputs(const bc_plan *plan, const bc_plan_params *params, bc_step *step,
                       const bc_layer *layer)
{
    const int n = bc_layer_inputs(layer);
    const bool is_turned = n == 2 && is_folded(plan, layer->inputs[1]);
    for (int i = 0; i < n; i++) {
        const int input = layer->inputs[is_turned ? 1 - i : i];
        const int origin = find_origin(plan, params, input);
        if (is_folded(plan, input))
            add_inputs(plan, params, step, &plan->table->layers[input]);
        else
            step->inputs[step->n_inputs++] =
                make_edge(plan, origin, origin != input && !params->is_plain);
    }
}

/* The layer that reads another one, through no mix, if there is no more than one; or -1. */
static int find_reader(const bc_plan *plan, const bc_plan_params *params, int layer)
{
    int n = 0, found = -1;
    for (int i = layer + 1; i < plan->table->n; i++) {
        const bc_layer *it = &plan->table->layers[i];
        for (int k = 0; k < bc_layer_inputs(it) && !is_left_out(it, params); k++) {
            n += find_origin(plan, params, it->inputs[k]) == layer;
            found = it->inputs[k] == layer ? i : found;
        }
    }
    return n == 1 ? found : -1;
}

/*
 * Each sum takes in no more than one, since (a + b) + (c + d) is another number than a + b + c + d;
 * for the same reason none that adds a canvas, which comes first. The matrix units add two maps.
 */
static void fold_sums(bc_plan *plan, const bc_plan_params *params)
{
    const bc_layers *table = plan->table;
    const bc_layer *layers = table->layers;
    bool is_taken[BC_MAX_LAYERS] = {false};
    for (int i = table->n - 1; i >= 0 && params->n_parts == 0 && !params->keeps_sums; i--) {
        const int reader = layers[i].kind == BC_LAYER_ADD ? find_reader(plan, params, i) : -1;
        plan->is_folded[i] = reader >= 0 && layers[reader].kind == BC_LAYER_ADD &&
                             !is_taken[reader] && !is_canvas(table, layers[reader].inputs[0]) &&
                             !is_canvas(table, layers[reader].inputs[1]);
        if (plan->is_folded[i])
            is_taken[i] = is_taken[reader] = true;
    }
}

static void shape_conv(bc_step *step)
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
}

/* A sum's rows are those of its map, phases joined. */
static void shape_sum(bc_step *step)
{
    step->n_phases = step->stride = step->kernel = 1;
    step->n_out = step->n_channels;
    step->width = step->in_width;
    step->height = step->in_height;
}

static void add_step(bc_plan *plan, int index, const bc_kernels *kernels,
                     const bc_plan_params *params)
{
    const bc_layer *layer = &plan->table->layers[index];
    bc_step *step = &plan->steps[plan->n_steps];
    const int in_cell = layer->stride == BC_STRIDE_2      ? layer->cell / 2
                        : layer->stride == BC_STRIDE_HALF ? layer->cell * 2
                                                          : layer->cell;
    *step = (bc_step){.layer = layer,
                      .index = index,
                      .is_last = index == plan->table->n - 1,
                      .last_reader = plan->n_steps};
    memcpy(step->name, layer->name, sizeof(step->name));
    add_inputs(plan, params, step, layer);
    step->n_in = layer->n_in;
    step->n_channels = layer->n_out;
    step->in_width = bc_layers_extend(plan->table, params->width) / in_cell;
    step->in_height = bc_layers_extend(plan->table, params->height) / in_cell;
    if (layer->kind == BC_LAYER_CONV)
        shape_conv(step);
    else
        shape_sum(step);
    step->map = shape_map(step);
    choose_pass(step, kernels);
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
}

/* How a step is read; through a mix, every style has its own map. */
static void find_readers(bc_plan *plan)
{
    for (int i = 0; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            const bc_edge *edge = &plan->steps[i].inputs[k];
            if (edge->from < 0)
                continue;
            bc_step *from = &plan->steps[edge->from];
            from->last_reader = i;
            from->is_mixed = from->is_mixed || edge->is_mix;
            from->is_read_plain = from->is_read_plain || !edge->is_mix;
            from->map.n_copies = from->is_mixed ? plan->max_blend : 1;
        }
    }
}

static void add_steps(bc_plan *plan, const bc_kernels *kernels, const bc_plan_params *params)
{
    fold_sums(plan, params);
    for (int i = 0; i < plan->table->n; i++) {
        const bc_layer *layer = &plan->table->layers[i];
        const bool is_step = layer->kind == BC_LAYER_CONV || layer->kind == BC_LAYER_ADD;
        if (is_step && !is_left_out(layer, params) && !plan->is_folded[i])
            add_step(plan, i, kernels, params);
    }
    find_styles_steps(plan);
    find_readers(plan);
}

/* Questions ---------------------------------------------------------------------------------- */

bool bc_plan_keeps(const bc_plan *plan, const bc_group *group, int step)
{
    return step == plan->n_steps - 1 || plan->steps[step].last_reader >= group->end;
}

/* Memory that the threads and the statistics need. */
static void size_scratch(bc_plan *plan)
{
    const size_t max_blend = (size_t)plan->max_blend;
    for (int i = 0; i < plan->n_steps; i++) {
        bc_step *step = &plan->steps[i];
        need(&plan->load_floats, step->pass.load_floats);
        need(&plan->load_floats, step->matrix.load_floats);
        need(&plan->scratch_floats, step->pass.scratch_floats);
        need(&plan->scratch_floats, step->matrix.scratch_floats);
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
    if (p.n_parts > 0 && !add_matrix_passes(plan, kernels, p.n_parts))
        p.n_parts = 0;
    bc_plan_cut(plan, &p);
    bc_plan_place_maps(plan);
    size_scratch(plan);
}
