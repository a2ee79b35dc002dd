/* Steps that run together, cut into stripes for the pool. */
#include <string.h>

#include "generator/task.h"

typedef struct thread_memory {
    float *rings, *loaded, *scratch, *emitted;
    float *rows; /* of a call: one block of the plan's row_floats for each style */
} thread_memory;

static thread_memory memory_of(const bc_session *s, int thread)
{
    float *rings = (float *)(void *)(s->threads + (size_t)thread * s->thread_bytes);
    float *loaded = rings + s->plan.ring_floats;
    float *scratch = loaded + s->plan.load_floats;
    float *emitted = scratch + s->plan.scratch_floats;
    return (thread_memory){.rings = rings,
                           .loaded = loaded,
                           .scratch = scratch,
                           .emitted = emitted,
                           .rows = emitted + s->plan.emit_floats};
}

/* A stage on its way down a stripe. */
typedef struct line {
    int next_call;
    int own_calls[2];        /* first and end of those that are the stripe's own */
    int first_row, next_row; /* of its input in the ring: the first needed, the next to come */
} line;

typedef struct stripe {
    const bc_cascade *cascade;
    thread_memory memory;
    line lines[BC_MAX_STEPS];
} stripe;

/* Calls -------------------------------------------------------------------------------------- */

/* One call of a kernel. */
typedef struct call {
    const bc_task *task;
    int number, y, n_rows;
    const float *rows[BC_MAX_ROWS]; /* its input rows */
    bc_ahead ahead;
    float *scratch;
} call;

/* The pass's kernel on the input rows of a call. */
static void run_kernel(const call *c, const bc_weights *weights, const bc_map_rows *out,
                       const bc_sums *sums)
{
    const bc_step *step = c->task->step;
    const bc_kernels *kernels = &c->task->session->kernels;
    switch (step->pass.algorithm) {
    case BC_DIRECT:
        kernels->conv_row(&weights->direct, c->rows, out, step->width, sums, c->scratch);
        break;
    case BC_WINOGRAD:
        kernels->winograd_rows(&weights->winograd, c->rows, out, step->width, c->n_rows, sums,
                               &c->ahead, c->scratch);
        break;
    }
}

/*
 * The rows of a map that the next call will load, beyond those in the ring; of phases half as many.
 */
static bc_ahead rows_ahead(const bc_task *t, int y)
{
    const bc_pass *pass = t->pass;
    const int scale = t->step->source == BC_SOURCE_PHASES ? 2 : 1;
    const int next = (y - pass->above + pass->n_slots) / scale;
    const int n_rows = t->step->in_height / scale - next;
    if (!t->in_map || n_rows <= 0)
        return (bc_ahead){0};
    return (bc_ahead){.map = t->inputs[0].map + next * t->in_map->row_stride,
                      .channel_stride = t->in_map->channel_stride,
                      .row_stride = t->in_map->row_stride,
                      .n_channels = t->step->n_in * scale * scale,
                      .n_rows = bc_clamp(n_rows, 1, pass->rows / scale),
                      .n = t->step->width / scale};
}

/* Behind a bank's first layer every style has a ring of its own. */
static float *ring_of(const stripe *s, int stage, int variant)
{
    const bc_step *step = s->cascade->stages[stage].task.step;
    const bc_pass *pass = &step->pass;
    const size_t ring = stage > 0 && step->bank_layer > 0 ? (size_t)variant : 0;
    return s->memory.rings + pass->ring_offset + ring * (size_t)pass->n_ring * pass->ring_row;
}

static call make_call(const stripe *s, int stage, int variant)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    const bc_pass *pass = t->pass;
    const int number = s->lines[stage].next_call, y = number * pass->rows;
    float *ring = ring_of(s, stage, variant);
    call c = {.task = t,
              .number = number,
              .y = y,
              .n_rows = bc_clamp(t->step->height - y, 1, pass->rows),
              .ahead = rows_ahead(t, y),
              .scratch = s->memory.scratch};
    for (int k = 0; k < pass->n_slots; k++)
        c.rows[k] = bc_ring_sample(pass, ring, y * t->step->stride - pass->above + k);
    return c;
}

/* The sums of a call go to its slot, if it is the stripe's own. */
static void run_call(const stripe *s, int stage, int variant, const bc_map_rows *out)
{
    const call c = make_call(s, stage, variant);
    const line *l = &s->lines[stage];
    const bc_variant *v = &s->cascade->stages[stage].variants[variant];
    const size_t n_out = (size_t)c.task->step->n_out;
    if (!v->sums || c.number < l->own_calls[0] || c.number >= l->own_calls[1]) {
        run_kernel(&c, v->weights, out, NULL);
        return;
    }
    double *sums = v->sums + (size_t)c.number * 2 * n_out;
    memset(sums, 0, 2 * n_out * sizeof(*sums));
    run_kernel(&c, v->weights, out, &(bc_sums){.sum = sums, .square = sums + n_out});
}

/* Where a call's rows go --------------------------------------------------------------------- */

static void call_to_map(const stripe *s, int stage, int variant)
{
    const bc_map *map = s->cascade->out_map;
    const int y = s->lines[stage].next_call * s->cascade->stages[stage].task.pass->rows;
    const bc_map_rows out = {.map = s->cascade->stages[stage].variants[variant].out +
                                    y * map->row_stride,
                             .channel_stride = map->channel_stride,
                             .row_stride = map->row_stride};
    run_call(s, stage, variant, &out);
}

/* Rows that go no further than to the thread's memory: a map of one call. */
static bc_map passing_map(const stripe *s, int stage)
{
    const bc_step *step = s->cascade->stages[stage].task.step;
    const ptrdiff_t row = (ptrdiff_t)s->cascade->session->plan.row_floats / step->pass.rows;
    return (bc_map){.row_stride = row,
                    .channel_stride = row / step->n_out,
                    .y = s->lines[stage].next_call * step->pass.rows};
}

/* Returns the rows. */
static const float *call_to_memory(const stripe *s, int stage, int variant, const bc_map *map)
{
    float *rows = s->memory.rows + (size_t)variant * s->cascade->session->plan.row_floats;
    const bc_map_rows out = {
        .map = rows, .channel_stride = map->channel_stride, .row_stride = map->row_stride};
    run_call(s, stage, variant, &out);
    return rows;
}

static void call_to_pixels(const stripe *s, int stage)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    const bc_map map = passing_map(s, stage);
    const float *rows = call_to_memory(s, stage, 0, &map);
    const int n_rows = bc_clamp(t->step->height - map.y, 1, t->pass->rows);
    for (int i = 0; i < n_rows; i++)
        bc_emit_rows(t, rows + i * map.row_stride, map.channel_stride, map.y + i,
                     s->memory.emitted);
}

/* Loads a call's rows, the task's inputs, into a ring of the next stage. */
static void load_rows(const stripe *s, bc_task *t, int stage, int variant)
{
    const bc_step *from = t->from;
    const int scale = from->n_phases == 4 ? 2 : 1, y = t->in_map->y;
    const int end = scale * bc_clamp(y + from->pass.rows, 0, from->height);
    const int first = scale * y > s->lines[stage].first_row ? scale * y : s->lines[stage].first_row;
    for (int row = first; row < end; row++)
        bc_load_row(t, row, ring_of(s, stage, variant), s->memory.loaded);
}

/* A call's rows go to the next stage: all styles into one ring, or each into its own. */
static void call_to_rings(const stripe *s, int stage)
{
    const bc_stage *from = &s->cascade->stages[stage], *to = from + 1;
    const bc_map map = passing_map(s, stage);
    bc_task t = to->task;
    t.from = from->task.step;
    t.in_map = &map;
    for (int v = 0; v < from->n_variants; v++) {
        const bool adds = to->n_variants < from->n_variants;
        t.n_inputs = adds ? v : 0;
        t.inputs[t.n_inputs++] = (bc_input){.map = call_to_memory(s, stage, v, &map),
                                            .affine = from->variants[v].affine};
        if (!adds || v == from->n_variants - 1)
            load_rows(s, &t, stage + 1, v);
    }
}

/* Rolling ------------------------------------------------------------------------------------ */

static void advance(stripe *s, int stage);

/* Repeats row `from` of a stage's input. */
static void copy_row(const stripe *s, int stage, int to, int from)
{
    const bc_stage *t = &s->cascade->stages[stage];
    const bc_pass *pass = t->task.pass;
    for (int v = 0; v < t->n_variants; v++) {
        float *ring = ring_of(s, stage, v);
        const float *row = bc_ring_sample(pass, ring, from) - BC_PAD;
        memcpy(bc_ring_sample(pass, ring, to) - BC_PAD, row, pass->ring_row * sizeof(*row));
    }
}

/* Makes a stage's input rows below `end` available. */
static void fill_ring(stripe *s, int stage, int end)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    line *l = &s->lines[stage];
    for (; stage == 0 && l->next_row < end; l->next_row++)
        bc_load_row(t, l->next_row, ring_of(s, 0, 0), s->memory.loaded);
    while (l->next_row < bc_clamp(end, 0, t->step->in_height))
        advance(s, stage - 1);
    for (; l->next_row < end; l->next_row++)
        copy_row(s, stage, l->next_row, t->step->in_height - 1);
}

/* A stage has got input rows up to `end`: the first one is repeated above the picture. */
static void take_rows(stripe *s, int stage, int end)
{
    line *l = &s->lines[stage];
    for (; l->next_row < 0; l->next_row++)
        copy_row(s, stage, l->next_row, 0);
    if (end > l->next_row)
        l->next_row = end;
}

/* The next call of a stage, in all its variants. */
static void advance(stripe *s, int stage)
{
    const bc_stage *t = &s->cascade->stages[stage];
    const bc_step *step = t->task.step;
    const bc_pass *pass = t->task.pass;
    line *l = &s->lines[stage];
    const int y = l->next_call * pass->rows;
    fill_ring(s, stage, y * step->stride - pass->above + pass->n_slots);
    if (stage < s->cascade->n_stages - 1) {
        call_to_rings(s, stage);
        take_rows(s, stage + 1,
                  bc_clamp(y + pass->rows, 0, step->height) * (step->n_phases == 4 ? 2 : 1));
    } else if (s->cascade->out_map) {
        for (int v = 0; v < t->n_variants; v++)
            call_to_map(s, stage, v);
    } else {
        call_to_pixels(s, stage);
    }
    l->next_call++;
}

/* Stripes ------------------------------------------------------------------------------------ */

/* The call of a step with which unit `unit` of its group's rows begins. */
static int call_at(const bc_group *g, const bc_step *step, int unit)
{
    const int rows = g->rows * (step->height / g->height);
    return bc_clamp(unit * (rows / step->pass.rows), 0, step->pass.n_calls);
}

/* The first row that a stage's first call needs, and with it the first call of the stage before. */
static void begin_above(stripe *s, int stage)
{
    const bc_stage *stages = s->cascade->stages;
    const bc_step *step = stages[stage].task.step;
    line *l = &s->lines[stage];
    l->first_row = l->next_call * step->pass.rows * step->stride - step->pass.above;
    l->next_row = l->first_row;
    if (stage == 0)
        return;
    const bc_step *before = stages[stage - 1].task.step;
    const int row = bc_clamp(l->first_row, 0, step->in_height) / (before->n_phases == 4 ? 2 : 1);
    s->lines[stage - 1].next_call = row / before->pass.rows;
}

static void begin_stripe(stripe *s, int number)
{
    const bc_cascade *c = s->cascade;
    const bc_group *g = &c->group;
    const int n_units = (g->height + g->rows - 1) / g->rows, last = c->n_stages - 1;
    for (int i = last; i >= 0; i--) {
        const bc_step *step = c->stages[i].task.step;
        line *l = &s->lines[i];
        for (int end = 0; end < 2; end++)
            l->own_calls[end] =
                call_at(g, step, (int)((int64_t)n_units * (number + end) / g->n_stripes));
        if (i == last)
            l->next_call = l->own_calls[0];
        begin_above(s, i);
    }
}

static void run_stripe(void *arg, int job, int thread)
{
    const bc_cascade *c = arg;
    const int last = c->n_stages - 1;
    stripe s = {.cascade = c, .memory = memory_of(c->session, thread)};
    begin_stripe(&s, job);
    while (s.lines[last].next_call < s.lines[last].own_calls[1])
        advance(&s, last);
}

void bc_cascade_run(bc_cascade *cascade)
{
    bc_pool_run(cascade->session->pool, run_stripe, cascade, cascade->group.n_stripes);
}
