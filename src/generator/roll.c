#include "generator/roll.h"

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static const bc_pass *pass_of(const bc_roll *roll, int step)
{
    return bc_step_pass(&roll->plan->steps[step], roll->group->is_matrix);
}

/* Rows that no output reads, of a tile at the bottom, must not ask for rows that are gone. */
int bc_step_row(const bc_step *step, int y)
{
    const int last = step->in_height - 1, reach = step->kernel / 2;
    if (step->layer->pad == BC_PAD_REFLECT)
        y = y < 0 ? -y : y > last ? 2 * last - clamp(y, 0, last + reach) : y;
    return clamp(y, 0, last);
}

int bc_roll_oldest(const bc_roll *roll, int step)
{
    const bc_step *s = &roll->plan->steps[step];
    const int row = clamp(roll->lines[step].next_row, 0, s->in_height - 1);
    const int reach = s->layer->pad == BC_PAD_REFLECT ? s->kernel / 2 : 0;
    return row > reach ? row - reach : 0;
}

/* Of the input, for the step's next call. */
static int first_row(const bc_roll *roll, int step)
{
    const bc_pass *pass = pass_of(roll, step);
    return roll->lines[step].next_call * pass->rows * pass->stride - pass->above;
}

static void advance(bc_roll *roll, int step);

/* Lets the steps of the group that a step reads make its row `row`. */
static void wait_for(bc_roll *roll, int step, int row)
{
    const bc_step *s = &roll->plan->steps[step];
    for (int i = 0; i < s->n_inputs; i++) {
        const int from = s->inputs[i].from;
        if (!bc_group_has(roll->group, from))
            continue;
        const int wanted = bc_step_row(s, row) / bc_step_scale(&roll->plan->steps[from]);
        while (roll->lines[from].next_call * pass_of(roll, from)->rows <= wanted)
            advance(roll, from);
    }
}

static void advance(bc_roll *roll, int step)
{
    const bc_pass *pass = pass_of(roll, step);
    const bool loads = pass->ring_row > 0;
    bc_line *line = &roll->lines[step];
    const int end = first_row(roll, step) + pass->n_slots;
    for (int row = line->next_row; row < end; row++) {
        wait_for(roll, step, row);
        if (!loads)
            continue;
        if (roll->load)
            roll->load(roll, step, row);
        line->next_row = row + 1;
    }
    roll->call(roll, step);
    line->next_call++;
    if (!loads)
        line->next_row = first_row(roll, step);
}

/* The call of a step with which unit `unit` of its group's rows begins. */
static int call_at(const bc_roll *roll, int step, int64_t unit)
{
    const bc_group *g = roll->group;
    const bc_pass *pass = pass_of(roll, step);
    const int rows = g->rows * (roll->plan->steps[step].height / g->height);
    return clamp((int)unit * (rows / pass->rows), 0, pass->n_calls);
}

/* A step begins with the first row that a reader asks for, or with the first that is its own. */
static void begin(bc_roll *roll, int step)
{
    const bc_step *s = &roll->plan->steps[step];
    roll->lines[step].next_row = first_row(roll, step);
    for (int i = 0; i < s->n_inputs; i++) {
        const int from = s->inputs[i].from;
        if (!bc_group_has(roll->group, from))
            continue;
        const int rows = pass_of(roll, from)->rows * bc_step_scale(&roll->plan->steps[from]);
        const int call = bc_roll_oldest(roll, step) / rows;
        if (call < roll->lines[from].next_call)
            roll->lines[from].next_call = call;
    }
}

void bc_roll_stripe(bc_roll *roll, int number)
{
    const bc_group *g = roll->group;
    const int n_units = (g->height + g->rows - 1) / g->rows;
    for (int i = g->first; i < g->end; i++) {
        bc_line *line = &roll->lines[i];
        for (int end = 0; end < 2; end++)
            line->own_calls[end] =
                call_at(roll, i, (int64_t)n_units * (number + end) / g->n_stripes);
        line->next_call = line->own_calls[0];
    }
    for (int i = g->end - 1; i >= g->first; i--)
        begin(roll, i);
    for (int i = g->end - 1; i >= g->first; i--) { /* the last one asks for nearly all others' */
        while (roll->lines[i].next_call < roll->lines[i].own_calls[1])
            advance(roll, i);
    }
}
