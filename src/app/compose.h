/*
 * compose.h: pixels of a live picture on the CPU: mirroring, mixing source and
 * painting. All images are BC_BGRA32. Threads: any.
 */
#ifndef BC_APP_COMPOSE_H
#define BC_APP_COMPOSE_H

#include "frame/frame.h"

/* Swaps left and right in place. */
void bc_compose_mirror(const bc_image *image);

/*
 * result = source + strength (painting - source), where the painting's colours give way to the
 * source's by keep_colors (its luma stays, by BT.601's weights on the encoded values). The painting
 * may be of any size: it is stretched bilinearly. `result` is of the source's size and may be the
 * source itself.
 */
void bc_compose_mix(const bc_image *source, const bc_image *painting, float strength,
                    float keep_colors, const bc_image *result);

#endif
