#include "train/lane.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/canvas.h"
#include "train/picture_loss.h"
#include "train/pixel_loss.h"
#include "train/trainer.h"

void bc_train_losses_add(bc_train_losses *sum, const bc_train_losses *losses, double share)
{
    sum->identity += share * losses->identity;
    sum->content += share * losses->content;
    sum->style += share * losses->style;
    sum->variation += share * losses->variation;
    sum->lattice += share * losses->lattice;
    sum->stability += share * losses->stability;
    sum->total += share * losses->total;
}

/* Opening ---------------------------------------------------------------------------------- */

static size_t picture_floats(const bc_lane *l)
{
    const size_t crop = (size_t)l->trainer->config.crop;
    return 3 * crop * crop;
}

int bc_lane_side(const bc_lane *lane)
{
    return lane->trainer->config.crop + 2 * lane->trainer->config.max_shift;
}

static size_t canvas_cells(const bc_lane *l)
{
    const size_t cells =
        (size_t)(l->trainer->config.crop + BC_TRAIN_CANVAS_CELL - 1) / BC_TRAIN_CANVAS_CELL;
    return cells * cells;
}

static bc_status open_nets(bc_lane *l)
{
    const bc_trainer *t = l->trainer;
    const int crop = t->config.crop;
    bc_status status = BC_OK;
    if (t->identity_path.table.n > 0)
        status = bc_train_net_open(&l->identity_net, crop, crop, &t->identity_path, &l->workspace,
                                   l->log);
    if (t->config.teacher && status == BC_OK)
        status = bc_train_net_open(&l->teacher_net, crop, crop, &t->config.teacher->params,
                                   &l->workspace, l->log);
    for (int i = 0; i < 2 && status == BC_OK && t->n_styles > 0; i++)
        status =
            bc_train_net_open(&l->paint_nets[i], crop, crop, &t->style_path, &l->workspace, l->log);
    return status;
}

/* Of all layers that a style wants. */
static bc_status open_loss(bc_lane *l, const bc_vgg *vgg)
{
    const bc_trainer *t = l->trainer;
    bc_loss_params all = {0};
    for (int i = 0; vgg && i < t->n_styles; i++) {
        const bc_loss_terms content = all.weights;
        const bc_status status =
            bc_trainer_loss_params(&all, &t->styles[i].objective, vgg, &l->workspace, l->log);
        if (status < 0)
            return status;
        for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++)
            all.weights.content[layer] += content.content[layer];
    }
    all.height = all.width = t->config.crop;
    return all.vgg ? bc_loss_open(&l->loss, &all, l->log) : BC_OK;
}

static float *take(float **memory, size_t n)
{
    float *taken = *memory;
    *memory += n;
    return taken;
}

static bc_status open_memory(bc_lane *l)
{
    const size_t n = picture_floats(l), side = (size_t)bc_lane_side(l), cells = canvas_cells(l);
    float *memory = calloc(6 * side * side + 4 * n + n / 3 + 4 * cells, sizeof(float));
    if (!memory)
        return bc_fail(l->log, BC_ERR_MEMORY, "no memory for pictures of %d pixels",
                       l->trainer->config.crop);
    l->memory = memory;
    l->source = take(&memory, 3 * side * side);
    l->target = take(&memory, 3 * side * side);
    for (int i = 0; i < 2; i++) {
        l->pictures[i] = take(&memory, n);
        l->dpaintings[i] = take(&memory, n);
        l->moved[i] = take(&memory, 2 * cells);
    }
    l->plane = take(&memory, n / 3);
    return BC_OK;
}

bc_status bc_lane_open(bc_lane *lane, const bc_trainer *trainer, bc_train_net_values gradients,
                       const bc_vgg *vgg, int n_threads, const bc_log *log)
{
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
    bc_train_net_close(&lane->teacher_net);
    bc_train_net_close(&lane->paint_nets[0]);
    bc_train_net_close(&lane->paint_nets[1]);
    bc_workspace_close(&lane->workspace);
    free(lane->memory);
    *lane = (bc_lane){0};
}

/* Pictures --------------------------------------------------------------------------------- */

/* picture [3, crop, crop] is that of source [3, side, side] from (y, x) on. */
static void take_window(const bc_lane *l, float *picture, const float *source, int y, int x)
{
    const int crop = l->trainer->config.crop, side = bc_lane_side(l);
    for (int line = 0; line < 3 * crop; line++)
        memcpy(picture + line * crop, source + (line / crop * side + line % crop + y) * side + x,
               (size_t)crop * sizeof(float));
}

static void fill(float *x, float value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = value;
}

void bc_lane_move_canvas(bc_lane *lane, double across, double down)
{
    fill(lane->moved[0], (float)across, canvas_cells(lane));
    fill(lane->moved[0] + canvas_cells(lane), (float)down, canvas_cells(lane));
}

/* What is seen dy pixels higher up is painted on what was dy pixels below. */
void bc_lane_take(bc_lane *lane, int i, int dy, int dx)
{
    const int margin = lane->trainer->config.max_shift;
    const size_t n = canvas_cells(lane);
    take_window(lane, lane->pictures[i], lane->source, margin + dy, margin + dx);
    fill(lane->moved[i], lane->moved[0][0] + (float)dx, n);
    fill(lane->moved[i] + n, lane->moved[0][n] + (float)dy, n);
}

void bc_lane_add_noise(const bc_lane *lane, float *picture, double deviation, bc_random *random)
{
    const size_t n = picture_floats(lane);
    for (size_t i = 0; i < n && deviation > 0; i++)
        picture[i] += (float)(deviation / 255 * bc_random_normal(random));
}

/* A square of one colour, from a third to two thirds of the crop wide, with some noise. Every other
 * one is dark: photographs have large black areas, and dots are seen there first. */
static void add_flat_patch(bc_lane *l)
{
    const int crop = l->trainer->config.crop, side = bc_lane_side(l);
    const int width = crop / 3 + bc_random_below(&l->random, crop / 3);
    const int top = bc_random_below(&l->random, side - width + 1);
    const int left = bc_random_below(&l->random, side - width + 1);
    const double deviation = 3.0 / 255 * bc_random_uniform(&l->random);
    const double brightest = bc_random_below(&l->random, 2) ? 1 : 0.25;
    for (int c = 0; c < 3; c++) {
        const double colour = brightest * bc_random_uniform(&l->random);
        for (int i = 0; i < width * width; i++) {
            const int at = (c * side + top + i / width) * side + left + i % width;
            const double value = colour + deviation * bc_random_normal(&l->random);
            l->source[at] = (float)(value < 0 ? 0 : value > 1 ? 1 : value);
        }
    }
}

static bc_status draw_source(bc_lane *l)
{
    const bc_trainer *t = l->trainer;
    const int side = bc_lane_side(l);
    if (t->samples) {
        const int sample = bc_random_below(&l->random, t->samples->n);
        return bc_sample_crop(l->source, l->target, side, &t->samples->samples[sample], &l->random,
                              l->log);
    }
    const int photo = bc_random_below(&l->random, t->photos->n_training);
    return bc_photo_crop(l->source, side, &t->photos->training[photo], &l->random, l->log);
}

/* A canvas of many places: none of them is to be special. */
static bc_status draw_picture(bc_lane *l, const bc_train_turn *turn)
{
    const double farthest = 4096;
    const bc_status status = draw_source(l);
    if (status < 0)
        return status;
    if (!turn->is_identity && !l->trainer->samples &&
        bc_random_uniform(&l->random) < l->trainer->config.flat)
        add_flat_patch(l);
    const double across = farthest * bc_random_uniform(&l->random);
    bc_lane_move_canvas(l, across, farthest * bc_random_uniform(&l->random));
    bc_lane_take(l, 0, 0, 0);
    return BC_OK;
}

/* Losses ----------------------------------------------------------------------------------- */

double bc_lane_identity_loss(const bc_lane *lane, float *dpainting, const float *painting)
{
    const size_t n = picture_floats(lane);
    return lane->trainer->config.identity_loss == BC_IDENTITY_L1
               ? bc_l1_loss(dpainting, painting, lane->pictures[0], n, 1)
               : bc_square_loss(dpainting, painting, lane->pictures[0], 1, (int)n);
}

/* People see the teacher's painting clipped. Half of the content is what keeps the picture. */
static bc_status ask_teacher(bc_lane *l, bc_style_target **target)
{
    const double share = 0.5;
    const bc_teacher *teacher = l->trainer->config.teacher;
    const float *painting =
        bc_train_net_forward(&l->teacher_net, teacher->values, l->pictures[0], l->moved[0]);
    for (size_t i = 0; i < picture_floats(l); i++)
        l->pictures[1][i] = painting[i] < 0 ? 0 : painting[i] > 1 ? 1 : painting[i];
    return bc_loss_follow(l->loss, target, l->pictures[1], share, l->log);
}

static void add_lattice_loss(const bc_lane *l, bc_train_losses *losses, float *dpainting,
                             const float *painting, double weight)
{
    const double lattice = bc_lattice_loss(dpainting, painting, l->pictures[0], weight,
                                           l->trainer->config.crop, l->plane);
    losses->lattice += lattice;
    losses->total += weight * lattice;
}

bc_status bc_lane_perceptual_losses(bc_lane *lane, bc_train_losses *losses, float *dpainting,
                                    const float *painting, const bc_train_style *style, int target,
                                    double style_share)
{
    const int crop = lane->trainer->config.crop;
    const bc_style_target *wanted = style->targets[target];
    bc_style_target *taught = NULL;
    bc_loss_terms weights = style->weights, terms;
    for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++)
        weights.style[BC_STAT_GRAM][layer] *= style_share;
    bc_loss_set_weights(lane->loss, &weights);
    bc_loss_set_content(lane->loss, lane->pictures[0]);
    if (lane->trainer->config.teacher) {
        const bc_status status = ask_teacher(lane, &taught);
        if (status < 0)
            return status;
        wanted = taught;
    }
    losses->total += bc_loss_run(lane->loss, &terms, dpainting, painting, wanted);
    bc_style_target_close(&taught);
    for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++) {
        losses->content += terms.content[layer];
        losses->style += terms.style[BC_STAT_GRAM][layer];
    }
    const double weight = style->objective.variation;
    const double variation = bc_variation_loss(dpainting, painting, weight, 3, crop, crop);
    losses->variation += variation;
    losses->total += weight * variation;
    if (style->objective.lattice > 0)
        add_lattice_loss(lane, losses, dpainting, painting, style->objective.lattice);
    return BC_OK;
}

/* pictures[1] holds the sample. */
static void sample_loss(bc_lane *l, bc_train_losses *losses, float *dpainting,
                        const float *painting)
{
    const int margin = l->trainer->config.max_shift;
    take_window(l, l->pictures[1], l->target, margin, margin);
    const double loss =
        bc_square_loss(dpainting, painting, l->pictures[1], 1, (int)picture_floats(l));
    losses->style += loss;
    losses->total += loss;
}

/* Training --------------------------------------------------------------------------------- */

/* A motion by up to max_shift pixels in each direction, never none at all. */
static void draw_motion(bc_lane *l, int *dy, int *dx)
{
    const int reach = l->trainer->config.max_shift, n = 2 * reach + 1;
    const int motion = bc_random_below(&l->random, n * n - 1);
    const int at = motion + (motion >= n * n / 2); /* around the one in the middle */
    *dy = at / n - reach;
    *dx = at % n - reach;
}

/* The net's way of the turn. */
static bc_train_net *net_of(bc_lane *l, const bc_train_turn *turn)
{
    return turn->style ? &l->paint_nets[0] : &l->identity_net;
}

static void train_stability(bc_lane *l, bc_train_losses *losses, bc_train_net_values gradients,
                            bc_train_net_values values, const float *painting,
                            const bc_train_style *style)
{
    const bc_train_config *c = &l->trainer->config;
    const double weight = style->objective.stability;
    bc_train_net *net = &l->paint_nets[1];
    int dy, dx;
    draw_motion(l, &dy, &dx);
    bc_lane_take(l, 1, dy, dx);
    bc_lane_add_noise(l, l->pictures[1], c->noise * bc_random_uniform(&l->random), &l->random);
    memset(l->dpaintings[1], 0, picture_floats(l) * sizeof(float));
    const float *moved = bc_train_net_forward(net, values, l->pictures[1], l->moved[1]);
    const double loss = bc_shift_loss(l->dpaintings[0], l->dpaintings[1], painting, moved, c->crop,
                                      c->crop, dy, dx, 0, weight);
    bc_train_net_backward(net, gradients, NULL, values, l->pictures[1], net->n_stages - 1,
                          l->dpaintings[1]);
    losses->stability += loss;
    losses->total += weight * loss;
}

static bc_status train_losses(bc_lane *l, bc_train_losses *losses, const float *painting,
                              const bc_train_turn *turn)
{
    if (turn->is_identity) {
        losses->identity = bc_lane_identity_loss(l, l->dpaintings[0], painting);
        losses->total += losses->identity;
    } else if (l->trainer->samples) {
        sample_loss(l, losses, l->dpaintings[0], painting);
    } else {
        const int n = turn->style->n_targets, target = n > 0 ? bc_random_below(&l->random, n) : 0;
        return bc_lane_perceptual_losses(l, losses, l->dpaintings[0], painting, turn->style, target,
                                         turn->style_share);
    }
    return BC_OK;
}

bc_status bc_lane_train(bc_lane *lane, bc_train_losses *losses, const bc_train_turn *turn)
{
    const bc_trainer *t = lane->trainer;
    bc_train_net *net = net_of(lane, turn);
    const bc_train_net_values values = bc_trainer_values(t, turn->style);
    bc_train_net_values gradients = lane->gradients;
    if (t->config.is_frozen)
        gradients.of[BC_OWNER_NET] = NULL;
    if (!turn->style)
        gradients.of[BC_OWNER_STYLE] = NULL;
    bc_status status = draw_picture(lane, turn);
    if (status < 0)
        return status;
    *losses = (bc_train_losses){0};
    memset(lane->dpaintings[0], 0, picture_floats(lane) * sizeof(float));
    const float *painting = bc_train_net_forward(net, values, lane->pictures[0], lane->moved[0]);
    status = train_losses(lane, losses, painting, turn);
    if (status < 0)
        return status;
    if (turn->has_stability)
        train_stability(lane, losses, gradients, values, painting, turn->style);
    bc_train_net_backward(net, gradients, NULL, values, lane->pictures[0], net->n_stages - 1,
                          lane->dpaintings[0]);
    return BC_OK;
}
