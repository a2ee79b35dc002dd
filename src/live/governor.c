#include "live/governor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_COSTS = 3, MIN_COSTS = 6 };

static const double too_much = 0.95;    /* of the budget: go down */
static const double wanted = 0.80;      /* what a step down aims at */
static const double comfortable = 0.75; /* what a step up must stay below */
static const double eased = 0.80;       /* of the cost of the last try: the load has gone */
static const double judged = 2 / 3.0;   /* of the costs lie below the one that counts */
static const int64_t first_patience_us = 2000000, most_patience_us = 300000000;
static const int64_t proven_us = 120000000; /* a level that held so long did not fail */

/* Levels ----------------------------------------------------------------------------------- */

static void add_level(bc_governor *g, double scale, bool is_cheap)
{
    const double net = is_cheap ? 1 / g->params.net_ratio : 1, share = scale * scale * net;
    if (g->n_levels > 0 && share >= g->levels[g->n_levels - 1].share)
        return;
    g->levels[g->n_levels++] = (bc_level){
        .scale = scale, .is_cheap = is_cheap, .share = share, .patience_us = first_patience_us};
}

/* A smaller net rather than a smaller picture. */
static void make_levels(bc_governor *g)
{
    const bc_governor_params *p = &g->params;
    const bool has_cheap = !p->is_net_fixed && p->net_ratio > 1;
    const bool is_scale_fixed = p->fixed_scale > 0;
    const double whole = is_scale_fixed ? p->fixed_scale : 1;
    g->n_levels = 0;
    add_level(g, whole, false);
    for (int i = 0; i < (is_scale_fixed ? 1 : BC_N_SIZES); i++)
        add_level(g, whole * pow(2, -i / 2.0), has_cheap);
}

static void start_over(bc_governor *g)
{
    g->n_costs = 0;
    g->fits_since_us = -1;
}

void bc_governor_init(bc_governor *governor, const bc_governor_params *params)
{
    *governor = (bc_governor){.params = *params};
    make_levels(governor);
    start_over(governor);
}

/* The level nearest to the present one: as large, and with its net if there is a choice. */
void bc_governor_set_params(bc_governor *g, const bc_governor_params *params)
{
    const bc_level old = g->levels[g->level];
    g->params = *params;
    make_levels(g);
    g->level = 0;
    for (int i = 0; i < g->n_levels; i++) {
        const bc_level *l = &g->levels[i];
        if (l->is_cheap <= old.is_cheap && l->scale >= old.scale - 1e-9)
            g->level = i;
    }
    g->hoped_us = 0;
    start_over(g);
}

double bc_governor_scale(const bc_governor *governor)
{
    return governor->levels[governor->level].scale;
}

bool bc_governor_is_cheap(const bc_governor *governor)
{
    return governor->levels[governor->level].is_cheap;
}

/* Changes ---------------------------------------------------------------------------------- */

/* What the present painting would cost on another level. */
static double predict(const bc_governor *g, int level)
{
    return g->cost_us * g->levels[level].share / g->levels[g->level].share;
}

static bool change(bc_governor *g, int level, int64_t now_us)
{
    g->hoped_us = level < g->level ? predict(g, level) : 0;
    g->level = level;
    g->changed_us = now_us;
    start_over(g);
    return true;
}

static void remember_failure(bc_governor *g, int64_t now_us)
{
    bc_level *l = &g->levels[g->level];
    const bool is_new = now_us - g->changed_us > proven_us;
    l->tried_us = g->hoped_us > 0 ? g->hoped_us : g->cost_us;
    l->patience_us = is_new ? first_patience_us : l->patience_us * 2;
    if (l->patience_us > most_patience_us)
        l->patience_us = most_patience_us;
}

static bool go_down(bc_governor *g, int64_t now_us)
{
    int level = g->level;
    while (level < g->n_levels - 1 && predict(g, level) > wanted * g->params.budget_us)
        level++;
    g->fits_since_us = -1;
    if (level == g->level)
        return false;
    remember_failure(g, now_us);
    return change(g, level, now_us);
}

static int64_t patience(const bc_governor *g, int level)
{
    const bc_level *l = &g->levels[level];
    return predict(g, level) < eased * l->tried_us ? first_patience_us : l->patience_us;
}

/* To the best level that has fitted for as long as it takes. */
static bool go_up(bc_governor *g, int64_t now_us)
{
    int best = 0;
    while (best < g->level && predict(g, best) > comfortable * g->params.budget_us)
        best++;
    if (best == g->level) {
        g->fits_since_us = -1;
        return false;
    }
    if (g->fits_since_us < 0) {
        g->fits_since_us = now_us;
        g->fitting = best;
    }
    if (g->fitting < best)
        g->fitting = best;
    for (int i = g->fitting; i < g->level; i++) {
        if (now_us - g->fits_since_us >= patience(g, i))
            return change(g, i, now_us);
    }
    return false;
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
    if (g->n_costs < (g->changed_us == 0 ? FIRST_COSTS : MIN_COSTS))
        return false;
    g->cost_us = judge(g);
    return g->cost_us > too_much * g->params.budget_us ? go_down(g, now_us) : go_up(g, now_us);
}
