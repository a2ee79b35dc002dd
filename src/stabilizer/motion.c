#include "stabilizer/motion.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/simd.h"

enum {
    BLOCK = BC_MOTION_BLOCK,
    CELL = BC_MOTION_CELL,
    BAND = 8,                            /* rows of blocks */
    PIXEL = 4,                           /* vectors are in quarters of one */
    JUMP = 4 * PIXEL,                    /* out of a dip between two motions */
    MAX_STEPS = 12,                      /* downhill, of a pixel each */
    VECTOR_COST = 6,                     /* of a quarter of a pixel from the neighbours' motion */
    MOTION_COST = BLOCK * BLOCK * 3 / 8, /* of any at all: noise shall not move what stands still */
    OTHER_COST = CELL * CELL / 2,        /* of a cell that leaves its block */
    FEW_EDGES = 32,                      /* one block in so many: too few to know the camera by */
    EDGE = 2,                            /* pixels apart, in which an edge shows */
    EDGE_LEVEL = 4 * BLOCK * BLOCK       /* and by how much, each way */
};

/* One block or cell on its way. */
typedef struct search {
    const uint8_t *now, *last; /* its first pixel; the same place in the last picture */
    ptrdiff_t stride;
    int size;
    int x_min, x_max, y_min, y_max; /* quarter pixels */
    bc_vector expected, best;
    int cost; /* of the best */
} search;

/* A sum of absolute differences, a quarter of those that are only another light left out. */
static inline int forgive(int sum, int shift)
{
    return sum - abs(shift) / 4;
}

static inline int difference(const uint8_t *a, const uint8_t *b, ptrdiff_t stride, int size)
{
    int sum = 0, shift = 0;
    for (int y = 0; y < size; y++, a += stride, b += stride) {
        for (int x = 0; x < size; x++) {
            sum += abs(a[x] - b[x]);
            shift += a[x] - b[x];
        }
    }
    return forgive(sum, shift);
}

/* The same between pixels, `right` and `below` in quarters. */
static inline int difference_between(const uint8_t *a, const uint8_t *b, int right, int below,
                                     ptrdiff_t stride, int size)
{
    const ptrdiff_t next = right ? 1 : 0, under = below ? stride : 0;
    const uint16_t weights[] = {(uint16_t)((PIXEL - right) * (PIXEL - below)),
                                (uint16_t)(right * (PIXEL - below)),
                                (uint16_t)((PIXEL - right) * below), (uint16_t)(right * below)};
    int sum = 0, shift = 0;
    for (int y = 0; y < size; y++, a += stride, b += stride) {
        const uint8_t *c = b + next, *d = b + under, *e = d + next;
        for (int x = 0; x < size; x++) {
            const uint16_t between = (uint16_t)(weights[0] * b[x] + weights[1] * c[x] +
                                                weights[2] * d[x] + weights[3] * e[x] + 8);
            sum += abs(a[x] - (uint8_t)(between >> 4));
            shift += a[x] - (uint8_t)(between >> 4);
        }
    }
    return forgive(sum, shift);
}

BC_SIMD static int block_difference(const uint8_t *a, const uint8_t *b, ptrdiff_t stride)
{
    return difference(a, b, stride, BLOCK);
}

BC_SIMD static int block_difference_between(const uint8_t *a, const uint8_t *b, int right,
                                            int below, ptrdiff_t stride)
{
    return difference_between(a, b, right, below, stride, BLOCK);
}

BC_SIMD static int cell_difference(const uint8_t *a, const uint8_t *b, int right, int below,
                                   ptrdiff_t stride)
{
    return difference_between(a, b, right, below, stride, CELL);
}

static int difference_at(const search *s, int x, int y)
{
    const uint8_t *last = s->last + (y >> 2) * s->stride + (x >> 2);
    const int right = x & 3, below = y & 3;
    if (s->size == CELL)
        return cell_difference(s->now, last, right, below, s->stride);
    return right | below ? block_difference_between(s->now, last, right, below, s->stride)
                         : block_difference(s->now, last, s->stride);
}

static bool is_inside(const search *s, int x, int y)
{
    return x >= s->x_min && x <= s->x_max && y >= s->y_min && y <= s->y_max;
}

static bool try_vector(search *s, int x, int y)
{
    if (!is_inside(s, x, y))
        return false;
    const int away = VECTOR_COST * (abs(x - s->expected.x) + abs(y - s->expected.y)) +
                     (x || y ? MOTION_COST : 0);
    const int cost = away + difference_at(s, x, y);
    if (cost >= s->cost)
        return false;
    s->cost = cost;
    s->best = (bc_vector){(int16_t)x, (int16_t)y};
    return true;
}

/* The four or eight vectors around the best. */
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
    try_vector(s, v.x & -PIXEL, v.y & -PIXEL);
}

/* What differs by no more than `enough` is found. */
static bc_vector match(search *s, const bc_vector *blocks, int columns, int row, int column,
                       int enough)
{
    const bc_vector none = {0, 0}, *at = blocks + row * columns + column;
    const bool is_first = row % BAND == 0; /* of its band */
    const bc_vector last = *at, left = column > 0 ? at[-1] : none;
    const bc_vector above = is_first ? last : at[-columns];
    const bc_vector right = !is_first && column + 1 < columns ? at[1 - columns] : above;
    s->expected = (bc_vector){(int16_t)middle(left.x, above.x, right.x),
                              (int16_t)middle(left.y, above.y, right.y)};
    s->cost = INT_MAX;
    try_vector(s, 0, 0);
    if (s->cost <= enough)
        return s->best;
    try_candidate(s, s->expected);
    try_candidate(s, left);
    try_candidate(s, above);
    try_candidate(s, right);
    try_candidate(s, last);
    try_around(s, JUMP, 4);
    for (int i = 0; i < MAX_STEPS && try_around(s, PIXEL, 4); i++) {
    }
    if (s->cost <= enough)
        return s->best;
    try_around(s, PIXEL / 2, 8);
    try_around(s, PIXEL / 4, 8);
    return s->best;
}

/* Of the square of `size` pixels at a row and column of such squares. */
static search search_at(const bc_luma *now, const uint8_t *last, int size, int row, int column)
{
    const ptrdiff_t at = size * (row * now->stride_bytes + column);
    const int n = BLOCK / size;
    return (search){.now = now->pixels + at,
                    .last = last + at,
                    .stride = now->stride_bytes,
                    .size = size,
                    .x_min = -PIXEL * size * column,
                    .x_max = PIXEL * size * (n * now->columns - 1 - column),
                    .y_min = -PIXEL * size * row,
                    .y_max = PIXEL * size * (n * now->rows - 1 - row)};
}

static bool are_same(bc_vector a, bc_vector b)
{
    return a.x == b.x && a.y == b.y;
}

/* Of the camera: blocks find it to a quarter of a pixel. */
static bool are_close(bc_vector a, bc_vector b)
{
    return abs(a.x - b.x) <= 1 && abs(a.y - b.y) <= 1;
}

/* Whether a block shows all motion: what has edges one way only does not, and flat ones nothing. */
static bool has_edges(const bc_luma *now, int row, int column)
{
    const uint8_t *block = now->pixels + BLOCK * (row * now->stride_bytes + column);
    const ptrdiff_t stride = now->stride_bytes;
    return block_difference(block, block + EDGE, stride) > EDGE_LEVEL &&
           block_difference(block, block + EDGE * stride, stride) > EDGE_LEVEL;
}

/* The vector that wins where each vote for another takes one from it, n_edges of them. */
static bc_vector elect(const bc_vector *blocks, const bc_luma *now, int *n_edges)
{
    bc_vector camera = {0, 0};
    int n_ahead = 0;
    for (int row = 0; row + 1 < now->rows; row++) {
        for (int column = 0; column + 1 < now->columns; column++) {
            if (!has_edges(now, row, column))
                continue;
            const bc_vector v = blocks[row * now->columns + column];
            if (n_ahead == 0)
                camera = v;
            n_ahead += are_close(v, camera) ? 1 : -1;
            ++*n_edges;
        }
    }
    return camera;
}

bc_vector bc_motion_camera(const bc_vector *blocks, const bc_luma *now)
{
    int n_edges = 0, n_same = 0;
    const bc_vector camera = elect(blocks, now, &n_edges), none = {0, 0};
    for (int row = 0; row + 1 < now->rows; row++)
        for (int column = 0; column + 1 < now->columns; column++)
            n_same += are_close(blocks[row * now->columns + column], camera) &&
                      has_edges(now, row, column);
    return 2 * n_same > n_edges && FEW_EDGES * n_edges > now->rows * now->columns ? camera : none;
}

static void try_cell(search *s, bc_vector v, int discount)
{
    if (!is_inside(s, v.x, v.y))
        return;
    const int cost = difference_at(s, v.x, v.y) - discount;
    if (cost < s->cost) {
        s->cost = cost;
        s->best = v;
    }
}

/* A cell's vector: its block's, one of the two blocks' that it touches, or the camera's. */
static bc_vector choose(const bc_luma *now, const uint8_t *last, const bc_vector *blocks,
                        bc_vector camera, int row, int column)
{
    const int block_row = row / 2, block_column = column / 2;
    const int next_row = block_row + (row & 1 ? 1 : -1);
    const int next_column = block_column + (column & 1 ? 1 : -1);
    const bc_vector own = blocks[block_row * now->columns + block_column];
    const bc_vector beside_row = next_row >= 0 && next_row < now->rows
                                     ? blocks[next_row * now->columns + block_column]
                                     : own;
    const bc_vector beside_column = next_column >= 0 && next_column < now->columns
                                        ? blocks[block_row * now->columns + next_column]
                                        : own;
    if (are_same(own, beside_row) && are_same(own, beside_column) && are_same(own, camera))
        return own;
    search s = search_at(now, last, CELL, row, column);
    s.cost = INT_MAX;
    try_cell(&s, camera, OTHER_COST);
    try_cell(&s, own, OTHER_COST);
    try_cell(&s, beside_row, 0);
    try_cell(&s, beside_column, 0);
    return s.best;
}

int bc_motion_bands(const bc_luma *now)
{
    return (now->rows + BAND - 1) / BAND;
}

void bc_motion_search(bc_vector *blocks, const bc_luma *now, const uint8_t *last, int noise,
                      int band)
{
    const int least = PIXEL, level = noise * 5 / 4 > least ? noise * 5 / 4 : least;
    for (int row = BAND * band; row < BAND * (band + 1) && row < now->rows; row++) {
        for (int column = 0; column < now->columns; column++) {
            search s = search_at(now, last, BLOCK, row, column);
            blocks[row * now->columns + column] =
                match(&s, blocks, now->columns, row, column, BLOCK * BLOCK * level / 4);
        }
    }
}

void bc_motion_divide(bc_vector *cells, const bc_vector *blocks, bc_vector camera,
                      const bc_luma *now, const uint8_t *last, int row)
{
    for (int column = 0; column < 2 * now->columns; column++)
        cells[row * 2 * now->columns + column] = choose(now, last, blocks, camera, row, column);
}
