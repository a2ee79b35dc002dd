/* Steps that run together, cut into stripes for the pool: what a stripe loads and calls. */
#include "generator/stripe.h"

#include <string.h>

#include "base/clock.h"

static bc_thread_memory memory_of(const bc_session *s, const bc_plan *plan, int thread)
{
    float *rings = (float *)(void *)(s->threads + (size_t)thread * s->thread_bytes);
    float *loaded = rings + plan->ring_floats;
    float *scratch = loaded + plan->load_floats;
    return (bc_thread_memory){.rings = rings,
                              .loaded = loaded,
                              .scratch = scratch,
                              .emitted = scratch + plan->scratch_floats};
}

static int64_t begin_time(const bc_stripe *s)
{
    return s->work->session->times_layers ? bc_clock_ns() : 0;
}

static void end_time(bc_stripe *s, int step, int64_t start)
{
    if (s->work->session->times_layers)
        s->busy_ns[step] += bc_clock_ns() - start;
}

/* How many variants of a step there are. */
static int count_variants(const bc_stripe *s, int step)
{
    return bc_is_each_styles(bc_stripe_step(s, step)) ? s->work->n_slots : 1;
}

float *bc_stripe_ring(const bc_stripe *s, int step, int variant)
{
    const bc_pass *pass = bc_stripe_pass(s, step);
    const bool has_own = bc_step_loads_each(s->work->plan, bc_stripe_step(s, step));
    const size_t ring = has_own ? (size_t)variant : 0;
    return s->memory.rings + pass->ring_offset + ring * (size_t)pass->n_slots * pass->ring_row;
}

/* Inputs ------------------------------------------------------------------------------------- */

static float *outputs_of(const bc_stripe *s, int step, int variant)
{
    const bc_map *ring = &bc_stripe_pass(s, step)->ring;
    return s->memory.rings + ring->offset +
           (bc_is_each_styles(bc_stripe_step(s, step)) ? (size_t)variant * ring->size : 0);
}

/* What a variant of step `from`, of a slot, has left, in its ring or as a map. */
static void add_input(const bc_stripe *s, bc_task *t, const bc_edge *edge, int variant, int slot)
{
    const bc_step *from = bc_stripe_step(s, edge->from);
    const bc_layer_state *state = bc_session_layer(s->work->session, from, slot);
    const bool is_near = bc_group_has(&s->work->group, edge->from);
    t->inputs[t->n_inputs++] =
        (bc_input){.source = edge->source,
                   .from = from,
                   .map = is_near ? &bc_stripe_pass(s, edge->from)->ring : &from->map,
                   .data = is_near ? outputs_of(s, edge->from, variant)
                                   : bc_session_map(s->work->session, from, slot),
                   .affine = edge->is_mix ? state->mixed : state->affine,
                   .least = from->layer->relu ? 0 : BC_NO_RELU};
}

/* A variant of a step, and what it reads: through a mix what all styles have left. */
static void make_task(const bc_stripe *s, bc_task *t, int step, int variant)
{
    t->session = s->work->session;
    t->frame = s->work->frame;
    t->step = bc_stripe_step(s, step);
    t->pass = bc_stripe_pass(s, step);
    t->n_inputs = 0;
    for (int i = 0; i < t->step->n_inputs; i++) {
        const bc_edge *edge = &t->step->inputs[i];
        if (edge->from < 0) {
            t->inputs[t->n_inputs++] = (bc_input){.source = edge->source};
            continue;
        }
        for (int v = 0; v < s->work->n_mixed && edge->is_mix; v++)
            add_input(s, t, edge, v, s->work->mixed[v]);
        if (!edge->is_mix)
            add_input(s, t, edge, variant, bc_stripe_slot(s, edge->from, variant));
    }
}

static void load_row(bc_roll *roll, int step, int row)
{
    bc_stripe *s = roll->cookie;
    const int64_t start = begin_time(s);
    const bool is_each = bc_step_loads_each(s->work->plan, bc_stripe_step(s, step));
    for (int v = 0; v < (is_each ? s->work->n_slots : 1); v++) {
        bc_task t;
        make_task(s, &t, step, v);
        bc_load_row(&t, row, bc_stripe_ring(s, step, v), s->memory.loaded);
    }
    end_time(s, step, start);
}

/* Calls -------------------------------------------------------------------------------------- */

/* One call of a convolution in 32 bits. */
typedef struct call {
    const bc_step *step;
    const bc_kernels *kernels;
    int n_rows;
    const float *rows[BC_MAX_ROWS]; /* its input rows */
    bc_ahead ahead;
    float *scratch;
} call;

/* The pass's kernel on the input rows of a call. */
static void run_kernel(const call *c, const bc_weights *weights, bc_map_rows out,
                       const bc_sums *sums)
{
    const bc_step *step = c->step;
    if (step->pass.algorithm == BC_WINOGRAD) {
        c->kernels->winograd_rows(&weights->winograd, c->rows, &out, step->width, c->n_rows, sums,
                                  &c->ahead, c->scratch);
        return;
    }
    for (int i = 0; i < c->n_rows; i++, out.map += out.row_stride)
        c->kernels->conv_row(&weights->direct, c->rows + i * step->pass.stride, &out, step->width,
                             sums, c->scratch);
}

/*
 * The rows of a map that the next call will load, beyond those in the ring; of phases half as many.
 */
static bc_ahead rows_ahead(const bc_stripe *s, int step, int variant)
{
    bc_task t;
    make_task(s, &t, step, variant);
    const bc_input *in = &t.inputs[0];
    if (!in->map || bc_group_has(&s->work->group, t.step->inputs[0].from))
        return (bc_ahead){0};
    const int scale = bc_step_scale(in->from), next = s->roll.lines[step].next_row / scale;
    const int n_rows = t.step->in_height / scale - next;
    if (n_rows <= 0)
        return (bc_ahead){0};
    return (bc_ahead){.map = in->data + next * in->map->row_stride,
                      .channel_stride = in->map->channel_stride,
                      .row_stride = in->map->row_stride,
                      .n_channels = t.step->n_in * scale * scale,
                      .n_rows = bc_clamp(n_rows, 1, t.pass->rows / scale),
                      .n = t.step->width / scale};
}

bool bc_stripe_sums(const bc_stripe *s, int step, int variant, bc_sums *sums)
{
    const bc_line *l = &s->roll.lines[step];
    double *const all = bc_session_sums(s->work->session, bc_stripe_step(s, step),
                                        bc_stripe_slot(s, step, variant));
    const size_t n_out = (size_t)bc_stripe_step(s, step)->n_out;
    if (!all || l->next_call < l->own_calls[0] || l->next_call >= l->own_calls[1])
        return false;
    sums->sum = all + (size_t)l->next_call * 2 * n_out;
    sums->square = sums->sum + n_out;
    memset(sums->sum, 0, 2 * n_out * sizeof(*sums->sum));
    return true;
}

/* Rows of a step's grid that its next call makes. */
static int count_rows(const bc_stripe *s, int step)
{
    const bc_step *it = bc_stripe_step(s, step);
    const int rows = bc_stripe_pass(s, step)->rows;
    return bc_clamp(it->height - s->roll.lines[step].next_call * rows, 1, rows);
}

static void call_conv(const bc_stripe *s, int step, int variant, const bc_map_rows *out)
{
    bc_session *session = s->work->session;
    const bc_step *it = bc_stripe_step(s, step);
    const bc_pass *pass = &it->pass;
    const int y = s->roll.lines[step].next_call * pass->rows * pass->stride - pass->above;
    float *ring = bc_stripe_ring(s, step, variant);
    bc_sums sums;
    const bool is_own = bc_stripe_sums(s, step, variant, &sums);
    call c = {.step = it,
              .kernels = &session->kernels,
              .n_rows = count_rows(s, step),
              .ahead = rows_ahead(s, step, variant),
              .scratch = s->memory.scratch};
    for (int k = 0; k < pass->n_slots; k++)
        c.rows[k] = bc_ring_sample(pass, ring, y + k);
    run_kernel(&c, &bc_session_layer(session, it, bc_stripe_slot(s, step, variant))->weights, *out,
               is_own ? &sums : NULL);
}

static void call_sum(const bc_stripe *s, int step, int variant, const bc_map_rows *out)
{
    bc_task t;
    make_task(s, &t, step, variant);
    bc_sum_row(&t, s->roll.lines[step].next_call, out->map, out->channel_stride);
}

/* Where outputs go --------------------------------------------------------------------------- */

/* A step's next call in its map. */
static bc_map_rows rows_of_map(const bc_stripe *s, int step, int variant)
{
    const bc_step *it = bc_stripe_step(s, step);
    const int y = s->roll.lines[step].next_call * bc_stripe_pass(s, step)->rows;
    float *map = bc_session_map(s->work->session, it, bc_stripe_slot(s, step, variant));
    return (bc_map_rows){.map = map + y * it->map.row_stride,
                         .channel_stride = it->map.channel_stride,
                         .row_stride = it->map.row_stride};
}

static bc_map_rows rows_of_ring(const bc_stripe *s, int step, int variant)
{
    const bc_pass *pass = bc_stripe_pass(s, step);
    const int y = s->roll.lines[step].next_call * pass->rows;
    const bc_map *ring = &pass->ring;
    return (bc_map_rows){.map = outputs_of(s, step, variant) + y % ring->n_rows * ring->row_stride,
                         .channel_stride = ring->channel_stride,
                         .row_stride = ring->row_stride};
}

/* The last step of a group has no reader in it: its outputs go straight to the map. */
static bool is_to_map(const bc_stripe *s, int step)
{
    return step == s->work->group.end - 1 && !bc_stripe_step(s, step)->is_last;
}

/* What others than the group read is copied, the stripe's own calls alone. */
static void keep(const bc_stripe *s, int step, int variant)
{
    const bc_step *it = bc_stripe_step(s, step);
    const bc_line *l = &s->roll.lines[step];
    if (it->is_last || is_to_map(s, step) || l->next_call < l->own_calls[0] ||
        l->next_call >= l->own_calls[1] || !bc_plan_keeps(s->work->plan, &s->work->group, step))
        return;
    const bc_map_rows from = rows_of_ring(s, step, variant), to = rows_of_map(s, step, variant);
    for (int i = 0; i < count_rows(s, step) * it->n_out; i++) {
        const ptrdiff_t row = i / it->n_out, channel = i % it->n_out;
        memcpy(to.map + row * to.row_stride + channel * to.channel_stride,
               from.map + row * from.row_stride + channel * from.channel_stride,
               (size_t)it->width * sizeof(float));
    }
}

static void call_to_pixels(const bc_stripe *s, int step, bc_map_rows rows)
{
    const int at_once = bc_stripe_step(s, step)->n_phases == 4 ? 1 : 2;
    const int y = s->roll.lines[step].next_call * bc_stripe_pass(s, step)->rows;
    const int n_rows = count_rows(s, step);
    bc_task t;
    make_task(s, &t, step, 0);
    for (int i = 0; i < n_rows; i += at_once, rows.map += at_once * rows.row_stride)
        bc_emit_rows(&t, &rows, (y + i) / at_once, s->memory.emitted);
}

static void run_variant(const bc_stripe *s, int step, int variant)
{
    const bc_step *it = bc_stripe_step(s, step);
    const bool is_matrix = s->work->group.is_matrix;
    const bool has_rows = !is_matrix || it->is_last;
    bc_map_rows out = {0};
    if (has_rows)
        out = is_to_map(s, step) ? rows_of_map(s, step, variant) : rows_of_ring(s, step, variant);
    if (is_matrix)
        bc_matrix_call(s, step, variant, &out);
    else if (it->layer->kind == BC_LAYER_ADD)
        call_sum(s, step, variant, &out);
    else
        call_conv(s, step, variant, &out);
    if (it->is_last)
        call_to_pixels(s, step, out);
    else if (!is_matrix)
        keep(s, step, variant);
}

/* The next call of a step, in all its variants. */
static void run_call(bc_roll *roll, int step)
{
    bc_stripe *s = roll->cookie;
    const int64_t start = begin_time(s);
    for (int v = 0; v < count_variants(s, step); v++)
        run_variant(s, step, v);
    end_time(s, step, start);
}

/* Stripes ------------------------------------------------------------------------------------ */

static void run_stripe(void *arg, int job, int thread)
{
    const bc_work *w = arg;
    bc_stripe s = {.roll = {.plan = w->plan, .group = &w->group},
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

void bc_work_run(bc_work *work)
{
    work->n_mixed = bc_session_slots(work->session, work->mixed);
    bc_pool_run(work->session->pool, run_stripe, work, work->group.n_stripes);
}
