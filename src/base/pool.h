/*
 * pool.h: a fixed set of threads that run numbered jobs.
 *
 * Jobs are handed out by one atomic increment, the caller works too, and each job learns the index
 * of the thread it runs on, so that scratch memory can be one block for each thread. Which thread
 * runs a job is not determined: a job must not let it show in its result.
 * Between two runs the threads spin for some microseconds, since a frame is a chain of runs, and
 * then sleep.
 *
 * A pool is what brushcast.h calls a bc_executor; its threads may be a host's.
 */
#ifndef BC_BASE_POOL_H
#define BC_BASE_POOL_H

#include "brushcast.h"

/* Of each thread but the caller's. */
enum { BC_POOL_STACK_BYTES = 512 << 10 };

typedef struct bc_executor bc_pool;
typedef bc_job_fn bc_pool_fn;

/* Starts n_threads - 1 threads named `name`; n_threads >= 1. */
bc_status bc_pool_open(bc_pool **pool, int n_threads, const char *name, const bc_log *log);
void bc_pool_close(bc_pool **pool);
int bc_pool_threads(const bc_pool *pool);

/* Runs `fn` for all jobs and returns when the last is done. Threads: any; one run waits for
 * another. */
void bc_pool_run(bc_pool *pool, bc_pool_fn *fn, void *arg, int n_jobs);

#endif
