/*
 * A painting depends on nothing that lay in memory before: maps, sums and the threads' rings and
 * scratch are filled with NaN before each frame, and the threads' memory before each layer too,
 * where layers run one by one. What another thread has left, or nobody, would show.
 */
#include <string.h>

#include "generator/session.h"
#include "net.h"
#include "random_table.h"
#include "tables.h"

enum { N_STYLES = 2, N_FRAMES = 3, N_THREADS = 3 };

typedef struct trial {
    const bc_model *model;
    const char *tier;
    int width, height;
    bc_precision precision;
} trial;

static bc_session *open_trial(const trial *t)
{
    static const bc_style_weight blend[N_STYLES] = {{0, 1}, {1, 2}};
    bc_session *session = open_session(t->model, &(bc_session_params){.width = t->width,
                                                                      .height = t->height,
                                                                      .n_threads = N_THREADS,
                                                                      .max_blend = N_STYLES,
                                                                      .precision = t->precision,
                                                                      .stats = BC_STATS_STREAM,
                                                                      .tier = t->tier});
    CHECK_INT(bc_session_set_style(session, blend, N_STYLES), BC_OK);
    return session;
}

static void poison_threads(bc_session *s)
{
    memset(s->threads, 0xff, s->thread_bytes * N_THREADS);
}

static void poison(bc_session *s)
{
    memset(s->maps, 0xff, s->plan.arena_floats * sizeof(float));
    memset(s->sums, 0xff, s->plan.slots_doubles * sizeof(double));
    poison_threads(s);
}

static void poison_between(void *cookie, const bc_step *step, const float *data,
                           const bc_layer_state *state)
{
    (void)step;
    (void)data;
    (void)state;
    poison_threads(cookie);
}

/* One frame as usual, then in memory that is full of NaN. */
static void check_frame(const trial *t, bc_session *usual, bc_session *poisoned, int number)
{
    const size_t size = (size_t)(3 * t->width * t->height);
    uint8_t *frame = make_frame(t->width, t->height, (uint64_t)number);
    uint8_t *expected = paint(usual, frame, t->width, t->height);
    uint8_t *painting = allocate(size, 1);
    const bc_image from = view(frame, t->width, t->height);
    const bc_image to = view(painting, t->width, t->height);
    const bc_frame_views views = bc_frame_views_make(&from, &to);
    const bc_watcher watcher = {.step = poison_between, .cookie = poisoned};
    poison(poisoned);
    bc_session_run_frame(poisoned, &views, usual->is_deep ? NULL : &watcher);
    CHECK(usual->is_deep == poisoned->is_deep);
    CHECK(memcmp(painting, expected, size) == 0);
    free(painting);
    free(expected);
    free(frame);
}

static void test_trial(const trial *t)
{
    const int n_failed = test_n_failures;
    bc_session *usual = open_trial(t), *poisoned = open_trial(t);
    for (int i = 0; i < N_FRAMES; i++)
        check_frame(t, usual, poisoned, i);
    if (test_n_failures > n_failed)
        fprintf(stderr, "    %dx%d, %s, precision %d\n", t->width, t->height, t->tier,
                (int)t->precision);
    bc_session_close(&poisoned);
    bc_session_close(&usual);
}

static void test_table(const char *table)
{
    static const int sizes[][2] = {{1, 1}, {5, 4}, {61, 45}};
    net n;
    net_open_table(&n, table, N_STYLES);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        for (int i = 0; i < 3; i++) {
            trial t = {
                .model = n.model, .tier = tier->name, .width = sizes[i][0], .height = sizes[i][1]};
            test_trial(&t);
            t.precision = BC_PRECISION_FAST;
            test_trial(&t);
        }
    }
    net_close(&n);
}

int main(void)
{
    char text[BC_LAYERS_TEXT_SIZE];
    test_table(deep_table);
    test_table(banks_table);
    for (int i = 0; i < 12; i++) {
        const int n_failed = test_n_failures;
        make_random_table(text, (uint64_t)i);
        test_table(text);
        if (test_n_failures > n_failed)
            fprintf(stderr, "table %d:\n%s\n", i, text);
    }
    return TEST_END();
}
