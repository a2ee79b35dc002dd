#include "app/stabilize.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/detail.h"
#include "app/gate.h"
#include "app/held.h"
#include "base/log.h"
#include "base/simd.h"
#include "generator/scene.h"
#include "kernels/kernels.h"

enum {
    BLOCK = BC_MOTION_BLOCK,
    CELL = BC_MOTION_CELL,
    MAX_PLANES = 3,
    TOLERANCE = 2 /* levels */
};

/* The source's luma in whole blocks, and what is known of its motion. */
typedef struct source_filter {
    int width, height;
    bc_pixel_format format;
    int columns, rows;         /* of blocks; twice as many cells */
    uint8_t *luma, *last_luma; /* [rows * BLOCK][columns * BLOCK] */
    bc_held held;
    uint16_t *fetched;         /* likewise: the last frame, moved */
    bc_vector *blocks, *cells; /* [rows][columns], [2 * rows][2 * columns] */
    bc_gate gate;
    uint16_t *shares; /* [CELL][columns * BLOCK]: of the pixels of a row of cells */
    uint8_t *picture; /* what is to be painted, where luma is no plane of its own */
} source_filter;

typedef struct painting_filter {
    bc_pixel_format format;
    int n_planes;
    bc_held planes[MAX_PLANES];
    bc_detail detail;  /* of the first plane */
    uint16_t *fetched; /* of a row of cells */
    uint16_t *shares;  /* of the samples of a row */
    uint8_t *limits;   /* two rows and a pixel around: least and most of samples above another */
    bool is_held;      /* the last frame is */
} painting_filter;

struct bc_stabilizer {
    bc_log log;
    float amount; /* of the frame at hand */
    int age;      /* frames since the filter began; 0: the next one begins */
    bc_scene scene;
    source_filter source;
    painting_filter painting;
};

bc_status bc_stabilizer_open(bc_stabilizer **stabilizer, const bc_log *log)
{
    *stabilizer = calloc(1, sizeof(**stabilizer));
    if (!*stabilizer)
        return bc_fail(log, BC_ERR_MEMORY, "stabilizer: out of memory");
    (*stabilizer)->log = *log;
    return BC_OK;
}

static void free_source(source_filter *f)
{
    free(f->luma);
    free(f->last_luma);
    bc_held_close(&f->held);
    free(f->fetched);
    free(f->blocks);
    free(f->cells);
    bc_gate_close(&f->gate);
    free(f->shares);
    free(f->picture);
    *f = (source_filter){0};
}

static void free_painting(painting_filter *f)
{
    for (int i = 0; i < f->n_planes; i++)
        bc_held_close(&f->planes[i]);
    bc_detail_close(&f->detail);
    free(f->fetched);
    free(f->shares);
    free(f->limits);
    *f = (painting_filter){0};
}

void bc_stabilizer_close(bc_stabilizer **stabilizer)
{
    if (!*stabilizer)
        return;
    free_source(&(*stabilizer)->source);
    free_painting(&(*stabilizer)->painting);
    free(*stabilizer);
    *stabilizer = NULL;
}

void bc_stabilizer_restart(bc_stabilizer *s)
{
    s->age = 0;
}

static bc_status fail_memory(const bc_stabilizer *s, int width, int height)
{
    return bc_fail(&s->log, BC_ERR_MEMORY, "stabilizer: no memory for %dx%d", width, height);
}

/* New samples, `fresh`, are taken in by shares: from those fetched to now. */
BC_SIMD static void mix(uint16_t *restrict now, const uint16_t *restrict fetched,
                        const uint8_t *restrict fresh, const uint16_t *restrict shares, int n)
{
    for (int i = 0; i < n; i++) {
        const int16_t twice = (int16_t)(2 * ((fresh[i] << BC_HELD_BITS) - fetched[i]));
        now[i] = (uint16_t)(fetched[i] + ((twice * (int16_t)shares[i]) >> 16));
    }
}

BC_SIMD static void round_samples(uint8_t *restrict to, const uint16_t *restrict from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (uint8_t)((from[i] + (1 << (BC_HELD_BITS - 1))) >> BC_HELD_BITS);
}

/* Source ----------------------------------------------------------------------------------- */

static bool allocate_source(source_filter *f)
{
    const size_t n_blocks = (size_t)f->columns * (size_t)f->rows, n = n_blocks * BLOCK * BLOCK;
    const size_t n_pixels = (size_t)f->width * (size_t)f->height;
    f->luma = malloc(n);
    f->last_luma = malloc(n);
    f->fetched = malloc(n * sizeof(*f->fetched));
    f->blocks = malloc(n_blocks * sizeof(*f->blocks));
    f->cells = malloc(4 * n_blocks * sizeof(*f->cells));
    f->shares = malloc((size_t)f->columns * BLOCK * CELL * sizeof(*f->shares));
    f->picture =
        f->format == BC_YUV420 ? NULL : malloc(n_pixels * (size_t)bc_pixel_size(f->format));
    return bc_held_open(&f->held, 1, 0, f->width, f->height) &&
           bc_gate_open(&f->gate, 2 * f->columns, 2 * f->rows) && f->luma && f->last_luma &&
           f->fetched && f->blocks && f->cells && f->shares &&
           (f->picture || f->format == BC_YUV420);
}

static bc_status fit_source(bc_stabilizer *s, const bc_image *source)
{
    source_filter *f = &s->source;
    if (f->width == source->width && f->height == source->height && f->format == source->format)
        return BC_OK;
    free_source(f);
    free_painting(&s->painting);
    s->age = 0;
    *f = (source_filter){.width = source->width,
                         .height = source->height,
                         .format = source->format,
                         .columns = (source->width + BLOCK - 1) / BLOCK,
                         .rows = (source->height + BLOCK - 1) / BLOCK};
    if (allocate_source(f))
        return BC_OK;
    free_source(f);
    return fail_memory(s, source->width, source->height);
}

static uint8_t luma_of(const uint8_t *pixel)
{
    return (uint8_t)((pixel[0] + 2 * pixel[1] + pixel[2] + 2) >> 2);
}

BC_SIMD static void fill_luma_row(uint8_t *restrict to, const uint8_t *restrict from, int width,
                                  int size)
{
    if (size == 3)
        for (int x = 0; x < width; x++)
            to[x] = luma_of(from + 3 * x);
    else
        for (int x = 0; x < width; x++)
            to[x] = luma_of(from + 4 * x);
}

/* Beyond the picture its edges are repeated. */
static void repeat_edges(const source_filter *f)
{
    const int stride = f->columns * BLOCK;
    for (int y = 0; y < f->rows * BLOCK; y++) {
        uint8_t *row = f->luma + (ptrdiff_t)y * stride;
        if (y < f->height)
            memset(row + f->width, row[f->width - 1], (size_t)(stride - f->width));
        else
            memcpy(row, row - stride, (size_t)stride);
    }
}

static void fill_luma(const source_filter *f, const bc_image *source)
{
    const int size = source->format == BC_YUV420 ? 1 : bc_pixel_size(source->format);
    for (int y = 0; y < f->height; y++) {
        uint8_t *to = f->luma + (ptrdiff_t)y * f->columns * BLOCK;
        const uint8_t *from = source->pixels + y * source->stride_bytes;
        if (size == 1)
            memcpy(to, from, (size_t)f->width);
        else
            fill_luma_row(to, from, f->width, size);
    }
    repeat_edges(f);
}

static void find_motion(source_filter *f, float amount, int age)
{
    const ptrdiff_t stride = f->columns * BLOCK;
    const bc_luma now = {f->luma, stride, f->columns, f->rows};
    bc_motion_estimate(f->blocks, f->cells, &now, f->last_luma, f->gate.noise);
    for (int row = 0; row < f->held.rows; row++) {
        uint16_t *fetched = f->fetched + row * CELL * stride;
        bc_held_fetch(&f->held, f->cells + row * f->held.columns, row, fetched);
        bc_gate_measure(&f->gate, row, f->luma + row * CELL * stride, stride, fetched);
    }
    bc_gate_set(&f->gate, f->cells, amount, age);
}

/* Those of a row of cells, for the source or the painting. */
static void spread_shares(const source_filter *f, int row)
{
    const bc_gate *gate = &f->gate;
    for (int y = 0; y < CELL; y++)
        bc_spread_cells(f->shares + (ptrdiff_t)y * f->columns * BLOCK, gate->shares, gate->columns,
                        gate->rows, 1, 0, row * CELL + y);
}

static void filter_source(const source_filter *f)
{
    const ptrdiff_t stride = f->columns * BLOCK;
    for (int y = 0; y < f->height; y++) {
        if (y % CELL == 0)
            spread_shares(f, y / CELL);
        uint8_t *luma = f->luma + y * stride;
        uint16_t *now = f->held.now + y * f->held.stride;
        mix(now, f->fetched + y * stride, luma, f->shares + y % CELL * stride, f->width);
        round_samples(luma, now, f->width);
    }
    repeat_edges(f);
}

static uint8_t clip(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Pixels of another luma. */
static inline void change_luma(uint8_t *restrict to, const uint8_t *restrict from,
                               const uint8_t *restrict luma, int width, int size)
{
    for (int x = 0; x < width; x++) {
        const int change = luma[x] - luma_of(from + x * size);
        for (int c = 0; c < 3; c++)
            to[x * size + c] = clip(from[x * size + c] + change);
        if (size == 4)
            to[x * size + 3] = from[x * size + 3];
    }
}

BC_SIMD static void change_luma_row(uint8_t *to, const uint8_t *from, const uint8_t *luma,
                                    int width, int size)
{
    if (size == 3)
        change_luma(to, from, luma, width, 3);
    else
        change_luma(to, from, luma, width, 4);
}

/* The source with the filtered luma. */
static bc_image make_steady(const source_filter *f, const bc_image *source)
{
    bc_image steady = *source;
    const ptrdiff_t luma_stride = f->columns * BLOCK;
    const int size = f->picture ? bc_pixel_size(source->format) : 1;
    steady.pixels = f->picture ? f->picture : f->luma;
    steady.stride_bytes = f->picture ? (ptrdiff_t)f->width * size : luma_stride;
    for (int y = 0; y < f->height && f->picture; y++)
        change_luma_row(steady.pixels + y * steady.stride_bytes,
                        source->pixels + y * source->stride_bytes, f->luma + y * luma_stride,
                        f->width, size);
    return steady;
}

static void begin_source(source_filter *f)
{
    memset(f->blocks, 0, (size_t)(f->columns * f->rows) * sizeof(*f->blocks));
    bc_held_take(&f->held, f->luma, f->columns * BLOCK);
    f->gate.noise = 0;
}

static void turn_source(source_filter *f)
{
    uint8_t *luma = f->last_luma;
    bc_held_turn(&f->held);
    f->last_luma = f->luma;
    f->luma = luma;
}

bc_status bc_stabilizer_source(bc_stabilizer *s, const bc_image *source, float amount,
                               bc_image *steady)
{
    source_filter *f = &s->source;
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
    fill_luma(f, source);
    s->painting.is_held &= s->age > 0;
    if (s->age > 0) {
        find_motion(f, amount, s->age);
        filter_source(f);
        *steady = make_steady(f, source);
    } else {
        begin_source(f);
    }
    s->age += s->age < BC_MAX_HOLD;
    turn_source(f);
    return BC_OK;
}

/* Painting --------------------------------------------------------------------------------- */

static bool allocate_painting(painting_filter *f, int width, int height)
{
    const bool has_planes = f->format == BC_YUV420;
    bool is_done = true;
    f->n_planes = has_planes ? 3 : 1;
    for (int i = 0; i < f->n_planes; i++)
        is_done &= bc_held_open(&f->planes[i], has_planes ? 1 : bc_pixel_size(f->format), i > 0,
                                width, height);
    const bc_held *first = &f->planes[0];
    const size_t n = (size_t)bc_held_row_samples(first);
    f->fetched = malloc(n * sizeof(*f->fetched));
    f->shares = malloc(n / CELL * sizeof(*f->shares));
    f->limits = malloc(2 * (n / CELL + 2 * (size_t)first->channels));
    return bc_detail_open(&f->detail, first) && is_done && f->fetched && f->shares && f->limits;
}

static bc_status fit_painting(bc_stabilizer *s, const bc_image *painting)
{
    painting_filter *f = &s->painting;
    if (f->n_planes > 0 && f->format == painting->format)
        return BC_OK;
    free_painting(f);
    f->format = painting->format;
    if (allocate_painting(f, painting->width, painting->height))
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
BC_SIMD static const uint16_t *sample_shares(const painting_filter *f, const bc_held *plane,
                                             const uint16_t *shares)
{
    uint16_t *restrict to = f->shares;
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

static void limit_row(const painting_filter *f, const bc_image *painting, int index, int y,
                      uint16_t *fetched)
{
    const bc_held *p = &f->planes[index];
    const int step = p->channels, n = p->width * step, last = p->height - 1;
    uint8_t *low = f->limits + step, *high = low + n + 2 * step;
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

/* The painting's samples stay as they are: those of rows below look up. */
static void filter_cells(bc_stabilizer *s, const bc_image *painting, int index, int row)
{
    painting_filter *f = &s->painting;
    const bc_held *p = &f->planes[index];
    const ptrdiff_t stride = (ptrdiff_t)p->columns * p->cell * p->channels;
    bc_held_fetch(p, s->source.cells + row * p->columns, row, f->fetched);
    for (int i = 0; i < p->cell && row * p->cell + i < p->height; i++) {
        const int y = row * p->cell + i, n = p->width * p->channels;
        const uint16_t *shares = s->source.shares + (i << p->shift) * s->source.columns * BLOCK;
        uint16_t *now = p->now + y * p->stride;
        const uint8_t *samples = samples_of(painting, index, y);
        limit_row(f, painting, index, y, f->fetched + i * stride);
        mix(now, f->fetched + i * stride, samples, sample_shares(f, p, shares), n);
    }
    if (index == 0)
        bc_detail_measure(&f->detail, row, p, painting->pixels, painting->stride_bytes,
                          s->source.cells);
}

static void finish_plane(painting_filter *f, const bc_image *painting, int index)
{
    const bc_held *p = &f->planes[index];
    for (int y = 0; y < p->height; y++) {
        uint16_t *now = p->now + y * p->stride;
        if (index == 0)
            bc_detail_restore(&f->detail, y, now);
        round_samples(samples_of(painting, index, y), now, p->width * p->channels);
    }
}

static void filter_painting(bc_stabilizer *s, const bc_image *painting)
{
    painting_filter *f = &s->painting;
    for (int row = 0; row * CELL < painting->height; row++) {
        spread_shares(&s->source, row);
        for (int i = 0; i < f->n_planes; i++)
            filter_cells(s, painting, i, row);
    }
    for (int i = 0; i < f->n_planes; i++)
        finish_plane(f, painting, i);
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
