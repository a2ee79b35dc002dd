#include "gatys/colours.h"

#include <math.h>
#include <stddef.h>

/* Keeps the factor of a picture of one colour invertible: (1/255)^2. */
static const double MIN_VARIANCE = 1.5e-5;

typedef struct distribution {
    double mean[3];
    double factor[3][3]; /* lower triangle: factor factor^T is the covariance */
} distribution;

static void measure(double mean[3], double covariance[3][3], const float *x, int n)
{
    for (int c = 0; c < 3; c++) {
        mean[c] = 0;
        for (int i = 0; i < n; i++)
            mean[c] += x[(size_t)c * (size_t)n + (size_t)i];
        mean[c] /= n;
    }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b <= a; b++) {
            const float *x_a = x + (size_t)a * (size_t)n, *x_b = x + (size_t)b * (size_t)n;
            double sum = 0;
            for (int i = 0; i < n; i++)
                sum += (x_a[i] - mean[a]) * (x_b[i] - mean[b]);
            covariance[a][b] = sum / n + (a == b ? MIN_VARIANCE : 0);
        }
}

/* Cholesky's decomposition. */
static distribution measured(const float *x, int n)
{
    distribution d = {0};
    double covariance[3][3];
    measure(d.mean, covariance, x, n);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j <= i; j++) {
            double sum = covariance[i][j];
            for (int k = 0; k < j; k++)
                sum -= d.factor[i][k] * d.factor[j][k];
            d.factor[i][j] = i == j ? sqrt(sum) : sum / d.factor[j][j];
        }
    return d;
}

void bc_colours_match(float *style, int n_style, const float *content, int n_content)
{
    const distribution from = measured(style, n_style), to = measured(content, n_content);
    for (int i = 0; i < n_style; i++) {
        double white[3]; /* the colour in units of its own distribution: forward substitution */
        for (int c = 0; c < 3; c++) {
            double sum = style[(size_t)c * (size_t)n_style + (size_t)i] - from.mean[c];
            for (int k = 0; k < c; k++)
                sum -= from.factor[c][k] * white[k];
            white[c] = sum / from.factor[c][c];
        }
        for (int c = 0; c < 3; c++) {
            double sum = to.mean[c];
            for (int k = 0; k <= c; k++)
                sum += to.factor[c][k] * white[k];
            style[(size_t)c * (size_t)n_style + (size_t)i] = (float)sum;
        }
    }
}

static float luma(const float *x, size_t n)
{
    return 0.299f * x[0] + 0.587f * x[n] + 0.114f * x[2 * n];
}

void bc_colours_keep(float *picture, const float *content, int n_positions)
{
    const size_t n = (size_t)n_positions;
    for (size_t i = 0; i < n; i++) {
        const float difference = luma(picture + i, n) - luma(content + i, n);
        for (size_t c = 0; c < 3; c++)
            picture[c * n + i] = content[c * n + i] + difference;
    }
}
