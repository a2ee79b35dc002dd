/* The direct convolution of every tier against its definition. */
#include "trial.h"

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
    const bc_sums into = sums_into(&sums);
    const bc_ahead ahead = {.map = map.map,
                            .channel_stride = map.channel_stride,
                            .n_channels = t->shape.n_out,
                            .n_rows = 1,
                            .n = t->n};
    check_taps(t, &conv);
    k->conv_row(&conv, rows, &map, t->n, &into, &(bc_ahead){0}, scratch);
    check(t, k, &map, 1, &sums, 1);
    k->conv_row(&conv, rows, &again, t->n, NULL, &ahead, scratch);
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
    static const int kernels[] = {1, 3, 5, 7, 9},
                     lengths[] = {7, 17, 31, 48, 63, 64, 1, 33, 70, 96};
    int i = 0;
    for (int shape = 0; shape < 5 * 4 * 5 * 2; shape++) {
        trial t = {.shape = {.n_in = inputs[shape % 5],
                             .n_out = outputs[shape / 5 % 4],
                             .height = kernels[shape / 20 % 5],
                             .width = kernels[shape / 20 % 5]},
                   .stride = 1 + shape / 100};
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

static void test_all(const bc_kernels *tiers, int n_tiers)
{
    test_conv_lengths(tiers, n_tiers);
    test_conv_shapes(tiers, n_tiers);
    test_gain(tiers, n_tiers);
}

int main(void)
{
    return run_tests(test_all);
}
