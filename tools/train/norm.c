#include "train/norm.h"

#include <math.h>

#include "base/simd.h"
#include "train/workspace.h"

static const double epsilon = 1e-5;

enum { BLOCK = 1024 };

/* Two passes: the variance of a channel with a large mean would drown in one. */
static void measure(double *mean, double *variance, const float *in, int n)
{
    float delta[BLOCK];
    double sum_squares = 0;
    *mean = bc_sum(in, n) / n;
    for (int i = 0; i < n; i += BLOCK) {
        const int n_block = n - i < BLOCK ? n - i : BLOCK;
        for (int j = 0; j < n_block; j++)
            delta[j] = in[i + j] - (float)*mean;
        sum_squares += bc_dot(delta, delta, n_block);
    }
    *variance = sum_squares / n;
}

BC_SIMD void bc_norm_forward(float *out, float *mean, float *inv_std, const float *in,
                             const float *scale, const float *shift, int n_channels, int n)
{
    for (int c = 0; c < n_channels; c++) {
        const float *x = in + (size_t)c * (size_t)n;
        float *y = out + (size_t)c * (size_t)n;
        double channel_mean, variance;
        measure(&channel_mean, &variance, x, n);
        mean[c] = (float)channel_mean;
        inv_std[c] = (float)(1 / sqrt(variance + epsilon));
        for (int i = 0; i < n; i++)
            y[i] = scale[c] * ((x[i] - mean[c]) * inv_std[c]) + shift[c];
    }
}

/* The sum of dy times the normalised value. */
static double dot_normal(const float *dy, const float *x, float mean, float inv_std, int n)
{
    float normal[BLOCK];
    double sum = 0;
    for (int i = 0; i < n; i += BLOCK) {
        const int n_block = n - i < BLOCK ? n - i : BLOCK;
        for (int j = 0; j < n_block; j++)
            normal[j] = (x[i + j] - mean) * inv_std;
        sum += bc_dot(dy + i, normal, n_block);
    }
    return sum;
}

BC_SIMD void bc_norm_backward(float *din, float *dscale, float *dshift, const float *dout,
                              const float *in, const float *scale, const float *mean,
                              const float *inv_std, int n_channels, int n)
{
    for (int c = 0; c < n_channels; c++) {
        const float *x = in + (size_t)c * (size_t)n, *dy = dout + (size_t)c * (size_t)n;
        float *dx = din + (size_t)c * (size_t)n;
        const double sum = bc_sum(dy, n), sum_normal = dot_normal(dy, x, mean[c], inv_std[c], n);
        if (dscale) {
            dscale[c] += (float)sum_normal;
            dshift[c] += (float)sum;
        }
        const float mean_dy = (float)(sum / n), mean_normal = (float)(sum_normal / n);
        for (int i = 0; i < n; i++) {
            const float normal = (x[i] - mean[c]) * inv_std[c];
            dx[i] = scale[c] * inv_std[c] * (dy[i] - mean_dy - normal * mean_normal);
        }
    }
}
