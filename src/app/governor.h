/*
 * governor.h: keeps a live picture at its rate by the size at which it is painted and, where a
 * larger net was asked for, by the net. It only calculates: the caller tells it what each frame
 * cost and does what it says.
 *
 * Cost goes with the painted area. It is judged by the upper third of the last frames, so that one
 * frame that was disturbed changes nothing. When it is more than the target share of a frame's
 * time, the governor steps down at once to the size that will fit; it steps up
 * by one rung, when the size above would have fitted for a while. A step up that had to be taken
 * back doubles the time until the next try, so that the picture does not pump.
 */
#ifndef BC_APP_GOVERNOR_H
#define BC_APP_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BC_N_RUNGS = 9, /* scales 1 to 1/4, each half the area of the one two rungs above */
    BC_N_COSTS = 12 /* frames that are judged */
};

typedef struct bc_governor_params {
    double budget_us;   /* between two frames */
    double net_ratio;   /* what the net that was asked for costs against the cheap one; <= 1: there
                           is no cheaper one */
    double fixed_scale; /* > 0: never changes the scale */
    bool is_net_fixed;  /* never changes the net */
} bc_governor_params;

typedef struct bc_governor {
    bc_governor_params params;
    int rung;                   /* 0: scale 1 */
    bool is_cheap;              /* the cheap net paints in place of the one that was asked for */
    float costs_us[BC_N_COSTS]; /* since the last change; a ring */
    int n_costs;                /* that were seen since then */
    double cost_us;             /* what a frame costs now */
    int64_t fits_since_us;      /* how long the next size up would have fitted; -1: it would not */
    int64_t changed_us, patience_us;
    bool went_up; /* the last change */
} bc_governor;

void bc_governor_init(bc_governor *governor, const bc_governor_params *params);

double bc_governor_scale(const bc_governor *governor);

/* A frame was painted with the present scale and net. True if scale or net are other ones now. */
bool bc_governor_update(bc_governor *governor, int64_t now_us, double cost_us);

/* The rate, or what is fixed, has changed. What can be kept is kept. */
void bc_governor_set_params(bc_governor *governor, const bc_governor_params *params);

#endif
