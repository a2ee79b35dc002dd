/*
 * pack.h: arranges a layer's weights as a kernel table wants them. Packing allocates nothing: the
 * caller gives memory of the size that the *_size functions state. Threads: any.
 */
#ifndef BC_KERNELS_PACK_H
#define BC_KERNELS_PACK_H

#include "kernels/kernels.h"

/* An ordinary convolution over ring rows. Weights are [n_out][n_in][height][width]. */
typedef struct bc_conv_shape {
    int n_in, n_out, height, width; /* height and width: of the kernel, odd */
    bool split;                     /* the ring rows are split, else plain */
    ptrdiff_t pitch;                /* floats from plane to plane of a ring row */
} bc_conv_shape;

/* Bytes for bc_conv_pack, a multiple of 64. */
size_t bc_conv_size(const bc_conv_shape *shape);

/*
 * Packs into `memory` (bc_conv_size bytes, aligned to 64), weights multiplied by `gain`; `bias`
 * [n_out], or NULL for none. The result points into `memory`.
 */
bc_conv bc_conv_pack(const bc_kernels *kernels, const bc_conv_shape *shape, const float *weights,
                     const float *bias, float gain, void *memory);

/*
 * The same for Winograd's F(4x4, .), for a tier that has it: kernels of 3x3 or 5x5 with stride 1,
 * or of 9x9 with stride 2.
 */
int bc_winograd_points(int kernel); /* n_points */
/* Whether eight rows of outputs take less than twice four: two rows of tiles share a vector. */
bool bc_winograd_pairs(const bc_kernels *kernels, int kernel, int width);
size_t bc_winograd_row(const bc_kernels *kernels, int n_in, int kernel, int width);     /* floats */
size_t bc_winograd_scratch(const bc_kernels *kernels, int n_in, int n_out, int kernel); /* floats */
size_t bc_winograd_size(int n_in, int n_out, int kernel);
bc_winograd bc_winograd_pack(const bc_kernels *kernels, int n_in, int n_out, int kernel,
                             const float *weights, const float *bias, float gain, void *memory);

/*
 * A convolution for the matrix units. Weights are [n_out][n_in][kernel][kernel], stride 1 or 2.
 * n_phases 4: output phase * (n_out / 4) + channel is pixel (2y + phase / 2, 2x + phase % 2) of the
 * doubled grid, and of `planar` outputs one of its planes.
 */
typedef struct bc_matrix_shape {
    int n_in, n_out, kernel, stride, n_phases;
    bool is_first; /* rows as matrix_pixels makes them; the stride is 2 */
    bool planar;   /* the last layer */
    bool has_low;  /* weights have low parts */
} bc_matrix_shape;

/* How positions are made, so that the fewest products have zeros for weights. */
typedef struct bc_matrix_cut {
    int group; /* pixels of a position */
    int n_chunks, n_lanes;
} bc_matrix_cut;

bc_matrix_cut bc_matrix_choose(const bc_matrix_shape *shape);
int bc_matrix_values(const bc_matrix_shape *shape);     /* of a pixel of an input row */
size_t bc_matrix_size(const bc_matrix_shape *shape);    /* bytes */
size_t bc_matrix_scratch(const bc_matrix_shape *shape); /* floats */
/*
 * Values of an input row, from value 0 of pixel 0 on, that n pixels of the grid want to be numbers,
 * if only to multiply them by 0; and those that products read, whatever they are.
 */
ptrdiff_t bc_matrix_want(const bc_matrix_shape *shape, int n);
ptrdiff_t bc_matrix_reach(const bc_matrix_shape *shape, int n);
bc_matrix bc_matrix_pack(const bc_matrix_shape *shape, const float *weights, const float *bias,
                         float gain, void *memory);

#endif
