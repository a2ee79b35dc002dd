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
 *   Split rows serve stride 2, and Winograd's tiles, which are made of them.
 *
 * Permitted overrun: kernels work on whole vectors. Of float rows they read and write up to
 * 2 * BC_PAD - 1 floats behind the last sample that they were asked for; of 8-bit rows they touch
 * no byte but the pixels. Convolutions write nothing behind n outputs if n is a multiple of
 * 2 * BC_PAD: such columns of one map may be computed at once. Nothing needs an alignment.
 *
 * Matrix rows
 *   The matrix units read rows of bf16 pixels, channels innermost. A *split* value is the sum of
 *   two bf16, a high and a low part, which stand in two such rows; it keeps 16 bits of an f32's 24.
 */
#ifndef BC_KERNELS_KERNELS_H
#define BC_KERNELS_KERNELS_H

#include <float.h>
#include <stdbool.h>

#include "brushcast.h"

enum {
    BC_PAD = 16,                /* floats: the widest vector */
    BC_MAX_KERNEL = 9,          /* rows of taps */
    BC_MAX_ROWS = 16,           /* input rows of a call: four output rows of a 9x9 with stride 2 */
    BC_CONV_MAX_BLOCK = 12,     /* outputs that one pass over the taps computes */
    BC_WINOGRAD_TILE = 4,       /* outputs of a tile, each way */
    BC_WINOGRAD_MAX_POINTS = 8, /* products for a line of them */
    BC_MATRIX_LANES = 16,       /* outputs of a product of the matrix units, and its positions */
    BC_MATRIX_CHUNK = 32        /* values that it sums up */
};

/*
 * Sums of a row's outputs and of their squares, added to what is there: good enough for the
 * variance of outputs that are far from zero and close to each other.
 */
typedef struct bc_sums {
    double *sum, *square; /* [n_out] each */
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

/*
 * Winograd's F(4x4, 3x3) and F(4x4, 5x5): Lavin and Gray, "Fast algorithms for convolutional neural
 * networks". Kernels of 3x3 or 5x5 with stride 1, or of 9x9 with stride 2, whose even and odd rows
 * and columns are four kernels of up to 5x5. A transformed ring row holds strips of
 * winograd_strip tiles, of each [n_points][n_groups][winograd_strip]; a group is a channel, or with
 * stride 2 a channel's even or its odd pixels.
 */
typedef struct bc_winograd {
    int n_points;         /* products for a line of a tile: 6 for 3 taps, 8 for 5 */
    int stride, n_groups; /* n_groups: of a ring row */
    int n_out, block;     /* n_out is a multiple of block */
    const float
        *weights; /* G g G^T: [points of x][n_out / block][points of y][stride][n_groups][block] */
    const float *bias; /* [n_out] */
} bc_winograd;

/*
 * Convolution by the matrix units. A *position* is `group` neighbouring pixels of the grid. What it
 * reads of an input row is contiguous, and is taken in chunks, with zero weights behind the end.
 * What it computes are lanes: of pixel p in the group, output i of line l is lane
 * (l * group + p) * width + i. There is one line, or two: those of the doubled grid, whose pixels
 * are the phases. So a position's outputs are contiguous in the rows of the next layer. With
 * `planar` output i of pixel p is lane i * group + p.
 */
typedef struct bc_matrix {
    int n_rows, n_chunks; /* input rows of a call; chunks of each */
    int before;           /* values of a position's first chunk in front of its first pixel */
    int step;             /* values of an input row from a position to the next */
    int group;            /* 1, 2 or 4 */
    int n_lines, width;   /* outputs of a pixel in one line */
    int n_out;            /* n_lines * width */
    int n_tiles;          /* of BC_MATRIX_LANES lanes, all of one line if not planar */
    bool planar;
    /* high and low parts, the latter NULL or not: [n_tiles][n_rows][n_chunks][16][lanes][2] */
    const uint16_t *weights[2];
    const float *bias; /* [lanes] */
} bc_matrix;

/* The rows that a call reads, from value 0 of pixel 0; `low` values behind are their low parts. */
typedef struct bc_matrix_input {
    const uint16_t *rows[BC_MAX_ROWS];
    ptrdiff_t low; /* 0: there are none; weights must have low parts where rows have them */
} bc_matrix_input;

/*
 * Where lines go, normalised: max(least, scale * x + shift). Whole positions are written.
 */
typedef struct bc_matrix_lines {
    uint16_t *lines[2];         /* value 0 of pixel 0 */
    ptrdiff_t low;              /* as in bc_matrix_input */
    const float *scale, *shift; /* [lanes] */
    float least;                /* 0: ReLU; -FLT_MAX: none */
    bool add;                   /* to what is there: blends */
} bc_matrix_lines;

/* A sum of two rows of values, scale * (a + b); each row has low parts behind, or none has. */
typedef struct bc_matrix_sum {
    uint16_t *to;
    const uint16_t *from[2];
    ptrdiff_t to_low, from_low[2];
    float scale;
    bool add; /* to what is there: blends */
} bc_matrix_sum;

/* Where output rows go: channel c of row y starts at map + c * channel_stride + y * row_stride. */
typedef struct bc_map_rows {
    float *map;
    ptrdiff_t channel_stride, row_stride;
} bc_map_rows;

/*
 * The rows of a map that the next call will load, from column 0 of the call's own. A kernel touches
 * their lines between its products, so that they come nearer.
 */
typedef struct bc_ahead {
    const float *map; /* NULL: none */
    ptrdiff_t channel_stride, row_stride;
    int n_channels, n_rows, n; /* n: floats of a row */
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

/*
 * What is done to a layer's raw outputs when they are loaded: y = max(least, scale * x + shift),
 * instance normalisation, and ReLU where `least` is 0 (BC_NO_RELU: none); `add` adds y to what is
 * there.
 */
typedef struct bc_norm {
    float scale, shift, least;
    bool add;
} bc_norm;

#define BC_NO_RELU (-FLT_MAX)

enum { BC_CANVAS_CELL = 8 /* pixels of the frame that one displacement holds for, each way */ };

/* How the canvas lies in the frame: each cell of 8x8 pixels of the frame has moved. */
typedef struct bc_displacement {
    const float *x, *y; /* [rows][columns], pixels; NULL: nowhere */
    int rows, columns;
} bc_displacement;

/* Samples of a canvas's row: `n` of them, every `step`-th from `first` on. */
typedef struct bc_canvas_span {
    int row, first, step, n;
} bc_canvas_span;

typedef struct bc_tier bc_tier; /* tiers.h, which fills this table */

typedef struct bc_kernels {
    const bc_tier *tier;
    int conv_block;     /* outputs a block where that divides their number, else all 12 are one */
    int winograd_block; /* likewise; 0: this tier has no Winograd kernels */
    int winograd_lanes; /* tiles of a vector */
    int winograd_strip; /* tiles that it computes at once */

    /* Loads. n counts samples of a destination row; norm_row's may be the source. */
    void (*norm_row)(float *to, const float *from, int n, bc_norm how);
    /* even[i] from from[2i], odd[i] from from[2i + 1]. */
    void (*norm_split)(float *even, float *odd, const float *from, int n, bc_norm how);
    /* to[2i] from even[i], to[2i + 1] from odd[i], i < n: sub-pixel phases become a row. */
    void (*norm_join)(float *to, const float *even, const float *odd, int n, bc_norm how);
    /*
     * Samples of a canvas, smooth noise that is a function of the place alone: what the net paints
     * on where the picture gives it nothing to paint with. Cells are `cell` pixels wide and high (4
     * or 8), and a sample stands in the middle of its own; channel c at to + c * pitch. n_channels
     * is a multiple of 8. Nothing behind n samples is written.
     */
    void (*canvas_row)(float *to, ptrdiff_t pitch, int n_channels, int cell, bc_canvas_span span,
                       const bc_displacement *moved);
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
     * row k of the kernel; output x reads around sample x. `sums` may be NULL. `ahead` is for this
     * call to bring nearer, .map NULL: nothing.
     * scratch: BC_CONV_SCRATCH(n_out) floats.
     */
    void (*conv_row)(const bc_conv *conv, const float *const rows[], const bc_map_rows *out, int n,
                     const bc_sums *sums, const bc_ahead *ahead, float *scratch);
    /*
     * One group of a transformed ring row, from its first element on, for n tiles of four samples
     * of a split row: even[-1] .. even[2n] and odd[-1] .. odd[2n] are read.
     */
    void (*winograd_load)(float *to, int n_points, int n_groups, const float *even,
                          const float *odd, int n);
    /*
     * As conv_row, for n_rows (1 to 4) rows of n outputs from transformed rows. rows[k]: stride *
     * n_points of them, from the first that the first output row reads. Where bc_winograd_pairs
     * (pack.h) says so, n_rows may be up to 8, from four input rows more.
     * scratch: bc_winograd_scratch (pack.h) floats.
     */
    void (*winograd_rows)(const bc_winograd *winograd, const float *const rows[],
                          const bc_map_rows *out, int n, int n_rows, const bc_sums *sums,
                          const bc_ahead *ahead, float *scratch);

    bool has_matrix; /* there are matrix units, else what follows is the reference of them */
    /* Before a thread's first and behind its last call of matrix_lines and matrix_planes. */
    void (*matrix_begin)(void);
    void (*matrix_end)(void);
    /*
     * n pairs of pixels of two rows, the upper and the lower one, each in planes as pixels_split
     * makes them. A pixel becomes red, green, blue, 0 of the one row and of the other: integers. Up
     * to 30 pixels behind the last one are written.
     */
    void (*matrix_pixels)(uint16_t *to, const float *planes[2][6], int n);
    /*
     * n pixels of the grid. Products are summed in f32; of two split values high * high, low * high
     * and high * low. `sums` may be NULL; they are of the outputs before normalisation.
     * scratch: bc_matrix_scratch (pack.h) floats, best aligned to 64 bytes.
     */
    void (*matrix_lines)(const bc_matrix *matrix, const bc_matrix_input *in, int n,
                         const bc_matrix_lines *to, const bc_sums *sums, float *scratch);
    /* n values of a sum, n a multiple of 8; up to 8 values behind them are written. */
    void (*matrix_add)(const bc_matrix_sum *sum, int n);
    /* A planar matrix' outputs as they are: output i from planes + i * pitch on. */
    void (*matrix_planes)(const bc_matrix *matrix, const bc_matrix_input *in, int n, float *planes,
                          ptrdiff_t pitch, float *scratch);

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
    /* The same of the matrix units' products, four at a time; between matrix_begin and _end. */
    double (*measure_matrix_peak)(int64_t n_rounds);
} bc_kernels;

/* Floats of conv_row's scratch: three vectors of partial sums for each output. */
#define BC_CONV_SCRATCH(n_out) ((size_t)(n_out)*3 * BC_PAD)

/* The instruction sets' own parts of the table: C fills all of it, the others what they do better.
 */
void bc_kernels_init_c(bc_kernels *kernels);
void bc_kernels_init_c_matrix(bc_kernels *kernels);
void bc_kernels_init_neon(bc_kernels *kernels);
void bc_kernels_init_avx2(bc_kernels *kernels);
void bc_kernels_init_avx512(bc_kernels *kernels);
void bc_kernels_init_amx(bc_kernels *kernels);

/* What a lane of a matrix that is not planar computes: an output of a pixel of the group. */
static inline int bc_matrix_pixel(const bc_matrix *matrix, int lane)
{
    return lane / matrix->width % matrix->group;
}

static inline int bc_matrix_output(const bc_matrix *matrix, int lane)
{
    return lane / (matrix->group * matrix->width) * matrix->width + lane % matrix->width;
}

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
