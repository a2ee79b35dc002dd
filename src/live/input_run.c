/* The thread of an input: opens it, reads it, keeps what is read in line. */
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/input_private.h"

enum {
    FEW_WAITING = 8,  /* frames read before their time, where the sound does not lie behind them */
    MAX_WAITING = 64, /* and where it does */
    NAP_MS = 20,      /* between two looks at what is wanted */
    RETRY_MS = 500,   /* between two tries to open a camera that is away */
    JUDGE_MS = 500,   /* between two judgements whether the input is live */
    N_JUDGED = 2,     /* that say so before it is believed */
    PROBE_MS = 2000,  /* at first: an endless input is read as far as it goes */
    PROBE_BYTES = 96 << 20,
};

static const int64_t enough_sound_us = 300000;

/* Opening ---------------------------------------------------------------------------------- */

static void note_info(bc_live_input *source)
{
    const bc_reader_info *info = bc_reader_info_of(source->feed.reader);
    pthread_mutex_lock(&source->lock);
    source->state.width = info->width;
    source->state.height = info->height;
    source->state.aspect = bc_feed_aspect(&source->feed);
    source->state.fps = info->frame_rate.num > 0 && info->frame_rate.den > 0
                            ? (double)info->frame_rate.num / info->frame_rate.den
                            : 0;
    const bool has_length = info->duration_us > 0 && !info->is_picture;
    source->state.duration_us = has_length ? info->duration_us + source->feed.start_us : 0;
    source->state.has_sound = source->feed.sound != NULL;
    source->state.has_signal = true;
    pthread_mutex_unlock(&source->lock);
}

static bc_status open_feed(bc_live_input *source, int64_t start_us, const bc_log *log)
{
    const bc_status status = bc_feed_open(&source->feed, start_us, log);
    if (status < 0)
        return status;
    bc_feed_open_sound(&source->feed, log);
    source->has_ended = false;
    bc_pacer_set_speaker(source->pacer, source->feed.sound ? source->feed.speaker : NULL);
    note_info(source);
    return BC_OK;
}

/* Opens the input, and waits until its frames are wanted; false: they will not be. The one before
 * may have the speaker until then. */
static bool open_first(bc_live_input *source)
{
    const bc_log log = bc_reason_log(&source->reason);
    const bc_status status = bc_feed_open(&source->feed, source->params.start_us, &log);
    if (status == BC_OK)
        note_info(source);
    pthread_mutex_lock(&source->lock);
    source->state.status = status;
    source->is_settled = true;
    pthread_cond_broadcast(&source->changed);
    while (status == BC_OK && !source->is_started && !bc_live_input_must_stop(source))
        pthread_cond_wait(&source->changed, &source->lock);
    pthread_mutex_unlock(&source->lock);
    if (status < 0 || bc_live_input_must_stop(source))
        return false;
    bc_feed_open_sound(&source->feed, &log);
    bc_pacer_set_speaker(source->pacer, source->feed.sound ? source->feed.speaker : NULL);
    note_info(source);
    return true;
}

/* Reading ---------------------------------------------------------------------------------- */

/* What has piled up in a live input while it was opened must all be fetched, to see its end. */
static int most_probed(const bc_live_input *source)
{
    const bc_image *image = &source->feed.first->image;
    const int most = PROBE_BYTES / (image->width * image->height * 3 / 2 + 1);
    return most < BC_PACER_FRAMES ? most : BC_PACER_FRAMES;
}

static bool may_read(const bc_live_input *source, int n_waiting)
{
    const bc_feed *feed = &source->feed;
    if (feed->is_endless && bc_clock_ns() - source->started_ns < PROBE_MS * 1000000LL)
        return !source->has_ended && n_waiting < most_probed(source);
    if (source->has_ended || n_waiting >= MAX_WAITING)
        return false;
    if (n_waiting < FEW_WAITING)
        return true;
    return feed->sound && bc_speaker_queued_us(feed->speaker) < enough_sound_us;
}

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void note_starving(bc_live_input *source, bool is_starving)
{
    pthread_mutex_lock(&source->lock);
    if (!is_starving)
        source->starved_ns = 0;
    else if (source->starved_ns == 0)
        source->starved_ns = bc_clock_ns();
    pthread_mutex_unlock(&source->lock);
}

static void pass_on(bc_live_input *source, bc_captured *captured, bc_packet *packet)
{
    const bool is_wanted = !atomic_load(&source->is_closing); /* or nobody is there any more */
    if (packet && is_wanted)
        source->params.on_packet(source->params.cookie, source, packet);
    bc_packet_free(&packet);
    if (captured && is_wanted)
        bc_pacer_add(source->pacer, captured);
    else if (captured)
        bc_captured_free(captured);
}

static void read_one(bc_live_input *source)
{
    bc_captured *captured;
    bc_packet *packet;
    note_starving(source, true);
    const bc_status status = bc_feed_read(&source->feed, &captured, &packet);
    if (captured || status != BC_OK)
        note_starving(source, false);
    pass_on(source, captured, packet);
    source->has_ended = source->has_ended || status != BC_OK;
}

/* The thread ------------------------------------------------------------------------------- */

static bc_status restart(bc_live_input *source, int64_t start_us)
{
    const bc_log log = bc_reason_log(&source->reason);
    bc_pacer_set_speaker(source->pacer, NULL);
    bc_pacer_clear(source->pacer);
    if (source->feed.speaker)
        bc_speaker_clear(source->feed.speaker);
    const bc_status status = open_feed(source, start_us, &log);
    source->has_ended = status < 0;
    return status;
}

/* Where somebody has asked to go since the last look, or -1. */
static int64_t take_seek(bc_live_input *source)
{
    pthread_mutex_lock(&source->lock);
    const int64_t seek_us = source->seek_us;
    if (seek_us >= 0)
        atomic_store(&source->must_interrupt, atomic_load(&source->is_closing) ? 1 : 0);
    source->seek_us = -1;
    pthread_mutex_unlock(&source->lock);
    return seek_us;
}

static void note_failure(bc_live_input *source, bc_status status)
{
    pthread_mutex_lock(&source->lock);
    source->state.status = status;
    pthread_mutex_unlock(&source->lock);
}

/* Begins anew at `start_us`. True: there is a reader, or somebody wants to be elsewhere already,
 * which interrupts the opening and is no end. */
static bool go_to(bc_live_input *source, int64_t start_us)
{
    const bc_status status = restart(source, start_us);
    if (status < 0 && status != BC_ERR_INTERRUPTED)
        note_failure(source, status);
    return status == BC_OK || status == BC_ERR_INTERRUPTED;
}

/* False: the input cannot be opened any more. */
static bool follow_seeks(bc_live_input *source)
{
    int64_t seek_us;
    bool goes_on = true;
    while (goes_on && (seek_us = take_seek(source)) >= 0) {
        goes_on = go_to(source, seek_us);
        bc_pacer_let_one(source->pacer);
    }
    return goes_on;
}

/* A camera is away: looks for it now and then. */
static void look_for_camera(bc_live_input *source)
{
    static const bc_log silence = {0};
    pthread_mutex_lock(&source->lock);
    source->state.has_signal = false;
    pthread_mutex_unlock(&source->lock);
    if (open_feed(source, 0, &silence) == BC_OK) {
        bc_log_write(&source->params.log, BC_LOG_INFO, "%s is back", source->url);
        return;
    }
    for (int i = 0; i < RETRY_MS / NAP_MS && !bc_live_input_must_stop(source); i++)
        nap(NAP_MS);
}

/* The reader has no more and all was shown. False: the source has ended. */
static bool go_on(bc_live_input *source, bool is_looped)
{
    if (source->params.is_camera) {
        if (source->feed.reader)
            bc_log_write(&source->params.log, BC_LOG_WARNING, "%s is gone: waiting for it",
                         source->url);
        look_for_camera(source);
        return true;
    }
    if (source->feed.is_still && source->feed.reader) {
        pass_on(source, bc_feed_again(&source->feed), NULL);
        return true;
    }
    return is_looped && go_to(source, 0);
}

/*
 * An input that keeps the reader waiting all the time gives frames as they are made: whatever has
 * piled up in the pacer is late. Sound needs it.
 */
static void judge_liveness(bc_live_input *source, int64_t idle_ns)
{
    const int64_t now_ns = bc_clock_ns(), passed_ns = now_ns - source->judged_ns;
    source->idle_ns += idle_ns;
    if (passed_ns < JUDGE_MS * 1000000LL)
        return;
    const bool is_busy =
        source->feed.is_endless && !source->feed.sound && source->idle_ns < passed_ns / 10;
    source->n_busy = is_busy ? source->n_busy + 1 : 0;
    bc_pacer_set_live(source->pacer, source->params.is_camera || source->n_busy >= N_JUDGED);
    source->judged_ns = now_ns;
    source->idle_ns = 0;
}

/* One step: something read, or a little sleep. False at the end. */
static bool step(bc_live_input *source)
{
    const int64_t start_ns = bc_clock_ns();
    const bc_live_input_state state = bc_live_input_get_state(source);
    const int n_waiting = bc_pacer_get_state(source->pacer).n_waiting;
    if (source->params.is_camera && state.is_paused && n_waiting > 0)
        bc_pacer_clear(source->pacer); /* so that it is not behind later */
    else if (may_read(source, n_waiting))
        read_one(source);
    else if (source->has_ended && n_waiting == 0 && !state.is_paused)
        return go_on(source, state.is_looped);
    else
        bc_pacer_wait(source->pacer, NAP_MS);
    judge_liveness(source, may_read(source, n_waiting) ? 0 : bc_clock_ns() - start_ns);
    return true;
}

void *bc_live_input_run(void *arg)
{
    bc_live_input *source = arg;
    bool goes_on = open_first(source);
    source->judged_ns = source->started_ns = bc_clock_ns();
    while (goes_on && !bc_live_input_must_stop(source))
        goes_on = follow_seeks(source) && step(source);
    pthread_mutex_lock(&source->lock);
    source->state.has_ended = true;
    pthread_mutex_unlock(&source->lock);
    return NULL;
}
