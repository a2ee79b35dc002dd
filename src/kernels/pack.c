#include "kernels/pack.h"

#include <assert.h>

static size_t align64(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

static size_t count_taps(const bc_conv_shape *shape)
{
    return (size_t)shape->n_in * (size_t)(shape->height * shape->width);
}

/* The smallest block of any tier: the most lists of taps that a layer can have. */
enum { MIN_BLOCK = 4 };

static size_t max_blocks(const bc_conv_shape *shape)
{
    return ((size_t)shape->n_out + MIN_BLOCK - 1) / MIN_BLOCK;
}

static size_t blocks_size(const bc_conv_shape *shape)
{
    return align64(max_blocks(shape) * sizeof(bc_conv_block));
}

static size_t offsets_size(const bc_conv_shape *shape)
{
    return align64(max_blocks(shape) * count_taps(shape) * sizeof(int32_t));
}

size_t bc_conv_size(const bc_conv_shape *shape)
{
    const size_t weights = align64((size_t)shape->n_out * count_taps(shape) * sizeof(float));
    return blocks_size(shape) + offsets_size(shape) + weights;
}

typedef struct packer {
    const bc_conv_shape *shape;
    const float *weights;
    float gain;
    int block;
    int32_t *next_offset;
    float *next_weight;
} packer;

/* The tap's weights for the outputs from `first` on; false if all are zero. */
static bool gather_weights(const packer *p, int first, int channel, int ky, int kx)
{
    const size_t height = (size_t)p->shape->height, width = (size_t)p->shape->width;
    bool any = false;
    for (int i = 0; i < p->block; i++) {
        const size_t filter = (size_t)(first + i) * (size_t)p->shape->n_in + (size_t)channel;
        const float weight = p->weights[(filter * height + (size_t)ky) * width + (size_t)kx];
        p->next_weight[i] = p->gain * weight;
        any = any || weight != 0;
    }
    return any;
}

/* Where sample x's neighbour `distance` pixels away stands, seen from sample x of plane 0. */
static int32_t tap_offset(const bc_conv_shape *shape, int channel, int distance)
{
    if (!shape->split)
        return (int32_t)(channel * shape->pitch + distance);
    const int odd = distance & 1;
    return (int32_t)((2 * channel + odd) * shape->pitch + (distance - odd) / 2);
}

static int pack_row(packer *p, int first, int ky)
{
    int n = 0;
    for (int c = 0; c < p->shape->n_in; c++) {
        for (int kx = 0; kx < p->shape->width; kx++) {
            if (!gather_weights(p, first, c, ky, kx))
                continue;
            *p->next_offset++ = tap_offset(p->shape, c, kx - p->shape->width / 2);
            p->next_weight += p->block;
            n++;
        }
    }
    return n;
}

static void pack_block(packer *p, bc_conv_block *block, int first, const float *bias)
{
    block->offsets = p->next_offset;
    block->weights = p->next_weight;
    block->n_rows = 0;
    for (int ky = 0; ky < p->shape->height; ky++) {
        const int n = pack_row(p, first, ky);
        if (n == 0)
            continue;
        block->rows[block->n_rows].row = ky;
        block->rows[block->n_rows].n_taps = n;
        block->n_rows++;
    }
    for (int i = 0; i < p->block; i++)
        block->bias[i] = bias ? bias[first + i] : 0;
}

bc_conv bc_conv_pack(const bc_kernels *kernels, const bc_conv_shape *shape, const float *weights,
                     const float *bias, float gain, void *memory)
{
    const bool divides = shape->n_out % kernels->conv_block == 0;
    const int block = divides ? kernels->conv_block : shape->n_out;
    assert(block >= MIN_BLOCK && block <= BC_CONV_MAX_BLOCK);
    assert(shape->height <= BC_MAX_KERNEL && shape->height % 2 == 1 && shape->width % 2 == 1);

    uint8_t *const offsets = (uint8_t *)memory + blocks_size(shape);
    packer p = {.shape = shape,
                .weights = weights,
                .gain = gain,
                .block = block,
                .next_offset = (int32_t *)(void *)offsets,
                .next_weight = (float *)(void *)(offsets + offsets_size(shape))};
    bc_conv_block *blocks = memory;
    for (int i = 0; i < shape->n_out / block; i++)
        pack_block(&p, &blocks[i], i * block, bias);
    return (bc_conv){.n_out = shape->n_out, .block = block, .blocks = blocks};
}

size_t bc_winograd_size(int n_in, int n_out)
{
    return align64(sizeof(float) * (BC_WINOGRAD_TAPS * (size_t)n_in + 1) * (size_t)n_out);
}

/* u = G g = {g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2}; g's elements stand `step` apart. */
static void transform_line(double u[4], const double *g, int step)
{
    const double outer = g[0] + g[2 * step];
    u[0] = g[0];
    u[1] = (outer + g[step]) / 2;
    u[2] = (outer - g[step]) / 2;
    u[3] = g[2 * step];
}

/* G g G^T of one 3x3 filter. */
static void transform_filter(double out[BC_WINOGRAD_TAPS], const float filter[9])
{
    double g[9], columns[12]; /* columns: [4][3] */
    for (int i = 0; i < 9; i++)
        g[i] = (double)filter[i];
    for (int x = 0; x < 3; x++) {
        double u[4];
        transform_line(u, g + x, 3);
        for (int y = 0; y < 4; y++)
            columns[y * 3 + x] = u[y];
    }
    for (int y = 0; y < 4; y++)
        transform_line(out + 4 * y, columns + 3 * y, 1);
}

bc_winograd bc_winograd_pack(const bc_kernels *kernels, int n_in, int n_out, const float *weights,
                             const float *bias, void *memory)
{
    const size_t block = (size_t)kernels->winograd_block, inputs = (size_t)n_in;
    assert(block > 0 && (size_t)n_out % block == 0);
    float *packed = memory, *packed_bias = packed + BC_WINOGRAD_TAPS * inputs * (size_t)n_out;
    for (size_t o = 0; o < (size_t)n_out; o++) {
        for (size_t c = 0; c < inputs; c++) {
            double u[BC_WINOGRAD_TAPS];
            transform_filter(u, weights + (o * inputs + c) * 9);
            float *to = packed + ((o / block) * BC_WINOGRAD_TAPS * inputs + c) * block + o % block;
            for (size_t tap = 0; tap < BC_WINOGRAD_TAPS; tap++)
                to[tap * inputs * block] = (float)u[tap];
        }
        packed_bias[o] = bias ? bias[o] : 0;
    }
    return (bc_winograd){
        .n_in = n_in, .n_out = n_out, .block = (int)block, .weights = packed, .bias = packed_bias};
}

/* The plane groups of a transformed row are its channels, or for stride 2 each one's two parities.
 */
static int groups_of(int n_in, int kernel)
{
    return kernel == 9 ? 2 * n_in : n_in;
}

static bc_conv_shape product_shape(int n_in, int n_out, int kernel, ptrdiff_t pitch)
{
    return (bc_conv_shape){.n_in = groups_of(n_in, kernel),
                           .n_out = n_out,
                           .height = kernel,
                           .width = 1,
                           .pitch = BC_ROW_TAPS * pitch};
}

size_t bc_winograd_row_size(int n_in, int n_out, int kernel)
{
    const bc_conv_shape shape = product_shape(n_in, n_out, kernel, 0);
    return BC_ROW_TAPS * bc_conv_size(&shape);
}

/* Row `tap` of G, for the points 0, 1, -1, 2, -2 and infinity, times n weights `step` apart. */
static float transform_taps(const float *weights, int n, int step, int tap)
{
    static const double points[BC_ROW_TAPS - 1] = {0, 1, -1, 2, -2};
    static const double norms[BC_ROW_TAPS - 1] = {4, -6, -6, 24, 24};
    if (tap == BC_ROW_TAPS - 1)
        return n == 5 ? weights[4 * step] : 0;
    double sum = 0, power = 1;
    for (int i = 0; i < n; i++) {
        sum += power * (double)weights[i * step];
        power *= points[tap];
    }
    return (float)(sum / norms[tap]);
}

/* One product's weights [n_out][groups][kernel][1] from [n_out][n_in][kernel][kernel]. */
static void transform_rows(float *to, const float *weights, int n_filters, int kernel, int tap)
{
    for (ptrdiff_t i = 0; i < n_filters; i++) {
        for (ptrdiff_t y = 0; y < kernel; y++) {
            const float *row = weights + (i * kernel + y) * kernel;
            if (kernel == 5) {
                to[i * kernel + y] = transform_taps(row, 5, 1, tap);
            } else {
                to[2 * i * kernel + y] = transform_taps(row, 5, 2, tap);
                to[(2 * i + 1) * kernel + y] = transform_taps(row + 1, 4, 2, tap);
            }
        }
    }
}

/* The product that both outputs contain with a factor of 1: the bias goes there. */
enum { ROW_BIAS_TAP = 1 };

bc_winograd_row bc_winograd_row_pack(const bc_kernels *kernels, int n_in, int n_out, int kernel,
                                     ptrdiff_t pitch, const float *weights, const float *bias,
                                     float gain, void *memory, float *scratch)
{
    assert(kernel == 5 || kernel == 9);
    const bc_conv_shape shape = product_shape(n_in, n_out, kernel, pitch);
    bc_winograd_row winograd;
    for (int tap = 0; tap < BC_ROW_TAPS; tap++) {
        transform_rows(scratch, weights, n_in * n_out, kernel, tap);
        winograd.products[tap] =
            bc_conv_pack(kernels, &shape, scratch, tap == ROW_BIAS_TAP ? bias : NULL, gain,
                         (uint8_t *)memory + (size_t)tap * bc_conv_size(&shape));
    }
    return winograd;
}
