#include "paint/workshop.h"

#include "base/log.h"

static bc_status open_easel(const bc_workshop *shop, bc_easel *e)
{
    const bc_session_params params = {.width = e->width,
                                      .height = e->height,
                                      .n_threads = shop->params.n_threads,
                                      .max_blend = 4,
                                      .precision = shop->params.precision,
                                      .stats = BC_STATS_STREAM,
                                      .log = shop->params.log};
    return bc_session_open(&e->session, e->model, &params);
}

bool bc_easel_is_same(const bc_easel *a, const bc_easel *b)
{
    return a->model == b->model && a->width == b->width && a->height == b->height;
}

/* The thread ------------------------------------------------------------------------------- */

/* With the lock held, but not while it works. */
static void close_waste(bc_workshop *shop)
{
    bc_easel waste = shop->waste;
    shop->waste = (bc_easel){0};
    pthread_mutex_unlock(&shop->lock);
    bc_session_close(&waste.session);
    pthread_mutex_lock(&shop->lock);
}

static void open_wanted(bc_workshop *shop)
{
    bc_easel next = shop->wanted;
    pthread_mutex_unlock(&shop->lock);
    const bc_status status = open_easel(shop, &next);
    pthread_mutex_lock(&shop->lock);
    shop->is_wanted = false;
    shop->is_ready = status == BC_OK;
    *(shop->is_ready ? &shop->ready : &shop->refused) = next;
}

static void *run(void *arg)
{
    bc_workshop *shop = arg;
    pthread_mutex_lock(&shop->lock);
    while (!shop->must_stop) {
        if (shop->waste.session)
            close_waste(shop);
        else if (shop->is_wanted)
            open_wanted(shop);
        else
            pthread_cond_wait(&shop->changed, &shop->lock);
    }
    pthread_mutex_unlock(&shop->lock);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

bc_status bc_workshop_open(bc_workshop *shop, const bc_workshop_params *params)
{
    *shop = (bc_workshop){.params = *params};
    pthread_mutex_init(&shop->lock, NULL);
    pthread_cond_init(&shop->changed, NULL);
    shop->is_running = pthread_create(&shop->thread, NULL, run, shop) == 0;
    if (shop->is_running)
        return BC_OK;
    pthread_cond_destroy(&shop->changed);
    pthread_mutex_destroy(&shop->lock);
    return bc_fail(&params->log, BC_ERR_MEMORY, "workshop: no thread");
}

void bc_workshop_close(bc_workshop *shop)
{
    if (!shop->is_running)
        return;
    pthread_mutex_lock(&shop->lock);
    shop->must_stop = true;
    pthread_cond_signal(&shop->changed);
    pthread_mutex_unlock(&shop->lock);
    pthread_join(shop->thread, NULL);
    pthread_cond_destroy(&shop->changed);
    pthread_mutex_destroy(&shop->lock);
    bc_session_close(&shop->current.session);
    bc_session_close(&shop->waste.session);
    if (shop->is_ready)
        bc_session_close(&shop->ready.session);
    *shop = (bc_workshop){0};
}

/* Choosing --------------------------------------------------------------------------------- */

bc_status bc_workshop_choose(bc_workshop *shop, const bc_easel *wanted)
{
    if (!shop->current.session) {
        shop->current = *wanted;
        return open_easel(shop, &shop->current);
    }
    pthread_mutex_lock(&shop->lock);
    if (shop->is_ready && !shop->waste.session) {
        shop->waste = shop->current;
        shop->current = shop->ready;
        shop->is_ready = false;
        pthread_cond_signal(&shop->changed);
    }
    if (!bc_easel_is_same(&shop->current, wanted) && !bc_easel_is_same(&shop->refused, wanted) &&
        !shop->is_wanted && !shop->is_ready) {
        shop->wanted = *wanted;
        shop->is_wanted = true;
        pthread_cond_signal(&shop->changed);
    }
    pthread_mutex_unlock(&shop->lock);
    return BC_OK;
}

bool bc_workshop_is_pending(bc_workshop *shop)
{
    pthread_mutex_lock(&shop->lock);
    const bool is_pending = shop->is_wanted || shop->is_ready;
    pthread_mutex_unlock(&shop->lock);
    return is_pending;
}
