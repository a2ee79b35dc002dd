/* blend.h: what is painted in: a few styles with their shares, and how one blend becomes the next.
 */
#ifndef BC_PAINT_BLEND_H
#define BC_PAINT_BLEND_H

#include <stdbool.h>

#include "brushcast.h"

enum { BC_LIVE_BLEND = 4 }; /* styles at once: two blends of two while one fades into the other */

typedef struct bc_blend {
    int n;
    bc_style_weight styles[BC_LIVE_BLEND];
} bc_blend;

/* More of a style; nothing, where the blend is full. */
void bc_blend_add(bc_blend *blend, int style, float weight);
bool bc_blend_is_same(const bc_blend *a, const bc_blend *b);

/* {0} shows nothing yet. */
typedef struct bc_fade {
    int net; /* whose styles the blends are of */
    bc_blend from, to;
    bc_blend shown; /* at the moment */
    int64_t start_ns;
} bc_fade;

/* Moves `shown` on its way to `wanted`, at once where the net is another one or seconds is 0. */
void bc_fade_step(bc_fade *fade, int net, const bc_blend *wanted, double seconds, int64_t now_ns);

#endif
