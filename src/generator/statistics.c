#include "generator/statistics.h"

#include <math.h>

static const double epsilon = 1e-5;      /* of instance normalisation */
static const double time_constant = 0.5; /* seconds, of the running statistics */

typedef struct moments {
    double mean, variance;
} moments;

static moments measure(const bc_totals *t, int channel)
{
    double sum = 0, square = 0;
    for (int phase = 0; phase < t->n_phases; phase++) {
        sum += t->sum[phase * t->n_channels + channel];
        square += t->square[phase * t->n_channels + channel];
    }
    const double mean = sum / t->n;
    return (moments){.mean = mean, .variance = fmax(square / t->n - mean * mean, 0)};
}

static void set_channel(const bc_affine *affine, int channel, moments m, double scale, double shift,
                        double share)
{
    const double gain = scale / sqrt(m.variance + epsilon);
    affine->scale[channel] = (float)(gain * share);
    affine->shift[channel] = (float)((shift - m.mean * gain) * share);
}

void bc_normalise_frame(const bc_affine *affine, const bc_totals *totals, const float *scale,
                        const float *shift, double share)
{
    for (int c = 0; c < totals->n_channels; c++)
        set_channel(affine, c, measure(totals, c), (double)scale[c], (double)shift[c], share);
}

void bc_statistics_start(bc_statistics *running, const bc_totals *totals)
{
    for (int c = 0; c < totals->n_channels; c++) {
        const moments frame = measure(totals, c);
        running->mean[c] = frame.mean;
        running->variance[c] = frame.variance;
    }
    running->is_known = true;
}

void bc_normalise_stream(const bc_affine *affine, const bc_statistics *running, int n_channels,
                         const float *scale, const float *shift, double share)
{
    for (int c = 0; c < n_channels; c++) {
        const moments m = {.mean = running->mean[c], .variance = running->variance[c]};
        set_channel(affine, c, m, (double)scale[c], (double)shift[c], share);
    }
}

void bc_statistics_follow(bc_statistics *running, const bc_totals *totals, double rate)
{
    for (int c = 0; c < totals->n_channels; c++) {
        const moments frame = measure(totals, c);
        running->mean[c] += rate * (frame.mean - running->mean[c]);
        running->variance[c] += rate * (frame.variance - running->variance[c]);
    }
}

double bc_statistics_rate(double seconds)
{
    return seconds > 0 ? -expm1(-seconds / time_constant) : 0;
}
