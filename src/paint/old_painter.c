#include "paint/old_painter.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/model.h"
#include "stabilizer/stabilizer.h"

struct bc_file_painter {
    bc_file_painter_params params;
    bc_model *model;
    bc_session *session;
    bc_stabilizer *stabilizer;
    int width, height;
    int64_t last_us; /* time of the last frame, or BC_NO_PTS */
    bc_style_weight weights[BC_MAX_BLEND];
    int n_weights;
    char label[256];
};

static bc_status fail_unknown(const bc_file_painter *painter, const char *name)
{
    char known[BC_LOG_LINE] = "";
    size_t length = 0;
    for (int i = 0; i < bc_model_style_count(painter->model) && length < sizeof(known); i++)
        length += (size_t)snprintf(known + length, sizeof(known) - length, " %s",
                                   bc_model_style(painter->model, i).name);
    return bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "no style '%s'; there are:%s", name,
                   known[0] ? known : " none");
}

/* One NAME[:WEIGHT], which is cut up. */
static bc_status add_style(bc_file_painter *painter, char *text)
{
    char *colon = strrchr(text, ':'), *end = NULL;
    float weight = 1;
    if (colon) {
        weight = strtof(colon + 1, &end);
        if (end == colon + 1 || *end || !(weight >= 0) || isinf(weight))
            return bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "'%s' is not NAME:WEIGHT", text);
        *colon = '\0';
    }
    const int style = bc_model_find_style(painter->model, text);
    if (style < 0)
        return fail_unknown(painter, text);
    if (painter->n_weights == BC_MAX_BLEND)
        return bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "a blend has %d styles at most",
                       BC_MAX_BLEND);
    painter->weights[painter->n_weights++] = (bc_style_weight){.style = style, .weight = weight};
    const size_t length = strlen(painter->label);
    snprintf(painter->label + length, sizeof(painter->label) - length, "%s%s%s%s",
             length ? " " : "", text, colon ? ":" : "", colon ? colon + 1 : "");
    return BC_OK;
}

static bc_status add_styles(bc_file_painter *painter, const char *styles)
{
    char *copy = strdup(styles), *rest = NULL;
    bc_status status = copy ? BC_OK : BC_ERR_MEMORY;
    float sum = 0;
    for (char *part = strtok_r(copy, ",", &rest); part && status == BC_OK;
         part = strtok_r(NULL, ",", &rest))
        status = add_style(painter, part);
    free(copy);
    for (int i = 0; i < painter->n_weights; i++)
        sum += painter->weights[i].weight;
    if (status == BC_OK && !(sum > 0))
        status = bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "'%s' names no style", styles);
    return status;
}

static bc_status choose_styles(bc_file_painter *painter)
{
    if (painter->params.styles)
        return add_styles(painter, painter->params.styles);
    if (bc_model_style_count(painter->model) == 0)
        return bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "the net %s has no styles",
                       bc_model_name(painter->model));
    painter->weights[painter->n_weights++] = (bc_style_weight){.style = 0, .weight = 1};
    snprintf(painter->label, sizeof(painter->label), "%s", bc_model_style(painter->model, 0).name);
    return BC_OK;
}

const char *bc_file_painter_default_net(const char *models)
{
    char *folder;
    const bc_status status = bc_model_find_net(&folder, "wide", models, NULL);
    free(folder);
    return status == BC_OK ? "wide" : "light";
}

bc_status bc_file_painter_open(bc_file_painter **painter_out, const bc_file_painter_params *params)
{
    *painter_out = NULL;
    bc_file_painter *painter = calloc(1, sizeof(*painter));
    if (!painter)
        return bc_fail(&params->log, BC_ERR_MEMORY, "painter: out of memory");
    painter->params = *params;
    char *folder = NULL;
    bc_status status = bc_model_find_net(&folder, params->net, params->models, &params->log);
    if (status == BC_OK)
        status = bc_model_open(&painter->model, folder, &(bc_model_params){.log = params->log});
    if (status == BC_OK)
        status = choose_styles(painter);
    if (status == BC_OK)
        status = bc_stabilizer_open(&painter->stabilizer, params->n_threads, &params->log);
    free(folder);
    if (status < 0)
        bc_file_painter_close(&painter);
    *painter_out = painter;
    return status;
}

void bc_file_painter_close(bc_file_painter **painter)
{
    if (!painter || !*painter)
        return;
    bc_session_close(&(*painter)->session);
    bc_stabilizer_close(&(*painter)->stabilizer);
    bc_model_close(&(*painter)->model);
    free(*painter);
    *painter = NULL;
}

const char *bc_file_painter_style(const bc_file_painter *painter)
{
    return painter->label;
}

bc_status bc_file_painter_prepare(bc_file_painter *painter, int width, int height)
{
    painter->last_us = BC_NO_PTS;
    bc_stabilizer_restart(painter->stabilizer);
    if (painter->session && width == painter->width && height == painter->height) {
        bc_session_restart(painter->session);
        return BC_OK;
    }
    bc_session_close(&painter->session);
    painter->width = width;
    painter->height = height;
    const bc_status status =
        bc_session_open(&painter->session, painter->model,
                        &(bc_session_params){.width = width,
                                             .height = height,
                                             .n_threads = painter->params.n_threads,
                                             .max_blend = painter->n_weights,
                                             .stats = painter->params.stats,
                                             .precision = painter->params.precision,
                                             .log = painter->params.log});
    return status < 0
               ? status
               : bc_session_set_style(painter->session, painter->weights, painter->n_weights);
}

bc_status bc_file_painter_run(bc_file_painter *painter, const bc_image *source,
                              const bc_image *painting, int64_t time_us)
{
    assert(painter->session);
    if (time_us != BC_NO_PTS && painter->last_us != BC_NO_PTS)
        bc_session_set_interval(painter->session, 1e-6 * (double)(time_us - painter->last_us));
    painter->last_us = time_us;
    bc_image steady;
    bc_status status =
        bc_stabilizer_source(painter->stabilizer, source, painter->params.stabilize, &steady);
    if (status == BC_OK)
        status = bc_session_run(painter->session, &steady, painting);
    return status < 0 ? status : bc_stabilizer_painting(painter->stabilizer, painting);
}
