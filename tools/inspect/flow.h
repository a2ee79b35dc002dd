/*
 * flow.h: how a picture moves to the next: dense optical flow by blocks.
 *
 * From coarse to fine over a pyramid, blocks of 16x16 pixels every 8 are matched: the best of the
 * coarser level's vectors around, a step of one pixel each way, and then below a pixel by Lucas and
 * Kanade's iteration (Baker and Matthews, "Lucas-Kanade 20 years on", 2004: the inverse
 * compositional one). Between blocks vectors are interpolated. Threads: any.
 */
#ifndef BC_INSPECT_FLOW_H
#define BC_INSPECT_FLOW_H

#include <stdbool.h>

#include "brushcast.h"

typedef struct bc_flow {
    int width, height;
    float *x, *y; /* [height][width]: where a pixel of `from` is in `to`, relative to itself */
} bc_flow;

/* The result is closed by bc_flow_close, also after a failure. */
bc_status bc_flow_open(bc_flow *flow, int width, int height, const bc_log *log);
void bc_flow_close(bc_flow *flow);

/* from, to: luma [height][width], 0 to 255. */
bc_status bc_flow_estimate(bc_flow *flow, const float *from, const float *to, const bc_log *log);

/*
 * Where a forward flow (from this picture to that one) can be trusted: it meets its own backward
 * flow, and it is no edge between two motions. is_seen [height][width]. Source: Ruder, Dosovitskiy
 * and Brox, "Artistic style transfer for videos", 2016, after Sundaram, Brox and Keutzer, 2010.
 */
void bc_flow_check(bool *is_seen, const bc_flow *forward, const bc_flow *backward);

#endif
