#include "inspect/flow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    STEP = 8,   /* from block to block */
    BLOCK = 16, /* a block around the middle of its step */
    MAX_LEVELS = 6,
    MIN_SIZE = 24, /* of the coarsest level */
    PAD = 32,      /* the edge repeated around a level, so that blocks may leave it */
    N_ITERATIONS = 4
};

typedef struct plane {
    int width, height;
    ptrdiff_t stride;
    float *memory, *at; /* at: pixel (0, 0) */
} plane;

typedef struct vector {
    float x, y;
} vector;

typedef struct level {
    plane from, to;
    int columns, rows;
    vector *vectors, *smoothed; /* [rows][columns] */
} level;

typedef struct pyramid {
    int n;
    level levels[MAX_LEVELS]; /* the finest first */
} pyramid;

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static float clampf(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

/* Levels ----------------------------------------------------------------------------------- */

static bool plane_open(plane *p, int width, int height)
{
    p->width = width;
    p->height = height;
    p->stride = width + 2 * PAD;
    p->memory = malloc((size_t)p->stride * (size_t)(height + 2 * PAD) * sizeof(float));
    if (p->memory)
        p->at = p->memory + PAD * p->stride + PAD;
    return p->memory;
}

static void repeat_edges(plane *p)
{
    for (int y = 0; y < p->height; y++) {
        float *row = p->at + y * p->stride;
        for (int x = 1; x <= PAD; x++) {
            row[-x] = row[0];
            row[p->width - 1 + x] = row[p->width - 1];
        }
    }
    for (int y = 1; y <= PAD; y++) {
        float *first = p->at - PAD, *last = first + (p->height - 1) * p->stride;
        memcpy(first - y * p->stride, first, (size_t)p->stride * sizeof(float));
        memcpy(last + y * p->stride, last, (size_t)p->stride * sizeof(float));
    }
}

static void take(plane *p, const float *pixels)
{
    for (int y = 0; y < p->height; y++)
        memcpy(p->at + y * p->stride, pixels + (ptrdiff_t)y * p->width,
               (size_t)p->width * sizeof(float));
    repeat_edges(p);
}

static void halve(plane *p, const plane *finer)
{
    for (int y = 0; y < p->height; y++) {
        const float *upper = finer->at + 2 * y * finer->stride, *lower = upper + finer->stride;
        for (int x = 0; x < p->width; x++)
            p->at[y * p->stride + x] =
                0.25F * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
    }
    repeat_edges(p);
}

static bool level_open(level *l, int width, int height)
{
    l->columns = (width + STEP - 1) / STEP;
    l->rows = (height + STEP - 1) / STEP;
    l->vectors = calloc((size_t)(l->columns * l->rows), sizeof(vector));
    l->smoothed = calloc((size_t)(l->columns * l->rows), sizeof(vector));
    const bool is_open = plane_open(&l->from, width, height) && plane_open(&l->to, width, height);
    return is_open && l->vectors && l->smoothed;
}

static bool pyramid_open(pyramid *p, int width, int height)
{
    do {
        if (!level_open(&p->levels[p->n++], width, height))
            return false;
        width = (width + 1) / 2;
        height = (height + 1) / 2;
    } while (p->n < MAX_LEVELS && width >= MIN_SIZE && height >= MIN_SIZE);
    return true;
}

static void pyramid_close(pyramid *p)
{
    for (int i = 0; i < p->n; i++) {
        free(p->levels[i].from.memory);
        free(p->levels[i].to.memory);
        free(p->levels[i].vectors);
        free(p->levels[i].smoothed);
    }
}

/* Matching --------------------------------------------------------------------------------- */

/* One block on its way: its first pixel, its slopes, and where it may go. */
typedef struct block {
    const level *level;
    int x, y;
    float x_slope[BLOCK][BLOCK], y_slope[BLOCK][BLOCK];
    float xx, xy, yy; /* sums of their products */
} block;

static vector keep_inside(const block *b, vector v)
{
    const plane *to = &b->level->to;
    const float margin = PAD - 2;
    return (vector){
        clampf(v.x, -margin - (float)b->x, (float)(to->width - BLOCK - b->x) + margin - 1),
        clampf(v.y, -margin - (float)b->y, (float)(to->height - BLOCK - b->y) + margin - 1)};
}

/* `to` between four pixels, at a block's row moved by v. */
static void sample_row(float row[BLOCK], const block *b, vector v, int y)
{
    const plane *to = &b->level->to;
    const float left = floorf(v.x), top = floorf(v.y), fx = v.x - left, fy = v.y - top;
    const float *upper = to->at + (b->y + y + (int)top) * to->stride + b->x + (int)left;
    const float *lower = upper + to->stride;
    for (int x = 0; x < BLOCK; x++) {
        const float a = upper[x] + fx * (upper[x + 1] - upper[x]);
        const float c = lower[x] + fx * (lower[x + 1] - lower[x]);
        row[x] = a + fy * (c - a);
    }
}

/* Mean absolute difference, every other row. */
static float mismatch(const block *b, vector v)
{
    const plane *from = &b->level->from;
    float sum = 0, row[BLOCK];
    for (int y = 0; y < BLOCK; y += 2) {
        const float *is = from->at + (b->y + y) * from->stride + b->x;
        sample_row(row, b, v, y);
        for (int x = 0; x < BLOCK; x++)
            sum += fabsf(row[x] - is[x]);
    }
    return sum * (2.0F / (BLOCK * BLOCK));
}

typedef struct match {
    vector v;
    float cost;
} match;

static void try_vector(match *best, const block *b, float x, float y)
{
    const vector v = keep_inside(b, (vector){x, y});
    const float cost = mismatch(b, v) + 0.02F * hypotf(x, y) / STEP; /* still, if in doubt */
    if (cost < best->cost)
        *best = (match){v, cost};
}

static void measure_slopes(block *b)
{
    const plane *from = &b->level->from;
    b->xx = b->xy = b->yy = 0;
    for (int y = 0; y < BLOCK; y++) {
        for (int x = 0; x < BLOCK; x++) {
            const float *at = from->at + (b->y + y) * from->stride + b->x + x;
            const float dx = 0.5F * (at[1] - at[-1]);
            const float dy = 0.5F * (at[from->stride] - at[-from->stride]);
            b->x_slope[y][x] = dx;
            b->y_slope[y][x] = dy;
            b->xx += dx * dx;
            b->xy += dx * dy;
            b->yy += dy * dy;
        }
    }
}

static vector improve(const block *b, vector v)
{
    const plane *from = &b->level->from;
    const float damp = BLOCK * BLOCK; /* as a slope of one level: flat blocks stay */
    const float xx = b->xx + damp, yy = b->yy + damp, scale = 1 / (xx * yy - b->xy * b->xy);
    float gx = 0, gy = 0, row[BLOCK];
    for (int y = 0; y < BLOCK; y++) {
        const float *is = from->at + (b->y + y) * from->stride + b->x;
        sample_row(row, b, v, y);
        for (int x = 0; x < BLOCK; x++) {
            gx += b->x_slope[y][x] * (row[x] - is[x]);
            gy += b->y_slope[y][x] * (row[x] - is[x]);
        }
    }
    const vector next = {v.x - scale * (yy * gx - b->xy * gy),
                         v.y - scale * (xx * gy - b->xy * gx)};
    return keep_inside(b, next);
}

/* The vectors around, of the coarser level, twice as long here. */
static void try_coarser(match *best, const block *b, const level *coarser, int row, int column)
{
    for (int i = -1; i <= 1; i++) {
        for (int k = -1; k <= 1; k++) {
            const int y = clamp(row / 2 + i, 0, coarser->rows - 1);
            const int x = clamp(column / 2 + k, 0, coarser->columns - 1);
            const vector v = coarser->vectors[y * coarser->columns + x];
            try_vector(best, b, 2 * v.x, 2 * v.y);
        }
    }
}

static vector match_block(block *b, const level *coarser, int row, int column)
{
    match best = {.cost = INFINITY};
    try_vector(&best, b, 0, 0);
    if (coarser)
        try_coarser(&best, b, coarser, row, column);
    const vector around = best.v;
    for (int i = 0; i < 9; i++)
        try_vector(&best, b, around.x + (float)(i % 3 - 1), around.y + (float)(i / 3 - 1));
    measure_slopes(b);
    vector v = best.v;
    for (int i = 0; i < N_ITERATIONS; i++)
        v = improve(b, v);
    try_vector(&best, b, v.x, v.y);
    return best.v;
}

static float median9(float *nine)
{
    for (int i = 1; i < 9; i++)
        for (int k = i; k > 0 && nine[k] < nine[k - 1]; k--) {
            const float larger = nine[k - 1];
            nine[k - 1] = nine[k];
            nine[k] = larger;
        }
    return nine[4];
}

/* The median of the nine around, of x and of y, in place of each vector: noise of flat parts goes.
 */
static void smooth(level *l)
{
    for (int row = 0; row < l->rows; row++) {
        for (int column = 0; column < l->columns; column++) {
            float x[9], y[9];
            for (int i = 0; i < 9; i++) {
                const int v = clamp(row + i / 3 - 1, 0, l->rows - 1);
                const int u = clamp(column + i % 3 - 1, 0, l->columns - 1);
                x[i] = l->vectors[v * l->columns + u].x;
                y[i] = l->vectors[v * l->columns + u].y;
            }
            l->smoothed[row * l->columns + column] = (vector){median9(x), median9(y)};
        }
    }
    vector *vectors = l->vectors;
    l->vectors = l->smoothed;
    l->smoothed = vectors;
}

static void match_level(level *l, const level *coarser)
{
    block b = {.level = l};
    for (int row = 0; row < l->rows; row++) {
        for (int column = 0; column < l->columns; column++) {
            b.x = column * STEP - (BLOCK - STEP) / 2;
            b.y = row * STEP - (BLOCK - STEP) / 2;
            l->vectors[row * l->columns + column] = match_block(&b, coarser, row, column);
        }
    }
    smooth(l);
}

/* Flow ------------------------------------------------------------------------------------- */

bc_status bc_flow_open(bc_flow *flow, int width, int height, const bc_log *log)
{
    const size_t n = (size_t)width * (size_t)height;
    *flow = (bc_flow){.width = width, .height = height};
    flow->x = malloc(n * sizeof(float));
    flow->y = malloc(n * sizeof(float));
    return flow->x && flow->y ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "flow: out of memory");
}

void bc_flow_close(bc_flow *flow)
{
    free(flow->x);
    free(flow->y);
    *flow = (bc_flow){0};
}

static void spread(bc_flow *flow, const level *l)
{
    for (int y = 0; y < flow->height; y++) {
        const float v = clampf(((float)y + 0.5F) / STEP - 0.5F, 0, (float)(l->rows - 1));
        const int row = (int)v, lower = row + 1 < l->rows ? l->columns : 0;
        for (int x = 0; x < flow->width; x++) {
            const float u = clampf(((float)x + 0.5F) / STEP - 0.5F, 0, (float)(l->columns - 1));
            const int column = (int)u, right = column + 1 < l->columns ? 1 : 0;
            const vector *at = l->vectors + row * l->columns + column;
            const float fx = u - (float)column, fy = v - (float)row;
            const float w[4] = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy};
            const vector *four[4] = {at, at + right, at + lower, at + lower + right};
            float sx = 0, sy = 0;
            for (int i = 0; i < 4; i++) {
                sx += w[i] * four[i]->x;
                sy += w[i] * four[i]->y;
            }
            flow->x[y * flow->width + x] = sx;
            flow->y[y * flow->width + x] = sy;
        }
    }
}

bc_status bc_flow_estimate(bc_flow *flow, const float *from, const float *to, const bc_log *log)
{
    pyramid p = {0};
    const bool is_open = pyramid_open(&p, flow->width, flow->height);
    if (is_open) {
        take(&p.levels[0].from, from);
        take(&p.levels[0].to, to);
        for (int i = 1; i < p.n; i++) {
            halve(&p.levels[i].from, &p.levels[i - 1].from);
            halve(&p.levels[i].to, &p.levels[i - 1].to);
        }
        for (int i = p.n - 1; i >= 0; i--)
            match_level(&p.levels[i], i + 1 < p.n ? &p.levels[i + 1] : NULL);
        spread(flow, &p.levels[0]);
    }
    pyramid_close(&p);
    return is_open ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "flow: out of memory");
}

static bool is_met(const bc_flow *forward, const bc_flow *backward, int x, int y)
{
    const int at = y * forward->width + x;
    const float fx = forward->x[at], fy = forward->y[at];
    const long to_x = lrintf((float)x + fx), to_y = lrintf((float)y + fy);
    if (to_x < 0 || to_x >= forward->width || to_y < 0 || to_y >= forward->height)
        return false;
    const long there = to_y * forward->width + to_x;
    const float bx = backward->x[there], by = backward->y[there];
    const float miss = (fx + bx) * (fx + bx) + (fy + by) * (fy + by);
    return miss <= 0.01F * (fx * fx + fy * fy + bx * bx + by * by) + 0.5F;
}

static bool is_smooth(const bc_flow *flow, int x, int y)
{
    const int at = y * flow->width + x;
    const int right = x + 1 < flow->width ? at + 1 : at;
    const int below = y + 1 < flow->height ? at + flow->width : at;
    const float u = flow->x[at], v = flow->y[at];
    const float a = flow->x[right] - u, b = flow->x[below] - u;
    const float c = flow->y[right] - v, d = flow->y[below] - v;
    return a * a + b * b + c * c + d * d <= 0.01F * (u * u + v * v) + 0.002F;
}

void bc_flow_check(bool *is_seen, const bc_flow *forward, const bc_flow *backward)
{
    for (int y = 0; y < forward->height; y++)
        for (int x = 0; x < forward->width; x++)
            is_seen[y * forward->width + x] =
                is_met(forward, backward, x, y) && is_smooth(forward, x, y);
}
