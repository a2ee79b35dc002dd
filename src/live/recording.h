/*
 * recording.h: the outputs of a live program: those of the start, and recordings, which are begun
 * and finished beside the picture. What goes wrong is said on the screen and to whoever asked.
 */
#ifndef BC_LIVE_RECORDING_H
#define BC_LIVE_RECORDING_H

#include "live/live.h"

/* Opens what the params ask for, before anything is shown. */
bc_status bc_live_open_outputs(bc_live *live);

/* With the lock held ------------------------------------------------------------------------- */

/* Begins to record to `path`, or where that is NULL to a name of its own; there must be no
 * recording. The work's result names the file. NULL: too much is being done. */
bc_work *bc_live_record(bc_live *live, const char *path);
/* Finishes the recording; there must be one. */
bc_work *bc_live_stop_recording(bc_live *live);

/* By the main thread, now and then, without the lock: takes care of outputs that have failed. A
 * program that has no window and nothing to write to any more ends. */
void bc_live_look_at_outputs(bc_live *live);

#endif
