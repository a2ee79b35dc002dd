/* layers.c: pooling, Gram matrix, statistics and picture losses against differences in double. */
#include "train/layers.h"

#include <stdlib.h>
#include <string.h>

#include "gradient.h"
#include "train/picture_loss.h"
#include "train/statistics.h"

enum {
    C = 3,
    H = 7,
    W = 9,
    N = C * H * W,
    OUT_H = H / 2,
    OUT_W = W / 2,
    N_OUT = C * OUT_H * OUT_W
};

typedef struct fixture {
    double x[N], weight[N], expected[N];
    float f_x[N], f_weight[N], out[N], gradient[N];
    int average;
} fixture;

static fixture *make_fixture(void)
{
    fixture *f = calloc(1, sizeof(*f));
    gradient_fill(f->f_x, f->x, N, 1);
    gradient_fill(f->f_weight, f->weight, N, 2);
    return f;
}

static double pooled(const fixture *f, int channel, int y, int x)
{
    const double *p = f->x + (channel * H + 2 * y) * W + 2 * x;
    if (f->average)
        return (p[0] + p[1] + p[W] + p[W + 1]) / 4;
    return fmax(fmax(p[0], p[1]), fmax(p[W], p[W + 1]));
}

static double pool_reference(void *cookie)
{
    const fixture *f = cookie;
    double loss = 0;
    for (int i = 0; i < N_OUT; i++)
        loss += f->weight[i] * pooled(f, i / (OUT_H * OUT_W), i / OUT_W % OUT_H, i % OUT_W);
    return loss;
}

static void test_pooling(const bc_workspace *workspace)
{
    for (int average = 0; average < 2; average++) {
        fixture *f = make_fixture();
        f->average = average;
        gradient_differences(f->expected, f->x, N, 1e-6, pool_reference, f);
        memset(f->gradient, 0x40, sizeof(f->gradient)); /* it is set, not added to */
        if (average) {
            bc_average_pool_forward(f->out, f->f_x, C, H, W, workspace);
            bc_average_pool_backward(f->gradient, f->f_weight, C, H, W, workspace);
        } else {
            bc_max_pool_forward(f->out, f->f_x, C, H, W, workspace);
            bc_max_pool_backward(f->gradient, f->f_weight, f->f_x, C, H, W, workspace);
        }
        CHECK_AT_MOST(gradient_error(f->gradient, f->expected, N), 1e-5);
        CHECK_AT_MOST(fabs(bc_dot(f->out, f->f_weight, N_OUT) - pool_reference(f)), 1e-5);
        free(f);
    }
}

static void test_relu(const bc_workspace *workspace)
{
    fixture *f = make_fixture();
    memcpy(f->out, f->f_x, sizeof(f->out));
    memcpy(f->gradient, f->f_weight, sizeof(f->gradient));
    bc_relu_forward(f->out, N, workspace);
    bc_relu_backward(f->gradient, f->out, N, workspace);
    int n_wrong = 0;
    for (int i = 0; i < N; i++)
        n_wrong += f->out[i] != (f->f_x[i] > 0 ? f->f_x[i] : 0) ||
                   f->gradient[i] != (f->f_x[i] > 0 ? f->f_weight[i] : 0);
    CHECK_INT(n_wrong, 0);
    free(f);
}

/* Statistics ------------------------------------------------------------------------------- */

enum { MAP_C = 40, MAP_M = 30, MAP_N = MAP_C * MAP_M };

typedef struct map_fixture {
    double x[MAP_N], target[MAP_N], expected[MAP_N];
    float f_x[MAP_N], f_target[MAP_N], gradient[MAP_N];
    bc_statistic statistic;
    bc_loss_scale scale;
} map_fixture;

static double gram_at(const double *x, int i, int j)
{
    double sum = 0;
    for (int k = 0; k < MAP_M; k++)
        sum += x[i * MAP_M + k] * x[j * MAP_M + k];
    return sum / MAP_M;
}

static double gram_reference(const map_fixture *f)
{
    double loss = 0, square = 0;
    for (int i = 0; i < MAP_C; i++)
        for (int j = 0; j < MAP_C; j++) {
            const double a = gram_at(f->target, i, j), d = gram_at(f->x, i, j) - a;
            loss += d * d;
            square += a * a;
        }
    return f->scale == BC_LOSS_RELATIVE ? loss / square : loss / (4 * MAP_C * MAP_C);
}

static void moments_at(double moments[2], const double *x)
{
    double mean = 0, square = 0;
    for (int k = 0; k < MAP_M; k++) {
        mean += x[k] / MAP_M;
        square += x[k] * x[k] / MAP_M;
    }
    moments[0] = mean;
    moments[1] = sqrt(square - mean * mean);
}

static double moments_reference(const map_fixture *f)
{
    double loss = 0, square = 0;
    for (int i = 0; i < MAP_C; i++) {
        double own[2], target[2];
        moments_at(own, f->x + i * MAP_M);
        moments_at(target, f->target + i * MAP_M);
        for (int k = 0; k < 2; k++) {
            loss += (own[k] - target[k]) * (own[k] - target[k]);
            square += target[k] * target[k];
        }
    }
    return f->scale == BC_LOSS_RELATIVE ? loss / square : loss / MAP_C;
}

static double statistics_reference(void *cookie)
{
    const map_fixture *f = cookie;
    return f->statistic == BC_STAT_GRAM ? gram_reference(f) : moments_reference(f);
}

static void test_statistic(map_fixture *f, const bc_workspace *workspace)
{
    const bc_response target = {f->f_target, MAP_C, MAP_M}, response = {f->f_x, MAP_C, MAP_M};
    bc_train_statistics statistics;
    double work[MAP_C * MAP_C];
    const bool wanted[BC_N_STATISTICS] = {true, true, true};
    CHECK_INT(bc_train_statistics_open(&statistics, &target, wanted, workspace, NULL), BC_OK);
    CHECK(bc_train_statistics_work_bytes(MAP_C) <= sizeof(work));
    memset(f->gradient, 0, sizeof(f->gradient));
    const double loss =
        bc_train_statistics_loss(f->gradient, &response, &statistics, f->statistic, f->scale, 0.5,
                                 bc_product_exact(), work, workspace);
    bc_train_statistics_close(&statistics);

    const double expected = statistics_reference(f);
    CHECK_AT_MOST(fabs(loss - expected), 1e-5 * expected);
    gradient_differences(f->expected, f->x, MAP_N, 1e-5, statistics_reference, f);
    for (int i = 0; i < MAP_N; i++)
        f->expected[i] *= 0.5;
    CHECK_AT_MOST(gradient_error(f->gradient, f->expected, MAP_N), 1e-4);
}

static void test_statistics(const bc_workspace *workspace)
{
    map_fixture *f = calloc(1, sizeof(*f));
    gradient_fill(f->f_x, f->x, MAP_N, 1);
    gradient_fill(f->f_target, f->target, MAP_N, 2);
    for (int s = BC_STAT_GRAM; s <= BC_STAT_MOMENTS; s++)
        for (int scale = 0; scale < 2; scale++) {
            f->statistic = (bc_statistic)s;
            f->scale = (bc_loss_scale)scale;
            test_statistic(f, workspace);
        }
    free(f);
}

/* The target is 2x + 1 of the response: so is the matched histogram, and x - R(x) is -x - 1. */
static void test_histogram(const bc_workspace *workspace)
{
    enum { M = 20000 };
    float *x = calloc(3 * M, sizeof(float)), *target = x + M, *gradient = x + 2 * M;
    uint64_t seed = 5;
    double expected = 0, error = 0;
    for (int i = 0; i < M; i++) {
        x[i] = (float)(1 + gradient_random(&seed));
        target[i] = 2 * x[i] + 1;
        expected += (x[i] + 1.0) * (x[i] + 1.0);
    }
    const bool wanted[BC_N_STATISTICS] = {[BC_STAT_HISTOGRAM] = true};
    bc_train_statistics statistics;
    double work[1];
    CHECK_INT(bc_train_statistics_open(&statistics, &(bc_response){target, 1, M}, wanted, workspace,
                                       NULL),
              BC_OK);
    const double loss =
        bc_train_statistics_loss(gradient, &(bc_response){x, 1, M}, &statistics, BC_STAT_HISTOGRAM,
                                 BC_LOSS_GATYS, 0.5, bc_product_exact(), work, workspace);
    bc_train_statistics_close(&statistics);
    CHECK_AT_MOST(fabs(loss / expected - 1), 0.01);
    for (int i = 0; i < M; i++)
        error = fmax(error, fabs(gradient[i] + x[i] + 1));
    CHECK_AT_MOST(error, 0.05);
    free(x);
}

/* Picture losses --------------------------------------------------------------------------- */

static double absolute(double d)
{
    return sqrt(d * d + 1e-6);
}

static double variation_reference(void *cookie)
{
    const fixture *f = cookie;
    double across = 0, down = 0;
    for (int i = 0; i < N; i++) {
        if (i % W + 1 < W)
            across += absolute(f->x[i + 1] - f->x[i]) / (C * H * (W - 1));
        if (i / W % H + 1 < H)
            down += absolute(f->x[i + W] - f->x[i]) / (C * (H - 1) * W);
    }
    return 3 * (across + down);
}

/* Cells of 2x2, times 16, over a border that repeats. */
static double cell(const double *plane, int y, int x)
{
    y = y < 0 ? 0 : y >= OUT_H ? OUT_H - 1 : y;
    x = x < 0 ? 0 : x >= OUT_W ? OUT_W - 1 : x;
    const double *p = plane + 2 * y * W + 2 * x;
    return p[0] + p[1] + p[W] + p[W + 1];
}

static double laplacian(const double *x, int i)
{
    const double *plane = x + i / (OUT_H * OUT_W) * H * W;
    const int y = i / OUT_W % OUT_H, column = i % OUT_W;
    return 4 * cell(plane, y, column) - cell(plane, y - 1, column) - cell(plane, y + 1, column) -
           cell(plane, y, column - 1) - cell(plane, y, column + 1);
}

static double laplacian_reference(void *cookie)
{
    const fixture *f = cookie;
    double sum = 0;
    for (int i = 0; i < N_OUT; i++)
        sum += pow(laplacian(f->x, i) - laplacian(f->weight, i), 2) / N_OUT;
    return 3 * sum;
}

static double square_reference(void *cookie)
{
    const fixture *f = cookie;
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += pow(f->x[i] - f->weight[i], 2) / N;
    return 3 * sum;
}

static void check_picture_loss(fixture *f, double loss, gradient_loss *reference)
{
    CHECK_AT_MOST(fabs(3 * loss / reference(f) - 1), 1e-5);
    gradient_differences(f->expected, f->x, N, 1e-6, reference, f);
    CHECK_AT_MOST(gradient_error(f->gradient, f->expected, N), 1e-4);
    free(f);
}

static void test_picture_losses(void)
{
    fixture *f = make_fixture();
    check_picture_loss(f, bc_variation_loss(f->gradient, f->f_x, 3, C, H, W), variation_reference);
    f = make_fixture();
    check_picture_loss(f, bc_laplacian_loss(f->gradient, f->f_x, f->f_weight, 3, 2, C, H, W),
                       laplacian_reference);
    f = make_fixture();
    check_picture_loss(f, bc_square_loss(f->gradient, f->f_x, f->f_weight, 3, N), square_reference);
}

int main(void)
{
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, 2, NULL), BC_OK);
    test_pooling(&workspace);
    test_relu(&workspace);
    test_statistics(&workspace);
    test_histogram(&workspace);
    test_picture_losses();
    bc_workspace_close(&workspace);
    return TEST_END();
}
