#include "generator/session.h"

#include <math.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/params.h"
#include "generator/colour.h"
#include "generator/task.h"
#include "kernels/tiers.h"

static bool are_valid(const bc_session_params *p)
{
    return p->width >= 1 && p->width <= BC_MAX_SIZE && p->height >= 1 && p->height <= BC_MAX_SIZE &&
           p->n_threads >= 0 && p->n_threads <= BC_MAX_THREADS && p->max_blend >= 0 &&
           p->max_blend <= BC_MAX_BLEND && p->precision >= BC_PRECISION_EXACT &&
           p->precision <= BC_PRECISION_FAST &&
           (p->stats == BC_STATS_FRAME || p->stats == BC_STATS_STREAM) && bc_tier_find(p->tier);
}

static void resolve_defaults(bc_session_params *params)
{
    if (params->executor)
        params->n_threads = bc_pool_threads(params->executor);
    if (params->n_threads == 0)
        params->n_threads = bc_cpu_count();
    if (params->n_threads > BC_MAX_THREADS)
        params->n_threads = BC_MAX_THREADS;
    if (params->max_blend == 0)
        params->max_blend = 1;
    params->tier = bc_tier_find(params->tier)->name;
}

/* Frames run depth first where their normalisation is known before. */
static void make_plans(bc_session *s)
{
    const bc_session_params *p = &s->params;
    const bool is_fast = p->precision != BC_PRECISION_EXACT && p->stats == BC_STATS_STREAM;
    const int n_parts = p->precision == BC_PRECISION_FINE ? 2 : 1;
    bc_plan_params params = {.width = p->width,
                             .height = p->height,
                             .max_blend = p->max_blend,
                             .n_threads = p->n_threads,
                             .caches = is_fast ? bc_cpu_caches() : (bc_caches){0},
                             .n_parts = is_fast && s->kernels.has_matrix ? n_parts : 0,
                             .keeps_sums = s->is_observed};
    bc_plan_make(&s->plan, &s->model->net.table, &s->kernels, &params);
    params.is_plain = true;
    if (bc_model_has_plain(s->model))
        bc_plan_make(&s->plain, &s->model->net.table, &s->kernels, &params);
}

/* A session that is planned, without its memory and threads; NULL without memory. */
static bc_session *make_session(const bc_model *model, const bc_session_params *params,
                                bool is_observed)
{
    bc_session *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->model = bc_model_ref(model);
    s->is_observed = is_observed;
    s->params = *params;
    resolve_defaults(&s->params);
    bc_kernels_init(&s->kernels, bc_tier_find(s->params.tier));
    make_plans(s);
    s->memory_bytes = bc_session_lay_out(s, NULL);
    return s;
}

uint64_t bc_session_memory(const bc_model *model, const bc_session_params *params)
{
    bc_session_params p = {0};
    if (params)
        bc_params_copy(&p, sizeof(p), sizeof(p), params);
    bc_session *s = model && are_valid(&p) ? make_session(model, &p, false) : NULL;
    if (!s)
        return 0;
    const uint64_t n_threads = p.executor ? 0 : (uint64_t)(s->params.n_threads - 1);
    const uint64_t bytes = sizeof(*s) + s->memory_bytes + n_threads * BC_POOL_STACK_BYTES;
    bc_model_close(&s->model);
    free(s);
    return bytes;
}

static bc_status take_resources(bc_session *s)
{
    const bc_log *log = &s->params.log;
    s->memory = bc_pages_alloc(s->memory_bytes);
    if (!s->memory)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a session of %dx%d: %zu MB wanted",
                       s->params.width, s->params.height, s->memory_bytes >> 20);
    bc_session_lay_out(s, s->memory);
    s->pool = s->params.executor;
    return s->pool ? BC_OK : bc_pool_open(&s->pool, s->params.n_threads, "brushcast", log);
}

static bc_status open_session(bc_session **session, const bc_model *model,
                              const bc_session_params *asked, bool is_observed)
{
    if (session)
        *session = NULL;
    if (!session || !model || !asked)
        return BC_ERR_ARGUMENT;
    bc_session_params copy, *const params = &copy;
    bc_params_copy(params, sizeof(*params), sizeof(*params), asked);
    if (!are_valid(params))
        return bc_fail(&params->log, BC_ERR_ARGUMENT,
                       "a session of %dx%d, %d threads, blends of %d: out of range", params->width,
                       params->height, params->n_threads, params->max_blend);
    if (!bc_tier_is_supported(bc_tier_find(params->tier)))
        return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "this processor has no %s", params->tier);
    bc_session *s = make_session(model, params, is_observed);
    if (!s)
        return bc_fail(&params->log, BC_ERR_MEMORY, "no memory for a session");
    const bc_status status = take_resources(s);
    if (status < 0) {
        bc_session_close(&s);
        return status;
    }
    bc_session_pack_net(s);
    bc_session_set_interval(s, 1.0 / 30);
    *session = s;
    return BC_OK;
}

bc_status bc_session_open(bc_session **session, const bc_model *model,
                          const bc_session_params *params)
{
    return open_session(session, model, params, false);
}

bc_status bc_session_open_observed(bc_session **session, const bc_model *model,
                                   const bc_session_params *params)
{
    return open_session(session, model, params, true);
}

void bc_session_close(bc_session **session)
{
    if (!session || !*session)
        return;
    if (!(*session)->params.executor)
        bc_pool_close(&(*session)->pool);
    bc_pages_free((*session)->memory, (*session)->memory_bytes);
    bc_model_close(&(*session)->model);
    free(*session);
    *session = NULL;
}

void bc_session_set_interval(bc_session *session, double seconds)
{
    if (session && isfinite(seconds))
        session->interval = seconds;
}

void bc_session_move_canvas(bc_session *session, const float *moved)
{
    if (!session)
        return;
    const size_t columns = ((size_t)session->params.width + BC_CANVAS_CELL - 1) / BC_CANVAS_CELL;
    const size_t rows = ((size_t)session->params.height + BC_CANVAS_CELL - 1) / BC_CANVAS_CELL;
    session->moved = (bc_displacement){.x = moved, .rows = (int)rows, .columns = (int)columns};
    session->moved.y = moved ? moved + columns * rows : NULL;
}

void bc_session_tell_scene(bc_session *session, const bc_scene *scene, bool begins)
{
    session->scene = *scene;
    session->is_scene_told = true;
    session->begins_scene = begins;
}

void bc_session_restart(bc_session *session)
{
    if (session)
        session->scene.is_known = false;
}

static bool is_plane(const uint8_t *samples, ptrdiff_t stride_bytes, ptrdiff_t row_bytes)
{
    return samples && (stride_bytes >= row_bytes || -stride_bytes >= row_bytes);
}

static bool is_image(const bc_image *image)
{
    const ptrdiff_t width = image->width, chroma_width = (width + 1) / 2;
    if (image->format != BC_YUV420)
        return image->format >= BC_RGB24 && image->format <= BC_BGRA32 &&
               is_plane(image->pixels, image->stride_bytes, width * bc_pixel_size(image->format));
    return image->matrix >= BC_BT709 && image->matrix <= BC_BT2020 && image->range >= BC_LIMITED &&
           image->range <= BC_FULL && image->chroma_position >= BC_CHROMA_LEFT &&
           image->chroma_position <= BC_CHROMA_CENTRE &&
           is_plane(image->pixels, image->stride_bytes, width) &&
           is_plane(image->chroma[0], image->chroma_stride_bytes[0], chroma_width) &&
           is_plane(image->chroma[1], image->chroma_stride_bytes[1], chroma_width);
}

static bc_status check_view(const bc_session *s, const bc_image *image, const char *which)
{
    if (!image || !is_image(image))
        return bc_fail(&s->params.log, BC_ERR_ARGUMENT, "the %s is no image of a known format",
                       which);
    if (image->width == s->params.width && image->height == s->params.height)
        return BC_OK;
    return bc_fail(&s->params.log, BC_ERR_ARGUMENT, "the %s is %dx%d, the session's frames %dx%d",
                   which, image->width, image->height, s->params.width, s->params.height);
}

/* A net whose styles are more than what a plain frame can leave out wants one. */
static bc_status check_style(const bc_session *s)
{
    int slots[BC_MAX_BLEND];
    if (bc_model_has_plain(s->model) || !bc_layers_have_styles(&s->model->net.table) ||
        bc_session_slots(s, slots) > 0)
        return BC_OK;
    return bc_fail(&s->params.log, BC_ERR_ARGUMENT, "the net %s paints in a style: none is chosen",
                   s->model->net.name);
}

static bc_status check_canvas(const bc_session *s)
{
    const bc_displacement *moved = &s->moved;
    bool is_finite = true;
    for (int i = 0; moved->x && i < 2 * moved->rows * moved->columns; i++)
        is_finite = is_finite && fabsf(moved->x[i]) < 0x1p24f; /* neither is NaN */
    return is_finite ? BC_OK
                     : bc_fail(&s->params.log, BC_ERR_ARGUMENT,
                               "the canvas has moved by what is no number of pixels");
}

bc_frame_views bc_frame_views_make(const bc_image *source, const bc_image *painting)
{
    bc_frame_views views = {.source = source, .painting = painting};
    if (source->format == BC_YUV420)
        views.to_rgb = bc_colour_to_rgb(source);
    if (painting->format == BC_YUV420)
        views.from_rgb = bc_colour_from_rgb(painting);
    return views;
}

bc_status bc_session_run(bc_session *session, const bc_image *source, const bc_image *painting)
{
    if (!session)
        return BC_ERR_ARGUMENT;
    bc_status status = check_view(session, source, "source");
    if (status == BC_OK)
        status = check_view(session, painting, "painting");
    if (status == BC_OK)
        status = check_style(session);
    if (status == BC_OK)
        status = check_canvas(session);
    if (status < 0)
        return status;
    const bc_frame_views views = bc_frame_views_make(source, painting);
    bc_session_run_frame(session, &views, NULL);
    return BC_OK;
}
