/*
 * canvas.h: smooth noise, a function of the place alone: what the net paints on where the picture
 * gives it nothing to paint with. Rows are made where they are read, and stored nowhere.
 *
 * Channel c at (x, y), in pixels: bilinear interpolation of random numbers on a grid of 10 pixels,
 * divided by the root of the sum of its squared weights, so that the variance is the same
 * everywhere. The numbers are a hash of the grid's place and the channel, uniform, of variance 1.
 */
#ifndef BC_GENERATOR_CANVAS_H
#define BC_GENERATOR_CANVAS_H

#include <stddef.h>

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

/*
 * Samples of a canvas whose cells are `cell` pixels wide and high (4 or 8), in n_channels, channel
 * c at to + c * pitch. A sample stands in the middle of its cell.
 */
void bc_canvas_row(float *to, ptrdiff_t pitch, int n_channels, int cell, bc_canvas_span span,
                   const bc_displacement *moved);

#endif
