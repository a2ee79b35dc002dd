/*
 * work.h: what takes long and a command only begins: an input that is opened, a file that is begun,
 * finished or written. Each piece of work runs on a thread of its own, without the program's lock,
 * so that the window goes on; whoever asked may wait for the result.
 *
 * Threads: any.
 */
#ifndef BC_LIVE_WORK_H
#define BC_LIVE_WORK_H

#include "live/reason.h"

enum { BC_MAX_WORK = 24, BC_WORK_FILE = 1024, BC_WORK_STYLE = 256 };

typedef struct bc_work_result {
    bc_status status;
    char file[BC_WORK_FILE];     /* that was written, or "" */
    char style[BC_WORK_STYLE];   /* that was added, or "" */
    char reason[BC_REASON_SIZE]; /* why it failed, or "" */
} bc_work_result;

/* Fills in the result, which is all 0 at first; `arg` is its own to free. */
typedef void bc_work_fn(void *cookie, void *arg, bc_work_result *result);

typedef struct bc_workers bc_workers; /* all work of a program */
typedef struct bc_work bc_work;       /* one piece, until somebody has its result */

/* `cookie` is given to all work. */
bc_status bc_workers_open(bc_workers **workers, void *cookie, const bc_log *log);
/* Waits for all work. */
void bc_workers_close(bc_workers **workers);

/*
 * Begins. The result is to be given to bc_work_wait or bc_work_forget. NULL, and `arg` is still the
 * caller's, if too much is being done already.
 */
bc_work *bc_work_begin(bc_workers *workers, bc_work_fn *run, void *arg);
/* Waits for the end, and frees the work. */
bc_work_result bc_work_wait(bc_work *work);
/* Nobody waits: it is freed when it has ended. */
void bc_work_forget(bc_work *work);

#endif
