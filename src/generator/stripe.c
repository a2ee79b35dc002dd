/* Steps that run together, cut into stripes for the pool: what a stripe loads and calls. */
#include <string.h>

#include "base/clock.h"
#include "generator/method.h"
#include "generator/roll.h"

typedef struct thread_memory {
    float *rings, *loaded, *scratch, *emitted;
} thread_memory;

/* A stripe on its way down the frame. */
typedef struct stripe {
    bc_roll roll;
    const bc_group_work *work;
    thread_memory memory;
    int64_t busy_ns[BC_MAX_STEPS]; /* of each step, if layers are timed */
} stripe;

static const bc_step *step_of(const stripe *s, int step)
{
    return &s->work->plan->steps[step];
}

static const bc_pass *pass_of(const stripe *s, int step)
{
    return bc_step_pass(step_of(s, step), s->work->group.is_matrix);
}

/* The session's slot of a step's variant: the work's slots in order; -1 if all styles share it. */
static int slot_of(const stripe *s, int step, int variant)
{
    return bc_is_each_styles(step_of(s, step)) ? s->work->slots[variant] : -1;
}

static thread_memory memory_of(const bc_session *s, const bc_plan *plan, int thread)
{
    float *rings = (float *)(void *)(s->threads + (size_t)thread * s->thread_bytes);
    float *loaded = rings + plan->ring_floats;
    float *scratch = loaded + plan->load_floats;
    return (thread_memory){.rings = rings,
                           .loaded = loaded,
                           .scratch = scratch,
                           .emitted = scratch + plan->scratch_floats};
}

static int64_t begin_time(const stripe *s)
{
    return s->work->session->times_layers ? bc_clock_ns() : 0;
}

static void end_time(stripe *s, int step, int64_t start)
{
    if (s->work->session->times_layers)
        s->busy_ns[step] += bc_clock_ns() - start;
}

/* How many variants of a step there are. */
static int count_variants(const stripe *s, int step)
{
    return bc_is_each_styles(step_of(s, step)) ? s->work->n_slots : 1;
}

/* The ring of a step's loaded rows. */
static float *ring_of(const stripe *s, int step, int variant)
{
    const bc_pass *pass = pass_of(s, step);
    const bool has_own = bc_step_loads_each(s->work->plan, step_of(s, step));
    const size_t ring = has_own ? (size_t)variant : 0;
    return s->memory.rings + pass->ring_offset + ring * (size_t)pass->n_slots * pass->ring_row;
}

/* The rings of a step's outputs: as planes, and as values, where a mix has one for all styles. */
static float *outputs_of(const stripe *s, int step, int variant)
{
    const bc_map *ring = &pass_of(s, step)->ring;
    return s->memory.rings + ring->offset +
           (bc_is_each_styles(step_of(s, step)) ? (size_t)variant * ring->size : 0);
}

static float *values_of(const stripe *s, int step, int variant)
{
    const bc_step *it = step_of(s, step);
    const bc_value_rows *rows = &pass_of(s, step)->out;
    const bool has_own = bc_is_each_styles(it) && !it->is_mixed;
    return s->memory.rings + rows->offset +
           (has_own ? (size_t)variant * (size_t)rows->n_rows * rows->row : 0);
}

/* Inputs ------------------------------------------------------------------------------------- */

/* What a variant of step `from`, of a slot, has left, in its ring or as a map. */
static void add_input(const stripe *s, bc_task *t, const bc_edge *edge, int variant, int slot)
{
    const bc_step *from = step_of(s, edge->from);
    const bc_layer_state *state = bc_session_layer(s->work->session, from, slot);
    const bool is_near = bc_group_has(&s->work->group, edge->from);
    t->inputs[t->n_inputs++] =
        (bc_input){.source = edge->source,
                   .from = from,
                   .map = is_near ? &pass_of(s, edge->from)->ring : &from->map,
                   .data = is_near ? outputs_of(s, edge->from, variant)
                                   : bc_session_map(s->work->session, from, slot),
                   .affine = edge->is_mix ? state->mixed : state->affine,
                   .least = from->layer->relu ? 0 : BC_NO_RELU};
}

/* What an edge brings: through a mix what all styles have left. */
static void add_inputs(const stripe *s, bc_task *t, const bc_edge *edge, int variant)
{
    if (edge->from < 0)
        t->inputs[t->n_inputs++] = (bc_input){.source = edge->source};
    else if (s->work->group.is_matrix)
        t->inputs[t->n_inputs++] = (bc_input){.values = &pass_of(s, edge->from)->out,
                                              .data = values_of(s, edge->from, variant)};
    else if (!edge->is_mix)
        add_input(s, t, edge, variant, slot_of(s, edge->from, variant));
    for (int v = 0; v < s->work->n_mixed && edge->is_mix && !s->work->group.is_matrix; v++)
        add_input(s, t, edge, v, s->work->mixed[v]);
}

/* A variant of a step, and what it reads. */
static void make_task(const stripe *s, bc_task *t, int step, int variant)
{
    t->session = s->work->session;
    t->frame = s->work->frame;
    t->step = step_of(s, step);
    t->pass = pass_of(s, step);
    t->n_inputs = 0;
    for (int i = 0; i < t->step->n_inputs; i++)
        add_inputs(s, t, &t->step->inputs[i], variant);
}

static void load_row(bc_roll *roll, int step, int row)
{
    stripe *s = roll->cookie;
    const int64_t start = begin_time(s);
    const bool is_each = bc_step_loads_each(s->work->plan, step_of(s, step));
    for (int v = 0; v < (is_each ? s->work->n_slots : 1); v++) {
        bc_task t;
        make_task(s, &t, step, v);
        t.pass->method->load(&t, row, ring_of(s, step, v), s->memory.loaded);
    }
    end_time(s, step, start);
}

/* Where outputs go --------------------------------------------------------------------------- */

/* The first row of a step's grid that its next call makes, and their number. */
static int first_row(const stripe *s, int step)
{
    return s->roll.lines[step].next_call * pass_of(s, step)->rows;
}

static int count_rows(const stripe *s, int step)
{
    return bc_clamp(step_of(s, step)->height - first_row(s, step), 1, pass_of(s, step)->rows);
}

/* Calls that are not the stripe's own are made for it alone, by its neighbour for the frame. */
static bool is_own(const stripe *s, int step)
{
    const bc_line *l = &s->roll.lines[step];
    return l->next_call >= l->own_calls[0] && l->next_call < l->own_calls[1];
}

/* A step's next call in its map. */
static bc_map_rows rows_of_map(const stripe *s, int step, int variant)
{
    const bc_step *it = step_of(s, step);
    float *map = bc_session_map(s->work->session, it, slot_of(s, step, variant));
    return (bc_map_rows){.map = map + first_row(s, step) * it->map.row_stride,
                         .channel_stride = it->map.channel_stride,
                         .row_stride = it->map.row_stride};
}

static bc_map_rows rows_of_ring(const stripe *s, int step, int variant)
{
    const bc_map *ring = &pass_of(s, step)->ring;
    return (bc_map_rows){.map = outputs_of(s, step, variant) +
                                first_row(s, step) % ring->n_rows * ring->row_stride,
                         .channel_stride = ring->channel_stride,
                         .row_stride = ring->row_stride};
}

/* The last step of a group has no reader in it: its outputs go straight to the map. */
static bool is_to_map(const stripe *s, int step)
{
    const bc_step *it = step_of(s, step);
    return step == s->work->group.end - 1 && !it->is_last && !it->is_remade;
}

/* What others than the group read is copied. */
static void keep(const stripe *s, int step, int variant)
{
    const bc_step *it = step_of(s, step);
    if (it->is_last || it->is_remade || is_to_map(s, step) || !is_own(s, step) ||
        !bc_plan_keeps(s->work->plan, &s->work->group, step))
        return;
    const bc_map_rows from = rows_of_ring(s, step, variant), to = rows_of_map(s, step, variant);
    for (int i = 0; i < count_rows(s, step) * it->n_out; i++) {
        const ptrdiff_t row = i / it->n_out, channel = i % it->n_out;
        memcpy(to.map + row * to.row_stride + channel * to.channel_stride,
               from.map + row * from.row_stride + channel * from.channel_stride,
               (size_t)it->width * sizeof(float));
    }
}

static void emit(const stripe *s, const bc_step_call *c)
{
    const int at_once = c->task.step->n_phases == 4 ? 1 : 2;
    bc_map_rows rows = c->rows;
    for (int i = 0; i < c->n_rows; i += at_once, rows.map += at_once * rows.row_stride)
        bc_emit_rows(&c->task, &rows, (c->y + i) / at_once, s->memory.emitted);
}

/* Calls -------------------------------------------------------------------------------------- */

/*
 * The rows of a map that the next call will load, beyond those in the ring; of phases half as many.
 */
static bc_ahead rows_ahead(const stripe *s, int step, const bc_task *t)
{
    const bc_input *in = &t->inputs[0];
    if (!in->map || bc_group_has(&s->work->group, t->step->inputs[0].from))
        return (bc_ahead){0};
    const int scale = bc_step_scale(in->from), next = s->roll.lines[step].next_row / scale;
    const int n_rows = t->step->in_height / scale - next;
    if (n_rows <= 0)
        return (bc_ahead){0};
    return (bc_ahead){.map = in->data + next * in->map->row_stride,
                      .channel_stride = in->map->channel_stride,
                      .row_stride = in->map->row_stride,
                      .n_channels = t->step->n_in * scale * scale,
                      .n_rows = bc_clamp(t->pass->rows * t->pass->stride / scale, 1, n_rows),
                      .n = t->step->in_width / scale};
}

/* Where the sums of a step's next call go, set to 0. */
static bc_sums clear_sums(const stripe *s, int step, double *all)
{
    const size_t n_out = (size_t)step_of(s, step)->n_out;
    double *sum = all + (size_t)s->roll.lines[step].next_call * 2 * n_out;
    memset(sum, 0, 2 * n_out * sizeof(*sum));
    return (bc_sums){.sum = sum, .square = sum + n_out};
}

/* The call, but for its sums. */
static void make_call(const stripe *s, bc_step_call *c, int step, int variant)
{
    bc_session *session = s->work->session;
    const bc_step *it = step_of(s, step);
    const int slot = slot_of(s, step, variant);
    make_task(s, &c->task, step, variant);
    c->state = bc_session_layer(session, it, slot);
    c->y = first_row(s, step);
    c->n_rows = count_rows(s, step);
    c->ring = ring_of(s, step, variant);
    c->sums = NULL;
    if (c->task.pass->out.row > 0)
        c->values = values_of(s, step, variant);
    else
        c->rows =
            is_to_map(s, step) ? rows_of_map(s, step, variant) : rows_of_ring(s, step, variant);
    c->share = it->is_mixed && slot >= 0 ? session->slots[slot].weight : 1;
    c->adds = it->is_mixed && variant > 0;
    c->ahead = rows_ahead(s, step, &c->task);
    c->scratch = s->memory.scratch;
}

static void run_variant(const stripe *s, int step, int variant)
{
    const bc_step *it = step_of(s, step);
    double *all = bc_session_sums(s->work->session, it, slot_of(s, step, variant));
    bc_sums sums;
    bc_step_call c;
    make_call(s, &c, step, variant);
    const bool has_run = it->is_remade && step < s->work->group.end - 1; /* for its sums */
    if (all && is_own(s, step) && !has_run) {
        sums = clear_sums(s, step, all);
        c.sums = &sums;
    }
    c.task.pass->method->run(&c);
    if (it->is_last)
        emit(s, &c);
    else
        keep(s, step, variant);
}

/* The next call of a step, in all its variants. */
static void run_call(bc_roll *roll, int step)
{
    stripe *s = roll->cookie;
    const int64_t start = begin_time(s);
    for (int v = 0; v < count_variants(s, step); v++)
        run_variant(s, step, v);
    end_time(s, step, start);
}

/* Stripes ------------------------------------------------------------------------------------ */

static void run_stripe(void *arg, int job, int thread)
{
    const bc_group_work *w = arg;
    stripe s = {.roll = {.plan = w->plan, .group = &w->group},
                .work = w,
                .memory = memory_of(w->session, w->plan, thread)};
    s.roll.load = load_row;
    s.roll.call = run_call;
    s.roll.cookie = &s;
    if (w->group.is_matrix)
        w->session->kernels.matrix_begin();
    bc_roll_stripe(&s.roll, job);
    if (w->group.is_matrix)
        w->session->kernels.matrix_end();
    for (int i = w->group.first; i < w->group.end && w->session->times_layers; i++)
        w->session->busy_ns[i] += s.busy_ns[i];
}

void bc_group_work_run(bc_group_work *work)
{
    work->n_mixed = bc_session_slots(work->session, work->mixed);
    bc_pool_run(work->session->pool, run_stripe, work, work->group.n_stripes);
}
