#include "live/screenshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
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
    bc_frame *picture; /* as it is shown, or NULL: there is none yet */
    bc_frame *source;  /* the original, where the picture is painted smaller than that; or NULL */
    bc_frame *mask;    /* with the original: what was painted of it; or NULL: all */
    int width, height; /* of the source */
    bc_settings settings;
    bc_model *model; /* that paints it anew, held */
    bc_blend blend;  /* of its styles */
} shot;

static void free_shot(shot *s)
{
    bc_frame_unref(&s->picture);
    bc_frame_unref(&s->source);
    bc_frame_unref(&s->mask);
    bc_model_close(&s->model);
    free(s);
}

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

static bc_status set_painter(bc_painter *painter, const shot *s)
{
    const bc_settings *settings = &s->settings;
    bc_status status = bc_painter_set_blend(painter, s->blend.styles, s->blend.n);
    if (status == BC_OK)
        status = bc_painter_set(painter, BC_PAINTER_STRENGTH, (double)settings->strength);
    if (status == BC_OK)
        status = bc_painter_set(painter, BC_PAINTER_KEEP_COLORS, (double)settings->keep_colors);
    return status == BC_OK ? bc_painter_set(painter, BC_PAINTER_SCALE, 1 / (double)settings->brush)
                           : status;
}

/* The source in full, in place of what was painted smaller for the sake of the rate. One thread
 * leaves the others to the picture that goes on. */
static bc_status paint_anew(shot *s, const bc_log *log)
{
    const bc_image *image = &s->source->image;
    const bc_painter_params params = {
        .size = sizeof(params), .model = s->model, .n_threads = 1, .log = *log};
    bc_painter *painter = NULL;
    bc_frame *painting = NULL;
    bc_status status = bc_frame_alloc(&painting, s->width, s->height, BC_YUV420, log);
    if (status == BC_OK)
        status = bc_painter_open(&painter, &params);
    if (status == BC_OK)
        status = set_painter(painter, s);
    if (status == BC_OK) {
        painting->image.matrix = image->matrix;
        painting->image.range = image->range;
        painting->image.chroma_position = image->chroma_position;
        status = bc_painter_run(painter, image, &painting->image, BC_NO_TIME, 0);
    }
    if (status == BC_OK && s->settings.key.is_on)
        bc_key_mix(&s->settings.key, image, &painting->image);
    if (status == BC_OK && s->mask)
        bc_mask_mix(&s->mask->image, s->settings.mask, image, &painting->image);
    bc_painter_close(&painter);
    if (status == BC_OK)
        bc_frame_unref(&s->picture);
    if (status == BC_OK)
        s->picture = painting;
    else
        bc_frame_unref(&painting);
    return status;
}

/* Of the source's size, whatever it was painted at. */
static bc_status write_picture(const char *path, shot *s, const bc_log *log)
{
    bc_frame *whole = NULL;
    bc_converter *converter = NULL;
    if (!s->picture)
        return bc_fail(log, BC_ERR_IO, "%s: there is no picture yet", path);
    bc_status status = s->source ? paint_anew(s, log) : BC_OK;
    if (status == BC_OK)
        status = bc_frame_alloc(&whole, s->width, s->height, BC_RGB24, log);
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
    bc_cpu_give_way(); /* to the picture that goes on */
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
    free_shot(s);
}

/* The net that has painted what is shown, unless a style is chosen by now that it has not. */
static void take_net(shot *s, const bc_live *live, const bc_model *painted)
{
    const bc_nets *nets = live->nets;
    const bc_settings *settings = &live->settings;
    int net = painted ? bc_nets_find(nets, painted) : -1;
    if (net < 0 || bc_settings_blend(settings, nets, net).n < settings->n_styles)
        net = settings->net;
    s->settings = *settings;
    s->model = bc_model_ref(bc_nets_model(nets, net));
    s->blend = bc_settings_blend(settings, nets, net);
}

/* What is shown; and what it is made of, where that is more. */
static void take_shown(shot *s, const bc_live *live)
{
    const bc_painted *shown = live->shown;
    if (!shown)
        return;
    s->picture = bc_frame_ref(shown->picture);
    s->width = shown->width;
    s->height = shown->height;
    take_net(s, live, shown->model);
    const int full = (int)((float)shown->width / live->settings.brush);
    if (shown->painted_width > 0 && shown->painted_width < full &&
        live->settings.fixed_scale == 0 && shown->original)
        s->source = bc_frame_ref(shown->original);
    if (shown->mask && live->settings.mask != BC_MASK_OFF)
        s->mask = bc_frame_ref(shown->mask);
}

bc_work *bc_live_screenshot(bc_live *live, const char *path, bool of_window)
{
    shot *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    snprintf(s->path, sizeof(s->path), "%s", path ? path : "");
    bc_report_style_name(live, s->style);
    s->of_window = of_window;
    take_shown(s, live);
    bc_work *work = bc_work_begin(live->workers, take, s);
    if (work)
        return work;
    free_shot(s);
    return NULL;
}
