#include "app/governor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_COSTS = 6, CHEAP_FROM_RUNG = 3 };

static const double too_much = 0.95;    /* of the budget: go down */
static const double wanted = 0.80;      /* what a step down aims at */
static const double comfortable = 0.75; /* what a step up must stay below */
static const double judged = 2 / 3.0;   /* of the costs lie below the one that counts */
static const int64_t first_patience_us = 2000000, most_patience_us = 32000000;
static const int64_t failed_within_us = 5000000; /* of a step up: it should not have been */

static double scale_of(int rung)
{
    return pow(2, -rung / 4.0);
}

double bc_governor_scale(const bc_governor *governor)
{
    return governor->params.fixed_scale > 0 ? governor->params.fixed_scale
                                            : scale_of(governor->rung);
}

static void start_over(bc_governor *g)
{
    g->n_costs = 0;
    g->fits_since_us = -1;
}

void bc_governor_init(bc_governor *governor, const bc_governor_params *params)
{
    *governor = (bc_governor){.params = *params, .patience_us = first_patience_us};
    start_over(governor);
}

void bc_governor_set_params(bc_governor *governor, const bc_governor_params *params)
{
    governor->params = *params;
    if (params->is_net_fixed || params->net_ratio <= 1)
        governor->is_cheap = false;
    start_over(governor);
}

/* What the present painting would cost on another rung, with another net. */
static double predict(const bc_governor *g, int rung, bool is_cheap)
{
    const double area = pow(scale_of(rung) / scale_of(g->rung), 2);
    double net = 1;
    if (is_cheap && !g->is_cheap)
        net = 1 / g->params.net_ratio;
    else if (!is_cheap && g->is_cheap)
        net = g->params.net_ratio;
    return g->cost_us * area * net;
}

static bool can_change_net(const bc_governor *g)
{
    return !g->params.is_net_fixed && g->params.net_ratio > 1;
}

/* The highest rung on which the frames fit; a smaller net rather than a very small picture. */
static bool step_down(bc_governor *g)
{
    const int rung = g->rung;
    const bool was_cheap = g->is_cheap;
    int next = rung;
    bool is_cheap = was_cheap;
    const bool is_scale_fixed = g->params.fixed_scale > 0;
    const int lowest = is_scale_fixed ? rung : BC_N_RUNGS - 1;
    const double limit = wanted * g->params.budget_us;
    while (next < lowest && predict(g, next, is_cheap) > limit)
        next++;
    if (can_change_net(g) && !is_cheap &&
        (next >= CHEAP_FROM_RUNG || predict(g, next, false) > limit)) {
        is_cheap = true;
        next = is_scale_fixed ? rung : 0;
        while (next < lowest && predict(g, next, true) > limit)
            next++;
    }
    g->rung = next;
    g->is_cheap = is_cheap;
    return next != rung || is_cheap != was_cheap;
}

/* What comes after the present painting upwards: the next rung, then the net that was asked for. */
static bool next_up(const bc_governor *g, int *rung, bool *is_cheap)
{
    *rung = g->rung;
    *is_cheap = g->is_cheap;
    if (g->rung > 0 && g->params.fixed_scale <= 0)
        *rung = g->rung - 1;
    else if (g->is_cheap) {
        *is_cheap = false;
        *rung = g->params.fixed_scale > 0 ? g->rung : CHEAP_FROM_RUNG - 1;
    } else {
        return false;
    }
    return true;
}

static void note_change(bc_governor *g, int64_t now_us, bool up)
{
    if (!up && g->went_up && now_us - g->changed_us < failed_within_us)
        g->patience_us =
            g->patience_us * 2 < most_patience_us ? g->patience_us * 2 : most_patience_us;
    else if (!up)
        g->patience_us = first_patience_us;
    g->went_up = up;
    g->changed_us = now_us;
    start_over(g);
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double judge(const bc_governor *g)
{
    float sorted[BC_N_COSTS];
    const int n = g->n_costs < BC_N_COSTS ? g->n_costs : BC_N_COSTS;
    memcpy(sorted, g->costs_us, sizeof(sorted));
    qsort(sorted, (size_t)n, sizeof(sorted[0]), compare);
    return (double)sorted[(int)(judged * (n - 1))];
}

bool bc_governor_update(bc_governor *g, int64_t now_us, double cost_us)
{
    g->costs_us[g->n_costs++ % BC_N_COSTS] = (float)cost_us;
    if (g->n_costs < MIN_COSTS)
        return false;
    g->cost_us = judge(g);
    if (g->cost_us > too_much * g->params.budget_us) {
        g->fits_since_us = -1;
        if (!step_down(g))
            return false;
        note_change(g, now_us, false);
        return true;
    }
    int rung;
    bool is_cheap;
    if (!next_up(g, &rung, &is_cheap) ||
        predict(g, rung, is_cheap) > comfortable * g->params.budget_us) {
        g->fits_since_us = -1;
        return false;
    }
    if (g->fits_since_us < 0)
        g->fits_since_us = now_us;
    if (now_us - g->fits_since_us < g->patience_us)
        return false;
    g->rung = rung;
    g->is_cheap = is_cheap;
    note_change(g, now_us, true);
    return true;
}
