#include "train/trainer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char *const style_layers[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};

enum { N_STYLE_LAYERS = sizeof(style_layers) / sizeof(style_layers[0]) };

/* Of the gradient of a step: one unlucky picture must not undo what was learned. */
static const double longest_gradient = 10;

bc_status bc_trainer_loss_params(bc_loss_params *params, const bc_objective *objective,
                                 const bc_vgg *vgg, const bc_workspace *workspace,
                                 const bc_log *log)
{
    *params = (bc_loss_params){
        .vgg = vgg, .workspace = workspace, .pooling = BC_POOL_MAX, .scale = BC_LOSS_RELATIVE};
    int layer;
    for (int i = 0; i < N_STYLE_LAYERS; i++) {
        const bc_status status = bc_vgg_find(vgg, &layer, style_layers[i], log);
        if (status < 0)
            return status;
        params->weights.style[BC_STAT_GRAM][layer] = objective->style;
    }
    const bc_status status = bc_vgg_find(vgg, &layer, objective->content_layer, log);
    params->weights.content[status == BC_OK ? layer : 0] = objective->content;
    return status;
}

size_t bc_trainer_net_floats(const bc_trainer *trainer)
{
    return trainer->style_path.n_values[BC_OWNER_NET];
}

size_t bc_trainer_style_floats(const bc_trainer *trainer)
{
    return trainer->style_path.n_values[BC_OWNER_STYLE];
}

bc_train_net_values bc_trainer_values(const bc_trainer *trainer, const bc_train_style *style)
{
    return (bc_train_net_values){
        {[BC_OWNER_NET] = trainer->values, [BC_OWNER_STYLE] = style ? style->values : NULL}};
}

/* Opening ---------------------------------------------------------------------------------- */

static bc_status open_parameters(bc_trainer *t, const bc_log *log)
{
    const bc_optimizer_kind kind = t->config.optimizer;
    const size_t n = bc_trainer_net_floats(t);
    t->values = calloc(2 * n, sizeof(float));
    if (!t->values)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the parameters");
    t->gradients = t->values + n;
    bc_params_init(t->values, &t->style_path, BC_OWNER_NET, &t->random);
    bc_status status = bc_optimizer_open(&t->identity_optimizer, kind, n, log);
    if (status == BC_OK)
        status = bc_optimizer_open(&t->style_optimizer, kind, n, log);
    return status;
}

static bc_status open_style(bc_trainer *t, bc_train_style *style, const bc_vgg *vgg,
                            const bc_log *log)
{
    const size_t n = bc_trainer_style_floats(t);
    bc_loss_params params;
    bc_status status = BC_OK;
    style->values = calloc(2 * n + 1, sizeof(float));
    if (!style->values)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a style's parameters");
    style->gradients = style->values + n;
    bc_params_init(style->values, &t->style_path, BC_OWNER_STYLE, &t->random);
    if (vgg)
        status = bc_trainer_loss_params(&params, &style->objective, vgg, NULL, log);
    if (vgg && status == BC_OK)
        style->weights = params.weights;
    return status < 0 ? status : bc_optimizer_open(&style->optimizer, t->config.optimizer, n, log);
}

static bc_status open_styles(bc_trainer *t, int n_styles, const bc_objective *objectives,
                             const bc_vgg *vgg, const bc_log *log)
{
    t->styles = calloc((size_t)n_styles, sizeof(*t->styles));
    if (!t->styles)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %d styles", n_styles);
    t->n_styles = n_styles;
    bc_status status = BC_OK;
    for (int i = 0; i < n_styles && status == BC_OK; i++) {
        t->styles[i].objective = objectives[i];
        status = open_style(t, &t->styles[i], vgg, log);
    }
    return status;
}

static size_t slot_floats(const bc_trainer *t)
{
    return bc_trainer_net_floats(t) + bc_trainer_style_floats(t);
}

/* Where the gradients of the batch's picture lie. */
static bc_train_net_values slot(const bc_trainer *t, int picture)
{
    float *values = t->slots + (size_t)picture * slot_floats(t);
    return (bc_train_net_values){
        {[BC_OWNER_NET] = values, [BC_OWNER_STYLE] = values + bc_trainer_net_floats(t)}};
}

/* Threads that a batch has no pictures for work within the pictures. */
static bc_status open_lanes(bc_trainer *t, const bc_vgg *vgg, int n_threads, const bc_log *log)
{
    t->first_lane = t->ranks.rank * t->config.batch / t->ranks.n;
    const int n_lanes = (t->ranks.rank + 1) * t->config.batch / t->ranks.n - t->first_lane;
    const int n_side_by_side = n_lanes < n_threads ? n_lanes : n_threads;
    t->slots = calloc((size_t)t->config.batch * slot_floats(t), sizeof(float));
    t->lanes = calloc((size_t)n_lanes, sizeof(*t->lanes));
    if (!t->lanes || !t->slots)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a batch of %d", n_lanes);
    bc_status status = bc_pool_open(&t->pool, n_side_by_side, "lanes", log);
    for (; t->n_lanes < n_lanes && status == BC_OK; t->n_lanes++)
        status = bc_lane_open(&t->lanes[t->n_lanes], t, slot(t, t->first_lane + t->n_lanes), vgg,
                              n_threads / n_side_by_side, log);
    return status;
}

bc_status bc_trainer_open(bc_trainer *trainer, const bc_train_config *config, int n_styles,
                          const bc_objective *objectives, const bc_photos *photos,
                          const bc_vgg *vgg, bc_ranks ranks, int n_threads, const bc_log *log)
{
    assert(n_threads >= 1 && ranks.rank < ranks.n && ranks.n <= config->batch);
    *trainer =
        (bc_trainer){.config = *config, .photos = photos, .ranks = ranks, .random = {config->seed}};
    bc_params_make(&trainer->style_path, &config->layers);
    bc_params_make(&trainer->identity_path, &config->identity);
    bc_status status = open_parameters(trainer, log);
    if (status == BC_OK && n_styles > 0)
        status = open_styles(trainer, n_styles, objectives, vgg, log);
    if (status == BC_OK)
        status = open_lanes(trainer, vgg, n_threads, log);
    if (status < 0)
        bc_trainer_close(trainer);
    return status;
}

void bc_trainer_close(bc_trainer *trainer)
{
    for (int i = 0; i < trainer->n_styles; i++) {
        for (int brush = 0; brush < trainer->styles[i].n_targets; brush++)
            bc_style_target_close(&trainer->styles[i].targets[brush]);
        bc_optimizer_close(&trainer->styles[i].optimizer);
        free(trainer->styles[i].values);
    }
    free(trainer->styles);
    for (int i = 0; i < trainer->n_lanes; i++)
        bc_lane_close(&trainer->lanes[i]);
    free(trainer->lanes);
    free(trainer->slots);
    bc_pool_close(&trainer->pool);
    bc_optimizer_close(&trainer->identity_optimizer);
    bc_optimizer_close(&trainer->style_optimizer);
    free(trainer->values);
    *trainer = (bc_trainer){0};
}

/* Turns ------------------------------------------------------------------------------------ */

/* Of the style's weight: by steps of a fifth, two, seven tenths, and all of it. */
static double style_share(const bc_trainer *t)
{
    const double n = (double)(t->config.n_steps - t->config.n_warmup) * t->config.ramp;
    const double progress = n > 0 ? (double)(t->step - t->config.n_warmup) / n : 1;
    return progress < 0.27 ? 0.2 : progress < 0.55 ? 0.4 : progress < 1 ? 0.7 : 1;
}

/* Style step i, counted from 0: every style's steps have stability every other time. */
static bc_train_turn style_turn(const bc_trainer *t, int64_t i)
{
    const int64_t round = i / t->n_styles, place = i % t->n_styles;
    bc_train_style *style = &t->styles[place];
    return (bc_train_turn){.style = style,
                           .style_share = style_share(t),
                           .has_stability =
                               style->objective.stability > 0 && (round + place) % 2 == 0};
}

static bc_train_turn next_turn(const bc_trainer *t)
{
    const bc_train_turn identity = {.is_identity = true};
    if (t->n_styles == 0)
        return identity;
    if (t->step < t->config.n_warmup)
        return (bc_train_turn){.style = &t->styles[0], .is_identity = true};
    if (t->config.is_frozen || t->config.identity.n == 0)
        return style_turn(t, t->step - t->config.n_warmup);
    const int64_t period = t->config.style_steps + 1;
    if (t->step % period == t->config.style_steps)
        return identity;
    return style_turn(t, t->step / period * t->config.style_steps + t->step % period);
}

/* Rises at the start, and falls in a line over the last two fifths. */
static double current_rate(const bc_trainer *t)
{
    const double rise = (double)(t->step + 1) / fmax(1, t->config.rate_warmup);
    const double left = 1 - (double)t->step / (double)t->config.n_steps;
    return t->config.rate * fmin(1, rise) * fmax(0.03, fmin(1, left / 0.4));
}

/* After the warm-up: every style starts from the first one's tensors, and some noise. */
static void spread_first_style(bc_trainer *t)
{
    const size_t n = bc_trainer_style_floats(t);
    const float *first = t->styles[0].values;
    bc_optimizer_reset(&t->styles[0].optimizer);
    for (int i = t->n_styles - 1; i >= 0; i--)
        for (size_t k = 0; k < n; k++)
            t->styles[i].values[k] = first[k] * (float)(1 + 0.1 * bc_random_normal(&t->random));
}

/* A step ----------------------------------------------------------------------------------- */

static bool are_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static bc_status check_finite(const bc_trainer *t, const bc_train_losses *losses,
                              const bc_train_style *style, const bc_log *log)
{
    if (isfinite(losses->total) && are_finite(t->gradients, bc_trainer_net_floats(t)) &&
        (!style || are_finite(style->gradients, bc_trainer_style_floats(t))))
        return BC_OK;
    return bc_fail(log, BC_ERR_FORMAT,
                   "step %lld%s%s: the loss or a gradient is not finite; try "
                   "a lower --rate",
                   (long long)t->step + 1, style ? ", " : "", style ? style->info.name : "");
}

/* What the step's gradients must be multiplied by to be no longer than the longest. */
static double clipping(const bc_trainer *t, const bc_train_style *style)
{
    const int64_t n = (int64_t)bc_trainer_net_floats(t);
    double square = t->config.is_frozen ? 0 : bc_dot(t->gradients, t->gradients, n);
    if (style)
        square += bc_dot(style->gradients, style->gradients, (int64_t)bc_trainer_style_floats(t));
    return fmin(1, longest_gradient / fmax(sqrt(square), 1e-30));
}

static void scale(float *x, size_t n, double factor)
{
    for (size_t i = 0; i < n && factor < 1; i++)
        x[i] *= (float)factor;
}

/* Adam's steps lead away from phases that say the same: they are brought back. */
static void step(const bc_trainer *t, bc_optimizer *optimizer, float *values, float *gradients,
                 bc_owner owner, double rate, double factor)
{
    scale(gradients, optimizer->n, factor);
    bc_optimizer_step(optimizer, values, gradients, rate);
    bc_params_equalise(values, &t->style_path, owner);
}

static void update(bc_trainer *t, const bc_train_turn *turn)
{
    bc_train_style *style = turn->style;
    const double rate = current_rate(t), factor = clipping(t, style);
    if (style)
        step(t, &style->optimizer, style->values, style->gradients, BC_OWNER_STYLE,
             rate * t->config.style_rate, factor);
    if (!t->config.is_frozen)
        step(t, turn->is_identity ? &t->identity_optimizer : &t->style_optimizer, t->values,
             t->gradients, BC_OWNER_NET, rate, factor);
}

/* One job for each lane. */
typedef struct batch {
    bc_lane *lanes;
    const bc_train_turn *turn;
    bc_train_losses *losses; /* [n_lanes], from the first lane's on */
    bc_status *statuses;     /* [n_lanes] */
} batch;

static void train_lane(void *arg, int job, int thread)
{
    (void)thread;
    const batch *b = arg;
    b->statuses[job] = bc_lane_train(&b->lanes[job], &b->losses[job], b->turn);
}

static void add_scaled(float *sum, const float *x, size_t n, float scale)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += scale * x[i];
}

/* The losses [batch] and gradients of all processes' pictures, in the places that were zeros. */
static void exchange(const bc_trainer *t, bc_train_losses *losses)
{
    const size_t n = (size_t)t->config.batch;
    bc_ranks_sum_doubles(&t->ranks, (double *)(void *)losses, n * sizeof(*losses) / sizeof(double));
    bc_ranks_sum_floats(&t->ranks, t->slots, n * slot_floats(t));
}

/* Means over the batch, in the order of its pictures. */
static void sum_batch(bc_trainer *t, bc_train_losses *sum, bc_train_style *style,
                      const bc_train_losses *losses)
{
    const double share = 1.0 / t->config.batch;
    *sum = (bc_train_losses){0};
    memset(t->gradients, 0, bc_trainer_net_floats(t) * sizeof(float));
    if (style)
        memset(style->gradients, 0, bc_trainer_style_floats(t) * sizeof(float));
    for (int i = 0; i < t->config.batch; i++) {
        const bc_train_net_values gradients = slot(t, i);
        bc_train_losses_add(sum, &losses[i], share);
        add_scaled(t->gradients, gradients.of[BC_OWNER_NET], bc_trainer_net_floats(t),
                   (float)share);
        if (style)
            add_scaled(style->gradients, gradients.of[BC_OWNER_STYLE], bc_trainer_style_floats(t),
                       (float)share);
    }
    bc_params_equalise(t->gradients, &t->style_path, BC_OWNER_NET);
    if (style)
        bc_params_equalise(style->gradients, &t->style_path, BC_OWNER_STYLE);
}

bc_status bc_trainer_step(bc_trainer *trainer, bc_train_losses *losses, const bc_log *log)
{
    bc_trainer *t = trainer;
    const bc_train_turn turn = next_turn(t);
    bc_train_losses picture_losses[BC_TRAIN_MAX_BATCH] = {{0}};
    bc_status statuses[BC_TRAIN_MAX_BATCH];
    for (int i = 0; i < t->config.batch; i++) {
        const uint64_t state = bc_random_next(&t->random);
        if (i >= t->first_lane && i < t->first_lane + t->n_lanes)
            t->lanes[i - t->first_lane].random.state = state;
    }
    memset(t->slots, 0, (size_t)t->config.batch * slot_floats(t) * sizeof(*t->slots));
    bc_pool_run(t->pool, train_lane,
                &(batch){t->lanes, &turn, picture_losses + t->first_lane, statuses}, t->n_lanes);
    for (int i = 0; i < t->n_lanes; i++)
        if (statuses[i] < 0)
            return statuses[i];
    exchange(t, picture_losses);
    sum_batch(t, losses, turn.style, picture_losses);
    const bc_status status = check_finite(t, losses, turn.style, log);
    if (status < 0)
        return status;
    update(t, &turn);
    if (++t->step == t->config.n_warmup)
        spread_first_style(t);
    return BC_OK;
}

/* Figures ---------------------------------------------------------------------------------- */

/* Place i of the batch takes the photographs, and the flat patches, i, i + batch, ... */
typedef struct validation {
    bc_trainer *trainer;
    const bc_train_style *style;
    int n_photos, n_patches;
    bc_lane_figures *figures;       /* [n_photos] */
    double (*powers)[BC_N_PERIODS]; /* [n_patches], after them */
    bc_status statuses[BC_TRAIN_MAX_BATCH];
} validation;

static void validate_lane(void *arg, int job, int thread)
{
    (void)thread;
    validation *v = arg;
    bc_trainer *t = v->trainer;
    const int first = t->first_lane + job, step = t->config.batch;
    bc_lane *lane = &t->lanes[job];
    v->statuses[job] = BC_OK;
    for (int photo = first; photo < v->n_photos && v->statuses[job] == BC_OK; photo += step)
        v->statuses[job] = bc_lane_validate(lane, &v->figures[photo], v->style, photo);
    for (int patch = first; patch < v->n_patches; patch += step)
        bc_lane_lattice(lane, v->powers[patch], v->style, patch);
}

static double strongest_period(const validation *v)
{
    double strongest = 0;
    for (int period = 0; period < BC_N_PERIODS; period++) {
        double power = 0;
        for (int patch = 0; patch < v->n_patches; patch++)
            power += v->powers[patch][period] / v->n_patches;
        strongest = fmax(strongest, power);
    }
    return 255 * sqrt(strongest);
}

static void sum_figures(bc_train_figures *figures, const validation *v)
{
    const double share = 1.0 / v->n_photos;
    double noise = 0;
    *figures = (bc_train_figures){.lattice = strongest_period(v)};
    for (int i = 0; i < v->n_photos; i++) {
        bc_train_losses_add(&figures->losses, &v->figures[i].losses, share);
        figures->recognition += share * v->figures[i].is_recognised;
        noise += share * v->figures[i].noise;
    }
    figures->shift = 255 * sqrt(figures->losses.stability);
    figures->flicker = sqrt(noise);
}

bc_status bc_trainer_validate(bc_trainer *trainer, bc_train_figures *figures, int style,
                              int n_photos, int n_patches, const bc_log *log)
{
    assert(n_photos > 0 && n_photos <= trainer->photos->n_validation);
    assert(trainer->config.max_shift >= 3 && (style >= 0 || n_patches == 0));
    const size_t n_bytes = (size_t)n_photos * sizeof(bc_lane_figures) +
                           (size_t)n_patches * BC_N_PERIODS * sizeof(double);
    validation v = {.trainer = trainer,
                    .style = style < 0 ? NULL : &trainer->styles[style],
                    .n_photos = n_photos,
                    .n_patches = n_patches,
                    .figures = calloc(1, n_bytes)};
    if (!v.figures)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the figures of %d pictures", n_photos);
    v.powers = (double(*)[BC_N_PERIODS])(void *)(v.figures + n_photos);
    bc_pool_run(trainer->pool, validate_lane, &v, trainer->n_lanes);
    bc_status status = BC_OK;
    for (int i = 0; i < trainer->n_lanes && status == BC_OK; i++)
        status = v.statuses[i];
    if (status == BC_OK) {
        bc_ranks_sum_doubles(&trainer->ranks, (double *)(void *)v.figures,
                             n_bytes / sizeof(double));
        sum_figures(figures, &v);
    }
    free(v.figures);
    return status;
}
