#include "live/work.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"

struct bc_workers {
    void *cookie;
    pthread_mutex_t lock; /* of all that follows, and of all work */
    pthread_cond_t changed;
    int n_running;
};

struct bc_work {
    bc_workers *workers;
    bc_work_fn *run;
    void *arg;
    bc_work_result result;
    bool has_ended, is_forgotten;
};

bc_status bc_workers_open(bc_workers **workers_out, void *cookie, const bc_log *log)
{
    bc_workers *workers = *workers_out = calloc(1, sizeof(*workers));
    if (!workers)
        return bc_fail(log, BC_ERR_MEMORY, "work: out of memory");
    workers->cookie = cookie;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->changed, NULL);
    return BC_OK;
}

void bc_workers_close(bc_workers **workers_in)
{
    bc_workers *workers = workers_in ? *workers_in : NULL;
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    while (workers->n_running > 0)
        pthread_cond_wait(&workers->changed, &workers->lock);
    pthread_mutex_unlock(&workers->lock);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
    *workers_in = NULL;
}

static void *run(void *arg)
{
    bc_work *work = arg;
    bc_workers *workers = work->workers;
    work->run(workers->cookie, work->arg, &work->result);
    pthread_mutex_lock(&workers->lock);
    work->has_ended = true;
    workers->n_running--;
    if (work->is_forgotten)
        free(work);
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static bool start_thread(bc_work *work)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const int error = pthread_create(&thread, &attributes, run, work);
    pthread_attr_destroy(&attributes);
    return error == 0;
}

bc_work *bc_work_begin(bc_workers *workers, bc_work_fn *fn, void *arg)
{
    bc_work *work = calloc(1, sizeof(*work));
    if (!work)
        return NULL;
    *work = (bc_work){.workers = workers, .run = fn, .arg = arg};
    pthread_mutex_lock(&workers->lock);
    const bool is_begun = workers->n_running < BC_MAX_WORK && start_thread(work);
    workers->n_running += is_begun;
    pthread_mutex_unlock(&workers->lock);
    if (is_begun)
        return work;
    free(work);
    return NULL;
}

bc_work_result bc_work_wait(bc_work *work)
{
    bc_workers *workers = work->workers;
    pthread_mutex_lock(&workers->lock);
    while (!work->has_ended)
        pthread_cond_wait(&workers->changed, &workers->lock);
    const bc_work_result result = work->result;
    pthread_mutex_unlock(&workers->lock);
    free(work);
    return result;
}

void bc_work_forget(bc_work *work)
{
    bc_workers *workers = work->workers;
    pthread_mutex_lock(&workers->lock);
    const bool has_ended = work->has_ended;
    work->is_forgotten = true;
    pthread_mutex_unlock(&workers->lock);
    if (has_ended)
        free(work);
}
