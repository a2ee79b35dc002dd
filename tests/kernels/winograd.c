/* Winograd's convolutions of every tier against the definition of convolution. */
#include "trial.h"

enum { TILE = BC_WINOGRAD_TILE };

static guarded even_memory, odd_memory;

/* Plane groups of a row: its channels, or with stride 2 their even and odd pixels. */
static int n_groups(const trial *t)
{
    return t->stride * t->shape.n_in;
}

static int count_tiles(const trial *t)
{
    return (t->n + TILE - 1) / TILE;
}

/* Sample i of a group. */
static float sample_of(const trial *t, int row, int group, int i)
{
    return pixels_of(t, row, group / t->stride)[i * t->stride + group % t->stride];
}

/*
 * Winograd's terms are larger than the convolution's: each output has products of all inputs of
 * its tile, times up to 5 both ways, with all of the filter. So the bound is over these: the tile's
 * sum of magnitudes times the filter's.
 */
static double tile_terms(const trial *t, int o, int line, int x)
{
    const int kernel = t->shape.height, first = x / TILE * TILE * t->stride - kernel / 2;
    const int n = kernel + (TILE - 1) * t->stride, first_row = line / TILE * TILE * t->stride;
    double terms = 0;
    for (int c = 0; c < t->shape.n_in; c++) {
        double pixels = 0, filter = 0;
        for (int i = 0; i < n * n; i++)
            pixels += fabs((double)pixels_of(t, first_row + i / n, c)[first + i % n]);
        for (int i = 0; i < kernel * kernel; i++)
            filter += fabs((double)filter_of(t, o, c)[i]);
        terms += pixels * filter;
    }
    return 5 * 5 * terms;
}

/* Lines of outputs that a call may make, in some width. */
static int most_lines(const trial *t)
{
    return t->stride == 1 ? 2 * TILE : TILE;
}

/* The weights times `gain`, the bias not. */
static void apply_gain(trial *t, double gain)
{
    for (int i = 0; i < most_lines(t) * t->shape.n_out * t->n; i++) {
        const int line = i / t->n / t->shape.n_out, o = i / t->n % t->shape.n_out;
        const double bias = (double)t->bias[o];
        t->expected[i] = (t->expected[i] - bias) * gain + bias;
        t->terms[i] = tile_terms(t, o, line, i % t->n) * gain + fabs(bias);
    }
}

/* One group's samples around all tiles, every second one, poisoned around. */
static const float *make_half(const trial *t, const guarded *memory, int row, int group, int odd)
{
    const int n_pairs = count_tiles(t) * TILE / 2;
    float *half = guarded_floats(memory, (size_t)(n_pairs + 2 + OVERRUN), POISON) + 1;
    for (int i = -1; i <= n_pairs; i++)
        half[i] = sample_of(t, row, group, 2 * i + odd);
    return half;
}

static const float *make_transformed_row(const trial *t, const bc_kernels *k, int row)
{
    const int n_points = bc_winograd_points(t->shape.height);
    const size_t n = bc_winograd_row(k, t->shape.n_in, t->shape.height, t->n);
    float *start = guarded_floats(&rows_memory[row], n, UNTOUCHED);
    for (int group = 0; group < n_groups(t); group++)
        k->winograd_load(start + group * k->winograd_strip, n_points, n_groups(t),
                         make_half(t, &even_memory, row, group, 0),
                         make_half(t, &odd_memory, row, group, 1), count_tiles(t));
    CHECK(front_is_untouched(&rows_memory[row], start));
    return start;
}

/* Those that it may make in the trial's width. */
static int count_lines(const trial *t, const bc_kernels *k)
{
    return bc_winograd_pairs(k, t->shape.height, t->n) ? most_lines(t) : TILE;
}

static void run_winograd(const trial *t, const bc_kernels *k, const float *const rows[], float gain)
{
    const bc_conv_shape *s = &t->shape;
    const size_t n_scratch = bc_winograd_scratch(k, s->n_in, s->n_out, s->height);
    void *memory =
        guarded_take(&packed_memory, bc_winograd_size(s->n_in, s->n_out, s->height), POISON);
    const bc_winograd winograd = bc_winograd_pack(k, s->n_in, s->n_out, s->height, t->weights,
                                                  t->has_bias ? t->bias : NULL, gain, memory);
    for (int n_lines = 1; n_lines <= count_lines(t, k); n_lines++) {
        totals sums;
        const bc_map_rows map = make_map(t, n_lines);
        const bc_sums into = sums_into(&sums);
        k->winograd_rows(&winograd, rows, &map, t->n, n_lines, &into, &(bc_ahead){0},
                         guarded_floats(&scratch_memory, n_scratch, POISON));
        check(t, k, &map, n_lines, &sums, n_lines);
        k->winograd_rows(&winograd, rows, &map, t->n, n_lines, NULL, &(bc_ahead){0},
                         guarded_floats(&scratch_memory, n_scratch, POISON));
        check(t, k, &map, n_lines, &sums, n_lines);
    }
}

static void test_winograd(const bc_kernels *tiers, int n_tiers, trial t, float gain)
{
    const int n_points = bc_winograd_points(t.shape.height);
    const int n_rows = t.stride == 1 ? n_points + TILE : 2 * n_points; /* of most lines */
    const float *rows[BC_MAX_ROWS];
    t.shape.width = t.shape.height;
    open_trial(&t, n_rows, most_lines(&t));
    compute_expected(&t, most_lines(&t));
    apply_gain(&t, (double)gain);
    for (int i = 0; i < n_tiers; i++) {
        if (tiers[i].winograd_block == 0)
            continue;
        for (int row = 0; row < n_rows; row++)
            rows[row] = make_transformed_row(&t, &tiers[i], row);
        run_winograd(&t, &tiers[i], rows, gain);
    }
    close_trial(&t);
}

/* All lengths in a small shape, ordinary and extreme, then other shapes in some lengths. */
static void test_kernel(const bc_kernels *tiers, int n_tiers, int kernel)
{
    static const int inputs[] = {3, 8, 16}, outputs[] = {8, 12, 16, 32};
    static const int lengths[] = {7, 64, 65, 128, 130, 192};
    const trial shape = {.shape.height = kernel, .stride = kernel == 9 ? 2 : 1};
    trial t = shape;
    for (t.n = 1; t.n <= 130; t.n += t.n < 70 ? 1 : 7) {
        t.shape.n_in = 3;
        t.shape.n_out = t.n % 3 ? 8 : 12;
        t.has_bias = t.n % 2;
        t.extreme = t.n % 4 < 2;
        test_winograd(tiers, n_tiers, t, 1);
    }
    for (int i = 0; i < 3 * 4; i++) {
        t = shape;
        t.shape.n_in = inputs[i % 3];
        t.shape.n_out = outputs[i / 3];
        t.n = lengths[i % 6];
        t.has_bias = i % 5;
        test_winograd(tiers, n_tiers, t, 1.0f / 256);
    }
    t.n = MAX_N;
    t.shape.n_in = 8;
    t.shape.n_out = 12;
    test_winograd(tiers, n_tiers, t, 1);
    printf("%dx%d: worst output %.2f, sum %.2f epsilon\n", kernel, kernel, worst_output, worst_sum);
    worst_output = worst_sum = 0;
}

static void test_all(const bc_kernels *tiers, int n_tiers)
{
    even_memory = guarded_open((MAX_N + OVERRUN) * sizeof(float));
    odd_memory = guarded_open((MAX_N + OVERRUN) * sizeof(float));
    test_kernel(tiers, n_tiers, 3);
    test_kernel(tiers, n_tiers, 5);
    test_kernel(tiers, n_tiers, 9);
    guarded_close(&odd_memory);
    guarded_close(&even_memory);
}

int main(void)
{
    return run_tests(test_all);
}
