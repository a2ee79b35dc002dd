/* lane_figures.c: what a net is like on pictures that it was not trained on. */
#include <string.h>

#include "train/lane.h"
#include "train/picture_loss.h"
#include "train/pixel_loss.h"
#include "train/trainer.h"

/* Left out of the shift's figure: what a moved picture shows there is something else. */
enum { FIGURE_BORDER = 16 };

static const double noise_deviation = 3; /* of 255 */

static size_t picture_floats(const bc_lane *l)
{
    const size_t crop = (size_t)l->trainer->config.crop;
    return 3 * crop * crop;
}

/* Mean squared difference between painting the moved picture and moving the painting. */
static double shift_of(bc_lane *l, const float *painting, bc_train_net_values values, int motion)
{
    const int crop = l->trainer->config.crop, dy = 1 + motion % 3, dx = 1 + motion / 3 % 3;
    bc_lane_take(l, 1, dy, dx);
    const float *moved =
        bc_train_net_forward(&l->paint_nets[1], values, l->pictures[1], l->moved[1]);
    return bc_shift_loss(NULL, NULL, painting, moved, crop, crop, dy, dx, FIGURE_BORDER, 0);
}

static double noise_of(bc_lane *l, const float *painting, bc_train_net_values values, int seed)
{
    bc_random random = {(uint64_t)seed};
    bc_lane_take(l, 1, 0, 0);
    bc_lane_add_noise(l, l->pictures[1], noise_deviation, &random);
    const float *noisy =
        bc_train_net_forward(&l->paint_nets[1], values, l->pictures[1], l->moved[1]);
    return bc_square_loss(NULL, noisy, painting, 0, (int)picture_floats(l)) /
           (noise_deviation * noise_deviation / 255 / 255);
}

/* Whether the painting that was measured last is nearer to its own style than to all others. */
static bc_status recognise(const bc_lane *l, double *is_recognised, const bc_train_style *own)
{
    bc_style_target *painted;
    const bc_trainer *t = l->trainer;
    *is_recognised = 1;
    if (t->n_styles == 1)
        return BC_OK;
    const bc_status status = bc_style_target_of(&painted, l->loss, l->log);
    if (status < 0)
        return status;
    const double distance = bc_style_target_distance(painted, own->targets[0]);
    for (int i = 0; i < t->n_styles; i++)
        if (&t->styles[i] != own &&
            bc_style_target_distance(painted, t->styles[i].targets[0]) < distance)
            *is_recognised = 0;
    bc_style_target_close(&painted);
    return BC_OK;
}

static bc_status validate_style(bc_lane *l, bc_lane_figures *figures, const bc_train_style *style,
                                int photo)
{
    const bc_train_net_values values = bc_trainer_values(l->trainer, style);
    const float *painting =
        bc_train_net_forward(&l->paint_nets[0], values, l->pictures[0], l->moved[0]);
    bc_status status = bc_lane_perceptual_losses(l, &figures->losses, NULL, painting, style, 0, 1);
    if (status == BC_OK)
        status = recognise(l, &figures->is_recognised, style);
    figures->losses.stability = shift_of(l, painting, values, photo);
    figures->losses.total += style->objective.stability * figures->losses.stability;
    figures->noise = noise_of(l, painting, values, photo);
    return status;
}

bc_status bc_lane_validate(bc_lane *lane, bc_lane_figures *figures, const bc_train_style *style,
                           int photo)
{
    const bc_trainer *t = lane->trainer;
    const bc_status status =
        bc_photo_centre(lane->source, bc_lane_side(lane), &t->photos->validation[photo], lane->log);
    *figures = (bc_lane_figures){0};
    if (status < 0)
        return status;
    bc_lane_move_canvas(lane, 0, 0);
    bc_lane_take(lane, 0, 0, 0);
    if (style && lane->loss)
        return validate_style(lane, figures, style, photo);
    bc_train_net *net = style ? &lane->paint_nets[0] : &lane->identity_net;
    const float *painting =
        bc_train_net_forward(net, bc_trainer_values(t, style), lane->pictures[0], lane->moved[0]);
    figures->losses.identity = bc_lane_identity_loss(lane, NULL, painting);
    figures->losses.total = figures->losses.identity;
    return BC_OK;
}

/* Every other patch is a dark one, where dots are seen first. */
static void draw_flat(bc_lane *l, int i, int patch)
{
    bc_random random = {(uint64_t)patch};
    const size_t plane = picture_floats(l) / 3;
    const double brightest = patch % 2 ? 0.25 : 1;
    for (int c = 0; c < 3; c++) {
        const float colour = (float)(brightest * bc_random_uniform(&random));
        for (size_t k = 0; k < plane; k++)
            l->pictures[i][(size_t)c * plane + k] = colour;
    }
    random.state += (uint64_t)(i + 1) << 32;
    bc_lane_add_noise(l, l->pictures[i], noise_deviation, &random);
    const double across = 4096 * bc_random_uniform(&random);
    bc_lane_move_canvas(l, across, 4096 * bc_random_uniform(&random));
}

void bc_lane_lattice(bc_lane *lane, double powers[BC_N_PERIODS], const bc_train_style *style,
                     int patch)
{
    const bc_train_net_values values = bc_trainer_values(lane->trainer, style);
    const float *paintings[2];
    for (int i = 0; i < 2; i++) {
        draw_flat(lane, i, patch);
        paintings[i] =
            bc_train_net_forward(&lane->paint_nets[i], values, lane->pictures[i], lane->moved[0]);
    }
    bc_lattice(powers, paintings[0], paintings[1], lane->trainer->config.crop);
}
