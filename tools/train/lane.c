#include "train/lane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/picture_loss.h"
#include "train/pixel_loss.h"
#include "train/trainer.h"

void bc_train_losses_add(bc_train_losses *sum, const bc_train_losses *losses, double share)
{
    sum->identity += share * losses->identity;
    sum->content += share * losses->content;
    sum->style += share * losses->style;
    sum->variation += share * losses->variation;
    sum->stability += share * losses->stability;
    sum->total += share * losses->total;
}

/*
 * The figure of the shift leaves out a border, where the moved picture shows something else; the
 * training does not: what is painted at the edge shall look like the rest.
 */
enum { FIGURE_BORDER = 16 };

static size_t picture_floats(const bc_lane *l)
{
    const size_t crop = (size_t)l->trainer->config.crop;
    return 3 * crop * crop;
}

static int source_side(const bc_lane *l)
{
    return l->trainer->config.crop + l->trainer->config.max_shift;
}

static bc_status open_nets(bc_lane *l)
{
    const bc_trainer *t = l->trainer;
    const int crop = t->config.crop;
    bc_status status = bc_train_net_open(&l->identity_net, crop, crop, &t->autoencoder, NULL,
                                         &l->workspace, l->log);
    for (int i = 0; i < 2 && status == BC_OK && t->n_styles > 0; i++)
        status = bc_train_net_open(&l->paint_nets[i], crop, crop, &t->autoencoder, &t->bank,
                                   &l->workspace, l->log);
    return status;
}

static bc_status open_loss(bc_lane *l, const bc_vgg *vgg)
{
    bc_loss_params params;
    if (l->trainer->n_styles == 0)
        return BC_OK;
    const bc_status status =
        bc_trainer_loss_params(&params, &l->trainer->config, vgg, &l->workspace, l->log);
    return status < 0 ? status : bc_loss_open(&l->loss, &params, l->log);
}

static float *take(float **memory, size_t n)
{
    float *taken = *memory;
    *memory += n;
    return taken;
}

static bc_status open_memory(bc_lane *l)
{
    const bc_trainer *t = l->trainer;
    const size_t n = picture_floats(l), side = (size_t)source_side(l);
    float *memory = calloc(6 * side * side + 4 * n, sizeof(float));
    if (!memory)
        return bc_fail(l->log, BC_ERR_MEMORY, "no memory for pictures of %d pixels",
                       t->config.crop);
    l->memory = memory;
    l->source = take(&memory, 3 * side * side);
    l->target = take(&memory, 3 * side * side);
    for (int i = 0; i < 2; i++) {
        l->pictures[i] = take(&memory, n);
        l->dpaintings[i] = take(&memory, n);
    }
    return BC_OK;
}

bc_status bc_lane_open(bc_lane *lane, const bc_trainer *trainer, bc_train_net_values gradients,
                       const bc_vgg *vgg, int n_threads, const bc_log *log)
{
    assert(trainer->config.crop > 2 * FIGURE_BORDER + trainer->config.max_shift);
    *lane = (bc_lane){.trainer = trainer, .gradients = gradients, .log = log};
    bc_status status = bc_workspace_open(&lane->workspace, n_threads, log);
    if (status == BC_OK)
        status = open_nets(lane);
    if (status == BC_OK)
        status = open_loss(lane, vgg);
    if (status == BC_OK)
        status = open_memory(lane);
    return status;
}

void bc_lane_close(bc_lane *lane)
{
    bc_loss_close(&lane->loss);
    bc_train_net_close(&lane->identity_net);
    bc_train_net_close(&lane->paint_nets[0]);
    bc_train_net_close(&lane->paint_nets[1]);
    bc_workspace_close(&lane->workspace);
    free(lane->memory);
    *lane = (bc_lane){0};
}

/* picture [3, crop, crop] is the source's, or the target's, from (dy, dx) on. */
static void take_window(const bc_lane *l, float *picture, const float *source, int dy, int dx)
{
    const int crop = l->trainer->config.crop, side = source_side(l);
    for (int line = 0; line < 3 * crop; line++) {
        const int y = line / crop * side + line % crop + dy;
        memcpy(picture + line * crop, source + y * side + dx, (size_t)crop * sizeof(float));
    }
}

static void add_noise(const bc_lane *l, float *picture, double deviation, bc_random *random)
{
    const size_t n = picture_floats(l);
    for (size_t i = 0; i < n && deviation > 0; i++)
        picture[i] += (float)(deviation / 255 * bc_random_normal(random));
}

/* Losses ------------------------------------------------------------------------------------- */

/* Each adds its loss of `painting` to `losses` and its gradient to dpainting (NULL: none). */

static void identity_loss(const bc_lane *l, bc_train_losses *losses, float *dpainting,
                          const float *painting)
{
    const size_t n = picture_floats(l);
    const double loss = l->trainer->config.identity_loss == BC_IDENTITY_L1
                            ? bc_l1_loss(dpainting, painting, l->pictures[0], n, 1)
                            : bc_square_loss(dpainting, painting, l->pictures[0], 1, (int)n);
    losses->identity += loss;
    losses->total += loss;
}

static void perceptual_losses(const bc_lane *l, bc_train_losses *losses, float *dpainting,
                              const float *painting, const bc_style_target *target)
{
    const bc_train_config *c = &l->trainer->config;
    bc_loss_terms terms;
    bc_loss_set_content(l->loss, l->pictures[0]);
    losses->total += bc_loss_run(l->loss, &terms, dpainting, painting, target);
    for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++) {
        losses->content += terms.content[layer];
        losses->style += terms.style[BC_STAT_GRAM][layer];
    }
    const double variation =
        bc_variation_loss(dpainting, painting, c->variation, 3, c->crop, c->crop);
    losses->variation += variation;
    losses->total += c->variation * variation;
}

/* pictures[1] holds the sample. */
static void sample_loss(const bc_lane *l, bc_train_losses *losses, float *dpainting,
                        const float *painting)
{
    take_window(l, l->pictures[1], l->target, 0, 0);
    const double loss =
        bc_square_loss(dpainting, painting, l->pictures[1], 1, (int)picture_floats(l));
    losses->style += loss;
    losses->total += loss;
}

/* Training ----------------------------------------------------------------------------------- */

static bc_status draw_source(bc_lane *l)
{
    const bc_trainer *t = l->trainer;
    const int side = source_side(l);
    if (t->samples) {
        const int sample = bc_random_below(&l->random, t->samples->n);
        return bc_sample_crop(l->source, l->target, side, &t->samples->samples[sample], &l->random,
                              l->log);
    }
    const int photo = bc_random_below(&l->random, t->photos->n_training);
    return bc_photo_crop(l->source, side, &t->photos->training[photo], &l->random, l->log);
}

static void clear(const bc_lane *l, float *dpainting)
{
    memset(dpainting, 0, picture_floats(l) * sizeof(float));
}

static void train_identity(bc_lane *l, bc_train_losses *losses, bc_train_net_values gradients)
{
    const bc_train_net_values values = {l->trainer->values, NULL};
    const float *painting = bc_train_net_forward(&l->identity_net, values, l->pictures[0]);
    identity_loss(l, losses, l->dpaintings[0], painting);
    bc_train_net_backward(&l->identity_net, gradients, NULL, values, l->pictures[0],
                          l->dpaintings[0]);
}

/* A motion by 0 to max_shift pixels down and right, never none at all. */
static void draw_motion(bc_lane *l, int *dy, int *dx)
{
    const int n = l->trainer->config.max_shift + 1;
    const int motion = 1 + bc_random_below(&l->random, n * n - 1);
    *dy = motion / n;
    *dx = motion % n;
}

static void train_stability(bc_lane *l, bc_train_losses *losses, bc_train_net_values gradients,
                            bc_train_net_values values, const float *painting)
{
    const bc_train_config *c = &l->trainer->config;
    int dy, dx;
    draw_motion(l, &dy, &dx);
    take_window(l, l->pictures[1], l->source, dy, dx);
    add_noise(l, l->pictures[1], c->noise, &l->random);
    clear(l, l->dpaintings[1]);
    const float *moved = bc_train_net_forward(&l->paint_nets[1], values, l->pictures[1]);
    const double loss = bc_shift_loss(l->dpaintings[0], l->dpaintings[1], painting, moved, c->crop,
                                      c->crop, dy, dx, 0, c->stability);
    bc_train_net_backward(&l->paint_nets[1], gradients, NULL, values, l->pictures[1],
                          l->dpaintings[1]);
    losses->stability += loss;
    losses->total += c->stability * loss;
}

static void train_style(bc_lane *l, bc_train_losses *losses, bc_train_net_values gradients,
                        const bc_train_style *style)
{
    const bc_train_net_values values = {l->trainer->values, style->values};
    const float *painting = bc_train_net_forward(&l->paint_nets[0], values, l->pictures[0]);
    if (l->trainer->samples)
        sample_loss(l, losses, l->dpaintings[0], painting);
    else
        perceptual_losses(l, losses, l->dpaintings[0], painting,
                          style->targets[bc_random_below(&l->random, style->n_targets)]);
    if (l->trainer->config.stability > 0)
        train_stability(l, losses, gradients, values, painting);
    bc_train_net_backward(&l->paint_nets[0], gradients, NULL, values, l->pictures[0],
                          l->dpaintings[0]);
}

bc_status bc_lane_train(bc_lane *lane, bc_train_losses *losses, const bc_train_style *style)
{
    const bc_trainer *t = lane->trainer;
    const bc_train_net_values gradients = {t->config.is_frozen ? NULL : lane->gradients.autoencoder,
                                           style ? lane->gradients.bank : NULL};
    const bc_status status = draw_source(lane);
    if (status < 0)
        return status;
    *losses = (bc_train_losses){0};
    take_window(lane, lane->pictures[0], lane->source, 0, 0);
    clear(lane, lane->dpaintings[0]);
    if (style)
        train_style(lane, losses, gradients, style);
    else
        train_identity(lane, losses, gradients);
    return BC_OK;
}

/* Validation --------------------------------------------------------------------------------- */

/* Mean squared difference between painting the moved picture and moving the painting. */
static double shift_of(bc_lane *l, const float *painting, bc_train_net_values values, int motion)
{
    const int crop = l->trainer->config.crop, dy = 1 + motion % 3, dx = 1 + motion / 3 % 3;
    take_window(l, l->pictures[1], l->source, dy, dx);
    const float *moved = bc_train_net_forward(&l->paint_nets[1], values, l->pictures[1]);
    return bc_shift_loss(NULL, NULL, painting, moved, crop, crop, dy, dx, FIGURE_BORDER, 0);
}

static double noise_of(bc_lane *l, const float *painting, bc_train_net_values values, int seed)
{
    const double deviation = 3;
    bc_random random = {(uint64_t)seed};
    take_window(l, l->pictures[1], l->source, 0, 0);
    add_noise(l, l->pictures[1], deviation, &random);
    const float *noisy = bc_train_net_forward(&l->paint_nets[1], values, l->pictures[1]);
    return bc_square_loss(NULL, noisy, painting, 0, (int)picture_floats(l)) /
           (deviation * deviation / 255 / 255);
}

static void validate_style(bc_lane *l, bc_lane_figures *figures, const bc_train_style *style,
                           int photo)
{
    const bc_train_net_values values = {l->trainer->values, style->values};
    const float *painting = bc_train_net_forward(&l->paint_nets[0], values, l->pictures[0]);
    bc_train_losses of_photo = {0};
    perceptual_losses(l, &figures->losses, NULL, painting, style->targets[0]);
    perceptual_losses(l, &of_photo, NULL, l->pictures[0], style->targets[0]);
    figures->photo_style = of_photo.style;
    figures->losses.stability = shift_of(l, painting, values, photo);
    figures->losses.total += l->trainer->config.stability * figures->losses.stability;
    figures->noise = noise_of(l, painting, values, photo);
}

bc_status bc_lane_validate(bc_lane *lane, bc_lane_figures *figures, const bc_train_style *style,
                           int photo)
{
    const bc_trainer *t = lane->trainer;
    const bc_status status =
        bc_photo_centre(lane->source, source_side(lane), &t->photos->validation[photo], lane->log);
    *figures = (bc_lane_figures){0};
    if (status < 0)
        return status;
    take_window(lane, lane->pictures[0], lane->source, 0, 0);
    if (style)
        validate_style(lane, figures, style, photo);
    else
        identity_loss(lane, &figures->losses, NULL,
                      bc_train_net_forward(&lane->identity_net,
                                           (bc_train_net_values){t->values, NULL},
                                           lane->pictures[0]));
    return BC_OK;
}
