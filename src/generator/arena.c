#include "generator/arena.h"

#include <stdlib.h>

static const bc_life never = {.born = 0, .dies = -1};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/*
 * A map lives from its step to its last reader. What every style runs for itself is run again for
 * the next style of a blend: then it is there from the first of these steps on, and what they read
 * up to the last.
 */
static bc_life life_by_layers(const bc_plan *plan, int step)
{
    bc_life life = {.born = step, .dies = plan->steps[step].last_reader};
    if (plan->steps[step].is_remade)
        return never;
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

/* In place ----------------------------------------------------------------------------------- */

/*
 * Whether a sum's map may take the place of an input's: nobody reads that one later, nor while rows
 * of the sum are there already. In a group of several steps stripes read each other's rows.
 */
static bool may_replace(const bc_plan *plan, int index, int input)
{
    const bc_step *sum = &plan->steps[index];
    const bc_edge *edge = &sum->inputs[input];
    if (sum->layer->kind != BC_LAYER_ADD || edge->source != BC_SOURCE_MAP || edge->is_mix)
        return false;
    const bc_step *from = &plan->steps[edge->from];
    const bc_life *maps = &sum->lives[BC_GROUPS], *given = &from->lives[BC_GROUPS];
    const bc_group *g = group_of(plan, index);
    const bool is_alone = g->end - g->first == 1 || plan->steps[g->first].is_remade;
    int n = 0;
    for (int i = 0; i < sum->n_inputs; i++)
        n += sum->inputs[i].from == edge->from || sum->inputs[i].source == BC_SOURCE_CANVAS;
    return n == 1 && from->lives[BC_LAYERS].dies == index &&
           bc_is_each_styles(from) == bc_is_each_styles(sum) &&
           from->map.n_copies == sum->map.n_copies &&
           (is_alone || maps->dies < maps->born || given->dies < given->born);
}

static bc_life join(bc_life a, bc_life b)
{
    if (a.dies < a.born || b.dies < b.born)
        return a.dies < a.born ? b : a;
    return (bc_life){.born = a.born < b.born ? a.born : b.born, .dies = larger(a.dies, b.dies)};
}

/* Of a sum's first two inputs either may come first: their sum is the same. */
static void replace_inputs(bc_plan *plan)
{
    for (int i = 0; i < plan->n_steps - 1; i++) {
        bc_step *sum = &plan->steps[i];
        const int input = sum->n_inputs > 1 && !may_replace(plan, i, 0);
        sum->is_in_place = may_replace(plan, i, input);
        if (sum->is_in_place && input == 1) {
            const bc_edge second = sum->inputs[1];
            sum->inputs[1] = sum->inputs[0];
            sum->inputs[0] = second;
        }
    }
}

/* The step whose map a step's is, its own or the one that it takes the place of. */
static bc_step *owner_of(bc_plan *plan, bc_step *step)
{
    while (step->is_in_place)
        step = &plan->steps[step->inputs[0].from];
    return step;
}

/* Places ------------------------------------------------------------------------------------- */

/* First fit: the lowest place that no map of the same time takes. */
static void place_map(bc_step *step, bc_step *const placed[], int n_placed)
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
}

typedef bool comes_before(const bc_step *a, const bc_step *b);

static bool is_larger(const bc_step *a, const bc_step *b)
{
    return size_of(a) > size_of(b);
}

static bool lives_longer(const bc_step *a, const bc_step *b)
{
    const int years = a->lives[BC_LAYERS].dies - a->lives[BC_LAYERS].born;
    const int others = b->lives[BC_LAYERS].dies - b->lives[BC_LAYERS].born;
    return years != others ? years > others : is_larger(a, b);
}

/* Equal ones stay as they were. Returns the floats that all maps take. */
static size_t place_in_order(bc_step *steps[], int n, comes_before *before)
{
    size_t floats = 0;
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0 && before(steps[j], steps[j - 1]); j--) {
            bc_step *step = steps[j];
            steps[j] = steps[j - 1];
            steps[j - 1] = step;
        }
    }
    for (int i = 0; i < n; i++) {
        place_map(steps[i], steps, i);
        floats = end_of(steps[i]) > floats ? end_of(steps[i]) : floats;
    }
    return floats;
}

/* Neither order is always the better one. */
static size_t place_all(bc_step *steps[], int n)
{
    const size_t floats = place_in_order(steps, n, lives_longer);
    const size_t others = place_in_order(steps, n, is_larger);
    return others <= floats ? others : place_in_order(steps, n, lives_longer);
}

void bc_plan_place_maps(bc_plan *plan)
{
    bc_step *steps[BC_MAX_STEPS];
    const int n = plan->n_steps - 1; /* the last one makes the painting */
    int n_owners = 0;
    for (int i = 0; i < n; i++) {
        plan->steps[i].lives[BC_LAYERS] = life_by_layers(plan, i);
        plan->steps[i].lives[BC_GROUPS] = life_by_groups(plan, i);
    }
    replace_inputs(plan);
    for (int i = 0; i < n; i++) {
        bc_step *step = &plan->steps[i], *owner = owner_of(plan, step);
        for (int way = 0; way < BC_N_WAYS && owner != step; way++)
            owner->lives[way] = join(owner->lives[way], step->lives[way]);
        if (owner == step)
            steps[n_owners++] = step;
    }
    plan->arena_floats = place_all(steps, n_owners) + 2 * BC_PAD; /* the kernels' overrun */
    for (int i = 0; i < n; i++)
        plan->steps[i].map.offset = owner_of(plan, &plan->steps[i])->map.offset;
}
