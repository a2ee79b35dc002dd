#include "app/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "paint/measure.h"

const char *bc_stats_name(bc_stats stats)
{
    return stats == BC_STATS_STREAM ? "stream" : "frame";
}

/* The made picture, what the reference makes of it, and what the way at hand does. */
typedef struct pictures {
    uint8_t *source, *exact, *painting;
    size_t size;
} pictures;

static bc_image view(uint8_t *pixels, const bc_session_params *params)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * (ptrdiff_t)params->width,
                      .width = params->width,
                      .height = params->height,
                      .format = BC_RGB24};
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (double)(a[i] - b[i]);
    return sum > 0 ? 10 * log10(255.0 * 255 * (double)n / sum) : INFINITY;
}

/* The second frame: with running statistics the first one is exact by definition. */
static bc_status paint_twice(const bc_model *model, const bc_session_params *params,
                             const pictures *p, uint8_t *to)
{
    const bc_image source = view(p->source, params), painting = view(to, params);
    bc_session *session = NULL;
    bc_status status = bc_session_open(&session, model, params);
    if (status == BC_OK)
        status = bc_measure_blend(session);
    for (int i = 0; i < 2 && status == BC_OK; i++)
        status = bc_session_run(session, &source, &painting);
    bc_session_close(&session);
    return status;
}

static bc_status measure_way(bc_way_result *result, const bc_model *model,
                             const bc_session_params *params, const pictures *p, int n_frames)
{
    bc_session_params own = *params;
    bc_measurement measurement;
    own.tier = result->tier;
    own.precision = result->precision;
    own.stats = result->stats;
    bc_status status = bc_measure_model(&measurement, model, &own, BC_RGB24, n_frames);
    if (status == BC_OK)
        status = paint_twice(model, &own, p, p->painting);
    if (status == BC_OK) {
        result->median_ms = measurement.median_ms;
        result->psnr_db = psnr(p->exact, p->painting, p->size);
    }
    return status;
}

static bc_status paint_exact(const bc_model *model, const bc_session_params *params,
                             const pictures *p)
{
    bc_session_params own = *params;
    own.tier = "c";
    own.precision = BC_PRECISION_EXACT;
    own.stats = BC_STATS_FRAME;
    return paint_twice(model, &own, p, p->exact);
}

/* All that differ: without matrix units `fine` is `fast`. */
static int list_ways(bc_way_result ways[BC_MAX_WAYS])
{
    static const bc_precision precisions[] = {BC_PRECISION_EXACT, BC_PRECISION_FAST,
                                              BC_PRECISION_FINE};
    const char *tier;
    int n = 0;
    for (int k = 0; (tier = bc_tier_name(k)); k++) {
        const bool has_matrix_units = strcmp(tier, "amx") == 0;
        ways[n++] = (bc_way_result){.tier = tier, .stats = BC_STATS_FRAME};
        for (int i = 0; i < (has_matrix_units ? 3 : 2); i++)
            ways[n++] =
                (bc_way_result){.tier = tier, .precision = precisions[i], .stats = BC_STATS_STREAM};
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
