/*
 * A sum that nobody reads but another sum is folded into it, with the same bits as where every sum
 * is a step; a sum whose input nobody reads later takes its place.
 */
#include "generator/session.h"
#include "net.h"
#include "random_table.h"
#include "tables.h"

enum { WIDTH = 61, HEIGHT = 45, N_STYLES = 2 };

static int n_folded;

typedef bc_status open_fn(bc_session **session, const bc_model *model,
                          const bc_session_params *params);

static bc_session *open_trial(open_fn *open, const bc_model *model, const char *tier, int n_styles)
{
    static const bc_style_weight blend[N_STYLES] = {{1, 1}, {0, 2}};
    const bc_session_params params = {
        .width = WIDTH, .height = HEIGHT, .n_threads = 2, .max_blend = n_styles, .tier = tier};
    bc_session *session;
    if (open(&session, model, &params) < 0)
        abort();
    CHECK_INT(bc_session_set_style(session, blend, n_styles), BC_OK);
    return session;
}

static void check(const bc_model *model, const char *tier, int n_styles)
{
    bc_session *folded = open_trial(bc_session_open, model, tier, n_styles);
    bc_session *whole = open_trial(bc_session_open_observed, model, tier, n_styles);
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 1);
    uint8_t *painting = paint(folded, frame, WIDTH, HEIGHT);
    uint8_t *expected = paint(whole, frame, WIDTH, HEIGHT);
    CHECK(memcmp(painting, expected, 3 * WIDTH * HEIGHT) == 0);
    CHECK(folded->plan.n_steps <= whole->plan.n_steps);
    n_folded += whole->plan.n_steps - folded->plan.n_steps;
    free(expected);
    free(painting);
    free(frame);
    bc_session_close(&whole);
    bc_session_close(&folded);
}

static void test_table(const char *table)
{
    const int n_failed = test_n_failures;
    net n;
    net_open_table(&n, table, N_STYLES);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        for (int n_styles = 1; n_styles <= N_STYLES; n_styles++)
            check(n.model, tier->name, n_styles);
    }
    if (test_n_failures > n_failed)
        fprintf(stderr, "%s\n", table);
    net_close(&n);
}

/* The deep net wants no more memory than the wide one. */
static void test_memory(void)
{
    const bc_session_params params = {.width = 3840, .height = 2160, .n_threads = 1};
    net deep, flat;
    bc_layers table;
    if (bc_layers_open(&table, "deep", NULL) < 0)
        abort();
    net_open_table(&deep, table.text, 1);
    net_open(&flat, wide, BC_UPSAMPLE_SUBPIXEL, 1);
    CHECK(bc_session_memory(deep.model, &params) < bc_session_memory(flat.model, &params));
    net_close(&flat);
    net_close(&deep);
}

int main(void)
{
    int n_tiers = 0;
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier))
        n_tiers++;
    test_table(deep_table);
    CHECK_INT(n_folded, n_tiers * 2); /* skip */
    for (int i = 0; i < 100; i++) {
        char text[BC_LAYERS_TEXT_SIZE];
        make_random_table(text, (uint64_t)i);
        test_table(text);
    }
    CHECK(n_folded > n_tiers * 10);
    test_memory();
    return TEST_END();
}
