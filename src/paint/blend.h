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

/*
 * The blend in the styles that have the same names in another model. Those that it has not are left
 * out; n is 0 where it has none.
 */
bc_blend bc_blend_translate(const bc_blend *blend, const bc_model *from, const bc_model *to);

/* {0} shows nothing yet; bc_fade_clear makes that of it. */
typedef struct bc_fade {
    bc_model *model; /* whose styles the blends are of; the fade's to close */
    bc_blend from, to;
    bc_blend shown; /* at the moment */
    int64_t start_us;
} bc_fade;

/*
 * Moves `shown` on its way to `wanted`, styles of `model`, at once where `seconds` is 0. Where the
 * model is another one than before a fade goes on with its styles of the same names. `room` is the
 * number of styles that may be shown at once: the smallest shares of what is faded out make room
 * for what comes.
 */
void bc_fade_step(bc_fade *fade, const bc_model *model, const bc_blend *wanted, int room,
                  double seconds, int64_t now_us);

/* Shows nothing any more. */
void bc_fade_clear(bc_fade *fade);

#endif
