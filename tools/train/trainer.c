#include "train/trainer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char *const style_layers[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
static const char content_layer[] = "relu3_1";

enum { N_STYLE_LAYERS = sizeof(style_layers) / sizeof(style_layers[0]) };

bc_status bc_trainer_loss_params(bc_loss_params *params, const bc_train_config *config,
                                 const bc_vgg *vgg, const bc_workspace *workspace,
                                 const bc_log *log)
{
    *params = (bc_loss_params){.vgg = vgg,
                               .workspace = workspace,
                               .height = config->crop,
                               .width = config->crop,
                               .pooling = BC_POOL_MAX,
                               .scale = BC_LOSS_RELATIVE};
    int layer;
    for (int i = 0; i < N_STYLE_LAYERS; i++) {
        const bc_status status = bc_vgg_find(vgg, &layer, style_layers[i], log);
        if (status < 0)
            return status;
        params->weights.style[BC_STAT_GRAM][layer] = config->style;
    }
    const bc_status status = bc_vgg_find(vgg, &layer, content_layer, log);
    params->weights.content[status == BC_OK ? layer : 0] = config->content;
    return status;
}

static bc_status open_parameters(bc_trainer *t, const bc_log *log)
{
    const bc_optimizer_kind kind = t->config.optimizer;
    const size_t n = t->autoencoder.n_values;
    t->values = calloc(2 * n, sizeof(float));
    if (!t->values)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the parameters");
    t->gradients = t->values + n;
    bc_params_init_autoencoder(t->values, &t->autoencoder, &t->random);
    bc_status status = bc_optimizer_open(&t->identity_optimizer, kind, n, log);
    if (status == BC_OK)
        status = bc_optimizer_open(&t->style_optimizer, kind, n, log);
    return status;
}

static bc_status open_style(bc_trainer *t, bc_train_style *style, const bc_log *log)
{
    const size_t n = t->bank.n_values;
    style->values = calloc(2 * n, sizeof(float));
    if (!style->values)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a style's parameters");
    style->gradients = style->values + n;
    bc_params_init_bank(style->values, &t->bank, &t->random);
    return bc_optimizer_open(&style->optimizer, t->config.optimizer, n, log);
}

static bc_status open_styles(bc_trainer *t, int n_styles, const bc_log *log)
{
    t->styles = calloc((size_t)n_styles, sizeof(*t->styles));
    if (!t->styles)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %d styles", n_styles);
    t->n_styles = n_styles;
    bc_status status = BC_OK;
    for (int i = 0; i < n_styles && status == BC_OK; i++)
        status = open_style(t, &t->styles[i], log);
    return status;
}

static size_t slot_floats(const bc_trainer *t)
{
    return t->autoencoder.n_values + t->bank.n_values;
}

/* Where the gradients of the batch's picture lie. */
static bc_train_net_values slot(const bc_trainer *t, int picture)
{
    float *values = t->slots + (size_t)picture * slot_floats(t);
    return (bc_train_net_values){values, values + t->autoencoder.n_values};
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
                          const bc_photos *photos, const bc_vgg *vgg, bc_ranks ranks, int n_threads,
                          const bc_log *log)
{
    assert(config->crop % 4 == 0 && n_threads >= 1);
    assert(ranks.rank < ranks.n && ranks.n <= config->batch);
    *trainer = (bc_trainer){.config = *config,
                            .photos = photos,
                            .ranks = ranks,
                            .random = {config->seed},
                            .best_total = INFINITY};
    bc_params_make_autoencoder(&trainer->autoencoder, config->widths, config->upsample);
    bc_params_make_bank(&trainer->bank, config->widths[BC_N_WIDTHS - 1], config->n_bank_layers);
    bc_status status = open_parameters(trainer, log);
    if (status == BC_OK && n_styles > 0)
        status = open_styles(trainer, n_styles, log);
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

/* The style of the next step, or NULL: an identity step. */
static bc_train_style *next_style(const bc_trainer *t)
{
    if (t->n_styles == 0)
        return NULL;
    if (t->config.is_frozen)
        return &t->styles[t->step % t->n_styles];
    const int64_t period = t->config.style_steps + 1;
    if (t->step % period == t->config.style_steps)
        return NULL;
    return &t->styles[(t->step / period * t->config.style_steps + t->step % period) % t->n_styles];
}

/* Falls along half a cosine to a fiftieth of what it was. */
static double current_rate(const bc_trainer *t)
{
    const double progress = fmin(1, (double)t->step / (double)t->config.n_steps);
    return t->config.rate * (0.02 + 0.49 * (1 + cos(acos(-1) * progress)));
}

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
    if (isfinite(losses->total) && are_finite(t->gradients, t->autoencoder.n_values) &&
        (!style || are_finite(style->gradients, t->bank.n_values)))
        return BC_OK;
    return bc_fail(log, BC_ERR_FORMAT,
                   "step %lld%s%s: the loss or a gradient is not finite; try "
                   "a lower --rate",
                   (long long)t->step + 1, style ? ", " : "", style ? style->info.name : "");
}

static void update(bc_trainer *t, bc_train_style *style)
{
    const double rate = current_rate(t);
    if (style)
        bc_optimizer_step(&style->optimizer, style->values, style->gradients, rate);
    if (!t->config.is_frozen)
        bc_optimizer_step(style ? &t->style_optimizer : &t->identity_optimizer, t->values,
                          t->gradients, rate);
}

/* One job for each lane. */
typedef struct batch {
    bc_lane *lanes;
    const bc_train_style *style;
    bc_train_losses *losses; /* [n_lanes], from the first lane's on */
    bc_status *statuses;     /* [n_lanes] */
} batch;

static void train_lane(void *arg, int job, int thread)
{
    (void)thread;
    const batch *b = arg;
    b->statuses[job] = bc_lane_train(&b->lanes[job], &b->losses[job], b->style);
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
    memset(t->gradients, 0, t->autoencoder.n_values * sizeof(float));
    if (style)
        memset(style->gradients, 0, t->bank.n_values * sizeof(float));
    for (int i = 0; i < t->config.batch; i++) {
        const bc_train_net_values gradients = slot(t, i);
        bc_train_losses_add(sum, &losses[i], share);
        add_scaled(t->gradients, gradients.autoencoder, t->autoencoder.n_values, (float)share);
        if (style)
            add_scaled(style->gradients, gradients.bank, t->bank.n_values, (float)share);
    }
}

bc_status bc_trainer_step(bc_trainer *trainer, bc_train_losses *losses, const bc_log *log)
{
    bc_trainer *t = trainer;
    bc_train_style *style = next_style(t);
    bc_train_losses picture_losses[BC_TRAIN_MAX_BATCH] = {{0}};
    bc_status statuses[BC_TRAIN_MAX_BATCH];
    for (int i = 0; i < t->config.batch; i++) {
        const uint64_t state = bc_random_next(&t->random);
        if (i >= t->first_lane && i < t->first_lane + t->n_lanes)
            t->lanes[i - t->first_lane].random.state = state;
    }
    memset(t->slots, 0, (size_t)t->config.batch * slot_floats(t) * sizeof(*t->slots));
    bc_pool_run(t->pool, train_lane,
                &(batch){t->lanes, style, picture_losses + t->first_lane, statuses}, t->n_lanes);
    for (int i = 0; i < t->n_lanes; i++)
        if (statuses[i] < 0)
            return statuses[i];
    exchange(t, picture_losses);
    sum_batch(t, losses, style, picture_losses);
    const bc_status status = check_finite(t, losses, style, log);
    if (status < 0)
        return status;
    update(t, style);
    t->step++;
    return BC_OK;
}

/* Place i of the batch takes the photographs i, i + batch, ... */
typedef struct validation {
    bc_trainer *trainer;
    const bc_train_style *style;
    int n_photos;
    bc_lane_figures *figures; /* [n_photos] */
    bc_status statuses[BC_TRAIN_MAX_BATCH];
} validation;

static void validate_lane(void *arg, int job, int thread)
{
    (void)thread;
    validation *v = arg;
    bc_trainer *t = v->trainer;
    v->statuses[job] = BC_OK;
    for (int photo = t->first_lane + job; photo < v->n_photos && v->statuses[job] == BC_OK;
         photo += t->config.batch)
        v->statuses[job] = bc_lane_validate(&t->lanes[job], &v->figures[photo], v->style, photo);
}

static void sum_figures(bc_train_figures *figures, const bc_lane_figures *photos, int n_photos)
{
    const double share = 1.0 / n_photos;
    double photo_style = 0, noise = 0;
    *figures = (bc_train_figures){0};
    for (int i = 0; i < n_photos; i++) {
        bc_train_losses_add(&figures->losses, &photos[i].losses, share);
        photo_style += share * photos[i].photo_style;
        noise += share * photos[i].noise;
    }
    figures->style_ratio = photo_style > 0 ? figures->losses.style / photo_style : 0;
    figures->shift = 255 * sqrt(figures->losses.stability);
    figures->flicker = sqrt(noise);
}

bc_status bc_trainer_validate(bc_trainer *trainer, bc_train_figures *figures, int style,
                              int n_photos, const bc_log *log)
{
    assert(n_photos > 0 && n_photos <= trainer->photos->n_validation);
    assert(trainer->config.max_shift >= 3);
    validation v = {.trainer = trainer,
                    .style = style < 0 ? NULL : &trainer->styles[style],
                    .n_photos = n_photos,
                    .figures = calloc((size_t)n_photos, sizeof(bc_lane_figures))};
    if (!v.figures)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the figures of %d pictures", n_photos);
    bc_pool_run(trainer->pool, validate_lane, &v, trainer->n_lanes);
    bc_status status = BC_OK;
    for (int i = 0; i < trainer->n_lanes && status == BC_OK; i++)
        status = v.statuses[i];
    if (status == BC_OK) {
        bc_ranks_sum_doubles(&trainer->ranks, (double *)(void *)v.figures,
                             (size_t)n_photos * sizeof(bc_lane_figures) / sizeof(double));
        sum_figures(figures, v.figures, n_photos);
    }
    free(v.figures);
    return status;
}
