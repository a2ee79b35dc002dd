/*
 * governor.h: keeps a live picture at its rate by the net that paints it and, where the cheaper one
 * is too slow too, by the size at which it is painted. It only calculates: the caller tells it what
 * each frame cost and does what it says.
 *
 * What can be painted is a row of levels, each cheaper than the one before: the net that was asked
 * for, the cheap one, and smaller sizes of that, each of half the area. They are few and far from
 * each other, since strokes grow as the size shrinks: a net is changed before a size is, and a size
 * seldom. Cost goes with the painted area. It is judged by the
 * upper third of the last frames, so that one frame that was disturbed changes nothing. When it is
 * more than a frame's time, the governor goes down at once to the level that will fit, the first
 * time after three frames already. It goes up again when a better level would have fitted for a
 * while. A level that failed is remembered with the cost that it was tried for: the next try at
 * such a cost waits twice as long, but not one where the load has gone. So the picture does not
 * pump under a load that stays.
 */
#ifndef BC_LIVE_GOVERNOR_H
#define BC_LIVE_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BC_N_SIZES = 5,                 /* scales 1 to 1/4, each half the area of the one before */
    BC_MAX_LEVELS = 1 + BC_N_SIZES, /* the net that was asked for, and the cheap one's sizes */
    BC_N_COSTS = 12                 /* frames that are judged */
};

typedef struct bc_governor_params {
    double budget_us;   /* between two frames */
    double net_ratio;   /* what the net that was asked for costs against the cheap one; <= 1: there
                           is no cheaper one */
    double fixed_scale; /* > 0: never changes the scale */
    bool is_net_fixed;  /* never changes the net */
} bc_governor_params;

typedef struct bc_level {
    double scale;
    bool is_cheap; /* the cheap net paints in place of the one that was asked for */
    double share;  /* of what the full size costs with the net that was asked for */
    /* Its failures: */
    double tried_us;     /* what it was to cost when it was tried last */
    int64_t patience_us; /* before it is tried at such a cost again */
} bc_level;

typedef struct bc_governor {
    bc_governor_params params;
    int n_levels, level;
    bc_level levels[BC_MAX_LEVELS];
    float costs_us[BC_N_COSTS]; /* since the last change; a ring */
    int n_costs;                /* that were seen since then */
    double cost_us;             /* what a frame costs now */
    int64_t fits_since_us;      /* how long `fitting` would have fitted; -1: none would */
    int fitting;
    int64_t changed_us;
    double hoped_us; /* what the level was to cost when it was gone up to; 0: it was not */
} bc_governor;

void bc_governor_init(bc_governor *governor, const bc_governor_params *params);

double bc_governor_scale(const bc_governor *governor);
/* Whether the cheap net paints. */
bool bc_governor_is_cheap(const bc_governor *governor);

/* A frame was painted with the present scale and net. True if scale or net are other ones now. */
bool bc_governor_update(bc_governor *governor, int64_t now_us, double cost_us);

/* The rate, the nets, or what is fixed has changed. What can be kept is kept. */
void bc_governor_set_params(bc_governor *governor, const bc_governor_params *params);

#endif
