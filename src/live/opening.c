#include "live/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/recording.h"

/* Frames of the input before may still be on their way. */
static const int64_t under_way_us = 200000;

static void on_packet(void *cookie, const bc_live_input *source, const bc_packet *packet)
{
    bc_live *live = cookie;
    pthread_mutex_lock(&live->lock);
    bc_outputs_packet(&live->outputs, source, packet);
    pthread_mutex_unlock(&live->lock);
}

static bc_status open_input(bc_live *live, bc_live_input **input, const char *url, bool is_first)
{
    const bc_live_params *p = &live->params;
    const bool is_looped =
        is_first ? p->is_looped : bc_live_input_get_state(live->source).is_looped;
    return bc_live_input_open(input,
                              &(bc_live_input_params){.url = url,
                                                      .format = is_first ? p->format : NULL,
                                                      .options = is_first ? p->options : NULL,
                                                      .is_camera = is_first && p->is_camera,
                                                      .is_looped = is_looped,
                                                      .start_us = is_first ? p->start_us : 0,
                                                      .n_threads = p->n_threads,
                                                      .frames = live->captured,
                                                      .plays_sound = !p->no_window && !p->is_silent,
                                                      .on_packet = on_packet,
                                                      .cookie = live,
                                                      .stop = p->stop,
                                                      .log = p->log});
}

bc_status bc_live_open_first_input(bc_live *live)
{
    const bc_status status = open_input(live, &live->source, live->params.input, true);
    return status == BC_OK ? bc_live_input_wait(live->source) : status;
}

/* Another one ------------------------------------------------------------------------------ */

static const char *short_name(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash && slash[1] ? slash + 1 : url;
}

/* An input that is to become the source. */
typedef struct request {
    char *url;
    bc_live_input *next; /* NULL: it could not even be begun, as `status` says */
    bc_status status;
} request;

static void free_request(request *r)
{
    bc_live_input_close(&r->next);
    free(r->url);
    free(r);
}

/* With the lock held, by whoever asks: so the last who has asked wins. */
static void begin_to_open(bc_live *live, request *r)
{
    if (live->opening)
        bc_live_input_give_up(live->opening);
    r->status = open_input(live, &r->next, r->url, false);
    live->opening = r->next;
    snprintf(live->opening_name, sizeof(live->opening_name), "%s", short_name(r->url));
}

/* Waits until it is open. */
static bc_status wait_for(bc_live *live, const request *r)
{
    pthread_mutex_lock(&live->lock); /* whoever asks still has it until the opening is begun */
    const bc_status status = r->status;
    pthread_mutex_unlock(&live->lock);
    return status == BC_OK ? bc_live_input_wait(r->next) : status;
}

/* Makes `next` the source; the one before is the caller's to close. NULL: it was given up. */
static bc_live_input *change_source(bc_live *live, bc_live_input *next, bc_work **finishing)
{
    bc_live_input *old = NULL;
    pthread_mutex_lock(&live->lock);
    if (live->opening == next && atomic_load(live->params.stop) == 0) {
        if (live->outputs.recording)
            *finishing = bc_live_stop_recording(live);
        old = live->source;
        live->source = next;
        live->opening = NULL;
        bc_outputs_follow(&live->outputs, next);
        live->is_paused = false;
        bc_live_settings_changed(live);
    }
    pthread_mutex_unlock(&live->lock);
    return old;
}

/* The old one has the speaker until it is closed. */
static void start(bc_live *live, const request *r, bc_live_input *old)
{
    bc_live_input_close(&old);
    pthread_mutex_lock(&live->lock);
    bc_live_input_start(r->next, live->outputs.line_us + under_way_us);
    bc_live_say(live, "", "%s", short_name(r->url));
    pthread_mutex_unlock(&live->lock);
}

/* One request at a time: the next one would close an input that is still to be started. */
static bc_status take_over(bc_live *live, const request *r)
{
    bc_work *finishing = NULL;
    pthread_mutex_lock(&live->source_lock);
    bc_live_input *old = change_source(live, r->next, &finishing);
    if (old)
        start(live, r, old);
    pthread_mutex_unlock(&live->source_lock);
    if (finishing)
        bc_work_forget(finishing);
    return old ? BC_OK : BC_ERR_INTERRUPTED;
}

static void say_failure(bc_live *live, const request *r, const bc_work_result *result)
{
    pthread_mutex_lock(&live->lock);
    if (live->opening == r->next)
        live->opening = NULL;
    if (result->status != BC_ERR_INTERRUPTED)
        bc_live_say_error(live, result->reason, "Cannot open %s", short_name(r->url));
    pthread_mutex_unlock(&live->lock);
}

static void open_next(void *cookie, void *arg, bc_work_result *result)
{
    bc_live *live = cookie;
    request *r = arg;
    result->status = wait_for(live, r);
    if (result->status == BC_OK)
        result->status = take_over(live, r);
    if (result->status == BC_OK) {
        r->next = NULL; /* the program's from now on */
    } else {
        if (r->next)
            bc_live_input_reason(r->next, result->reason);
        if (!result->reason[0])
            snprintf(result->reason, sizeof(result->reason), "%.400s: it was given up", r->url);
        say_failure(live, r, result);
    }
    free_request(r);
}

bc_work *bc_live_open_input(bc_live *live, const char *url)
{
    request *r = calloc(1, sizeof(*r));
    if (r)
        r->url = strdup(url);
    bc_work *work = r && r->url ? bc_work_begin(live->workers, open_next, r) : NULL;
    if (work)
        begin_to_open(live, r);
    else if (r)
        free_request(r);
    return work;
}

bool bc_live_give_up_input(bc_live *live)
{
    if (!live->opening)
        return false;
    bc_live_input_give_up(live->opening);
    live->opening = NULL;
    bc_live_say(live, live->opening_name, "Given up");
    return true;
}
