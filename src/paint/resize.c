#include "paint/resize.h"

#include <math.h>
#include <stdlib.h>

#include "base/simd.h"
#include "paint/image.h"

/* What each sample of a line is made of: `n_taps` samples of the other, from first[i] on. */
typedef struct taps {
    int n_taps;
    int *first;     /* [n] */
    float *weights; /* [n][n_taps] */
} taps;

typedef struct resizing {
    bc_plane to, from;
    taps across, down;
    float *rows; /* [n_threads][width * channels of `from`] */
} resizing;

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

int bc_scaled_size(int size, double scale)
{
    return clamp((int)lround(size * scale), 1, BC_MAX_SIZE);
}

static bool open_taps(taps *t, int n, double support, int n_from)
{
    const int n_taps = 2 * (int)ceil(support) + 1;
    t->n_taps = n_taps < n_from ? n_taps : n_from;
    t->first = malloc((size_t)n * sizeof(*t->first));
    t->weights = calloc((size_t)n * (size_t)t->n_taps, sizeof(*t->weights));
    return t->first && t->weights;
}

/* The weights around `centre`, those beyond the line's ends on its end samples. */
static void set_taps(taps *t, int i, double centre, double support, int n_from)
{
    float *weights = t->weights + (size_t)i * (size_t)t->n_taps;
    const int begin = (int)ceil(centre - support), end = (int)floor(centre + support);
    double sum = 0;
    t->first[i] = clamp((int)floor(centre) - t->n_taps / 2, 0, n_from - t->n_taps);
    for (int at = begin; at <= end; at++)
        sum += 1 - fabs(at - centre) / support;
    for (int at = begin; at <= end; at++)
        weights[clamp(at, 0, n_from - 1) - t->first[i]] +=
            (float)((1 - fabs(at - centre) / support) / sum);
}

/*
 * For n samples of a line of the image that is `to` pixels long, of one that is `from` long;
 * every `unit` pixels have a sample, and the first is at `offset` pixels.
 */
static bool make_taps(taps *t, int n, int to, int from, int unit, double offset)
{
    const double ratio = (double)from / to, support = ratio > 1 ? ratio : 1;
    const int n_from = (from + unit - 1) / unit;
    if (!open_taps(t, n, support, n_from))
        return false;
    for (int i = 0; i < n; i++)
        set_taps(t, i, ((unit * i + offset + 0.5) * ratio - 0.5 - offset) / unit, support, n_from);
    return true;
}

static inline void add_row(float *restrict sum, const uint8_t *restrict row, float weight, int n)
{
    for (int i = 0; i < n; i++)
        sum[i] += weight * (float)row[i];
}

BC_SIMD static void blend_rows(const resizing *r, int y, float *sum)
{
    const taps *t = &r->down;
    const int n = (r->from.width - 1) * r->from.step_bytes + r->from.channels;
    for (int i = 0; i < n; i++)
        sum[i] = 0;
    for (int k = 0; k < t->n_taps; k++) {
        const float weight = t->weights[(size_t)y * (size_t)t->n_taps + (size_t)k];
        if (weight > 0)
            add_row(sum, r->from.samples + (t->first[y] + k) * r->from.stride_bytes, weight, n);
    }
}

static inline uint8_t blend_samples(const float *weights, int n_taps, const float *row, int step)
{
    float sum = 0;
    for (int k = 0; k < n_taps; k++)
        sum += weights[k] * row[k * step];
    return (uint8_t)(sum + 0.5f);
}

/* A constant step is for the compiler. */
static inline void blend_row(const resizing *r, uint8_t *to, const float *row, int step)
{
    const taps *t = &r->across;
    const float *weights = t->weights;
    for (int x = 0; x < r->to.width; x++, weights += t->n_taps) {
        for (int c = 0; c < r->to.channels; c++)
            to[x * r->to.step_bytes + c] =
                blend_samples(weights, t->n_taps, row + t->first[x] * step + c, step);
    }
}

static void resize_row(void *arg, int y, int thread)
{
    const resizing *r = arg;
    float *row = r->rows + (size_t)thread * (size_t)r->from.width * (size_t)r->from.step_bytes;
    uint8_t *to = r->to.samples + y * r->to.stride_bytes;
    blend_rows(r, y, row);
    if (r->from.step_bytes == 1)
        blend_row(r, to, row, 1);
    else
        blend_row(r, to, row, r->from.step_bytes);
}

static bool open_resizing(resizing *r, const bc_image *to, const bc_image *from, int n_threads)
{
    const int unit = r->to.shift ? 2 : 1;
    const double centre = r->to.shift ? 0.5 : 0;
    const double left = to->chroma_position == BC_CHROMA_LEFT ? 0 : centre;
    const size_t row = (size_t)r->from.width * (size_t)r->from.step_bytes;
    r->rows = malloc((size_t)n_threads * row * sizeof(*r->rows));
    return r->rows && make_taps(&r->across, r->to.width, to->width, from->width, unit, left) &&
           make_taps(&r->down, r->to.height, to->height, from->height, unit, centre);
}

static void close_resizing(resizing *r)
{
    free(r->rows);
    free(r->across.first);
    free(r->across.weights);
    free(r->down.first);
    free(r->down.weights);
}

bool bc_image_resize(bc_pool *pool, const bc_image *to, const bc_image *from)
{
    bc_plane to_planes[BC_MAX_PLANES], from_planes[BC_MAX_PLANES];
    const int n_planes = bc_image_planes(to, to_planes);
    bool is_done = true;
    bc_image_planes(from, from_planes);
    for (int i = 0; i < n_planes && is_done; i++) {
        resizing r = {.to = to_planes[i], .from = from_planes[i]};
        is_done = open_resizing(&r, to, from, bc_pool_threads(pool));
        if (is_done)
            bc_pool_run(pool, resize_row, &r, r.to.height);
        close_resizing(&r);
    }
    return is_done;
}
