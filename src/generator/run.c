/* One frame: layer by layer, or depth first through groups of layers. */
#include <string.h>

#include "base/clock.h"
#include "generator/task.h"

/* Adds up the slots of a variant's calls in order; the totals end in the first one. */
static bc_totals add_slots(const bc_step *step, double *sums, int n_calls)
{
    const size_t n = 2 * (size_t)step->n_out;
    for (size_t slot = 1; slot < (size_t)n_calls; slot++) {
        for (size_t i = 0; i < n; i++)
            sums[i] += sums[slot * n + i];
    }
    return (bc_totals){.sum = sums,
                       .square = sums + step->n_out,
                       .n_channels = step->n_channels,
                       .n_phases = step->n_phases,
                       .n = (double)step->width * step->height * step->n_phases};
}

/* Layers of a frame, each in one style or in none ------------------------------------------- */

/* A step's layer: of the session's net, or of the bank in a slot. */
typedef struct layer_use {
    const bc_weighted_layer *layer;
    const bc_weights *weights;
    const bc_affine *affine, *lanes;
    bc_statistics *running;
    const bc_map *map;
    double *sums;
    float share; /* of the blend: the last layer of a bank */
} layer_use;

static layer_use use_layer(bc_session *s, int index, int slot_index)
{
    bc_step *step = &s->plan.steps[index];
    double *sums = s->sums + step->slots_offset;
    if (step->bank_layer < 0)
        return (layer_use){.layer = step->layer,
                           .weights = &s->weights[index],
                           .affine = &s->affines[index],
                           .lanes = &s->lanes[index],
                           .running = &s->running[index],
                           .map = &step->map,
                           .sums = step->layer->scale ? sums : NULL,
                           .share = 1};
    bc_slot *slot = &s->slots[slot_index];
    const bc_bank *bank = &s->model->banks[slot->style];
    const bool is_last = step->bank_layer == bank->n_layers - 1;
    return (layer_use){.layer = &bank->layers[step->bank_layer],
                       .weights = &slot->layers[step->bank_layer],
                       .affine = &slot->affines[step->bank_layer],
                       .lanes = &slot->lanes[step->bank_layer],
                       .running = &slot->running[step->bank_layer],
                       .map = is_last ? &s->plan.responses[slot_index] : &step->map,
                       .sums = sums + (size_t)slot_index * bc_plan_slots(step),
                       .share = is_last ? slot->weight : 1};
}

static void normalise_stream(const layer_use *use, int n_channels)
{
    bc_normalise_stream(use->affine, use->running, n_channels, use->layer->scale, use->layer->shift,
                        (double)use->share);
}

/* The slot of the blend's next style after `style`, or -1. */
static int next_slot(const bc_session *s, int style)
{
    int next = -1;
    for (int i = 0; i < s->plan.max_blend; i++) {
        const bc_slot *slot = &s->slots[i];
        if (slot->weight > 0 && slot->style > style &&
            (next < 0 || slot->style < s->slots[next].style))
            next = i;
    }
    return next;
}

/*
 * The slots that a step runs in, -1 for none: in order of style, not of slots, since the blend's
 * rounding must not tell which styles were painted before. Returns their number.
 */
static int slots_of(const bc_session *s, int index, int slots[BC_MAX_BLEND])
{
    int n = 0;
    if (s->plan.steps[index].bank_layer < 0) {
        slots[n++] = -1;
        return n;
    }
    for (int i = next_slot(s, -1); i >= 0; i = next_slot(s, s->slots[i].style))
        slots[n++] = i;
    return n;
}

/* Cascades --------------------------------------------------------------------------------- */

static void add_input(bc_task *t, int from, int slot)
{
    bc_session *s = t->session;
    const layer_use use = use_layer(s, from, slot);
    t->from = &s->plan.steps[from];
    t->in_map = use.map;
    t->inputs[t->n_inputs++] = (bc_input){.map = s->maps + use.map->offset, .affine = *use.affine};
}

/* The maps that a step reads: of a blend's responses all. */
static void add_inputs(bc_task *t, int index, int slot)
{
    const bc_session *s = t->session;
    int slots[BC_MAX_BLEND], n = 0;
    if (index == 0)
        return;
    if (index == s->plan.first_decoder && s->plan.n_bank_layers > 0)
        n = slots_of(s, index - 1, slots);
    for (int i = 0; i < n; i++)
        add_input(t, index - 1, slots[i]);
    if (n == 0)
        add_input(t, index == s->plan.first_decoder ? s->plan.first_bank - 1 : index - 1, slot);
}

static void add_variant(bc_stage *stage, const layer_use *use)
{
    stage->variants[stage->n_variants++] =
        (bc_variant){.weights = use->weights,
                     .affine = *use->affine,
                     .lanes = *use->lanes,
                     .sums = use->sums,
                     .out = stage->task.session->maps + use->map->offset};
}

/* Adds a step to a cascade, in some slots. */
static void add_stage(bc_cascade *c, const bc_frame_views *frame, int index, const int slots[],
                      int n_slots)
{
    const bc_step *step = &c->session->plan.steps[index];
    bc_stage *stage = &c->stages[c->n_stages];
    *stage = (bc_stage){.task = {.session = c->session,
                                 .frame = frame,
                                 .step = step,
                                 .pass = bc_step_pass(step, c->group.is_matrix)}};
    if (c->n_stages++ == 0)
        add_inputs(&stage->task, index, slots[0]);
    for (int i = 0; i < n_slots; i++) {
        const layer_use use = use_layer(c->session, index, slots[i]);
        add_variant(stage, &use);
    }
    c->out_map = step->layer->scale ? &step->map : NULL;
}

/* Layer by layer --------------------------------------------------------------------------- */

static void start_stream(bc_session *s, const bc_step *step, const layer_use *use,
                         const bc_totals *totals)
{
    bc_statistics_start(use->running, totals);
    if (step == s->plan.steps)
        bc_statistics_start(&s->recent, totals);
}

/* The first layer, which comes first, tells the others how fast, or that the next frame begins. */
static void follow_stream(bc_session *s, const bc_step *step, const layer_use *use,
                          const bc_totals *totals)
{
    if (step == s->plan.steps) {
        s->rate = bc_statistics_rate(&s->recent, use->running, totals, s->interval);
        if (bc_statistics_are_far(use->running, totals))
            bc_session_restart(s);
    }
    bc_statistics_follow(use->running, totals, s->rate);
}

static void normalise(bc_session *s, const bc_step *step, const layer_use *use)
{
    const bc_totals totals = add_slots(step, use->sums, step->pass.n_calls);
    if (s->params.stats == BC_STATS_FRAME) {
        bc_normalise_frame(use->affine, &totals, use->layer->scale, use->layer->shift,
                           (double)use->share);
        return;
    }
    if (!use->running->is_known)
        start_stream(s, step, use, &totals);
    normalise_stream(use, step->n_channels);
    follow_stream(s, step, use, &totals);
}

/* One step, a bank's for one slot, and what it has left in its map for somebody who looks on. */
static void run_step(bc_session *s, const bc_frame_views *frame, int index, int slot,
                     const bc_watcher *watcher)
{
    const bc_step *step = &s->plan.steps[index];
    const int n_threads = bc_pool_threads(s->pool);
    const int64_t start = bc_clock_ns();
    bc_cascade c = {.session = s,
                    .group = {.height = step->height,
                              .rows = step->pass.rows,
                              .n_stripes = n_threads == 1
                                               ? 1
                                               : bc_clamp(4 * n_threads, 1, step->pass.n_calls)}};
    add_stage(&c, frame, index, &slot, 1);
    bc_cascade_run(&c);
    const layer_use use = use_layer(s, index, slot);
    if (use.sums)
        normalise(s, step, &use);
    s->time_ns[index] += bc_clock_ns() - start;
    if (use.sums && watcher)
        watcher->step(watcher->cookie, step, s->maps + use.map->offset, use.map, use.affine);
}

static void run_layers(bc_session *s, const bc_frame_views *frame, const bc_watcher *watcher)
{
    const bc_plan *plan = &s->plan;
    for (int i = 0; i < plan->first_bank; i++)
        run_step(s, frame, i, -1, watcher);
    for (int slot = 0; slot < plan->max_blend; slot++) {
        for (int i = plan->first_bank; i < plan->first_decoder && s->slots[slot].weight > 0; i++)
            run_step(s, frame, i, slot, watcher);
    }
    for (int i = plan->first_decoder; i < plan->n_steps; i++)
        run_step(s, frame, i, -1, watcher);
}

/* Depth first ------------------------------------------------------------------------------ */

static void run_group(bc_session *s, const bc_frame_views *frame, const bc_group *group)
{
    const int64_t start = bc_clock_ns();
    bc_cascade c = {.session = s, .group = *group};
    for (int i = group->first; i < group->end; i++) {
        int slots[BC_MAX_BLEND];
        const int n = slots_of(s, i, slots);
        if (n > 0)
            add_stage(&c, frame, i, slots, n);
    }
    for (int i = 0; i < c.n_stages; i++)
        s->busy_ns[i] = 0;
    if (c.n_stages > 0)
        bc_cascade_run(&c);
    s->time_ns[group->first] = bc_clock_ns() - start;
    for (int i = 0; i < c.n_stages && s->times_layers; i++)
        s->time_ns[c.stages[i].task.step - s->plan.steps] =
            s->busy_ns[i] / bc_pool_threads(s->pool);
}

/* Calls `visit` for all layers that normalise. */
static void visit_layers(bc_session *s, void (*visit)(bc_session *, const bc_step *, layer_use *))
{
    for (int i = 0; i < s->plan.n_steps - 1; i++) {
        int slots[BC_MAX_BLEND];
        const int n = slots_of(s, i, slots);
        for (int k = 0; k < n; k++) {
            layer_use use = use_layer(s, i, slots[k]);
            visit(s, &s->plan.steps[i], &use);
        }
    }
}

static bool uses_matrix(const bc_session *s)
{
    return s->plan.groups[0].is_matrix;
}

/* A layer's normalisation for each lane of the matrix units' outputs. */
static void spread_lanes(const layer_use *use, int n_channels)
{
    const bc_matrix *matrix = &use->weights->matrix;
    for (int i = 0; i < matrix->n_tiles * BC_MATRIX_LANES; i++) {
        const int channel = bc_matrix_output(matrix, i) % n_channels;
        use->lanes->scale[i] = use->affine->scale[channel];
        use->lanes->shift[i] = use->affine->shift[channel];
    }
}

static void prepare(bc_session *s, const bc_step *step, layer_use *use)
{
    normalise_stream(use, step->n_channels);
    if (uses_matrix(s))
        spread_lanes(use, step->n_channels);
}

static void follow(bc_session *s, const bc_step *step, layer_use *use)
{
    const int n_calls = bc_step_pass(step, uses_matrix(s))->n_calls;
    const bc_totals totals = add_slots(step, use->sums, n_calls);
    follow_stream(s, step, use, &totals);
}

static void run_groups(bc_session *s, const bc_frame_views *frame)
{
    visit_layers(s, prepare);
    for (int i = 0; i < s->plan.n_groups; i++)
        run_group(s, frame, &s->plan.groups[i]);
    visit_layers(s, follow);
}

/* Whether all layers' normalisation is known before the frame starts. */
static bool is_known(const bc_session *s)
{
    for (int i = 0; i < s->plan.n_steps - 1; i++) {
        int slots[BC_MAX_BLEND];
        const int n = slots_of(s, i, slots), layer = s->plan.steps[i].bank_layer;
        for (int k = 0; k < n; k++) {
            if (!(layer < 0 ? s->running[i] : s->slots[slots[k]].running[layer]).is_known)
                return false;
        }
    }
    return true;
}

/* Lets the statistics begin anew at a new scene, and go with the light of the present one. */
static void watch_scene(bc_session *s, const bc_image *source)
{
    const bc_weighted_layer *first = s->plan.steps[0].layer;
    if (bc_scene_begins(&s->scene, source)) {
        bc_session_forget(s);
        return;
    }
    bc_statistics_relight(&s->running[0], first, s->scene.shift);
    bc_statistics_relight(&s->recent, first, s->scene.shift);
}

void bc_session_run_frame(bc_session *session, const bc_frame_views *frame,
                          const bc_watcher *watcher)
{
    const bool is_stream = session->params.stats == BC_STATS_STREAM;
    memset(session->time_ns, 0, sizeof(session->time_ns));
    if (is_stream)
        watch_scene(session, frame->source);
    session->is_deep = session->params.precision != BC_PRECISION_EXACT && is_stream && !watcher &&
                       is_known(session);
    if (session->is_deep)
        run_groups(session, frame);
    else
        run_layers(session, frame, watcher);
}
