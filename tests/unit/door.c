/*
 * The public header alone, misused: what a host gets wrong is refused, and nothing is painted or
 * written outside; in builds without assertions too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "brushcast.h"
#include "test.h"

enum { WIDTH = 37, HEIGHT = 25, CELLS = 5 * 4 };

static uint8_t source_pixels[3 * WIDTH * HEIGHT], painting_pixels[3 * WIDTH * HEIGHT];

static bc_image image_of(uint8_t *pixels)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * WIDTH,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .format = BC_RGB24};
}

/* Refused, and the painting is as it was. */
static void refuse_run(bc_session *session, const bc_image *source, const bc_image *painting)
{
    memset(painting_pixels, 7, sizeof(painting_pixels));
    CHECK_INT(bc_session_run(session, source, painting), BC_ERR_ARGUMENT);
    size_t n_untouched = 0;
    while (n_untouched < sizeof(painting_pixels) && painting_pixels[n_untouched] == 7)
        n_untouched++;
    CHECK_INT(n_untouched, sizeof(painting_pixels));
}

static void test_images(bc_session *session)
{
    const bc_image source = image_of(source_pixels), painting = image_of(painting_pixels);
    refuse_run(NULL, &source, &painting);
    refuse_run(session, NULL, &painting);
    refuse_run(session, &source, NULL);
    for (int i = 0; i < 8; i++) {
        bc_image bad = source;
        bad.width += i == 0 ? 1 : i == 1 ? -1 : 0;
        bad.height += i == 2 ? 1 : i == 3 ? -1 : 0;
        bad.pixels = i == 4 ? NULL : bad.pixels;
        bad.format = i == 5 ? (bc_pixel_format)-1 : i == 6 ? (bc_pixel_format)99 : bad.format;
        bad.stride_bytes = i == 7 ? 3 * WIDTH - 1 : bad.stride_bytes;
        refuse_run(session, &bad, &painting);
        bad.pixels = i == 4 ? NULL : painting_pixels;
        refuse_run(session, &source, &bad);
    }
    bc_image no_chroma = source;
    no_chroma.format = BC_YUV420;
    refuse_run(session, &no_chroma, &painting);
    CHECK_INT(bc_session_run(session, &source, &painting), BC_OK);
}

static void test_canvas(bc_session *session)
{
    static const float bad[] = {INFINITY, -INFINITY, NAN, 1e30f};
    const bc_image source = image_of(source_pixels), painting = image_of(painting_pixels);
    float moved[2 * CELLS] = {0};
    bc_session_move_canvas(session, moved);
    CHECK_INT(bc_session_run(session, &source, &painting), BC_OK);
    for (int i = 0; i < 4; i++) {
        moved[2 * CELLS - 1] = bad[i];
        refuse_run(session, &source, &painting);
    }
    bc_session_move_canvas(session, NULL);
}

static void test_styles(bc_session *session, int n_styles)
{
    static const bc_style_weight bad[] = {{-1, 1}, {1000, 1}, {0, -1}, {0, NAN}, {0, INFINITY}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(bc_session_set_style(session, &bad[i], 1), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){n_styles, 1}, 1), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_set_style(session, NULL, 1), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_set_style(session, bad, -1), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_set_style(NULL, bad, 1), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){0, 0}, 1), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_set_style(session, (bc_style_weight[]){{0, 1}, {1, 1}}, 2),
              BC_ERR_ARGUMENT); /* more than max_blend */
}

static void test_params(const bc_model *model)
{
    const bc_session_params good = {.width = WIDTH, .height = HEIGHT, .n_threads = 1};
    bc_session *session;
    CHECK_INT(bc_session_open(NULL, model, &good), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_open(&session, NULL, &good), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_open(&session, model, NULL), BC_ERR_ARGUMENT);
    CHECK_INT(bc_session_memory(NULL, &good), 0);
    CHECK_INT(bc_session_memory(model, NULL), 0);
    for (int i = 0; i < 8; i++) {
        bc_session_params bad = good;
        bad.width = i == 0 ? 0 : i == 1 ? BC_MAX_SIZE + 1 : bad.width;
        bad.height = i == 2 ? -5 : bad.height;
        bad.n_threads = i == 3 ? -1 : i == 4 ? BC_MAX_THREADS + 1 : bad.n_threads;
        bad.max_blend = i == 5 ? BC_MAX_BLEND + 1 : bad.max_blend;
        bad.precision = i == 6 ? (bc_precision)9 : bad.precision;
        bad.tier = i == 7 ? "mmx" : bad.tier;
        session = (bc_session *)&bad;
        CHECK_INT(bc_session_open(&session, model, &bad), BC_ERR_ARGUMENT);
        CHECK(!session);
        CHECK_INT(bc_session_memory(model, &bad), 0);
    }
}

static void test_model(bc_model *model, const char *folder)
{
    const bc_model_params params = {0};
    bc_model *other;
    CHECK_INT(bc_model_open(NULL, folder, &params), BC_ERR_ARGUMENT);
    CHECK_INT(bc_model_open(&other, folder, NULL), BC_ERR_ARGUMENT);
    CHECK(bc_model_open(&other, "/nowhere", &params) < 0 && !other);
    CHECK_INT(bc_model_add_style(NULL, model, "x", &params), BC_ERR_ARGUMENT);
    CHECK_INT(bc_model_add_style(&other, NULL, "x", &params), BC_ERR_ARGUMENT);
    CHECK_INT(bc_model_add_style(&other, model, NULL, &params), BC_ERR_ARGUMENT);
    CHECK_INT(bc_model_add_style(&other, model, "x", NULL), BC_ERR_ARGUMENT);
    CHECK_INT(bc_model_style_count(NULL), 0);
    CHECK(*bc_model_name(NULL) == '\0' && *bc_model_id(NULL) == '\0');
    CHECK(strlen(bc_model_id(model)) == 64);
    char id[BC_ID_SIZE] = "x";
    bc_model_identify_style(model, bc_model_style_count(model), id);
    CHECK(id[0] == '\0');
    bc_model_identify_style(NULL, 0, id);
    bc_model_identify_style(model, 0, NULL);
    bc_model_identify_style(model, 0, id);
    CHECK(strlen(id) == BC_ID_SIZE - 1);
    CHECK(*bc_model_style(model, -1).name == '\0');
    CHECK(*bc_model_style(model, bc_model_style_count(model)).title == '\0');
    CHECK_INT(bc_model_find_style(model, NULL), -1);
    CHECK_INT(bc_model_find_style(NULL, "x"), -1);
    CHECK(!bc_tier_name(-1) && !bc_tier_name(1000));
}

static void test_closing(void)
{
    bc_model *model = NULL;
    bc_session *session = NULL;
    bc_session_close(NULL);
    bc_session_close(&session);
    bc_model_close(NULL);
    CHECK(!bc_model_ref(NULL));
    bc_model_close(&model);
    bc_session_restart(NULL);
    bc_session_set_interval(NULL, 1);
    bc_session_move_canvas(NULL, NULL);
}

int main(void)
{
    const char *folder = BC_TESTS_DIR "/../models/light";
    bc_model *model;
    bc_session *session;
    if (bc_model_open(&model, folder, &(bc_model_params){0}) != BC_OK)
        return 1;
    const bc_session_params params = {.width = WIDTH, .height = HEIGHT, .n_threads = 2};
    if (bc_session_open(&session, model, &params) != BC_OK)
        return 1;
    const int n_styles = bc_model_style_count(model);
    test_params(model);
    test_model(model, folder);
    test_closing();
    bc_model_close(&model); /* which the session keeps */
    bc_session_set_interval(session, NAN);
    test_images(session);
    test_canvas(session);
    test_styles(session, n_styles);
    bc_session_close(&session);
    return TEST_END();
}
