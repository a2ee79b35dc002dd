/*
 * opening.h: the input of a live program, and the change to another one, which is opened beside the
 * picture and may take long.
 */
#ifndef BC_LIVE_OPENING_H
#define BC_LIVE_OPENING_H

#include "live/live.h"

/* Opens the params' input and waits for it. */
bc_status bc_live_open_first_input(bc_live *live);

/* With the lock held ------------------------------------------------------------------------- */

/*
 * Begins to open `url`, in place of whatever is being opened. When it is open it becomes the
 * source, and the recording ends, as the next one has other streams. NULL: too much is being done.
 */
bc_work *bc_live_open_input(bc_live *live, const char *url);
/* Gives up what is being opened; false: nothing is. */
bool bc_live_give_up_input(bc_live *live);

#endif
