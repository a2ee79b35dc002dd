/*
 * client.h (private to control.c): one program at the other end of the control socket, and the
 * thread that answers it.
 */
#ifndef BC_LIVE_CLIENT_H
#define BC_LIVE_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "live/control.h"

enum { BC_CLIENT_LINE = 8192 }; /* bytes of a line, its newline included */

typedef struct bc_client {
    bc_control_fn *answer;
    void *cookie;
    pthread_t thread;
    bool is_there; /* there is a thread, which has to be joined */

    pthread_mutex_t lock; /* of all that follows */
    int fd;
    bool is_answering, has_ended;
    int64_t answered_ns; /* its last line */

    /* The thread's own. */
    bool is_skipping; /* the rest of a line that was too long */
    size_t n_bytes;   /* of the line so far */
    char line[BC_CLIENT_LINE];
} bc_client;

void bc_client_init(bc_client *client, bc_control_fn *answer, void *cookie);

/* Takes the connection; false, and the caller's still, if there is no thread. */
bool bc_client_start(bc_client *client, int fd);

/* Since when it has been silent; INT64_MAX while it is being answered. */
int64_t bc_client_silent_since(bc_client *client);
bool bc_client_has_ended(bc_client *client);

/* Hangs up and waits for the thread; false, and nothing is done, if that would mean to wait for an
 * answer and must not: `is_forced` is false. */
bool bc_client_stop(bc_client *client, bool is_forced);

/* False if the other end does not take it within some seconds. */
bool bc_client_send(int fd, const char *text);

#endif
