/*
 * reason.h: a log in front of another one: it passes each line on once, however often it is said,
 * and remembers the first error, which is the reason that whoever asked is told. Threads: any.
 */
#ifndef BC_LIVE_REASON_H
#define BC_LIVE_REASON_H

#include <pthread.h>

#include "brushcast.h"

enum { BC_REASON_SIZE = 512, BC_REASON_LINES = 16 };

typedef struct bc_reason {
    bc_log next;
    pthread_mutex_t lock;
    char text[BC_REASON_SIZE];
    uint64_t passed[BC_REASON_LINES]; /* what was passed on last, by its hash; a ring */
    unsigned n_passed;
} bc_reason;

void bc_reason_init(bc_reason *reason, const bc_log *next);
void bc_reason_free(bc_reason *reason);

/* The log; the reason must outlive it. */
bc_log bc_reason_log(bc_reason *reason);
/* Copies the first error, or "" where nothing has failed. */
void bc_reason_get(bc_reason *reason, char text[BC_REASON_SIZE]);

#endif
