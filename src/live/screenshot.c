/* Pictures of what is shown: of the frame as it was painted, or of the whole window. */
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "live/live.h"
#include "media/convert.h"
#include "media/picture.h"

enum { GRAB_PATIENCE_S = 2 };

/* By the main thread, which alone may touch the window. */
static bc_status grab_window(bc_live *live, const char *path)
{
    bc_frame *grab;
    bc_status status = bc_window_grab(live->window, &grab);
    if (status == BC_OK)
        status = bc_picture_write(path, &grab->image, &live->params.log);
    bc_frame_unref(&grab);
    return status;
}

static bc_status ask_for_grab(bc_live *live, const char *path)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GRAB_PATIENCE_S;
    snprintf(live->grab_path, sizeof(live->grab_path), "%s", path);
    live->grab_status = BC_ERR_IO;
    bc_window_wake(live->window);
    int timed_out = 0;
    while (live->grab_path[0] && !timed_out)
        timed_out = pthread_cond_timedwait(&live->grabbed, &live->lock, &until);
    live->grab_path[0] = '\0';
    return live->grab_status;
}

/* A picture of the source's size, whatever it was painted at. */
static bc_status write_picture(const char *path, const bc_frame *picture, int width, int height,
                               const bc_log *log)
{
    bc_frame *whole = NULL;
    bc_converter *converter = NULL;
    bc_status status = bc_frame_alloc(&whole, width, height, BC_RGB24, log);
    if (status == BC_OK)
        status = bc_converter_open(&converter, 1, log);
    if (status == BC_OK)
        status = bc_converter_run(converter, picture, &whole->image);
    if (status == BC_OK)
        status = bc_picture_write(path, &whole->image, log);
    bc_converter_close(&converter);
    bc_frame_unref(&whole);
    return status;
}

bc_status bc_live_screenshot(bc_live *live, const char *path, bool of_window, char *name,
                             size_t size)
{
    bc_live_choose_name(name, size, path, "png");
    if (of_window && live->window)
        return pthread_equal(pthread_self(), live->main_thread) ? grab_window(live, name)
                                                                : ask_for_grab(live, name);
    if (!live->shown)
        return bc_fail(&live->params.log, BC_ERR_IO, "%s: there is no picture yet", name);
    bc_frame *picture = bc_frame_ref(live->shown->picture);
    const int width = live->shown->width, height = live->shown->height;
    pthread_mutex_unlock(&live->lock); /* painting goes on meanwhile */
    const bc_status status = write_picture(name, picture, width, height, &live->params.log);
    bc_frame_unref(&picture);
    pthread_mutex_lock(&live->lock);
    return status;
}

void bc_live_grab(bc_live *live)
{
    if (!live->grab_path[0])
        return;
    live->grab_status = grab_window(live, live->grab_path);
    live->grab_path[0] = '\0';
    pthread_cond_broadcast(&live->grabbed);
}
