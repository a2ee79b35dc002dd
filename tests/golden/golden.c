/*
 * The session against the fixtures of an independent float64 reference: every tier, all layers'
 * responses, the linear output, the painted bytes; and bit-identical for every number of threads.
 */
#include "fixture.h"
#include "kernels/tiers.h"

static const char *const fixtures[] = {
    "tiny", "odd",           "one",          "vga",        "tiny-zero",
    "wide", "tiny-subpixel", "odd-subpixel", "small-zero", "wide-subpixel"};
enum { N_FIXTURES = sizeof(fixtures) / sizeof(fixtures[0]) };

static void open_fixture(fixture *f, const char *name)
{
    char autoencoder[512], bank[512], values[512];
    const char *format = "%s/golden/%s.%s.safetensors";
    snprintf(autoencoder, sizeof(autoencoder), format, BC_TESTS_DIR, name, "autoencoder");
    snprintf(bank, sizeof(bank), format, BC_TESTS_DIR, name, "bank");
    snprintf(values, sizeof(values), format, BC_TESTS_DIR, name, "case");
    open_fixture_files(f, name, autoencoder, (const char *[]){bank}, 1, values);
}

static int has_layers(const fixture *f)
{
    return bc_safetensors_find(f->file, "layer.encoder.0") != NULL;
}

static void check_bytes(const uint8_t *painted, const float *linear, size_t n)
{
    int worst = 0;
    for (size_t i = 0; i < n; i++) {
        const double level = fmin(fmax((double)linear[i], 0), 1) * 255;
        const int difference = abs((int)lrint(level) - painted[i]);
        worst = difference > worst ? difference : worst;
    }
    CHECK_AT_MOST(worst, 1);
}

static void check_output(bc_session *session, const fixture *f, const char *output)
{
    const bc_tensor *expected = bc_safetensors_find(f->file, output);
    const size_t n = f->input->size_bytes;
    float *linear = malloc(n * sizeof(*linear));
    uint8_t *painted = malloc(n), *source = malloc(n);
    if (!linear || !painted || !source)
        exit(1);
    memcpy(source, f->input->data, n);
    layer_check layers = {.fixture = f};
    const bc_observer observer = {.layer = check_layer, .cookie = &layers, .linear = linear};
    const bc_image from = view(f, source), to = view(f, painted);
    CHECK_INT(bc_session_observe(session, &from, &to, &observer), BC_OK);
    const double worst = largest_difference(linear, expected->data, n);
    printf("%-14s %-7s %-15s output %.1e  layers %.1e\n", f->name, session->params.tier, output,
           worst, layers.worst);
    CHECK_AT_MOST(worst, 2e-4);
    check_bytes(painted, expected->data, n);
    if (strcmp(output, "output") == 0) { /* the layers stored are those with the bank */
        CHECK_AT_MOST(layers.worst, 1e-4);
        CHECK_INT(layers.n_seen, has_layers(f) ? 7 : 0);
    }
    free(source);
    free(painted);
    free(linear);
}

static void test_fixture(const fixture *f, const char *tier)
{
    bc_session *session;
    const bc_session_params params = {
        .width = f->width, .height = f->height, .n_threads = 2, .tier = tier};
    CHECK_INT(bc_session_open(&session, f->model, &params), BC_OK);
    CHECK(strcmp(session->kernels.tier->name, tier) == 0);
    check_output(session, f, "output.identity");
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){0, 1}, 1), BC_OK);
    check_output(session, f, "output");
    bc_session_close(&session);
}

static void paint(const fixture *f, const char *tier, int n_threads, uint8_t *painted)
{
    bc_session *session;
    uint8_t *source = malloc(f->input->size_bytes);
    if (!source)
        exit(1);
    memcpy(source, f->input->data, f->input->size_bytes);
    const bc_session_params params = {
        .width = f->width, .height = f->height, .n_threads = n_threads, .tier = tier};
    const bc_image from = view(f, source), to = view(f, painted);
    CHECK_INT(bc_session_open(&session, f->model, &params), BC_OK);
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){0, 1}, 1), BC_OK);
    bc_session_run(session, &from, &to);
    bc_session_run(session, &from, &to);
    bc_session_close(&session);
    free(source);
}

static void test_threads(const fixture *f, const char *tier)
{
    static const int threads[] = {1, 2, 3, 5, 8};
    const size_t n = f->input->size_bytes;
    uint8_t *first = malloc(n), *other = malloc(n);
    if (!first || !other)
        exit(1);
    paint(f, tier, 1, first);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        memset(other, 0, n);
        paint(f, tier, threads[i], other);
        CHECK(memcmp(first, other, n) == 0);
    }
    free(other);
    free(first);
}

int main(void)
{
    for (int i = 0; i < N_FIXTURES; i++) {
        fixture f;
        open_fixture(&f, fixtures[i]);
        for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
            test_fixture(&f, tier->name);
            if (tier->needs || f.width < 200) /* the reference takes its time on large ones */
                test_threads(&f, tier->name);
        }
        close_fixture(&f);
    }
    return TEST_END();
}
