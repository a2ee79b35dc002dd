#include "app/motion.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    BLOCK = BC_MOTION_BLOCK,
    MAX_STEPS = 12,                      /* downhill, of a pixel each */
    VECTOR_COST = 12,                    /* of half a pixel away from the neighbours' motion */
    MOTION_COST = BLOCK * BLOCK * 3 / 8, /* of any at all: noise shall not move what stands still */
    STILL_COST = BLOCK * BLOCK           /* differs by a level: stands still */
};

/* One block on its way. */
typedef struct search {
    const uint8_t *now, *last; /* the block's first pixel; the same place in the last picture */
    ptrdiff_t stride;
    int x_min, x_max, y_min, y_max; /* half pixels */
    bc_vector expected, best;
    int cost; /* of the best */
} search;

static int difference(const uint8_t *a, const uint8_t *b, ptrdiff_t stride)
{
    int sum = 0;
    for (int y = 0; y < BLOCK; y++, a += stride, b += stride)
        for (int x = 0; x < BLOCK; x++)
            sum += abs(a[x] - b[x]);
    return sum;
}

/* The same between pixels: `right` and `below` are offsets to the others, or 0. */
static int difference_between(const uint8_t *a, const uint8_t *b, ptrdiff_t right, ptrdiff_t below,
                              ptrdiff_t stride)
{
    int sum = 0;
    for (int y = 0; y < BLOCK; y++, a += stride, b += stride) {
        const uint8_t *c = b + right, *d = b + below, *e = d + right;
        for (int x = 0; x < BLOCK; x++)
            sum += abs(a[x] - (uint8_t)((b[x] + c[x] + d[x] + e[x] + 2) >> 2));
    }
    return sum;
}

static bool try_vector(search *s, int x, int y)
{
    if (x < s->x_min || x > s->x_max || y < s->y_min || y > s->y_max)
        return false;
    const uint8_t *last = s->last + (y >> 1) * s->stride + (x >> 1);
    const int away = VECTOR_COST * (abs(x - s->expected.x) + abs(y - s->expected.y)) +
                     (x || y ? MOTION_COST : 0);
    const int cost = away + ((x | y) & 1 ? difference_between(s->now, last, x & 1,
                                                              y & 1 ? s->stride : 0, s->stride)
                                         : difference(s->now, last, s->stride));
    if (cost >= s->cost)
        return false;
    s->cost = cost;
    s->best = (bc_vector){(int16_t)x, (int16_t)y};
    return true;
}

/* The four or eight vectors around the best, `step` half pixels away. */
static bool try_around(search *s, int step, int n)
{
    static const int x[8] = {1, -1, 0, 0, 1, 1, -1, -1}, y[8] = {0, 0, 1, -1, 1, -1, 1, -1};
    const bc_vector from = s->best;
    bool is_better = false;
    for (int i = 0; i < n; i++)
        is_better |= try_vector(s, from.x + step * x[i], from.y + step * y[i]);
    return is_better;
}

static int middle(int a, int b, int c)
{
    const int least = a < b ? a : b, most = a < b ? b : a;
    return c < least ? least : c > most ? most : c;
}

/* Whole pixels only: the search goes on from there. */
static void try_candidate(search *s, bc_vector v)
{
    try_vector(s, v.x & ~1, v.y & ~1);
}

static bc_vector match(search *s, const bc_vector *vectors, int columns, int row, int column)
{
    const bc_vector none = {0, 0}, *at = vectors + row * columns + column;
    const bc_vector left = column > 0 ? at[-1] : none, above = row > 0 ? at[-columns] : none;
    const bc_vector right = row > 0 && column + 1 < columns ? at[1 - columns] : above;
    const bc_vector last = *at;
    s->expected = (bc_vector){(int16_t)middle(left.x, above.x, right.x),
                              (int16_t)middle(left.y, above.y, right.y)};
    s->cost = INT_MAX;
    try_vector(s, 0, 0);
    if (s->cost <= STILL_COST)
        return s->best;
    try_candidate(s, s->expected);
    try_candidate(s, left);
    try_candidate(s, above);
    try_candidate(s, right);
    try_candidate(s, last);
    try_around(s, 8, 4); /* out of a dip between two motions */
    for (int i = 0; i < MAX_STEPS && try_around(s, 2, 4); i++) {
    }
    try_around(s, 1, 8);
    return s->best;
}

void bc_motion_estimate(bc_vector *vectors, const bc_luma *now, const uint8_t *last)
{
    for (int row = 0; row < now->rows; row++) {
        for (int column = 0; column < now->columns; column++) {
            const ptrdiff_t at = BLOCK * (row * now->stride_bytes + column);
            search s = {.now = now->pixels + at,
                        .last = last + at,
                        .stride = now->stride_bytes,
                        .x_min = -2 * BLOCK * column,
                        .x_max = 2 * BLOCK * (now->columns - 1 - column),
                        .y_min = -2 * BLOCK * row,
                        .y_max = 2 * BLOCK * (now->rows - 1 - row)};
            vectors[row * now->columns + column] = match(&s, vectors, now->columns, row, column);
        }
    }
}
