#include "train/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/gram.h"

enum { N_BINS = 256 };

/* Keeps the deviation's gradient finite where a channel is constant. */
static const double MIN_VARIANCE = 1e-8;

typedef struct channels {
    const bc_response *response;
    float *dmap, *moments, *quantiles, *sorted; /* sorted: [n_threads, n_positions] */
    const bc_train_statistics *target;
    double weight; /* of the gradient, with the scale's divisor in it */
    double *loss;  /* [n_channels] */
} channels;

static const float *channel_of(const channels *c, int channel)
{
    return c->response->map + (int64_t)channel * c->response->n_positions;
}

static double sum_of_squares(const float *x, int64_t n)
{
    return bc_dot(x, x, n);
}

/* Moments ---------------------------------------------------------------------------------- */

static void measure_moments(float moments[2], const float *x, int n)
{
    const double mean = bc_sum(x, n) / n;
    double variance = 0;
    for (int i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    moments[0] = (float)mean;
    moments[1] = (float)sqrt(variance / n + MIN_VARIANCE);
}

static void moments_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const channels *c = arg;
    measure_moments(c->moments + 2 * channel, channel_of(c, channel), c->response->n_positions);
}

static void moments_loss_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const channels *c = arg;
    const int n = c->response->n_positions;
    const float *x = channel_of(c, channel), *target = c->target->moments + 2 * channel;
    float moments[2];
    measure_moments(moments, x, n);
    const double d_mean = (double)moments[0] - target[0],
                 d_deviation = (double)moments[1] - target[1];
    c->loss[channel] = d_mean * d_mean + d_deviation * d_deviation;
    if (!c->dmap)
        return;
    float *dx = c->dmap + (int64_t)channel * n;
    const float offset = (float)(2 * c->weight * d_mean / n);
    const float slope = (float)(2 * c->weight * d_deviation / (n * (double)moments[1]));
    for (int i = 0; i < n; i++)
        dx[i] += offset + slope * (x[i] - moments[0]);
}

/* Histogram -------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void quantiles_channel(void *arg, int channel, int thread)
{
    const channels *c = arg;
    const int n = c->response->n_positions;
    float *sorted = c->sorted + (int64_t)thread * n;
    memcpy(sorted, channel_of(c, channel), (size_t)n * sizeof(*sorted));
    qsort(sorted, (size_t)n, sizeof(*sorted), compare);
    for (int i = 0; i < BC_N_QUANTILES; i++)
        c->quantiles[channel * BC_N_QUANTILES + i] =
            sorted[(int64_t)(n - 1) * i / (BC_N_QUANTILES - 1)];
}

/* The share of values below each of N_BINS equal bins from `least` on, scaled by `per_bin`. */
static void measure_ranks(float ranks[N_BINS + 1], const float *x, int n, float least,
                          float per_bin)
{
    int counts[N_BINS] = {0};
    for (int i = 0; i < n; i++) {
        const int bin = (int)((x[i] - least) * per_bin);
        counts[bin < N_BINS ? bin : N_BINS - 1]++;
    }
    int below = 0;
    for (int bin = 0; bin <= N_BINS; bin++) {
        ranks[bin] = (float)below / (float)n;
        below += bin < N_BINS ? counts[bin] : 0;
    }
}

/* Linear between the entries of a table; `at` counts entries. */
static float interpolate(const float *table, int n_entries, float at)
{
    const int i = at < (float)(n_entries - 2) ? (int)at : n_entries - 2;
    return table[i] + (at - (float)i) * (table[i + 1] - table[i]);
}

static void histogram_loss_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const channels *c = arg;
    const int n = c->response->n_positions;
    const float *x = channel_of(c, channel);
    float least = x[0], greatest = x[0], ranks[N_BINS + 1];
    for (int i = 1; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        greatest = x[i] > greatest ? x[i] : greatest;
    }
    const float per_bin = greatest > least ? N_BINS / (greatest - least) : 0;
    measure_ranks(ranks, x, n, least, per_bin);
    double loss = 0;
    for (int i = 0; i < n; i++) {
        const float rank = interpolate(ranks, N_BINS + 1, (x[i] - least) * per_bin);
        const float matched = interpolate(c->target->quantiles + channel * BC_N_QUANTILES,
                                          BC_N_QUANTILES, rank * (BC_N_QUANTILES - 1));
        const double d = (double)x[i] - matched;
        loss += d * d;
        if (c->dmap)
            c->dmap[(int64_t)channel * n + i] += (float)(2 * c->weight * d);
    }
    c->loss[channel] = loss;
}

/* ------------------------------------------------------------------------------------------ */

static double divisor(const bc_response *response, const bc_train_statistics *target,
                      bc_statistic statistic, bc_loss_scale scale)
{
    const double c = response->n_channels;
    const double of_relative = target->square[statistic];
    if (statistic == BC_STAT_HISTOGRAM)
        return scale == BC_LOSS_RELATIVE ? of_relative * response->n_positions : 1;
    if (scale == BC_LOSS_RELATIVE)
        return of_relative;
    return statistic == BC_STAT_GRAM ? 4 * c * c : c;
}

/* work: the Gram matrix, which becomes the gradient of the loss with respect to it. */
static double gram_loss(float *dmap, const bc_response *response, const bc_train_statistics *target,
                        double weight, bc_product_kind kind, float *work,
                        const bc_workspace *workspace)
{
    const int n = response->n_channels;
    bc_gram_forward(work, response->map, n, response->n_positions, workspace);
    double loss = 0;
    for (int i = 0; i < n * n; i++) {
        const double d = (double)work[i] - target->gram[i];
        loss += d * d;
        work[i] = (float)(2 * weight * d);
    }
    if (dmap)
        bc_gram_backward(dmap, work, response->map, n, response->n_positions, kind, workspace);
    return loss;
}

double bc_gram_distance(const bc_train_statistics *a, const bc_train_statistics *b)
{
    double sum = 0;
    for (int i = 0; i < a->n_channels * a->n_channels; i++) {
        const double d = (double)a->gram[i] - b->gram[i];
        sum += d * d;
    }
    return sum / fmax(b->square[BC_STAT_GRAM], 1e-30);
}

size_t bc_train_statistics_work_bytes(int n_channels)
{
    return (size_t)n_channels * (size_t)n_channels * sizeof(double);
}

double bc_train_statistics_loss(float *dmap, const bc_response *response,
                                const bc_train_statistics *target, bc_statistic statistic,
                                bc_loss_scale scale, double weight, bc_product_kind kind,
                                void *work, const bc_workspace *workspace)
{
    const double over = fmax(divisor(response, target, statistic, scale), 1e-30);
    if (statistic == BC_STAT_GRAM)
        return gram_loss(dmap, response, target, weight / over, kind, work, workspace) / over;
    channels c = {.response = response,
                  .dmap = dmap,
                  .target = target,
                  .weight = weight / over,
                  .loss = work};
    bc_pool_run(workspace->pool,
                statistic == BC_STAT_MOMENTS ? moments_loss_channel : histogram_loss_channel, &c,
                response->n_channels);
    double loss = 0;
    for (int i = 0; i < response->n_channels; i++)
        loss += c.loss[i];
    return loss / over;
}

/* Targets ---------------------------------------------------------------------------------- */

static bool allocate(bc_train_statistics *s, const bool wanted[BC_N_STATISTICS])
{
    const size_t n = (size_t)s->n_channels;
    if (wanted[BC_STAT_GRAM])
        s->gram = malloc(n * n * sizeof(float));
    if (wanted[BC_STAT_MOMENTS])
        s->moments = malloc(n * 2 * sizeof(float));
    if (wanted[BC_STAT_HISTOGRAM])
        s->quantiles = malloc(n * BC_N_QUANTILES * sizeof(float));
    return (s->gram || !wanted[BC_STAT_GRAM]) && (s->moments || !wanted[BC_STAT_MOMENTS]) &&
           (s->quantiles || !wanted[BC_STAT_HISTOGRAM]);
}

static void measure(bc_train_statistics *s, channels *c, const bc_workspace *workspace)
{
    const int n = s->n_channels;
    if (s->gram) {
        bc_gram_forward(s->gram, c->response->map, n, c->response->n_positions, workspace);
        s->square[BC_STAT_GRAM] = sum_of_squares(s->gram, (int64_t)n * n);
    }
    if (s->moments) {
        bc_pool_run(workspace->pool, moments_channel, c, n);
        s->square[BC_STAT_MOMENTS] = sum_of_squares(s->moments, (int64_t)n * 2);
    }
    if (s->quantiles) {
        bc_pool_run(workspace->pool, quantiles_channel, c, n);
        s->square[BC_STAT_HISTOGRAM] =
            sum_of_squares(s->quantiles, (int64_t)n * BC_N_QUANTILES) / BC_N_QUANTILES;
    }
}

bc_status bc_train_statistics_open(bc_train_statistics *statistics, const bc_response *response,
                                   const bool wanted[BC_N_STATISTICS],
                                   const bc_workspace *workspace, const bc_log *log)
{
    *statistics = (bc_train_statistics){.n_channels = response->n_channels};
    channels c = {.response = response};
    if (wanted[BC_STAT_HISTOGRAM])
        c.sorted = malloc((size_t)workspace->n_threads * (size_t)response->n_positions *
                          sizeof(*c.sorted));
    const bool ok = allocate(statistics, wanted) && (c.sorted || !wanted[BC_STAT_HISTOGRAM]);
    if (ok) {
        c.moments = statistics->moments;
        c.quantiles = statistics->quantiles;
        measure(statistics, &c, workspace);
    }
    free(c.sorted);
    return ok ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "no memory for the statistics of a style");
}

void bc_train_statistics_close(bc_train_statistics *statistics)
{
    free(statistics->gram);
    free(statistics->moments);
    free(statistics->quantiles);
    *statistics = (bc_train_statistics){0};
}
