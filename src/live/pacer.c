#include "live/pacer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { LOOK_MS = 20, HOLD_MS = 2 /* between two looks whether a frame may leave */ };

static const int64_t jump_us = 80000;  /* so far from the sound the clock follows it at once */
static const int64_t near_us = 150000; /* so soon a line of times goes on after a seek or a loop */
static const int64_t most_spare_us = 66667;

struct bc_pacer {
    bc_queue *frames;
    pthread_t thread;
    bool is_running;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bc_captured *waiting[BC_PACER_FRAMES]; /* a ring */
    int first;
    bc_pacer_state state;
    bc_speaker *speaker;
    float volume;
    bool has_epoch;
    int64_t epoch_ns; /* when time 0 was to be seen, if no time had been lost; may be negative */
    int64_t lead_us, sent_us; /* the time of the last one that was sent */
    bool is_live, is_paused, lets_one, must_stop;
};

void bc_captured_free(void *item)
{
    bc_captured *captured = item;
    bc_frame_unref(&captured->frame);
    free(captured);
}

/* The clock -------------------------------------------------------------------------------- */

/* Lets the clock follow the sound: smoothly, or at once when they are far apart. */
static void follow_sound(bc_pacer *pacer, int64_t now_ns)
{
    int64_t heard_us;
    if (!pacer->speaker || !bc_speaker_time(pacer->speaker, &heard_us))
        return;
    const int64_t wanted_ns = now_ns - heard_us * 1000, error_ns = wanted_ns - pacer->epoch_ns;
    pacer->epoch_ns =
        llabs(error_ns) > jump_us * 1000 ? wanted_ns : pacer->epoch_ns + error_ns / 16;
}

/* Begins with this frame, unless it is the next one of the line of before: a loop goes on. */
static void start_clock(bc_pacer *pacer, int64_t time_us, int64_t now_ns)
{
    const int64_t due_ns = pacer->epoch_ns + time_us * 1000;
    if (due_ns < now_ns || due_ns > now_ns + near_us * 1000)
        pacer->epoch_ns = now_ns + (pacer->lead_us - time_us) * 1000;
    pacer->has_epoch = true;
}

/* When the frame is to be seen. */
static int64_t due_ns(bc_pacer *pacer, const bc_captured *captured, int64_t now_ns)
{
    if (pacer->is_live || pacer->lets_one)
        return now_ns;
    if (!pacer->has_epoch)
        start_clock(pacer, captured->time_us, now_ns);
    follow_sound(pacer, now_ns);
    return pacer->epoch_ns + captured->time_us * 1000;
}

/* From the frame before. */
static int64_t step_of(const bc_pacer *pacer, const bc_captured *captured)
{
    const int64_t step_us = captured->time_us - pacer->sent_us;
    return step_us > 0 ? step_us : 0;
}

/* So much earlier it may leave: two frames' time to spare for those that take longer. */
static int64_t spare_us(const bc_pacer *pacer, const bc_captured *captured)
{
    const int64_t two_us = 2 * step_of(pacer, captured);
    return two_us < most_spare_us ? two_us : most_spare_us;
}

/* When the first frame leaves. While the one before waits to be painted it stays, for it would
 * throw that one away, until it would be late itself. */
static int64_t time_to_leave(bc_pacer *pacer, int64_t due_ns, int64_t now_ns)
{
    const int64_t last_ns = due_ns - pacer->lead_us * 1000;
    const int64_t leaves_ns = last_ns - spare_us(pacer, pacer->waiting[pacer->first]) * 1000;
    const int64_t looks_ns = now_ns + HOLD_MS * 1000000LL;
    if (leaves_ns > now_ns || last_ns <= now_ns || !bc_queue_is_full(pacer->frames))
        return leaves_ns;
    return looks_ns < last_ns ? looks_ns : last_ns;
}

/* The thread ------------------------------------------------------------------------------- */

static bc_captured *take_first(bc_pacer *pacer)
{
    bc_captured *captured = pacer->waiting[pacer->first];
    pacer->first = (pacer->first + 1) % BC_PACER_FRAMES;
    pacer->state.n_waiting--;
    pthread_cond_broadcast(&pacer->changed);
    return captured;
}

static void send_first(bc_pacer *pacer, int64_t due_ns, int64_t now_ns)
{
    bc_captured *captured = take_first(pacer);
    captured->arrival_ns = now_ns;
    captured->due_ns = due_ns;
    captured->step_us = step_of(pacer, captured);
    pacer->sent_us = captured->time_us;
    pacer->lets_one = false;
    pacer->state.n_sent++;
    pacer->state.position_us = captured->position_us;
    if (bc_queue_send_newest(pacer->frames, captured, &pacer->state.n_dropped) != BC_OK)
        bc_captured_free(captured);
}

static void wait_until(bc_pacer *pacer, int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    pthread_cond_timedwait(&pacer->changed, &pacer->lock, &until);
}

static void *run(void *arg)
{
    bc_pacer *pacer = arg;
    pthread_mutex_lock(&pacer->lock);
    while (!pacer->must_stop) {
        const int64_t now_ns = bc_clock_ns();
        int64_t until_ns = now_ns + LOOK_MS * 1000000LL, due = now_ns;
        if (pacer->state.n_waiting > 0 && (!pacer->is_paused || pacer->lets_one)) {
            due = due_ns(pacer, pacer->waiting[pacer->first], now_ns);
            const int64_t leaves_ns = time_to_leave(pacer, due, now_ns);
            until_ns = leaves_ns < until_ns ? leaves_ns : until_ns;
        }
        if (until_ns <= now_ns)
            send_first(pacer, due, now_ns);
        else
            wait_until(pacer, until_ns);
    }
    pthread_mutex_unlock(&pacer->lock);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

bc_status bc_pacer_open(bc_pacer **line_out, bc_queue *frames, const bc_log *log)
{
    bc_pacer *pacer = *line_out = calloc(1, sizeof(*pacer));
    if (!pacer)
        return bc_fail(log, BC_ERR_MEMORY, "pacer: out of memory");
    pacer->frames = frames;
    pacer->has_epoch = false;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pacer->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&pacer->lock, NULL);
    pacer->is_running = pthread_create(&pacer->thread, NULL, run, pacer) == 0;
    if (pacer->is_running)
        return BC_OK;
    bc_pacer_close(line_out);
    return bc_fail(log, BC_ERR_MEMORY, "pacer: no thread");
}

static void drop_all(bc_pacer *pacer)
{
    while (pacer->state.n_waiting > 0)
        bc_captured_free(take_first(pacer));
}

void bc_pacer_close(bc_pacer **line_in)
{
    bc_pacer *pacer = line_in ? *line_in : NULL;
    if (!pacer)
        return;
    pthread_mutex_lock(&pacer->lock);
    pacer->must_stop = true;
    pthread_cond_broadcast(&pacer->changed);
    pthread_mutex_unlock(&pacer->lock);
    if (pacer->is_running)
        pthread_join(pacer->thread, NULL);
    drop_all(pacer);
    pthread_cond_destroy(&pacer->changed);
    pthread_mutex_destroy(&pacer->lock);
    free(pacer);
    *line_in = NULL;
}

/* From other threads ----------------------------------------------------------------------- */

/* Ends every call that changed the pacer. */
static void announce(bc_pacer *pacer)
{
    pthread_cond_broadcast(&pacer->changed);
    pthread_mutex_unlock(&pacer->lock);
}

void bc_pacer_add(bc_pacer *pacer, bc_captured *captured)
{
    pthread_mutex_lock(&pacer->lock);
    assert(pacer->state.n_waiting < BC_PACER_FRAMES);
    pacer->waiting[(pacer->first + pacer->state.n_waiting++) % BC_PACER_FRAMES] = captured;
    announce(pacer);
}

void bc_pacer_clear(bc_pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    drop_all(pacer);
    pacer->has_epoch = false;
    announce(pacer);
}

void bc_pacer_set_speaker(bc_pacer *pacer, bc_speaker *speaker)
{
    pthread_mutex_lock(&pacer->lock);
    pacer->speaker = speaker;
    if (speaker)
        bc_speaker_set_volume(speaker, pacer->volume);
    announce(pacer);
}

void bc_pacer_set_volume(bc_pacer *pacer, float volume)
{
    pthread_mutex_lock(&pacer->lock);
    pacer->volume = volume;
    if (pacer->speaker)
        bc_speaker_set_volume(pacer->speaker, volume);
    pthread_mutex_unlock(&pacer->lock);
}

void bc_pacer_set_live(bc_pacer *pacer, bool on)
{
    pthread_mutex_lock(&pacer->lock);
    if (pacer->is_live != on)
        pacer->has_epoch = false;
    pacer->is_live = on;
    announce(pacer);
}

void bc_pacer_pause(bc_pacer *pacer, bool on)
{
    pthread_mutex_lock(&pacer->lock);
    if (pacer->is_paused != on)
        pacer->has_epoch = false;
    pacer->is_paused = on;
    if (pacer->speaker)
        bc_speaker_pause(pacer->speaker, on);
    announce(pacer);
}

void bc_pacer_let_one(bc_pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    pacer->lets_one = true;
    announce(pacer);
}

void bc_pacer_set_lead(bc_pacer *pacer, int64_t lead_us)
{
    pthread_mutex_lock(&pacer->lock);
    pacer->lead_us += (lead_us - pacer->lead_us) / 4; /* or many frames would leave at once */
    pthread_mutex_unlock(&pacer->lock);
}

bc_pacer_state bc_pacer_get_state(bc_pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    const bc_pacer_state state = pacer->state;
    pthread_mutex_unlock(&pacer->lock);
    return state;
}

void bc_pacer_wait(bc_pacer *pacer, int ms)
{
    pthread_mutex_lock(&pacer->lock);
    wait_until(pacer, bc_clock_ns() + ms * 1000000LL);
    pthread_mutex_unlock(&pacer->lock);
}

void bc_pacer_wake(bc_pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    announce(pacer);
}
