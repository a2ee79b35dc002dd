/*
 * resample.h: a window of an 8-bit picture, at any size, as the planes of floats that the layers
 * take. A triangle filter, as wide as the step between two results where that is more than a
 * pixel, so that nothing aliases; beyond the picture its edge is repeated.
 */
#ifndef BC_TRAIN_RESAMPLE_H
#define BC_TRAIN_RESAMPLE_H

#include "brushcast.h"

/* In pixels of the source, from the upper left corner of its first pixel. */
typedef struct bc_resample_window {
    double x, y, width, height;
} bc_resample_window;

/* out [3, height, width], 0 to 1, of `window` of `pixels` [source_height, source_width, 3]. */
bc_status bc_resample(float *out, int height, int width, const uint8_t *pixels, int source_height,
                      int source_width, bc_resample_window window, const bc_log *log);

/*
 * pixels [n, 3], rounded, of n positions of a picture, clipped to 0 to 1, whose channels are
 * `plane` floats apart.
 */
void bc_picture_quantise(uint8_t *pixels, const float *picture, int n, size_t plane);

#endif
