#include "train/trainer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/picture_loss.h"
#include "train/pixel_loss.h"

enum { BORDER = 16 }; /* left out of the stability: there the moved picture shows something else */

static const char *const style_layers[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
static const char content_layer[] = "relu3_1";

enum { N_STYLE_LAYERS = sizeof(style_layers) / sizeof(style_layers[0]) };

static size_t picture_floats(const bc_trainer *t)
{
    return 3 * (size_t)t->config.crop * (size_t)t->config.crop;
}

static int source_side(const bc_train_config *config)
{
    return config->crop + config->max_shift;
}

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
        params->weights.style[BC_STAT_GRAM][layer] = config->style / config->batch;
    }
    const bc_status status = bc_vgg_find(vgg, &layer, content_layer, log);
    params->weights.content[status == BC_OK ? layer : 0] = config->content / config->batch;
    return status;
}

static bc_status open_nets(bc_trainer *t, const bc_log *log)
{
    const int crop = t->config.crop;
    bc_status status =
        bc_net_open(&t->identity_net, crop, crop, &t->autoencoder, NULL, t->workspace, log);
    for (int i = 0; i < 2 && status == BC_OK && t->n_styles > 0; i++)
        status = bc_net_open(&t->paint_nets[i], crop, crop, &t->autoencoder, &t->bank, t->workspace,
                             log);
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

static bc_status open_styles(bc_trainer *t, int n_styles, const bc_vgg *vgg, const bc_log *log)
{
    bc_loss_params params;
    t->styles = calloc((size_t)n_styles, sizeof(*t->styles));
    if (!t->styles)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %d styles", n_styles);
    t->n_styles = n_styles;
    bc_status status = bc_trainer_loss_params(&params, &t->config, vgg, t->workspace, log);
    if (status == BC_OK)
        status = bc_loss_open(&t->loss, &params, log);
    for (int i = 0; i < n_styles && status == BC_OK; i++)
        status = open_style(t, &t->styles[i], log);
    return status;
}

static bc_status open_pictures(bc_trainer *t, const bc_log *log)
{
    const size_t n = picture_floats(t), side = (size_t)source_side(&t->config);
    t->source = calloc(6 * side * side + 4 * n, sizeof(float));
    if (!t->source)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for pictures of %d pixels", t->config.crop);
    t->pictures[0] = t->source + 3 * side * side;
    t->pictures[1] = t->pictures[0] + n;
    t->dpaintings[0] = t->pictures[1] + n;
    t->dpaintings[1] = t->dpaintings[0] + n;
    t->target = t->dpaintings[1] + n;
    return BC_OK;
}

bc_status bc_trainer_open(bc_trainer *trainer, const bc_train_config *config, int n_styles,
                          const bc_photos *photos, const bc_vgg *vgg, const bc_workspace *workspace,
                          const bc_log *log)
{
    assert(config->crop > 2 * BORDER + config->max_shift && config->crop % 4 == 0);
    *trainer = (bc_trainer){
        .config = *config, .workspace = workspace, .photos = photos, .random = {config->seed}};
    bc_params_make_autoencoder(&trainer->autoencoder, config->widths, config->upsample);
    bc_params_make_bank(&trainer->bank, config->widths[BC_N_WIDTHS - 1], config->n_bank_layers);
    bc_status status = open_parameters(trainer, log);
    if (status == BC_OK && n_styles > 0)
        status = open_styles(trainer, n_styles, vgg, log);
    if (status == BC_OK)
        status = open_nets(trainer, log);
    if (status == BC_OK)
        status = open_pictures(trainer, log);
    if (status < 0)
        bc_trainer_close(trainer);
    return status;
}

void bc_trainer_close(bc_trainer *trainer)
{
    for (int i = 0; i < trainer->n_styles; i++) {
        bc_style_target_close(&trainer->styles[i].target);
        bc_optimizer_close(&trainer->styles[i].optimizer);
        free(trainer->styles[i].values);
    }
    free(trainer->styles);
    bc_loss_close(&trainer->loss);
    bc_net_close(&trainer->identity_net);
    bc_net_close(&trainer->paint_nets[0]);
    bc_net_close(&trainer->paint_nets[1]);
    bc_optimizer_close(&trainer->identity_optimizer);
    bc_optimizer_close(&trainer->style_optimizer);
    free(trainer->values);
    free(trainer->source);
    *trainer = (bc_trainer){0};
}

/* picture [3, crop, crop] is the source's, or the target's, from (dy, dx) on. */
static void take_window(float *picture, const bc_trainer *t, const float *source, int dy, int dx)
{
    const int crop = t->config.crop, side = source_side(&t->config);
    for (int line = 0; line < 3 * crop; line++) {
        const int y = line / crop * side + line % crop + dy;
        memcpy(picture + line * crop, source + y * side + dx, (size_t)crop * sizeof(float));
    }
}

static void add_noise(float *picture, size_t n, double deviation, bc_random *random)
{
    for (size_t i = 0; i < n && deviation > 0; i++)
        picture[i] += (float)(deviation / 255 * bc_random_normal(random));
}

static bc_status draw_source(bc_trainer *t, const bc_log *log)
{
    const int side = source_side(&t->config);
    if (t->samples) {
        const int sample = bc_random_below(&t->random, t->samples->n);
        return bc_sample_crop(t->source, t->target, side, &t->samples->samples[sample], &t->random,
                              log);
    }
    const int photo = bc_random_below(&t->random, t->photos->n_training);
    return bc_photo_crop(t->source, side, &t->photos->training[photo], &t->random, log);
}

static double identity_loss(const bc_trainer *t, float *dpainting, const float *painting,
                            double weight)
{
    const size_t n = picture_floats(t);
    if (t->config.identity_loss == BC_IDENTITY_L1)
        return bc_l1_loss(dpainting, painting, t->pictures[0], n, weight);
    return bc_square_loss(dpainting, painting, t->pictures[0], weight, (int)n);
}

static void clear(bc_trainer *t, float *dpainting)
{
    memset(dpainting, 0, picture_floats(t) * sizeof(float));
}

/* Of one picture; gradients are added. */
static bc_status identity_picture(bc_trainer *t, bc_train_losses *losses, const bc_log *log)
{
    const double share = 1.0 / t->config.batch;
    const bc_net_values values = {t->values, NULL}, gradients = {t->gradients, NULL};
    const bc_status status = draw_source(t, log);
    if (status < 0)
        return status;
    take_window(t->pictures[0], t, t->source, 0, 0);
    clear(t, t->dpaintings[0]);
    const float *painting = bc_net_forward(&t->identity_net, values, t->pictures[0]);
    const double loss = identity_loss(t, t->dpaintings[0], painting, share);
    bc_net_backward(&t->identity_net, gradients, NULL, values, t->pictures[0], t->dpaintings[0]);
    losses->identity += share * loss;
    losses->total += share * loss;
    return BC_OK;
}

static double style_sum(const bc_loss_terms *terms)
{
    double sum = 0;
    for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++)
        sum += terms->style[BC_STAT_GRAM][layer];
    return sum;
}

static double content_sum(const bc_loss_terms *terms)
{
    double sum = 0;
    for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++)
        sum += terms->content[layer];
    return sum;
}

/* Adds the losses of one painting; its gradient goes to dpainting (NULL: none). */
static void perceptual_losses(bc_trainer *t, bc_train_losses *losses, float *dpainting,
                              const float *painting, const bc_train_style *style, double share)
{
    const bc_train_config *c = &t->config;
    bc_loss_terms terms;
    bc_loss_set_content(t->loss, t->pictures[0]);
    bc_loss_run(t->loss, &terms, dpainting, painting, style->target);
    const double variation =
        bc_variation_loss(dpainting, painting, share * c->variation, 3, c->crop, c->crop);
    losses->content += share * content_sum(&terms);
    losses->style += share * style_sum(&terms);
    losses->variation += share * variation;
    losses->total += share * (c->content * content_sum(&terms) + c->style * style_sum(&terms) +
                              c->variation * variation);
}

/* The same against a sample; pictures[1] holds it. */
static void sample_loss(bc_trainer *t, bc_train_losses *losses, float *dpainting,
                        const float *painting, double share)
{
    take_window(t->pictures[1], t, t->target, 0, 0);
    const double loss =
        bc_square_loss(dpainting, painting, t->pictures[1], share, (int)picture_floats(t));
    losses->style += share * loss;
    losses->total += share * loss;
}

/* A motion by 0 to max_shift pixels down and right, never none at all. */
static void draw_motion(bc_trainer *t, int *dy, int *dx)
{
    const int n = t->config.max_shift + 1;
    const int motion = 1 + bc_random_below(&t->random, n * n - 1);
    *dy = motion / n;
    *dx = motion % n;
}

static void stability_loss(bc_trainer *t, bc_train_losses *losses, bc_net_values values,
                           bc_net_values gradients, const float *painting)
{
    const bc_train_config *c = &t->config;
    const double share = 1.0 / c->batch;
    int dy, dx;
    draw_motion(t, &dy, &dx);
    take_window(t->pictures[1], t, t->source, dy, dx);
    add_noise(t->pictures[1], picture_floats(t), c->noise, &t->random);
    clear(t, t->dpaintings[1]);
    const float *moved = bc_net_forward(&t->paint_nets[1], values, t->pictures[1]);
    const double loss = bc_shift_loss(t->dpaintings[0], t->dpaintings[1], painting, moved, c->crop,
                                      c->crop, dy, dx, BORDER, share * c->stability);
    bc_net_backward(&t->paint_nets[1], gradients, NULL, values, t->pictures[1], t->dpaintings[1]);
    losses->stability += share * loss;
    losses->total += share * c->stability * loss;
}

static bc_status style_picture(bc_trainer *t, bc_train_losses *losses, bc_train_style *style,
                               const bc_log *log)
{
    const bc_net_values values = {t->values, style->values};
    const bc_net_values gradients = {t->config.is_frozen ? NULL : t->gradients, style->gradients};
    const bc_status status = draw_source(t, log);
    if (status < 0)
        return status;
    take_window(t->pictures[0], t, t->source, 0, 0);
    clear(t, t->dpaintings[0]);
    const float *painting = bc_net_forward(&t->paint_nets[0], values, t->pictures[0]);
    if (t->samples)
        sample_loss(t, losses, t->dpaintings[0], painting, 1.0 / t->config.batch);
    else
        perceptual_losses(t, losses, t->dpaintings[0], painting, style, 1.0 / t->config.batch);
    if (t->config.stability > 0)
        stability_loss(t, losses, values, gradients, painting);
    bc_net_backward(&t->paint_nets[0], gradients, NULL, values, t->pictures[0], t->dpaintings[0]);
    return BC_OK;
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

bc_status bc_trainer_step(bc_trainer *trainer, bc_train_losses *losses, const bc_log *log)
{
    bc_trainer *t = trainer;
    bc_train_style *style = next_style(t);
    *losses = (bc_train_losses){0};
    memset(t->gradients, 0, t->autoencoder.n_values * sizeof(float));
    if (style)
        memset(style->gradients, 0, t->bank.n_values * sizeof(float));
    bc_status status = BC_OK;
    for (int i = 0; i < t->config.batch && status == BC_OK; i++)
        status = style ? style_picture(t, losses, style, log) : identity_picture(t, losses, log);
    if (status == BC_OK)
        status = check_finite(t, losses, style, log);
    if (status < 0)
        return status;
    update(t, style);
    t->step++;
    return BC_OK;
}

static void validate_identity(bc_trainer *t, bc_train_figures *figures, double share)
{
    const float *painting =
        bc_net_forward(&t->identity_net, (bc_net_values){t->values, NULL}, t->pictures[0]);
    const double loss = identity_loss(t, NULL, painting, 0);
    figures->losses.identity += share * loss;
    figures->losses.total += share * loss;
}

/* Mean squared difference between painting the moved picture and moving the painting. */
static double validate_shift(bc_trainer *t, const float *painting, bc_net_values values, int motion)
{
    const int crop = t->config.crop, dy = 1 + motion % 3, dx = 1 + motion / 3 % 3;
    take_window(t->pictures[1], t, t->source, dy, dx);
    const float *moved = bc_net_forward(&t->paint_nets[1], values, t->pictures[1]);
    return bc_shift_loss(NULL, NULL, painting, moved, crop, crop, dy, dx, BORDER, 0);
}

/* Mean squared difference that noise makes, over the noise's own. */
static double validate_noise(bc_trainer *t, const float *painting, bc_net_values values, int seed)
{
    const double deviation = 3;
    const size_t n = picture_floats(t);
    bc_random random = {(uint64_t)seed};
    take_window(t->pictures[1], t, t->source, 0, 0);
    add_noise(t->pictures[1], n, deviation, &random);
    const float *noisy = bc_net_forward(&t->paint_nets[1], values, t->pictures[1]);
    return bc_square_loss(NULL, noisy, painting, 0, (int)n) / (deviation * deviation / 255 / 255);
}

/* `shift` and `flicker` are sums of squares here, `style_ratio` is the photographs' own loss. */
static void validate_style(bc_trainer *t, bc_train_figures *figures, const bc_train_style *style,
                           int photo, double share)
{
    const bc_net_values values = {t->values, style->values};
    const float *painting = bc_net_forward(&t->paint_nets[0], values, t->pictures[0]);
    bc_train_losses of_photo = {0}, of_painting = {0};
    perceptual_losses(t, &of_painting, NULL, painting, style, 1);
    perceptual_losses(t, &of_photo, NULL, t->pictures[0], style, 1);
    const double stability = validate_shift(t, painting, values, photo);
    figures->losses.content += share * of_painting.content;
    figures->losses.style += share * of_painting.style;
    figures->losses.variation += share * of_painting.variation;
    figures->losses.stability += share * stability;
    figures->losses.total += share * (of_painting.total + t->config.stability * stability);
    figures->style_ratio += share * of_photo.style;
    figures->shift += share * stability;
    figures->flicker += share * validate_noise(t, painting, values, photo);
}

bc_status bc_trainer_validate(bc_trainer *trainer, bc_train_figures *figures, int style,
                              int n_photos, const bc_log *log)
{
    bc_trainer *t = trainer;
    assert(n_photos > 0 && n_photos <= t->photos->n_validation && t->config.max_shift >= 3);
    *figures = (bc_train_figures){0};
    for (int i = 0; i < n_photos; i++) {
        const bc_status status =
            bc_photo_centre(t->source, source_side(&t->config), &t->photos->validation[i], log);
        if (status < 0)
            return status;
        take_window(t->pictures[0], t, t->source, 0, 0);
        if (style < 0)
            validate_identity(t, figures, 1.0 / n_photos);
        else
            validate_style(t, figures, &t->styles[style], i, 1.0 / n_photos);
    }
    if (style >= 0)
        figures->style_ratio = figures->losses.style / figures->style_ratio;
    figures->shift = 255 * sqrt(figures->shift);
    figures->flicker = sqrt(figures->flicker);
    return BC_OK;
}
