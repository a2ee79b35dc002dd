#include "app/source.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/speaker.h"
#include "media/sound.h"

enum {
    MAX_WAITING = 64,  /* frames read before their time, where the sound lies behind them */
    FEW_WAITING = 8,   /* and where it does not */
    NAP_MS = 20,       /* between two looks at what is wanted */
    RETRY_MS = 500,    /* between two tries to open a camera that is away */
    STALLED_MS = 2000, /* without a frame there is no signal */
};

static const int64_t enough_sound_us = 300000, jump_us = 80000;

struct bc_source {
    bc_source_params params;
    char *url;
    pthread_t thread;
    bool is_running;

    pthread_mutex_t reader_lock; /* held while the reader works */
    bc_reader *reader;           /* NULL while a camera is away */
    bc_sound *sound;             /* with a speaker only */
    bc_speaker *speaker;         /* opened by the first sound */
    bc_frame *first;             /* of the last reader that was opened */

    pthread_mutex_t lock; /* of all that follows */
    bc_source_state state;
    int64_t seek_us; /* -1: none is wanted */
    int64_t last_frame_ns;
    atomic_llong lead_us;
    atomic_int must_interrupt; /* stops the reader: a seek or the end */
    atomic_bool is_closing;

    /* The thread's own. */
    bc_captured *waiting[MAX_WAITING]; /* a ring */
    int first_waiting, n_waiting;
    int64_t start_us; /* of the reader, in the file */
    int64_t base_us;  /* the source's line where the reader's clock is 0 */
    int64_t end_us;   /* of what was read, on the line */
    int64_t epoch_ns; /* when the line was at 0, if no time had been lost; -1: not yet known */
    bool has_ended;   /* the reader has no more */
    bool was_paused;
    bool wants_one; /* the first frame after a seek is shown in a pause too */
};

void bc_captured_free(void *item)
{
    bc_captured *captured = item;
    bc_frame_unref(&captured->frame);
    free(captured);
}

/* Opening ---------------------------------------------------------------------------------- */

static double display_aspect(const bc_reader_info *info)
{
    const double pixel = info->pixel_aspect.num > 0 && info->pixel_aspect.den > 0
                             ? (double)info->pixel_aspect.num / info->pixel_aspect.den
                             : 1;
    return pixel * info->width / info->height;
}

static void note_info(bc_source *source)
{
    const bc_reader_info *info = bc_reader_info_of(source->reader);
    pthread_mutex_lock(&source->lock);
    source->state.width = info->width;
    source->state.height = info->height;
    source->state.fps = info->frame_rate.num > 0 && info->frame_rate.den > 0
                            ? (double)info->frame_rate.num / info->frame_rate.den
                            : 0;
    source->state.duration_us = info->duration_us > 0 ? info->duration_us + source->start_us : 0;
    source->state.has_sound = source->sound != NULL;
    source->state.has_signal = true;
    source->last_frame_ns = bc_clock_ns();
    pthread_mutex_unlock(&source->lock);
}

static void close_reader(bc_source *source)
{
    pthread_mutex_lock(&source->reader_lock);
    bc_reader_close(&source->reader);
    bc_sound_close(&source->sound);
    pthread_mutex_unlock(&source->reader_lock);
}

/* Without a speaker nothing need be decoded. */
static void open_sound(bc_source *source, const bc_log *log)
{
    bc_sound_open(&source->sound, source->reader, BC_SPEAKER_RATE, log);
    if (source->sound && !source->speaker)
        bc_speaker_open(&source->speaker, log);
    if (!source->speaker)
        bc_sound_close(&source->sound);
}

static bc_status open_reader(bc_source *source, int64_t start_us, const bc_log *log)
{
    const bc_source_params *p = &source->params;
    const bc_reader_params params = {.format = p->format,
                                     .options = p->options,
                                     .n_threads = p->n_threads,
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
    source->epoch_ns = -1;
    source->has_ended = false;
    note_info(source);
    return BC_OK;
}

/* The line ----------------------------------------------------------------------------------- */

static void drop_waiting(bc_source *source)
{
    for (; source->n_waiting > 0; source->n_waiting--) {
        bc_captured_free(source->waiting[source->first_waiting]);
        source->first_waiting = (source->first_waiting + 1) % MAX_WAITING;
    }
    if (source->speaker)
        bc_speaker_clear(source->speaker);
}

/* Lets the clock follow the sound: smoothly, or at once when they are far apart. */
static void follow_sound(bc_source *source, int64_t now_ns)
{
    int64_t heard_us;
    if (!source->sound || !bc_speaker_time(source->speaker, &heard_us))
        return;
    const int64_t wanted_ns = now_ns - heard_us * 1000, error_ns = wanted_ns - source->epoch_ns;
    source->epoch_ns =
        llabs(error_ns) > jump_us * 1000 ? wanted_ns : source->epoch_ns + error_ns / 16;
}

/* When the frame is to leave. */
static int64_t due_ns(bc_source *source, const bc_captured *captured, int64_t now_ns)
{
    if (source->params.is_camera)
        return now_ns;
    if (source->epoch_ns < 0)
        source->epoch_ns = now_ns - captured->time_us * 1000;
    follow_sound(source, now_ns);
    const int64_t lead_us = source->sound ? atomic_load(&source->lead_us) : 0;
    return source->epoch_ns + (captured->time_us - lead_us) * 1000;
}

static void send_first(bc_source *source, int64_t now_ns)
{
    bc_captured *captured = source->waiting[source->first_waiting];
    const int64_t time_us = captured->time_us;
    source->first_waiting = (source->first_waiting + 1) % MAX_WAITING;
    source->n_waiting--;
    source->wants_one = false;
    captured->arrival_ns = now_ns;
    uint64_t n_dropped = 0;
    if (bc_queue_send_newest(source->params.frames, captured, &n_dropped) != BC_OK)
        bc_captured_free(captured);
    pthread_mutex_lock(&source->lock);
    source->state.n_frames++;
    source->state.n_dropped += n_dropped;
    source->state.position_us = source->start_us + time_us - source->base_us;
    source->state.has_signal = true;
    source->last_frame_ns = now_ns;
    pthread_mutex_unlock(&source->lock);
}

/* Reading ---------------------------------------------------------------------------------- */

static void take_frame(bc_source *source, bc_frame *frame)
{
    bc_captured *captured = calloc(1, sizeof(*captured));
    const int64_t time_us = bc_frame_time_us(frame);
    if (!captured) {
        bc_frame_unref(&frame);
        return;
    }
    *captured = (bc_captured){.frame = frame,
                              .aspect = display_aspect(bc_reader_info_of(source->reader)),
                              .time_us = source->base_us + time_us};
    if (time_us == BC_NO_PTS || captured->time_us < source->end_us)
        captured->time_us = source->end_us;
    const int64_t duration_us =
        frame->duration * 1000000 * frame->time_base.num / frame->time_base.den;
    source->end_us = captured->time_us + (duration_us > 0 ? duration_us : 1);
    const int last = (source->first_waiting + source->n_waiting) % MAX_WAITING;
    source->waiting[last] = captured;
    source->n_waiting++;
}

static void take_packet(bc_source *source, bc_packet *packet)
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

static bool may_read(const bc_source *source)
{
    if (source->has_ended || source->n_waiting == MAX_WAITING)
        return false;
    if (source->n_waiting < FEW_WAITING)
        return true;
    return source->sound && bc_speaker_queued_us(source->speaker) < enough_sound_us;
}

static void read_one(bc_source *source)
{
    bc_frame *frame = NULL;
    bc_packet *packet = NULL;
    pthread_mutex_lock(&source->reader_lock);
    const bc_status status = bc_reader_read(source->reader, &frame, &packet);
    pthread_mutex_unlock(&source->reader_lock);
    if (packet)
        take_packet(source, packet);
    if (frame)
        take_frame(source, frame);
    if (status != BC_OK)
        source->has_ended = true;
}

/* The thread ------------------------------------------------------------------------------- */

static bool must_stop(const bc_source *source)
{
    return atomic_load(source->params.stop) != 0 || atomic_load(&source->is_closing);
}

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* What somebody asked for since the last look. */
static void take_orders(bc_source *source, bool *is_paused, int64_t *seek_us)
{
    pthread_mutex_lock(&source->lock);
    *is_paused = source->state.is_paused;
    *seek_us = source->seek_us;
    if (source->seek_us >= 0)
        atomic_store(&source->must_interrupt, 0);
    source->seek_us = -1;
    const bool is_stalled = bc_clock_ns() - source->last_frame_ns > STALLED_MS * 1000000LL;
    if (is_stalled && !*is_paused && source->n_waiting == 0)
        source->state.has_signal = false;
    pthread_mutex_unlock(&source->lock);
    if (*is_paused == source->was_paused)
        return;
    source->was_paused = *is_paused;
    source->epoch_ns = -1;
    if (source->speaker)
        bc_speaker_pause(source->speaker, *is_paused);
}

static void restart(bc_source *source, int64_t start_us)
{
    drop_waiting(source);
    close_reader(source);
    open_reader(source, start_us, &source->params.log); /* or the end */
    source->has_ended = !source->reader;
}

/* A camera is away: looks for it now and then. */
static void look_for_camera(bc_source *source)
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

static bool is_looped(bc_source *source)
{
    pthread_mutex_lock(&source->lock);
    const bool looped = source->state.is_looped;
    pthread_mutex_unlock(&source->lock);
    return looped;
}

/* The reader has no more and all was shown. False: the source has ended. */
static bool go_on(bc_source *source)
{
    if (source->params.is_camera) {
        if (source->reader)
            bc_log_write(&source->params.log, BC_LOG_WARNING, "%s is gone: waiting for it",
                         source->url);
        look_for_camera(source);
        return true;
    }
    if (!is_looped(source))
        return false;
    restart(source, 0);
    return source->reader != NULL;
}

static void wait_until(int64_t until_ns, int64_t now_ns)
{
    const int64_t ms = (until_ns - now_ns) / 1000000;
    if (ms >= NAP_MS)
        nap(NAP_MS);
    else if (until_ns > now_ns)
        nanosleep(&(struct timespec){.tv_nsec = (long)(until_ns - now_ns)}, NULL);
}

/* One step: a frame sent or read, or a little sleep. False at the end. */
static bool step(bc_source *source, bool is_paused)
{
    const int64_t now_ns = bc_clock_ns();
    if (is_paused) {
        if (source->params.is_camera && !source->has_ended) { /* so that it is not behind later */
            read_one(source);
            drop_waiting(source);
        } else {
            nap(NAP_MS);
        }
        return true;
    }
    const int64_t until_ns =
        source->n_waiting > 0 ? due_ns(source, source->waiting[source->first_waiting], now_ns) : 0;
    if (source->n_waiting > 0 && until_ns <= now_ns)
        send_first(source, now_ns);
    else if (may_read(source))
        read_one(source);
    else if (source->n_waiting > 0)
        wait_until(until_ns, now_ns);
    else
        return go_on(source);
    return true;
}

static void *run(void *arg)
{
    bc_source *source = arg;
    bool goes_on = true;
    while (goes_on && !must_stop(source)) {
        bool is_paused;
        int64_t seek_us;
        take_orders(source, &is_paused, &seek_us);
        if (seek_us >= 0) {
            restart(source, seek_us);
            source->wants_one = true;
        }
        goes_on = step(source, is_paused && !source->wants_one);
    }
    pthread_mutex_lock(&source->lock);
    source->state.has_ended = true;
    pthread_mutex_unlock(&source->lock);
    return NULL;
}

bc_status bc_source_open(bc_source **source_out, const bc_source_params *params)
{
    bc_source *source = *source_out = calloc(1, sizeof(*source));
    if (!source)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", params->url);
    source->params = *params;
    source->seek_us = -1;
    source->end_us = params->line_us;
    source->state.is_looped = params->is_looped;
    pthread_mutex_init(&source->reader_lock, NULL);
    pthread_mutex_init(&source->lock, NULL);
    source->url = strdup(params->url);
    bc_status status = source->url ? open_reader(source, params->start_us, &params->log)
                                   : bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    if (status < 0)
        bc_source_close(source_out);
    return status;
}

bc_status bc_source_start(bc_source *source)
{
    source->is_running = pthread_create(&source->thread, NULL, run, source) == 0;
    return source->is_running
               ? BC_OK
               : bc_fail(&source->params.log, BC_ERR_MEMORY, "%s: no thread", source->url);
}

void bc_source_close(bc_source **source_in)
{
    if (!source_in || !*source_in)
        return;
    bc_source *source = *source_in;
    atomic_store(&source->is_closing, true);
    atomic_store(&source->must_interrupt, 1);
    if (source->is_running)
        pthread_join(source->thread, NULL);
    drop_waiting(source);
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

bc_source_state bc_source_get_state(bc_source *source)
{
    pthread_mutex_lock(&source->lock);
    const bc_source_state state = source->state;
    pthread_mutex_unlock(&source->lock);
    return state;
}

void bc_source_pause(bc_source *source, bool on)
{
    pthread_mutex_lock(&source->lock);
    source->state.is_paused = on;
    pthread_mutex_unlock(&source->lock);
}

void bc_source_loop(bc_source *source, bool on)
{
    pthread_mutex_lock(&source->lock);
    source->state.is_looped = on;
    pthread_mutex_unlock(&source->lock);
}

void bc_source_seek(bc_source *source, int64_t position_us)
{
    pthread_mutex_lock(&source->lock);
    const int64_t last_us = source->state.duration_us;
    if (last_us > 0 && position_us > last_us)
        position_us = last_us;
    source->seek_us = position_us > 0 ? position_us : 0;
    atomic_store(&source->must_interrupt, 1);
    pthread_mutex_unlock(&source->lock);
}

void bc_source_set_lead(bc_source *source, int64_t lead_us)
{
    atomic_store(&source->lead_us, lead_us);
}

bc_status bc_source_open_writer(bc_source *source, bc_writer **writer, const char *url,
                                const bc_writer_params *params)
{
    *writer = NULL;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    if (pthread_mutex_timedlock(&source->reader_lock, &until) != 0)
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
