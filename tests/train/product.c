/*
 * product.c: each kind of product, and Gram matrices by it, against plain sums in double; the kinds
 * that this machine lacks are skipped by name.
 */
#include "train/product.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gradient.h"
#include "train/gram.h"
#include "train/winograd.h"

enum { N_MATRICES = 2, GUARD = 16 };

static const char *const names[] = {"OpenBLAS", "AVX-512", "AVX512_BF16", "AMX"};

static double rounded(float x, bc_product_kind kind)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    if (bc_product_rounds(kind))
        bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&x, &bits, sizeof(bits));
    return x;
}

static double sum_at(const float *a, const float *b, int depth, int n, bc_product_kind kind)
{
    double sum = 0;
    for (int i = 0; i < depth; i++)
        sum += rounded(a[i], kind) * rounded(b[i * n], kind);
    return sum;
}

/* The last matrix, with a guard behind c. */
static void check_product(bc_product_kind kind, int n_rows, int depth, int n, const bc_log *log)
{
    const int n_a = N_MATRICES * n_rows * depth, n_b = depth * n, n_c = n_rows * n;
    float *a = calloc((size_t)(n_a + n_b + n_c + GUARD), sizeof(float));
    float *b = a + n_a, *c = b + n_b, *last = a + (N_MATRICES - 1) * n_rows * depth;
    double *expected = calloc((size_t)(n_a + n_b + n_c), sizeof(double));
    bc_product product;
    gradient_fill(a, expected, n_a + n_b, 1);
    for (int i = 0; i < n_c; i++)
        expected[i] = sum_at(last + i / n * depth, b + i % n, depth, n, kind);
    CHECK_INT(bc_product_open(&product, a, N_MATRICES, n_rows, depth, kind, log), BC_OK);
    bc_product_run(&product, c, b, n, N_MATRICES - 1);
    if (!CHECK_AT_MOST(gradient_error(c, expected, n_c), 1e-5))
        fprintf(stderr, "    %s, %d x %d x %d\n", names[kind], n_rows, depth, n);
    for (int i = 0; i < GUARD; i++)
        CHECK(c[n_c + i] == 0);
    bc_product_close(&product);
    free(a);
    free(expected);
}

static void test_products(const bc_log *log)
{
    static const int sizes[][3] = {{1, 1, 1},    {8, 2, 16},   {3, 64, 31},   {9, 5, 32},
                                   {64, 3, 33},  {16, 7, 48},  {17, 33, 49},  {32, 64, 80},
                                   {64, 65, 95}, {8, 12, 96},  {24, 100, 97}, {4, 256, 144},
                                   {16, 16, 16}, {40, 31, 17}, {48, 66, 130}};
    for (int kind = BC_PRODUCT_BLAS; kind <= BC_PRODUCT_AMX; kind++) {
        if (!bc_product_has((bc_product_kind)kind))
            printf("skipped: products by %s (this processor has none)\n", names[kind]);
        else
            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                check_product((bc_product_kind)kind, sizes[i][0], sizes[i][1], sizes[i][2], log);
    }
}

/* gram [c, c], then dmap [c, n] of a dgram that is symmetric. */
static void run_gram(float *results, const float *map, const float *dgram, int c, int n,
                     bc_product_kind kind, int n_threads, const bc_log *log)
{
    bc_workspace workspace;
    float *used = malloc((size_t)(c * c) * sizeof(float)), *dmap = results + c * c;
    memcpy(used, dgram, (size_t)(c * c) * sizeof(float));
    memset(dmap, 0, (size_t)(c * n) * sizeof(float));
    CHECK_INT(bc_workspace_open(&workspace, n_threads, log), BC_OK);
    bc_gram_forward(results, map, c, n, &workspace);
    bc_gram_backward(dmap, used, map, c, n, kind, &workspace);
    bc_workspace_close(&workspace);
    free(used);
}

static void expect_gram(double *expected, const float *map, const float *dgram, int c, int n)
{
    for (int i = 0; i < c * c; i++)
        for (int k = 0; k < n; k++)
            expected[i] += (double)map[i / c * n + k] * map[i % c * n + k] / n;
    for (int i = 0; i < c * n; i++)
        for (int k = 0; k < c; k++)
            expected[c * c + i] += 2. * dgram[i / n * c + k] * map[k * n + i % n] / n;
}

static void check_gram(bc_product_kind kind, int c, int n, const bc_log *log)
{
    const int n_results = c * c + c * n;
    float *map = calloc((size_t)(3 * n_results), sizeof(float)), *dgram = map + c * n;
    float *one = map + n_results, *three = one + n_results;
    double *expected = calloc((size_t)n_results, sizeof(double));
    gradient_fill(map, expected, n_results, 5);
    memset(expected, 0, (size_t)n_results * sizeof(double));
    for (int i = 0; i < c * c; i++)
        dgram[i] = dgram[i % c * c + i / c];
    expect_gram(expected, map, dgram, c, n);
    run_gram(one, map, dgram, c, n, kind, 1, log);
    run_gram(three, map, dgram, c, n, kind, 3, log);
    CHECK_AT_MOST(gradient_error(one, expected, c * c), 1e-5);
    if (!CHECK_AT_MOST(gradient_error(one + c * c, expected + c * c, c * n),
                       bc_product_rounds(kind) ? 0.02 : 1e-5))
        fprintf(stderr, "    %s, %d channels, %d positions\n", names[kind], c, n);
    CHECK(memcmp(one, three, (size_t)n_results * sizeof(float)) == 0);
    free(map);
    free(expected);
}

static void test_gram(const bc_log *log)
{
    static const int sizes[][2] = {{1, 1}, {3, 40}, {8, 33}, {20, 1200}, {40, 17}, {72, 2100}};
    for (int kind = BC_PRODUCT_BLAS; kind <= BC_PRODUCT_AMX; kind++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            if (bc_product_has((bc_product_kind)kind))
                check_gram((bc_product_kind)kind, sizes[i][0], sizes[i][1], log);
}

/* Winograd's backward pass in bfloat16 against the one in 32 bits, and its bits across threads. */

enum { CHANNELS = 64, HEIGHT = 14, WIDTH = 460, N = CHANNELS * HEIGHT * WIDTH };

static void run_backward(float *din, const float *dout, const float *out, const float *weight,
                         bc_product_kind kind, int n_threads, const bc_log *log)
{
    const int64_t n = bc_train_winograd_work_floats(CHANNELS, CHANNELS, HEIGHT, WIDTH);
    float *work = malloc((size_t)n * sizeof(float));
    bc_train_winograd winograd;
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, n_threads, log), BC_OK);
    CHECK_INT(bc_train_winograd_open(&winograd, weight, CHANNELS, CHANNELS, kind, log), BC_OK);
    bc_train_winograd_backward(din, dout, out, &winograd, HEIGHT, WIDTH, work, &workspace);
    bc_train_winograd_close(&winograd);
    bc_workspace_close(&workspace);
    free(work);
}

static double distance(const float *x, const float *y)
{
    double difference = 0, square = 0;
    for (int i = 0; i < N; i++) {
        difference += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
        square += (double)y[i] * y[i];
    }
    return sqrt(difference / square);
}

static void check_short_backward_pass(bc_product_kind kind, const bc_log *log)
{
    float *dout = calloc((size_t)N * 5 + CHANNELS * CHANNELS * 9, sizeof(float));
    float *out = dout + N, *exact = out + N, *one = exact + N, *seven = one + N;
    float *weight = seven + N;
    double *unused = calloc(N, sizeof(double));
    gradient_fill(dout, unused, N, 1);
    gradient_fill(out, unused, N, 2);
    gradient_fill(weight, unused, CHANNELS * CHANNELS * 9, 3);
    run_backward(exact, dout, out, weight, bc_product_exact(), 1, log);
    run_backward(one, dout, out, weight, kind, 1, log);
    run_backward(seven, dout, out, weight, kind, 7, log);
    CHECK_AT_MOST(distance(one, exact), 0.02);
    CHECK(distance(one, exact) > 1e-4); /* it was taken */
    CHECK(memcmp(one, seven, N * sizeof(float)) == 0);
    free(dout);
    free(unused);
}

static void test_short_backward_pass(const bc_log *log)
{
    for (int kind = BC_PRODUCT_BF16; kind <= BC_PRODUCT_AMX; kind++)
        if (bc_product_has((bc_product_kind)kind))
            check_short_backward_pass((bc_product_kind)kind, log);
        else
            printf("skipped: the backward pass by %s (this processor has none)\n", names[kind]);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    test_products(&log);
    test_gram(&log);
    test_short_backward_pass(&log);
    return TEST_END();
}
