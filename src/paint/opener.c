#include "paint/opener.h"

#include "base/cpu.h"
#include "base/log.h"
#include "model/model.h"

static bc_status open_session(const bc_opener *opener, bc_opened *o)
{
    bc_session_params params = opener->params;
    params.width = o->width;
    params.height = o->height;
    params.max_blend = o->max_blend;
    return bc_session_open(&o->session, o->model, &params);
}

/* The same without a session. */
static bc_opened order_like(const bc_opened *wanted)
{
    bc_opened o = *wanted;
    o.session = NULL;
    o.model = bc_model_ref(wanted->model);
    return o;
}

static void close_opened(bc_opened *o)
{
    bc_session_close(&o->session);
    bc_model_close(&o->model);
    *o = (bc_opened){0};
}

bool bc_opened_fits(const bc_opened *opened, const bc_opened *wanted)
{
    return opened->model == wanted->model && opened->width == wanted->width &&
           opened->height == wanted->height && opened->max_blend >= wanted->max_blend;
}

/* The thread ------------------------------------------------------------------------------- */

/* With the lock held, but not while it works. */
static void close_waste(bc_opener *opener)
{
    bc_opened waste = opener->waste;
    opener->waste = (bc_opened){0};
    pthread_mutex_unlock(&opener->lock);
    close_opened(&waste);
    pthread_mutex_lock(&opener->lock);
}

static void open_wanted(bc_opener *opener)
{
    bc_opened next = opener->wanted;
    opener->wanted = (bc_opened){0};
    pthread_mutex_unlock(&opener->lock);
    const bc_status status = open_session(opener, &next);
    pthread_mutex_lock(&opener->lock);
    opener->is_wanted = false;
    opener->is_ready = status == BC_OK;
    bc_opened *place = opener->is_ready ? &opener->ready : &opener->refused;
    close_opened(place);
    *place = next;
}

static void *run(void *arg)
{
    bc_opener *opener = arg;
    bc_cpu_give_way(); /* to the session that paints meanwhile */
    pthread_mutex_lock(&opener->lock);
    while (!opener->must_stop) {
        if (opener->waste.session)
            close_waste(opener);
        else if (opener->is_wanted)
            open_wanted(opener);
        else
            pthread_cond_wait(&opener->changed, &opener->lock);
    }
    pthread_mutex_unlock(&opener->lock);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

void bc_opener_init(bc_opener *opener, const bc_session_params *params, bool in_background)
{
    *opener = (bc_opener){.params = *params, .in_background = in_background};
    pthread_mutex_init(&opener->lock, NULL);
    pthread_cond_init(&opener->changed, NULL);
}

void bc_opener_close(bc_opener *opener)
{
    pthread_mutex_lock(&opener->lock);
    opener->must_stop = true;
    pthread_cond_signal(&opener->changed);
    pthread_mutex_unlock(&opener->lock);
    if (opener->is_running)
        pthread_join(opener->thread, NULL);
    pthread_cond_destroy(&opener->changed);
    pthread_mutex_destroy(&opener->lock);
    close_opened(&opener->current);
    close_opened(&opener->wanted);
    close_opened(&opener->ready);
    close_opened(&opener->waste);
    close_opened(&opener->refused);
}

/* Choosing --------------------------------------------------------------------------------- */

static bc_status open_now(bc_opener *opener, const bc_opened *wanted)
{
    close_opened(&opener->current);
    opener->current = order_like(wanted);
    const bc_status status = open_session(opener, &opener->current);
    if (status < 0)
        close_opened(&opener->current);
    return status;
}

static bool take_ready(bc_opener *opener)
{
    if (!opener->is_ready || opener->waste.session)
        return false;
    opener->waste = opener->current;
    opener->current = opener->ready;
    opener->ready = (bc_opened){0};
    opener->is_ready = false;
    pthread_cond_signal(&opener->changed);
    return true;
}

static void order(bc_opener *opener, const bc_opened *wanted)
{
    if (bc_opened_fits(&opener->refused, wanted) || opener->is_wanted || opener->is_ready)
        return;
    if (!opener->is_running)
        opener->is_running = pthread_create(&opener->thread, NULL, run, opener) == 0;
    if (opener->is_running) {
        opener->wanted = order_like(wanted);
        opener->is_wanted = true;
        pthread_cond_signal(&opener->changed);
        return;
    }
    close_opened(&opener->refused);
    opener->refused = order_like(wanted);
    bc_log_write(&opener->params.log, BC_LOG_ERROR, "painter: no thread to open a session on");
}

bc_status bc_opener_choose(bc_opener *opener, const bc_opened *wanted, bool *is_new)
{
    *is_new = !opener->current.session;
    if (!opener->current.session || !opener->in_background) {
        *is_new |= !bc_opened_fits(&opener->current, wanted);
        return *is_new ? open_now(opener, wanted) : BC_OK;
    }
    pthread_mutex_lock(&opener->lock);
    *is_new = take_ready(opener);
    if (!bc_opened_fits(&opener->current, wanted))
        order(opener, wanted);
    pthread_mutex_unlock(&opener->lock);
    return BC_OK;
}
