/*
 * readout.h: the picture that is closest to a painting among those that one linear filter makes of
 * a layer's maps.
 */
#ifndef BC_INSPECT_READOUT_H
#define BC_INSPECT_READOUT_H

#include "brushcast.h"

/*
 * out [3, h, w] of maps [n_maps, h, w]: each colour is a weighted sum of all maps at a position
 * and its eight neighbours (edges repeated) and of a constant; the weights, the same everywhere,
 * make the squared difference from painting [3, height, width] the least. height and width are
 * multiples of h and w: compared is the mean over the pixels of a position. *off is the root mean
 * square difference.
 */
bc_status bc_readout(float *out, double *off, const float *maps, int n_maps, int h, int w,
                     const float *painting, int height, int width, const bc_log *log);

#endif
