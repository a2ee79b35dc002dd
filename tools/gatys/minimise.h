/*
 * gatys/: brushcast-gatys, which paints one picture by optimisation (Gatys et al. 2015), slowly and
 * well: the samples that a generator can learn from, and what it is compared with.
 *
 * minimise.h: four ways down the gradient of a function of many variables.
 *
 *   descent    x -= rate g
 *   adadelta   Zeiler 2012, rho 0.95, epsilon 1e-6
 *   adam       Kingma and Ba 2014, beta 0.9 and 0.999
 *   lbfgs      Liu and Nocedal 1989, by liblbfgs, with a history of 10
 *
 * The first three see the gradient divided by the root mean square of the first one, so that a rate
 * means the same for every function: the first step of descent and of adam is about `rate` in each
 * variable. L-BFGS forgets its history after each round: a minimiser that is saved between rounds
 * and goes on later takes the same steps, bit for bit, as one that was never stopped.
 */
#ifndef BC_GATYS_MINIMISE_H
#define BC_GATYS_MINIMISE_H

#include <stdbool.h>

#include "brushcast.h"

typedef enum bc_minimiser_kind {
    BC_MINIMISER_LBFGS,
    BC_MINIMISER_ADAM,
    BC_MINIMISER_ADADELTA,
    BC_MINIMISER_DESCENT
} bc_minimiser_kind;

enum { BC_ROUND = 50 }; /* iterations */

/* Returns the function's value at x [n] and sets its gradient [n]. */
typedef double bc_objective(void *cookie, float *gradient, const float *x);
/* After each iteration, counted from 1; false: stop. */
typedef bool bc_step_report(void *cookie, int iteration, double value, const float *x);

typedef struct bc_minimiser {
    bc_minimiser_kind method;
    double rate;
    int n;
    int iteration;  /* made so far */
    double scale;   /* of the gradient; 0 before the first step */
    float *x;       /* [n] */
    float *average; /* [n] adam: of gradients; adadelta: of squared steps */
    float *square;  /* [n] adam, adadelta: average of squared gradients */
    float *gradient;
} bc_minimiser;

/* rate 0: the method's own. x starts as zeros, for the caller to set. */
bc_status bc_minimiser_open(bc_minimiser *minimiser, bc_minimiser_kind method, double rate, int n,
                            const bc_log *log);
void bc_minimiser_close(bc_minimiser *minimiser);

/*
 * Runs up to the next multiple of BC_ROUND, or to n_iterations if that is less. BC_END if L-BFGS
 * finds no way down any more, BC_ERR_INTERRUPTED if `report` stopped it: then the state is that of
 * some moment within the round. BC_ERR_FORMAT if the function is not finite.
 */
bc_status bc_minimiser_run(bc_minimiser *minimiser, int n_iterations, bc_objective *objective,
                           bc_step_report *report, void *cookie, const bc_log *log);

/* "lbfgs", "adam", "adadelta", "descent". */
const char *bc_minimiser_name(bc_minimiser_kind method);

#endif
