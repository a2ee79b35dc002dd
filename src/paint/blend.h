/* blend.h: what is painted in: a few styles with their shares, and how one blend becomes the next.
 */
#ifndef BC_PAINT_BLEND_H
#define BC_PAINT_BLEND_H

#include "brushcast.h"

typedef struct bc_blend {
    int n;
    bc_style_weight styles[BC_MAX_BLEND];
} bc_blend;

/* More of a style; nothing, where the blend is full. */
void bc_blend_add(bc_blend *blend, int style, float weight);
bool bc_blend_is_same(const bc_blend *a, const bc_blend *b);

/* {0} shows nothing yet. */
typedef struct bc_fade {
    const void *net; /* whose styles the blends are of: its address alone counts */
    bc_blend from, to;
    bc_blend shown; /* at the moment */
    int64_t start_us;
} bc_fade;

/*
 * Moves `shown` on its way to `wanted`, at once where the net is another one or `seconds` is 0.
 * `room` is the number of styles that may be shown at once: the smallest shares of what is faded
 * out make room for what comes.
 */
void bc_fade_step(bc_fade *fade, const void *net, const bc_blend *wanted, int room, double seconds,
                  int64_t now_us);

#endif
