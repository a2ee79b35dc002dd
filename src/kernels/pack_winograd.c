#include <assert.h>

#include "kernels/pack.h"

enum { TILE = BC_WINOGRAD_TILE, MAX_POINTS = BC_WINOGRAD_MAX_POINTS, MAX_TAPS = 5 };

int bc_winograd_points(int kernel)
{
    return kernel == 3 ? 6 : 8;
}

static int stride_of(int kernel)
{
    return kernel == 9 ? 2 : 1;
}

/* The inputs of a product: channels, or with stride 2 each one's four phases. */
static size_t count_inputs(int n_in, int kernel)
{
    return (size_t)(n_in * stride_of(kernel) * stride_of(kernel));
}

static size_t count_weights(int n_in, int n_out, int kernel)
{
    const size_t n_points = (size_t)bc_winograd_points(kernel);
    return n_points * n_points * count_inputs(n_in, kernel) * (size_t)n_out;
}

static int block_of(const bc_kernels *kernels, int n_out)
{
    return n_out % kernels->winograd_block == 0 ? kernels->winograd_block : n_out;
}

size_t bc_winograd_size(int n_in, int n_out, int kernel)
{
    const size_t floats = count_weights(n_in, n_out, kernel) + (size_t)n_out;
    return (floats * sizeof(float) + 63) & ~(size_t)63;
}

bool bc_winograd_pairs(const bc_kernels *kernels, int kernel, int width)
{
    const int lanes = kernels->winograd_lanes, tiles = (width + TILE - 1) / TILE;
    const int rest = tiles % lanes;
    return stride_of(kernel) == 1 && tiles > lanes && rest > 0 && 2 * rest <= lanes;
}

size_t bc_winograd_row(const bc_kernels *kernels, int n_in, int kernel, int width)
{
    const int tiles = (width + TILE - 1) / TILE, strip = kernels->winograd_strip;
    return (size_t)((tiles + strip - 1) / strip * strip) * (size_t)bc_winograd_points(kernel) *
           (size_t)(n_in * stride_of(kernel));
}

/* Three vectors of sums for each output, of two rows of tiles; a strip's inputs, one block's
 * products, and columns. */
size_t bc_winograd_scratch(const bc_kernels *kernels, int n_in, int n_out, int kernel)
{
    const size_t n_points = (size_t)bc_winograd_points(kernel), outputs = (size_t)n_out;
    const size_t lines =
        count_inputs(n_in, kernel) + (size_t)block_of(kernels, n_out) + TILE * outputs;
    return BC_CONV_SCRATCH(2 * outputs) +
           n_points * (lines * (size_t)kernels->winograd_strip + 2 * BC_PAD);
}

static const double points[MAX_POINTS - 1] = {0, 1, -1, 2, -2, 0.5, -0.5};

/* A row of G: a point's powers, normalised; of infinity the last tap alone. */
static void make_row(double row[MAX_TAPS], int n_points, int point)
{
    const int n_taps = n_points - TILE + 1;
    double power = 1;
    for (int i = 0; i < n_points - 1; i++)
        power /= i == point || point == n_points - 1 ? 1 : points[point] - points[i];
    for (int i = 0; i < n_taps; i++) {
        row[i] = point < n_points - 1 ? power : i == n_taps - 1;
        power *= point < n_points - 1 ? points[point] : 1;
    }
}

typedef struct packer {
    bc_winograd *winograd;
    float *weights, gain;
    double g[MAX_POINTS][MAX_TAPS]; /* G */
} packer;

static double multiply_row(const double a[MAX_TAPS], const double b[MAX_TAPS])
{
    double sum = 0;
    for (int i = 0; i < MAX_TAPS; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Taps (stride * y + phase_y, stride * x + phase_x) of a filter [kernel][kernel]. */
static void take_phase(double g[MAX_TAPS][MAX_TAPS], const float *filter, int kernel, int stride,
                       int phase_y, int phase_x)
{
    for (int y = 0; y < MAX_TAPS; y++) {
        for (int x = 0; x < MAX_TAPS; x++) {
            const int ky = stride * y + phase_y, kx = stride * x + phase_x;
            const bool is_tap = ky < kernel && kx < kernel;
            g[y][x] = is_tap ? (double)filter[ky * kernel + kx] : 0;
        }
    }
}

/* Where weights of input `in` and output `out` stand for points (py, px). */
static size_t place_of(const bc_winograd *w, int px, int py, int in, int out)
{
    const size_t n_in = (size_t)(w->stride * w->n_groups), block = (size_t)w->block;
    const size_t line = (size_t)px * (size_t)(w->n_out / w->block) + (size_t)out / block;
    const size_t matrix = line * (size_t)w->n_points + (size_t)py;
    return (matrix * n_in + (size_t)in) * block + (size_t)out % block;
}

/* G g G^T of a filter g. */
static void pack_filter(const packer *p, int in, int out, double g[MAX_TAPS][MAX_TAPS])
{
    const bc_winograd *w = p->winograd;
    for (int px = 0; px < w->n_points; px++) {
        double column[MAX_TAPS];
        for (int y = 0; y < MAX_TAPS; y++)
            column[y] = multiply_row(p->g[px], g[y]);
        for (int py = 0; py < w->n_points; py++)
            p->weights[place_of(w, px, py, in, out)] =
                (float)((double)p->gain * multiply_row(p->g[py], column));
    }
}

bc_winograd bc_winograd_pack(const bc_kernels *kernels, int n_in, int n_out, int kernel,
                             const float *weights, const float *bias, float gain, void *memory)
{
    assert(kernel == 3 || kernel == 5 || kernel == 9);
    const int stride = stride_of(kernel);
    bc_winograd w = {.n_points = bc_winograd_points(kernel),
                     .stride = stride,
                     .n_groups = stride * n_in,
                     .n_out = n_out,
                     .block = block_of(kernels, n_out)};
    packer p = {.winograd = &w, .weights = memory, .gain = gain};
    float *const packed_bias = p.weights + count_weights(n_in, n_out, kernel);
    for (int i = 0; i < w.n_points; i++)
        make_row(p.g[i], w.n_points, i);
    for (int out = 0; out < n_out; out++) {
        for (int in = 0; in < w.stride * w.n_groups; in++) {
            const int channel = in % w.n_groups / w.stride;
            const float *filter = weights + ((ptrdiff_t)out * n_in + channel) * kernel * kernel;
            double g[MAX_TAPS][MAX_TAPS];
            take_phase(g, filter, kernel, w.stride, in / w.n_groups, in % w.n_groups % w.stride);
            pack_filter(&p, in, out, g);
        }
        packed_bias[out] = bias ? bias[out] : 0;
    }
    w.weights = p.weights;
    w.bias = packed_bias;
    return w;
}
