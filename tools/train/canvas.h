/*
 * canvas.h: what is painted on where the picture gives nothing to paint with: smooth noise, a
 * function of the place alone (DESIGN.md, "Numerics, exactly").
 */
#ifndef BC_TRAIN_CANVAS_H
#define BC_TRAIN_CANVAS_H

/* A displacement is stated for each square of so many pixels of the frame. */
enum { BC_TRAIN_CANVAS_CELL = 8 };

/*
 * out [n_channels, h, w], cells of `stride` pixels of a frame of h*stride by w*stride. moved
 * [2, ceil(h*stride / 8), ceil(w*stride / 8)] is how far to the right, and then how far down, each
 * square of 8x8 pixels samples the canvas, in pixels; NULL: not at all.
 */
void bc_train_canvas(float *out, int n_channels, int h, int w, int stride, const float *moved);

#endif
