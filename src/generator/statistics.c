#include "generator/statistics.h"

#include <math.h>

static const double epsilon = 1e-5; /* of instance normalisation */

static const double least_time_constant = 0.5, most_time_constant = 8; /* seconds */
static const double far = 2;    /* what is farther begins anew */
static const double near = 0.2; /* of the distance: a scene that has come so near stands still */

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

static void set_channel(const bc_affine *affine, int channel, moments m, double scale, double shift)
{
    const double gain = scale / sqrt(m.variance + epsilon);
    affine->scale[channel] = (float)gain;
    affine->shift[channel] = (float)(shift - m.mean * gain);
}

void bc_normalise_frame(const bc_affine *affine, const bc_totals *totals, const float *scale,
                        const float *shift)
{
    for (int c = 0; c < totals->n_channels; c++)
        set_channel(affine, c, measure(totals, c), (double)scale[c], (double)shift[c]);
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
                         const float *scale, const float *shift)
{
    for (int c = 0; c < n_channels; c++) {
        const moments m = {.mean = running->mean[c], .variance = running->variance[c]};
        set_channel(affine, c, m, (double)scale[c], (double)shift[c]);
    }
}

/* Mean square over the channels: of the means in standard deviations, and of those' logarithms. */
static double square_distance(const bc_statistics *running, const bc_totals *totals)
{
    double sum = 0;
    for (int c = 0; c < totals->n_channels; c++) {
        const moments frame = measure(totals, c);
        const double variance = running->variance[c] + epsilon;
        const double shift = frame.mean - running->mean[c];
        const double gain = 0.5 * log((frame.variance + epsilon) / variance);
        sum += shift * shift / variance + gain * gain;
    }
    return sum / totals->n_channels;
}

void bc_statistics_follow(bc_statistics *running, const bc_totals *totals, double rate)
{
    for (int c = 0; c < totals->n_channels; c++) {
        const moments frame = measure(totals, c);
        running->mean[c] += rate * (frame.mean - running->mean[c]);
        running->variance[c] += rate * (frame.variance - running->variance[c]);
    }
}

void bc_statistics_relight(bc_statistics *running, const bc_layer *layer, const float *weight,
                           const float shift[3])
{
    const int n_taps = layer->kernel * layer->kernel;
    for (int out = 0; out < layer->n_out; out++)
        for (int in = 0; in < layer->n_in; in++, weight += n_taps)
            for (int i = 0; i < n_taps; i++)
                running->mean[out] += (double)(weight[i] * shift[in]) / 255;
}

double bc_statistics_rate(bc_statistics *recent, const bc_statistics *running,
                          const bc_totals *totals, double seconds)
{
    if (!(seconds > 0))
        return 0;
    bc_statistics_follow(recent, totals, -expm1(-seconds / least_time_constant));
    const double distance = square_distance(running, totals) + 1e-12;
    const double motion = square_distance(recent, totals) / (near * near * distance);
    const double most = fmin(most_time_constant, least_time_constant * far * far / distance);
    const double tau = fmax(fmin(least_time_constant * motion * motion, most), least_time_constant);
    return -expm1(-seconds / tau);
}

bool bc_statistics_are_far(const bc_statistics *running, const bc_totals *totals)
{
    return !(square_distance(running, totals) < far * far); /* nor what is no number */
}
