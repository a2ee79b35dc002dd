/*
 * stabilize.h: holds paintings of video still where the source stands still, and lets them move
 * with what moves: a recursive temporal filter along the motion of the source.
 *
 * Each block of the held painting is fetched from where the source says that it was, and the new
 * painting moves only a part of the way from there. How large a part is up to the source: where it
 * differs from its own held version, filtered likewise, by more than the noise of the whole frame
 * explains, the new painting is taken as it is, so that nothing leaves a trail. Differences are
 * means over 8x8 pixels of luma, noise is their median; the gate is the worst of nine of them,
 * interpolated between.
 *
 * It starts again at a scene cut and where the size or the format changes. Threads: one at a time.
 */
#ifndef BC_APP_STABILIZE_H
#define BC_APP_STABILIZE_H

#include "brushcast.h"

typedef struct bc_stabilizer bc_stabilizer;

bc_status bc_stabilizer_open(bc_stabilizer **stabilizer, const bc_log *log);
void bc_stabilizer_close(bc_stabilizer **stabilizer);

/* The next frame has nothing to do with those before. */
void bc_stabilizer_restart(bc_stabilizer *stabilizer);

/*
 * `painting` becomes the filtered painting of `source`, both of one size and any formats. What
 * stands still is averaged over 1 + 32 * amount frames, and what moves over 1 + 4 * amount, amount
 * 0 to 1; 0 leaves everything as it is and forgets what was before. Alpha must not change where
 * nothing moves. Allocates where size or format change, and fails only there.
 */
bc_status bc_stabilizer_run(bc_stabilizer *stabilizer, const bc_image *source,
                            const bc_image *painting, float amount);

#endif
