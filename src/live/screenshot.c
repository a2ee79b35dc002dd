#include "live/screenshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "live/names.h"
#include "live/report.h"
#include "media/convert.h"
#include "media/picture.h"

enum { GRAB_PATIENCE_MS = 2000, LOOK_MS = 50 };

typedef struct shot {
    char path[BC_WORK_FILE]; /* "": a name of its own */
    char style[BC_REPORT_STYLE];
    bool of_window;
    bc_frame *picture;
    int width, height; /* of the source */
} shot;

/* The window ------------------------------------------------------------------------------- */

void bc_live_grab(bc_live *live)
{
    if (!live->is_grab_wanted)
        return;
    live->is_grab_wanted = false;
    bc_frame_unref(&live->grab);
    live->grab_status = bc_window_grab(live->window, &live->grab);
    live->n_grabs++;
    pthread_cond_broadcast(&live->grabbed);
}

/* With the lock held; a little while at most. */
static void wait_for_grab(bc_live *live)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&live->grabbed, &live->lock, &until);
}

static bc_status grab_window(bc_live *live, bc_frame **grab, const bc_log *log)
{
    pthread_mutex_lock(&live->lock);
    const int n_before = live->n_grabs;
    live->is_grab_wanted = true;
    bc_window_wake(live->window);
    for (int ms = 0; live->n_grabs == n_before && ms < GRAB_PATIENCE_MS; ms += LOOK_MS) {
        if (atomic_load(live->params.stop) != 0)
            break;
        wait_for_grab(live);
    }
    const bool is_there = live->n_grabs != n_before && live->grab_status == BC_OK;
    *grab = is_there ? bc_frame_ref(live->grab) : NULL;
    pthread_mutex_unlock(&live->lock);
    return is_there ? BC_OK : bc_fail(log, BC_ERR_IO, "there is no picture of the window");
}

/* The picture ------------------------------------------------------------------------------ */

/* Of the source's size, whatever it was painted at. */
static bc_status write_picture(const char *path, const shot *s, const bc_log *log)
{
    bc_frame *whole = NULL;
    bc_converter *converter = NULL;
    if (!s->picture)
        return bc_fail(log, BC_ERR_IO, "%s: there is no picture yet", path);
    bc_status status = bc_frame_alloc(&whole, s->width, s->height, BC_RGB24, log);
    if (status == BC_OK)
        status = bc_converter_open(&converter, 1, log);
    if (status == BC_OK)
        status = bc_converter_run(converter, s->picture, &whole->image);
    if (status == BC_OK)
        status = bc_picture_write(path, &whole->image, log);
    bc_converter_close(&converter);
    bc_frame_unref(&whole);
    return status;
}

static bc_status write_window(bc_live *live, const char *path, const bc_log *log)
{
    bc_frame *grab;
    bc_status status = grab_window(live, &grab, log);
    if (status == BC_OK)
        status = bc_picture_write(path, &grab->image, log);
    bc_frame_unref(&grab);
    return status;
}

/* A name of its own, or one that nobody has, unless it may be overwritten. */
static bc_status find_place(const bc_live *live, shot *s, bool *is_own, const bc_log *log)
{
    *is_own = !s->path[0];
    if (*is_own)
        return bc_name_create(s->path, sizeof(s->path), s->style, "png", log);
    if (!live->params.overwrite && access(s->path, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s exists (-y overwrites it)", s->path);
    return BC_OK;
}

static void say_result(bc_live *live, const bc_work_result *result, bool of_window)
{
    pthread_mutex_lock(&live->lock);
    if (result->status < 0)
        bc_live_say_error(live, result->reason, "No screenshot");
    else if (!of_window)
        bc_live_say(live, result->file, "Screenshot");
    pthread_mutex_unlock(&live->lock);
}

static void take(void *cookie, void *arg, bc_work_result *result)
{
    bc_live *live = cookie;
    shot *s = arg;
    bool is_own = false;
    bc_reason reason;
    bc_reason_init(&reason, &live->params.log);
    const bc_log log = bc_reason_log(&reason);
    result->status = find_place(live, s, &is_own, &log);
    if (result->status == BC_OK)
        result->status = s->of_window && live->window ? write_window(live, s->path, &log)
                                                      : write_picture(s->path, s, &log);
    if (result->status < 0 && is_own)
        bc_name_drop(s->path);
    snprintf(result->file, sizeof(result->file), "%s", s->path);
    bc_reason_get(&reason, result->reason);
    bc_reason_free(&reason);
    say_result(live, result, s->of_window);
    bc_frame_unref(&s->picture);
    free(s);
}

bc_work *bc_live_screenshot(bc_live *live, const char *path, bool of_window)
{
    shot *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    snprintf(s->path, sizeof(s->path), "%s", path ? path : "");
    bc_report_style_name(live, s->style);
    s->of_window = of_window;
    if (live->shown) {
        s->picture = bc_frame_ref(live->shown->picture);
        s->width = live->shown->width;
        s->height = live->shown->height;
    }
    bc_work *work = bc_work_begin(live->workers, take, s);
    if (work)
        return work;
    bc_frame_unref(&s->picture);
    free(s);
    return NULL;
}
