/*
 * loss.h: how far a picture is from a content and from a style, seen by the loss network, and the
 * gradient of that with respect to the picture.
 *
 * Pictures are RGB [3, height, width], 0..1, not clipped. F [C, M] is a layer's response (C
 * channels, M positions), G = F F^T / M its Gram matrix; P and A are the target's.
 *
 *                 relative                       gatys
 *     content     |F - P|^2 / |P|^2              |F - P|^2 / 2            Gatys 2015, eq. 1
 *     Gram        |G - A|^2 / |A|^2              |G - A|^2 / (4 C^2)      eq. 4, A scaled to M
 *     moments     |(m,s) - (m,s)_A|^2 / |(m,s)_A|^2   the same / C        Li Y. 2017: mean and
 *                                                                         standard deviation
 *     histogram   |F - R(F)|^2 / (M a)           |F - R(F)|^2             Risser 2017: R gives F
 *                                                                         the target's histogram,
 *                                                                         and is held constant;
 *                                                                         a: target's mean |f|^2
 *
 * Threads: a bc_loss and its workspace are used by one caller at a time; the network and style
 * targets are immutable and shared.
 */
#ifndef BC_TRAIN_LOSS_H
#define BC_TRAIN_LOSS_H

#include "train/vgg.h"
#include "train/workspace.h"

typedef enum bc_pooling { BC_POOL_MAX, BC_POOL_AVERAGE } bc_pooling;
typedef enum bc_loss_scale { BC_LOSS_RELATIVE, BC_LOSS_GATYS } bc_loss_scale;
typedef enum bc_statistic { BC_STAT_GRAM, BC_STAT_MOMENTS, BC_STAT_HISTOGRAM } bc_statistic;

enum { BC_N_STATISTICS = 3 };

/* Indexed by the network's layer; a term of weight 0 is not computed, and its value is 0. */
typedef struct bc_loss_terms {
    double content[BC_VGG_MAX_LAYERS];
    double style[BC_N_STATISTICS][BC_VGG_MAX_LAYERS];
} bc_loss_terms;

typedef struct bc_loss_params {
    const bc_vgg *vgg;
    const bc_workspace *workspace;
    int height, width; /* of the pictures */
    bc_pooling pooling;
    bc_loss_scale scale;
    bc_loss_terms weights; /* of the terms in the total and in the gradient, 0 or above */
} bc_loss_params;

/* The statistics of a style picture of any size, in the layers where its weights are not 0. */
typedef struct bc_style_target bc_style_target;

/* `params` as of the loss that will use it, but with the size of `picture`. */
bc_status bc_style_target_open(bc_style_target **target, const bc_loss_params *params,
                               const float *picture, const bc_log *log);
void bc_style_target_close(bc_style_target **target);

/*
 * The Gram loss of `a` as a picture from `b` as its target, summed over the layers where both have
 * one, relative and unweighted.
 */
double bc_style_target_distance(const bc_style_target *a, const bc_style_target *b);

typedef struct bc_loss bc_loss;

/*
 * Takes all memory: the responses of every layer up to the deepest of a weight above 0, two maps
 * for gradients, and the content's targets. Fails if the pictures are too small for that layer.
 */
bc_status bc_loss_open(bc_loss **loss, const bc_loss_params *params, const bc_log *log);
void bc_loss_close(bc_loss **loss);

/* Bytes that bc_loss_open would take. */
uint64_t bc_loss_memory(const bc_loss_params *params);

/* Other weights from now on: above 0 only where they were above 0 when it was opened. */
void bc_loss_set_weights(bc_loss *loss, const bc_loss_terms *weights);

/* The content from now on, [3, height, width]. Needed before a content term is computed. */
void bc_loss_set_content(bc_loss *loss, const float *picture);

/*
 * Another picture as an example, [3, height, width]: its statistics, where style weights are not 0,
 * become *target, which the caller closes, and the content moves by `share` of the way to its
 * responses.
 */
bc_status bc_loss_follow(bc_loss *loss, bc_style_target **target, const float *picture,
                         double share, const bc_log *log);

/*
 * Returns the weighted total of the losses of `picture`; the unweighted terms go to *values (may
 * be NULL), and the total's gradient is added to dpicture [3, height, width] (NULL: forward only).
 * `style` may be NULL if all style weights are 0.
 */
double bc_loss_run(bc_loss *loss, bc_loss_terms *values, float *dpicture, const float *picture,
                   const bc_style_target *style);

/* The statistics of the picture of the last run, where style weights are not 0. */
bc_status bc_style_target_of(bc_style_target **target, const bc_loss *loss, const bc_log *log);

/* The response of a layer in the last run: [n_out, h, w]; the size goes to h and w. */
const float *bc_loss_response(const bc_loss *loss, int layer, int *h, int *w);

#endif
