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

static bc_live_input *begin_to_open(bc_live *live, const char *url, bc_work_result *result)
{
    bc_live_input *next = NULL;
    pthread_mutex_lock(&live->lock);
    if (live->opening)
        bc_live_input_give_up(live->opening);
    result->status = open_input(live, &next, url, false);
    live->opening = next;
    snprintf(live->opening_name, sizeof(live->opening_name), "%s", short_name(url));
    pthread_mutex_unlock(&live->lock);
    return next;
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

static void start(bc_live *live, bc_live_input *next, bc_live_input *old)
{
    pthread_mutex_lock(&live->source_lock); /* whoever uses the old one has ended */
    pthread_mutex_unlock(&live->source_lock);
    bc_live_input_close(&old);
    pthread_mutex_lock(&live->lock);
    bc_live_input_start(next, live->outputs.line_us + under_way_us);
    bc_live_say(live, "", "%s", live->opening_name);
    pthread_mutex_unlock(&live->lock);
}

static void say_failure(bc_live *live, const bc_live_input *next, const bc_work_result *result)
{
    pthread_mutex_lock(&live->lock);
    if (live->opening == next)
        live->opening = NULL;
    if (result->status != BC_ERR_INTERRUPTED)
        bc_live_say_error(live, result->reason, "Cannot open %s", live->opening_name);
    pthread_mutex_unlock(&live->lock);
}

static void open_next(void *cookie, void *arg, bc_work_result *result)
{
    bc_live *live = cookie;
    char *url = arg;
    bc_work *finishing = NULL;
    bc_live_input *next = begin_to_open(live, url, result), *old = NULL;
    if (result->status == BC_OK)
        result->status = bc_live_input_wait(next);
    if (result->status == BC_OK) {
        old = change_source(live, next, &finishing);
        result->status = old ? BC_OK : BC_ERR_INTERRUPTED;
    }
    if (finishing)
        bc_work_forget(finishing);
    if (result->status == BC_OK) {
        start(live, next, old);
    } else {
        if (next)
            bc_live_input_reason(next, result->reason);
        if (!result->reason[0])
            snprintf(result->reason, sizeof(result->reason), "%.400s: it was given up", url);
        say_failure(live, next, result);
        bc_live_input_close(&next);
    }
    free(url);
}

bc_work *bc_live_open_input(bc_live *live, const char *url)
{
    char *copy = strdup(url);
    bc_work *work = copy ? bc_work_begin(live->workers, open_next, copy) : NULL;
    if (!work)
        free(copy);
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
