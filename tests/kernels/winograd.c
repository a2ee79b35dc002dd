/* Winograd's convolutions of every tier against the definition of convolution. */
#include "trial.h"

/* F(2x2, 3x3) ------------------------------------------------------------------------------ */

/*
 * Winograd's terms are larger than the convolution's: each product has a factor from all 4x4
 * inputs of its tile and one from the whole filter. So the bound is over these: the tile's sum of
 * magnitudes times the filter's. Pixels left and right of the row do not count in the last tile.
 */
static double tile_terms(const trial *t, int o, int x)
{
    double terms = fabs((double)t->bias[o]);
    for (int c = 0; c < t->shape.n_in; c++) {
        double pixels = 0, filter = 0;
        for (int i = 0; i < 16; i++)
            pixels += fabs((double)pixels_of(t, i / 4, c)[x / 2 * 2 - 1 + i % 4]);
        for (int i = 0; i < 9; i++)
            filter += fabs((double)filter_of(t, o, c)[i]);
        terms += pixels * filter;
    }
    return terms;
}

static void compute_tile_terms(trial *t)
{
    for (int i = 0; i < MAX_LINES * t->shape.n_out * t->n; i++)
        t->terms[i] = tile_terms(t, i / t->n % t->shape.n_out, i % t->n);
}

static void run_winograd(const trial *t, const bc_kernels *k, const float *const rows[])
{
    const bc_conv_shape *shape = &t->shape;
    void *memory =
        guarded_take(&packed_memory, bc_winograd_size(shape->n_in, shape->n_out), POISON);
    const bc_winograd winograd = bc_winograd_pack(k, shape->n_in, shape->n_out, t->weights,
                                                  t->has_bias ? t->bias : NULL, memory);
    for (int n_counted = 1; n_counted <= 2; n_counted++) {
        totals sums;
        const bc_map_rows map = make_map(t, MAX_LINES);
        const size_t n_scratch = BC_WINOGRAD_SCRATCH((size_t)shape->n_in, (size_t)shape->n_out);
        const bc_sums into = sums_into(t, &sums);
        k->winograd_rows(&winograd, rows, shape->pitch, &map, t->n, n_counted, &into,
                         &(bc_ahead){0}, guarded_floats(&scratch_memory, n_scratch, POISON));
        check(t, k, &map, MAX_LINES, &sums, n_counted);
    }
}

static void test_winograd(const bc_kernels *tiers, int n_tiers, trial t)
{
    const float *rows[BC_WINOGRAD_ROWS];
    t.stride = 1;
    t.halo = 1;
    t.shape.height = t.shape.width = 3;
    t.shape.split = true;
    t.shape.pitch = pitch_of(&t);
    open_trial(&t, BC_WINOGRAD_ROWS, MAX_LINES);
    for (int k = 0; k < BC_WINOGRAD_ROWS; k++)
        rows[k] = make_row(&t, k);
    compute_expected(&t, MAX_LINES);
    compute_tile_terms(&t);
    for (int i = 0; i < n_tiers; i++) {
        if (tiers[i].winograd_block > 0)
            run_winograd(&t, &tiers[i], rows);
    }
    close_trial(&t);
}

static void test_winograd_shapes(const bc_kernels *tiers, int n_tiers)
{
    static const int widths[] = {8, 16, 24, 32}, lengths[] = {7, 32, 33, 64, 65, 96};
    for (int n = 1; n <= 100; n++) {
        trial t = {.shape = {.n_in = 8, .n_out = 8}, .n = n, .has_bias = n % 2};
        test_winograd(tiers, n_tiers, t);
        t.n_left = n / 4;
        t.n_right = n / 3;
        t.extreme = true;
        test_winograd(tiers, n_tiers, t);
    }
    for (int i = 0; i < 16; i++) {
        trial t = {.shape = {.n_in = widths[i % 4], .n_out = widths[i / 4]}, .has_bias = i % 3};
        t.n = lengths[i % 6];
        test_winograd(tiers, n_tiers, t);
    }
    trial t = {.shape = {.n_in = 32, .n_out = 16}, .n = MAX_N};
    test_winograd(tiers, n_tiers, t);
}

/* F(2, 5) along the rows ------------------------------------------------------------------- */

enum { PLANE_GAP = 5 };

static guarded even_memory, odd_memory;

/* Plane groups of a row: its channels, or with stride 2 their even and odd pixels. */
static int n_groups(const trial *t)
{
    return t->stride * t->shape.n_in;
}

/* Sample i of a group. */
static float sample_of(const trial *t, int row, int group, int i)
{
    return pixels_of(t, row, group / t->stride)[i * t->stride + group % t->stride];
}

/*
 * Terms as tile_terms, of the six inputs of a pair and one row of the filter at a time; the inputs
 * are multiplied by up to 5.
 */
static double pair_terms(const trial *t, int line, int o, int x)
{
    const int kernel = t->shape.height;
    double terms = fabs((double)t->bias[o]);
    for (int i = 0; i < n_groups(t) * kernel; i++) {
        const int group = i / kernel, ky = i % kernel;
        const float *weights = filter_of(t, o, group / t->stride) + ky * kernel;
        double samples = 0, filter = 0;
        for (int j = -2; j < 4; j++)
            samples += fabs((double)sample_of(t, line * t->stride + ky, group, x / 2 * 2 + j));
        for (int kx = group % t->stride; kx < kernel; kx += t->stride)
            filter += fabs((double)weights[kx]);
        terms += 5 * samples * filter;
    }
    return terms;
}

static void compute_pair_terms(trial *t)
{
    const int n_out = t->shape.n_out;
    for (int i = 0; i < MAX_LINES * n_out * t->n; i++)
        t->terms[i] = pair_terms(t, i / t->n / n_out, i / t->n % n_out, i % t->n);
}

/* The weights times `gain`, the bias not. */
static void apply_gain(trial *t, double gain)
{
    for (int i = 0; i < MAX_LINES * t->shape.n_out * t->n; i++) {
        const double bias = (double)t->bias[i / t->n % t->shape.n_out];
        t->expected[i] = (t->expected[i] - bias) * gain + bias;
        t->terms[i] = (t->terms[i] - fabs(bias)) * gain + fabs(bias);
    }
}

/* One group's samples -2 .. 2 * n_pairs + 1 in halves, poisoned around. */
static const float *make_half(const trial *t, const guarded *memory, int row, int group, int odd)
{
    const int n_pairs = (t->n + 1) / 2;
    float *half = guarded_floats(memory, (size_t)(n_pairs + 2 + OVERRUN), POISON) + 1;
    for (int i = -1; i <= n_pairs; i++)
        half[i] = sample_of(t, row, group, 2 * i + odd);
    return half;
}

/* A transformed row; returns sample 0 of plane 0. */
static const float *make_transformed_row(const trial *t, const bc_kernels *k, int row)
{
    const int n_pairs = (t->n + 1) / 2, n_planes = BC_ROW_TAPS * n_groups(t);
    const ptrdiff_t pitch = t->shape.pitch;
    float *start = guarded_floats(&rows_memory[row], (size_t)(n_planes * pitch), UNTOUCHED);
    float *sample = start + BC_PAD;
    bool is_kept = true;
    for (int group = 0; group < n_groups(t); group++)
        k->winograd_row_load(sample + group * BC_ROW_TAPS * pitch, pitch,
                             make_half(t, &even_memory, row, group, 0),
                             make_half(t, &odd_memory, row, group, 1), n_pairs);
    for (int i = 0; i < n_planes; i++) {
        const float *plane = start + i * pitch;
        is_kept = is_kept && is_untouched(plane, BC_PAD * sizeof(float));
        is_kept = is_kept && is_untouched(plane + pitch - PLANE_GAP, PLANE_GAP * sizeof(float));
    }
    CHECK(is_kept && front_is_untouched(&rows_memory[row], start));
    return sample;
}

static void run_winograd_row(const trial *t, const bc_kernels *k, const float *const rows[],
                             float gain)
{
    const bc_conv_shape *s = &t->shape;
    const size_t n_scratch = BC_WINOGRAD_ROW_SCRATCH((size_t)s->n_out);
    void *memory =
        guarded_take(&packed_memory, bc_winograd_row_size(s->n_in, s->n_out, s->height), POISON);
    float *folded = allocate((size_t)(2 * s->n_in * s->n_out * s->height), sizeof(float));
    const bc_winograd_row winograd =
        bc_winograd_row_pack(k, s->n_in, s->n_out, s->height, s->pitch, t->weights,
                             t->has_bias ? t->bias : NULL, gain, memory, folded);
    free(folded);
    for (int n_lines = 1; n_lines <= MAX_LINES; n_lines++) {
        totals sums;
        const bc_map_rows map = make_map(t, n_lines);
        const bc_sums into = sums_into(t, &sums);
        k->winograd_row(&winograd, rows, s->pitch, t->stride, &map, t->n, n_lines, &into,
                        guarded_floats(&scratch_memory, n_scratch, POISON));
        check(t, k, &map, n_lines, &sums, n_lines);
        k->winograd_row(&winograd, rows, s->pitch, t->stride, &map, t->n, n_lines, NULL,
                        guarded_floats(&scratch_memory, n_scratch, POISON));
        check(t, k, &map, n_lines, &sums, n_lines);
    }
}

/* A kernel of 5x5, or with stride 2 of 9x9. */
static void test_winograd_row(const bc_kernels *tiers, int n_tiers, trial t, float gain)
{
    const int kernel = t.stride == 2 ? 9 : 5, n_rows = kernel + t.stride;
    const float *rows[BC_MAX_ROWS];
    t.shape.height = t.shape.width = kernel;
    t.shape.pitch = BC_PAD + (t.n + 1) / 2 + OVERRUN + PLANE_GAP;
    open_trial(&t, n_rows, MAX_LINES);
    compute_expected(&t, MAX_LINES);
    compute_pair_terms(&t);
    apply_gain(&t, (double)gain);
    for (int i = 0; i < n_tiers; i++) {
        if (tiers[i].winograd_block == 0)
            continue;
        for (int row = 0; row < n_rows; row++)
            rows[row] = make_transformed_row(&t, &tiers[i], row);
        run_winograd_row(&t, &tiers[i], rows, gain);
    }
    close_trial(&t);
}

static void test_winograd_row_shapes(const bc_kernels *tiers, int n_tiers)
{
    static const int inputs[] = {3, 8, 16}, outputs[] = {8, 12, 16, 32};
    static const int lengths[] = {7, 32, 33, 64, 65, 96};
    for (int n = 1; n <= 130; n++) {
        trial t = {.shape = {.n_in = 3, .n_out = n % 3 ? 8 : 12}, .n = n, .has_bias = n % 2};
        t.stride = 1;
        test_winograd_row(tiers, n_tiers, t, 1);
        t.n_left = n / 4;
        t.n_right = n / 3;
        t.extreme = true;
        t.stride = 2;
        test_winograd_row(tiers, n_tiers, t, 1);
    }
    for (int i = 0; i < 3 * 4 * 2; i++) {
        trial t = {.shape = {.n_in = inputs[i % 3], .n_out = outputs[i / 3 % 4]},
                   .stride = 1 + i / 12,
                   .n = lengths[i % 6],
                   .has_bias = i % 5};
        test_winograd_row(tiers, n_tiers, t, 1.0f / 256);
    }
    trial t = {.shape = {.n_in = 8, .n_out = 12}, .stride = 1, .n = MAX_N};
    test_winograd_row(tiers, n_tiers, t, 1);
}

static void test_all(const bc_kernels *tiers, int n_tiers)
{
    even_memory = guarded_open((MAX_N + OVERRUN) * sizeof(float));
    odd_memory = guarded_open((MAX_N + OVERRUN) * sizeof(float));
    test_winograd_shapes(tiers, n_tiers);
    printf("F(2x2, 3x3): worst output %.2f, sum %.2f epsilon\n", worst_output, worst_sum);
    worst_output = worst_sum = 0;
    test_winograd_row_shapes(tiers, n_tiers);
    guarded_close(&odd_memory);
    guarded_close(&even_memory);
}

int main(void)
{
    return run_tests(test_all);
}
