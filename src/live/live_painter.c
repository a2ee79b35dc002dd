#include "live/live_painter.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "live/mirror.h"
#include "media/convert.h"
#include "paint/resize.h"

enum {
    MAX_BLEND = 4, /* two styles that fade to two others: other sessions are for other sizes */
    MIN_SIZE = 16  /* of paintings */
};

static const double least_scale = 1.0 / 16, most_scale = 4;

struct bc_live_painter {
    bc_live_painter_params params;
    bc_painter *painter;
    bc_converter *converter, *mask_converter;
    bc_frame_pool *frames;
    bc_frame *mask_source, *mask; /* the last one, and as its pictures are: their size, mirrored */
    bool is_mask_mirrored;
    bool has_painted; /* the last frame */
    bool is_pending;
};

void bc_painted_free(bc_painted **painted)
{
    if (!painted || !*painted)
        return;
    bc_frame_unref(&(*painted)->picture);
    bc_frame_unref(&(*painted)->original);
    bc_frame_unref(&(*painted)->mask);
    bc_model_close(&(*painted)->model);
    free(*painted);
    *painted = NULL;
}

/* Life ------------------------------------------------------------------------------------- */

static bc_status open_all(bc_live_painter *p)
{
    const bc_live_painter_params *params = &p->params;
    const bc_painter_params painter = {.size = sizeof(painter),
                                       .model = params->model,
                                       .n_threads = params->n_threads,
                                       .max_blend = MAX_BLEND,
                                       .precision = params->precision,
                                       .stats = BC_STATS_STREAM,
                                       .in_background = true,
                                       .log = params->log};
    bc_status status = bc_painter_open(&p->painter, &painter);
    if (status == BC_OK)
        status = bc_converter_open(&p->converter, params->n_threads, &params->log);
    if (status == BC_OK)
        status = bc_converter_open(&p->mask_converter, 1, &params->log);
    if (status == BC_OK)
        status = bc_frame_pool_open(&p->frames, &params->log);
    return status;
}

bc_status bc_live_painter_open(bc_live_painter **painter, const bc_live_painter_params *params)
{
    bc_live_painter *p = *painter = calloc(1, sizeof(*p));
    if (!p)
        return bc_fail(&params->log, BC_ERR_MEMORY, "painter: out of memory");
    p->params = *params;
    if (p->params.n_threads == 0)
        p->params.n_threads = bc_cpu_count();
    const bc_status status = open_all(p);
    if (status < 0)
        bc_live_painter_close(painter);
    return status;
}

void bc_live_painter_close(bc_live_painter **painter)
{
    if (!painter || !*painter)
        return;
    bc_painter_close(&(*painter)->painter);
    bc_converter_close(&(*painter)->converter);
    bc_converter_close(&(*painter)->mask_converter);
    bc_frame_unref(&(*painter)->mask_source);
    bc_frame_unref(&(*painter)->mask);
    bc_frame_pool_close(&(*painter)->frames);
    free(*painter);
    *painter = NULL;
}

/* Planes ----------------------------------------------------------------------------------- */

/* A frame of planes in the colours of `source`. */
static bc_status take_frame(bc_live_painter *p, bc_frame **frame, const bc_image *source, int width,
                            int height)
{
    const bc_status status = bc_frame_pool_take(p->frames, frame, width, height, BC_YUV420);
    if (status < 0)
        return status;
    (*frame)->image.matrix = source->matrix;
    (*frame)->image.range = source->range;
    (*frame)->image.chroma_position = source->chroma_position;
    return BC_OK;
}

static bc_status mirror(bc_live_painter *p, bc_frame **frame)
{
    const bc_image *image = &(*frame)->image;
    bc_frame *mirrored = NULL;
    const bc_status status = take_frame(p, &mirrored, image, image->width, image->height);
    if (status == BC_OK)
        bc_mirror(image, &mirrored->image);
    bc_frame_unref(frame);
    *frame = mirrored;
    return status;
}

/* The source in planes: itself, where it has them. */
static bc_status get_planes(bc_live_painter *p, bool is_mirrored, bc_frame *source,
                            bc_frame **planes)
{
    const bc_image *image = &source->image;
    bc_status status = BC_OK;
    if (image->pixels && image->format == BC_YUV420) {
        *planes = bc_frame_ref(source);
    } else {
        status = take_frame(p, planes, image, image->width, image->height);
        if (status == BC_OK)
            status = bc_converter_run(p->converter, source, &(*planes)->image);
    }
    if (status == BC_OK && is_mirrored)
        status = mirror(p, planes);
    if (status < 0)
        bc_frame_unref(planes);
    return status;
}

static bool is_mask_fitting(const bc_live_painter *p, const bc_paint_order *order,
                            const bc_image *source)
{
    return p->mask && p->mask_source == order->mask && p->mask->image.width == source->width &&
           p->mask->image.height == source->height && p->is_mask_mirrored == order->settings.mirror;
}

/* The order's mask in the source's size, with luma from 0 to 255. */
static bc_status fit_mask(bc_live_painter *p, const bc_paint_order *order, const bc_image *source)
{
    if (is_mask_fitting(p, order, source))
        return BC_OK;
    bc_frame_unref(&p->mask);
    bc_frame_unref(&p->mask_source);
    bc_status status = take_frame(p, &p->mask, source, source->width, source->height);
    if (status < 0)
        return status;
    p->mask->image.range = BC_FULL;
    status = bc_converter_run(p->mask_converter, order->mask, &p->mask->image);
    if (status == BC_OK && order->settings.mirror)
        status = mirror(p, &p->mask);
    if (status < 0)
        return status;
    p->mask_source = bc_frame_ref(order->mask);
    p->is_mask_mirrored = order->settings.mirror;
    return BC_OK;
}

/* Settings --------------------------------------------------------------------------------- */

static bc_status set_numbers(bc_live_painter *p, const bc_paint_order *order, double scale)
{
    const bc_settings *settings = &order->settings;
    const double values[BC_PAINTER_N_SETTINGS] = {
        [BC_PAINTER_STRENGTH] = (double)settings->strength,
        [BC_PAINTER_KEEP_COLORS] = (double)settings->keep_colors,
        [BC_PAINTER_STABILIZE] = (double)settings->stabilize,
        [BC_PAINTER_SCALE] = scale,
        [BC_PAINTER_FADE] = order->is_paused ? 0 : (double)settings->fade_s};
    bc_status status = BC_OK;
    for (int i = 0; i < BC_PAINTER_N_SETTINGS && status == BC_OK; i++)
        status = bc_painter_set(p->painter, (bc_painter_setting)i, values[i]);
    return status;
}

/* Small sources are painted no smaller than MIN_SIZE. */
static double scale_of(const bc_image *source, double scale)
{
    const int side = source->width < source->height ? source->width : source->height;
    return fmin(fmax(scale, fmax(least_scale, (double)MIN_SIZE / side)), most_scale);
}

/* Pictures --------------------------------------------------------------------------------- */

static float ms_since(int64_t *start_ns)
{
    const int64_t now_ns = bc_clock_ns();
    const float ms = 1e-6F * (float)(now_ns - *start_ns);
    *start_ns = now_ns;
    return ms;
}

static bool is_painted(const bc_settings *settings)
{
    return !settings->shows_original && settings->n_styles > 0 && settings->strength > 0;
}

/* As large as it is painted, for whoever looks to resize; as the source, where it is mixed. */
static bc_status take_picture(bc_live_painter *p, const bc_paint_order *order, double scale,
                              const bc_image *source, bc_frame **picture)
{
    const bc_settings *settings = &order->settings;
    const bool is_mixed =
        settings->strength < 1 || settings->keep_colors > 0 || settings->key.is_on || order->mask;
    return take_frame(p, picture, source,
                      is_mixed ? source->width : bc_scaled_size(source->width, scale),
                      is_mixed ? source->height : bc_scaled_size(source->height, scale));
}

static void note_state(bc_live_painter *p, bc_painted *painted)
{
    bc_painter_state state = {.size = sizeof(state)};
    bc_painter_get_state(p->painter, &state);
    painted->painted_width = state.width;
    painted->painted_height = state.height;
    painted->model = bc_model_ref(state.model);
    painted->is_as_wanted = !state.is_pending;
    painted->paint_ms = 1e-6F * (float)state.session_ns;
    p->is_pending = state.is_pending;
}

static bc_status put_mask(bc_live_painter *p, const bc_paint_order *order, const bc_image *source,
                          bc_painted *painted)
{
    const bc_status status = fit_mask(p, order, source);
    if (status < 0)
        return status;
    bc_mask_mix(&p->mask->image, order->settings.mask, source, &painted->picture->image);
    painted->mask = bc_frame_ref(p->mask);
    return BC_OK;
}

static bc_status paint(bc_live_painter *p, const bc_paint_order *order, const bc_image *source,
                       int64_t time_us, bc_painted *painted)
{
    int64_t clock_ns = bc_clock_ns();
    const bc_settings *settings = &order->settings;
    const double scale = scale_of(source, order->scale / (double)settings->brush);
    bc_status status =
        bc_painter_set_model(p->painter, order->model, order->blend.styles, order->blend.n);
    if (status == BC_OK)
        status = set_numbers(p, order, scale);
    if (status == BC_OK)
        status = take_picture(p, order, scale, source, &painted->picture);
    if (status == BC_OK)
        status = bc_painter_run(p->painter, source, &painted->picture->image, time_us,
                                p->has_painted ? 0 : BC_PAINT_CUT);
    if (status < 0)
        return status;
    if (settings->key.is_on)
        bc_key_mix(&settings->key, source, &painted->picture->image);
    if (order->mask)
        status = put_mask(p, order, source, painted);
    note_state(p, painted);
    painted->mix_ms = ms_since(&clock_ns) - painted->paint_ms;
    return status;
}

bool bc_live_painter_is_pending(const bc_live_painter *painter)
{
    return painter->is_pending;
}

bc_status bc_live_painter_run(bc_live_painter *p, const bc_paint_order *order, bc_frame *source,
                              bc_painted **painted_out)
{
    const bc_image *image = &source->image;
    bc_painted *painted = *painted_out = calloc(1, sizeof(*painted));
    if (!painted)
        return bc_fail(&p->params.log, BC_ERR_MEMORY, "painter: out of memory");
    painted->width = image->width;
    painted->height = image->height;
    painted->aspect = (double)image->width / image->height;
    bc_frame *planes = NULL;
    int64_t clock_ns = bc_clock_ns();
    bc_status status = get_planes(p, order->settings.mirror, source, &planes);
    painted->convert_ms = ms_since(&clock_ns);
    p->is_pending = false;
    if (status == BC_OK && is_painted(&order->settings))
        status = paint(p, order, &planes->image, bc_frame_time_us(source), painted);
    else if (status == BC_OK)
        painted->picture = bc_frame_ref(planes);
    p->has_painted = painted->painted_width > 0;
    if (status == BC_OK)
        painted->original = bc_frame_ref(planes);
    bc_frame_unref(&planes);
    if (status < 0)
        bc_painted_free(painted_out);
    return status;
}
