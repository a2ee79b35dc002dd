/* minimise.c: the optimisers on a function whose minimum is known, stopped and gone on with. */
#include "gatys/minimise.h"

#include <math.h>
#include <string.h>

#include "test.h"

enum { N = 40, N_METHODS = 4 };

typedef struct fixture {
    int stop_at;           /* iteration, or 0 */
    int poison_at;         /* report, 0: never, -1: at once; from then the value is not finite, */
    bool poisons_gradient; /* or the gradient */
    int n_reports;
    double last;
} fixture;

/* A long curved valley in each pair (Rosenbrock), with its minimum of 0 at 1. */
static double objective(void *cookie, float *gradient, const float *x)
{
    const fixture *f = cookie;
    double value = 0;
    for (int i = 0; i < N; i += 2) {
        const double a = 1 - (double)x[i], b = x[i + 1] - (double)x[i] * x[i];
        value += a * a + 10 * b * b;
        gradient[i] = (float)(-2 * a - 40 * x[i] * b);
        gradient[i + 1] = (float)(20 * b);
    }
    const bool is_poisoned = f->poison_at && f->n_reports >= f->poison_at;
    if (is_poisoned && f->poisons_gradient)
        gradient[N - 1] = INFINITY;
    return is_poisoned && !f->poisons_gradient ? NAN : value;
}

static bool report(void *cookie, int iteration, double value, const float *x)
{
    fixture *f = cookie;
    (void)x;
    f->n_reports++;
    CHECK(isfinite(value) && iteration >= 1);
    f->last = value;
    return iteration != f->stop_at;
}

static bc_status run_to(bc_minimiser *m, fixture *f, int n_iterations, const bc_log *log)
{
    bc_status status = BC_OK;
    while (status == BC_OK && m->iteration < n_iterations)
        status = bc_minimiser_run(m, n_iterations, objective, report, f, log);
    return status;
}

static void start(bc_minimiser *m, bc_minimiser_kind method, const bc_log *log)
{
    CHECK_INT(bc_minimiser_open(m, method, 0, N, log), BC_OK);
    for (int i = 0; i < N; i++)
        m->x[i] = (float)(0.03 * i - 0.5);
}

static void test_descent(bc_minimiser_kind method, double bound, const bc_log *log)
{
    bc_minimiser m;
    fixture f = {0};
    start(&m, method, log);
    CHECK(run_to(&m, &f, 300, log) >= 0);
    if (!CHECK_AT_MOST(f.last, bound))
        fprintf(stderr, "    with %s\n", bc_minimiser_name(method));
    bc_minimiser_close(&m);
}

static void test_same_bits_after_a_stop(bc_minimiser_kind method, const bc_log *log)
{
    bc_minimiser whole, first, second;
    fixture f = {0};
    start(&whole, method, log);
    start(&first, method, log);
    start(&second, method, log);
    run_to(&whole, &f, 120, log);
    CHECK_INT(bc_minimiser_run(&first, 120, objective, report, &f, log), BC_OK);
    CHECK_INT(first.iteration, BC_ROUND);
    memcpy(second.x, first.x, sizeof(float) * N);
    memcpy(second.average, first.average, sizeof(float) * N);
    memcpy(second.square, first.square, sizeof(float) * N);
    second.iteration = first.iteration;
    second.scale = first.scale;
    run_to(&second, &f, 120, log);
    CHECK_INT(second.iteration, whole.iteration);
    CHECK(memcmp(second.x, whole.x, sizeof(float) * N) == 0);
    bc_minimiser_close(&whole);
    bc_minimiser_close(&first);
    bc_minimiser_close(&second);
}

static void test_stops(bc_minimiser_kind method, const bc_log *log)
{
    bc_minimiser m;
    fixture f = {.stop_at = 7};
    start(&m, method, log);
    CHECK_INT(run_to(&m, &f, 300, log), BC_ERR_INTERRUPTED);
    CHECK_INT(f.n_reports, 7);
    bc_minimiser_close(&m);

    for (int part = 0; part < 2; part++) {
        f = (fixture){.poison_at = part ? -1 : 3, .poisons_gradient = part == 1};
        start(&m, method, log);
        CHECK_INT(run_to(&m, &f, 300, log), BC_ERR_FORMAT);
        CHECK(strstr(log->cookie, "not finite") != NULL);
        bc_minimiser_close(&m);
    }
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    static const double bounds[N_METHODS] = {[BC_MINIMISER_LBFGS] = 1e-8,
                                             [BC_MINIMISER_ADAM] = 3,
                                             [BC_MINIMISER_ADADELTA] = 12,
                                             [BC_MINIMISER_DESCENT] = 12};
    for (int i = 0; i < N_METHODS; i++) {
        const bc_minimiser_kind method = (bc_minimiser_kind)i;
        test_descent(method, bounds[i], &log);
        test_same_bits_after_a_stop(method, &log);
        test_stops(method, &log);
    }
    return TEST_END();
}
