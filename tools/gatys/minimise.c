#include "gatys/minimise.h"

#include <lbfgs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { N_METHODS = 4, HISTORY = 10 };

static const char *const names[N_METHODS] = {"lbfgs", "adam", "adadelta", "descent"};
static const double default_rates[N_METHODS] = {1, 0.02, 1, 0.02};

const char *bc_minimiser_name(bc_minimiser_kind method)
{
    return names[method];
}

bc_status bc_minimiser_open(bc_minimiser *minimiser, bc_minimiser_kind method, double rate, int n,
                            const bc_log *log)
{
    float *arena = calloc((size_t)n * 4, sizeof(*arena));
    *minimiser = (bc_minimiser){
        .method = method, .rate = rate > 0 ? rate : default_rates[method], .n = n, .x = arena};
    if (!arena)
        return bc_fail(log, BC_ERR_MEMORY, "no memory to optimise %d values", n);
    minimiser->average = arena + n;
    minimiser->square = arena + 2 * (size_t)n;
    minimiser->gradient = arena + 3 * (size_t)n;
    return BC_OK;
}

void bc_minimiser_close(bc_minimiser *minimiser)
{
    free(minimiser->x);
    *minimiser = (bc_minimiser){0};
}

static bc_status not_finite(const bc_minimiser *m, const bc_log *log)
{
    return bc_fail(log, BC_ERR_FORMAT, "the loss is not finite after %d iterations (%s, rate %g)",
                   m->iteration, names[m->method], m->rate);
}

/* First order ------------------------------------------------------------------------------ */

static void step_descent(bc_minimiser *m)
{
    const float rate = (float)(m->rate * m->scale);
    for (int i = 0; i < m->n; i++)
        m->x[i] -= rate * m->gradient[i];
}

static void step_adam(bc_minimiser *m)
{
    static const float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
    const float unbias1 = (float)(1 / (1 - pow(beta1, m->iteration + 1)));
    const float unbias2 = (float)(1 / (1 - pow(beta2, m->iteration + 1)));
    const float scale = (float)m->scale, rate = (float)m->rate;
    for (int i = 0; i < m->n; i++) {
        const float g = scale * m->gradient[i];
        m->average[i] = beta1 * m->average[i] + (1 - beta1) * g;
        m->square[i] = beta2 * m->square[i] + (1 - beta2) * g * g;
        m->x[i] -= rate * m->average[i] * unbias1 / (sqrtf(m->square[i] * unbias2) + epsilon);
    }
}

static void step_adadelta(bc_minimiser *m)
{
    static const float rho = 0.95f, epsilon = 1e-6f;
    const float scale = (float)m->scale, rate = (float)m->rate;
    for (int i = 0; i < m->n; i++) {
        const float g = scale * m->gradient[i];
        m->square[i] = rho * m->square[i] + (1 - rho) * g * g;
        const float step = sqrtf((m->average[i] + epsilon) / (m->square[i] + epsilon)) * g;
        m->average[i] = rho * m->average[i] + (1 - rho) * step * step;
        m->x[i] -= rate * step;
    }
}

static double root_mean_square(const float *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum / n);
}

static bc_status run_first_order(bc_minimiser *m, int end, bc_objective *objective,
                                 bc_step_report *report, void *cookie, const bc_log *log)
{
    while (m->iteration < end) {
        const double value = objective(cookie, m->gradient, m->x);
        const double size = root_mean_square(m->gradient, m->n);
        if (!isfinite(value) || !isfinite(size))
            return not_finite(m, log);
        if (m->scale <= 0)
            m->scale = size > 0 ? 1 / size : 1;
        if (m->method == BC_MINIMISER_DESCENT)
            step_descent(m);
        else if (m->method == BC_MINIMISER_ADAM)
            step_adam(m);
        else
            step_adadelta(m);
        m->iteration++;
        if (!report(cookie, m->iteration, value, m->x))
            return BC_ERR_INTERRUPTED;
    }
    return BC_OK;
}

/* L-BFGS ----------------------------------------------------------------------------------- */

typedef struct lbfgs_round {
    bc_minimiser *minimiser;
    bc_objective *objective;
    bc_step_report *report;
    void *cookie;
    bool is_finite, is_stopped;
} lbfgs_round;

static lbfgsfloatval_t evaluate(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *gradient,
                                int n, lbfgsfloatval_t step)
{
    (void)step;
    lbfgs_round *round = instance;
    bc_minimiser *m = round->minimiser;
    for (int i = 0; i < n; i++)
        m->x[i] = (float)x[i];
    const double value = round->objective(round->cookie, m->gradient, m->x);
    for (int i = 0; i < n; i++)
        gradient[i] = m->gradient[i];
    round->is_finite =
        round->is_finite && isfinite(value) && isfinite(root_mean_square(m->gradient, n));
    return value;
}

static int progress(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *gradient,
                    const lbfgsfloatval_t value, const lbfgsfloatval_t x_norm,
                    const lbfgsfloatval_t gradient_norm, const lbfgsfloatval_t step, int n, int k,
                    int n_evaluations)
{
    (void)x, (void)gradient, (void)x_norm, (void)gradient_norm, (void)step, (void)n, (void)k;
    (void)n_evaluations;
    lbfgs_round *round = instance;
    bc_minimiser *m = round->minimiser;
    m->iteration++;
    round->is_stopped = !round->report(round->cookie, m->iteration, value, m->x);
    return round->is_stopped || !round->is_finite;
}

/* One call of the library, from where x is; BC_END if it ended before `end`. */
static bc_status descend(lbfgs_round *round, lbfgsfloatval_t *x, int end, const bc_log *log)
{
    bc_minimiser *m = round->minimiser;
    lbfgs_parameter_t parameters;
    lbfgs_parameter_init(&parameters);
    parameters.m = HISTORY;
    parameters.epsilon = 0;
    parameters.max_iterations = end - m->iteration;
    for (int i = 0; i < m->n; i++)
        x[i] = m->x[i];
    const int result = lbfgs(m->n, x, NULL, evaluate, progress, round, &parameters);
    for (int i = 0; i < m->n; i++)
        m->x[i] = (float)x[i];
    if (!round->is_finite)
        return not_finite(m, log);
    if (round->is_stopped)
        return BC_ERR_INTERRUPTED;
    if (result == LBFGSERR_OUTOFMEMORY)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for L-BFGS");
    return m->iteration < end ? BC_END : BC_OK;
}

/* A line search that fails for lack of digits may succeed along the plain gradient: begin again. */
static bc_status run_lbfgs(bc_minimiser *m, int end, bc_objective *objective,
                           bc_step_report *report, void *cookie, const bc_log *log)
{
    lbfgsfloatval_t *x = lbfgs_malloc(m->n);
    if (!x)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for L-BFGS");
    lbfgs_round round = {m, objective, report, cookie, true, false};
    bc_status status = BC_END;
    for (int before = -1; status == BC_END && m->iteration > before;) {
        before = m->iteration;
        status = descend(&round, x, end, log);
    }
    lbfgs_free(x);
    return status;
}

bc_status bc_minimiser_run(bc_minimiser *minimiser, int n_iterations, bc_objective *objective,
                           bc_step_report *report, void *cookie, const bc_log *log)
{
    const int round = (minimiser->iteration / BC_ROUND + 1) * BC_ROUND;
    const int end = round < n_iterations ? round : n_iterations;
    if (minimiser->iteration >= end)
        return BC_OK;
    return (minimiser->method == BC_MINIMISER_LBFGS ? run_lbfgs : run_first_order)(
        minimiser, end, objective, report, cookie, log);
}
