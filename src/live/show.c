#include <string.h>

#include "base/clock.h"
#include "live/live.h"
#include "live/verbs.h"
#include "live/view.h"

enum { IDLE_MS = 50 };

static const int64_t refresh_ns = 62500000; /* of what moves over a picture that stands */

/* What the main thread keeps to show what is painted. */
typedef struct show {
    bc_live *live;
    bc_viewer viewer;
    bc_painted *ready[BC_LIVE_MAX_READY]; /* in order; those that are not due yet wait here. Due is
                                     when their drawing is to begin */
    int n_ready;
    uint64_t serial;
    bool is_fullscreen;
    int64_t draw_ns;    /* how long it takes */
    int64_t adopted_ns; /* the last painted frame */
    int64_t shown_ns;   /* anything */
} show;

/* The shown frames are the main thread's alone to replace, so they last beyond the lock. */
static void draw(show *s)
{
    const int64_t now_ns = bc_clock_ns();
    bc_live *live = s->live;
    pthread_mutex_lock(&live->lock);
    const bc_view view = bc_viewer_look(&s->viewer, s->serial, now_ns);
    const bool wants_fullscreen = live->wants_fullscreen;
    pthread_mutex_unlock(&live->lock);
    if (wants_fullscreen != s->is_fullscreen) {
        s->is_fullscreen = wants_fullscreen;
        bc_window_set_fullscreen(live->window, wants_fullscreen);
    }
    bc_window_show(live->window, &view);
    s->draw_ns += (bc_clock_ns() - now_ns - s->draw_ns) / 8;
    s->shown_ns = now_ns;
}

/* Overlays move on even where no frame comes; and a picture of the window is of its present state.
 */
static bool is_stale(const show *s)
{
    pthread_mutex_lock(&s->live->lock);
    const bool is_grab_wanted = s->live->is_grab_wanted;
    pthread_mutex_unlock(&s->live->lock);
    return is_grab_wanted || bc_window_is_stale(s->live->window) ||
           bc_clock_ns() - s->shown_ns > refresh_ns;
}

/* Takes what is painted; waits so long if there is nothing. False at the end. */
static bool take_painted(show *s, int64_t timeout_ns)
{
    while (s->n_ready < BC_LIVE_MAX_READY) {
        const int64_t patience_ns = s->n_ready > 0 ? 0 : timeout_ns;
        void *item = NULL;
        if (bc_queue_receive_within(s->live->painted, &item, patience_ns) == BC_END)
            return s->n_ready > 0;
        if (!item)
            break;
        s->ready[s->n_ready] = item;
        s->ready[s->n_ready++]->due_ns -= s->draw_ns;
    }
    return true;
}

static bc_painted *remove_first(show *s)
{
    bc_painted *first = s->ready[0];
    s->n_ready--;
    memmove(s->ready, s->ready + 1, (size_t)s->n_ready * sizeof(s->ready[0]));
    return first;
}

/* When the first of them is shown: when it is due, or sooner where the one before it was dropped.
 */
static int64_t time_of_first(const show *s)
{
    const int64_t due_ns = s->ready[0]->due_ns;
    const int64_t follows_ns = s->adopted_ns + 1100 * s->ready[0]->step_us;
    return due_ns < follows_ns ? due_ns : follows_ns;
}

/* Of those that are due up to `until_ns` the newest wins. False: none is. */
static bool adopt_due(show *s, int64_t until_ns)
{
    if (s->n_ready == 0 || time_of_first(s) > until_ns)
        return false;
    while (s->n_ready > 1 && s->ready[1]->due_ns <= until_ns) {
        bc_painted *late = remove_first(s);
        bc_painted_free(&late);
        pthread_mutex_lock(&s->live->lock);
        s->live->n_skipped++;
        pthread_mutex_unlock(&s->live->lock);
    }
    bc_live_adopt(s->live, remove_first(s));
    s->adopted_ns = bc_clock_ns();
    s->serial++;
    return true;
}

/* Milliseconds until a frame is due, or until it is time to look. */
static int time_to_next(const show *s)
{
    if (s->n_ready == 0)
        return IDLE_MS;
    const int64_t ms = (time_of_first(s) - bc_clock_ns() + 999999) / 1000000;
    return ms < 0 ? 0 : ms < IDLE_MS ? (int)ms : IDLE_MS;
}

static bool show_next(show *s)
{
    if (!take_painted(s, 0)) /* whatever comes from here on wakes the window */
        return false;
    const char *command = bc_window_wait(s->live->window, time_to_next(s));
    for (; command; command = bc_window_wait(s->live->window, 0))
        bc_verbs_run(s->live, command);
    const bool is_new = adopt_due(s, bc_clock_ns());
    if (!bc_window_is_hidden(s->live->window) && (is_new || is_stale(s)))
        draw(s);
    if (is_new)
        bc_live_presented(s->live);
    return true;
}

/* Without a window a frame is presented when it is painted: outputs have it already. */
static bool pass_next(show *s)
{
    if (!take_painted(s, IDLE_MS * 1000000LL))
        return false;
    if (adopt_due(s, INT64_MAX))
        bc_live_presented(s->live);
    return true;
}

void bc_live_show(bc_live *live)
{
    show s = {.live = live, .serial = 1, .is_fullscreen = live->params.is_fullscreen};
    if (live->window)
        bc_viewer_open(&s.viewer, live);
    bool goes_on = true;
    while (goes_on && atomic_load(live->params.stop) == 0) {
        goes_on = live->window ? show_next(&s) : pass_next(&s);
        bc_live_serve(live);
    }
    while (s.n_ready > 0) {
        bc_painted *left = remove_first(&s);
        bc_painted_free(&left);
    }
    bc_viewer_close(&s.viewer);
}
