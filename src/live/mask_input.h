/*
 * mask_input.h: a second video, whose light says where the picture is painted: a file, read on a
 * thread of its own beside the picture, each frame for the picture of the same time; or a device or
 * stream, of which the newest counts. Threads: any.
 */
#ifndef BC_LIVE_MASK_INPUT_H
#define BC_LIVE_MASK_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "frame/frame.h"

typedef struct bc_mask_input bc_mask_input;

/* Fails as bc_reader_open does. `log` hears of errors later on too, and of the end of a stream.
 * `stop`, where it becomes other than 0, ends all waiting. */
bc_status bc_mask_input_open(bc_mask_input **mask, const char *url, atomic_int *stop,
                             const bc_log *log);
void bc_mask_input_close(bc_mask_input **mask);

/*
 * The mask of the picture at `position_us` of its own file: the last one that is not later, or the
 * last of all. The caller's; NULL: a device has given none yet. Waits a tenth of a second at most
 * for one that is still to be read: then it is the one before, or NULL, and `is_late`.
 */
bc_frame *bc_mask_input_take(bc_mask_input *mask, int64_t position_us, bool *is_late);

#endif
