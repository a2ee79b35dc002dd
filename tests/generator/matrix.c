/*
 * Frames by the matrix units: near to those of 32 bits, as near as each precision promises, the
 * same bits for every number of threads, in blends too and for sizes that fill no product.
 * Where the machine has no matrix units their reference in C takes their place, on fewer frames:
 * the linker sends the making of the kernels to the function below (-Wl,--wrap).
 */
#include <math.h>

#include "generator/session.h"
#include "net.h"
#include "random_table.h"
#include "tables.h"

enum { BLEND = 3, N_FRAMES = 4 };

static const bc_style_weight blend[BLEND] = {{0, 1}, {2, 0.5f}, {1, 2}};

typedef struct trial {
    const bc_model *model;
    int width, height, n_styles;
    bc_precision precision;
} trial;

void __real_bc_kernels_init(bc_kernels *kernels, const bc_tier *tier);
void __wrap_bc_kernels_init(bc_kernels *kernels, const bc_tier *tier);

void __wrap_bc_kernels_init(bc_kernels *kernels, const bc_tier *tier)
{
    __real_bc_kernels_init(kernels, tier);
    kernels->has_matrix = true;
}

static bc_session *open_trial(const trial *t, bc_precision precision, int n_threads)
{
    bc_session *session = open_session(t->model, &(bc_session_params){.width = t->width,
                                                                      .height = t->height,
                                                                      .n_threads = n_threads,
                                                                      .max_blend = t->n_styles,
                                                                      .precision = precision,
                                                                      .stats = BC_STATS_STREAM});
    CHECK_INT(bc_session_set_style(session, blend, t->n_styles), BC_OK);
    return session;
}

static bool is_for_matrix(const trial *t)
{
    bc_session *session = open_trial(t, t->precision, 1);
    const bool is = session->plan.groups[0].is_matrix;
    bc_session_close(&session);
    return is;
}

/* A scene that changes a little from frame to frame. */
static uint8_t *make_scene(const trial *t, int number)
{
    uint8_t *frame = make_frame(t->width, t->height, 1);
    uint8_t *change = make_frame(t->width, t->height, (uint64_t)number + 2);
    for (int i = 0; i < 3 * t->width * t->height; i++)
        frame[i] = (uint8_t)(frame[i] / 2 + change[i] / 8 + number);
    free(change);
    return frame;
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)((a[i] - b[i]) * (a[i] - b[i]));
    return sum > 0 ? 10 * log10(255.0 * 255 * (double)n / sum) : 100;
}

/* The worst frame of a session against the exact one's, and whether another thread count differs.
 */
static double test_stream(const trial *t, int n_threads)
{
    const size_t size = (size_t)(3 * t->width * t->height);
    bc_session *exact = open_trial(t, BC_PRECISION_EXACT, 1);
    bc_session *one = open_trial(t, t->precision, 1);
    bc_session *many = open_trial(t, t->precision, n_threads);
    double worst = 100;
    for (int i = 0; i < N_FRAMES; i++) {
        uint8_t *frame = make_scene(t, i);
        uint8_t *expected = paint(exact, frame, t->width, t->height);
        uint8_t *a = paint(one, frame, t->width, t->height);
        uint8_t *b = paint(many, frame, t->width, t->height);
        CHECK(one->is_deep || i == 0 || t->width == 1); /* a single pixel has no contrast */
        if (!CHECK(memcmp(a, b, size) == 0))
            fprintf(stderr, "    frame %d of %dx%d, %d styles, %d threads\n", i, t->width,
                    t->height, t->n_styles, n_threads);
        worst = fmin(worst, psnr(a, expected, size));
        free(b);
        free(a);
        free(expected);
        free(frame);
    }
    CHECK(one->plan.n_groups == 1 && one->plan.groups[0].is_matrix);
    bc_session_close(&many);
    bc_session_close(&one);
    bc_session_close(&exact);
    return worst;
}

/*
 * Nets of random weights show rounding more than trained ones do, and in frames of some pixels
 * normalisation makes most of hardly anything: `fast` begins where there is a picture.
 */
static void test_model(const bc_model *model, const char *name, int fewest_styles, int n_sizes)
{
    static const int sizes[][2] = {{1, 1},   {2, 7},   {5, 4},    {3, 201},  {90, 61},
                                   {517, 6}, {228, 9}, {225, 40}, {197, 129}};
    static const double promised[] = {[BC_PRECISION_FINE] = 70, [BC_PRECISION_FAST] = 40};
    enum { N_TINY = 3 };
    for (bc_precision p = BC_PRECISION_FINE; p <= BC_PRECISION_FAST; p++) {
        double worst = 100;
        for (int i = 0; i < n_sizes; i++) {
            const int n_styles = (i + (int)p) % (BLEND + 1);
            const trial t = {.model = model,
                             .width = sizes[i][0],
                             .height = sizes[i][1],
                             .n_styles = n_styles < fewest_styles ? BLEND : n_styles,
                             .precision = p};
            const double result = test_stream(&t, 2 + i % 4);
            worst = i < N_TINY ? worst : fmin(worst, result); /* of few pixels' statistics */
        }
        printf("%s: %.1f dB\n", name, worst);
        CHECK(worst >= promised[p]);
    }
}

static void test_net(const int widths[BC_N_WIDTHS], bc_upsample upsample, int n_sizes)
{
    net n;
    char name[64];
    snprintf(name, sizeof(name), "widths %d,%d,%d", widths[0], widths[1], widths[2]);
    net_open(&n, widths, upsample, BLEND);
    test_model(n.model, name, 0, n_sizes);
    net_close(&n);
}

static void test_table(const char *table, const char *name, int n_sizes)
{
    net n;
    net_open_table(&n, table, BLEND);
    test_model(n.model, name, 1, n_sizes);
    net_close(&n);
}

/* Tables at random, those of them that the matrix units can run. */
static void test_random_tables(void)
{
    enum { N_TABLES = 300, FEWEST = 4 };
    int n_run = 0;
    for (int i = 0; i < N_TABLES; i++) {
        char text[BC_LAYERS_TEXT_SIZE];
        net n;
        make_random_table(text, (uint64_t)i);
        net_open_table(&n, text, BLEND);
        const trial t = {.model = n.model,
                         .width = 61,
                         .height = 45,
                         .n_styles = 1 + i % BLEND,
                         .precision = BC_PRECISION_FINE};
        if (is_for_matrix(&t)) {
            const double worst = test_stream(&t, 3);
            n_run++;
            if (!CHECK(worst >= 55))
                fprintf(stderr, "    %.1f dB, table %d:\n%s\n", worst, i, text);
        }
        net_close(&n);
    }
    CHECK_AT_MOST(FEWEST, n_run);
}

/* What a shipped net promises: 45 dB in `fast`. */
static void test_shipped(const char *name)
{
    static const double promised[] = {[BC_PRECISION_FINE] = 70, [BC_PRECISION_FAST] = 45};
    char folder[512];
    bc_model *model;
    snprintf(folder, sizeof(folder), "%s/../models/%s", BC_TESTS_DIR, name);
    CHECK_INT(bc_model_open(&model, folder, &(bc_model_params){0}), BC_OK);
    for (bc_precision p = BC_PRECISION_FINE; p <= BC_PRECISION_FAST; p++) {
        const trial t = {
            .model = model, .width = 320, .height = 180, .n_styles = 1, .precision = p};
        const double worst = test_stream(&t, 3);
        printf("%s, precision %d: %.1f dB\n", name, (int)p, worst);
        CHECK(worst >= promised[p]);
    }
    bc_model_close(&model);
}

int main(void)
{
    const bool has_units = bc_cpu_features() & BC_CPU_AMX;
    const int n_sizes = has_units ? 9 : 6;
    test_net(light, BC_UPSAMPLE_SUBPIXEL, n_sizes);
    test_table(deep_table, "deep", n_sizes);
    test_random_tables();
    if (has_units) {
        test_net(light, BC_UPSAMPLE_ZERO, n_sizes);
        test_net(wide, BC_UPSAMPLE_SUBPIXEL, n_sizes);
        test_net((const int[]){24, 40, 8}, BC_UPSAMPLE_NEAREST, n_sizes);
        test_shipped("light");
    }
    return TEST_END();
}
