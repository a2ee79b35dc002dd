/*
 * roll.h: a stripe's way down the frame, depth first: which step makes its next call when, and
 * which row comes next into its ring. The planner rolls stripes to count, the session to paint, so
 * that the two cannot disagree.
 *
 * A call needs n_slots rows of its step's input. Rows of the frame, of a canvas and of maps are
 * there; a row of another step of the group is there as soon as that step has made it, and it
 * makes its calls when somebody asks. So a step's last rows are kept in a ring that is as deep as
 * its slowest reader is behind: between a convolution and the next one a call or two, across a
 * residual block what the block's convolutions reach.
 */
#ifndef BC_GENERATOR_ROLL_H
#define BC_GENERATOR_ROLL_H

#include "generator/plan.h"

/* A step on its way down a stripe. */
typedef struct bc_line {
    int next_call;
    int own_calls[2]; /* first and end of those that are the stripe's own */
    int next_row;     /* of its input: the next to be loaded, or the first of the next call */
} bc_line;

typedef struct bc_roll {
    const bc_plan *plan;
    const bc_group *group;
    bc_line lines[BC_MAX_STEPS]; /* of the plan's steps, those of the group */
    /* Loads a row of the input (any, edges repeat), for steps that do so; NULL: nothing. */
    void (*load)(struct bc_roll *roll, int step, int row);
    /* Makes the step's next call. */
    void (*call)(struct bc_roll *roll, int step);
    void *cookie; /* of the two */
} bc_roll;

/* Rolls stripe `number` of the group's n_stripes down. */
void bc_roll_stripe(bc_roll *roll, int number);

/* The row of a step's input that stands for row y, which may lie outside: see `pad`. */
int bc_step_row(const bc_step *step, int y);

/* The first row of a step's input, of edges alone counted, that it may still ask for. */
int bc_roll_oldest(const bc_roll *roll, int step);

/* Whether every style loads its own rows: what all of them read is loaded once. */
static inline bool bc_step_loads_each(const bc_plan *plan, const bc_step *step)
{
    return bc_is_each_styles(step) && step->inputs[0].from >= 0 && !step->inputs[0].is_mix &&
           bc_is_each_styles(&plan->steps[step->inputs[0].from]);
}

static inline bool bc_group_has(const bc_group *group, int step)
{
    return step >= group->first && step < group->end;
}

#endif
