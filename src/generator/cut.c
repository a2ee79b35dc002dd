#include "generator/cut.h"

#include <math.h>

#include "generator/weights.h"

/* Multiplications that take the time of a byte; measured on Zen 5 with AVX-512. */
static const double map_cost = 3.5, shared_cost = 0.1;

/* Of the shared cache one thread's working set may be so much: others want the rest. */
static const double most_share = 0.5;

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Shape ------------------------------------------------------------------------------------ */

/* Rows of the next step's input that a row of this step's grid makes. */
static int rows_of_next(const bc_step *step)
{
    return step->n_phases == 4 ? 2 : 1;
}

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

/* Rings of a step: behind the first one that runs for each style every style has its own. */
static int n_rings(const bc_plan *plan, const bc_step *step)
{
    const bool has_own =
        step > plan->steps && bc_is_each_styles(step) && bc_is_each_styles(&step[-1]);
    return has_own ? plan->max_blend : 1;
}

static void place_rings(bc_plan *plan, const bc_group *g)
{
    size_t offset = 0;
    for (int i = g->first; i < g->end; i++) {
        bc_step *step = &plan->steps[i];
        bc_pass *pass = g->is_matrix ? &step->matrix : &step->pass;
        const int at_once =
            i == g->first ? 1
                          : bc_step_pass(&step[-1], g->is_matrix)->rows * rows_of_next(&step[-1]);
        pass->n_ring = pass->n_slots + at_once - 1;
        pass->ring_offset = offset;
        offset += pass->ring_row * (size_t)pass->n_ring * (size_t)n_rings(plan, step);
    }
    if (offset > plan->ring_floats)
        plan->ring_floats = offset;
}

/* Cost ------------------------------------------------------------------------------------- */

/* Multiplications for a row of a step's grid. */
static double row_products(const bc_step *step)
{
    if (step->layer->kind != BC_LAYER_CONV)
        return 0;
    const double points = (double)bc_winograd_points(step->kernel) * step->stride;
    const double taps = step->pass.algorithm == BC_WINOGRAD
                            ? points * points / (BC_WINOGRAD_TILE * BC_WINOGRAD_TILE)
                            : (double)step->kernel * step->kernel;
    return taps * step->n_in * step->n_out * step->width;
}

/* Multiplications of a thread that runs `n_own` rows of the smallest grid in each of its stripes.
 */
static double stripe_products(const bc_plan *plan, const bc_group *g, int n_own)
{
    double products = 0;
    int above = 0, below = 0; /* rows of the step beside the stripe's own */
    for (int i = g->end - 1; i >= g->first; i--) {
        const bc_step *step = &plan->steps[i];
        const bc_pass *pass = &step->pass;
        const int own = n_own * (step->height / g->height);
        products += row_products(step) * smaller(own + above + below, step->height);
        if (i == g->first)
            break;
        const bc_pass *before = &step[-1].pass;
        const int reach = pass->n_slots - pass->above - pass->rows * step->stride;
        const int n = rows_of_next(&step[-1]);
        above = round_up((above * step->stride + pass->above + n - 1) / n, before->rows);
        below = round_up((below * step->stride + reach + n - 1) / n, before->rows);
    }
    return products;
}

/* Bytes that one row of calls of the group touches and the next one touches again. */
static double working_set(const bc_plan *plan, const bc_group *g)
{
    double bytes = 0, outputs = 0;
    for (int i = g->first; i < g->end; i++) {
        const bc_step *step = &plan->steps[i];
        const bc_pass *pass = &step->pass;
        const double ring_row = (double)pass->ring_row;
        bytes += (double)sizeof(float) * ring_row * pass->n_ring * n_rings(plan, step);
        bytes += (double)bc_weights_size(step);
        outputs = fmax(outputs, (double)sizeof(float) * step->n_out * pass->rows * step->width);
    }
    return bytes + outputs;
}

static double map_bytes(const bc_plan *plan, const bc_group *g)
{
    const bc_step *last = &plan->steps[g->end - 1];
    const double n_outputs = (double)last->n_out * last->width * last->height;
    return g->end == plan->n_steps ? 0 : (double)sizeof(float) * n_outputs;
}

/* Of a row of calls. */
static double ring_cost(const bc_plan *plan, const bc_group *g, const bc_plan_params *params)
{
    const double share = fmin(most_share, 1.0 / params->n_threads) * (double)params->caches.shared;
    const double behind_core = fmax(working_set(plan, g) - (double)params->caches.core, 0);
    const double behind_shared = fmax(behind_core - share, 0);
    return shared_cost * (behind_core - behind_shared) + map_cost * behind_shared;
}

static double cost_of(const bc_plan *plan, const bc_group *g, const bc_plan_params *params)
{
    const int n_units = (g->height + g->rows - 1) / g->rows;
    const int n_rounds = (g->n_stripes + params->n_threads - 1) / params->n_threads;
    const int n_own = (n_units + g->n_stripes - 1) / g->n_stripes * g->rows;
    return n_rounds *
               (stripe_products(plan, g, n_own) + ring_cost(plan, g, params) * n_own / g->rows) +
           map_cost * map_bytes(plan, g) / params->n_threads;
}

/* Groups ----------------------------------------------------------------------------------- */

static int count_readers(const bc_plan *plan, int step)
{
    int n = 0;
    for (int i = step + 1; i < plan->n_steps; i++) {
        for (int k = 0; k < plan->steps[i].n_inputs; k++)
            n += plan->steps[i].inputs[k].from == step;
    }
    return n;
}

/* Whether step i may run in one group with the step before it: what that makes only i reads. */
static bool goes_on(const bc_plan *plan, int i)
{
    const bc_step *step = &plan->steps[i];
    return i > 0 && step->layer->kind == BC_LAYER_CONV && step[-1].layer->kind == BC_LAYER_CONV &&
           step->inputs[0].from == i - 1 && count_readers(plan, i - 1) == 1 &&
           step->layer->pad == BC_PAD_EDGE;
}

/* Styles of a blend run all at once through a group, or one after another through groups. */
static bool may_end_before(const bc_plan *plan, int first, int end)
{
    const bc_step *steps = plan->steps;
    if (plan->max_blend == 1)
        return true;
    for (int i = first; i < end; i++) {
        if (!bc_is_each_styles(&steps[i]))
            continue;
        const bool is_whole = first <= steps[i].first_of_styles && end >= steps[i].end_of_styles;
        const bool is_inside = first >= steps[i].first_of_styles && end <= steps[i].end_of_styles;
        if (!is_whole && !is_inside)
            return false;
    }
    return true;
}

static bc_group make_group(bc_plan *plan, int first, int end, bool is_matrix,
                           const bc_plan_params *params)
{
    bc_group g = {.first = first, .end = end, .is_matrix = is_matrix};
    set_rows(plan, &g);
    g.n_stripes = smaller(params->n_threads, (g.height + g.rows - 1) / g.rows);
    place_rings(plan, &g);
    return g;
}

/* The cheapest cut of the first steps. */
typedef struct cut {
    double cost;
    int first; /* step of the last group */
} cut;

static void find_cut(bc_plan *plan, int end, const bc_plan_params *params, cut cuts[])
{
    cuts[end].cost = (double)INFINITY;
    for (int first = end - 1; first >= 0; first--) {
        if (first < end - 1 && !goes_on(plan, first + 1))
            break;
        if (!may_end_before(plan, first, end))
            continue;
        const bc_group g = make_group(plan, first, end, false, params);
        const double cost = cuts[first].cost + cost_of(plan, &g, params);
        if (cost <= cuts[end].cost) /* of equal ones the longest */
            cuts[end] = (cut){.cost = cost, .first = first};
    }
}

static void take_groups(bc_plan *plan, const bc_plan_params *params, const cut cuts[], int end)
{
    if (end == 0)
        return;
    take_groups(plan, params, cuts, cuts[end].first);
    plan->groups[plan->n_groups++] = make_group(plan, cuts[end].first, end, false, params);
}

void bc_plan_cut(bc_plan *plan, const bc_plan_params *params)
{
    cut cuts[BC_MAX_STEPS + 1] = {{.cost = 0}};
    for (int end = 1; end <= plan->n_steps; end++) {
        if (params->caches.core > 0 && params->n_parts == 0)
            find_cut(plan, end, params, cuts);
        else
            cuts[end].first = end - 1;
    }
    plan->ring_floats = 0;
    take_groups(plan, params, cuts, plan->n_steps);
    if (params->n_parts > 0) {
        plan->groups[0] = make_group(plan, 0, plan->n_steps, true, params);
        plan->n_groups = 1;
    }
}
