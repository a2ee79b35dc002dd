/*
 * trial.h: one convolution under test: its input, weights and what it must compute, in double
 * precision and from the weights as the files hold them, so that packing is under test as well.
 * Rows are poisoned outside their samples and halos, and what a kernel writes is watched.
 */
#ifndef BC_TESTS_KERNELS_TRIAL_H
#define BC_TESTS_KERNELS_TRIAL_H

#include <float.h>

#include "kernels/pack.h"
#include "test.h"
#include "tiers.h"

enum { MAX_N = 1000, MAX_IN = 32, MAX_OUT = 32, MAX_WIDTH = 2 * MAX_N + 2 * BC_MAX_KERNEL };
enum { MARGIN = 8 /* pixels left of pixel 0 */, CHANNEL_GAP = 5, MAX_LINES = 2 * BC_WINOGRAD_TILE };

typedef struct trial {
    bc_conv_shape shape;
    int stride, halo, n;
    bool has_bias, extreme;
    float *weights, *bias;    /* [n_out][n_in][kernel][kernel], [n_out] */
    float *pixels;            /* [row][n_in][MAX_WIDTH], pixel 0 at MARGIN */
    double *expected, *terms; /* [line][n_out][n]: outputs, sums of their absolute terms */
} trial;

static guarded rows_memory[BC_MAX_ROWS], map_memory, packed_memory, scratch_memory;
static uint64_t state = 1;
static double worst_output, worst_sum;

static inline void *allocate(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        abort();
    return memory;
}

static inline float *filter_of(const trial *t, int o, int c)
{
    const int taps = t->shape.height * t->shape.height;
    return t->weights + (ptrdiff_t)(o * t->shape.n_in + c) * taps;
}

static inline float *pixels_of(const trial *t, int row, int c)
{
    return t->pixels + (ptrdiff_t)(row * t->shape.n_in + c) * MAX_WIDTH + MARGIN;
}

static inline void open_trial(trial *t, int n_rows, int n_lines)
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

static inline void close_trial(trial *t)
{
    free(t->terms);
    free(t->expected);
    free(t->pixels);
    free(t->bias);
    free(t->weights);
}

/* Line `line` of the outputs reads the rows from line * stride on. */
static inline void compute_output(trial *t, int line, int o, int x)
{
    const int kernel = t->shape.height;
    double sum = (double)t->bias[o], terms = fabs(sum);
    for (int c = 0; c < t->shape.n_in; c++) {
        const float *filter = filter_of(t, o, c);
        for (int ky = 0; ky < kernel; ky++) {
            const float *pixel =
                pixels_of(t, line * t->stride + ky, c) + x * t->stride - kernel / 2;
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

static inline void compute_expected(trial *t, int n_lines)
{
    for (int line = 0; line < n_lines; line++) {
        for (int o = 0; o < t->shape.n_out; o++) {
            for (int x = 0; x < t->n; x++)
                compute_output(t, line, o, x);
        }
    }
}

/* Samples of a plane; output x of a plain row and of stride 2 is at sample x, else at x / 2. */
static inline int n_samples(const trial *t)
{
    return t->shape.split && t->stride == 1 ? (t->n + 1) / 2 : t->n;
}

static inline ptrdiff_t pitch_of(const trial *t)
{
    return BC_PAD + n_samples(t) + t->halo + OVERRUN;
}

static inline void fill_plane(const trial *t, float *sample, const float *pixel, int step)
{
    for (int i = -t->halo; i < n_samples(t) + t->halo; i++)
        sample[i] = pixel[i * step];
}

/* A ring row, poisoned but for its samples and their halo; returns sample 0 of plane 0. */
static inline const float *make_row(const trial *t, int row)
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
static inline int permitted_overrun(int n)
{
    return n % (2 * BC_PAD) == 0 ? 0 : OVERRUN;
}

/* n_lines rows of each channel, with a gap behind every row but the last. */
static inline bc_map_rows make_map(const trial *t, int n_lines)
{
    const ptrdiff_t row = t->n + permitted_overrun(t->n) + CHANNEL_GAP;
    const size_t n = (size_t)(t->shape.n_out * n_lines * row) - CHANNEL_GAP;
    return (bc_map_rows){.map = guarded_floats(&map_memory, n, UNTOUCHED),
                         .row_stride = row,
                         .channel_stride = row * n_lines};
}

static inline bool gaps_are_untouched(const trial *t, const bc_map_rows *map, int n_lines)
{
    bool are = front_is_untouched(&map_memory, map->map);
    for (int i = 0; i < t->shape.n_out * n_lines - 1; i++)
        are = are && is_untouched(map->map + i * map->row_stride + map->row_stride - CHANNEL_GAP,
                                  CHANNEL_GAP * sizeof(float));
    return are;
}

/* The largest error of the outputs in epsilons of their terms; NaN counts as infinite. */
static inline double output_error(const trial *t, const bc_map_rows *map, int n_lines)
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

static inline void clear_totals(totals *sums)
{
    for (int o = 0; o < MAX_OUT; o++) {
        sums->sum[o] = sum_before;
        sums->square[o] = square_before;
    }
}

static inline bc_sums sums_into(totals *sums)
{
    clear_totals(sums);
    return (bc_sums){.sum = sums->sum, .square = sums->square};
}

static inline double relative_error(double is, double expected, double terms)
{
    const double relative = fabs(is - expected) / (FLT_EPSILON * terms + FLT_MIN);
    return isnan(relative) ? (double)INFINITY : relative;
}

/*
 * The largest error of the sums over the first n_counted lines, and of the variance that they make,
 * in epsilons of their terms. A tier may add differences from its first output, or from the first
 * of each row of Winograd's tiles.
 */
static inline double sums_error(const trial *t, const totals *sums, const bc_map_rows *map,
                                int n_counted)
{
    const double n = n_counted * t->n;
    double worst = 0;
    for (int o = 0; o < t->shape.n_out; o++) {
        const float *outputs = map->map + o * map->channel_stride;
        double sum = 0, square = 0, terms = 0, square_terms = 0;
        double difference_terms = 1e-8 * square_before; /* rounded in double precision */
        for (int i = 0; i < n_counted * t->n; i++) {
            const int line = i / t->n, first_line = line / BC_WINOGRAD_TILE * BC_WINOGRAD_TILE;
            const double y = (double)outputs[line * map->row_stride + i % t->n];
            const double first = (double)outputs[first_line * map->row_stride];
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

static inline void check(const trial *t, const bc_kernels *k, const bc_map_rows *map, int n_lines,
                         const totals *sums, int n_counted)
{
    const double output = output_error(t, map, n_lines);
    const double sum = sums_error(t, sums, map, n_counted);
    if (!CHECK_AT_MOST(output, 8) || !CHECK_AT_MOST(sum, 4) ||
        !CHECK(gaps_are_untouched(t, map, n_lines)))
        fprintf(stderr, "    %s, %d -> %d, %dx%d, stride %d, %d outputs%s\n", k->tier->name,
                t->shape.n_in, t->shape.n_out, t->shape.height, t->shape.height, t->stride, t->n,
                t->extreme ? ", extreme" : "");
    worst_output = fmax(worst_output, output);
    worst_sum = fmax(worst_sum, sum);
}

/* Runs all tests on the tiers of this machine, within the memory that they share. */
static inline int run_tests(void (*test)(const bc_kernels *tiers, int n_tiers))
{
    bc_kernels tiers[MAX_TIERS];
    const int n_tiers = kernel_tiers(tiers);
    for (int i = 0; i < BC_MAX_ROWS; i++)
        rows_memory[i] = guarded_open(2 * MAX_IN * sizeof(float) * (MAX_N + 4 * BC_PAD));
    map_memory = guarded_open(MAX_LINES * MAX_OUT * sizeof(float) * (MAX_N + 3 * BC_PAD));
    packed_memory = guarded_open(1 << 20);
    scratch_memory = guarded_open(1 << 20);
    test(tiers, n_tiers);
    for (int i = 0; i < BC_MAX_ROWS; i++)
        guarded_close(&rows_memory[i]);
    guarded_close(&map_memory);
    guarded_close(&packed_memory);
    guarded_close(&scratch_memory);
    printf("worst output %.2f, sum %.2f epsilon\n", worst_output, worst_sum);
    return TEST_END();
}

#endif
