/* Steps that run together, cut into stripes for the pool. */
#include <string.h>

#include "base/clock.h"
#include "generator/stripe.h"

static bc_thread_memory memory_of(const bc_session *s, int thread)
{
    float *rings = (float *)(void *)(s->threads + (size_t)thread * s->thread_bytes);
    float *loaded = rings + s->plan.ring_floats;
    float *scratch = loaded + s->plan.load_floats;
    float *emitted = scratch + s->plan.scratch_floats;
    return (bc_thread_memory){.rings = rings,
                              .loaded = loaded,
                              .scratch = scratch,
                              .emitted = emitted,
                              .rows = emitted + s->plan.emit_floats};
}

/* Calls -------------------------------------------------------------------------------------- */

/* One call of a kernel. */
typedef struct call {
    const bc_task *task;
    int number, y, n_rows;
    const float *rows[BC_MAX_ROWS]; /* its input rows */
    bc_ahead ahead;
    float *scratch;
} call;

static void run_direct(const call *c, const bc_conv *conv, bc_map_rows out, const bc_sums *sums)
{
    const bc_task *t = c->task;
    for (int i = 0; i < c->n_rows; i++, out.map += out.row_stride)
        t->session->kernels.conv_row(conv, c->rows + i * t->pass->stride, &out, t->step->width,
                                     sums, c->scratch);
}

/* The pass's kernel on the input rows of a call. */
static void run_kernel(const call *c, const bc_weights *weights, const bc_map_rows *out,
                       const bc_sums *sums)
{
    const bc_step *step = c->task->step;
    switch (c->task->pass->algorithm) {
    case BC_DIRECT:
        run_direct(c, &weights->direct, *out, sums);
        break;
    case BC_WINOGRAD:
        c->task->session->kernels.winograd_rows(&weights->winograd, c->rows, out, step->width,
                                                c->n_rows, sums, &c->ahead, c->scratch);
        break;
    case BC_MATRIX: /* in matrix.c */
        break;
    }
}

/*
 * The rows of a map that the next call will load, beyond those in the ring; of phases half as many.
 */
static bc_ahead rows_ahead(const bc_task *t, int y)
{
    const bc_pass *pass = t->pass;
    const bc_input *in = &t->inputs[0];
    const int scale = in->source == BC_SOURCE_PHASES ? 2 : 1;
    const int next = (y - pass->above + pass->n_slots) / scale;
    const int n_rows = t->step->in_height / scale - next;
    if (!in->map || n_rows <= 0)
        return (bc_ahead){0};
    return (bc_ahead){.map = in->data + next * in->map->row_stride,
                      .channel_stride = in->map->channel_stride,
                      .row_stride = in->map->row_stride,
                      .n_channels = t->step->n_in * scale * scale,
                      .n_rows = bc_clamp(n_rows, 1, pass->rows / scale),
                      .n = t->step->width / scale};
}

float *bc_stripe_ring(const bc_stripe *s, int stage, int variant)
{
    const bc_step *step = s->cascade->stages[stage].task.step;
    const bc_pass *pass = s->cascade->stages[stage].task.pass;
    const bool has_own = stage > 0 && bc_is_each_styles(step) && bc_is_each_styles(&step[-1]);
    const size_t ring = has_own ? (size_t)variant : 0;
    return s->memory.rings + pass->ring_offset + ring * (size_t)pass->n_ring * pass->ring_row;
}

static call make_call(const bc_stripe *s, int stage, int variant)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    const bc_pass *pass = t->pass;
    const int number = s->lines[stage].next_call, y = number * pass->rows;
    float *ring = bc_stripe_ring(s, stage, variant);
    call c = {.task = t,
              .number = number,
              .y = y,
              .n_rows = bc_clamp(t->step->height - y, 1, pass->rows),
              .ahead = rows_ahead(t, y),
              .scratch = s->memory.scratch};
    for (int k = 0; k < pass->n_slots; k++)
        c.rows[k] = bc_ring_sample(pass, ring, y * pass->stride - pass->above + k);
    return c;
}

bool bc_stripe_sums(const bc_stripe *s, int stage, int variant, bc_sums *sums)
{
    const bc_line *l = &s->lines[stage];
    const bc_stage *t = &s->cascade->stages[stage];
    double *const all = t->variants[variant].sums;
    const size_t n_out = (size_t)t->task.step->n_out;
    if (!all || l->next_call < l->own_calls[0] || l->next_call >= l->own_calls[1])
        return false;
    sums->sum = all + (size_t)l->next_call * 2 * n_out;
    sums->square = sums->sum + n_out;
    memset(sums->sum, 0, 2 * n_out * sizeof(*sums->sum));
    return true;
}

static void run_call(const bc_stripe *s, int stage, int variant, const bc_map_rows *out)
{
    const call c = make_call(s, stage, variant);
    bc_sums sums;
    const bool is_own = bc_stripe_sums(s, stage, variant, &sums);
    run_kernel(&c, s->cascade->stages[stage].variants[variant].weights, out, is_own ? &sums : NULL);
}

/* Where a call's rows go --------------------------------------------------------------------- */

static void call_to_map(const bc_stripe *s, int stage, int variant)
{
    const bc_map *map = s->cascade->out_map;
    const int y = s->lines[stage].next_call * s->cascade->stages[stage].task.pass->rows;
    const bc_map_rows out = {.map = s->cascade->stages[stage].variants[variant].out +
                                    y * map->row_stride,
                             .channel_stride = map->channel_stride,
                             .row_stride = map->row_stride};
    run_call(s, stage, variant, &out);
}

bc_map bc_stripe_map(const bc_stripe *s, int stage)
{
    const bc_step *step = s->cascade->stages[stage].task.step;
    const int n_rows = s->cascade->stages[stage].task.pass->rows;
    const ptrdiff_t row = (ptrdiff_t)s->cascade->session->plan.row_floats / n_rows;
    return (bc_map){.row_stride = row,
                    .channel_stride = row / step->n_out,
                    .y = s->lines[stage].next_call * n_rows};
}

/* Returns the rows. */
static float *call_to_memory(const bc_stripe *s, int stage, int variant, const bc_map *map)
{
    float *rows = s->memory.rows + (size_t)variant * s->cascade->session->plan.row_floats;
    const bc_map_rows out = {
        .map = rows, .channel_stride = map->channel_stride, .row_stride = map->row_stride};
    run_call(s, stage, variant, &out);
    return rows;
}

static void call_to_pixels(const bc_stripe *s, int stage)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    const bc_map map = bc_stripe_map(s, stage);
    float *rows = t->pass->algorithm == BC_MATRIX ? bc_matrix_to_memory(s, stage, &map)
                                                  : call_to_memory(s, stage, 0, &map);
    const int n_rows = bc_clamp(t->step->height - map.y, 1, t->pass->rows);
    const int at_once = t->step->n_phases == 4 ? 1 : 2;
    for (int i = 0; i < n_rows; i += at_once) {
        const bc_map_rows out = {.map = rows + i * map.row_stride,
                                 .channel_stride = map.channel_stride,
                                 .row_stride = map.row_stride};
        bc_emit_rows(t, &out, (map.y + i) / at_once, s->memory.emitted);
    }
}

/* Loads a call's rows, the task's inputs, into a ring of the next stage. */
static void load_rows(const bc_stripe *s, const bc_task *t, int stage, int variant)
{
    const bc_step *from = t->inputs[0].from;
    const int scale = from->n_phases == 4 ? 2 : 1, y = t->inputs[0].map->y;
    const int n_rows = s->cascade->stages[stage - 1].task.pass->rows;
    const int end = scale * bc_clamp(y + n_rows, 0, from->height);
    const int first = scale * y > s->lines[stage].first_row ? scale * y : s->lines[stage].first_row;
    for (int row = first; row < end; row++)
        bc_load_row(t, row, bc_stripe_ring(s, stage, variant), s->memory.loaded);
}

/* A call's rows go to the next stage: all styles into one ring, or each into its own. */
static void call_to_rings(const bc_stripe *s, int stage)
{
    const bc_stage *from = &s->cascade->stages[stage], *to = from + 1;
    const bc_map map = bc_stripe_map(s, stage);
    const bool adds = to->n_variants < from->n_variants;
    bc_task t = to->task;
    for (int v = 0; v < from->n_variants; v++) {
        t.n_inputs = adds ? v : 0;
        t.inputs[t.n_inputs++] = (bc_input){.source = to->task.step->inputs[0].source,
                                            .from = from->task.step,
                                            .map = &map,
                                            .data = call_to_memory(s, stage, v, &map),
                                            .affine = from->variants[v].affine,
                                            .least = from->task.step->layer->relu ? 0 : BC_NO_RELU};
        if (!adds || v == from->n_variants - 1)
            load_rows(s, &t, stage + 1, v);
    }
}

/* Rolling ------------------------------------------------------------------------------------ */

static void advance(bc_stripe *s, int stage);

/* Repeats row `from` of a stage's input. */
static void copy_row(const bc_stripe *s, int stage, int to, int from)
{
    const bc_stage *t = &s->cascade->stages[stage];
    const bc_pass *pass = t->task.pass;
    for (int v = 0; v < t->n_variants; v++) {
        float *ring = bc_stripe_ring(s, stage, v);
        const float *row = bc_ring_row(pass, ring, from);
        memcpy(bc_ring_row(pass, ring, to), row, pass->ring_row * sizeof(*row));
    }
}

static int64_t begin_time(const bc_stripe *s)
{
    return s->cascade->session->times_layers ? bc_clock_ns() : 0;
}

static void end_time(bc_stripe *s, int stage, int64_t start)
{
    if (s->cascade->session->times_layers)
        s->busy_ns[stage] += bc_clock_ns() - start;
}

static void load_first_rows(bc_stripe *s, int end)
{
    const int64_t start = begin_time(s);
    bc_line *l = &s->lines[0];
    for (; l->next_row < end; l->next_row++)
        bc_load_row(&s->cascade->stages[0].task, l->next_row, bc_stripe_ring(s, 0, 0),
                    s->memory.loaded);
    end_time(s, 0, start);
}

/* Makes a stage's input rows below `end` available. */
static void fill_ring(bc_stripe *s, int stage, int end)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    bc_line *l = &s->lines[stage];
    if (stage == 0)
        load_first_rows(s, end);
    while (l->next_row < bc_clamp(end, 0, t->step->in_height))
        advance(s, stage - 1);
    for (; l->next_row < end; l->next_row++)
        copy_row(s, stage, l->next_row, t->step->in_height - 1);
}

/* A stage has got input rows up to `end`: the first one is repeated above the picture. */
static void take_rows(bc_stripe *s, int stage, int end)
{
    bc_line *l = &s->lines[stage];
    for (; l->next_row < 0; l->next_row++)
        copy_row(s, stage, l->next_row, 0);
    if (end > l->next_row)
        l->next_row = end;
}

/* Sends what a stage's next call makes on: to the next stage, to maps or to pixels. */
static void run_stage(bc_stripe *s, int stage)
{
    const bc_stage *t = &s->cascade->stages[stage];
    const int64_t start = begin_time(s);
    if (stage < s->cascade->n_stages - 1) {
        if (t->task.pass->algorithm == BC_MATRIX)
            bc_matrix_to_rings(s, stage);
        else
            call_to_rings(s, stage);
    } else if (s->cascade->out_map) {
        for (int v = 0; v < t->n_variants; v++)
            call_to_map(s, stage, v);
    } else {
        call_to_pixels(s, stage);
    }
    end_time(s, stage, start);
}

/* The next call of a stage, in all its variants. */
static void advance(bc_stripe *s, int stage)
{
    const bc_stage *t = &s->cascade->stages[stage];
    const bc_step *step = t->task.step;
    const bc_pass *pass = t->task.pass;
    bc_line *l = &s->lines[stage];
    const int y = l->next_call * pass->rows;
    fill_ring(s, stage, y * pass->stride - pass->above + pass->n_slots);
    run_stage(s, stage);
    if (stage < s->cascade->n_stages - 1)
        take_rows(s, stage + 1,
                  bc_clamp(y + pass->rows, 0, step->height) * (step->n_phases == 4 ? 2 : 1));
    l->next_call++;
}

/* Stripes ------------------------------------------------------------------------------------ */

/* The call of a step with which unit `unit` of its group's rows begins. */
static int call_at(const bc_group *g, const bc_task *t, int unit)
{
    const int rows = g->rows * (t->step->height / g->height);
    return bc_clamp(unit * (rows / t->pass->rows), 0, t->pass->n_calls);
}

/* The first row that a stage's first call needs, and with it the first call of the stage before. */
static void begin_above(bc_stripe *s, int stage)
{
    const bc_stage *stages = s->cascade->stages;
    const bc_step *step = stages[stage].task.step;
    const bc_pass *pass = stages[stage].task.pass;
    bc_line *l = &s->lines[stage];
    l->first_row = l->next_call * pass->rows * pass->stride - pass->above;
    l->next_row = l->first_row;
    if (stage == 0)
        return;
    const bc_step *before = stages[stage - 1].task.step;
    const int row = bc_clamp(l->first_row, 0, step->in_height) / (before->n_phases == 4 ? 2 : 1);
    s->lines[stage - 1].next_call = row / stages[stage - 1].task.pass->rows;
}

static void begin_stripe(bc_stripe *s, int number)
{
    const bc_cascade *c = s->cascade;
    const bc_group *g = &c->group;
    const int n_units = (g->height + g->rows - 1) / g->rows, last = c->n_stages - 1;
    for (int i = last; i >= 0; i--) {
        bc_line *l = &s->lines[i];
        for (int end = 0; end < 2; end++)
            l->own_calls[end] = call_at(g, &c->stages[i].task,
                                        (int)((int64_t)n_units * (number + end) / g->n_stripes));
        if (i == last)
            l->next_call = l->own_calls[0];
        begin_above(s, i);
    }
}

static void run_stripe(void *arg, int job, int thread)
{
    const bc_cascade *c = arg;
    const int last = c->n_stages - 1;
    bc_stripe s = {.cascade = c, .memory = memory_of(c->session, thread)};
    begin_stripe(&s, job);
    if (c->group.is_matrix)
        c->session->kernels.matrix_begin();
    while (s.lines[last].next_call < s.lines[last].own_calls[1])
        advance(&s, last);
    if (c->group.is_matrix)
        c->session->kernels.matrix_end();
    for (int i = 0; i < c->n_stages && c->session->times_layers; i++)
        c->session->busy_ns[i] += s.busy_ns[i];
}

void bc_cascade_run(bc_cascade *cascade)
{
    bc_pool_run(cascade->session->pool, run_stripe, cascade, cascade->group.n_stripes);
}
