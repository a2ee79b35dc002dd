/*
 * workshop.h: sessions for a live picture. One paints; while another size or net is wanted the next
 * one is opened on a thread of its own and taken between two frames, so that no frame waits for it.
 *
 * Threads: one at a time.
 */
#ifndef BC_PAINT_WORKSHOP_H
#define BC_PAINT_WORKSHOP_H

#include <pthread.h>

#include "paint/blend.h"

/* A session, what it was opened for, and what it paints. */
typedef struct bc_easel {
    bc_session *session;
    const bc_model *model;
    const char *net; /* its name */
    int width, height;
    bc_blend blend;
} bc_easel;

typedef struct bc_workshop_params {
    int n_threads; /* of a session */
    bc_precision precision;
    bc_log log;
} bc_workshop_params;

typedef struct bc_workshop {
    bc_workshop_params params;
    pthread_t thread;
    bool is_running;
    bc_easel current; /* the caller's: session NULL before the first bc_workshop_choose */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool must_stop;
    bool is_wanted, is_ready; /* never both */
    bc_easel wanted, ready;
    bc_easel waste;   /* to be closed */
    bc_easel refused; /* could not be opened: not asked for again */
} bc_workshop;

bc_status bc_workshop_open(bc_workshop *shop, const bc_workshop_params *params);
/* Takes {0}. */
void bc_workshop_close(bc_workshop *shop);

/* For the same net and size. */
bool bc_easel_is_same(const bc_easel *a, const bc_easel *b);

/*
 * Makes a finished session the current one, and orders one like `wanted`, which has none, if that
 * is another. The first one is waited for.
 */
bc_status bc_workshop_choose(bc_workshop *shop, const bc_easel *wanted);

/* Another session is on its way. */
bool bc_workshop_is_pending(bc_workshop *shop);

#endif
