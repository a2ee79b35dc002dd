/*
 * control.h: a Unix socket on which other programs give commands: each line gets one line back.
 * Several may be connected at once. The socket is its owner's only (mode 0600).
 */
#ifndef BC_LIVE_CONTROL_H
#define BC_LIVE_CONTROL_H

#include "brushcast.h"

typedef struct bc_control bc_control;

/* Answers a command, without its newline; the answer, without one too, is freed by control. */
typedef char *bc_control_fn(void *cookie, const char *line);

/*
 * Listens at `path`; a socket there that nobody listens on is replaced, anything else is an error.
 * `answer` is called on a thread of control's own.
 */
bc_status bc_control_open(bc_control **control, const char *path, bc_control_fn *answer,
                          void *cookie, const bc_log *log);
void bc_control_close(bc_control **control);

#endif
