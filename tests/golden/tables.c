/*
 * Nets of any table against the fixtures of an independent float64 reference: residual blocks, a
 * canvas and one that has moved, norms that are the style, reflected edges. Every tier: the layers'
 * responses, the linear output of two styles and of their blend; bit-identical for every number of
 * threads. Arguments name other fixtures' folder and names, to try large ones by hand.
 */
#include "fixture.h"
#include "kernels/tiers.h"

static const char *folder = BC_TESTS_DIR "/golden/tables";

static void open_fixture(fixture *f, const char *name)
{
    char paths[4][512];
    static const char *const parts[4] = {"network", "case", "style-a", "style-b"};
    for (int i = 0; i < 4; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/%s.%s.safetensors", folder, name, parts[i]);
    const char *const styles[2] = {paths[2], paths[3]};
    FILE *style = fopen(paths[2], "rb");
    open_fixture_files(f, name, paths[0], styles, style ? 2 : 0, paths[1]);
    if (style)
        fclose(style);
}

static bc_session *open_session(const fixture *f, const char *tier, int n_threads, bool is_observed)
{
    bc_session *session;
    const bc_session_params params = {.width = f->width,
                                      .height = f->height,
                                      .n_threads = n_threads,
                                      .max_blend = 2,
                                      .tier = tier};
    if ((is_observed ? bc_session_open_observed : bc_session_open)(&session, f->model, &params) < 0)
        exit(1);
    return session;
}

/* The fixture's blend is 0.3 a + 0.7 b. */
static void choose(bc_session *session, const char *output)
{
    static const bc_style_weight styles[] = {{0, 0.3f}, {1, 0.7f}};
    if (bc_model_style_count(session->model) == 0)
        return;
    const bool is_mix = strcmp(output, "output.mix") == 0, is_b = strcmp(output, "output.b") == 0;
    CHECK_INT(bc_session_set_style(session, &styles[is_b], is_mix ? 2 : 1), BC_OK);
}

/* Convolutions and sums but the last, which is the output. */
static int count_layers(const fixture *f)
{
    char key[64];
    int n = 0;
    const bc_layers *table = &f->model->net.table;
    for (int i = 0; i < table->n - 1; i++) {
        const bc_layer *layer = &table->layers[i];
        snprintf(key, sizeof(key), "layer.%s", layer->name);
        n += (layer->kind == BC_LAYER_CONV || layer->kind == BC_LAYER_ADD) &&
             bc_safetensors_find(f->file, key);
    }
    return n;
}

static void check_output(const fixture *f, const char *tier, const char *output)
{
    const bc_tensor *expected = bc_safetensors_find(f->file, output);
    if (!expected)
        return;
    const size_t n = f->input->size_bytes;
    float *linear = malloc(n * sizeof(*linear));
    uint8_t *painted = malloc(n), *source = malloc(n);
    if (!linear || !painted || !source)
        exit(1);
    memcpy(source, f->input->data, n);
    const bool is_a = strcmp(output, "output.a") == 0;
    layer_check layers = {.fixture = f};
    const bc_observer observer = {
        .layer = is_a ? check_layer : NULL, .cookie = &layers, .linear = linear};
    const bc_image from = view(f, source), to = view(f, painted);
    bc_session *session = open_session(f, tier, 2, is_a);
    choose(session, output);
    if (strcmp(output, "output.moved") == 0)
        bc_session_move_canvas(session, bc_safetensors_find(f->file, "moved")->data);
    CHECK_INT(bc_session_observe(session, &from, &to, &observer), BC_OK);
    bc_session_close(&session);
    const double worst = largest_difference(linear, expected->data, n);
    printf("%-12s %-7s %-13s output %.1e  layers %.1e (%d)\n", f->name, tier, output, worst,
           layers.worst, layers.n_seen);
    CHECK_AT_MOST(worst, 2e-4);
    CHECK_AT_MOST(layers.worst, 2e-4);
    CHECK_INT(layers.n_seen, is_a ? count_layers(f) : 0);
    free(source);
    free(painted);
    free(linear);
}

static void paint(const fixture *f, const char *tier, int n_threads, const char *output,
                  uint8_t *painted)
{
    uint8_t *source = malloc(f->input->size_bytes);
    if (!source)
        exit(1);
    memcpy(source, f->input->data, f->input->size_bytes);
    const bc_image from = view(f, source), to = view(f, painted);
    bc_session *session = open_session(f, tier, n_threads, false);
    choose(session, output);
    CHECK_INT(bc_session_run(session, &from, &to), BC_OK);
    CHECK_INT(bc_session_run(session, &from, &to), BC_OK);
    bc_session_close(&session);
    free(source);
}

static void test_threads(const fixture *f, const char *tier, const char *output)
{
    static const int threads[] = {2, 3, 5, 8};
    const size_t n = f->input->size_bytes;
    uint8_t *first = malloc(n), *other = malloc(n);
    if (!first || !other)
        exit(1);
    paint(f, tier, 1, output, first);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        memset(other, 0, n);
        paint(f, tier, threads[i], output, other);
        CHECK(memcmp(first, other, n) == 0);
    }
    free(other);
    free(first);
}

static void test_fixture(const char *name)
{
    static const char *const outputs[] = {"output.a", "output.b", "output.mix", "output.moved"};
    fixture f;
    open_fixture(&f, name);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
            check_output(&f, tier->name, outputs[i]);
        test_threads(&f, tier->name, "output.a");
        test_threads(&f, tier->name, "output.mix");
    }
    close_fixture(&f);
}

int main(int n_args, char **args)
{
    static const char *const names[] = {"deep-one", "deep-tiny",    "deep-odd",
                                        "cin-odd",  "johnson-tiny", "johnson-odd"};
    folder = n_args > 2 ? args[1] : folder;
    for (int i = 2; i < n_args; i++)
        test_fixture(args[i]);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && n_args <= 2; i++)
        test_fixture(names[i]);
    return TEST_END();
}
