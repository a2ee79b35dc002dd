/* One frame: layer by layer, or depth first through groups of layers. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "generator/method.h"

static const double settling_seconds = 0.08; /* a fade's statistics are so far behind it */
static const double settled = 1e-3;          /* of the shares: nothing that one sees */

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

/* What is read through a mix has its style's share. */
static void set_mixed(bc_session *s, const bc_step *step, int slot)
{
    if (!bc_is_each_styles(step))
        return;
    const bc_layer_state *state = bc_session_layer(s, step, slot);
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
    const bool settles = s->reads_blend[step->index] && s->settling_rate > s->rate;
    bc_statistics_follow(&state->running, totals, settles ? s->settling_rate : s->rate);
}

static void normalise_stream(const bc_layer_state *state, const bc_step *step)
{
    bc_normalise_stream(&state->affine, &state->running, step->n_channels, state->scale,
                        state->shift);
}

static void normalise(bc_session *s, const bc_step *step, int slot)
{
    bc_layer_state *state = bc_session_layer(s, step, slot);
    const bc_totals totals = add_slots(step, bc_session_sums(s, step, slot), step->pass.n_calls);
    if (s->params.stats == BC_STATS_FRAME) {
        bc_normalise_frame(&state->affine, &totals, state->scale, state->shift);
        return;
    }
    if (!state->running.is_known)
        start_stream(s, step, state, &totals);
    normalise_stream(state, step);
    follow_stream(s, step, state, &totals);
}

/* Of the thread that makes most, if stripes are of one size. */
static int count_longest(int n_calls, int n_stripes, int n_threads)
{
    return (n_stripes + n_threads - 1) / n_threads * ((n_calls + n_stripes - 1) / n_stripes);
}

/* Three to four for each thread, so that all end at the same time. */
static int count_stripes(int n_calls, int n_threads)
{
    int best = n_threads == 1 ? 1 : bc_clamp(4 * n_threads, 1, n_calls);
    for (int n = best - 1; n >= 3 * n_threads; n--)
        if (count_longest(n_calls, n, n_threads) < count_longest(n_calls, best, n_threads))
            best = n;
    return best;
}

/* A group of one step, which reads maps, and what is made again for it. */
static bc_group alone(const bc_session *s, const bc_step *step, int index)
{
    return (bc_group){.first = index > 0 && step[-1].is_remade ? index - 1 : index,
                      .end = index + 1,
                      .height = step->height,
                      .rows = step->pass.rows,
                      .n_styles = 1,
                      .n_stripes = count_stripes(step->pass.n_calls, bc_pool_threads(s->pool))};
}

/* One step, in one style or in none, and what it has left in its map for somebody who looks on. */
static void run_step(bc_session *s, const bc_plan *plan, const bc_frame_views *frame, int index,
                     int slot, const bc_watcher *watcher)
{
    const bc_step *step = &plan->steps[index];
    const int64_t start = bc_clock_ns();
    bc_group_work work = {
        .session = s, .plan = plan, .frame = frame, .group = alone(s, step, index), .n_slots = 1};
    work.slots[0] = slot;
    bc_group_work_run(&work);
    if (step->layer->norm)
        normalise(s, step, slot);
    set_mixed(s, step, slot);
    s->time_ns[index] += bc_clock_ns() - start;
    if (!step->is_last && watcher)
        watcher->step(watcher->cookie, step, bc_session_map(s, step, slot),
                      bc_session_layer(s, step, slot));
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

/* Runs a group of steps in some slots, if any of them runs for each style. */
static void run_group(bc_session *s, const bc_plan *plan, const bc_frame_views *frame,
                      const bc_group *group, const int slots[], int n_slots)
{
    const int64_t start = bc_clock_ns();
    bc_group_work work = {
        .session = s, .plan = plan, .frame = frame, .group = *group, .n_slots = n_slots};
    memcpy(work.slots, slots, (size_t)n_slots * sizeof(*slots));
    for (int i = group->first; i < group->end; i++)
        s->busy_ns[i] = 0;
    bc_group_work_run(&work);
    s->time_ns[group->first] += bc_clock_ns() - start;
    for (int i = group->first; i < group->end && s->times_layers; i++)
        s->time_ns[i] = s->busy_ns[i] / bc_pool_threads(s->pool);
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

static void prepare(bc_session *s, const bc_plan *plan, const bc_step *step, int slot)
{
    const bc_layer_state *state = bc_session_layer(s, step, slot);
    if (step->layer->norm)
        normalise_stream(state, step);
    set_mixed(s, step, slot);
    if (plan->groups[0].is_matrix && step->matrix.method->normalise)
        step->matrix.method->normalise(step, state);
}

static void follow(bc_session *s, const bc_plan *plan, const bc_step *step, int slot)
{
    if (!step->layer->norm)
        return;
    const int n_calls = bc_step_pass(step, plan->groups[0].is_matrix)->n_calls;
    const bc_totals totals = add_slots(step, bc_session_sums(s, step, slot), n_calls);
    follow_stream(s, step, bc_session_layer(s, step, slot), &totals);
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
            if (step->layer->norm && !bc_session_layer(s, step, slots[k])->running.is_known)
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
    const bool begins = s->is_scene_told ? s->begins_scene : bc_scene_begins(&s->scene, source);
    s->is_scene_told = false;
    if (begins) {
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

/* What the blend has changed by in small steps is followed fast. */
static void settle(bc_session *s)
{
    s->settling_rate = s->unsettled > settled ? -expm1(-s->interval / settling_seconds) : 0;
    s->unsettled *= 1 - s->settling_rate;
}

void bc_session_run_frame(bc_session *session, const bc_frame_views *frame,
                          const bc_watcher *watcher)
{
    const bc_plan *plan = bc_session_plan(session);
    const bool is_stream = session->params.stats == BC_STATS_STREAM;
    memset(session->time_ns, 0, sizeof(session->time_ns));
    if (is_stream) {
        watch_scene(session, frame->source);
        settle(session);
    }
    session->is_deep = session->params.precision != BC_PRECISION_EXACT && is_stream && !watcher &&
                       is_known(session, plan);
    if (session->is_deep)
        run_groups(session, plan, frame);
    else
        run_layers(session, plan, frame, watcher);
}
