#include "stabilizer/stabilizer.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/simd.h"
#include "generator/scene.h"
#include "kernels/kernels.h"
#include "stabilizer/detail.h"
#include "stabilizer/drift.h"
#include "stabilizer/steady.h"

enum {
    CELL = BC_MOTION_CELL,
    MAX_PLANES = 3,
    TOLERANCE = 2 /* levels */
};

/* One thread's. */
typedef struct scratch {
    uint16_t *fetched; /* of a row of cells */
    uint16_t *shares;  /* of the samples of a row */
    uint8_t *limits;   /* two rows and a pixel around: least and most of samples above another */
} scratch;

typedef struct painting_filter {
    bc_pixel_format format;
    int n_planes;
    bc_held planes[MAX_PLANES];
    bc_detail detail; /* of the first plane */
    scratch scratch[BC_MAX_THREADS];
    bool is_held; /* the last frame is */
} painting_filter;

struct bc_stabilizer {
    bc_log log;
    float amount; /* of the frame at hand */
    int age;      /* frames since the filter began; 0: the next one begins */
    bc_pool *pool;
    bc_scene scene;
    bc_steady source;
    bc_drift canvas;
    painting_filter painting;
};

bc_status bc_stabilizer_open(bc_stabilizer **stabilizer, int n_threads, const bc_log *log)
{
    *stabilizer = calloc(1, sizeof(**stabilizer));
    if (!*stabilizer)
        return bc_fail(log, BC_ERR_MEMORY, "stabilizer: out of memory");
    (*stabilizer)->log = *log;
    const int n = n_threads > 0 ? n_threads : bc_cpu_count();
    const bc_status status = bc_pool_open(
        &(*stabilizer)->pool, n < BC_MAX_THREADS ? n : BC_MAX_THREADS, "stabilizer", log);
    if (status < 0)
        bc_stabilizer_close(stabilizer);
    return status;
}

static void free_painting(painting_filter *f)
{
    for (int i = 0; i < f->n_planes; i++)
        bc_held_close(&f->planes[i]);
    bc_detail_close(&f->detail);
    for (int i = 0; i < BC_MAX_THREADS; i++) {
        free(f->scratch[i].fetched);
        free(f->scratch[i].shares);
        free(f->scratch[i].limits);
    }
    *f = (painting_filter){0};
}

void bc_stabilizer_close(bc_stabilizer **stabilizer)
{
    if (!*stabilizer)
        return;
    bc_pool_close(&(*stabilizer)->pool);
    bc_steady_close(&(*stabilizer)->source);
    bc_drift_close(&(*stabilizer)->canvas);
    free_painting(&(*stabilizer)->painting);
    free(*stabilizer);
    *stabilizer = NULL;
}

void bc_stabilizer_restart(bc_stabilizer *s)
{
    s->age = 0;
}

void bc_stabilizer_forget_painting(bc_stabilizer *s)
{
    s->painting.is_held = false;
}

static bc_status fail_memory(const bc_stabilizer *s, int width, int height)
{
    return bc_fail(&s->log, BC_ERR_MEMORY, "stabilizer: no memory for %dx%d", width, height);
}

/* Source ----------------------------------------------------------------------------------- */

static bc_status fit_source(bc_stabilizer *s, const bc_image *source)
{
    bc_steady *f = &s->source;
    if (f->width == source->width && f->height == source->height && f->format == source->format)
        return BC_OK;
    bc_steady_close(f);
    bc_drift_close(&s->canvas);
    free_painting(&s->painting);
    s->age = 0;
    if (bc_steady_open(f, source, bc_pool_threads(s->pool)) &&
        bc_drift_open(&s->canvas, source->width, source->height))
        return BC_OK;
    bc_steady_close(f);
    bc_drift_close(&s->canvas);
    return fail_memory(s, source->width, source->height);
}

bc_status bc_stabilizer_source(bc_stabilizer *s, const bc_image *source, float amount,
                               bc_image *steady)
{
    *steady = *source;
    s->amount = amount;
    if (amount <= 0) {
        bc_stabilizer_restart(s);
        return BC_OK;
    }
    const bc_status status = fit_source(s, source);
    if (status < 0)
        return status;
    if (bc_scene_begins(&s->scene, source))
        s->age = 0;
    s->painting.is_held &= s->age > 0;
    if (s->age > 0) {
        bc_steady_filter(&s->source, s->pool, source, amount, s->age, steady);
        bc_drift_follow(&s->canvas, s->source.cells, &s->source.gate);
    } else {
        bc_steady_begin(&s->source, s->pool, source);
        bc_drift_begin(&s->canvas);
    }
    s->age += s->age < BC_MAX_HOLD;
    return BC_OK;
}

const float *bc_stabilizer_canvas(const bc_stabilizer *s)
{
    return s->age > 0 ? s->canvas.now : NULL;
}

/* Painting --------------------------------------------------------------------------------- */

static bool allocate_scratch(scratch *to, const bc_held *plane)
{
    const size_t n = (size_t)bc_held_row_samples(plane);
    to->fetched = malloc(n * sizeof(*to->fetched));
    to->shares = malloc(n / CELL * sizeof(*to->shares));
    to->limits = malloc(2 * (n / CELL + 2 * (size_t)plane->channels));
    return to->fetched && to->shares && to->limits;
}

static bool allocate_painting(painting_filter *f, int width, int height, int n_threads)
{
    const bool has_planes = f->format == BC_YUV420;
    bool is_done = true;
    f->n_planes = has_planes ? 3 : 1;
    for (int i = 0; i < f->n_planes; i++)
        is_done &= bc_held_open(&f->planes[i], has_planes ? 1 : bc_pixel_size(f->format), i > 0,
                                width, height);
    for (int i = 0; i < n_threads; i++)
        is_done &= allocate_scratch(&f->scratch[i], &f->planes[0]);
    return bc_detail_open(&f->detail, &f->planes[0], n_threads) && is_done;
}

static bc_status fit_painting(bc_stabilizer *s, const bc_image *painting)
{
    painting_filter *f = &s->painting;
    if (f->n_planes > 0 && f->format == painting->format)
        return BC_OK;
    free_painting(f);
    f->format = painting->format;
    if (allocate_painting(f, painting->width, painting->height, bc_pool_threads(s->pool)))
        return BC_OK;
    free_painting(f);
    return fail_memory(s, painting->width, painting->height);
}

static uint8_t *samples_of(const bc_image *painting, int plane, int y)
{
    return plane == 0 ? painting->pixels + y * painting->stride_bytes
                      : painting->chroma[plane - 1] + y * painting->chroma_stride_bytes[plane - 1];
}

static inline void repeat(uint16_t *restrict to, const uint16_t *restrict from, int n, int times)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < times; k++)
            to[i * times + k] = from[i];
}

/* The shares of a plane's samples, from those of a row of luma. */
BC_SIMD static const uint16_t *sample_shares(uint16_t *restrict to, const bc_held *plane,
                                             const uint16_t *shares)
{
    for (int i = 0; i < plane->width && plane->shift; i++)
        to[i] = shares[2 * i];
    if (plane->channels == 3)
        repeat(to, shares, plane->width, 3);
    else if (plane->channels == 4)
        repeat(to, shares, plane->width, 4);
    return plane->channels == 1 && !plane->shift ? shares : to;
}

static uint8_t least(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static uint8_t most(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* `low` and `high` of a row's samples and those above and below. */
BC_SIMD static void find_limits(uint8_t *restrict low, uint8_t *restrict high, const uint8_t *above,
                                const uint8_t *row, const uint8_t *below, int n)
{
    for (int i = 0; i < n; i++) {
        low[i] = least(least(above[i], below[i]), row[i]);
        high[i] = most(most(above[i], below[i]), row[i]);
    }
}

/*
 * What was held goes no farther from n new samples, `step` of them a pixel, than their eight
 * neighbours do: what something that moved on has left in the painting around it goes with it.
 * Source: Karis, "High-quality temporal supersampling", 2014.
 */
BC_SIMD static void limit(uint16_t *restrict fetched, const uint8_t *restrict low,
                          const uint8_t *restrict high, int step, int n)
{
    for (int i = 0; i < n; i++) {
        const int from = least(least(low[i - step], low[i + step]), low[i]) - TOLERANCE;
        const int to = most(most(high[i - step], high[i + step]), high[i]) + TOLERANCE;
        const int value = fetched[i], at_least = from * (1 << BC_HELD_BITS);
        const int at_most = to * (1 << BC_HELD_BITS);
        fetched[i] = (uint16_t)(value < at_least ? at_least : value > at_most ? at_most : value);
    }
}

static void limit_row(uint16_t *fetched, const bc_held *p, const bc_image *painting, int index,
                      int y, uint8_t *limits)
{
    const int step = p->channels, n = p->width * step, last = p->height - 1;
    uint8_t *low = limits + step, *high = low + n + 2 * step;
    find_limits(low, high, samples_of(painting, index, y > 0 ? y - 1 : y),
                samples_of(painting, index, y), samples_of(painting, index, y < last ? y + 1 : y),
                n);
    for (int c = 0; c < step; c++) { /* beyond the edges */
        low[c - step] = low[c];
        high[c - step] = high[c];
        low[n + c] = low[n - step + c];
        high[n + c] = high[n - step + c];
    }
    limit(fetched, low, high, step, n);
}

typedef struct frame {
    bc_stabilizer *s;
    const bc_image *painting;
} frame;

/* A row of cells of a plane. The painting's samples stay as they are: rows around look at them. */
static void filter_plane_cells(const frame *at, int index, int row, const uint16_t *shares,
                               const scratch *own)
{
    const bc_steady *source = &at->s->source;
    const bc_held *p = &at->s->painting.planes[index];
    const ptrdiff_t stride = (ptrdiff_t)p->columns * p->cell * p->channels;
    bc_held_fetch(p, source->cells + row * p->columns, row, own->fetched);
    for (int i = 0; i < p->cell && row * p->cell + i < p->height; i++) {
        const int y = row * p->cell + i;
        const uint16_t *row_shares = shares + (i << p->shift) * source->columns * BC_MOTION_BLOCK;
        uint16_t *fetched = own->fetched + i * stride;
        limit_row(fetched, p, at->painting, index, y, own->limits);
        bc_held_mix(p->now + y * p->stride, fetched, samples_of(at->painting, index, y),
                    sample_shares(own->shares, p, row_shares), p->width * p->channels);
    }
}

static void filter_cells(void *arg, int row, int thread)
{
    const frame *at = arg;
    painting_filter *f = &at->s->painting;
    const bc_steady *source = &at->s->source;
    const uint16_t *shares = bc_steady_shares(source, source->gate.painted, row, thread);
    for (int i = 0; i < f->n_planes; i++)
        filter_plane_cells(at, i, row, shares, &f->scratch[thread]);
    bc_detail_measure(&f->detail, row, &f->planes[0], at->painting->pixels,
                      at->painting->stride_bytes, source->cells);
}

static void finish_cells(void *arg, int row, int thread)
{
    const frame *at = arg;
    const painting_filter *f = &at->s->painting;
    for (int i = 0; i < f->n_planes; i++) {
        const bc_held *p = &f->planes[i];
        for (int y = row * p->cell; y < (row + 1) * p->cell && y < p->height; y++) {
            uint16_t *now = p->now + y * p->stride;
            if (i == 0)
                bc_detail_restore(&f->detail, y, now, thread);
            bc_held_round(samples_of(at->painting, i, y), now, p->width * p->channels);
        }
    }
}

static void filter_painting(bc_stabilizer *s, const bc_image *painting)
{
    frame now = {s, painting};
    const int n_rows = (painting->height + CELL - 1) / CELL;
    bc_pool_run(s->pool, filter_cells, &now, n_rows);
    bc_pool_run(s->pool, finish_cells, &now, n_rows);
}

bc_status bc_stabilizer_painting(bc_stabilizer *s, const bc_image *painting)
{
    painting_filter *f = &s->painting;
    if (s->amount <= 0)
        return BC_OK;
    assert(s->source.width == painting->width && s->source.height == painting->height);
    const bc_status status = fit_painting(s, painting);
    if (status < 0)
        return status;
    if (f->is_held)
        filter_painting(s, painting);
    for (int i = 0; i < f->n_planes; i++) {
        if (!f->is_held)
            bc_held_take(&f->planes[i], samples_of(painting, i, 0),
                         i == 0 ? painting->stride_bytes : painting->chroma_stride_bytes[i - 1]);
        bc_held_turn(&f->planes[i]);
    }
    f->is_held = true;
    return BC_OK;
}
