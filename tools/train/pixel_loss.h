/*
 * pixel_loss.h: losses on pictures themselves, forward and backward in one.
 *
 * Pictures are [3, h, w], 0 to 1. Each function returns its loss, unweighted, and adds `weight`
 * times the loss's gradient to the d arguments, which may be NULL.
 */
#ifndef BC_TRAIN_PIXEL_LOSS_H
#define BC_TRAIN_PIXEL_LOSS_H

#include <stddef.h>

/* Mean absolute difference over n values. */
double bc_l1_loss(float *dpicture, const float *picture, const float *target, size_t n,
                  double weight);

/*
 * Mean squared difference of two paintings along a known motion: `b` is painted from the source
 * of `a` moved up by dy and left by dx, either of which may be below 0, so that b(y, x) should be
 * a(y+dy, x+dx). A border of `border` pixels is left out. What follows the pixel grid and not the
 * scene costs here: a grid in a still picture, flicker in video.
 */
double bc_shift_loss(float *da, float *db, const float *a, const float *b, int h, int w, int dy,
                     int dx, int border, double weight);

#endif
