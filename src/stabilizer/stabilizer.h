/*
 * stabilizer/: holds paintings of video still where the source stands still, and lets them move
 * with what moves. It knows images and their order, not styles.
 *
 * stabilizer.h: a recursive temporal filter along the motion of the source (steady.h, motion.h,
 * held.h).
 *
 * It filters twice, by the same motion and gate (gate.h): the source's luma before it is painted,
 * as a painter makes brush strokes of noise, and the painting, whose contrast where it moved it
 * gives back (detail.h).
 *
 * It starts again at a scene cut and where the size or the format changes. Calls from one thread
 * at a time, whose work others share; the result is the same for every number of them.
 */
#ifndef BC_STABILIZER_STABILIZER_H
#define BC_STABILIZER_STABILIZER_H

#include "brushcast.h"

typedef struct bc_stabilizer bc_stabilizer;

/* n_threads 0: one for each processor. */
bc_status bc_stabilizer_open(bc_stabilizer **stabilizer, int n_threads, const bc_log *log);
void bc_stabilizer_close(bc_stabilizer **stabilizer);

/* The next frame has nothing to do with those before. */
void bc_stabilizer_restart(bc_stabilizer *stabilizer);
/* The next painting has nothing to do with those before, its frame has: another style. */
void bc_stabilizer_forget_painting(bc_stabilizer *stabilizer);

/*
 * The next frame, of any format, and what is to be painted of it: a view of memory of the
 * stabilizer and of the source, until the next call. What stands still is averaged over 1 + 32 *
 * amount frames, and what moves over 1 + 4 * amount, its painting over 1 + 12 * amount, amount 0
 * to 1; 0 leaves everything as it is and forgets what was before. Allocates where size or format
 * change, and fails only there.
 */
bc_status bc_stabilizer_source(bc_stabilizer *stabilizer, const bc_image *source, float amount,
                               bc_image *steady);

/*
 * How far the canvas has moved with the scene in that frame, for bc_session_move_canvas (drift.h);
 * NULL: the amount is 0, it lies still. Memory of the stabilizer, until the next call.
 */
const float *bc_stabilizer_canvas(const bc_stabilizer *stabilizer);

/*
 * The painting of that frame, of the same size and any format, becomes the filtered one. Alpha must
 * not change where nothing moves. Allocates and fails as bc_stabilizer_source.
 */
bc_status bc_stabilizer_painting(bc_stabilizer *stabilizer, const bc_image *painting);

#endif
