/*
 * opener.h: opens the sessions of a painter. One paints; where another size, net or number of
 * styles is wanted, the next one is opened at once, or on a thread of its own and taken between two
 * frames, so that no frame waits for it.
 *
 * Threads: one at a time.
 */
#ifndef BC_PAINT_OPENER_H
#define BC_PAINT_OPENER_H

#include <pthread.h>

#include "brushcast.h"

/* A session and what it was opened for. */
typedef struct bc_opened {
    bc_session *session;
    bc_model *model; /* the opener's own to close; of `wanted` in bc_opener_choose the caller's */
    int width, height, max_blend;
} bc_opened;

typedef struct bc_opener {
    bc_session_params params; /* of all sessions; the sizes and max_blend are each one's own */
    bool in_background;
    bool is_running; /* the thread; it is started with the second session */
    pthread_t thread;
    bc_opened current; /* the caller's: session NULL before the first bc_opener_choose */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool must_stop;
    bool is_wanted, is_ready; /* never both */
    bc_opened wanted, ready;
    bc_opened waste;   /* to be closed */
    bc_opened refused; /* could not be opened: not asked for again */
} bc_opener;

/* Of `params` the log, executor, precision, statistics and tier count. */
void bc_opener_init(bc_opener *opener, const bc_session_params *params, bool in_background);
void bc_opener_close(bc_opener *opener);

/* `opened` paints with the net and size of `wanted`, and has room for as many styles. */
bool bc_opened_fits(const bc_opened *opened, const bc_opened *wanted);

/*
 * Makes a session like `wanted`, whose own is NULL, the current one. In the background: makes one
 * that is ready the current one, and orders one like `wanted` if it is another; the first is waited
 * for. Fails as bc_session_open, and then there is no current one, but not for those that are
 * opened in the background. `is_new`: the current one is another than before.
 */
bc_status bc_opener_choose(bc_opener *opener, const bc_opened *wanted, bool *is_new);

#endif
