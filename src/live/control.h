/*
 * control.h: a Unix socket on which other programs give commands: each line gets one line back, an
 * empty one too, one that is too long, and a last one without its newline. The socket is its
 * owner's only (mode 0600).
 *
 * Several may be connected at once, each with a thread of its own, so that one whose command takes
 * long, or who does not read its answers, keeps nobody waiting. Where there are too many, whoever
 * has been silent for the longest is hung up on; if all are at work, the new one is refused.
 */
#ifndef BC_LIVE_CONTROL_H
#define BC_LIVE_CONTROL_H

#include "brushcast.h"

typedef struct bc_control bc_control;

/*
 * Answers a command, without its newline; the answer, without one too, is freed by control. Called
 * from several threads at once.
 */
typedef char *bc_control_fn(void *cookie, const char *line);

/* Listens at `path`; a socket there that nobody listens on is replaced, anything else is an error.
 */
bc_status bc_control_open(bc_control **control, const char *path, bc_control_fn *answer,
                          void *cookie, const bc_log *log);
/* Waits for the answers that are being made. */
void bc_control_close(bc_control **control);

#endif
