/*
 * The matrix units' convolutions of every tier against the definition of convolution: all shapes of
 * a net and others, plain and split numbers, all lengths up to some products, no value touched
 * outside the rows.
 */
#include <float.h>

#include "kernels/bf16.h"
#include "kernels/pack.h"
#include "test.h"
#include "tiers.h"

enum { MAX_IN = 64, MAX_OUT = 64, MAX_N = 200, MAX_KERNEL = 9, MAX_LINES = 2 };
enum { MAX_INPUT = (2 * MAX_N + 4 * MAX_KERNEL) * MAX_IN };
enum { EDGE = 2 * MAX_KERNEL /* pixels around a row */ };

typedef struct trial {
    bc_matrix_shape shape;
    int n, n_rows;
    bool is_split; /* the input rows are */
    bool adds, has_relu;
} trial;

static uint64_t state = 1;
static guarded input_memory[BC_MAX_ROWS], line_memory[MAX_LINES], planes_memory, packed_memory;
static guarded scratch_memory;
static float weights[MAX_OUT * MAX_IN * MAX_KERNEL * MAX_KERNEL], bias[MAX_OUT];
static float scale[4 * MAX_OUT], shift[4 * MAX_OUT];
static float pixels[BC_MAX_ROWS][(2 * MAX_N + 2 * EDGE) * MAX_IN];

/* With so many bits: 8 are a bf16, of which two make 16. */
static float random_number(int bits)
{
    const float x = random_between(&state, -1, 1);
    return ldexpf(roundf(ldexpf(x, bits - 1)), 1 - bits);
}

/* Values of a pixel of an input row. */
static int n_values(const trial *t)
{
    return t->shape.is_first ? 8 : t->shape.n_in;
}

static float *pixel_of(const trial *t, int row, int x)
{
    return pixels[row] + (x + EDGE) * n_values(t);
}

/* A channel of row `row` of the image, of which the first layer's input rows hold two each. */
static float value_of(const trial *t, int row, int x, int channel)
{
    return t->shape.is_first ? pixel_of(t, row / 2, x)[row % 2 * 4 + channel]
                             : pixel_of(t, row, x)[channel];
}

static void make_numbers(const trial *t)
{
    const bc_matrix_shape *s = &t->shape;
    for (int i = 0; i < s->n_out * s->n_in * s->kernel * s->kernel; i++)
        weights[i] = random_number(s->has_low ? 14 : 8);
    for (int i = 0; i < s->n_out; i++)
        bias[i] = random_number(20);
    for (int i = 0; i < 4 * MAX_OUT; i++) {
        scale[i] = random_number(20);
        shift[i] = random_number(20);
    }
    for (int row = 0; row < t->n_rows; row++) {
        for (int i = 0; i < (2 * MAX_N + 2 * EDGE) * n_values(t); i++)
            pixels[row][i] = random_number(t->is_split ? 14 : 8);
    }
}

/* A row of the input, which begins and ends where the chunks do. */
static const uint16_t *make_row(const trial *t, const bc_matrix *m, int row, ptrdiff_t *low)
{
    const ptrdiff_t n = m->before + bc_matrix_reach(&t->shape, t->n);
    const size_t size = (size_t)n * sizeof(uint16_t) * (t->is_split ? 2 : 1);
    uint16_t *high = guarded_take(&input_memory[row], size, UNTOUCHED);
    const float *from = pixel_of(t, row, 0) - m->before;
    *low = t->is_split ? n : 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const bool is_wanted = i - m->before < bc_matrix_want(&t->shape, t->n);
        const float x = is_wanted ? from[i] : (float)NAN;
        high[i] = t->is_split ? bc_cut_to_bf16(x) : bc_to_bf16(x);
        if (t->is_split)
            high[i + n] = bc_to_bf16(x - bc_from_bf16(high[i]));
    }
    return high + m->before;
}

typedef struct number {
    double value, terms; /* and the sum of its terms' magnitudes */
} number;

static number expected_of(const trial *t, int output, int x)
{
    const bc_matrix_shape *s = &t->shape;
    number sum = {.value = (double)bias[output], .terms = fabs((double)bias[output])};
    for (int i = 0; i < s->n_in * s->kernel * s->kernel; i++) {
        const int c = i % s->n_in, kx = i / s->n_in % s->kernel, ky = i / s->n_in / s->kernel;
        const float weight = weights[((output * s->n_in + c) * s->kernel + ky) * s->kernel + kx];
        const float pixel = value_of(t, ky, x * s->stride + kx - s->kernel / 2, c);
        sum.value += (double)weight * (double)pixel;
        sum.terms += fabs((double)weight * (double)pixel);
    }
    return sum;
}

/* What is lost of products of two split numbers, and in sums of f32. */
static double error_of(const trial *t, number n)
{
    const bool both = t->is_split && t->shape.has_low;
    return n.terms * ((both ? 0x1p-16 : 0) + 16 * FLT_EPSILON);
}

static double read_value(const uint16_t *at, ptrdiff_t low)
{
    return (double)bc_from_bf16(at[0]) + (low ? (double)bc_from_bf16(at[low]) : 0);
}

static void check_line_value(const trial *t, const bc_matrix *m, const bc_matrix_lines *to,
                             int line, int x, int i, number n)
{
    const int lane = (line * m->group + x % m->group) * m->width + i;
    const double a = (double)scale[lane];
    const double y = fmax(a * n.value + (double)shift[lane], (double)to->least);
    const double before = to->add ? 1 : 0, rounding = to->low ? 0x1p-16 : 0x1p-8;
    const double is = read_value(to->lines[line] + x * m->width + i, to->low);
    const double bound = fabs(a) * error_of(t, n) + 4 * FLT_EPSILON + rounding * (fabs(y) + before);
    CHECK_AT_MOST(fabs(is - (y + before)) / bound, 1);
}

typedef struct totals {
    double sum[MAX_OUT], square[MAX_OUT], terms[MAX_OUT], error[MAX_OUT];
} totals;

static void check_totals(const trial *t, const totals *is, const totals *expected)
{
    for (int o = 0; o < t->shape.n_out; o++) {
        const double bound = expected->error[o] + FLT_EPSILON * expected->terms[o];
        CHECK_AT_MOST(fabs(is->sum[o] - 3 - expected->sum[o]) / bound, 8);
        const double square_bound = bound * 8 * sqrt(expected->square[o] + 1);
        CHECK_AT_MOST(fabs(is->square[o] - 5 - expected->square[o]) / square_bound, 8);
    }
}

static void check_lines(const trial *t, const bc_matrix *m, const bc_matrix_lines *to,
                        const totals *is)
{
    static totals expected;
    memset(&expected, 0, sizeof(expected));
    for (int i = 0; i < t->shape.n_out * t->n; i++) {
        const int o = i / t->n, x = i % t->n;
        const number n = expected_of(t, o, x);
        check_line_value(t, m, to, o / m->width, x, o % m->width, n);
        expected.sum[o] += n.value;
        expected.square[o] += n.value * n.value;
        expected.terms[o] += n.terms;
        expected.error[o] += error_of(t, n);
    }
    if (is)
        check_totals(t, is, &expected);
}

/* Lines that end with the last position, of ones where something is added. */
static bc_matrix_lines make_lines(const trial *t, const bc_matrix *m, bool is_split)
{
    const size_t n = (size_t)((t->n + m->group - 1) / m->group * m->group * m->width);
    bc_matrix_lines to = {
        .scale = scale, .shift = shift, .least = t->has_relu ? 0 : -FLT_MAX, .add = t->adds};
    for (int line = 0; line < m->n_lines; line++) {
        const size_t size = n * sizeof(uint16_t) * (is_split ? 2 : 1);
        to.lines[line] = guarded_take(&line_memory[line], size, UNTOUCHED);
        for (size_t i = 0; i < n; i++)
            to.lines[line][i] = bc_to_bf16(1);
        if (is_split)
            memset(to.lines[line] + n, 0, n * sizeof(uint16_t));
    }
    to.low = is_split ? (ptrdiff_t)n : 0;
    return to;
}

static void test_lines(const trial *t, const bc_kernels *k, const bc_matrix *m,
                       const bc_matrix_input *in, float *scratch)
{
    static totals is;
    for (int i = 0; i < t->shape.n_out; i++) {
        is.sum[i] = 3;
        is.square[i] = 5;
    }
    bc_matrix_lines to = make_lines(t, m, t->shape.has_low);
    k->matrix_lines(m, in, t->n, &to, &(bc_sums){.sum = is.sum, .square = is.square}, scratch);
    check_lines(t, m, &to, &is);
    to = make_lines(t, m, !t->shape.has_low);
    k->matrix_lines(m, in, t->n, &to, NULL, scratch);
    check_lines(t, m, &to, NULL);
    for (int line = 0; line < m->n_lines; line++)
        CHECK(front_is_untouched(&line_memory[line], to.lines[line]));
}

static void test_planes(const trial *t, const bc_kernels *k, const bc_matrix *m,
                        const bc_matrix_input *in, float *scratch)
{
    const ptrdiff_t pitch = t->n + OVERRUN;
    float *planes = guarded_floats(&planes_memory, (size_t)(m->n_out * pitch), UNTOUCHED);
    k->matrix_planes(m, in, t->n, planes, pitch, scratch);
    for (int i = 0; i < m->n_out * t->n; i++) {
        const number n = expected_of(t, i / t->n, i % t->n);
        const double error = fabs((double)planes[i / t->n * pitch + i % t->n] - n.value);
        CHECK_AT_MOST(error / error_of(t, n), 1);
    }
    CHECK(front_is_untouched(&planes_memory, planes));
}

static void test_matrix(const bc_kernels *tiers, int n_tiers, trial t)
{
    t.n_rows = t.shape.is_first ? (t.shape.kernel + 1) / 2 : t.shape.kernel;
    make_numbers(&t);
    void *memory = guarded_take(&packed_memory, bc_matrix_size(&t.shape), POISON);
    const bc_matrix m = bc_matrix_pack(&t.shape, weights, bias, 1, memory);
    CHECK_INT(m.n_rows, t.n_rows);
    bc_matrix_input in;
    for (int row = 0; row < t.n_rows; row++)
        in.rows[row] = make_row(&t, &m, row, &in.low);
    for (int i = 0; i < n_tiers; i++) {
        if (i > 0 && !tiers[i].has_matrix)
            continue;
        float *scratch = guarded_floats(&scratch_memory, bc_matrix_scratch(&t.shape), POISON);
        tiers[i].matrix_begin();
        if (t.shape.planar)
            test_planes(&t, &tiers[i], &m, &in, scratch);
        else
            test_lines(&t, &tiers[i], &m, &in, scratch);
        tiers[i].matrix_end();
    }
}

static void test_shapes(const bc_kernels *tiers, int n_tiers, int n, bool has_low, bool is_split,
                        bool adds)
{
    static const bc_matrix_shape shapes[] = {
        {.n_in = 3, .n_out = 8, .kernel = 9, .stride = 2, .n_phases = 1},
        {.n_in = 8, .n_out = 16, .kernel = 3, .stride = 2, .n_phases = 1},
        {.n_in = 16, .n_out = 32, .kernel = 3, .stride = 1, .n_phases = 1},
        {.n_in = 32, .n_out = 32, .kernel = 3, .stride = 1, .n_phases = 1},
        {.n_in = 16, .n_out = 32, .kernel = 3, .stride = 1, .n_phases = 4},
        {.n_in = 8, .n_out = 12, .kernel = 5, .stride = 1, .n_phases = 4, .planar = true},
        {.n_in = 3, .n_out = 16, .kernel = 9, .stride = 2, .n_phases = 1},
        {.n_in = 24, .n_out = 40, .kernel = 3, .stride = 1, .n_phases = 1},
        {.n_in = 24, .n_out = 24, .kernel = 3, .stride = 2, .n_phases = 1},
        {.n_in = 3, .n_out = 24, .kernel = 9, .stride = 2, .n_phases = 1},
        {.n_in = 40, .n_out = 32, .kernel = 3, .stride = 1, .n_phases = 4},
        {.n_in = 24, .n_out = 12, .kernel = 5, .stride = 1, .n_phases = 4, .planar = true},
        {.n_in = 8, .n_out = 64, .kernel = 1, .stride = 1, .n_phases = 1},
        {.n_in = 16, .n_out = 8, .kernel = 1, .stride = 2, .n_phases = 1},
        {.n_in = 8, .n_out = 16, .kernel = 7, .stride = 1, .n_phases = 1},
        {.n_in = 8, .n_out = 32, .kernel = 5, .stride = 2, .n_phases = 4},
        {.n_in = 16, .n_out = 12, .kernel = 7, .stride = 1, .n_phases = 4, .planar = true}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        trial t = {.shape = shapes[i], .n = n, .is_split = is_split, .adds = adds};
        t.has_relu = (i + (size_t)n) % 2;
        t.shape.has_low = has_low;
        t.shape.is_first = t.shape.n_in == 3;
        test_matrix(tiers, n_tiers, t);
    }
}

/* Whole numbers of 0 to 255, to nearest. */
static void test_pixels(const bc_kernels *tiers, int n_tiers)
{
    enum { N = 70 };
    static float samples[2][6][N + OVERRUN];
    static uint16_t values[16 * (N + 2 * BC_PAD)];
    const float *rows[2][6];
    for (int i = 0; i < 12; i++) {
        float *plane = samples[i / 6][i % 6];
        for (int x = 0; x < N + OVERRUN; x++)
            plane[x] = random_between(&state, 0, 255);
        rows[i / 6][i % 6] = plane;
    }
    for (int i = 0; i < n_tiers * N; i++) {
        const int n = i % N + 1;
        int n_wrong = 0;
        tiers[i / N].matrix_pixels(values, rows, n);
        for (int k = 0; k < 16 * n; k++) {
            const int c = k % 4, row = k / 4 % 2, x = k / 8;
            const float level = c < 3 ? samples[row][c * 2 + x % 2][x / 2] : 0;
            n_wrong += bc_from_bf16(values[k]) != rintf(level);
        }
        CHECK_INT(n_wrong, 0);
    }
}

/* n values, split or not, and behind them what may be overrun. */
static void make_values(uint16_t memory[], float values[], int n, bool is_split)
{
    for (int i = 0; i < n; i++) {
        values[i] = random_number(is_split ? 14 : 8);
        memory[i] = is_split ? bc_cut_to_bf16(values[i]) : bc_to_bf16(values[i]);
        memory[n + 8 + i] = bc_to_bf16(values[i] - bc_from_bf16(memory[i]));
    }
}

static void test_add(const bc_kernels *k, int n, bool is_split, bool adds)
{
    enum { MAX_VALUES = 128, N_ROWS = 3 };
    static uint16_t memory[N_ROWS][2 * MAX_VALUES + 32];
    float values[N_ROWS][MAX_VALUES];
    const ptrdiff_t low = is_split ? n + 8 : 0;
    for (int i = 0; i < N_ROWS; i++)
        make_values(memory[i], values[i], n, is_split);
    const bc_matrix_sum sum = {.to = memory[0],
                               .from = {memory[1], memory[2]},
                               .to_low = low,
                               .from_low = {low, low},
                               .scale = 0.3f,
                               .add = adds};
    const uint16_t behind = memory[0][2 * n + 16] = 0x1234;
    k->matrix_add(&sum, n);
    for (int i = 0; i < n; i++) {
        const double added = adds ? (double)values[0][i] : 0;
        const double expected = 0.3 * ((double)values[1][i] + (double)values[2][i]) + added;
        const double bound = (is_split ? 0x1p-15 : 0x1p-8) * fabs(expected) + 4 * FLT_EPSILON;
        CHECK_AT_MOST(fabs(read_value(memory[0] + i, low) - expected) / bound, 1);
    }
    CHECK_INT(memory[0][2 * n + 16], behind);
}

/* Sums need no tiles, so that more machines can test them than run them. */
static void test_sums(const bc_kernels *tiers, int n_tiers)
{
    bc_kernels kernels[MAX_TIERS + 1];
    int n_kernels = n_tiers;
    memcpy(kernels, tiers, (size_t)n_tiers * sizeof(*tiers));
#if defined(__x86_64__)
    const unsigned needs = BC_CPU_AVX512 | BC_CPU_AVX512_BF16;
    if ((bc_cpu_features() & needs) == needs) {
        kernels[n_kernels] = tiers[n_tiers - 1];
        bc_kernels_init_amx(&kernels[n_kernels++]);
    }
#endif
    for (int i = 0; i < n_kernels; i++) {
        for (int n = 8; n <= 128; n += 8) {
            for (int kind = 0; kind < 4; kind++)
                test_add(&kernels[i], n, kind & 1, kind & 2);
        }
    }
}

int main(void)
{
    bc_kernels tiers[MAX_TIERS];
    const int n_tiers = kernel_tiers(tiers);
    for (int i = 0; i < BC_MAX_ROWS; i++)
        input_memory[i] = guarded_open(2 * MAX_INPUT * sizeof(uint16_t));
    for (int i = 0; i < MAX_LINES; i++)
        line_memory[i] = guarded_open(2 * (MAX_N + 8) * MAX_OUT * sizeof(uint16_t));
    planes_memory = guarded_open(12 * (MAX_N + 2 * OVERRUN) * sizeof(float));
    packed_memory = guarded_open(1 << 20);
    scratch_memory = guarded_open(1 << 16);
    for (int n = 1; n <= 20; n += n < 5 ? 1 : 3)
        test_shapes(tiers, n_tiers, n, n % 2, n % 2 && n % 3 == 0, n % 5 == 0);
    for (int i = 0; i < 8; i++)
        test_shapes(tiers, n_tiers, 61 + i, i & 1, (i & 3) == 3, i & 4);
    test_shapes(tiers, n_tiers, MAX_N, true, true, false);
    test_pixels(tiers, n_tiers);
    test_sums(tiers, n_tiers);
    for (int i = 1; i < n_tiers; i++) {
        CHECK_INT(tiers[i].has_matrix, (tiers[i].tier->needs & BC_CPU_AMX) != 0);
        CHECK_INT(tiers[i].matrix_lines != tiers[i - 1].matrix_lines, tiers[i].has_matrix);
        CHECK_INT(tiers[i].matrix_add != tiers[i - 1].matrix_add, tiers[i].has_matrix);
        CHECK_INT(tiers[i].matrix_planes != tiers[i - 1].matrix_planes, tiers[i].has_matrix);
        CHECK_INT(tiers[i].matrix_pixels != tiers[i - 1].matrix_pixels, tiers[i].has_matrix);
    }
    return TEST_END();
}
