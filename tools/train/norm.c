#include "train/norm.h"

#include <math.h>

#include "base/simd.h"

static const double epsilon = 1e-5;

/* Two passes: the variance of a channel with a large mean would drown in one. */
static void measure(double *mean, double *variance, const float *in, int n)
{
    double sum = 0, sum_squares = 0;
    for (int i = 0; i < n; i++)
        sum += (double)in[i];
    *mean = sum / n;
    for (int i = 0; i < n; i++)
        sum_squares += ((double)in[i] - *mean) * ((double)in[i] - *mean);
    *variance = sum_squares / n;
}

BC_SIMD void bc_norm_forward(float *out, float *mean, float *inv_std, const float *in,
                             const float *scale, const float *shift, int n_channels, int n)
{
    for (int c = 0; c < n_channels; c++) {
        const size_t at = (size_t)c * (size_t)n;
        double channel_mean, variance;
        measure(&channel_mean, &variance, in + at, n);
        mean[c] = (float)channel_mean;
        inv_std[c] = (float)(1 / sqrt(variance + epsilon));
        for (int i = 0; i < n; i++)
            out[at + (size_t)i] =
                scale[c] * ((in[at + (size_t)i] - mean[c]) * inv_std[c]) + shift[c];
    }
}

BC_SIMD void bc_norm_backward(float *din, float *dscale, float *dshift, const float *dout,
                              const float *in, const float *scale, const float *mean,
                              const float *inv_std, int n_channels, int n)
{
    for (int c = 0; c < n_channels; c++) {
        const float *x = in + (size_t)c * (size_t)n, *dy = dout + (size_t)c * (size_t)n;
        float *dx = din + (size_t)c * (size_t)n;
        double sum = 0, sum_normal = 0; /* of dy, and of dy times the normalised value */
        for (int i = 0; i < n; i++) {
            sum += (double)dy[i];
            sum_normal += (double)(dy[i] * ((x[i] - mean[c]) * inv_std[c]));
        }
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
