#include "live/input.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "media/sound.h"
#include "window/speaker.h"

enum {
    FEW_WAITING = 8,   /* frames read before their time, where the sound does not lie behind them */
    MAX_WAITING = 64,  /* and where it does */
    NAP_MS = 20,       /* between two looks at what is wanted */
    RETRY_MS = 500,    /* between two tries to open a camera that is away */
    STALLED_MS = 2000, /* waiting for the reader, with nothing to show: there is no signal */
    STILL_US = 40000,  /* how long a still picture is a frame, again and again */
    JUDGE_MS = 500,    /* between two judgements whether the input is live */
    N_JUDGED = 2,      /* that say so before it is believed */
    PROBE_MS = 2000,   /* at first: an endless input is read as far as it goes */
    PROBE_BYTES = 96 << 20,
};

static const int64_t enough_sound_us = 300000;

struct bc_live_input {
    bc_live_input_params params;
    char *url;
    pthread_t thread;
    bool is_running;
    bc_pacer *pacer;

    pthread_mutex_t reader_lock; /* held while the reader works */
    bc_reader *reader;           /* NULL while a camera is away */
    bc_sound *sound;             /* with a speaker only */
    bc_speaker *speaker;         /* opened by the first sound */
    bc_frame *first;             /* of the last reader that was opened */
    atomic_int n_asking;         /* others that want the reader's lock */

    pthread_mutex_t lock; /* of all that follows */
    bc_live_input_state state;
    int64_t seek_us;           /* -1: none is wanted */
    int64_t starved_ns;        /* since when the reader gives nothing; 0: it is not asked to */
    atomic_int must_interrupt; /* stops the reader: a seek or the end */
    atomic_bool is_closing;

    /* The thread's own. */
    int64_t start_us;           /* of the reader, in the file */
    int64_t base_us;            /* the source's line where the reader's clock is 0 */
    int64_t end_us;             /* of what was read, on the line */
    bool has_ended;             /* the reader has no more */
    bool is_still;              /* a picture, which is shown until something else happens */
    bool is_endless;            /* as far as one knows */
    int64_t started_ns;         /* to read */
    int64_t judged_ns, idle_ns; /* when it was judged, and how long it has had to wait since */
    int n_busy;                 /* judgements that it keeps the reader waiting */
};

/* Opening ---------------------------------------------------------------------------------- */

static double display_aspect(const bc_reader_info *info)
{
    const double pixel = info->pixel_aspect.num > 0 && info->pixel_aspect.den > 0
                             ? (double)info->pixel_aspect.num / info->pixel_aspect.den
                             : 1;
    return pixel * info->width / info->height;
}

static void note_info(bc_live_input *source)
{
    const bc_reader_info *info = bc_reader_info_of(source->reader);
    pthread_mutex_lock(&source->lock);
    source->state.width = info->width;
    source->state.height = info->height;
    source->state.aspect = display_aspect(info);
    source->state.fps = info->frame_rate.num > 0 && info->frame_rate.den > 0
                            ? (double)info->frame_rate.num / info->frame_rate.den
                            : 0;
    const bool has_length = info->duration_us > 0 && !info->is_picture;
    source->state.duration_us = has_length ? info->duration_us + source->start_us : 0;
    source->state.has_sound = source->sound != NULL;
    source->state.has_signal = true;
    source->is_still = info->is_picture;
    source->is_endless = info->duration_us <= 0 && !info->is_picture;
    pthread_mutex_unlock(&source->lock);
}

static void close_reader(bc_live_input *source)
{
    pthread_mutex_lock(&source->reader_lock);
    bc_reader_close(&source->reader);
    bc_sound_close(&source->sound);
    pthread_mutex_unlock(&source->reader_lock);
}

/* Without a speaker nothing need be decoded. */
static void open_sound(bc_live_input *source, const bc_log *log)
{
    bc_sound_open(&source->sound, source->reader, BC_SPEAKER_RATE, log);
    if (source->sound && !source->speaker)
        bc_speaker_open(&source->speaker, log);
    if (!source->speaker)
        bc_sound_close(&source->sound);
}

static bc_status open_reader(bc_live_input *source, int64_t start_us, const bc_log *log)
{
    const bc_live_input_params *p = &source->params;
    const bc_reader_params params = {.format = p->format,
                                     .options = p->options,
                                     .n_threads = p->is_camera ? 1 : p->n_threads,
                                     .start_us = start_us,
                                     .stop = &source->must_interrupt,
                                     .quit = p->stop,
                                     .log = *log};
    pthread_mutex_lock(&source->reader_lock);
    bc_status status = bc_reader_open(&source->reader, source->url, &params);
    if (status == BC_OK && p->plays_sound)
        open_sound(source, log);
    if (status == BC_OK) {
        bc_frame_unref(&source->first);
        source->first = bc_frame_ref((bc_frame *)bc_reader_first(source->reader));
    }
    pthread_mutex_unlock(&source->reader_lock);
    if (status < 0)
        return status;
    source->start_us = start_us;
    source->base_us = source->end_us;
    source->has_ended = false;
    bc_pacer_set_speaker(source->pacer, source->sound ? source->speaker : NULL);
    note_info(source);
    return BC_OK;
}

/* Reading ---------------------------------------------------------------------------------- */

static void take_frame(bc_live_input *source, bc_frame *frame)
{
    bc_captured *captured = calloc(1, sizeof(*captured));
    const int64_t time_us = bc_frame_time_us(frame);
    if (!captured) {
        bc_frame_unref(&frame);
        return;
    }
    int64_t duration_us = frame->duration * 1000000 * frame->time_base.num / frame->time_base.den;
    if (duration_us <= 0 || source->is_still)
        duration_us = source->is_still ? STILL_US : 1;
    *captured = (bc_captured){.frame = frame,
                              .aspect = display_aspect(bc_reader_info_of(source->reader)),
                              .time_us = source->base_us + time_us};
    if (time_us == BC_NO_PTS || captured->time_us < source->end_us)
        captured->time_us = source->end_us;
    captured->position_us = source->start_us + captured->time_us - source->base_us;
    source->end_us = captured->time_us + duration_us;
    bc_pacer_add(source->pacer, captured);
}

static void take_packet(bc_live_input *source, bc_packet *packet)
{
    if (source->sound) {
        const float *samples;
        int n_samples;
        int64_t time_us;
        bc_sound_decode(source->sound, packet, &samples, &n_samples, &time_us);
        if (n_samples > 0)
            bc_speaker_queue(source->speaker, samples, n_samples, source->base_us + time_us);
    }
    bc_packet_delay(packet, source->base_us);
    source->params.on_packet(source->params.cookie, source, packet);
    bc_packet_free(&packet);
}

/* What has piled up in a live input while it was opened must all be fetched, to see its end. */
static int most_probed(const bc_live_input *source)
{
    const bc_image *image = &source->first->image;
    const int most = PROBE_BYTES / (image->width * image->height * 3 / 2 + 1);
    return most < BC_PACER_FRAMES ? most : BC_PACER_FRAMES;
}

static bool may_read(const bc_live_input *source, int n_waiting)
{
    if (source->is_endless && bc_clock_ns() - source->started_ns < PROBE_MS * 1000000LL)
        return !source->has_ended && n_waiting < most_probed(source);
    if (source->has_ended || n_waiting >= MAX_WAITING)
        return false;
    if (n_waiting < FEW_WAITING)
        return true;
    return source->sound && bc_speaker_queued_us(source->speaker) < enough_sound_us;
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

static void read_one(bc_live_input *source)
{
    bc_frame *frame = NULL;
    bc_packet *packet = NULL;
    note_starving(source, true);
    while (atomic_load(&source->n_asking) > 0)
        nap(1);
    pthread_mutex_lock(&source->reader_lock);
    const bc_status status = bc_reader_read(source->reader, &frame, &packet);
    pthread_mutex_unlock(&source->reader_lock);
    if (packet)
        take_packet(source, packet);
    if (frame)
        take_frame(source, frame);
    if (frame || status != BC_OK)
        note_starving(source, false);
    if (status != BC_OK)
        source->has_ended = true;
}

/* The thread ------------------------------------------------------------------------------- */

static bool must_stop(const bc_live_input *source)
{
    return atomic_load(source->params.stop) != 0 || atomic_load(&source->is_closing);
}

static void restart(bc_live_input *source, int64_t start_us)
{
    bc_pacer_set_speaker(source->pacer, NULL);
    bc_pacer_clear(source->pacer);
    if (source->speaker)
        bc_speaker_clear(source->speaker);
    close_reader(source);
    open_reader(source, start_us, &source->params.log); /* or the end */
    source->has_ended = !source->reader;
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

/* A seek interrupts the one before: only after the last one must there be a reader. */
static void follow_seeks(bc_live_input *source)
{
    int64_t seek_us;
    while ((seek_us = take_seek(source)) >= 0) {
        restart(source, seek_us);
        bc_pacer_let_one(source->pacer);
    }
}

/* A camera is away: looks for it now and then. */
static void look_for_camera(bc_live_input *source)
{
    static const bc_log silence = {0};
    pthread_mutex_lock(&source->lock);
    source->state.has_signal = false;
    pthread_mutex_unlock(&source->lock);
    close_reader(source);
    if (open_reader(source, 0, &silence) == BC_OK) {
        bc_log_write(&source->params.log, BC_LOG_INFO, "%s is back", source->url);
        return;
    }
    for (int i = 0; i < RETRY_MS / NAP_MS && !must_stop(source); i++)
        nap(NAP_MS);
}

/* The reader has no more and all was shown. False: the source has ended. */
static bool go_on(bc_live_input *source, bool is_looped)
{
    if (source->params.is_camera) {
        if (source->reader)
            bc_log_write(&source->params.log, BC_LOG_WARNING, "%s is gone: waiting for it",
                         source->url);
        look_for_camera(source);
        return true;
    }
    if (source->is_still && source->reader) {
        take_frame(source, bc_frame_ref(source->first));
        return true;
    }
    if (!is_looped)
        return false;
    restart(source, 0);
    return source->reader != NULL;
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
    const bool is_busy = source->is_endless && !source->sound && source->idle_ns < passed_ns / 10;
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

static void *run(void *arg)
{
    bc_live_input *source = arg;
    bool goes_on = true;
    source->judged_ns = source->started_ns = bc_clock_ns();
    bc_pacer_set_live(source->pacer, source->params.is_camera);
    while (goes_on && !must_stop(source)) {
        follow_seeks(source);
        goes_on = step(source);
    }
    pthread_mutex_lock(&source->lock);
    source->state.has_ended = true;
    pthread_mutex_unlock(&source->lock);
    return NULL;
}

bc_status bc_live_input_open(bc_live_input **source_out, const bc_live_input_params *params)
{
    bc_live_input *source = *source_out = calloc(1, sizeof(*source));
    if (!source)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", params->url);
    source->params = *params;
    source->seek_us = -1;
    source->end_us = params->line_us;
    source->state.is_looped = params->is_looped;
    pthread_mutex_init(&source->reader_lock, NULL);
    pthread_mutex_init(&source->lock, NULL);
    source->url = strdup(params->url);
    bc_status status = source->url ? bc_pacer_open(&source->pacer, params->frames, &params->log)
                                   : bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    if (status == BC_OK)
        status = open_reader(source, params->start_us, &params->log);
    if (status < 0)
        bc_live_input_close(source_out);
    return status;
}

bc_status bc_live_input_start(bc_live_input *source)
{
    source->is_running = pthread_create(&source->thread, NULL, run, source) == 0;
    return source->is_running
               ? BC_OK
               : bc_fail(&source->params.log, BC_ERR_MEMORY, "%s: no thread", source->url);
}

void bc_live_input_close(bc_live_input **source_in)
{
    if (!source_in || !*source_in)
        return;
    bc_live_input *source = *source_in;
    atomic_store(&source->is_closing, true);
    atomic_store(&source->must_interrupt, 1);
    if (source->is_running)
        pthread_join(source->thread, NULL);
    bc_pacer_close(&source->pacer);
    close_reader(source);
    bc_frame_unref(&source->first);
    bc_speaker_close(&source->speaker);
    pthread_mutex_destroy(&source->reader_lock);
    pthread_mutex_destroy(&source->lock);
    free(source->url);
    free(source);
    *source_in = NULL;
}

/* From other threads ----------------------------------------------------------------------- */

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

bc_status bc_live_input_open_writer(bc_live_input *source, bc_writer **writer, const char *url,
                                    const bc_writer_params *params)
{
    *writer = NULL;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    atomic_fetch_add(&source->n_asking, 1); /* the reader makes way */
    const int error = pthread_mutex_timedlock(&source->reader_lock, &until);
    atomic_fetch_sub(&source->n_asking, 1);
    if (error != 0)
        return bc_fail(&params->log, BC_ERR_IO, "%s: %s gives no frames", url, source->url);
    bc_status status = BC_ERR_IO;
    if (source->reader) {
        bc_frame like = *source->first; /* to look at: it is no reference */
        like.time_base = (bc_rational){1, 1000000};
        status = bc_writer_open(writer, url, &like, source->reader, params);
    } else {
        bc_fail(&params->log, status, "%s: %s is not there now", url, source->url);
    }
    pthread_mutex_unlock(&source->reader_lock);
    return status;
}
