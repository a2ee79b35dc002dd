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

/* Layers, each in one style or in none ------------------------------------------------------- */

static bc_layer_state *state_of(bc_session *s, const bc_step *step, int slot)
{
    return bc_is_each_styles(step) ? &s->slots[slot].layers[step->index] : &s->layers[step->index];
}

static float *map_of(const bc_session *s, const bc_step *step, int slot)
{
    const bool has_own = bc_is_each_styles(step) && step->map.n_copies > 1;
    return s->maps + step->map.offset + (has_own ? (size_t)slot * step->map.size : 0);
}

static double *sums_of(const bc_session *s, const bc_step *step, int slot)
{
    if (!step->layer->norm)
        return NULL;
    const size_t before = bc_is_each_styles(step) ? (size_t)slot * bc_plan_slots(step) : 0;
    return s->sums + step->slots_offset + before;
}

/* What is read through a mix has its style's share. */
static void set_mixed(bc_session *s, const bc_step *step, int slot)
{
    if (!bc_is_each_styles(step))
        return;
    const bc_layer_state *state = state_of(s, step, slot);
    const float share = s->slots[slot].weight;
    for (int c = 0; c < step->n_channels; c++) {
        state->mixed.scale[c] = share * state->affine.scale[c];
        state->mixed.shift[c] = share * state->affine.shift[c];
    }
}

/* The slots that a step runs in, -1 for none, in order of style, not of slots, since the blend's
 * rounding must not tell which styles were painted before. Returns their number. */
static int slots_of(const bc_session *s, const bc_step *step, int slots[BC_MAX_BLEND])
{
    if (bc_is_each_styles(step))
        return bc_session_slots(s, slots);
    slots[0] = -1;
    return 1;
}

/* Inputs ------------------------------------------------------------------------------------- */

static void add_map(bc_task *t, const bc_edge *edge, const bc_step *from, int slot)
{
    bc_session *s = t->session;
    const bc_layer_state *state = state_of(s, from, slot);
    t->inputs[t->n_inputs++] = (bc_input){.source = edge->source,
                                          .from = from,
                                          .map = &from->map,
                                          .data = map_of(s, from, slot),
                                          .affine = edge->is_mix ? state->mixed : state->affine,
                                          .least = from->layer->relu ? 0 : BC_NO_RELU};
}

/* What a step reads: through a mix the maps of all styles. */
static void add_inputs(bc_task *t, const bc_plan *plan, int slot)
{
    for (int i = 0; i < t->step->n_inputs; i++) {
        const bc_edge *edge = &t->step->inputs[i];
        if (edge->from < 0) {
            t->inputs[t->n_inputs++] = (bc_input){.source = edge->source};
            continue;
        }
        const bc_step *from = &plan->steps[edge->from];
        int slots[BC_MAX_BLEND] = {slot};
        const int n = edge->is_mix ? bc_session_slots(t->session, slots) : 1;
        for (int k = 0; k < n; k++)
            add_map(t, edge, from, slots[k]);
    }
}

/* Cascades ----------------------------------------------------------------------------------- */

static void add_variant(bc_stage *stage, int slot)
{
    bc_session *s = stage->task.session;
    const bc_step *step = stage->task.step;
    const bc_layer_state *state = state_of(s, step, slot);
    stage->variants[stage->n_variants++] = (bc_variant){.weights = &state->weights,
                                                        .affine = state->affine,
                                                        .lanes = state->lanes,
                                                        .sums = sums_of(s, step, slot),
                                                        .out = map_of(s, step, slot)};
}

/* Adds a step to a cascade, in some slots. */
static void add_stage(bc_cascade *c, const bc_plan *plan, const bc_frame_views *frame, int index,
                      const int slots[], int n_slots)
{
    const bc_step *step = &plan->steps[index];
    bc_stage *stage = &c->stages[c->n_stages];
    *stage = (bc_stage){.task = {.session = c->session,
                                 .frame = frame,
                                 .step = step,
                                 .pass = bc_step_pass(step, c->group.is_matrix)}};
    if (c->n_stages++ == 0)
        add_inputs(&stage->task, plan, slots[0]);
    for (int i = 0; i < n_slots; i++)
        add_variant(stage, slots[i]);
    c->out_map = step->is_last ? NULL : &step->map;
}

/* Layer by layer --------------------------------------------------------------------------- */

/* The first layer of the frame's own: its statistics tell how much the frame differs. */
static const bc_step *first_norm(const bc_session *s)
{
    const bc_plan *plan = bc_session_plan(s);
    const bc_step *step = &plan->steps[0];
    const bool is_of_frame =
        step->layer->norm && !bc_is_each_styles(step) && step->inputs[0].source == BC_SOURCE_PIXELS;
    return is_of_frame ? step : NULL;
}

static void start_stream(bc_session *s, const bc_step *step, bc_layer_state *state,
                         const bc_totals *totals)
{
    bc_statistics_start(&state->running, totals);
    if (step == first_norm(s))
        bc_statistics_start(&s->recent, totals);
}

/* The first layer, which comes first, tells the others how fast, or that the next frame begins. */
static void follow_stream(bc_session *s, const bc_step *step, bc_layer_state *state,
                          const bc_totals *totals)
{
    if (step == first_norm(s)) {
        s->rate = bc_statistics_rate(&s->recent, &state->running, totals, s->interval);
        if (bc_statistics_are_far(&state->running, totals))
            bc_session_restart(s);
    }
    bc_statistics_follow(&state->running, totals, s->rate);
}

static void normalise_stream(const bc_layer_state *state, const bc_step *step)
{
    bc_normalise_stream(&state->affine, &state->running, step->n_channels, state->scale,
                        state->shift);
}

static void normalise(bc_session *s, const bc_step *step, int slot)
{
    bc_layer_state *state = state_of(s, step, slot);
    const bc_totals totals = add_slots(step, sums_of(s, step, slot), step->pass.n_calls);
    if (s->params.stats == BC_STATS_FRAME) {
        bc_normalise_frame(&state->affine, &totals, state->scale, state->shift);
        return;
    }
    if (!state->running.is_known)
        start_stream(s, step, state, &totals);
    normalise_stream(state, step);
    follow_stream(s, step, state, &totals);
}

static void run_conv(bc_session *s, const bc_plan *plan, const bc_frame_views *frame, int index,
                     int slot)
{
    const bc_step *step = &plan->steps[index];
    const int n_threads = bc_pool_threads(s->pool);
    bc_cascade c = {.session = s,
                    .group = {.height = step->height,
                              .rows = step->pass.rows,
                              .n_stripes = n_threads == 1
                                               ? 1
                                               : bc_clamp(4 * n_threads, 1, step->pass.n_calls)}};
    add_stage(&c, plan, frame, index, &slot, 1);
    bc_cascade_run(&c);
    if (step->layer->norm)
        normalise(s, step, slot);
}

static void run_sum(bc_session *s, const bc_plan *plan, const bc_frame_views *frame,
                    const bc_step *step, int slot)
{
    bc_task task = {.session = s, .frame = frame, .step = step, .pass = &step->pass};
    add_inputs(&task, plan, slot);
    bc_sum_run(&task, map_of(s, step, slot));
}

/* One step, in one style or in none, and what it has left in its map for somebody who looks on. */
static void run_step(bc_session *s, const bc_plan *plan, const bc_frame_views *frame, int index,
                     int slot, const bc_watcher *watcher)
{
    const bc_step *step = &plan->steps[index];
    const int64_t start = bc_clock_ns();
    if (step->layer->kind == BC_LAYER_CONV)
        run_conv(s, plan, frame, index, slot);
    else
        run_sum(s, plan, frame, step, slot);
    set_mixed(s, step, slot);
    s->time_ns[index] += bc_clock_ns() - start;
    if (!step->is_last && watcher)
        watcher->step(watcher->cookie, step, map_of(s, step, slot), state_of(s, step, slot));
}

/* All steps in order; those that every style runs for itself style after style. */
static void run_layers(bc_session *s, const bc_plan *plan, const bc_frame_views *frame,
                       const bc_watcher *watcher)
{
    int end;
    for (int first = 0; first < plan->n_steps; first = end) {
        const bc_step *step = &plan->steps[first];
        int slots[BC_MAX_BLEND];
        const int n = slots_of(s, step, slots);
        end = bc_is_each_styles(step) ? step->end_of_styles : first + 1;
        for (int k = 0; k < n; k++) {
            for (int i = first; i < end; i++)
                run_step(s, plan, frame, i, slots[k], watcher);
        }
    }
}

/* Depth first -------------------------------------------------------------------------------- */

/* The next stage reads this one through a mix. */
static void mix_stage(bc_stage *stage, const int slots[])
{
    bc_session *s = stage->task.session;
    for (int v = 0; v < stage->n_variants; v++)
        stage->variants[v].affine = state_of(s, stage->task.step, slots[v])->mixed;
}

/* Runs a group of convolutions in some slots, if any of its steps runs for each style. */
static void run_chain(bc_session *s, const bc_plan *plan, const bc_frame_views *frame,
                      const bc_group *group, const int slots[], int n_slots)
{
    static const int none[] = {-1};
    const int64_t start = bc_clock_ns();
    bc_cascade c = {.session = s, .group = *group};
    for (int i = group->first; i < group->end; i++) {
        const bool is_each = bc_is_each_styles(&plan->steps[i]);
        add_stage(&c, plan, frame, i, is_each ? slots : none, is_each ? n_slots : 1);
    }
    for (int i = 0; i < c.n_stages; i++) {
        s->busy_ns[i] = 0;
        if (i > 0 && c.stages[i].task.step->inputs[0].is_mix)
            mix_stage(&c.stages[i - 1], slots);
    }
    bc_cascade_run(&c);
    s->time_ns[group->first] += bc_clock_ns() - start;
    for (int i = 0; i < c.n_stages && s->times_layers; i++)
        s->time_ns[group->first + i] = s->busy_ns[i] / bc_pool_threads(s->pool);
}

static void run_group(bc_session *s, const bc_plan *plan, const bc_frame_views *frame,
                      const bc_group *group, const int slots[], int n_slots)
{
    const bc_step *step = &plan->steps[group->first];
    const int64_t start = bc_clock_ns();
    if (step->layer->kind == BC_LAYER_CONV) {
        run_chain(s, plan, frame, group, slots, n_slots);
        return;
    }
    run_sum(s, plan, frame, step, slots[0]);
    s->time_ns[group->first] += bc_clock_ns() - start;
}

/* Groups between which every style's maps lie run style after style. */
static void run_all_groups(bc_session *s, const bc_plan *plan, const bc_frame_views *frame)
{
    int slots[BC_MAX_BLEND] = {-1}, end;
    const int n_slots = bc_session_slots(s, slots);
    for (int first = 0; first < plan->n_groups; first = end) {
        const bc_step *step = &plan->steps[plan->groups[first].first];
        end = first + 1;
        if (!bc_is_each_styles(step) || plan->groups[first].end >= step->end_of_styles) {
            run_group(s, plan, frame, &plan->groups[first], slots, n_slots);
            continue;
        }
        while (end < plan->n_groups && plan->groups[end].first < step->end_of_styles)
            end++;
        for (int k = 0; k < n_slots; k++) {
            for (int i = first; i < end; i++)
                run_group(s, plan, frame, &plan->groups[i], &slots[k], 1);
        }
    }
}

/* Calls `visit` for all layers, in each style. */
static void visit_layers(bc_session *s, const bc_plan *plan,
                         void (*visit)(bc_session *, const bc_plan *, const bc_step *, int slot))
{
    for (int i = 0; i < plan->n_steps - 1; i++) {
        int slots[BC_MAX_BLEND];
        const int n = slots_of(s, &plan->steps[i], slots);
        for (int k = 0; k < n; k++)
            visit(s, plan, &plan->steps[i], slots[k]);
    }
}

/* A layer's normalisation for each lane of the matrix units' outputs. */
static void spread_lanes(const bc_layer_state *state, int n_channels, bool is_mixed)
{
    const bc_matrix *matrix = &state->weights.matrix;
    const bc_affine *affine = is_mixed ? &state->mixed : &state->affine;
    for (int i = 0; i < matrix->n_tiles * BC_MATRIX_LANES; i++) {
        const int channel = bc_matrix_output(matrix, i) % n_channels;
        state->lanes.scale[i] = affine->scale[channel];
        state->lanes.shift[i] = affine->shift[channel];
    }
}

static void prepare(bc_session *s, const bc_plan *plan, const bc_step *step, int slot)
{
    const bc_layer_state *state = state_of(s, step, slot);
    if (step->layer->norm)
        normalise_stream(state, step);
    set_mixed(s, step, slot);
    if (plan->groups[0].is_matrix)
        spread_lanes(state, step->n_channels, step[1].inputs[0].is_mix);
}

static void follow(bc_session *s, const bc_plan *plan, const bc_step *step, int slot)
{
    if (!step->layer->norm)
        return;
    const int n_calls = bc_step_pass(step, plan->groups[0].is_matrix)->n_calls;
    const bc_totals totals = add_slots(step, sums_of(s, step, slot), n_calls);
    follow_stream(s, step, state_of(s, step, slot), &totals);
}

static void run_groups(bc_session *s, const bc_plan *plan, const bc_frame_views *frame)
{
    visit_layers(s, plan, prepare);
    run_all_groups(s, plan, frame);
    visit_layers(s, plan, follow);
}

/* Whether all layers' normalisation is known before the frame starts. */
static bool is_known(bc_session *s, const bc_plan *plan)
{
    for (int i = 0; i < plan->n_steps - 1; i++) {
        int slots[BC_MAX_BLEND];
        const bc_step *step = &plan->steps[i];
        const int n = slots_of(s, step, slots);
        for (int k = 0; k < n; k++) {
            if (step->layer->norm && !state_of(s, step, slots[k])->running.is_known)
                return false;
        }
    }
    return true;
}

/*
 * Lets the statistics begin anew at a new scene, and go with the light of the present one. A net
 * whose first layer has none takes each frame's own.
 */
static void watch_scene(bc_session *s, const bc_image *source)
{
    const bc_step *first = first_norm(s);
    s->rate = 1;
    if (bc_scene_begins(&s->scene, source)) {
        bc_session_forget(s);
        return;
    }
    if (!first)
        return;
    const float *weight = s->model->net.tensors[first->index].weight;
    bc_layer_state *state = &s->layers[first->index];
    bc_statistics_relight(&state->running, first->layer, weight, s->scene.shift);
    bc_statistics_relight(&s->recent, first->layer, weight, s->scene.shift);
}

void bc_session_run_frame(bc_session *session, const bc_frame_views *frame,
                          const bc_watcher *watcher)
{
    const bc_plan *plan = bc_session_plan(session);
    const bool is_stream = session->params.stats == BC_STATS_STREAM;
    memset(session->time_ns, 0, sizeof(session->time_ns));
    if (is_stream)
        watch_scene(session, frame->source);
    session->is_deep = session->params.precision != BC_PRECISION_EXACT && is_stream && !watcher &&
                       is_known(session, plan);
    if (session->is_deep)
        run_groups(session, plan, frame);
    else
        run_layers(session, plan, frame, watcher);
}
