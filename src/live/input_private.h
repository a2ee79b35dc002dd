/*
 * input_private.h (private): an input's state: input.c opens and closes it and answers the other
 * threads, input_run.c is its own thread.
 */
#ifndef BC_LIVE_INPUT_PRIVATE_H
#define BC_LIVE_INPUT_PRIVATE_H

#include "live/feed.h"
#include "live/input.h"

struct bc_live_input {
    bc_live_input_params params;
    char *url;
    bc_reason reason; /* of what is said about it */
    pthread_t thread;
    bool is_running;
    bc_pacer *pacer;
    bc_feed feed;
    atomic_int must_interrupt; /* stops the reader: a seek or the end */
    atomic_bool is_closing;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool is_settled; /* it is open, or it has failed: state.status */
    bool is_given_up, is_started;
    bc_live_input_state state;
    int64_t seek_us;    /* -1: none is wanted */
    int64_t starved_ns; /* since when the reader gives nothing; 0: it is not asked to */

    /* The thread's own. */
    bool has_ended;             /* the reader has no more */
    int64_t started_ns;         /* to read */
    int64_t judged_ns, idle_ns; /* when it was judged, and how long it has had to wait since */
    int n_busy;                 /* judgements that it keeps the reader waiting */
};

/* The input's thread; `source` is the bc_live_input. */
void *bc_live_input_run(void *source);

/* The program or the input ends. */
static inline bool bc_live_input_must_stop(const bc_live_input *source)
{
    return atomic_load(source->params.stop) != 0 || atomic_load(&source->is_closing);
}

#endif
