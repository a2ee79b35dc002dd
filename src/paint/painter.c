#include "paint/painter.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/params.h"
#include "base/pool.h"
#include "generator/session.h"
#include "model/model.h"
#include "paint/mix.h"
#include "paint/resize.h"
#include "stabilizer/stabilizer.h"

enum {
    FRAME_US = 33333,         /* between frames without a time */
    MAX_INTERVAL_US = 2000000 /* between frames of one scene */
};

/* Life ------------------------------------------------------------------------------------- */

static bc_status open_model(bc_painter *p)
{
    const bc_model_params params = {
        .size = sizeof(params), .models = p->params.models, .log = p->params.log};
    if (!p->params.model)
        return bc_model_open(&p->wanted.model, p->params.net, &params);
    p->wanted.model = bc_model_ref(p->params.model);
    return BC_OK;
}

static bc_status open_threads(bc_painter *p)
{
    const bc_executor_params params = {
        .size = sizeof(params), .n_threads = p->params.n_threads, .log = p->params.log};
    const bc_status status =
        p->params.executor ? BC_OK : bc_executor_open(&p->own_executor, &params);
    p->executor = p->params.executor ? p->params.executor : p->own_executor;
    return status;
}

static bc_status open_all(bc_painter *p)
{
    bc_status status = open_model(p);
    if (status == BC_OK)
        status = open_threads(p);
    const bc_session_params params = {.precision = p->params.precision,
                                      .stats = p->params.stats,
                                      .tier = p->params.tier,
                                      .log = p->params.log,
                                      .executor = p->executor};
    bc_opener_init(&p->opener, &params, p->params.in_background);
    return status;
}

bc_status bc_painter_open(bc_painter **painter, const bc_painter_params *params)
{
    if (painter)
        *painter = NULL;
    if (!painter || !params)
        return BC_ERR_ARGUMENT;
    bc_painter *p = *painter = calloc(1, sizeof(*p));
    if (!p) {
        bc_painter_params known;
        bc_params_copy(&known, sizeof(known), sizeof(known), params);
        return bc_fail(&known.log, BC_ERR_MEMORY, "painter: out of memory");
    }
    bc_params_copy(&p->params, sizeof(p->params), sizeof(p->params), params);
    pthread_mutex_init(&p->lock, NULL);
    p->last_us = BC_NO_TIME;
    p->wanted.values[BC_PAINTER_STRENGTH] = 1;
    p->wanted.values[BC_PAINTER_SCALE] = 1;
    const bc_status status = open_all(p);
    if (status < 0)
        bc_painter_close(painter);
    else if (bc_model_style_count(p->wanted.model) > 0)
        bc_blend_add(&p->wanted.blend, 0, 1);
    return status;
}

void bc_painter_close(bc_painter **painter)
{
    if (!painter || !*painter)
        return;
    bc_painter *p = *painter;
    bc_opener_close(&p->opener);
    if (p->stabilizer)
        bc_stabilizer_close(&p->stabilizer);
    bc_executor_close(&p->own_executor);
    bc_fade_clear(&p->fade);
    bc_model_close(&p->now.model);
    bc_model_close(&p->wanted.model);
    bc_own_image_free(&p->source);
    bc_own_image_free(&p->resized);
    bc_own_image_free(&p->small);
    bc_own_image_free(&p->painting);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *painter = NULL;
}

/* Session ---------------------------------------------------------------------------------- */

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* Moves the fade to the frame's time, and takes a session for what it shows now. */
static bc_status choose_session(bc_painter *p, const bc_image *source, bool *is_new)
{
    const double fade = p->now.values[BC_PAINTER_FADE], scale = p->now.values[BC_PAINTER_SCALE];
    const int n = p->now.blend.n, asked = p->params.max_blend;
    const int room = asked > 0 ? most(asked, n) : BC_MAX_BLEND;
    bc_fade_step(&p->fade, p->now.model, &p->now.blend, room, fade, p->clock_us);
    const int n_fading = fade > 0 && 2 * n <= room ? 2 * n : n;
    const bc_opened wanted = {.model = p->now.model,
                              .width = bc_scaled_size(source->width, scale),
                              .height = bc_scaled_size(source->height, scale),
                              .max_blend = most(most(asked, n_fading), p->fade.shown.n)};
    const bc_status status = bc_opener_choose(&p->opener, &wanted, is_new);
    p->state.is_pending = status == BC_OK && !bc_opened_fits(&p->opener.current, &wanted);
    return status;
}

/*
 * Where the session has no room for the blend, or its net none of the styles, it paints on as it
 * did: another is on its way. Of another blend nothing is held still yet.
 */
static bc_status show_blend(bc_painter *p, bool is_new)
{
    const bc_opened *current = &p->opener.current;
    bc_blend shown = bc_blend_translate(&p->fade.shown, p->now.model, current->model);
    if (is_new && shown.n == 0)
        shown = (bc_blend){1, {{.style = 0, .weight = 1}}};
    if (!is_new &&
        (bc_blend_is_same(&shown, &p->shown) || shown.n == 0 || shown.n > current->max_blend))
        return BC_OK;
    p->shown = shown;
    if (p->stabilizer)
        bc_stabilizer_forget_painting(p->stabilizer);
    return bc_session_set_style(current->session, shown.styles, shown.n);
}

/* Time and scenes -------------------------------------------------------------------------- */

/* The time since the last frame in microseconds; negative: the frame does not follow it. */
static int64_t interval_of(bc_painter *p, int64_t time_us)
{
    const bool is_known = time_us != BC_NO_TIME && p->last_us != BC_NO_TIME;
    const int64_t interval_us = is_known ? time_us - p->last_us : FRAME_US;
    p->last_us = time_us;
    return interval_us <= MAX_INTERVAL_US ? interval_us : -1;
}

/* One look at the frame for session and stabiliser. */
static void watch_scene(bc_painter *p, const bc_image *source, bool is_new, int64_t interval_us)
{
    bc_session *session = p->opener.current.session;
    const bool begins = bc_scene_begins(&p->scene, source);
    p->state.was_cut = begins;
    if (begins && p->stabilizer)
        bc_stabilizer_restart(p->stabilizer);
    bc_session_tell_scene(session, &p->scene, begins || is_new);
    if (interval_us >= 0)
        bc_session_set_interval(session, 1e-6 * (double)interval_us);
}

/* Frames ----------------------------------------------------------------------------------- */

static bc_status fail_memory(const bc_painter *p, const bc_image *image)
{
    return bc_fail(&p->params.log, BC_ERR_MEMORY, "painter: no memory for %dx%d", image->width,
                   image->height);
}

/* What is painted of the source: its planes by themselves, in the session's size. */
static bc_status fit_source(bc_painter *p, const bc_image *source, bc_image *fitted)
{
    const bc_opened *session = &p->opener.current;
    const bool is_own = source->format == BC_YUV420 && source->chroma_step_bytes > 1;
    *fitted = *source;
    if (is_own && !bc_own_image_fit(&p->source, source, source->width, source->height))
        return fail_memory(p, source);
    if (is_own) {
        bc_image_copy(&p->source.image, source);
        *fitted = p->source.image;
    }
    if (session->width == source->width && session->height == source->height)
        return BC_OK;
    if (!bc_own_image_fit(&p->resized, fitted, session->width, session->height) ||
        !bc_image_resize(p->executor, &p->resized.image, fitted))
        return fail_memory(p, source);
    *fitted = p->resized.image;
    return BC_OK;
}

/* Packed pixels as the session knows them: X is alpha without a meaning. */
static bc_image without_x(const bc_image *image)
{
    bc_image view = *image;
    if (view.format == BC_RGBX32 || view.format == BC_BGRX32)
        view.format = view.format == BC_RGBX32 ? BC_RGBA32 : BC_BGRA32;
    return view;
}

/* Paints, in the session's size. */
static bc_status paint(bc_painter *p, const bc_image *source, const bc_image *painting)
{
    const float amount = (float)p->now.values[BC_PAINTER_STABILIZE];
    bc_session *session = p->opener.current.session;
    bc_image steady = *source;
    bc_status status = BC_OK;
    if (amount > 0 && !p->stabilizer)
        status = bc_stabilizer_open(&p->stabilizer, bc_pool_threads(p->executor), &p->params.log);
    if (status == BC_OK && p->stabilizer)
        status = bc_stabilizer_source(p->stabilizer, source, amount, &steady);
    if (status == BC_OK && p->stabilizer)
        bc_session_move_canvas(session, bc_stabilizer_canvas(p->stabilizer));
    const int64_t start_ns = bc_clock_ns();
    if (status == BC_OK)
        status = bc_session_run(session, &steady, painting);
    p->state.session_ns = bc_clock_ns() - start_ns;
    return status == BC_OK && p->stabilizer ? bc_stabilizer_painting(p->stabilizer, painting)
                                            : status;
}

/* Paints into `painting`, by way of the session's size where that is another. */
static bc_status paint_resized(bc_painter *p, const bc_image *source, const bc_image *painting)
{
    const bc_opened *session = &p->opener.current;
    if (session->width == painting->width && session->height == painting->height)
        return paint(p, source, painting);
    if (!bc_own_image_fit(&p->small, painting, session->width, session->height))
        return fail_memory(p, painting);
    bc_status status = paint(p, source, &p->small.image);
    if (status == BC_OK && !bc_image_resize(p->executor, painting, &p->small.image))
        status = fail_memory(p, painting);
    return status;
}

static bool has_one_size(const bc_image *a, const bc_image *b)
{
    return a->width == b->width && a->height == b->height;
}

static bool must_mix(const bc_painter *p)
{
    return p->now.values[BC_PAINTER_STRENGTH] < 1 || p->now.values[BC_PAINTER_KEEP_COLORS] > 0;
}

/* Alpha is the source's, after sizes and formats have changed too; X is opaque. */
static void finish_alpha(const bc_painter *p, const bc_image *source, const bc_image *painting)
{
    const bc_opened *session = &p->opener.current;
    const bool is_resized = session->width != source->width || session->height != source->height;
    const bool has_x = source->format == BC_RGBX32 || source->format == BC_BGRX32;
    if (has_x || (is_resized && bc_image_has_alpha(source) && has_one_size(source, painting)))
        bc_image_copy_alpha(painting, source);
}

static bc_status paint_over(bc_painter *p, const bc_image *source, const bc_image *fitted,
                            const bc_image *painting)
{
    const bool is_own = bc_image_overlaps(source, painting) ||
                        (painting->format == BC_YUV420 && painting->chroma_step_bytes > 1);
    const bc_image from = without_x(fitted);
    bc_image to = without_x(painting);
    if (is_own && !bc_own_image_fit(&p->painting, painting, painting->width, painting->height))
        return fail_memory(p, painting);
    if (is_own)
        to = p->painting.image;
    const bc_status status = paint_resized(p, &from, &to);
    if (status < 0)
        return status;
    if (must_mix(p))
        bc_image_mix(p->executor, &to, source, (float)p->now.values[BC_PAINTER_STRENGTH],
                     (float)p->now.values[BC_PAINTER_KEEP_COLORS]);
    if (bc_image_has_alpha(painting))
        finish_alpha(p, source, &to);
    if (is_own)
        bc_image_copy(painting, &to);
    return BC_OK;
}

static bc_status paint_frame(bc_painter *p, const bc_image *source, const bc_image *painting,
                             int64_t interval_us)
{
    bool is_new;
    bc_image fitted;
    bc_status status = choose_session(p, source, &is_new);
    if (status == BC_OK)
        status = show_blend(p, is_new);
    if (status == BC_OK)
        status = fit_source(p, source, &fitted);
    if (status < 0)
        return status;
    const bc_image seen = without_x(&fitted);
    watch_scene(p, &seen, is_new, interval_us);
    p->state.model = p->opener.current.model;
    p->state.width = p->opener.current.width;
    p->state.height = p->opener.current.height;
    return paint_over(p, source, &fitted, painting);
}

/* Nothing is painted: the session does not see the frame, and begins anew with the next. */
static void pass(bc_painter *p, const bc_image *source, const bc_image *painting)
{
    p->scene.is_known = false;
    bc_fade_clear(&p->fade);
    p->state = (bc_painter_state){0};
    if (painting->pixels != source->pixels)
        bc_image_copy(painting, source);
    if (bc_image_has_alpha(painting))
        bc_image_copy_alpha(painting, source);
}

static bc_status check_images(bc_painter *p, const bc_image *source, const bc_image *painting)
{
    const bc_log *log = &p->params.log;
    if (!bc_image_is_valid(source) || !bc_image_is_valid(painting))
        return bc_fail(log, BC_ERR_ARGUMENT, "the %s is no image of a known format and size",
                       bc_image_is_valid(source) ? "painting" : "source");
    if (!must_mix(p) && p->now.blend.n > 0)
        return BC_OK;
    if (!bc_image_is_alike(source, painting))
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "the source is mixed with a painting of another format");
    if (!has_one_size(source, painting))
        return bc_fail(log, BC_ERR_ARGUMENT, "a source of %dx%d is mixed with a painting of %dx%d",
                       source->width, source->height, painting->width, painting->height);
    return BC_OK;
}

static void take_settings(bc_painter *p)
{
    bc_model *before = p->now.model;
    pthread_mutex_lock(&p->lock);
    p->now = p->wanted;
    p->now.model = bc_model_ref(p->wanted.model);
    pthread_mutex_unlock(&p->lock);
    bc_model_close(&before);
}

bc_status bc_painter_run(bc_painter *painter, const bc_image *source, const bc_image *painting,
                         int64_t time_us, unsigned flags)
{
    bc_painter *p = painter;
    if (!p)
        return BC_ERR_ARGUMENT;
    take_settings(p);
    const bc_status status = check_images(p, source, painting);
    if (status < 0)
        return status;
    const int64_t interval_us = interval_of(p, time_us);
    if (interval_us < 0 || (flags & BC_PAINT_CUT))
        p->scene.is_known = false;
    p->clock_us += interval_us > 0 ? interval_us : 0;
    if (p->now.blend.n > 0 && p->now.values[BC_PAINTER_STRENGTH] > 0)
        return paint_frame(p, source, painting, interval_us);
    pass(p, source, painting);
    return BC_OK;
}

void bc_painter_get_state(bc_painter *painter, bc_painter_state *state)
{
    if (!painter || !state)
        return;
    const size_t size = state->size;
    bc_painter_state *known = &painter->state;
    known->n_styles = known->width > 0 ? painter->shown.n : 0;
    memcpy(known->styles, painter->shown.styles, sizeof(known->styles));
    memcpy(state, known, bc_params_known(size, sizeof(*known), sizeof(*known)));
    state->size = size;
}
