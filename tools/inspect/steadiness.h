/*
 * steadiness.h: how much a painted clip flickers, measured against what moves in its source.
 *
 *   still areas      Over windows of some frames, the deviation over time of the painted samples
 *                    where the source stands still: where the means of 4x4 pixels and of their
 *                    eight neighbours deviate by less than a level.
 *   warping error    The root mean square difference between a painted frame and the one before
 *                    it, moved by the source's optical flow, where that can be trusted: Lai et al.,
 *                    "Learning blind video temporal consistency", 2018; here in levels of 255.
 *
 * Both are over red, green and blue, in levels of 255. One source serves any number of paintings.
 */
#ifndef BC_INSPECT_STEADINESS_H
#define BC_INSPECT_STEADINESS_H

#include "inspect/flow.h"

enum { BC_MAX_PAINTINGS = 16 };

typedef struct bc_steadiness_result {
    double still_deviation, warping_error; /* NaN where nothing was still, or could be seen */
} bc_steadiness_result;

typedef struct bc_steadiness bc_steadiness;

/* `window` in frames, at least 2. */
bc_status bc_steadiness_open(bc_steadiness **steadiness, int width, int height, int n_paintings,
                             int window, const bc_log *log);
void bc_steadiness_close(bc_steadiness **steadiness);

/* The next frame and its paintings [n_paintings]: BC_RGB24, of the size it was opened for. */
bc_status bc_steadiness_add(bc_steadiness *steadiness, const bc_image *source,
                            const bc_image *paintings);

bc_steadiness_result bc_steadiness_of(const bc_steadiness *steadiness, int painting);
/* The shares of all pixels that the figures are over. */
double bc_steadiness_still_share(const bc_steadiness *steadiness);
double bc_steadiness_seen_share(const bc_steadiness *steadiness);

#endif
