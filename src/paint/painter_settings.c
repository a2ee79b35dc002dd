/* The settings of a painter: checked where they are set, and taken by the next frame. */
#include <math.h>

#include "base/log.h"
#include "model/model.h"
#include "paint/painter.h"

const bc_model *bc_painter_model(bc_painter *painter)
{
    if (!painter)
        return NULL;
    pthread_mutex_lock(&painter->lock);
    const bc_model *model = painter->wanted.model;
    pthread_mutex_unlock(&painter->lock);
    return model;
}

/* The same, the caller's to close: others may set another meanwhile. */
static bc_model *hold_model(bc_painter *painter)
{
    pthread_mutex_lock(&painter->lock);
    bc_model *model = bc_model_ref(painter->wanted.model);
    pthread_mutex_unlock(&painter->lock);
    return model;
}

/* Blends ----------------------------------------------------------------------------------- */

static bc_status check_weight(const bc_model *model, bc_style_weight w, const bc_log *log)
{
    if (w.style < 0 || w.style >= bc_model_style_count(model))
        return bc_fail(log, BC_ERR_ARGUMENT, "style %d: the net has %d", w.style,
                       bc_model_style_count(model));
    if (!isfinite(w.weight) || w.weight < 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "style %s: its weight %g is not a share",
                       bc_model_style(model, w.style).name, (double)w.weight);
    return BC_OK;
}

/* The weights as shares that add up to 1. */
static bc_status make_blend(bc_blend *blend, const bc_model *model, const bc_style_weight *weights,
                            int n_weights, const bc_log *log)
{
    double sum = 0;
    *blend = (bc_blend){0};
    if (n_weights < 0 || n_weights > BC_MAX_BLEND || (n_weights > 0 && !weights))
        return bc_fail(log, BC_ERR_ARGUMENT, "a blend of %d styles", n_weights);
    for (int i = 0; i < n_weights; i++) {
        const bc_status status = check_weight(model, weights[i], log);
        if (status < 0)
            return status;
        sum += (double)weights[i].weight;
    }
    if (n_weights > 0 && !(sum > 0))
        return bc_fail(log, BC_ERR_ARGUMENT, "a blend whose weights are all 0");
    for (int i = 0; i < n_weights; i++)
        bc_blend_add(blend, weights[i].style, (float)((double)weights[i].weight / sum));
    return BC_OK;
}

bc_status bc_painter_set_model(bc_painter *painter, const bc_model *model,
                               const bc_style_weight *weights, int n_weights)
{
    bc_blend blend;
    if (!painter || !model)
        return BC_ERR_ARGUMENT;
    const bc_status status = make_blend(&blend, model, weights, n_weights, &painter->params.log);
    if (status < 0)
        return status;
    pthread_mutex_lock(&painter->lock);
    bc_model *before = painter->wanted.model;
    painter->wanted.model = bc_model_ref(model);
    painter->wanted.blend = blend;
    pthread_mutex_unlock(&painter->lock);
    bc_model_close(&before);
    return BC_OK;
}

bc_status bc_painter_set_blend(bc_painter *painter, const bc_style_weight *weights, int n_weights)
{
    if (!painter)
        return BC_ERR_ARGUMENT;
    bc_model *model = hold_model(painter);
    const bc_status status = bc_painter_set_model(painter, model, weights, n_weights);
    bc_model_close(&model);
    return status;
}

bc_status bc_painter_set_style(bc_painter *painter, const char *blend)
{
    bc_style_weight weights[BC_MAX_BLEND];
    int n;
    if (!painter)
        return BC_ERR_ARGUMENT;
    bc_model *model = hold_model(painter);
    bc_status status = bc_blend_parse(model, blend, weights, &n, &painter->params.log);
    if (status == BC_OK)
        status = bc_painter_set_model(painter, model, weights, n);
    bc_model_close(&model);
    return status;
}

/* Numbers ---------------------------------------------------------------------------------- */

bc_status bc_painter_set(bc_painter *painter, bc_painter_setting setting, double value)
{
    static const struct {
        const char *name;
        double low, high;
    } domains[BC_PAINTER_N_SETTINGS] = {[BC_PAINTER_STRENGTH] = {"strength", 0, 1},
                                        [BC_PAINTER_KEEP_COLORS] = {"keep-colors", 0, 1},
                                        [BC_PAINTER_STABILIZE] = {"stabilize", 0, 1},
                                        [BC_PAINTER_SCALE] = {"scale", 1.0 / 16, 4},
                                        [BC_PAINTER_FADE] = {"fade", 0, 60}};
    if (!painter)
        return BC_ERR_ARGUMENT;
    if (setting < 0 || setting >= BC_PAINTER_N_SETTINGS)
        return bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "painter: no setting %d",
                       (int)setting);
    if (!(value >= domains[setting].low && value <= domains[setting].high))
        return bc_fail(&painter->params.log, BC_ERR_ARGUMENT, "%s %g is not %g to %g",
                       domains[setting].name, value, domains[setting].low, domains[setting].high);
    pthread_mutex_lock(&painter->lock);
    painter->wanted.values[setting] = value;
    pthread_mutex_unlock(&painter->lock);
    return BC_OK;
}

double bc_painter_get(bc_painter *painter, bc_painter_setting setting)
{
    if (!painter || setting < 0 || setting >= BC_PAINTER_N_SETTINGS)
        return 0;
    pthread_mutex_lock(&painter->lock);
    const double value = painter->wanted.values[setting];
    pthread_mutex_unlock(&painter->lock);
    return value;
}
