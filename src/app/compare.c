#include "app/compare.h"

#include <math.h>
#include <stdlib.h>

#include "app/measure.h"
#include "base/cpu.h"
#include "base/log.h"
#include "kernels/tiers.h"

const char *bc_stats_name(bc_stats stats)
{
    return stats == BC_STATS_STREAM ? "stream" : "frame";
}

/* The made picture, what the reference makes of it, and what the way at hand does. */
typedef struct pictures {
    uint8_t *source, *exact, *painting;
    size_t size;
} pictures;

static bc_image view(uint8_t *pixels, const bc_session *session)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * (ptrdiff_t)session->params.width,
                      .width = session->params.width,
                      .height = session->params.height,
                      .format = BC_RGB24};
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (double)(a[i] - b[i]);
    return sum > 0 ? 10 * log10(255.0 * 255 * (double)n / sum) : INFINITY;
}

static bc_status open_session(bc_session **session, const bc_model *model,
                              const bc_session_params *params)
{
    const bc_style_weight first = {.style = 0, .weight = 1};
    bc_status status = bc_session_open(session, model, params);
    if (status == BC_OK && bc_model_style_count(model) > 0)
        status = bc_session_set_style(*session, &first, 1);
    return status;
}

/* The second frame: with running statistics the first one is exact by definition. */
static void paint_twice(bc_session *session, const pictures *p, uint8_t *to)
{
    const bc_image source = view(p->source, session), painting = view(to, session);
    for (int i = 0; i < 2; i++)
        bc_session_run(session, &source, &painting);
}

static bc_status measure_way(bc_way_result *result, const bc_model *model,
                             const bc_session_params *params, const pictures *p, int n_frames)
{
    bc_session_params own = *params;
    bc_session *session = NULL;
    bc_measurement measurement;
    own.tier = result->tier;
    own.precision = result->precision;
    own.stats = result->stats;
    bc_status status = open_session(&session, model, &own);
    if (status == BC_OK)
        status = bc_measure_session(&measurement, session, BC_RGB24, n_frames, &params->log);
    if (status == BC_OK) {
        bc_session_restart(session);
        paint_twice(session, p, p->painting);
        result->median_ms = measurement.median_ms;
        result->psnr_db = psnr(p->exact, p->painting, p->size);
    }
    bc_session_close(&session);
    return status;
}

static bc_status paint_exact(const bc_model *model, const bc_session_params *params,
                             const pictures *p)
{
    bc_session_params own = *params;
    bc_session *session = NULL;
    own.tier = "c";
    own.precision = BC_PRECISION_EXACT;
    own.stats = BC_STATS_FRAME;
    const bc_status status = open_session(&session, model, &own);
    if (status == BC_OK)
        paint_twice(session, p, p->exact);
    bc_session_close(&session);
    return status;
}

/* All that differ: without matrix units `fine` is `fast`. */
static int list_ways(bc_way_result ways[BC_MAX_WAYS])
{
    static const bc_precision precisions[] = {BC_PRECISION_EXACT, BC_PRECISION_FAST,
                                              BC_PRECISION_FINE};
    int n = 0;
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        ways[n++] = (bc_way_result){.tier = tier->name, .stats = BC_STATS_FRAME};
        for (int i = 0; i < (tier->needs & BC_CPU_AMX ? 3 : 2); i++)
            ways[n++] = (bc_way_result){
                .tier = tier->name, .precision = precisions[i], .stats = BC_STATS_STREAM};
    }
    return n;
}

bc_status bc_compare_ways(bc_way_result results[BC_MAX_WAYS], int *n_results, const bc_model *model,
                          const bc_session_params *params, int n_frames)
{
    pictures p = {.size = 3 * (size_t)params->width * (size_t)params->height};
    bc_status status = BC_OK;
    p.source = malloc(p.size);
    p.exact = malloc(p.size);
    p.painting = malloc(p.size);
    *n_results = 0;
    if (!p.source || !p.exact || !p.painting)
        status = bc_fail(&params->log, BC_ERR_MEMORY, "no memory for pictures to compare");
    if (status == BC_OK) {
        bc_measure_draw(p.source, params->width, params->height);
        status = paint_exact(model, params, &p);
    }
    if (status == BC_OK)
        *n_results = list_ways(results);
    for (int i = 0; i < *n_results && status == BC_OK; i++)
        status = measure_way(&results[i], model, params, &p, n_frames);
    free(p.source);
    free(p.exact);
    free(p.painting);
    return status;
}
