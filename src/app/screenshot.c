/* Pictures of what is shown: of the frame as it was painted, or of the whole window. */
#include <stdio.h>
#include <time.h>

#include "app/stage.h"
#include "base/log.h"
#include "media/convert.h"
#include "media/picture.h"

enum { GRAB_PATIENCE_S = 2 };

/* By the main thread, which alone may touch the window. */
static bc_status grab_window(bc_stage *stage, const char *path)
{
    bc_frame *grab;
    bc_status status = bc_window_grab(stage->window, &grab);
    if (status == BC_OK)
        status = bc_picture_write(path, &grab->image, &stage->params.log);
    bc_frame_unref(&grab);
    return status;
}

static bc_status ask_for_grab(bc_stage *stage, const char *path)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GRAB_PATIENCE_S;
    snprintf(stage->grab_path, sizeof(stage->grab_path), "%s", path);
    stage->grab_status = BC_ERR_IO;
    bc_window_wake(stage->window);
    int timed_out = 0;
    while (stage->grab_path[0] && !timed_out)
        timed_out = pthread_cond_timedwait(&stage->grabbed, &stage->lock, &until);
    stage->grab_path[0] = '\0';
    return stage->grab_status;
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

bc_status bc_stage_screenshot(bc_stage *stage, const char *path, bool of_window, char *name,
                              size_t size)
{
    bc_stage_choose_name(name, size, path, "png");
    if (of_window && stage->window)
        return pthread_equal(pthread_self(), stage->main_thread) ? grab_window(stage, name)
                                                                 : ask_for_grab(stage, name);
    if (!stage->shown)
        return bc_fail(&stage->params.log, BC_ERR_IO, "%s: there is no picture yet", name);
    bc_frame *picture = bc_frame_ref(stage->shown->picture);
    const int width = stage->shown->width, height = stage->shown->height;
    pthread_mutex_unlock(&stage->lock); /* painting goes on meanwhile */
    const bc_status status = write_picture(name, picture, width, height, &stage->params.log);
    bc_frame_unref(&picture);
    pthread_mutex_lock(&stage->lock);
    return status;
}

void bc_stage_grab(bc_stage *stage)
{
    if (!stage->grab_path[0])
        return;
    stage->grab_status = grab_window(stage, stage->grab_path);
    stage->grab_path[0] = '\0';
    pthread_cond_broadcast(&stage->grabbed);
}
