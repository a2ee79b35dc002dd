/*
 * worker.h: paints on a thread of its own, for hosts whose thread must not wait. The newest frame
 * wins: one that comes while another waits takes its place.
 */
#ifndef BC_FILTERS_WORKER_H
#define BC_FILTERS_WORKER_H

#include "effect.h"

typedef struct bc_worker bc_worker;

/* Starts the thread. The effect is used until the worker is closed. NULL: no memory, no thread. */
bc_worker *bc_worker_open(bc_effect *effect);
/* Waits for the frame that is being painted. Takes NULL. */
void bc_worker_close(bc_worker *worker);

/* The host's calls; one thread at a time. Neither waits for a frame to be painted. */

/* Copies a frame of 4 bytes a pixel, to be painted next. Without memory it is lost. */
void bc_worker_put(bc_worker *worker, const bc_image *frame, int64_t time_us);
/*
 * The newest painting, in its frame's size and format, or NULL if none has been finished since the
 * last call; valid until the next. A frame that cannot be painted comes back as it was.
 */
const bc_image *bc_worker_take(bc_worker *worker);

#endif
