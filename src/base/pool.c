#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/params.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define RELAX() _mm_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ volatile("yield")
#else
#define RELAX() ((void)0)
#endif

/* Longer than the ordered reduction between two layers, shorter than anyone would notice. */
enum { SPIN_NS = 100000, CLOCK_EVERY = 256 };

typedef struct worker {
    bc_pool *pool;
    int index;
    pthread_t thread;
} worker;

/*
 * A run is done when its jobs are: nobody waits for a thread that the system has not woken yet, or
 * has set aside for another program's or codec's. Such a thread may still look at the pool later:
 * a ticket is taken by comparing all of it, and while it has jobs left to give the run's fields
 * stand.
 */
struct bc_executor {
    bc_executor_params host; /* run NULL: the threads are the pool's own */
    pthread_mutex_t turn;    /* of those who want to run something */
    pthread_mutex_t lock;
    pthread_cond_t wake;     /* a new run, or the end: the workers wait for it */
    pthread_cond_t done;     /* the last job is done: the caller waits for it */
    _Atomic uint64_t ticket; /* number of the run << 32 | jobs that nobody has taken */
    atomic_int n_unfinished; /* jobs, taken or not */
    atomic_bool ending;
    bc_pool_fn *_Atomic fn;
    void *_Atomic arg;
    atomic_int n_jobs;
    int n_threads, n_started;
    worker *workers; /* [n_threads - 1] */
};

static int jobs_left(uint64_t ticket)
{
    return (int)(uint32_t)ticket;
}

static void end_job(bc_pool *pool)
{
    if (atomic_fetch_sub(&pool->n_unfinished, 1) != 1)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
}

static void take_jobs(bc_pool *pool, int thread)
{
    uint64_t ticket = atomic_load(&pool->ticket);
    while (jobs_left(ticket) > 0) {
        bc_pool_fn *fn = atomic_load(&pool->fn);
        void *arg = atomic_load(&pool->arg);
        const int job = atomic_load(&pool->n_jobs) - jobs_left(ticket);
        if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket - 1))
            continue;
        fn(arg, job, thread);
        end_job(pool);
        ticket = atomic_load(&pool->ticket);
    }
}

typedef bool condition(bc_pool *pool);

static bool is_there_work(bc_pool *pool)
{
    return jobs_left(atomic_load(&pool->ticket)) > 0 || atomic_load(&pool->ending);
}

static bool is_all_done(bc_pool *pool)
{
    return atomic_load(&pool->n_unfinished) == 0;
}

static void wait_until(bc_pool *pool, condition *is_met, pthread_cond_t *signal)
{
    const int64_t give_up = bc_clock_ns() + SPIN_NS;
    for (int i = 1; i % CLOCK_EVERY != 0 || bc_clock_ns() < give_up; i++) {
        if (is_met(pool))
            return;
        RELAX();
    }
    pthread_mutex_lock(&pool->lock);
    while (!is_met(pool))
        pthread_cond_wait(signal, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *arg)
{
    worker *self = arg;
    bc_pool *pool = self->pool;
    for (;;) {
        wait_until(pool, is_there_work, &pool->wake);
        if (atomic_load(&pool->ending))
            return NULL;
        take_jobs(pool, self->index);
    }
}

static bool start_workers(bc_pool *pool, const char *name)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, BC_POOL_STACK_BYTES);
    for (int i = 0; i < pool->n_threads - 1; i++) {
        worker *w = &pool->workers[i];
        *w = (worker){.pool = pool, .index = i + 1};
        if (pthread_create(&w->thread, &attributes, work, w) != 0)
            break;
        pthread_setname_np(w->thread, name);
        pool->n_started++;
    }
    pthread_attr_destroy(&attributes);
    return pool->n_started == pool->n_threads - 1;
}

static bc_pool *make_pool(int n_threads)
{
    bc_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return NULL;
    pthread_mutex_init(&pool->turn, NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->n_threads = n_threads;
    return pool;
}

bc_status bc_pool_open(bc_pool **pool_out, int n_threads, const char *name, const bc_log *log)
{
    assert(n_threads >= 1);
    *pool_out = NULL;
    bc_pool *pool = make_pool(n_threads);
    if (!pool)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a pool of threads");
    pool->workers = calloc((size_t)n_threads, sizeof(*pool->workers));
    if (!pool->workers || !start_workers(pool, name)) {
        bc_pool_close(&pool);
        return bc_fail(log, BC_ERR_MEMORY, "cannot start %d threads", n_threads);
    }
    *pool_out = pool;
    return BC_OK;
}

void bc_pool_close(bc_pool **pool_in)
{
    if (!pool_in || !*pool_in)
        return;
    bc_pool *pool = *pool_in;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->ending, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->turn);
    free(pool->workers);
    free(pool);
    *pool_in = NULL;
}

int bc_pool_threads(const bc_pool *pool)
{
    return pool->n_threads;
}

bc_status bc_executor_open(bc_executor **executor, const bc_executor_params *params)
{
    bc_executor_params p;
    if (executor)
        *executor = NULL;
    if (!executor || !params)
        return BC_ERR_ARGUMENT;
    bc_params_copy(&p, sizeof(p), sizeof(p), params);
    *executor = NULL;
    if (p.n_threads < 0 || p.n_threads > BC_MAX_THREADS)
        return bc_fail(&p.log, BC_ERR_ARGUMENT, "an executor of %d threads: out of range",
                       p.n_threads);
    const int n_threads = p.n_threads > 0 ? p.n_threads : bc_cpu_count();
    if (!p.run)
        return bc_pool_open(executor, n_threads < BC_MAX_THREADS ? n_threads : BC_MAX_THREADS,
                            "brushcast", &p.log);
    *executor = make_pool(n_threads);
    if (!*executor)
        return bc_fail(&p.log, BC_ERR_MEMORY, "no memory for an executor");
    (*executor)->host = p;
    return BC_OK;
}

void bc_executor_close(bc_executor **executor)
{
    bc_pool_close(executor);
}

static void run_on_own(bc_pool *pool, bc_pool_fn *fn, void *arg, int n_jobs)
{
    const uint64_t run = (atomic_load(&pool->ticket) >> 32) + 1;
    atomic_store(&pool->fn, fn);
    atomic_store(&pool->arg, arg);
    atomic_store(&pool->n_jobs, n_jobs);
    atomic_store(&pool->n_unfinished, n_jobs);
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->ticket, run << 32 | (uint32_t)n_jobs);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    take_jobs(pool, 0);
    wait_until(pool, is_all_done, &pool->done);
}

void bc_pool_run(bc_pool *pool, bc_pool_fn *fn, void *arg, int n_jobs)
{
    pthread_mutex_lock(&pool->turn);
    if (pool->host.run)
        pool->host.run(pool->host.cookie, fn, arg, n_jobs);
    else
        run_on_own(pool, fn, arg, n_jobs);
    pthread_mutex_unlock(&pool->turn);
}
