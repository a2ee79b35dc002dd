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
    uint64_t serial;
    bool is_fullscreen;
    int64_t shown_ns;
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

/* The newest painted frame, if there is one; false at the end. */
static bool take_painted(show *s, int64_t timeout_ns, bool *is_new)
{
    void *item;
    if (bc_queue_receive_within(s->live->painted, &item, timeout_ns) == BC_END)
        return false;
    *is_new = item != NULL;
    if (!item)
        return true;
    bc_live_adopt(s->live, item);
    s->serial++;
    return true;
}

static bool show_next(show *s)
{
    bool is_new = false;
    const char *command = bc_window_wait(s->live->window, IDLE_MS);
    for (; command; command = bc_window_wait(s->live->window, 0))
        bc_verbs_run(s->live, command);
    if (!take_painted(s, 0, &is_new))
        return false;
    if (!bc_window_is_hidden(s->live->window) && (is_new || is_stale(s)))
        draw(s);
    if (is_new)
        bc_live_presented(s->live);
    return true;
}

/* Without a window a frame is presented when it is painted: outputs have it already. */
static bool pass_next(show *s)
{
    bool is_new = false;
    if (!take_painted(s, IDLE_MS * 1000000LL, &is_new))
        return false;
    if (is_new)
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
    bc_viewer_close(&s.viewer);
}
