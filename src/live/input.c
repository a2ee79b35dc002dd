#include "live/input.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/input_private.h"

enum {
    STALLED_MS = 2000,      /* waiting for the reader, with nothing to show: there is no signal */
    LOOK_MS = 50,           /* between two looks whether an opening was given up */
    ANSWER_PATIENCE_S = 30, /* for a server */
    END_PATIENCE_S = 5      /* for a thread that was told to end */
};

/* Life ------------------------------------------------------------------------------------- */

static void init(bc_live_input *source, const bc_live_input_params *params)
{
    pthread_condattr_t attributes;
    source->params = *params;
    source->seek_us = -1;
    source->state.is_looped = params->is_looped;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&source->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&source->lock, NULL);
    bc_reason_init(&source->reason, &params->log);
    source->url = strdup(params->url);
    const bc_feed_params feed = {.url = source->url,
                                 .format = params->format,
                                 .options = params->options,
                                 .n_threads = params->is_camera ? 1 : params->n_threads,
                                 .plays_sound = params->plays_sound,
                                 .stop = &source->must_interrupt,
                                 .quit = params->stop};
    bc_feed_init(&source->feed, &feed);
}

bc_status bc_live_input_open(bc_live_input **source_out, const bc_live_input_params *params)
{
    bc_live_input *source = *source_out = calloc(1, sizeof(*source));
    if (!source)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", params->url);
    init(source, params);
    bc_status status = source->url ? bc_pacer_open(&source->pacer, params->frames, &params->log)
                                   : bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    if (status == BC_OK) {
        bc_pacer_set_live(source->pacer, params->is_camera);
        source->is_running = pthread_create(&source->thread, NULL, bc_live_input_run, source) == 0;
        if (!source->is_running)
            status = bc_fail(&params->log, BC_ERR_MEMORY, "%s: no thread", params->url);
    }
    if (status < 0)
        bc_live_input_close(source_out);
    return status;
}

/* Servers that are asked for what they have; whoever sends by itself may come at any time. */
static bool is_server(const char *url)
{
    static const char *const protocols[] = {
        "http:",  "https:", "rtsp:", "rtsps:", "rtmp:", "rtmps:",
        "rtmpt:", "ftp:",   "sftp:", "tcp:",   "tls:",  "mmsh:"};
    bool is = false;
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
        is = is || strncasecmp(url, protocols[i], strlen(protocols[i])) == 0;
    return is && !strstr(url, "listen");
}

/* With the lock held. */
static void wait_for_change(bc_live_input *source)
{
    const int64_t until_ns = bc_clock_ns() + LOOK_MS * 1000000LL;
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    pthread_cond_timedwait(&source->changed, &source->lock, &until);
}

bc_status bc_live_input_wait(bc_live_input *source)
{
    const int64_t limit_ns = bc_clock_ns() + ANSWER_PATIENCE_S * 1000000000LL;
    const bool is_limited = is_server(source->url);
    bool is_late = false;
    pthread_mutex_lock(&source->lock);
    while (!source->is_settled && !source->is_given_up && !is_late &&
           !bc_live_input_must_stop(source)) {
        wait_for_change(source);
        is_late = is_limited && bc_clock_ns() > limit_ns;
    }
    bc_status status =
        source->is_settled && !source->is_given_up ? source->state.status : BC_ERR_INTERRUPTED;
    is_late = is_late && !source->is_settled;
    pthread_mutex_unlock(&source->lock);
    if (!is_late)
        return status;
    const bc_log log = bc_reason_log(&source->reason);
    return bc_fail(&log, BC_ERR_IO, "cannot open %s: it does not answer", source->url);
}

void bc_live_input_give_up(bc_live_input *source)
{
    pthread_mutex_lock(&source->lock);
    source->is_given_up = true;
    atomic_store(&source->must_interrupt, 1);
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
}

void bc_live_input_start(bc_live_input *source, int64_t line_us)
{
    pthread_mutex_lock(&source->lock);
    source->feed.base_us = source->feed.end_us = line_us;
    source->is_started = true;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
}

/* False: the thread hangs in a call that nothing interrupts. */
static bool join(bc_live_input *source)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += END_PATIENCE_S;
    return !source->is_running || pthread_timedjoin_np(source->thread, NULL, &until) == 0;
}

void bc_live_input_close(bc_live_input **source_in)
{
    if (!source_in || !*source_in)
        return;
    bc_live_input *source = *source_in;
    *source_in = NULL;
    atomic_store(&source->is_closing, true);
    bc_live_input_give_up(source);
    if (source->pacer)
        bc_pacer_clear(source->pacer);
    if (!join(source)) {
        bc_log_write(&source->params.log, BC_LOG_WARNING, "%s hangs: it is left behind",
                     source->url);
        return;
    }
    bc_pacer_close(&source->pacer);
    bc_feed_free(&source->feed);
    bc_reason_free(&source->reason);
    pthread_cond_destroy(&source->changed);
    pthread_mutex_destroy(&source->lock);
    free(source->url);
    free(source);
}

/* From other threads ----------------------------------------------------------------------- */

void bc_live_input_reason(bc_live_input *source, char text[BC_REASON_SIZE])
{
    bc_reason_get(&source->reason, text);
}

bc_live_input_state bc_live_input_get_state(bc_live_input *source)
{
    pthread_mutex_lock(&source->lock);
    bc_live_input_state state = source->state;
    const bc_pacer_state pacer = bc_pacer_get_state(source->pacer);
    const bool is_starving = source->starved_ns > 0 && pacer.n_waiting == 0;
    if (is_starving && bc_clock_ns() - source->starved_ns > STALLED_MS * 1000000LL)
        state.has_signal = false;
    pthread_mutex_unlock(&source->lock);
    state.n_frames = pacer.n_sent;
    state.n_dropped = pacer.n_dropped;
    state.position_us = pacer.position_us;
    return state;
}

void bc_live_input_pause(bc_live_input *source, bool on)
{
    pthread_mutex_lock(&source->lock);
    source->state.is_paused = on;
    pthread_mutex_unlock(&source->lock);
    bc_pacer_pause(source->pacer, on);
}

void bc_live_input_loop(bc_live_input *source, bool on)
{
    pthread_mutex_lock(&source->lock);
    source->state.is_looped = on;
    pthread_mutex_unlock(&source->lock);
}

void bc_live_input_seek(bc_live_input *source, int64_t position_us)
{
    pthread_mutex_lock(&source->lock);
    const double fps = source->state.fps;
    const int64_t margin_us = fps > 0 && fps < 20 ? (int64_t)(2e6 / fps) : 100000;
    const int64_t last_us = source->state.duration_us - margin_us; /* where there is a frame yet */
    if (position_us > last_us)
        position_us = last_us;
    source->seek_us = position_us > 0 ? position_us : 0;
    atomic_store(&source->must_interrupt, 1);
    pthread_mutex_unlock(&source->lock);
    bc_pacer_wake(source->pacer);
}

void bc_live_input_set_lead(bc_live_input *source, int64_t lead_us)
{
    bc_pacer_set_lead(source->pacer, lead_us);
}

void bc_live_input_set_volume(bc_live_input *source, float volume)
{
    bc_pacer_set_volume(source->pacer, volume);
}

bc_status bc_live_input_open_writer(bc_live_input *source, bc_writer **writer, const char *url,
                                    const bc_writer_params *params)
{
    return bc_feed_open_writer(&source->feed, writer, url, params);
}

bc_streams *bc_live_input_streams(bc_live_input *source)
{
    return bc_feed_streams(&source->feed, &source->params.log);
}
