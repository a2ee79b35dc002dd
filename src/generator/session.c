#include "generator/session.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/pages.h"
#include "generator/colour.h"
#include "generator/task.h"

static size_t align64(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

static bool are_valid(const bc_session_params *p)
{
    return p->width >= 1 && p->width <= BC_MAX_SIZE && p->height >= 1 && p->height <= BC_MAX_SIZE &&
           p->n_threads >= 0 && p->n_threads <= BC_MAX_THREADS && p->max_blend >= 0 &&
           p->max_blend <= BC_MAX_BLEND && p->precision >= BC_PRECISION_EXACT &&
           p->precision <= BC_PRECISION_FAST &&
           (p->stats == BC_STATS_FRAME || p->stats == BC_STATS_STREAM) && p->cpu >= BC_CPU_NATIVE &&
           p->cpu <= BC_CPU_AMX;
}

static void resolve_defaults(bc_session_params *params)
{
    if (params->n_threads == 0)
        params->n_threads = bc_cpu_count();
    if (params->n_threads > BC_MAX_THREADS)
        params->n_threads = BC_MAX_THREADS;
    if (params->max_blend == 0)
        params->max_blend = 1;
    if (params->cpu == BC_CPU_NATIVE)
        params->cpu = bc_cpu_detect();
}

/* Frames run depth first where their normalisation is known before. */
static void make_plan(bc_plan *plan, const bc_model *model, const bc_kernels *kernels,
                      const bc_session_params *params)
{
    const bool is_fast =
        params->precision != BC_PRECISION_EXACT && params->stats == BC_STATS_STREAM;
    const int n_parts = params->precision == BC_PRECISION_FINE ? 2 : 1;
    bc_plan_make(plan, model, kernels,
                 &(bc_plan_params){.width = params->width,
                                   .height = params->height,
                                   .max_blend = params->max_blend,
                                   .n_threads = params->n_threads,
                                   .caches = is_fast ? bc_cpu_caches() : (bc_caches){0},
                                   .n_parts = is_fast && kernels->has_matrix ? n_parts : 0});
}

static size_t thread_bytes(const bc_plan *plan)
{
    return align64((plan->ring_floats + plan->load_floats + plan->scratch_floats +
                    plan->emit_floats + (size_t)plan->max_blend * plan->row_floats) *
                   sizeof(float)) +
           64; /* a line between two threads */
}

static size_t bank_bytes(const bc_plan *plan)
{
    size_t bytes = 0;
    for (int i = 0; i < plan->n_bank_layers; i++)
        bytes += bc_weights_size(&plan->steps[plan->first_bank + i]);
    return bytes;
}

static bool is_bank(const bc_step *step)
{
    return step->bank_layer >= 0;
}

/* Lanes of a step's outputs in the matrix units. */
static int count_lanes(const bc_step *step)
{
    return step->matrix.rows > 0 ? bc_matrix_choose(&step->matrix_shape).n_lanes : 0;
}

static int count_channels(const bc_step *step)
{
    return step->n_channels;
}

/* Of all layers, those of the banks once for each style of a blend. */
static size_t count_all(const bc_plan *plan, int (*count)(const bc_step *))
{
    size_t n = 0;
    for (int i = 0; i < plan->n_steps; i++)
        n += (size_t)count(&plan->steps[i]) *
             (size_t)(is_bank(&plan->steps[i]) ? plan->max_blend : 1);
    return n;
}

static bc_session_memory_parts measure(const bc_plan *plan, int n_threads)
{
    const size_t n_channels = count_all(plan, count_channels) + (size_t)plan->steps[0].n_channels;
    const size_t n_lanes = count_all(plan, count_lanes);
    bc_session_memory_parts parts = {
        .maps = align64(plan->arena_floats * sizeof(float)),
        .weights = bank_bytes(plan) * (size_t)plan->max_blend,
        .threads = thread_bytes(plan) * (size_t)n_threads,
        .statistics = align64((plan->slots_doubles + 2 * n_channels) * sizeof(double)),
    };
    size_t n_fold = 0;
    for (int i = 0; i < plan->n_steps; i++) {
        const bc_step *step = &plan->steps[i];
        if (!is_bank(step))
            parts.weights += bc_weights_size(step);
        if (bc_weights_scratch(step) > n_fold)
            n_fold = bc_weights_scratch(step);
    }
    parts.scratch = align64((2 * n_channels + 2 * n_lanes + n_fold) * sizeof(float));
    return parts;
}

static size_t total(const bc_session_memory_parts *parts)
{
    return parts->maps + parts->weights + parts->threads + parts->statistics + parts->scratch;
}

uint64_t bc_session_memory(const bc_model *model, const bc_session_params *params)
{
    if (!are_valid(params))
        return 0;
    bc_session_params p = *params;
    resolve_defaults(&p);
    bc_kernels kernels;
    bc_plan plan;
    bc_kernels_init(&kernels, p.cpu);
    make_plan(&plan, model, &kernels, &p);
    const bc_session_memory_parts parts = measure(&plan, p.n_threads);
    return sizeof(bc_session) + total(&parts) + (uint64_t)(p.n_threads - 1) * BC_POOL_STACK_BYTES;
}

static bc_affine take_affine(float **next, int n_channels)
{
    bc_affine affine = {.scale = *next, .shift = *next + n_channels};
    *next += 2 * n_channels;
    return affine;
}

static bc_statistics take_statistics(double **next, int n_channels)
{
    bc_statistics statistics = {.mean = *next, .variance = *next + n_channels};
    *next += 2 * n_channels;
    return statistics;
}

static void cut_statistics(bc_session *s, double *next)
{
    const bc_plan *plan = &s->plan;
    s->sums = next;
    next += plan->slots_doubles;
    s->recent = take_statistics(&next, plan->steps[0].n_channels);
    for (int i = 0; i < plan->n_steps; i++) {
        if (!is_bank(&plan->steps[i]))
            s->running[i] = take_statistics(&next, plan->steps[i].n_channels);
    }
    for (int i = 0; i < plan->max_blend * plan->n_bank_layers; i++)
        s->slots[i / plan->n_bank_layers].running[i % plan->n_bank_layers] =
            take_statistics(&next, plan->steps[plan->first_bank].n_channels);
}

/* Gives every part of the session its place in the one block of memory. */
static void cut_memory(bc_session *s)
{
    const bc_plan *plan = &s->plan;
    uint8_t *next = s->memory;
    s->maps = (float *)(void *)next;
    next += s->parts.maps;
    cut_statistics(s, (double *)(void *)next);
    next += s->parts.statistics;
    s->threads = next;
    s->thread_bytes = thread_bytes(plan);
    next += s->parts.threads;
    float *scratch = (float *)(void *)next;
    for (int i = 0; i < plan->n_steps; i++) {
        if (is_bank(&plan->steps[i]))
            continue;
        s->affines[i] = take_affine(&scratch, plan->steps[i].n_channels);
        s->lanes[i] = take_affine(&scratch, count_lanes(&plan->steps[i]));
    }
    for (int i = 0; i < plan->max_blend * plan->n_bank_layers; i++) {
        bc_slot *slot = &s->slots[i / plan->n_bank_layers];
        const bc_step *step = &plan->steps[plan->first_bank];
        slot->affines[i % plan->n_bank_layers] = take_affine(&scratch, step->n_channels);
        slot->lanes[i % plan->n_bank_layers] = take_affine(&scratch, count_lanes(step));
    }
    s->fold_scratch = scratch;
}

void bc_session_pack_layer(bc_session *s, const bc_step *step, const bc_weighted_layer *layer,
                           bc_weights *to, uint8_t **memory)
{
    *to = bc_weights_pack(step, layer, s->model->autoencoder.upsample, &s->kernels, *memory,
                          s->fold_scratch);
    *memory += bc_weights_size(step);
}

/* Packs all layers but the banks', which are packed when their style is chosen. */
static void pack_weights(bc_session *s)
{
    uint8_t *next = s->memory + total(&s->parts) - s->parts.weights;
    for (int i = 0; i < s->plan.n_steps; i++) {
        const bc_step *step = &s->plan.steps[i];
        if (!is_bank(step))
            bc_session_pack_layer(s, step, step->layer, &s->weights[i], &next);
    }
    for (int i = 0; i < s->plan.max_blend; i++) {
        s->slots[i].style = -1;
        s->slots[i].memory = next;
        next += bank_bytes(&s->plan);
    }
}

static bc_status take_resources(bc_session *s)
{
    const bc_log *log = &s->params.log;
    s->memory_bytes = total(&s->parts);
    s->memory = bc_pages_alloc(s->memory_bytes);
    if (!s->memory)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a session of %dx%d: %zu MB wanted",
                       s->params.width, s->params.height, s->memory_bytes >> 20);
    return bc_pool_open(&s->pool, s->params.n_threads, "brushcast", log);
}

bc_status bc_session_open(bc_session **session, const bc_model *model,
                          const bc_session_params *params)
{
    *session = NULL;
    if (!are_valid(params))
        return bc_fail(&params->log, BC_ERR_ARGUMENT,
                       "a session of %dx%d, %d threads, blends of %d: out of range", params->width,
                       params->height, params->n_threads, params->max_blend);
    if (params->cpu > bc_cpu_detect())
        return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "this processor has no %s",
                       bc_cpu_name(params->cpu));
    bc_session *s = calloc(1, sizeof(*s));
    if (!s)
        return bc_fail(&params->log, BC_ERR_MEMORY, "no memory for a session");
    s->model = model;
    s->params = *params;
    resolve_defaults(&s->params);
    bc_kernels_init(&s->kernels, s->params.cpu);
    make_plan(&s->plan, model, &s->kernels, &s->params);
    s->parts = measure(&s->plan, s->params.n_threads);
    const bc_status status = take_resources(s);
    if (status < 0) {
        bc_session_close(&s);
        return status;
    }
    cut_memory(s);
    pack_weights(s);
    bc_session_set_interval(s, 1.0 / 30);
    *session = s;
    return BC_OK;
}

void bc_session_close(bc_session **session)
{
    if (!session || !*session)
        return;
    bc_pool_close(&(*session)->pool);
    bc_pages_free((*session)->memory, (*session)->memory_bytes);
    free(*session);
    *session = NULL;
}

void bc_session_set_interval(bc_session *session, double seconds)
{
    session->interval = seconds;
}

void bc_session_restart(bc_session *session)
{
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

static void check_view(const bc_session *s, const bc_image *image)
{
    assert(image->width == s->params.width && image->height == s->params.height);
    assert(is_image(image));
    (void)s, (void)image, (void)is_image;
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

void bc_session_run(bc_session *session, const bc_image *source, const bc_image *painting)
{
    check_view(session, source);
    check_view(session, painting);
    const bc_frame_views views = bc_frame_views_make(source, painting);
    bc_session_run_frame(session, &views, NULL);
}
