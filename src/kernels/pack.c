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
