/*
 * Styles and blends: what a blend is, that a change takes effect on the next frame and leaves no
 * trace, that an error leaves the style as it was.
 */
#include <math.h>

#include "generator/session.h"
#include "net.h"

enum { WIDTH = 75, HEIGHT = 41, BYTES = 3 * WIDTH * HEIGHT, BLEND = 3 };
enum { N_STYLES = 4, TWIN = 4 /* another style with the weights of style 0 */ };

static uint8_t *frame;
static char last[1024];

static bc_session *open_blender(const bc_model *model, const char *tier, int max_blend)
{
    return open_session(model, &(bc_session_params){.width = WIDTH,
                                                    .height = HEIGHT,
                                                    .n_threads = 2,
                                                    .max_blend = max_blend,
                                                    .tier = tier,
                                                    .log = test_log(last)});
}

static uint8_t *paint_blend(bc_session *session, const bc_style_weight *weights, int n)
{
    CHECK_INT(bc_session_set_style(session, weights, n), BC_OK);
    return paint(session, frame, WIDTH, HEIGHT);
}

/* Checks that two blends paint the same, within `levels`; -1: that they differ visibly. */
static void compare(bc_session *session, const bc_style_weight *a, int n_a,
                    const bc_style_weight *b, int n_b, int levels)
{
    uint8_t *first = paint_blend(session, a, n_a), *second = paint_blend(session, b, n_b);
    const int difference = largest_difference(first, second, BYTES);
    if (levels < 0)
        CHECK(difference > 8);
    else
        CHECK_AT_MOST(difference, levels);
    free(second);
    free(first);
}

#define BLEND_OF(...)                                                                              \
    (const bc_style_weight[]){__VA_ARGS__},                                                        \
        sizeof((const bc_style_weight[]){__VA_ARGS__}) / sizeof(bc_style_weight)
#define NO_STYLE NULL, 0

static void test_blends(const bc_model *model, const char *tier)
{
    bc_session *s = open_blender(model, tier, BLEND);
    compare(s, BLEND_OF({0, 1}), BLEND_OF({1, 1}), -1);
    compare(s, BLEND_OF({0, 1}), NO_STYLE, -1);
    compare(s, BLEND_OF({0, 1}, {1, 1}), BLEND_OF({0, 1}), -1);
    compare(s, BLEND_OF({0, 1}, {1, 1}), BLEND_OF({0, 3}, {1, 1}), -1);
    /* weights are shares, whatever their sum */
    compare(s, BLEND_OF({2, 1}), BLEND_OF({2, 1e-30f}), 0);
    compare(s, BLEND_OF({2, 1}), BLEND_OF({2, 3e38f}), 0);
    compare(s, BLEND_OF({0, 1}, {1, 3}), BLEND_OF({0, 0.25f}, {1, 0.75f}), 0);
    compare(s, BLEND_OF({0, 3e38f}, {1, 3e38f}), BLEND_OF({0, 1}, {1, 1}), 0);
    /* a style that is named twice, or has no share */
    compare(s, BLEND_OF({0, 1}, {0, 3}), BLEND_OF({0, 1}), 0);
    compare(s, BLEND_OF({0, 1}, {1, 1}, {0, 2}), BLEND_OF({0, 3}, {1, 1}), 0);
    compare(s, BLEND_OF({0, 1}, {1, 0}), BLEND_OF({0, 1}), 0);
    compare(s, BLEND_OF({0, 0}, {1, 1}, {2, 0}), BLEND_OF({1, 5}), 0);
    /* sums of equal responses: halves are exact, other shares are rounded */
    compare(s, BLEND_OF({0, 1}, {TWIN, 1}), BLEND_OF({0, 1}), 0);
    compare(s, BLEND_OF({0, 3}, {TWIN, 7}), BLEND_OF({0, 1}), 1);
    /* order */
    compare(s, BLEND_OF({0, 1}, {1, 2}, {2, 3}), BLEND_OF({2, 3}, {0, 1}, {1, 2}), 0);
    compare(s, BLEND_OF({3, 1}, {1, 2}, {2, 3}), BLEND_OF({2, 3}, {3, 1}, {1, 2}), 0);
    bc_session_close(&s);
}

/* The output before it is rounded to 8 bits. The caller frees it. */
static float *paint_linear(bc_session *session, const bc_style_weight *weights, int n)
{
    uint8_t painting[BYTES];
    float *linear = allocate(BYTES, sizeof(*linear));
    const bc_image from = view(frame, WIDTH, HEIGHT), to = view(painting, WIDTH, HEIGHT);
    CHECK_INT(bc_session_set_style(session, weights, n), BC_OK);
    CHECK_INT(bc_session_observe(session, &from, &to, &(bc_observer){.linear = linear}), BC_OK);
    return linear;
}

/* Whatever was painted before, a blend paints the same bits. */
static void test_history(const bc_model *model, const char *tier)
{
    static const struct {
        int n;
        bc_style_weight weights[BLEND];
    } steps[] = {{1, {{0, 1}}},
                 {1, {{1, 1}}},
                 {1, {{0, 1}}},
                 {3, {{2, 1}, {1, 0.3f}, {3, 0.7f}}},
                 {0, {{0}}},
                 {2, {{3, 0.2f}, {0, 0.5f}}},
                 {3, {{0, 0.9f}, {2, 0.17f}, {3, 0.7f}}},
                 {3, {{1, 0.3f}, {2, 1}, {3, 0.7f}}},
                 {3, {{3, 0.7f}, {2, 0.9f}, {1, 0.3f}}},
                 {3, {{2, 0.7f}, {0, 0.9f}, {1, 0.3f}}},
                 {1, {{3, 1}}}};
    bc_session *old = open_blender(model, tier, BLEND);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        bc_session *fresh = open_blender(model, tier, BLEND);
        float *expected = paint_linear(fresh, steps[i].weights, steps[i].n);
        float *linear = paint_linear(old, steps[i].weights, steps[i].n);
        float *again = paint_linear(old, steps[i].weights, steps[i].n);
        CHECK(memcmp(linear, expected, BYTES * sizeof(float)) == 0);
        CHECK(memcmp(again, expected, BYTES * sizeof(float)) == 0);
        free(again);
        free(linear);
        free(expected);
        bc_session_close(&fresh);
    }
    bc_session_close(&old);
}

/* Responses of the last bank layer that an observer has seen, in the order of the slots. */
typedef struct responses {
    float *values[BLEND];
    size_t n_values;
    int n;
} responses;

static void keep_response(void *cookie, const char *name, const float *data, int n_channels,
                          int height, int width)
{
    responses *seen = cookie;
    if (strcmp(name, "bank.1") != 0)
        return;
    seen->n_values = (size_t)n_channels * (size_t)height * (size_t)width;
    float *values = seen->values[seen->n++] = allocate(seen->n_values, sizeof(float));
    memcpy(values, data, seen->n_values * sizeof(float));
}

static responses observe(bc_session *session, const bc_style_weight *weights, int n)
{
    responses seen = {.n = 0};
    uint8_t *painting = allocate(BYTES, 1);
    const bc_image from = view(frame, WIDTH, HEIGHT), to = view(painting, WIDTH, HEIGHT);
    const bc_observer observer = {.layer = keep_response, .cookie = &seen};
    CHECK_INT(bc_session_set_style(session, weights, n), BC_OK);
    CHECK_INT(bc_session_observe(session, &from, &to, &observer), BC_OK);
    free(painting);
    return seen;
}

static void forget(responses *seen)
{
    for (int i = 0; i < seen->n; i++)
        free(seen->values[i]);
}

/* Each style of a blend responds as it does alone. */
static void test_responses(const bc_model *model, const char *tier)
{
    static const bc_style_weight blend[] = {{1, 0.6f}, {2, 1.8f}};
    bc_session *session = open_blender(model, tier, 2);
    responses both = observe(session, blend, 2);
    CHECK_INT(both.n, 2);
    for (int i = 0; i < both.n; i++) {
        responses alone = observe(session, &(bc_style_weight){blend[i].style, 1}, 1);
        double worst = 0;
        CHECK_INT(alone.n, 1);
        for (size_t j = 0; j < alone.n_values; j++)
            worst = fmax(worst, fabs((double)both.values[i][j] - (double)alone.values[0][j]));
        CHECK_AT_MOST(worst, 0);
        forget(&alone);
    }
    forget(&both);
    bc_session_close(&session);
}

static void refuse(bc_session *session, const bc_style_weight *weights, int n, const char *reason)
{
    uint8_t *before = paint(session, frame, WIDTH, HEIGHT);
    last[0] = '\0';
    CHECK_INT(bc_session_set_style(session, weights, n), BC_ERR_ARGUMENT);
    if (!CHECK(strstr(last, reason)))
        fprintf(stderr, "    it said: %s\n", last);
    uint8_t *after = paint(session, frame, WIDTH, HEIGHT);
    CHECK(memcmp(before, after, BYTES) == 0);
    free(after);
    free(before);
}

static void test_errors(const bc_model *model)
{
    bc_session *s = open_blender(model, NULL, 2);
    for (int round = 0; round < 2; round++) { /* on the auto-encoder, then on a blend */
        refuse(s, BLEND_OF({-1, 1}), "style -1");
        refuse(s, BLEND_OF({0, 1}, {N_STYLES + 1, 1}), "style 5");
        refuse(s, BLEND_OF({1, NAN}), "weight nan");
        refuse(s, BLEND_OF({2, 1}, {1, INFINITY}), "weight inf");
        refuse(s, BLEND_OF({2, 1}, {1, -0.5f}), "weight -0.5");
        refuse(s, BLEND_OF({2, 0}, {1, 0}), "all 0");
        refuse(s, BLEND_OF({0, 1}, {1, 1}, {2, 1}), "more than 2");
        CHECK_INT(bc_session_set_style(s, BLEND_OF({3, 1}, {1, 2})), BC_OK);
    }
    bc_session_close(&s);
}

/* A net without styles paints, and refuses them. */
static void test_no_styles(bc_model *model)
{
    const int n_styles = model->n_styles;
    model->n_styles = 0;
    bc_session *session = open_blender(model, NULL, 1);
    uint8_t *painting = paint_blend(session, NO_STYLE);
    refuse(session, BLEND_OF({0, 1}), "style 0");
    bc_session_close(&session);
    model->n_styles = n_styles;
    session = open_blender(model, NULL, 1);
    uint8_t *expected = paint(session, frame, WIDTH, HEIGHT);
    CHECK(memcmp(painting, expected, BYTES) == 0);
    free(expected);
    free(painting);
    bc_session_close(&session);
}

int main(void)
{
    net n;
    net_open(&n, light, BC_UPSAMPLE_SUBPIXEL, N_STYLES + 1);
    memcpy(n.model->styles[TWIN].tensors, n.model->styles[0].tensors,
           sizeof(n.model->styles[0].tensors));
    frame = make_frame(WIDTH, HEIGHT, 1);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        test_blends(n.model, tier->name);
        test_history(n.model, tier->name);
        test_responses(n.model, tier->name);
    }
    test_errors(n.model);
    test_no_styles(n.model);
    free(frame);
    net_close(&n);
    return TEST_END();
}
