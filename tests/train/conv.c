/* conv.c: the convolution's passes against a plain one in double, on all kinds of shapes. */
#include "train/conv.h"

#include <stdlib.h>
#include <string.h>

#include "gradient.h"
#include "train/winograd.h"

enum { MAX = 1 << 16 };

typedef struct fixture {
    bc_train_conv_shape shape;
    double in[MAX], weight[MAX], bias[64], out[MAX], dout[MAX], expected[MAX];
    float f_in[MAX], f_weight[MAX], f_bias[64], f_out[MAX], f_dout[MAX], gradient[MAX];
    int n_in, n_weight, n_out; /* elements */
} fixture;

static double padded(const fixture *f, int channel, int y, int x)
{
    const bc_train_conv_shape *s = &f->shape;
    const int inside = y >= 0 && y < s->height && x >= 0 && x < s->width;
    if (!inside && s->pad == BC_TRAIN_PAD_ZERO)
        return 0;
    if (s->pad == BC_TRAIN_PAD_REFLECT) {
        y = y < 0 ? -y : y >= s->height ? 2 * s->height - 2 - y : y;
        x = x < 0 ? -x : x >= s->width ? 2 * s->width - 2 - x : x;
    }
    y = y < 0 ? 0 : y >= s->height ? s->height - 1 : y;
    x = x < 0 ? 0 : x >= s->width ? s->width - 1 : x;
    return f->in[(channel * s->height + y) * s->width + x];
}

static double convolve_at(const fixture *f, int channel, int y, int x)
{
    const bc_train_conv_shape *s = &f->shape;
    const int k = s->kernel;
    const double *w = f->weight + channel * s->n_in * k * k;
    double sum = f->bias[channel];
    for (int i = 0; i < s->n_in; i++)
        for (int ky = 0; ky < k; ky++)
            for (int kx = 0; kx < k; kx++)
                sum += w[(i * k + ky) * k + kx] *
                       padded(f, i, y * s->stride + ky - k / 2, x * s->stride + kx - k / 2);
    return sum;
}

/* The loss: the output's product with fixed random numbers. */
static double reference(void *cookie)
{
    fixture *f = cookie;
    const int h = bc_train_conv_out_height(&f->shape), w = bc_train_conv_out_width(&f->shape);
    double loss = 0;
    for (int i = 0; i < f->n_out; i++) {
        f->out[i] = convolve_at(f, i / (h * w), i / w % h, i % w);
        loss += f->out[i] * f->dout[i];
    }
    return loss;
}

static void check_gradient(fixture *f, double *x, int n, const char *what)
{
    gradient_differences(f->expected, x, n, 0.5, reference, f); /* linear: any step is exact */
    if (!CHECK_AT_MOST(gradient_error(f->gradient, f->expected, n), 2e-5))
        fprintf(stderr, "    %s, kernel %d, stride %d, pad %d, %dx%d\n", what, f->shape.kernel,
                f->shape.stride, f->shape.pad, f->shape.width, f->shape.height);
}

static void start_gradient(fixture *f, int n)
{
    memset(f->gradient, 0, (size_t)n * sizeof(float));
}

static void check_shape(fixture *f, bc_train_conv_shape shape, const bc_workspace *workspace)
{
    const int k = shape.kernel;
    f->shape = shape;
    f->n_in = shape.n_in * shape.height * shape.width;
    f->n_weight = shape.n_out * shape.n_in * k * k;
    f->n_out = shape.n_out * bc_train_conv_out_height(&shape) * bc_train_conv_out_width(&shape);
    gradient_fill(f->f_in, f->in, f->n_in, 1);
    gradient_fill(f->f_weight, f->weight, f->n_weight, 2);
    gradient_fill(f->f_bias, f->bias, shape.n_out, 3);
    gradient_fill(f->f_dout, f->dout, f->n_out, 4);

    reference(f);
    bc_train_conv_forward(f->f_out, f->f_in, f->f_weight, f->f_bias, &shape, workspace);
    CHECK_AT_MOST(gradient_error(f->f_out, f->out, f->n_out), 2e-5);

    start_gradient(f, f->n_in);
    bc_train_conv_backward(f->gradient, NULL, NULL, f->f_dout, NULL, f->f_weight, &shape,
                           workspace);
    check_gradient(f, f->in, f->n_in, "input");
    start_gradient(f, f->n_weight);
    bc_train_conv_backward(NULL, f->gradient, NULL, f->f_dout, f->f_in, f->f_weight, &shape,
                           workspace);
    check_gradient(f, f->weight, f->n_weight, "weight");
    start_gradient(f, shape.n_out);
    bc_train_conv_backward(NULL, NULL, f->gradient, f->f_dout, f->f_in, f->f_weight, &shape,
                           workspace);
    check_gradient(f, f->bias, shape.n_out, "bias");
}

static void test_shapes(fixture *f, const bc_workspace *workspace)
{
    static const int kernels[] = {1, 3, 5, 7, 9};
    static const int sizes[][2] = {{1, 1}, {2, 3}, {7, 5}, {12, 8}};
    for (size_t k = 0; k < 5; k++)
        for (size_t size = 0; size < 4; size++)
            for (int variant = 0; variant < 6; variant++)
                check_shape(f,
                            (bc_train_conv_shape){.n_in = 3,
                                                  .n_out = 4,
                                                  .kernel = kernels[k],
                                                  .stride = 1 + variant % 2,
                                                  .height = sizes[size][0],
                                                  .width = sizes[size][1],
                                                  .pad = (bc_train_pad)(variant / 2)},
                            workspace);
}

/* Large enough for several bands and chunks: forward, then the three gradients added to ones. */
static void run_large(fixture *f, float *results, int n_threads, const bc_log *log)
{
    const bc_train_conv_shape shape = {8, 16, 3, 1, 44, 57, BC_TRAIN_PAD_EDGE};
    const int n_in = 8 * 44 * 57, n_out = 16 * 44 * 57, n_weight = 16 * 8 * 9;
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, n_threads, log), BC_OK);
    gradient_fill(f->f_in, f->in, n_in, 1);
    gradient_fill(f->f_weight, f->weight, n_weight, 2);
    gradient_fill(f->f_dout, f->dout, n_out, 4);
    float *din = results + n_out, *dweight = din + n_in, *dbias = dweight + n_weight;
    for (int i = 0; i < n_in + n_weight + 16; i++)
        din[i] = 1;
    bc_train_conv_forward(results, f->f_in, f->f_weight, NULL, &shape, &workspace);
    bc_train_conv_backward(din, dweight, dbias, f->f_dout, f->f_in, f->f_weight, &shape,
                           &workspace);
    bc_workspace_close(&workspace);
}

static void test_same_bits_for_every_thread_count(fixture *f, const bc_log *log)
{
    const size_t size = MAX * 2 * sizeof(float);
    float *one = calloc(1, size), *three = calloc(1, size);
    run_large(f, one, 1, log);
    run_large(f, three, 3, log);
    CHECK(memcmp(one, three, size) == 0);
    free(one);
    free(three);
}

/* Winograd's against the direct way, with ReLU: every kind of border, and several bands. */
static void check_winograd(int n_in, int n_out, int height, int width,
                           const bc_workspace *workspace, const bc_log *log)
{
    const bc_train_conv_shape shape = {n_in, n_out, 3, 1, height, width, BC_TRAIN_PAD_ZERO};
    const int area = height * width, n = (n_in + n_out) * area;
    float *in = calloc((size_t)(5 * n), sizeof(float)), *out = in + n, *dout = out + n;
    float *din = dout + n, *actual = din + n, *weight = calloc((size_t)(n_in * n_out), 36);
    double *expected = calloc((size_t)n, sizeof(double)), *unused = calloc((size_t)n * 9, 8);
    float *work = malloc((size_t)bc_train_winograd_work_floats(n_in, n_out, height, width) * 4);
    bc_train_winograd winograd;
    gradient_fill(in, unused, n_in * area, 1);
    gradient_fill(weight, unused, n_in * n_out * 9, 2);
    gradient_fill(dout, unused, n_out * area, 3);
    CHECK_INT(bc_train_winograd_open(&winograd, weight, n_in, n_out, bc_product_exact(), log),
              BC_OK);

    bc_train_conv_forward(out, in, weight, weight, &shape, workspace);
    for (int i = 0; i < n_out * area; i++)
        expected[i] = out[i] = out[i] > 0 ? out[i] : 0;
    bc_train_winograd_forward(actual, in, &winograd, weight, false, height, width, work, workspace);
    CHECK_AT_MOST(gradient_error(actual, expected, n_out * area), 2e-4);

    bc_train_winograd_backward(actual, dout, out, &winograd, height, width, work, workspace);
    for (int i = 0; i < n_out * area; i++)
        dout[i] = out[i] > 0 ? dout[i] : 0;
    bc_train_conv_backward(din, NULL, NULL, dout, NULL, weight, &shape, workspace);
    for (int i = 0; i < n_in * area; i++)
        expected[i] = din[i];
    CHECK_AT_MOST(gradient_error(actual, expected, n_in * area), 2e-4);
    bc_train_winograd_close(&winograd);
    free(in);
    free(weight);
    free(expected);
    free(unused);
    free(work);
}

static void test_winograd(const bc_workspace *workspace, const bc_log *log)
{
    static const int sizes[][4] = {{1, 1, 1, 1},     {3, 5, 2, 3},     {5, 3, 4, 4},
                                   {4, 4, 5, 9},     {2, 3, 13, 65},   {2, 2, 5, 300},
                                   {32, 16, 90, 70}, {64, 64, 14, 460}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_winograd(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], workspace, log);
}

enum { SHARED_CHANNELS = 64, SHARED_HEIGHT = 14, SHARED_WIDTH = 460 };

static void run_winograd(float *out, const float *in, const bc_train_winograd *winograd,
                         int n_threads, const bc_log *log)
{
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, n_threads, log), BC_OK);
    float *work = malloc((size_t)bc_train_winograd_work_floats(SHARED_CHANNELS, SHARED_CHANNELS,
                                                               SHARED_HEIGHT, SHARED_WIDTH) *
                         sizeof(float));
    bc_train_winograd_forward(out, in, winograd, NULL, false, SHARED_HEIGHT, SHARED_WIDTH, work,
                              &workspace);
    free(work);
    bc_workspace_close(&workspace);
}

/* Bands enough for one thread to take them whole, and too few for seven: those share them. */
static void test_same_bits_of_bands_taken_and_shared(const bc_log *log)
{
    const size_t n = SHARED_CHANNELS * SHARED_HEIGHT * SHARED_WIDTH;
    const int n_weight = SHARED_CHANNELS * SHARED_CHANNELS * 9;
    float *in = calloc(3 * n, sizeof(float)), *one = in + n, *seven = one + n;
    float *weight = calloc((size_t)n_weight, sizeof(float));
    double *unused = calloc(n, sizeof(double));
    bc_train_winograd winograd;
    gradient_fill(in, unused, (int)n, 1);
    gradient_fill(weight, unused, n_weight, 2);
    CHECK_INT(bc_train_winograd_open(&winograd, weight, SHARED_CHANNELS, SHARED_CHANNELS,
                                     bc_product_exact(), log),
              BC_OK);
    run_winograd(one, in, &winograd, 1, log);
    run_winograd(seven, in, &winograd, 7, log);
    CHECK(memcmp(one, seven, n * sizeof(float)) == 0);
    bc_train_winograd_close(&winograd);
    free(in);
    free(weight);
    free(unused);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    fixture *f = calloc(1, sizeof(*f));
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, 2, &log), BC_OK);
    test_shapes(f, &workspace);
    test_winograd(&workspace, &log);
    bc_workspace_close(&workspace);
    test_same_bits_for_every_thread_count(f, &log);
    test_same_bits_of_bands_taken_and_shared(&log);
    free(f);
    return TEST_END();
}
