#include "paint/measure.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/pool.h"
#include "generator/session.h"

_Static_assert((int)BC_MAX_LAYER_TIMES >= (int)BC_MAX_STEPS, "a time for each layer");

enum {
    N_WARM_UP = 3,
    PEAK_JOBS = 32,      /* a thread and measurement */
    PEAK_ROUNDS = 50000, /* a job: half a millisecond or so */
    N_RUNS = 5,
    COPY_MBYTES = 128, /* twice that is more than caches hold */
    COPY_JOBS = 64
};

/* Peak ------------------------------------------------------------------------------------- */

typedef struct peak_task {
    const bc_kernels *kernels;
    bool is_matrix;
    double *flops; /* [job] */
} peak_task;

static void run_peak_job(void *arg, int job, int thread)
{
    const peak_task *task = arg;
    (void)thread;
    if (!task->is_matrix) {
        task->flops[job] = task->kernels->measure_peak(PEAK_ROUNDS);
        return;
    }
    task->kernels->matrix_begin();
    task->flops[job] = task->kernels->measure_matrix_peak(PEAK_ROUNDS / 4);
    task->kernels->matrix_end();
}

/* GFLOP/s, the best of some runs: whatever disturbs makes it slower. */
static double measure_peak(const bc_session *session, double *flops)
{
    const int n_jobs = PEAK_JOBS * bc_pool_threads(session->pool);
    peak_task task = {.kernels = &session->kernels,
                      .is_matrix = session->plan.groups[0].is_matrix,
                      .flops = flops};
    double best = 0;
    for (int run = 0; run < N_RUNS; run++) {
        const int64_t start = bc_clock_ns();
        bc_pool_run(session->pool, run_peak_job, &task, n_jobs);
        const double ns = (double)(bc_clock_ns() - start);
        double total = 0;
        for (int i = 0; i < n_jobs; i++)
            total += flops[i];
        if (total / ns > best)
            best = total / ns;
    }
    return best;
}

/* Memory ----------------------------------------------------------------------------------- */

typedef struct copy_task {
    const float *from;
    float *to;
    size_t n; /* floats a job */
} copy_task;

static void run_copy_job(void *arg, int job, int thread)
{
    const copy_task *task = arg;
    const float *from = task->from + (size_t)job * task->n;
    float *to = task->to + (size_t)job * task->n;
    (void)thread;
    for (size_t i = 0; i < task->n; i++)
        to[i] = 2 * from[i];
}

/*
 * 1e9 bytes a second, read and written, the best of some runs; as in STREAM's "scale", what the
 * processor reads only to overwrite it does not count. 0 without memory.
 */
static double measure_bandwidth(const bc_session *session)
{
    const size_t size = (size_t)COPY_MBYTES << 20;
    float *pages = bc_pages_alloc(2 * size);
    copy_task task = {pages, pages + size / sizeof(float), size / sizeof(float) / COPY_JOBS};
    double best = 0;
    for (int run = 0; run < N_RUNS && pages; run++) {
        const int64_t start = bc_clock_ns();
        bc_pool_run(session->pool, run_copy_job, &task, COPY_JOBS);
        const double gbs = 2 * (double)size / (double)(bc_clock_ns() - start);
        best = gbs > best ? gbs : best;
    }
    bc_pages_free(pages, 2 * size);
    return best;
}

/* Frames ----------------------------------------------------------------------------------- */

void bc_measure_draw(uint8_t *pixels, int width, int height)
{
    uint32_t noise = 1;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            noise = noise * 1664525u + 1013904223u;
            *pixels++ = (uint8_t)(x + (int)(noise >> 28));
            *pixels++ = (uint8_t)(y + (int)(noise >> 27 & 15));
            *pixels++ = (uint8_t)((x + y) / 2 + (int)(noise >> 26 & 15));
        }
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted values, the one below which `share` of them lie. */
static double percentile(const double *sorted, int n, double share)
{
    return sorted[(int)(share * (n - 1) + 0.5)];
}

/* Three bytes a pixel are enough for either format; of YUV420 its planes hold the noise. */
static bc_image view_of(const bc_session *session, uint8_t *pixels, bc_pixel_format format)
{
    const int width = session->params.width, height = session->params.height;
    const ptrdiff_t chroma = (width + 1) / 2, luma = (ptrdiff_t)width * height;
    const bool is_yuv = format == BC_YUV420;
    return (bc_image){.pixels = pixels,
                      .stride_bytes = is_yuv ? width : 3 * (ptrdiff_t)width,
                      .width = width,
                      .height = height,
                      .format = format,
                      .chroma = {pixels + luma, pixels + luma + chroma * ((height + 1) / 2)},
                      .chroma_stride_bytes = {chroma, chroma}};
}

/* times: [step or, last, the whole frame][frame], ms; layers are timed in frames of their own. */
static void run_frames(bc_session *session, uint8_t *pixels, bc_pixel_format format, double *times,
                       int n_frames)
{
    const int n_steps = session->plan.n_steps;
    const size_t size = (size_t)session->params.width * (size_t)session->params.height * 3;
    const bc_image source = view_of(session, pixels, format);
    const bc_image painting = view_of(session, pixels + size, format);
    bc_measure_draw(pixels, session->params.width, session->params.height);
    for (int i = -N_WARM_UP; i < 2 * n_frames; i++) {
        session->times_layers = i >= n_frames;
        const int64_t start = bc_clock_ns();
        bc_session_run(session, &source, &painting);
        const int64_t end = bc_clock_ns();
        for (int step = 0; step < n_steps && session->times_layers; step++)
            times[step * n_frames + i - n_frames] = 1e-6 * (double)session->time_ns[step];
        if (i >= 0 && i < n_frames)
            times[n_steps * n_frames + i] = 1e-6 * (double)(end - start);
    }
    session->times_layers = false;
    for (int step = 0; step <= n_steps; step++)
        qsort(times + step * n_frames, (size_t)n_frames, sizeof(*times), compare);
}

/* The input of the first step and the output of the last one. */
static double count_mbytes(const bc_plan *plan, const bc_step *first, const bc_step *last)
{
    const double in = (double)first->n_in * first->in_width * first->in_height;
    const double out = (double)last->n_out * last->width * last->height;
    const bool is_end = last == &plan->steps[plan->n_steps - 1];
    return 1e-6 *
           (in * (first->inputs[0].source == BC_SOURCE_PIXELS ? 1 : 4) + out * (is_end ? 1 : 4));
}

static void set_step(bc_layer_time *layer, const bc_session *session, int index)
{
    const bc_step *step = &session->plan.steps[index];
    *layer = (bc_layer_time){.gmac = 1e-9 * step->macs,
                             .mbytes = count_mbytes(&session->plan, step, step)};
    snprintf(layer->name, sizeof(layer->name), "%s", step->name);
}

static void summarise(bc_measurement *m, const bc_session *session, const double *times,
                      int n_frames)
{
    const bc_plan *plan = &session->plan;
    const double *frames = times + plan->n_steps * n_frames;
    m->median_ms = percentile(frames, n_frames, 0.5);
    m->p10_ms = percentile(frames, n_frames, 0.1);
    m->p90_ms = percentile(frames, n_frames, 0.9);
    m->is_matrix = plan->groups[0].is_matrix;
    m->tier = session->params.tier;
    m->n_layers = plan->n_steps;
    for (int i = 0; i < plan->n_steps; i++) {
        bc_layer_time *layer = &m->layers[i];
        set_step(layer, session, i);
        layer->ms = percentile(times + i * n_frames, n_frames, 0.5);
        layer->gflops = layer->ms > 0 ? 2e3 * layer->gmac / layer->ms : 0;
        layer->peak_share = layer->gflops / m->peak_gflops;
        if (layer->ms > 0 && m->bandwidth_gbs > 0)
            layer->bandwidth_share = layer->mbytes / layer->ms / m->bandwidth_gbs;
    }
}

static bc_status measure(bc_measurement *measurement, bc_session *session, bc_pixel_format format,
                         int n_frames)
{
    const size_t n_pixels = (size_t)session->params.width * (size_t)session->params.height;
    const int n_jobs = PEAK_JOBS * bc_pool_threads(session->pool);
    uint8_t *pixels = malloc(2 * 3 * n_pixels);
    double *times = calloc((size_t)(session->plan.n_steps + 1) * (size_t)n_frames, sizeof(*times));
    double *flops = calloc((size_t)n_jobs, sizeof(*flops));
    bc_status status = BC_OK;
    if (pixels && times && flops) {
        const double bandwidth = measure_bandwidth(session);
        const double before = measure_peak(session, flops);
        run_frames(session, pixels, format, times, n_frames);
        const double after = measure_peak(session, flops);
        const double bandwidth_after = measure_bandwidth(session);
        measurement->peak_gflops = before > after ? before : after;
        measurement->bandwidth_gbs = bandwidth > bandwidth_after ? bandwidth : bandwidth_after;
        summarise(measurement, session, times, n_frames);
    } else {
        status = bc_fail(&session->params.log, BC_ERR_MEMORY, "no memory for %d frames", n_frames);
    }
    free(flops);
    free(times);
    free(pixels);
    return status;
}

bc_status bc_measure_blend(bc_session *session)
{
    const int n = session->params.max_blend, n_styles = bc_model_style_count(session->model);
    bc_style_weight blend[BC_MAX_BLEND];
    if (n > 1 && n > n_styles)
        return bc_fail(&session->params.log, BC_ERR_ARGUMENT, "the net has %d style%s, not %d",
                       n_styles, n_styles == 1 ? "" : "s", n);
    for (int i = 0; i < n; i++)
        blend[i] = (bc_style_weight){.style = i, .weight = 1};
    return n_styles > 0 ? bc_session_set_style(session, blend, n) : BC_OK;
}

bc_status bc_measure_model(bc_measurement *measurement, const bc_model *model,
                           const bc_session_params *params, bc_pixel_format format, int n_frames)
{
    bc_session *session = NULL;
    *measurement = (bc_measurement){0};
    bc_status status = bc_session_open(&session, model, params);
    if (status == BC_OK)
        status = bc_measure_blend(session);
    if (status == BC_OK)
        status = measure(measurement, session, format, n_frames);
    bc_session_close(&session);
    return status;
}

double bc_measure_macs(const bc_model *model)
{
    return bc_layers_macs(&model->net.table);
}

bc_status bc_measure_make_model(bc_model **model, const char *table_name, const bc_log *log)
{
    bc_layers table;
    const bc_status status = bc_layers_open(&table, table_name, log);
    return status < 0 ? status : bc_model_make_random(model, &table, 2, 1, log);
}
