/* colours.c: the statistics that matching promises, and the luma that keeping promises. */
#include "gatys/colours.h"

#include <math.h>

#include "test.h"

enum { N = 400, M = 300 };

static void fill(float *x, int n, double spread, double mean)
{
    for (int i = 0; i < n; i++) {
        const double a = sin(i * 12.9898), b = sin(i * 78.233), c = sin(i * 3.7);
        x[i] = (float)(mean + spread * a);
        x[n + i] = (float)(mean / 2 + spread * (0.5 * a + 0.4 * b));
        x[2 * n + i] = (float)(0.3 + spread * (0.2 * a - 0.3 * b + 0.2 * c));
    }
}

static double mean_of(const float *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

static double covariance_of(const float *x, const float *y, int n)
{
    const double mean_x = mean_of(x, n), mean_y = mean_of(y, n);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - mean_x) * (y[i] - mean_y);
    return sum / n;
}

static void test_match(void)
{
    float style[3 * M], content[3 * N];
    fill(style, M, 0.3, 0.6);
    fill(content, N, 0.1, 0.4);
    bc_colours_match(style, M, content, N);
    for (int a = 0; a < 3; a++) {
        CHECK_AT_MOST(fabs(mean_of(style + a * M, M) - mean_of(content + a * N, N)), 1e-5);
        for (int b = 0; b < 3; b++)
            CHECK_AT_MOST(fabs(covariance_of(style + a * M, style + b * M, M) -
                               covariance_of(content + a * N, content + b * N, N)),
                          5e-5);
    }
}

/* A painting of one colour has no covariance to divide by. */
static void test_match_of_one_colour(void)
{
    float style[3 * M], content[3 * N];
    for (int i = 0; i < 3 * M; i++)
        style[i] = 0.25f;
    fill(content, N, 0.1, 0.4);
    bc_colours_match(style, M, content, N);
    CHECK_AT_MOST(fabs(style[0] - mean_of(content, N)), 1e-4);
}

static double luma(const float *x, int n)
{
    return 0.299 * x[0] + 0.587 * x[n] + 0.114 * x[2 * n];
}

static void test_keep(void)
{
    float picture[3 * N], old[3 * N], content[3 * N];
    fill(picture, N, 0.3, 0.6);
    fill(old, N, 0.3, 0.6);
    fill(content, N, 0.1, 0.4);
    bc_colours_keep(picture, content, N);
    for (int i = 0; i < N; i++) {
        CHECK_AT_MOST(fabs(luma(picture + i, N) - luma(old + i, N)), 1e-5);
        for (int c = 0; c < 2; c++) /* the same hue: the same differences between the channels */
            CHECK_AT_MOST(fabs((double)picture[c * N + i] - picture[(c + 1) * N + i] -
                               ((double)content[c * N + i] - content[(c + 1) * N + i])),
                          1e-5);
    }
}

int main(void)
{
    test_match();
    test_match_of_one_colour();
    test_keep();
    return TEST_END();
}
