#include "paint/resize.h"

#include <math.h>
#include <stdlib.h>

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

static bool open_taps(taps *t, int n, double support)
{
    t->n_taps = 2 * (int)ceil(support) + 1;
    t->first = malloc((size_t)n * sizeof(*t->first));
    t->weights = malloc((size_t)n * (size_t)t->n_taps * sizeof(*t->weights));
    return t->first && t->weights;
}

/*
 * For n samples of a line of the image that is `to` pixels long, of one that is `from` long;
 * every `unit` pixels have a sample, and the first is at `offset` pixels.
 */
static bool make_taps(taps *t, int n, int to, int from, int unit, double offset)
{
    const double ratio = (double)from / to, support = ratio > 1 ? ratio : 1;
    if (!open_taps(t, n, support))
        return false;
    for (int i = 0; i < n; i++) {
        const double centre = ((unit * i + offset + 0.5) * ratio - 0.5 - offset) / unit;
        float *weights = t->weights + (size_t)i * (size_t)t->n_taps;
        double sum = 0;
        t->first[i] = (int)floor(centre) - t->n_taps / 2;
        for (int k = 0; k < t->n_taps; k++)
            sum += fmax(0, 1 - fabs(t->first[i] + k - centre) / support);
        for (int k = 0; k < t->n_taps; k++)
            weights[k] = (float)(fmax(0, 1 - fabs(t->first[i] + k - centre) / support) / sum);
    }
    return true;
}

static void add_row(float *restrict sum, const uint8_t *restrict row, float weight, int n)
{
    for (int i = 0; i < n; i++)
        sum[i] += weight * (float)row[i];
}

static void blend_rows(const resizing *r, int y, float *sum)
{
    const taps *t = &r->down;
    const int n = (r->from.width - 1) * r->from.step_bytes + r->from.channels;
    for (int i = 0; i < n; i++)
        sum[i] = 0;
    for (int k = 0; k < t->n_taps; k++) {
        const float weight = t->weights[(size_t)y * (size_t)t->n_taps + (size_t)k];
        const int row = clamp(t->first[y] + k, 0, r->from.height - 1);
        if (weight > 0)
            add_row(sum, r->from.samples + row * r->from.stride_bytes, weight, n);
    }
}

static uint8_t blend_samples(const resizing *r, int x, const float *row)
{
    const taps *t = &r->across;
    const float *weights = t->weights + (size_t)x * (size_t)t->n_taps;
    float sum = 0;
    for (int k = 0; k < t->n_taps; k++)
        sum += weights[k] * row[clamp(t->first[x] + k, 0, r->from.width - 1) * r->from.step_bytes];
    return (uint8_t)(sum + 0.5f);
}

static void resize_row(void *arg, int y, int thread)
{
    const resizing *r = arg;
    float *row = r->rows + (size_t)thread * (size_t)r->from.width * (size_t)r->from.step_bytes;
    uint8_t *to = r->to.samples + y * r->to.stride_bytes;
    blend_rows(r, y, row);
    for (int x = 0; x < r->to.width; x++) {
        for (int c = 0; c < r->to.channels; c++)
            to[x * r->to.step_bytes + c] = blend_samples(r, x, row + c);
    }
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
