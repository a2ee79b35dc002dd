#include <assert.h>

#include "kernels/bf16.h"
#include "kernels/pack.h"

enum { LANES = BC_MATRIX_LANES, CHUNK = BC_MATRIX_CHUNK, TILE = CHUNK * LANES };
enum { MAX_GROUP = 4 };

static int divide_up(int n, int unit)
{
    return (n + unit - 1) / unit;
}

/* The first layer's rows are pairs of the image's. */
int bc_matrix_values(const bc_matrix_shape *shape)
{
    return shape->is_first ? 8 : shape->n_in;
}

static int count_rows(const bc_matrix_shape *s)
{
    return s->is_first ? (s->kernel + 1) / 2 : s->kernel;
}

static int count_lines(const bc_matrix_shape *s)
{
    return s->n_phases == 4 && !s->planar ? 2 : 1;
}

static bc_matrix_cut make_cut(const bc_matrix_shape *s, int group)
{
    const int window = s->kernel + s->stride * (group - 1);
    return (bc_matrix_cut){.group = group,
                           .n_chunks = divide_up(window * bc_matrix_values(s), CHUNK),
                           .n_lanes = group * s->n_out};
}

/* Products for each pixel of the grid, and row of the kernel. */
static double cost_of(const bc_matrix_cut *cut)
{
    return (double)cut->n_chunks * (cut->n_lanes / LANES) / cut->group;
}

/*
 * Of equals the largest group: its positions begin on a line of the cache more often, and a tile
 * whose rows cross lines takes three to six times as long to load.
 */
bc_matrix_cut bc_matrix_choose(const bc_matrix_shape *shape)
{
    bc_matrix_cut best = make_cut(shape, MAX_GROUP);
    for (int group = MAX_GROUP / 2; group >= 1 && !shape->planar; group /= 2) {
        const bc_matrix_cut cut = make_cut(shape, group);
        const bool is_whole = cut.n_lanes / count_lines(shape) % LANES == 0;
        if (is_whole && cost_of(&cut) < cost_of(&best))
            best = cut;
    }
    assert(best.n_lanes % (count_lines(shape) * LANES) == 0);
    return best;
}

static size_t count_tiles(const bc_matrix_shape *s, const bc_matrix_cut *cut)
{
    return (size_t)(cut->n_lanes / LANES * count_rows(s) * cut->n_chunks);
}

size_t bc_matrix_size(const bc_matrix_shape *shape)
{
    const bc_matrix_cut cut = bc_matrix_choose(shape);
    const size_t n_weights = count_tiles(shape, &cut) * TILE * (shape->has_low ? 2 : 1);
    return n_weights * sizeof(uint16_t) + (size_t)cut.n_lanes * sizeof(float);
}

/* Two blocks of four products, and three lines of sums for each tile of lanes. */
size_t bc_matrix_scratch(const bc_matrix_shape *shape)
{
    const bc_matrix_cut cut = bc_matrix_choose(shape);
    return 2 * 4 * LANES * LANES + 3 * (size_t)cut.n_lanes;
}

/* Where the chunks of the last one of some positions end. */
static ptrdiff_t end_of(const bc_matrix_shape *s, const bc_matrix_cut *cut, int n_positions)
{
    const int last = (n_positions - 1) * cut->group * s->stride - s->kernel / 2; /* pixel */
    return (ptrdiff_t)last * bc_matrix_values(s) + cut->n_chunks * CHUNK;
}

ptrdiff_t bc_matrix_want(const bc_matrix_shape *shape, int n)
{
    const bc_matrix_cut cut = bc_matrix_choose(shape);
    return end_of(shape, &cut, divide_up(n, cut.group));
}

ptrdiff_t bc_matrix_reach(const bc_matrix_shape *shape, int n)
{
    const bc_matrix_cut cut = bc_matrix_choose(shape);
    return end_of(shape, &cut, divide_up(divide_up(n, cut.group), LANES) * LANES);
}

typedef struct packer {
    const bc_matrix_shape *shape;
    const bc_matrix *matrix;
    const float *weights;
    float gain;
} packer;

/* What a lane computes: an output of a pixel in the group. */
typedef struct lane {
    int output, pixel;
} lane;

static lane decode(const packer *p, int index)
{
    const bc_matrix *m = p->matrix;
    if (m->planar)
        return (lane){.output = index / m->group, .pixel = index % m->group};
    return (lane){.output = bc_matrix_output(m, index), .pixel = bc_matrix_pixel(m, index)};
}

/* The weight of value `value` of a position's input row `row`. */
static float weight_of(const packer *p, lane l, int row, int value)
{
    const bc_matrix_shape *s = p->shape;
    const int n_values = bc_matrix_values(s), at = value % n_values;
    const int kx = value / n_values - s->stride * l.pixel;
    const int ky = s->is_first ? 2 * row + at / 4 : row, channel = s->is_first ? at % 4 : at;
    if (kx < 0 || kx >= s->kernel || ky >= s->kernel || channel >= s->n_in)
        return 0;
    const ptrdiff_t filter = (ptrdiff_t)l.output * s->n_in + channel;
    return p->gain * p->weights[(filter * s->kernel + ky) * s->kernel + kx];
}

/* One product's weights [16][lanes][2], high parts, and low ones where `low` is not NULL. */
static void pack_tile(const packer *p, int tile, int row, int chunk, uint16_t *high, uint16_t *low)
{
    for (int i = 0; i < TILE; i++) {
        const int index = tile * LANES + i / 2 % LANES;
        const int value = chunk * CHUNK + i / (2 * LANES) * 2 + i % 2;
        const float weight = weight_of(p, decode(p, index), row, value);
        high[i] = bc_to_bf16(weight);
        if (low)
            low[i] = bc_to_bf16(weight - bc_from_bf16(high[i]));
    }
}

static bc_matrix describe(const bc_matrix_shape *s, const bc_matrix_cut *cut)
{
    return (bc_matrix){.n_rows = count_rows(s),
                       .n_chunks = cut->n_chunks,
                       .before = s->kernel / 2 * bc_matrix_values(s),
                       .step = cut->group * s->stride * bc_matrix_values(s),
                       .group = cut->group,
                       .n_lines = count_lines(s),
                       .width = s->n_out / count_lines(s),
                       .n_out = s->n_out,
                       .n_tiles = cut->n_lanes / LANES,
                       .planar = s->planar};
}

bc_matrix bc_matrix_pack(const bc_matrix_shape *shape, const float *weights, const float *bias,
                         float gain, void *memory)
{
    const bc_matrix_cut cut = bc_matrix_choose(shape);
    const size_t n_tiles = count_tiles(shape, &cut);
    bc_matrix m = describe(shape, &cut);
    const packer p = {.shape = shape, .matrix = &m, .weights = weights, .gain = gain};
    uint16_t *const high = memory, *const low = shape->has_low ? high + n_tiles * TILE : NULL;
    float *const packed_bias = (float *)(void *)(high + n_tiles * TILE * (low ? 2 : 1));
    for (size_t i = 0; i < n_tiles; i++) {
        const int chunk = (int)i % m.n_chunks, row = (int)i / m.n_chunks % m.n_rows;
        pack_tile(&p, (int)i / m.n_chunks / m.n_rows, row, chunk, high + i * TILE,
                  low ? low + i * TILE : NULL);
    }
    for (int i = 0; i < cut.n_lanes; i++)
        packed_bias[i] = bias ? bias[decode(&p, i).output] : 0;
    m.weights[0] = high;
    m.weights[1] = low;
    m.bias = packed_bias;
    return m;
}
