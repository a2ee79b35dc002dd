#include "generator/arena.h"

#include <stdlib.h>

static const bc_life never = {.born = 0, .dies = -1};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int last_reader(const bc_plan *plan, int step)
{
    int last = step;
    for (int i = step + 1; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++)
            last = plan->steps[i].inputs[k].from == step ? i : last;
    }
    return last;
}

/*
 * A map lives from its step to its last reader. What every style runs for itself is run again for
 * the next style of a blend: then it is there from the first of these steps on, and what they read
 * up to the last.
 */
static bc_life life_by_layers(const bc_plan *plan, int step)
{
    bc_life life = {.born = step, .dies = last_reader(plan, step)};
    if (plan->max_blend == 1)
        return life;
    if (bc_is_each_styles(&plan->steps[step])) {
        life.born = plan->steps[step].first_of_styles;
        life.dies = larger(life.dies, plan->steps[step].end_of_styles - 1);
    }
    for (int i = step + 1; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++) {
            if (plan->steps[i].inputs[k].from == step && bc_is_each_styles(&plan->steps[i]))
                life.dies = larger(life.dies, plan->steps[i].end_of_styles - 1);
        }
    }
    return life;
}

static const bc_group *group_of(const bc_plan *plan, int step)
{
    const bc_group *g = plan->groups;
    while (g->end <= step)
        g++;
    return g;
}

/* Only what others than a group read is a map, until its last reader's group has run. */
static bc_life life_by_groups(const bc_plan *plan, int step)
{
    const bc_group *g = group_of(plan, step);
    if (!bc_plan_keeps(plan, g, step))
        return never;
    bc_life life = life_by_layers(plan, step);
    life.born = life.born < g->first ? life.born : g->first;
    life.dies = larger(life.dies, group_of(plan, life.dies)->end - 1);
    return life;
}

static bool live_together(const bc_step *a, const bc_step *b)
{
    for (int way = 0; way < BC_N_WAYS; way++) {
        const bc_life x = a->lives[way], y = b->lives[way];
        if (x.born <= x.dies && y.born <= y.dies && x.born <= y.dies && y.born <= x.dies)
            return true;
    }
    return false;
}

static size_t size_of(const bc_step *step)
{
    return step->map.size * (size_t)step->map.n_copies;
}

static size_t end_of(const bc_step *step)
{
    return step->map.offset + size_of(step);
}

/* First fit: the lowest place that no map of the same time takes. */
static void place_map(bc_plan *plan, bc_step *step, bc_step *const placed[], int n_placed)
{
    step->map.offset = 0;
    for (int i = 0; i < n_placed; i++) {
        const bc_step *other = placed[i];
        const bool overlaps = step->map.offset < end_of(other) && other->map.offset < end_of(step);
        if (!live_together(step, other) || !overlaps)
            continue;
        step->map.offset = end_of(other);
        i = -1; /* the new place must be clear of all */
    }
    if (end_of(step) > plan->arena_floats)
        plan->arena_floats = end_of(step);
}

/* The largest first; equal ones as they were. */
static void sort(bc_step *steps[], int n)
{
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0 && size_of(steps[j]) > size_of(steps[j - 1]); j--) {
            bc_step *step = steps[j];
            steps[j] = steps[j - 1];
            steps[j - 1] = step;
        }
    }
}

void bc_plan_place_maps(bc_plan *plan)
{
    bc_step *steps[BC_MAX_STEPS];
    const int n = plan->n_steps - 1; /* the last one makes the painting */
    for (int i = 0; i < n; i++) {
        steps[i] = &plan->steps[i];
        steps[i]->lives[BC_LAYERS] = life_by_layers(plan, i);
        steps[i]->lives[BC_GROUPS] = life_by_groups(plan, i);
    }
    sort(steps, n);
    for (int i = 0; i < n; i++)
        place_map(plan, steps[i], steps, i);
    plan->arena_floats += 2 * BC_PAD; /* the kernels' overrun */
}
