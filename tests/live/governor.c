/* The governor on made costs: down at once, up with patience, no pumping, nets, and what is fixed.
 */
#include <math.h>

#include "live/governor.h"
#include "test.h"

/* A machine on which a frame of the full size costs so much with the net that was asked for. */
typedef struct machine {
    bc_governor governor;
    double full_us;
    int64_t now_us;
    int n_changes;
} machine;

static void open_machine(machine *m, double full_us, double net_ratio)
{
    *m = (machine){.full_us = full_us};
    bc_governor_init(&m->governor,
                     &(bc_governor_params){.budget_us = 33333, .net_ratio = net_ratio});
}

static double cost_of(const machine *m)
{
    const double scale = bc_governor_scale(&m->governor);
    const double net = bc_governor_is_cheap(&m->governor) ? m->governor.params.net_ratio : 1;
    return m->full_us * scale * scale / net;
}

/* Runs so many seconds at 30 frames a second, every tenth frame disturbed. */
static void run(machine *m, double seconds)
{
    for (int i = 0; i < (int)(30 * seconds); i++) {
        m->now_us += 33333;
        m->n_changes +=
            bc_governor_update(&m->governor, m->now_us, cost_of(m) * (i % 10 == 3 ? 5 : 1));
    }
}

static void test_down_and_up(void)
{
    machine m;
    open_machine(&m, 20000, 1);
    run(&m, 10);
    CHECK_INT(m.n_changes, 0); /* it fits, and disturbed frames do not matter */
    m.full_us = 100000;
    run(&m, 1);
    CHECK_AT_MOST(cost_of(&m), 33333);
    CHECK_INT(m.n_changes, 1); /* one step, to what fits */
    run(&m, 30);
    CHECK_INT(m.n_changes, 1);
    CHECK(cost_of(&m) > 33333 / 2.0); /* no smaller than it must be */
    m.full_us = 10000;
    run(&m, 20);
    CHECK(bc_governor_scale(&m.governor) == 1);
}

/* It looks as if there were room, but there is none: the governor tries, less and less often. */
static void test_no_pumping(void)
{
    machine m;
    open_machine(&m, 60000, 1);
    run(&m, 2);
    const int settled = m.n_changes;
    for (int i = 0; i < 60; i++) {
        const double full_us = m.full_us;
        m.full_us = full_us * 0.7;
        run(&m, 2.5);
        m.full_us = full_us;
        run(&m, 1.5);
    }
    CHECK_AT_MOST(m.n_changes - settled, 12);
}

/* Numbers from 0 to 1 that look random. */
static double next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) / 16777216.0;
}

/*
 * Another program takes half of the machine, by bursts of up to so many frames: ten minutes in
 * which frames cost 1.1 to 2.2 times their due. The rate is held within a tenth, the size changes
 * less and less often, and afterwards it is soon what it was.
 */
static void test_bursts(int longest, int most_changes)
{
    machine m;
    uint32_t random = 1;
    int n_late = 0, n = 0;
    open_machine(&m, 20000, 1);
    run(&m, 5);
    CHECK_INT(m.n_changes, 0);
    for (int burst = 0; n < 30 * 600; burst++) {
        const double load = burst % 2 ? 1.7 + 0.5 * next_random(&random) : 1.1;
        const int length = longest / 5 + (int)(longest * 0.8 * next_random(&random));
        for (int i = 0; i < length; i++, n++) {
            const double cost_us = cost_of(&m) * load * (0.95 + 0.1 * next_random(&random));
            m.now_us += cost_us > 33333 ? (int64_t)cost_us : 33333;
            n_late += cost_us > 33333;
            m.n_changes += bc_governor_update(&m.governor, m.now_us, cost_us);
        }
    }
    CHECK_AT_MOST(n_late, n / 10);
    CHECK_AT_MOST(m.n_changes, most_changes);
    printf("bursts of %d frames: %d changes in ten minutes, %d of %d frames late\n", longest,
           m.n_changes, n_late, n);
    m.full_us *= 0.7; /* all of the load has gone */
    run(&m, 10);
    CHECK(bc_governor_scale(&m.governor) == 1);
}

/* The net that was asked for, else the cheap one, and that smaller only where it must be. */
static void test_nets(void)
{
    machine m;
    open_machine(&m, 80000, 3.3);
    run(&m, 0.1); /* three frames are enough at the start */
    CHECK(bc_governor_is_cheap(&m.governor) && bc_governor_scale(&m.governor) == 1);
    open_machine(&m, 110000, 3.3);
    run(&m, 2);
    CHECK(bc_governor_is_cheap(&m.governor));
    CHECK_AT_MOST(fabs(bc_governor_scale(&m.governor) - sqrt(0.5)), 1e-6);
    CHECK_AT_MOST(cost_of(&m), 33333);
    m.full_us = 12000;
    run(&m, 60);
    CHECK(!bc_governor_is_cheap(&m.governor) && bc_governor_scale(&m.governor) == 1);
}

static void test_fixed(void)
{
    machine m;
    open_machine(&m, 100000, 3.3);
    bc_governor_set_params(&m.governor, &(bc_governor_params){.budget_us = 33333,
                                                              .net_ratio = 3.3,
                                                              .fixed_scale = 0.75,
                                                              .is_net_fixed = true});
    run(&m, 5);
    CHECK_INT(m.n_changes, 0);
    CHECK(bc_governor_scale(&m.governor) == 0.75 && !bc_governor_is_cheap(&m.governor));
}

/* Nothing fits: the smallest, and no jumping about. */
static void test_hopeless(void)
{
    machine m;
    open_machine(&m, 1e7, 1);
    run(&m, 20);
    CHECK(fabs(bc_governor_scale(&m.governor) - 0.25) < 1e-9);
    CHECK_INT(m.n_changes, 1);
}

int main(void)
{
    test_down_and_up();
    test_no_pumping();
    test_bursts(15, 8);
    test_bursts(600, 20);
    test_nets();
    test_fixed();
    test_hopeless();
    return TEST_END();
}
