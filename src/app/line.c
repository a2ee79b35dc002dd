#include "app/line.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { LOOK_MS = 20 };

static const int64_t jump_us = 80000; /* so far from the sound the clock follows it at once */

struct bc_line {
    bc_queue *frames;
    pthread_t thread;
    bool is_running;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bc_captured *waiting[BC_LINE_FRAMES]; /* a ring */
    int first;
    bc_line_state state;
    bc_speaker *speaker;
    int64_t epoch_ns; /* when the line was at 0, if no time had been lost; -1: not yet known */
    int64_t lead_us;
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
static void follow_sound(bc_line *line, int64_t now_ns)
{
    int64_t heard_us;
    if (!line->speaker || !bc_speaker_time(line->speaker, &heard_us))
        return;
    const int64_t wanted_ns = now_ns - heard_us * 1000, error_ns = wanted_ns - line->epoch_ns;
    line->epoch_ns = llabs(error_ns) > jump_us * 1000 ? wanted_ns : line->epoch_ns + error_ns / 16;
}

/* When the frame is to leave. */
static int64_t due_ns(bc_line *line, const bc_captured *captured, int64_t now_ns)
{
    if (line->is_live || line->lets_one)
        return now_ns;
    if (line->epoch_ns < 0)
        line->epoch_ns = now_ns - captured->time_us * 1000;
    follow_sound(line, now_ns);
    const int64_t lead_us = line->speaker ? line->lead_us : 0;
    return line->epoch_ns + (captured->time_us - lead_us) * 1000;
}

/* The thread ------------------------------------------------------------------------------- */

static bc_captured *take_first(bc_line *line)
{
    bc_captured *captured = line->waiting[line->first];
    line->first = (line->first + 1) % BC_LINE_FRAMES;
    line->state.n_waiting--;
    pthread_cond_broadcast(&line->changed);
    return captured;
}

static void send_first(bc_line *line, int64_t now_ns)
{
    bc_captured *captured = take_first(line);
    captured->arrival_ns = now_ns;
    line->lets_one = false;
    line->state.n_sent++;
    line->state.position_us = captured->position_us;
    if (bc_queue_send_newest(line->frames, captured, &line->state.n_dropped) != BC_OK)
        bc_captured_free(captured);
}

static void wait_until(bc_line *line, int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    pthread_cond_timedwait(&line->changed, &line->lock, &until);
}

static void *run(void *arg)
{
    bc_line *line = arg;
    pthread_mutex_lock(&line->lock);
    while (!line->must_stop) {
        const int64_t now_ns = bc_clock_ns();
        int64_t until_ns = now_ns + LOOK_MS * 1000000LL;
        if (line->state.n_waiting > 0 && (!line->is_paused || line->lets_one)) {
            const int64_t due = due_ns(line, line->waiting[line->first], now_ns);
            until_ns = due < until_ns ? due : until_ns;
        }
        if (until_ns <= now_ns)
            send_first(line, now_ns);
        else
            wait_until(line, until_ns);
    }
    pthread_mutex_unlock(&line->lock);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

bc_status bc_line_open(bc_line **line_out, bc_queue *frames, const bc_log *log)
{
    bc_line *line = *line_out = calloc(1, sizeof(*line));
    if (!line)
        return bc_fail(log, BC_ERR_MEMORY, "line: out of memory");
    line->frames = frames;
    line->epoch_ns = -1;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&line->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&line->lock, NULL);
    line->is_running = pthread_create(&line->thread, NULL, run, line) == 0;
    if (line->is_running)
        return BC_OK;
    bc_line_close(line_out);
    return bc_fail(log, BC_ERR_MEMORY, "line: no thread");
}

static void drop_all(bc_line *line)
{
    while (line->state.n_waiting > 0)
        bc_captured_free(take_first(line));
}

void bc_line_close(bc_line **line_in)
{
    bc_line *line = line_in ? *line_in : NULL;
    if (!line)
        return;
    pthread_mutex_lock(&line->lock);
    line->must_stop = true;
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
    if (line->is_running)
        pthread_join(line->thread, NULL);
    drop_all(line);
    pthread_cond_destroy(&line->changed);
    pthread_mutex_destroy(&line->lock);
    free(line);
    *line_in = NULL;
}

/* From other threads ----------------------------------------------------------------------- */

/* Ends every call that changed the line. */
static void announce(bc_line *line)
{
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
}

void bc_line_add(bc_line *line, bc_captured *captured)
{
    pthread_mutex_lock(&line->lock);
    assert(line->state.n_waiting < BC_LINE_FRAMES);
    line->waiting[(line->first + line->state.n_waiting++) % BC_LINE_FRAMES] = captured;
    announce(line);
}

void bc_line_clear(bc_line *line)
{
    pthread_mutex_lock(&line->lock);
    drop_all(line);
    line->epoch_ns = -1;
    announce(line);
}

void bc_line_set_speaker(bc_line *line, bc_speaker *speaker)
{
    pthread_mutex_lock(&line->lock);
    line->speaker = speaker;
    announce(line);
}

void bc_line_set_live(bc_line *line, bool on)
{
    pthread_mutex_lock(&line->lock);
    if (line->is_live != on)
        line->epoch_ns = -1;
    line->is_live = on;
    announce(line);
}

void bc_line_pause(bc_line *line, bool on)
{
    pthread_mutex_lock(&line->lock);
    if (line->is_paused != on)
        line->epoch_ns = -1;
    line->is_paused = on;
    if (line->speaker)
        bc_speaker_pause(line->speaker, on);
    announce(line);
}

void bc_line_let_one(bc_line *line)
{
    pthread_mutex_lock(&line->lock);
    line->lets_one = true;
    announce(line);
}

void bc_line_set_lead(bc_line *line, int64_t lead_us)
{
    pthread_mutex_lock(&line->lock);
    line->lead_us = lead_us;
    pthread_mutex_unlock(&line->lock);
}

bc_line_state bc_line_get_state(bc_line *line)
{
    pthread_mutex_lock(&line->lock);
    const bc_line_state state = line->state;
    pthread_mutex_unlock(&line->lock);
    return state;
}

void bc_line_wait(bc_line *line, int ms)
{
    pthread_mutex_lock(&line->lock);
    wait_until(line, bc_clock_ns() + ms * 1000000LL);
    pthread_mutex_unlock(&line->lock);
}

void bc_line_wake(bc_line *line)
{
    pthread_mutex_lock(&line->lock);
    announce(line);
}
