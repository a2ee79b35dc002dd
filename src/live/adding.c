#include "live/adding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    char *path;
    int number; /* of those that were asked for */
} request;

/* False: the net has got another style since it was held, which this model has not. */
static bool take(bc_live *live, const request *r, const bc_nets *held, int net, int style,
                 bc_model **extended, bc_work_result *result)
{
    pthread_mutex_lock(&live->lock);
    const bool is_taken = bc_nets_replace(live->nets, net, held->models[net], extended);
    if (is_taken) {
        const bc_style_info info = bc_model_style(bc_nets_model(live->nets, net), style);
        snprintf(result->style, sizeof(result->style), "%s", info.name);
        if (r->number == live->n_adds)
            bc_live_set_style(live, net, style);
    }
    pthread_mutex_unlock(&live->lock);
    return is_taken;
}

/* Nobody waits for the file but who has asked for it: it is read without the lock. */
static bc_status read_style(bc_live *live, const request *r, const bc_log *log,
                            bc_work_result *result)
{
    bool is_taken = false;
    bc_status status = BC_OK;
    while (status == BC_OK && !is_taken) {
        bc_model *extended;
        pthread_mutex_lock(&live->lock);
        bc_nets held = bc_nets_hold(live->nets);
        int net = live->settings.net, style;
        pthread_mutex_unlock(&live->lock);
        status = bc_nets_read_style(&held, r->path, &net, &style, &extended, log);
        is_taken = status == BC_OK && take(live, r, &held, net, style, &extended, result);
        bc_model_close(&extended); /* what it has replaced, or what came too late */
        bc_nets_close(&held);
    }
    return status;
}

static void add(void *cookie, void *arg, bc_work_result *result)
{
    bc_live *live = cookie;
    request *r = arg;
    bc_reason reason;
    bc_reason_init(&reason, &live->params.log);
    const bc_log log = bc_reason_log(&reason);
    result->status = read_style(live, r, &log, result);
    bc_reason_get(&reason, result->reason);
    bc_reason_free(&reason);
    if (result->status < 0) {
        const char *slash = strrchr(r->path, '/');
        pthread_mutex_lock(&live->lock);
        bc_live_say_error(live, result->reason, "Cannot add %s", slash ? slash + 1 : r->path);
        pthread_mutex_unlock(&live->lock);
    }
    free(r->path);
    free(r);
}

bc_work *bc_live_add_style(bc_live *live, const char *path)
{
    request *r = calloc(1, sizeof(*r));
    if (r)
        *r = (request){strdup(path), live->n_adds + 1};
    bc_work *work = r && r->path ? bc_work_begin(live->workers, add, r) : NULL;
    if (work) {
        live->n_adds++;
    } else if (r) {
        free(r->path);
        free(r);
    }
    return work;
}
