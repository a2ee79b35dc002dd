/* One frame: step after step, each cut into jobs for the pool. */
#include <string.h>

#include "base/clock.h"
#include "generator/task.h"

typedef struct thread_memory {
    float *ring, *loaded, *scratch, *rows, *emitted;
} thread_memory;

static thread_memory memory_of(const bc_session *s, int thread)
{
    float *ring = (float *)(void *)(s->threads + (size_t)thread * s->thread_bytes);
    float *loaded = ring + s->plan.ring_floats;
    float *scratch = loaded + s->plan.load_floats;
    float *rows = scratch + s->plan.scratch_floats;
    return (thread_memory){.ring = ring,
                           .loaded = loaded,
                           .scratch = scratch,
                           .rows = rows,
                           .emitted = rows + s->plan.row_floats};
}

/* One call of a kernel: n positions of n_rows rows of the grid from (x, y) on. */
typedef struct task_call {
    const bc_task *task;
    int x, y, n, n_rows;
    const float *rows[BC_MAX_ROWS]; /* its input rows */
    bc_ahead ahead;
    float *scratch;
} task_call;

static bc_sums sums_of(const bc_task *t, int column, int call)
{
    const size_t n_out = (size_t)t->step->n_out;
    const size_t slot = (size_t)column * (size_t)t->pass->n_calls + (size_t)call;
    double *sums = t->session->sums + slot * 2 * n_out;
    memset(sums, 0, 2 * n_out * sizeof(*sums));
    return (bc_sums){.sum = sums, .square = sums + n_out};
}

/* The pass's kernel on the input rows of a call. */
static void run_kernel(const task_call *call, const bc_map_rows *out, const bc_sums *sums)
{
    const bc_task *t = call->task;
    const bc_pass *pass = t->pass;
    const bc_kernels *kernels = &t->session->kernels;
    switch (pass->algorithm) {
    case BC_DIRECT:
        kernels->conv_row(&t->weights->direct, call->rows, out, call->n, sums, call->scratch);
        break;
    case BC_WINOGRAD:
        kernels->winograd_rows(&t->weights->winograd, call->rows, out, call->n, call->n_rows, sums,
                               &call->ahead, call->scratch);
        break;
    }
}

/* The rows that the next call will load, beyond those in the ring; of phases half as many. */
static bc_ahead rows_ahead(const bc_task *t, int x, int y, int n)
{
    const bc_pass *pass = t->pass;
    const int scale = t->step->source == BC_SOURCE_PHASES ? 2 : 1;
    const int next = (y - pass->above + pass->n_slots) / scale;
    const int n_rows = t->step->in_height / scale - next;
    if (t->step->source == BC_SOURCE_PIXELS || n_rows <= 0)
        return (bc_ahead){0};
    return (bc_ahead){.map = t->inputs[0].map + next * t->in_map->row_stride + x / scale,
                      .channel_stride = t->in_map->channel_stride,
                      .row_stride = t->in_map->row_stride,
                      .n_channels = t->step->n_in * scale * scale,
                      .n_rows = bc_clamp(n_rows, 1, pass->rows / scale),
                      .n = n / scale};
}

static task_call make_call(const bc_task *t, int column, int number, const thread_memory *memory)
{
    const bc_pass *pass = t->pass;
    const int x = column * pass->column_width, y = number * pass->rows;
    const int n = bc_clamp(t->step->width - x, 0, pass->column_width);
    task_call call = {.task = t,
                      .x = x,
                      .y = y,
                      .n = n,
                      .n_rows = bc_clamp(t->step->height - y, 1, pass->rows),
                      .ahead = rows_ahead(t, x, y, n),
                      .scratch = memory->scratch};
    for (int k = 0; k < pass->n_slots; k++)
        call.rows[k] = bc_ring_sample(t, memory->ring, y * t->step->stride - pass->above + k);
    return call;
}

static void call_to_map(const task_call *call, const bc_sums *sums)
{
    const bc_map *map = call->task->out_map;
    const bc_map_rows out = {.map = call->task->out + call->y * map->row_stride + call->x,
                             .channel_stride = map->channel_stride,
                             .row_stride = map->row_stride};
    run_kernel(call, &out, sums);
}

static void call_to_pixels(const task_call *call, const thread_memory *memory)
{
    const bc_task *t = call->task;
    const ptrdiff_t row = (ptrdiff_t)t->session->plan.row_floats / t->pass->rows;
    const bc_map_rows out = {
        .map = memory->rows, .channel_stride = row / t->step->n_out, .row_stride = row};
    run_kernel(call, &out, NULL);
    for (int i = 0; i < call->n_rows; i++)
        bc_emit_rows(t, memory->rows + i * row, out.channel_stride, call->x, call->n, call->y + i,
                     memory->emitted);
}

/* One call of the kernel, its input rows being in the ring. */
static void run_call(const bc_task *t, int column, int number, const thread_memory *memory)
{
    const task_call call = make_call(t, column, number, memory);
    if (t->out) {
        const bc_sums sums = sums_of(t, column, number);
        call_to_map(&call, &sums);
    } else {
        call_to_pixels(&call, memory);
    }
}

/* A job: some consecutive calls of a column. */
static void run_job(void *arg, int job, int thread)
{
    const bc_task *t = arg;
    const bc_pass *pass = t->pass;
    const thread_memory memory = memory_of(t->session, thread);
    const int column = job / t->n_chunks, chunk = job % t->n_chunks;
    const int first = (int)((int64_t)pass->n_calls * chunk / t->n_chunks);
    const int end = (int)((int64_t)pass->n_calls * (chunk + 1) / t->n_chunks);
    const int rows_a_call = pass->rows * t->step->stride;
    int next = first * rows_a_call - pass->above;
    for (int call = first; call < end; call++) {
        const int needed = call * rows_a_call - pass->above + pass->n_slots;
        for (; next < needed; next++)
            bc_load_row(t, column, next, memory.ring, memory.loaded);
        run_call(t, column, call, &memory);
    }
}

/* Adds up the slots in order; the totals end in the first one. */
static const double *add_slots(const bc_task *t)
{
    const size_t n = 2 * (size_t)t->step->n_out;
    const size_t n_slots = (size_t)t->pass->n_columns * (size_t)t->pass->n_calls;
    double *sums = t->session->sums;
    for (size_t slot = 1; slot < n_slots; slot++) {
        for (size_t i = 0; i < n; i++)
            sums[i] += sums[slot * n + i];
    }
    return sums;
}

/* Instance normalisation of the step's output, times a style's share. */
static void normalise(const bc_task *t, const bc_layer *layer, float share, const bc_affine *affine,
                      bc_statistics *running)
{
    const bc_step *step = t->step;
    const double *sums = add_slots(t);
    const bc_totals totals = {.sum = sums,
                              .square = sums + step->n_out,
                              .n_channels = step->n_channels,
                              .n_phases = step->n_phases,
                              .n = (double)step->width * step->height * step->n_phases};
    if (t->session->params.stats == BC_STATS_STREAM)
        bc_normalise_stream(affine, &totals, layer->scale, layer->shift, (double)share, running,
                            t->session->rate);
    else
        bc_normalise_frame(affine, &totals, layer->scale, layer->shift, (double)share);
}

static void run_task(bc_task *t)
{
    bc_session *s = t->session;
    const int n_threads = bc_pool_threads(s->pool);
    t->pass = &t->step->pass;
    t->n_chunks = n_threads == 1 ? 1 : bc_clamp(4 * n_threads, 1, t->pass->n_calls);
    bc_pool_run(s->pool, run_job, t, t->pass->n_columns * t->n_chunks);
}

static bc_task make_task(bc_session *s, const bc_frame_views *frame, int step)
{
    return (bc_task){.session = s, .frame = frame, .step = &s->plan.steps[step]};
}

/* Takes the output of an earlier step as an input. */
static void add_input(bc_task *t, int from, const bc_map *map, const bc_affine *affine)
{
    t->from = &t->session->plan.steps[from];
    t->in_map = map;
    t->inputs[t->n_inputs++] = (bc_input){.map = t->session->maps + map->offset, .affine = *affine};
}

static void set_output(bc_task *t, const bc_map *map)
{
    t->out_map = map;
    t->out = t->session->maps + map->offset;
}

/* Every step but the banks', whose input is the step before unless `t` has some already. */
static void run_step(bc_task *t, int index)
{
    bc_session *s = t->session;
    const bc_map *map = &s->plan.steps[index].map;
    t->weights = &s->weights[index];
    if (t->n_inputs == 0 && index > 0)
        add_input(t, index - 1, &s->plan.steps[index - 1].map, &s->affines[index - 1]);
    if (t->step->layer->scale)
        set_output(t, map);
    run_task(t);
    if (t->step->layer->scale)
        normalise(t, t->step->layer, 1, &s->affines[index], &s->running[index]);
    else
        bc_emit_end(t);
}

/* One layer of a style's bank; the last one makes the style's response. */
static void run_bank_layer(bc_session *s, const bc_frame_views *frame, int slot_index, int layer)
{
    bc_slot *slot = &s->slots[slot_index];
    const bc_bank *bank = &s->model->banks[slot->style];
    const bool is_last = layer == bank->n_layers - 1;
    const int index = s->plan.first_bank + layer;
    bc_task t = make_task(s, frame, index);
    t.weights = &slot->layers[layer];
    add_input(&t, index - 1, &s->plan.steps[index - 1].map, &s->affines[index - 1]);
    set_output(&t, is_last ? &s->plan.responses[slot_index] : &s->plan.steps[index].map);
    run_task(&t);
    normalise(&t, &bank->layers[layer], is_last ? slot->weight : 1,
              is_last ? &s->responses[slot_index] : &s->affines[index], &slot->running[layer]);
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
 * The first decoder layer's inputs: the responses of the blend, or the encoder's output. In order
 * of style, not of slots: the sum's rounding must not tell which styles were painted before.
 */
static void add_responses(bc_task *t)
{
    const bc_session *s = t->session;
    for (int i = next_slot(s, -1); i >= 0; i = next_slot(s, s->slots[i].style))
        add_input(t, s->plan.first_decoder - 1, &s->plan.responses[i], &s->responses[i]);
    if (t->n_inputs == 0)
        add_input(t, s->plan.first_bank - 1, &s->plan.steps[s->plan.first_bank - 1].map,
                  &s->affines[s->plan.first_bank - 1]);
}

/* Shows what a step has left in `map` to somebody who looks on. */
static void show(bc_session *s, int index, const bc_map *map, const bc_affine *affine,
                 const bc_watcher *watcher)
{
    if (watcher)
        watcher->step(watcher->cookie, &s->plan.steps[index], s->maps + map->offset, map, affine);
}

static void run_bank(bc_session *s, const bc_frame_views *frame, int slot,
                     const bc_watcher *watcher)
{
    const int n_layers = s->model->banks[s->slots[slot].style].n_layers;
    for (int layer = 0; layer < n_layers; layer++) {
        const int index = s->plan.first_bank + layer;
        const bool is_last = layer == n_layers - 1;
        const int64_t start = bc_clock_ns();
        run_bank_layer(s, frame, slot, layer);
        s->time_ns[index] += bc_clock_ns() - start;
        show(s, index, is_last ? &s->plan.responses[slot] : &s->plan.steps[index].map,
             is_last ? &s->responses[slot] : &s->affines[index], watcher);
    }
}

static void run_plain_step(bc_session *s, const bc_frame_views *frame, int index,
                           const bc_watcher *watcher)
{
    const int64_t start = bc_clock_ns();
    bc_task t = make_task(s, frame, index);
    if (index == s->plan.first_decoder)
        add_responses(&t);
    run_step(&t, index);
    s->time_ns[index] += bc_clock_ns() - start;
    if (t.out)
        show(s, index, &s->plan.steps[index].map, &s->affines[index], watcher);
}

void bc_session_run_frame(bc_session *session, const bc_frame_views *frame,
                          const bc_watcher *watcher)
{
    const bc_plan *plan = &session->plan;
    memset(session->time_ns, 0, sizeof(session->time_ns));
    if (session->params.stats == BC_STATS_STREAM && bc_scene_begins(&session->scene, frame->source))
        bc_session_forget(session);
    for (int i = 0; i < plan->first_bank; i++)
        run_plain_step(session, frame, i, watcher);
    for (int i = 0; i < plan->max_blend; i++) {
        if (session->slots[i].weight > 0)
            run_bank(session, frame, i, watcher);
    }
    for (int i = plan->first_decoder; i < plan->n_steps; i++)
        run_plain_step(session, frame, i, watcher);
}
