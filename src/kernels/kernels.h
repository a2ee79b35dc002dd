/*
 * kernels/: the arithmetic of the network, row by row: one C reference and one file for each
 * instruction set. A kernel does not allocate, lock, log or fail, and knows nothing of the network.
 *
 * Rows and planes
 *   A *map* holds what a layer computed, before normalisation: [channel][y][x] floats.
 *   A *ring row* is one input row of a layer, normalised and padded: planes of `pitch` floats,
 *   plane after plane. A plane's sample 0 stands BC_PAD floats behind its start; what is left and
 *   right of the row's own samples is the repeated edge, filled in by the caller.
 *     plain   one plane a channel: sample x is pixel x
 *     split   two planes a channel: 2c holds the pixels 2x of channel c, 2c + 1 the pixels 2x + 1
 *   Split rows serve stride 2, and Winograd's tiles two pixels wide.
 *
 * Permitted overrun: kernels work on whole vectors. Of float rows they read and write up to
 * 2 * BC_PAD - 1 floats behind the last sample that they were asked for; of 8-bit rows they touch
 * no byte but the pixels. Convolutions write nothing behind n outputs if n is a multiple of
 * 2 * BC_PAD: such columns of one map may be computed at once. Nothing needs an alignment.
 */
#ifndef BC_KERNELS_KERNELS_H
#define BC_KERNELS_KERNELS_H

#include <stdbool.h>

#include "brushcast.h"

enum {
    BC_PAD = 16,            /* floats: the widest vector */
    BC_MAX_KERNEL = 9,      /* rows of taps */
    BC_MAX_ROWS = 11,       /* input rows of a call: two output rows of a 9x9 with stride 2 */
    BC_CONV_MAX_BLOCK = 12, /* outputs that one pass over the taps computes */
    BC_WINOGRAD_TAPS = 16,  /* products for 2x2 outputs */
    BC_WINOGRAD_ROWS = 4,   /* input rows for 2 output rows */
    BC_ROW_TAPS = 6         /* products for 2 outputs of a row */
};

/*
 * Sums of a row's outputs and of their squares, added to what is there: good enough for the
 * variance of outputs that are far from zero and close to each other.
 */
typedef struct bc_sums {
    double *sum, *square; /* [n_out] each */
    int n_left, n_right;  /* outputs at a row's ends that do not count: they belong to others */
} bc_sums;

/*
 * Direct convolution. Outputs come in blocks; each has its own list of taps, so that taps whose
 * weights are zero for the whole block (sub-pixel phases of `nearest` and `zero`) cost nothing.
 */
typedef struct bc_conv_block {
    int n_rows; /* rows of taps that are not empty */
    struct {
        int row;    /* which of the kernel's input rows */
        int n_taps; /* in it */
    } rows[BC_MAX_KERNEL];
    const int32_t *offsets;        /* [all taps]: floats from sample x of plane 0 to the tap's */
    const float *weights;          /* [all taps][block] */
    float bias[BC_CONV_MAX_BLOCK]; /* what the sums start from */
} bc_conv_block;

typedef struct bc_conv {
    int n_out, block; /* n_out is a multiple of block */
    const bc_conv_block *blocks;
} bc_conv;

/* Winograd's F(2x2, 3x3): Lavin and Gray, "Fast algorithms for convolutional neural networks". */
typedef struct bc_winograd {
    int n_in, n_out, block; /* n_out is a multiple of block */
    const float *weights;   /* [n_out / block][16 taps][n_in][block]: G g G^T */
    const float *bias;      /* [n_out] */
} bc_winograd;

/*
 * Winograd's F(2, 5) along the rows, for kernels of 5 columns, or of 9 with stride 2 (5 even and 4
 * odd ones). A transformed ring row has 6 planes in place of a split row's two; sample x belongs to
 * outputs 2x and 2x + 1. Each product is an ordinary convolution of one column over its plane.
 */
typedef struct bc_winograd_row {
    bc_conv products[BC_ROW_TAPS]; /* plane `tap` of plane group 0 is plane 0 */
} bc_winograd_row;

/* Where output rows go: channel c of row y starts at map + c * channel_stride + y * row_stride. */
typedef struct bc_map_rows {
    float *map;
    ptrdiff_t channel_stride, row_stride;
} bc_map_rows;

/*
 * The rows of a map that the next call will load: from column 0 of the call's own, two rows of
 * n_channels. A kernel may touch their lines between its products, so that they come nearer.
 */
typedef struct bc_ahead {
    const float *map; /* NULL: none */
    ptrdiff_t channel_stride, row_stride;
    int n_channels;
} bc_ahead;

/* Three sums of products: channel c is m[c][0] a + m[c][1] b + m[c][2] c + m[c][3]. */
typedef struct bc_colour_matrix {
    float m[3][4];
} bc_colour_matrix;

/*
 * A row of 4:2:0 pixels and how its chroma lies. The nearer one of two samples has a share of
 * `share`, the other one what is left: sample i of a row is i of the nearer row and of the other;
 * chroma of pixel 2i is between samples i and i - 1, of pixel 2i + 1 between i and i + 1. Behind a
 * row's ends its first and last samples are repeated.
 */
typedef struct bc_yuv_row {
    const uint8_t *luma;         /* [width] */
    const uint8_t *chroma[2][2]; /* Cb, Cr: the nearer row and the other, [(width + 1) / 2] */
    int width;                   /* pixels */
    float share_row, share_even, share_odd;
} bc_yuv_row;

typedef struct bc_kernels {
    bc_cpu cpu;
    int conv_block;     /* outputs a block where that divides their number, else all 12 are one */
    int winograd_block; /* likewise, always divides; 0: this tier has no Winograd kernels */

    /*
     * Loads: y = max(0, scale * x + shift), instance normalisation and ReLU of the layer before;
     * `add` adds y to what is there: blends. n counts samples of a destination row.
     */
    void (*norm_row)(float *to, const float *from, int n, float scale, float shift, bool add);
    /* even[i] from from[2i], odd[i] from from[2i + 1]. */
    void (*norm_split)(float *even, float *odd, const float *from, int n, float scale, float shift,
                       bool add);
    /* to[2i] from even[i], to[2i + 1] from odd[i], i < n: sub-pixel phases become a row. */
    void (*norm_join)(float *to, const float *even, const float *odd, int n, float scale,
                      float shift);
    /*
     * n pairs of 8-bit pixels to floats 0..255: planes[2c] gets channel c (red, green, blue) of
     * the even pixels, planes[2c + 1] of the odd ones.
     */
    void (*pixels_split)(float *const planes[6], const uint8_t *from, int n,
                         bc_pixel_format format);
    /* The same of 4:2:0 pixels, n pairs from pair `first` on, clipped to 0..255. */
    void (*yuv_split)(float *const planes[6], const bc_yuv_row *row, int first, int n,
                      const bc_colour_matrix *to_rgb);

    /*
     * One row of n outputs of all n_out channels. rows[k] points to sample 0 of plane 0 of input
     * row k of the kernel; output x reads around sample x. `sums` may be NULL.
     * scratch: BC_CONV_SCRATCH(n_out) floats.
     */
    void (*conv_row)(const bc_conv *conv, const float *const rows[], const bc_map_rows *out, int n,
                     const bc_sums *sums, float *scratch);
    /*
     * Two rows of n outputs, stride 1, of split rows: rows[k] as above, for the four rows from one
     * above the first output row; `pitch` from plane to plane. The sums are over the first
     * n_rows (1 or 2) only; the second row is written in any case.
     * scratch: BC_WINOGRAD_SCRATCH(n_in, n_out) floats.
     */
    void (*winograd_rows)(const bc_winograd *winograd, const float *const rows[], ptrdiff_t pitch,
                          const bc_map_rows *out, int n, int n_rows, const bc_sums *sums,
                          const bc_ahead *ahead, float *scratch);

    /*
     * The 6 transformed planes, `pitch` apart, of n pairs of a row: even[-1] .. even[n] and odd[-1]
     * .. odd[n] are read.
     */
    void (*winograd_row_load)(float *to, ptrdiff_t pitch, const float *even, const float *odd,
                              int n);
    /*
     * As conv_row, for n_rows (1 or 2) output rows from transformed rows; the second one's input
     * rows begin `stride` rows later. scratch: BC_WINOGRAD_ROW_SCRATCH(n_out) floats.
     */
    void (*winograd_row)(const bc_winograd_row *winograd, const float *const rows[],
                         ptrdiff_t pitch, int stride, const bc_map_rows *out, int n, int n_rows,
                         const bc_sums *sums, float *scratch);

    /*
     * n pixels to 8 bits: clip to [0,1], times 255, rounded to nearest even. Channel c's even
     * pixels come from planes[2c], its odd ones from planes[2c + 1]. Alpha comes from `source`, a
     * row of the same pixels, where source_format has it; else it is opaque, and source not read.
     */
    void (*store_pixels)(uint8_t *to, bc_pixel_format format, const float *const planes[6],
                         const uint8_t *source, bc_pixel_format source_format, int n);
    /*
     * n pixels, clipped to [0,1] and through the matrix: luma to 8 bits, and `share` of what chroma
     * the even and the odd pixels have: Cb even, Cb odd, Cr even, Cr odd; `add` adds it to what is
     * there, another row's.
     */
    void (*store_luma)(uint8_t *to, float *const chroma[4], const float *const planes[6], int n,
                       const bc_colour_matrix *from_rgb, float share, bool add);
    /* to[i] = taps[0] odd[i - 1] + taps[1] even[i] + taps[2] odd[i], to 8 bits. */
    void (*store_chroma)(uint8_t *to, const float *even, const float *odd, int n,
                         const float taps[3]);

    /*
     * Runs n_rounds of independent fused multiply-adds of the tier's widest vector; returns the
     * floating-point operations done. A measure of the machine, not of the network.
     */
    double (*measure_peak)(int64_t n_rounds);
} bc_kernels;

/*
 * Scratch: three vectors of partial sums for each output; for Winograd also
 * the transformed inputs and one block's products for 32 tiles, or one block's products alone.
 */
#define BC_CONV_SCRATCH(n_out) ((size_t)(n_out)*3 * BC_PAD)
#define BC_WINOGRAD_SCRATCH(n_in, n_out)                                                           \
    (BC_CONV_SCRATCH(n_out) + (size_t)BC_WINOGRAD_TAPS * ((size_t)(n_in) + 8 + 1) * 32)

#define BC_WINOGRAD_ROW_SCRATCH(n_out)                                                             \
    (BC_CONV_SCRATCH(n_out) + (size_t)2 * BC_ROW_TAPS * BC_CONV_MAX_BLOCK * 2 * BC_PAD)

/*
 * Fills the table for a tier (not NATIVE) that this machine has: C first, each tier overwrites
 * what it does better.
 */
void bc_kernels_init(bc_kernels *kernels, bc_cpu cpu);

/* The instruction sets' own parts of it. */
void bc_kernels_init_c(bc_kernels *kernels);
void bc_kernels_init_avx2(bc_kernels *kernels);
void bc_kernels_init_avx512(bc_kernels *kernels);

/* Where channel c (red, green, blue) stands in a pixel. */
static inline int bc_channel_byte(bc_pixel_format format, int c)
{
    return format == BC_BGRA32 ? 2 - c : c;
}

/* Bytes of a packed pixel. */
static inline int bc_pixel_size(bc_pixel_format format)
{
    return format == BC_RGB24 ? 3 : 4;
}

#endif
