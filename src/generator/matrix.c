/* Calls of the matrix units: rows of bf16 pixels to rows, or the last ones to rows of planes. */
#include <string.h>

#include "generator/stripe.h"

/* The rows that a step has left for its readers; through a mix there is one ring for all styles. */
static uint16_t *row_of(const bc_stripe *s, const bc_edge *edge, int variant, int y)
{
    const bc_value_rows *rows = &bc_stripe_pass(s, edge->from)->out;
    const bool has_own = bc_is_each_styles(bc_stripe_step(s, edge->from)) && !edge->is_mix;
    float *ring = s->memory.rings + rows->offset +
                  (has_own ? (size_t)variant * (size_t)rows->n_rows * rows->row : 0);
    return bc_row_values(rows, ring, y);
}

/* The edge through which a step's outputs are read: all its readers' are alike. */
static bc_edge edge_from(const bc_stripe *s, int step)
{
    const bc_plan *plan = s->work->plan;
    for (int i = step + 1; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            if (plan->steps[i].inputs[k].from == step)
                return plan->steps[i].inputs[k];
        }
    }
    return (bc_edge){.from = step};
}

static bc_matrix_input input_of(const bc_stripe *s, int step, int variant)
{
    const bc_step *it = bc_stripe_step(s, step);
    const bc_pass *pass = &it->matrix;
    const bc_edge *edge = &it->inputs[0];
    const int y = s->roll.lines[step].next_call * pass->rows * pass->stride - pass->above;
    const bool is_near = edge->from >= 0;
    bc_matrix_input in = {.low = is_near ? bc_stripe_pass(s, edge->from)->out.low : pass->in.low};
    for (int k = 0; k < pass->n_slots; k++)
        in.rows[k] = is_near ? row_of(s, edge, variant, bc_step_row(it, y + k))
                             : bc_row_values(&pass->in, bc_stripe_ring(s, step, variant), y + k);
    return in;
}

/* The row's first and last pixels are repeated beside it. */
static void repeat_edges(const bc_value_rows *rows, uint16_t *values, int n_values, int width)
{
    const size_t pixel = (size_t)n_values * sizeof(*values);
    uint16_t *const last = values + (width - 1) * n_values;
    for (int i = 1; i <= rows->before; i++)
        memcpy(values - i * n_values, values, pixel);
    for (int i = 1; i <= rows->behind; i++)
        memcpy(last + i * n_values, last, pixel);
}

static void finish_row(const bc_step *step, uint16_t *values)
{
    const bc_value_rows *rows = &step->matrix.out;
    const int width = step->width * bc_step_scale(step);
    repeat_edges(rows, values, step->n_channels, width);
    if (rows->low)
        repeat_edges(rows, values + rows->low, step->n_channels, width);
}

static void call_conv(const bc_stripe *s, int step, int variant, const bc_edge *edge)
{
    bc_session *session = s->work->session;
    const bc_step *it = bc_stripe_step(s, step);
    const bc_layer_state *state = bc_session_layer(session, it, bc_stripe_slot(s, step, variant));
    const bc_matrix_input in = input_of(s, step, variant);
    const int n_lines = state->weights.matrix.n_lines, y = s->roll.lines[step].next_call * n_lines;
    bc_matrix_lines lines = {.low = it->matrix.out.low,
                             .scale = state->lanes.scale,
                             .shift = state->lanes.shift,
                             .least = it->layer->relu ? 0 : BC_NO_RELU,
                             .add = edge->is_mix && variant > 0};
    bc_sums sums;
    const bool is_own = bc_stripe_sums(s, step, variant, &sums);
    for (int i = 0; i < n_lines; i++)
        lines.lines[i] = row_of(s, edge, variant, y + i);
    session->kernels.matrix_lines(&state->weights.matrix, &in, it->width, &lines,
                                  is_own ? &sums : NULL, s->memory.scratch);
    for (int i = 0; i < n_lines; i++)
        finish_row(it, lines.lines[i]);
}

static void call_sum(const bc_stripe *s, int step, int variant, const bc_edge *edge)
{
    const bc_step *it = bc_stripe_step(s, step);
    const int y = s->roll.lines[step].next_call, slot = bc_stripe_slot(s, step, variant);
    bc_matrix_sum sum = {.scale =
                             edge->is_mix && slot >= 0 ? s->work->session->slots[slot].weight : 1,
                         .to = row_of(s, edge, variant, y),
                         .to_low = it->matrix.out.low,
                         .add = edge->is_mix && variant > 0};
    for (int i = 0; i < 2; i++) {
        sum.from[i] = row_of(s, &it->inputs[i], variant, y);
        sum.from_low[i] = bc_stripe_step(s, it->inputs[i].from)->matrix.out.low;
    }
    s->work->session->kernels.matrix_add(&sum, it->width * it->n_channels);
    finish_row(it, sum.to);
}

void bc_matrix_call(const bc_stripe *s, int step, int variant, const bc_map_rows *planes)
{
    const bc_step *it = bc_stripe_step(s, step);
    const bc_edge edge = edge_from(s, step);
    if (it->layer->kind == BC_LAYER_ADD) {
        call_sum(s, step, variant, &edge);
    } else if (!it->is_last) {
        call_conv(s, step, variant, &edge);
    } else {
        const bc_matrix_input in = input_of(s, step, variant);
        s->work->session->kernels.matrix_planes(&s->work->session->layers[it->index].weights.matrix,
                                                &in, it->width, planes->map, planes->channel_stride,
                                                s->memory.scratch);
    }
}
