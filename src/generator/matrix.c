/* Calls of the matrix units: from ring to ring, and from the last one to rows of planes. */
#include <string.h>

#include "generator/stripe.h"

static bc_matrix_input input_of(const bc_stripe *s, int stage, int variant)
{
    const bc_task *t = &s->cascade->stages[stage].task;
    const bc_pass *pass = t->pass;
    const int y = s->lines[stage].next_call * pass->rows * pass->stride - pass->above;
    float *ring = bc_stripe_ring(s, stage, variant);
    bc_matrix_input in = {.low = pass->low};
    for (int k = 0; k < pass->n_slots; k++)
        in.rows[k] = bc_ring_values(pass, ring, y + k);
    return in;
}

/* The row's first and last pixels are repeated beside it. */
static void repeat_edges(const bc_task *to, uint16_t *values)
{
    const int n_in = to->step->n_in;
    const size_t pixel = (size_t)n_in * sizeof(*values);
    uint16_t *const last = values + (to->step->in_width - 1) * n_in;
    for (int i = 1; i <= to->pass->halo; i++)
        memcpy(values - i * n_in, values, pixel);
    for (int i = 1; i <= to->pass->behind; i++)
        memcpy(last + i * n_in, last, pixel);
}

static void finish_row(const bc_task *to, float *ring, int y)
{
    uint16_t *values = bc_ring_values(to->pass, ring, y);
    repeat_edges(to, values);
    if (to->pass->low)
        repeat_edges(to, values + to->pass->low);
}

/* A variant's rows, into a ring of the next stage or in addition to what is there. */
static void run_variant(const bc_stripe *s, int stage, int variant, bool adds)
{
    const bc_stage *from = &s->cascade->stages[stage];
    const bc_task *t = &from->task, *to = &from[1].task;
    const bc_variant *v = &from->variants[variant];
    const int n_lines = v->weights->matrix.n_lines, y = s->lines[stage].next_call * n_lines;
    const bc_matrix_input in = input_of(s, stage, variant);
    float *ring = bc_stripe_ring(s, stage + 1, variant);
    bc_matrix_lines lines = {
        .low = to->pass->low, .scale = v->lanes.scale, .shift = v->lanes.shift, .add = adds};
    bc_sums sums;
    const bool is_own = bc_stripe_sums(s, stage, variant, &sums);
    for (int i = 0; i < n_lines; i++)
        lines.lines[i] = bc_ring_values(to->pass, ring, y + i);
    t->session->kernels.matrix_lines(&v->weights->matrix, &in, t->step->width, &lines,
                                     is_own ? &sums : NULL, s->memory.scratch);
    for (int i = 0; i < n_lines; i++)
        finish_row(to, ring, y + i);
}

void bc_matrix_to_rings(const bc_stripe *s, int stage)
{
    const bc_stage *from = &s->cascade->stages[stage];
    const bool adds = from[1].n_variants < from->n_variants;
    for (int v = 0; v < from->n_variants; v++)
        run_variant(s, stage, v, adds && v > 0);
}

float *bc_matrix_to_memory(const bc_stripe *s, int stage, const bc_map *map)
{
    const bc_stage *last = &s->cascade->stages[stage];
    const bc_task *t = &last->task;
    const bc_matrix_input in = input_of(s, stage, 0);
    t->session->kernels.matrix_planes(&last->variants[0].weights->matrix, &in, t->step->width,
                                      s->memory.rows, map->channel_stride, s->memory.scratch);
    return s->memory.rows;
}
