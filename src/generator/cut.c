#include "generator/cut.h"

#include <math.h>

#include "generator/roll.h"
#include "generator/weights.h"

/* Multiplications that take the time of a byte; measured on Zen 5 with AVX-512. */
static const double map_cost = 3.5, shared_cost = 0.1;

/* Of the shared cache one thread's working set may be so much: others want the rest. */
static const double most_share = 0.5;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Shape ------------------------------------------------------------------------------------ */

/* Rows of the smallest grid in which every step has whole calls: all numbers are powers of two. */
static void set_rows(const bc_plan *plan, bc_group *g)
{
    g->height = plan->steps[g->first].height;
    g->rows = 1;
    for (int i = g->first; i < g->end; i++)
        g->height = smaller(g->height, plan->steps[i].height);
    for (int i = g->first; i < g->end; i++)
        g->rows = larger(g->rows, bc_step_pass(&plan->steps[i], g->is_matrix)->rows /
                                      (plan->steps[i].height / g->height));
}

/* What rolling stripes of a group tells. */
typedef struct survey {
    int depths[BC_MAX_STEPS]; /* rows of a step's ring, in rows of its readers' input */
    double products;          /* multiplications of all of them */
} survey;

/* The ring holds the call's rows and all that some reader may still ask for. */
static int depth_at(const bc_roll *roll, int index)
{
    const bc_step *step = &roll->plan->steps[index];
    const int rows = bc_step_pass(step, roll->group->is_matrix)->rows * bc_step_scale(step);
    const int end = (roll->lines[index].next_call + 1) * rows;
    int oldest = end - rows;
    const int last = smaller(step->last_reader, roll->group->end - 1);
    for (int i = index + 1; i <= last; i++) {
        for (int k = 0; k < roll->plan->steps[i].n_inputs; k++) {
            if (roll->plan->steps[i].inputs[k].from == index)
                oldest = smaller(oldest, bc_roll_oldest(roll, i));
        }
    }
    return (end - oldest + rows - 1) / rows * rows;
}

static void count_call(bc_roll *roll, int index)
{
    survey *s = roll->cookie;
    const bc_step *step = &roll->plan->steps[index];
    const int rows = bc_step_pass(step, roll->group->is_matrix)->rows;
    const int left = step->height - roll->lines[index].next_call * rows;
    s->depths[index] = larger(s->depths[index], depth_at(roll, index));
    s->products += step->pass.row_products * smaller(rows, left);
}

static survey survey_stripes(const bc_plan *plan, const bc_group *g, int first, int end)
{
    survey s = {.products = 0};
    bc_roll roll = {.plan = plan, .group = g, .call = count_call, .cookie = &s};
    for (int i = first; i < end; i++)
        bc_roll_stripe(&roll, i);
    return s;
}

/* Rings ------------------------------------------------------------------------------------- */

/* Places `n_copies` of a ring; 0 bytes where there is none. */
static size_t take_ring(size_t *offset, size_t row, int n_rows, int n_copies)
{
    const size_t at = *offset;
    *offset += row * (size_t)n_rows * (size_t)n_copies;
    return at;
}

static void place_outputs(const bc_step *step, const bc_group *g, bc_pass *pass, int depth,
                          size_t *offset)
{
    const int n_copies = bc_is_each_styles(step) ? g->n_styles : 1;
    if (pass->out.row > 0) {
        pass->out.n_rows = depth;
        pass->out.offset = take_ring(offset, pass->out.row, depth, n_copies);
        return;
    }
    bc_map *ring = &pass->ring;
    ring->n_rows = depth / bc_step_scale(step);
    ring->size = (size_t)ring->row_stride * (size_t)ring->n_rows;
    ring->n_copies = n_copies;
    ring->offset = take_ring(offset, (size_t)ring->row_stride, ring->n_rows, n_copies);
}

static void place_rings(bc_plan *plan, const bc_group *g, const survey *s)
{
    size_t offset = 0;
    for (int i = g->first; i < g->end; i++) {
        bc_step *step = &plan->steps[i];
        bc_pass *pass = g->is_matrix ? &step->matrix : &step->pass;
        const int n_copies = bc_step_loads_each(plan, step) ? g->n_styles : 1;
        if (pass->ring_row > 0)
            pass->ring_offset = take_ring(&offset, pass->ring_row, pass->n_slots, n_copies);
        if (i < g->end - 1 || step->is_last)
            place_outputs(step, g, pass, s->depths[i], &offset);
    }
    offset += 2 * BC_PAD; /* the kernels' overrun */
    if (offset > plan->ring_floats)
        plan->ring_floats = offset;
}

/* Cost ------------------------------------------------------------------------------------- */

/* Bytes that one row of calls of the group touches and the next one touches again. */
static double working_set(const bc_plan *plan, const bc_group *g, const survey *s)
{
    double floats = 0, weights = 0;
    for (int i = g->first; i < g->end; i++) {
        const bc_step *step = &plan->steps[i];
        const bc_pass *pass = &step->pass;
        const int n_loads = bc_step_loads_each(plan, step) ? g->n_styles : 1;
        const int n_outs = bc_is_each_styles(step) ? g->n_styles : 1;
        floats += (double)pass->ring_row * pass->n_slots * n_loads;
        floats += (double)pass->ring.row_stride * s->depths[i] / bc_step_scale(step) * n_outs;
        weights += (double)bc_weights_size(step);
    }
    return (double)sizeof(float) * floats + weights;
}

static double map_bytes(const bc_plan *plan, const bc_group *g)
{
    double n_outputs = 0;
    for (int i = g->first; i < g->end; i++) {
        const bc_step *step = &plan->steps[i];
        if (!step->is_last && bc_plan_keeps(plan, g, i))
            n_outputs += (double)step->n_out * step->width * step->height;
    }
    return (double)sizeof(float) * n_outputs;
}

/* Of a row of calls. */
static double ring_cost(const bc_plan *plan, const bc_group *g, const survey *s,
                        const bc_plan_params *params)
{
    const double share = fmin(most_share, 1.0 / params->n_threads) * (double)params->caches.shared;
    const double behind_core = fmax(working_set(plan, g, s) - (double)params->caches.core, 0);
    const double behind_shared = fmax(behind_core - share, 0);
    return shared_cost * (behind_core - behind_shared) + map_cost * behind_shared;
}

/* Multiplications for `n_units` units of a group's rows, as many as there are. */
static double own_products(const bc_plan *plan, const bc_group *g, int n_units)
{
    double products = 0;
    for (int i = g->first; i < g->end; i++) {
        const bc_step *step = &plan->steps[i];
        const int n_rows = n_units * g->rows * (step->height / g->height);
        products += step->pass.row_products * smaller(n_rows, step->height);
    }
    return products;
}

/*
 * A short stripe in the middle tells how deep rings are, and what a stripe computes beside its own
 * rows: a long one computes the same there, at the frame's upper and lower end nothing.
 */
static double cost_of(const bc_plan *plan, const bc_group *g, const bc_plan_params *params)
{
    enum { SHORT = 4 /* units */ };
    const int n_units = (g->height + g->rows - 1) / g->rows;
    const int n_rounds = (g->n_stripes + params->n_threads - 1) / params->n_threads;
    const int n_own = (n_units + g->n_stripes - 1) / g->n_stripes;
    bc_group cut = *g;
    cut.n_stripes = larger(g->n_stripes, n_units / SHORT);
    const int middle = cut.n_stripes / 2;
    const int n_short = (int)((int64_t)n_units * (middle + 1) / cut.n_stripes -
                              (int64_t)n_units * middle / cut.n_stripes);
    const survey s = survey_stripes(plan, &cut, middle, middle + 1);
    const double beside = fmax(s.products - own_products(plan, g, n_short), 0);
    return n_rounds * (own_products(plan, g, n_own) + beside * smaller(g->n_stripes - 1, 2) / 2 +
                       ring_cost(plan, g, &s, params) * n_own) +
           map_cost * map_bytes(plan, g) / params->n_threads;
}

/* Groups ----------------------------------------------------------------------------------- */

static bool reads(const bc_step *step, int from)
{
    for (int i = 0; i < step->n_inputs; i++) {
        if (step->inputs[i].from == from)
            return true;
    }
    return false;
}

/* Whether all steps but the last are asked for by others of the group. */
static bool is_asked_for(const bc_plan *plan, int first, int end)
{
    for (int i = first; i < end - 1; i++) {
        int reader = i + 1;
        while (reader < end && !reads(&plan->steps[reader], i))
            reader++;
        if (reader == end)
            return false;
    }
    return true;
}

/* Styles of a blend run all at once through a group, or one after another through groups. */
static bool may_be_group(const bc_plan *plan, int first, int end)
{
    const bc_step *steps = plan->steps;
    for (int i = first; i < end && plan->max_blend > 1; i++) {
        if (!bc_is_each_styles(&steps[i]))
            continue;
        const bool is_whole = first <= steps[i].first_of_styles && end >= steps[i].end_of_styles;
        const bool is_inside = first >= steps[i].first_of_styles && end <= steps[i].end_of_styles;
        if (!is_whole && !is_inside)
            return false;
    }
    return is_asked_for(plan, first, end);
}

static int styles_at_once(const bc_plan *plan, const bc_group *g)
{
    for (int i = g->first; i < g->end; i++) {
        const bc_step *step = &plan->steps[i];
        if (bc_is_each_styles(step) &&
            (g->first > step->first_of_styles || g->end < step->end_of_styles))
            return 1;
    }
    return plan->max_blend;
}

static bc_group make_group(const bc_plan *plan, int first, int end, bool is_matrix,
                           const bc_plan_params *params)
{
    bc_group g = {.first = first, .end = end, .is_matrix = is_matrix};
    set_rows(plan, &g);
    g.n_stripes = smaller(params->n_threads, (g.height + g.rows - 1) / g.rows);
    g.n_styles = styles_at_once(plan, &g);
    return g;
}

/* The cheapest cut of the first steps. */
typedef struct cut {
    double cost;
    int first; /* step of the last group */
} cut;

static void find_cut(const bc_plan *plan, int end, const bc_plan_params *params, cut cuts[])
{
    cuts[end].cost = (double)INFINITY;
    for (int first = end - 1; first >= 0; first--) {
        if (!may_be_group(plan, first, end))
            continue;
        const bc_group g = make_group(plan, first, end, false, params);
        const double cost = cuts[first].cost + cost_of(plan, &g, params);
        if (cost <= cuts[end].cost) /* of equal ones the longest */
            cuts[end] = (cut){.cost = cost, .first = first};
    }
}

static void find_cuts(const bc_plan *plan, const bc_plan_params *params, cut cuts[])
{
    for (int end = 1; end <= plan->n_steps; end++)
        find_cut(plan, end, params, cuts);
}

static void take_group(bc_plan *plan, int first, int end, bool is_matrix,
                       const bc_plan_params *params)
{
    const bc_group g = make_group(plan, first, end, is_matrix, params);
    const survey s = survey_stripes(plan, &g, 0, g.n_stripes);
    place_rings(plan, &g, &s);
    plan->groups[plan->n_groups++] = g;
}

static void take_groups(bc_plan *plan, const bc_plan_params *params, const cut cuts[], int end)
{
    if (end == 0)
        return;
    take_groups(plan, params, cuts, cuts[end].first);
    take_group(plan, cuts[end].first, end, false, params);
}

/*
 * Whether a step, of a canvas alone, costs less to make twice than to keep: the first time tells
 * its statistics, the second time its rows go straight into the sum behind it.
 */
static bool is_made_easily(const bc_plan *plan, int step)
{
    const bc_step *it = &plan->steps[step];
    return it->layer->kind == BC_LAYER_CONV && it->kernel == 1 && it->n_phases == 1 &&
           it->inputs[0].source == BC_SOURCE_CANVAS && it->last_reader == step + 1 &&
           it[1].layer->kind == BC_LAYER_ADD && !bc_is_each_styles(it) &&
           !bc_is_each_styles(&it[1]);
}

/* Every step for itself, and with it what is made again for it. */
static void cut_layers(bc_plan *plan, const bc_plan_params *params, cut cuts[])
{
    const bool may_remake = params->n_parts == 0 && !params->keeps_sums;
    for (int end = 1; end <= plan->n_steps; end++) {
        const int before = end - 2;
        cuts[end].first = end - 1;
        if (before < 0 || !may_remake || !is_made_easily(plan, before))
            continue;
        plan->steps[before].is_remade = true;
        cuts[end].first = before;
    }
}

void bc_plan_cut(bc_plan *plan, const bc_plan_params *params)
{
    cut cuts[BC_MAX_STEPS + 1] = {{.cost = 0}};
    if (params->caches.core > 0 && params->n_parts == 0)
        find_cuts(plan, params, cuts);
    else
        cut_layers(plan, params, cuts);
    plan->ring_floats = 0;
    take_groups(plan, params, cuts, plan->n_steps);
    if (params->n_parts > 0) {
        plan->n_groups = 0;
        take_group(plan, 0, plan->n_steps, true, params);
    }
}
