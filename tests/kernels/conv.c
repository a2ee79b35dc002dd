/*
 * The convolutions of every tier against their definition, in double precision, from the weights
 * as the files hold them: so packing is under test as well. Rows are poisoned outside their
 * samples and halos, and what a kernel writes is watched.
 */
#include <float.h>

#include "kernels/pack.h"
#include "test.h"
#include "tiers.h"

enum { MAX_N = 1000, MAX_IN = 32, MAX_OUT = 32, MAX_WIDTH = 2 * MAX_N + 2 * BC_MAX_KERNEL };
enum { MARGIN = 8 /* pixels left of pixel 0 */, CHANNEL_GAP = 5, MAX_LINES = 2 };

typedef struct trial {
    bc_conv_shape shape;
    int stride, halo, n;
    bool has_bias, extreme;
    float *weights, *bias;    /* [n_out][n_in][kernel][kernel], [n_out] */
    float *pixels;            /* [row][n_in][MAX_WIDTH], pixel 0 at MARGIN */
    double *expected, *terms; /* [line][n_out][n]: outputs, sums of their absolute terms */
} trial;

static guarded rows_memory[BC_MAX_KERNEL], map_memory, packed_memory, scratch_memory;
static uint64_t state = 1;
static double worst_output, worst_sum;

static void *allocate(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        abort();
    return memory;
}

static float *filter_of(const trial *t, int o, int c)
{
    const int taps = t->shape.height * t->shape.height;
    return t->weights + (ptrdiff_t)(o * t->shape.n_in + c) * taps;
}

static float *pixels_of(const trial *t, int row, int c)
{
    return t->pixels + (ptrdiff_t)(row * t->shape.n_in + c) * MAX_WIDTH + MARGIN;
}

static void open_trial(trial *t, int n_rows, int n_lines)
{
    const size_t n_in = (size_t)t->shape.n_in, n_out = (size_t)t->shape.n_out;
    const size_t n_weights = n_out * n_in * (size_t)(t->shape.height * t->shape.height);
    const size_t n_pixels = (size_t)n_rows * n_in * MAX_WIDTH;
    const size_t n_outputs = (size_t)n_lines * n_out * (size_t)t->n;
    t->weights = allocate(n_weights, sizeof(float));
    t->bias = allocate(n_out, sizeof(float));
    t->pixels = allocate(n_pixels, sizeof(float));
    t->expected = allocate(n_outputs, sizeof(double));
    t->terms = allocate(n_outputs, sizeof(double));
    for (size_t i = 0; i < n_weights; i++)
        t->weights[i] = random_value(&state, t->extreme, 20);
    for (size_t i = 0; i < n_out && t->has_bias; i++)
        t->bias[i] = random_value(&state, t->extreme, 20);
    for (size_t i = 0; i < n_pixels; i++)
        t->pixels[i] = random_value(&state, t->extreme, 20);
}

static void close_trial(trial *t)
{
    free(t->terms);
    free(t->expected);
    free(t->pixels);
    free(t->bias);
    free(t->weights);
}

/* Line `line` of the outputs reads the rows from `line` on. */
static void compute_output(trial *t, int line, int o, int x)
{
    const int kernel = t->shape.height;
    double sum = (double)t->bias[o], terms = fabs(sum);
    for (int c = 0; c < t->shape.n_in; c++) {
        const float *filter = filter_of(t, o, c);
        for (int ky = 0; ky < kernel; ky++) {
            const float *pixel = pixels_of(t, line + ky, c) + x * t->stride - kernel / 2;
            for (int kx = 0; kx < kernel; kx++) {
                const double term = (double)filter[ky * kernel + kx] * (double)pixel[kx];
                sum += term;
                terms += fabs(term);
            }
        }
    }
    const ptrdiff_t i = (ptrdiff_t)(line * t->shape.n_out + o) * t->n + x;
    t->expected[i] = sum;
    t->terms[i] = terms;
}

static void compute_expected(trial *t, int n_lines)
{
    for (int line = 0; line < n_lines; line++) {
        for (int o = 0; o < t->shape.n_out; o++) {
            for (int x = 0; x < t->n; x++)
                compute_output(t, line, o, x);
        }
    }
}

/* Samples of a plane; output x of a plain row and of stride 2 is at sample x, else at x / 2. */
static int n_samples(const trial *t)
{
    return t->shape.split && t->stride == 1 ? (t->n + 1) / 2 : t->n;
}

static ptrdiff_t pitch_of(const trial *t)
{
    return BC_PAD + n_samples(t) + t->halo + OVERRUN;
}

static void fill_plane(const trial *t, float *sample, const float *pixel, int step)
{
    for (int i = -t->halo; i < n_samples(t) + t->halo; i++)
        sample[i] = pixel[i * step];
}

/* A ring row, poisoned but for its samples and their halo; returns sample 0 of plane 0. */
static const float *make_row(const trial *t, int row)
{
    const int n_planes = t->shape.n_in * (t->shape.split ? 2 : 1), step = t->shape.split ? 2 : 1;
    const size_t n = (size_t)n_planes * (size_t)t->shape.pitch;
    float *sample = guarded_floats(&rows_memory[row], n, POISON) + BC_PAD;
    for (int plane = 0; plane < n_planes; plane++)
        fill_plane(t, sample + plane * t->shape.pitch,
                   pixels_of(t, row, plane / step) + plane % step, step);
    return sample;
}

/* Nothing is written behind whole pairs of vectors: columns of a map are neighbours. */
static int permitted_overrun(int n)
{
    return n % (2 * BC_PAD) == 0 ? 0 : OVERRUN;
}

/* n_lines rows of each channel, with a gap behind every row but the last. */
static bc_map_rows make_map(const trial *t, int n_lines)
{
    const ptrdiff_t row = t->n + permitted_overrun(t->n) + CHANNEL_GAP;
    const size_t n = (size_t)(t->shape.n_out * n_lines * row) - CHANNEL_GAP;
    return (bc_map_rows){.map = guarded_floats(&map_memory, n, UNTOUCHED),
                         .row_stride = row,
                         .channel_stride = row * n_lines};
}

static bool gaps_are_untouched(const trial *t, const bc_map_rows *map, int n_lines)
{
    bool are = front_is_untouched(&map_memory, map->map);
    for (int i = 0; i < t->shape.n_out * n_lines - 1; i++)
        are = are && is_untouched(map->map + i * map->row_stride + map->row_stride - CHANNEL_GAP,
                                  CHANNEL_GAP * sizeof(float));
    return are;
}

/* The largest error of the outputs in epsilons of their terms; NaN counts as infinite. */
static double output_error(const trial *t, const bc_map_rows *map, int n_lines)
{
    double worst = 0;
    for (int i = 0; i < n_lines * t->shape.n_out * t->n; i++) {
        const int line = i / t->n / t->shape.n_out, o = i / t->n % t->shape.n_out, x = i % t->n;
        const float y = map->map[o * map->channel_stride + line * map->row_stride + x];
        const double error = fabs((double)y - t->expected[i]);
        const double relative = error / (FLT_EPSILON * t->terms[i] + FLT_MIN);
        if (!(relative <= worst))
            worst = isnan(relative) ? (double)INFINITY : relative;
    }
    return worst;
}

/* What the sums hold before a call. */
static const double sum_before = 3, square_before = 5;

typedef struct totals {
    double sum[MAX_OUT], square[MAX_OUT];
} totals;

static void clear_totals(totals *sums)
{
    for (int o = 0; o < MAX_OUT; o++) {
        sums->sum[o] = sum_before;
        sums->square[o] = square_before;
    }
}

static double relative_error(double is, double expected, double terms)
{
    const double relative = fabs(is - expected) / (FLT_EPSILON * terms + FLT_MIN);
    return isnan(relative) ? (double)INFINITY : relative;
}

/*
 * The largest error of the sums over the first n_counted lines, and of the variance that they make,
 * in epsilons of their terms. A tier may add differences from its first output.
 */
static double sums_error(const trial *t, const totals *sums, const bc_map_rows *map, int n_counted)
{
    const double n = n_counted * t->n;
    double worst = 0;
    for (int o = 0; o < t->shape.n_out; o++) {
        const float *outputs = map->map + o * map->channel_stride;
        const double first = (double)*outputs;
        double sum = 0, square = 0, terms = 0, square_terms = 0;
        double difference_terms = 1e-8 * square_before; /* rounded in double precision */
        for (int i = 0; i < n_counted * t->n; i++) {
            const double y = (double)outputs[i / t->n * map->row_stride + i % t->n];
            sum += y;
            square += y * y;
            terms += fabs(y) + fabs(first);
            square_terms += (fabs(y) + fabs(first)) * (fabs(y) + fabs(first));
            difference_terms += (y - first) * (y - first) + 1e-9 * y * y;
        }
        const double is_sum = sums->sum[o] - sum_before,
                     is_square = sums->square[o] - square_before;
        const double variance = square - sum * sum / n, is = is_square - is_sum * is_sum / n;
        worst = fmax(worst, relative_error(is_sum, sum, terms));
        worst = fmax(worst, relative_error(is_square, square, square_terms));
        worst = fmax(worst, relative_error(is, variance, difference_terms));
    }
    return worst;
}

static void check(const trial *t, const bc_kernels *k, const bc_map_rows *map, int n_lines,
                  const totals *sums, int n_counted)
{
    const double output = output_error(t, map, n_lines);
    const double sum = sums_error(t, sums, map, n_counted);
    if (!CHECK_AT_MOST(output, 8) || !CHECK_AT_MOST(sum, 4) ||
        !CHECK(gaps_are_untouched(t, map, n_lines)))
        fprintf(stderr, "    %s, %d -> %d, %dx%d, stride %d, %d outputs%s\n", bc_cpu_name(k->cpu),
                t->shape.n_in, t->shape.n_out, t->shape.height, t->shape.height, t->stride, t->n,
                t->extreme ? ", extreme" : "");
    worst_output = fmax(worst_output, output);
    worst_sum = fmax(worst_sum, sum);
}

/* Direct convolution ----------------------------------------------------------------------- */

/* Whether every weight of a tap is zero in a block of outputs. */
static bool is_zero_tap(const trial *t, int first, int n, int c, int tap)
{
    for (int o = first; o < first + n; o++) {
        if (filter_of(t, o, c)[tap] != 0)
            return false;
    }
    return true;
}

/* Taps that cost nothing are exactly those whose weights are all zero. */
static void check_taps(const trial *t, const bc_conv *conv)
{
    for (int b = 0; b < conv->n_out / conv->block; b++) {
        int packed = 0, expected = 0;
        for (int r = 0; r < conv->blocks[b].n_rows; r++)
            packed += conv->blocks[b].rows[r].n_taps;
        for (int i = 0; i < t->shape.n_in * t->shape.height * t->shape.height; i++) {
            const int taps = t->shape.height * t->shape.height;
            expected += !is_zero_tap(t, b * conv->block, conv->block, i / taps, i % taps);
        }
        CHECK_INT(packed, expected);
    }
}

static bc_conv pack(const trial *t, const bc_kernels *k, float gain)
{
    void *memory = guarded_take(&packed_memory, bc_conv_size(&t->shape), POISON);
    return bc_conv_pack(k, &t->shape, t->weights, t->has_bias ? t->bias : NULL, gain, memory);
}

static void run_conv(const trial *t, const bc_kernels *k, const float *const rows[], float gain)
{
    totals sums;
    const bc_conv conv = pack(t, k, gain);
    const bc_map_rows map = make_map(t, 1), again = {.map = allocate(1, map_memory.size),
                                                     .channel_stride = map.channel_stride};
    float *scratch =
        guarded_floats(&scratch_memory, BC_CONV_SCRATCH((size_t)t->shape.n_out), POISON);
    clear_totals(&sums);
    check_taps(t, &conv);
    k->conv_row(&conv, rows, &map, t->n, &(bc_sums){.sum = sums.sum, .square = sums.square},
                scratch);
    check(t, k, &map, 1, &sums, 1);
    k->conv_row(&conv, rows, &again, t->n, NULL, scratch);
    for (int o = 0; o < t->shape.n_out; o++)
        CHECK(memcmp(map.map + o * map.channel_stride, again.map + o * map.channel_stride,
                     sizeof(float) * (size_t)t->n) == 0);
    free(again.map);
}

/*
 * Zeros as phases of `zero` have them: an even or odd output misses odd or even taps. The first
 * row is zero throughout, so that it may hold anything.
 */
static void clear_taps(trial *t)
{
    const int kernel = t->shape.height;
    for (int o = 0; o < t->shape.n_out; o++) {
        for (int c = 0; c < t->shape.n_in; c++) {
            for (int tap = 0; tap < kernel * kernel; tap++) {
                if (tap < kernel || tap % 2 == o / 8 % 2)
                    filter_of(t, o, c)[tap] = 0;
            }
        }
    }
    for (int i = 0; i < t->shape.n_in * MAX_WIDTH; i++)
        t->pixels[i] = 0; /* for the reference; the kernels get poison */
}

static void poison_row(const trial *t, const float *row)
{
    const size_t n = (size_t)(t->shape.n_in * (t->shape.split ? 2 : 1)) * (size_t)t->shape.pitch;
    memset((float *)(void *)(uintptr_t)(row - BC_PAD), POISON, n * sizeof(float));
}

static void test_conv(const bc_kernels *tiers, int n_tiers, trial t, bool has_zeros)
{
    const int reach = t.shape.height / 2;
    const float *rows[BC_MAX_KERNEL];
    t.shape.split = t.stride == 2;
    t.halo = t.stride == 2 ? (reach + 1) / 2 : reach;
    t.shape.pitch = pitch_of(&t);
    open_trial(&t, t.shape.height, 1);
    if (has_zeros)
        clear_taps(&t);
    for (int k = 0; k < t.shape.height; k++)
        rows[k] = make_row(&t, k);
    if (has_zeros)
        poison_row(&t, rows[0]);
    compute_expected(&t, 1);
    for (int i = 0; i < n_tiers; i++)
        run_conv(&t, &tiers[i], rows, 1);
    close_trial(&t);
}

/* Weights times the gain, the bias not. */
static void test_gain(const bc_kernels *tiers, int n_tiers)
{
    const float gain = 1.0f / 256;
    trial t = {.shape = {.n_in = 3, .n_out = 8, .height = 9, .width = 9},
               .stride = 1,
               .n = 21,
               .has_bias = 1};
    const float *rows[BC_MAX_KERNEL];
    t.halo = 4;
    t.shape.pitch = pitch_of(&t);
    open_trial(&t, 9, 1);
    for (int k = 0; k < 9; k++)
        rows[k] = make_row(&t, k);
    for (int i = 0; i < 9 * 3 * MAX_WIDTH; i++)
        t.pixels[i] *= gain;
    compute_expected(&t, 1);
    for (int i = 0; i < n_tiers; i++)
        run_conv(&t, &tiers[i], rows, gain);
    close_trial(&t);
}

/* Every length in two small shapes. */
static void test_conv_lengths(const bc_kernels *tiers, int n_tiers)
{
    for (int n = 1; n <= 100; n++) {
        for (int extreme = 0; extreme < 2; extreme++) {
            trial t = {
                .shape = {.n_in = 3, .n_out = 12, .height = 3, .width = 3}, .stride = 1, .n = n};
            t.extreme = extreme;
            t.has_bias = n % 2;
            test_conv(tiers, n_tiers, t, false);
            t.stride = 2;
            t.shape.n_out = 16;
            test_conv(tiers, n_tiers, t, false);
        }
    }
}

/* All shapes, each in some lengths. */
static void test_conv_shapes(const bc_kernels *tiers, int n_tiers)
{
    static const int inputs[] = {3, 8, 16, 24, 32}, outputs[] = {8, 12, 16, 32};
    static const int kernels[] = {3, 5, 9}, lengths[] = {7, 17, 31, 48, 63, 64, 1, 33, 70, 96};
    int i = 0;
    for (int shape = 0; shape < 5 * 4 * 3 * 2; shape++) {
        trial t = {.shape = {.n_in = inputs[shape % 5],
                             .n_out = outputs[shape / 5 % 4],
                             .height = kernels[shape / 20 % 3],
                             .width = kernels[shape / 20 % 3]},
                   .stride = 1 + shape / 60};
        t.has_bias = shape % 3 != 0;
        t.n = lengths[i++ % 10];
        test_conv(tiers, n_tiers, t, false);
        t.n = lengths[i++ % 10];
        test_conv(tiers, n_tiers, t, true);
    }
    trial t = {.shape = {.n_in = 8, .n_out = 32, .height = 3, .width = 3}, .stride = 1, .n = MAX_N};
    test_conv(tiers, n_tiers, t, false);
    t.stride = 2;
    test_conv(tiers, n_tiers, t, false);
}

/* Winograd --------------------------------------------------------------------------------- */

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
        clear_totals(&sums);
        k->winograd_rows(&winograd, rows, shape->pitch, &map, t->n, n_counted,
                         &(bc_sums){.sum = sums.sum, .square = sums.square}, &(bc_ahead){0},
                         guarded_floats(&scratch_memory, n_scratch, POISON));
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

int main(void)
{
    bc_kernels tiers[BC_CPU_AVX512];
    const int n_tiers = kernel_tiers(tiers);
    for (int i = 0; i < BC_MAX_KERNEL; i++)
        rows_memory[i] = guarded_open(2 * MAX_IN * sizeof(float) * (MAX_N + 4 * BC_PAD));
    map_memory = guarded_open(MAX_LINES * MAX_OUT * sizeof(float) * (MAX_N + 3 * BC_PAD));
    packed_memory = guarded_open(1 << 20);
    scratch_memory = guarded_open(BC_WINOGRAD_SCRATCH(MAX_IN, MAX_OUT) * sizeof(float));
    test_conv_lengths(tiers, n_tiers);
    test_conv_shapes(tiers, n_tiers);
    test_gain(tiers, n_tiers);
    printf("direct:   worst output %.2f, sum %.2f epsilon\n", worst_output, worst_sum);
    worst_output = worst_sum = 0;
    test_winograd_shapes(tiers, n_tiers);
    printf("winograd: worst output %.2f, sum %.2f epsilon\n", worst_output, worst_sum);
    for (int i = 0; i < BC_MAX_KERNEL; i++)
        guarded_close(&rows_memory[i]);
    guarded_close(&map_memory);
    guarded_close(&packed_memory);
    guarded_close(&scratch_memory);
    return TEST_END();
}
