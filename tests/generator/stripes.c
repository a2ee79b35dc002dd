/*
 * Depth first in 32 bits is layer by layer in another order: the same paintings and statistics,
 * bit for bit, frame after frame, for every number of threads and every cut into groups that caches
 * of all sizes make. The linker sends the question for the caches to the function below (-Wl,--wrap).
 */
#include "generator/session.h"
#include "net.h"
#include "random_table.h"
#include "tables.h"

enum { BLEND = 3, N_FRAMES = 7, CUT = 3, SWITCH = 5, N_CACHES = 5 };

static const bc_style_weight blend[BLEND] = {{0, 1}, {2, 0.5f}, {1, 2}};

static bc_caches caches; /* that the next session is told */
static int fewest_groups = BC_MAX_STEPS, most_groups;

bc_caches __wrap_bc_cpu_caches(void);

bc_caches __wrap_bc_cpu_caches(void)
{
    return caches;
}

typedef struct trial {
    const bc_model *model;
    const char *tier;
    int width, height, n_styles;
    bool is_random; /* it may have no statistics, or none that a style changes */
} trial;

static bc_session *open_trial(const trial *t, bc_precision precision, int n_threads)
{
    bc_session *session = open_session(t->model, &(bc_session_params){.width = t->width,
                                                                      .height = t->height,
                                                                      .n_threads = n_threads,
                                                                      .max_blend = t->n_styles,
                                                                      .precision = precision,
                                                                      .stats = BC_STATS_STREAM,
                                                                      .tier = t->tier});
    CHECK_INT(bc_session_set_style(session, blend, t->n_styles), BC_OK);
    return session;
}

/* Frame `number` of a scene that changes, and of its negative from CUT on. */
static uint8_t *make_scene(const trial *t, int number)
{
    uint8_t *frame = make_frame(t->width, t->height, 1);
    uint8_t *change = make_frame(t->width, t->height, (uint64_t)number + 2);
    for (int i = 0; i < 3 * t->width * t->height; i++) {
        const int level = frame[i] / 2 + change[i] / 8 + number;
        frame[i] = (uint8_t)(number < CUT ? level : 255 - level);
    }
    free(change);
    return frame;
}

static bool same_statistics(const bc_statistics *a, const bc_statistics *b, int n_channels)
{
    const size_t size = (size_t)n_channels * sizeof(*a->mean);
    return memcmp(a->mean, b->mean, size) == 0 && memcmp(a->variance, b->variance, size) == 0;
}

static void check_statistics(const bc_session *a, const bc_session *b)
{
    for (int i = 0; i < a->plan.n_steps - 1; i++) {
        const bc_step *step = &a->plan.steps[i];
        const int layer = step->index;
        if (!bc_is_each_styles(step))
            CHECK(same_statistics(&a->layers[layer].running, &b->layers[layer].running,
                                  step->n_channels));
        for (int slot = 0; slot < BLEND && bc_is_each_styles(step); slot++) {
            if (a->slots[slot].weight > 0)
                CHECK(same_statistics(&a->slots[slot].layers[layer].running,
                                      &b->slots[slot].layers[layer].running, step->n_channels));
        }
    }
}

/* What the fast session makes of the frame for which the exact one has made `expected`. */
static void check_fast(const trial *t, const bc_session *exact, bc_session *fast, int number,
                       uint8_t *frame, const uint8_t *expected)
{
    uint8_t *painting = paint(fast, frame, t->width, t->height);
    const bool begins = number == 0 || number == CUT || (number == SWITCH && t->n_styles > 0);
    CHECK(t->width == 1 || t->is_random || fast->is_deep == !begins); /* or without contrast */
    if (!CHECK(memcmp(painting, expected, (size_t)(3 * t->width * t->height)) == 0))
        fprintf(stderr, "    frame %d of %dx%d, %s, %d threads, %d styles, %d groups\n", number,
                t->width, t->height, t->tier, bc_pool_threads(fast->pool), t->n_styles,
                fast->plan.n_groups);
    check_statistics(exact, fast);
    free(painting);
}

static void check_frame(const trial *t, bc_session *exact, bc_session *const fast[N_CACHES],
                        int number)
{
    uint8_t *frame = make_scene(t, number);
    uint8_t *expected = paint(exact, frame, t->width, t->height);
    CHECK(!exact->is_deep);
    for (int i = 0; i < N_CACHES; i++)
        check_fast(t, exact, fast[i], number, frame, expected);
    free(expected);
    free(frame);
}

/* With 1 to 5 threads, and caches that hold from one step to all. */
static void open_cuts(const trial *t, bc_session *fast[N_CACHES])
{
    static const bc_caches all[N_CACHES] = {
        {1, 0}, {8 << 10, 64 << 10}, {128 << 10, 1 << 20}, {1 << 20, 64 << 20}, {64 << 20, 0}};
    for (int i = 0; i < N_CACHES; i++) {
        caches = all[i];
        fast[i] = open_trial(t, BC_PRECISION_FAST, 1 + (i + t->n_styles) % 5);
        const int n_groups = fast[i]->plan.n_groups;
        fewest_groups = n_groups < fewest_groups ? n_groups : fewest_groups;
        most_groups = n_groups > most_groups ? n_groups : most_groups;
    }
}

/* A scene in `exact`, and in every cut. */
static void test_stream(const trial *t)
{
    bc_session *exact = open_trial(t, BC_PRECISION_EXACT, 1), *fast[N_CACHES];
    open_cuts(t, fast);
    for (int number = 0; number < N_FRAMES; number++) {
        const bool switches = number == SWITCH && t->n_styles > 0;
        if (switches)
            choose(exact, 2);
        for (int i = 0; i < N_CACHES && switches; i++)
            choose(fast[i], 2);
        check_frame(t, exact, fast, number);
    }
    for (int i = 0; i < N_CACHES; i++)
        bc_session_close(&fast[i]);
    bc_session_close(&exact);
}

static void test_model(const bc_model *model, int fewest_styles)
{
    static const int sizes[][2] = {{1, 1}, {2, 7}, {5, 4}, {3, 201}, {90, 61}, {517, 6}, {37, 129}};
    int n_tiers = 0;
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        if (tier->needs & BC_CPU_AMX)
            continue;
        n_tiers++;
        for (int i = 0; i < (tier->needs ? 7 : 4); i++) {
            const int n_styles = (i + n_tiers) % (BLEND + 1);
            test_stream(&(trial){.model = model,
                                 .tier = tier->name,
                                 .width = sizes[i][0],
                                 .height = sizes[i][1],
                                 .n_styles = n_styles < fewest_styles ? BLEND : n_styles});
        }
    }
}

static void test_net(const int widths[BC_N_WIDTHS], bc_upsample upsample)
{
    net n;
    net_open(&n, widths, upsample, BLEND);
    test_model(n.model, 0);
    net_close(&n);
}

/* Any table, whose styles must be chosen. */
static void test_table(const char *table)
{
    net n;
    net_open_table(&n, table, BLEND);
    fewest_groups = BC_MAX_STEPS;
    most_groups = 0;
    test_model(n.model, 1);
    net_close(&n);
}

/* Tables at random; those that fail are shown. */
static void test_random_tables(void)
{
#if defined(__SANITIZE_THREAD__)
    enum { N_TABLES = 3 };
#elif defined(__SANITIZE_ADDRESS__)
    enum { N_TABLES = 20 };
#else
    enum { N_TABLES = 30 };
#endif
    for (int i = 0; i < N_TABLES; i++) {
        char text[BC_LAYERS_TEXT_SIZE];
        net n;
        const int n_failed = test_n_failures;
        make_random_table(text, (uint64_t)i);
        net_open_table(&n, text, BLEND);
        for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
            if (!(tier->needs & BC_CPU_AMX))
                test_stream(&(trial){.model = n.model,
                                     .tier = tier->name,
                                     .width = tier->needs ? 45 : 17,
                                     .height = tier->needs ? 37 : 13,
                                     .n_styles = 1 + i % BLEND,
                                     .is_random = true});
        }
        if (test_n_failures > n_failed)
            fprintf(stderr, "table %d:\n%s\n", i, text);
        net_close(&n);
    }
}

int main(void)
{
    test_net(light, BC_UPSAMPLE_SUBPIXEL);
#ifndef __SANITIZE_THREAD__ /* which is slow, and a race in one net is one in all */
    test_net(light, BC_UPSAMPLE_ZERO);
    test_net(light, BC_UPSAMPLE_NEAREST);
    test_net(wide, BC_UPSAMPLE_SUBPIXEL);
#endif
    CHECK_INT(fewest_groups, 1);
    CHECK_INT(most_groups, 8);
    test_table(deep_table);
    CHECK_INT(fewest_groups, 1);
    CHECK_AT_MOST(12, most_groups);
#ifndef __SANITIZE_THREAD__
    test_table(residual_table);
    CHECK_INT(fewest_groups, 1);
    test_table(banks_table);
    CHECK_INT(fewest_groups, 1);
#endif
    test_random_tables();
    return TEST_END();
}
