/*
 * trainer.h: the state of a training, and one step of it.
 *
 * Two paths share the auto-encoder (Chen et al., "StyleBank", 2017):
 *   identity   picture -> encoder -> decoder, against the picture itself: the mean absolute
 *              difference, or the mean squared one, the paper's;
 *   style      picture -> encoder -> bank -> decoder, against the loss network (Johnson et al.
 *              2016): content and style by bc_loss, relative losses, so that the same weights serve
 *              every painting and every layer; total variation; and stability: the painting of the
 *              picture moved by some pixels, with some noise, against the painting moved likewise.
 * With samples, the style path learns from them instead: the mean squared difference to the
 * painting that optimisation made of the same picture, the paper's second step.
 * Without styles every step is an identity step; with a frozen auto-encoder every step is a style
 * step; else `style_steps` style steps are followed by one identity step. Styles take turns.
 *
 * A training is a function of its configuration, its photographs and paintings and its seed: the
 * same bits for every number of threads and of processes, and whether or not it was interrupted.
 *
 * Processes (ranks.h) share the pictures of a batch. Each keeps the whole state; the gradients of a
 * step's pictures are exchanged by one all-reduce, in which every picture has a place of its own,
 * and are added in the order of the pictures.
 */
#ifndef BC_TRAIN_TRAINER_H
#define BC_TRAIN_TRAINER_H

#include <stdbool.h>

#include "train/lane.h"
#include "train/optimizer.h"
#include "train/photos.h"
#include "train/ranks.h"
#include "train/samples.h"

typedef enum bc_identity_loss { BC_IDENTITY_L1, BC_IDENTITY_L2 } bc_identity_loss;

typedef struct bc_train_config {
    int widths[BC_N_WIDTHS];
    bc_upsample upsample;
    int n_bank_layers;
    bool is_frozen;  /* the auto-encoder stays as it is */
    int crop;        /* side of the pictures trained on, a multiple of 4 */
    int batch;       /* pictures a step */
    int style_steps; /* between two identity steps */
    int64_t n_steps; /* in all; the rate falls over them */
    double rate;     /* at the start */
    bc_optimizer_kind optimizer;
    bc_identity_loss identity_loss;
    double content, style, variation, stability; /* weights; `style` for each layer */
    int max_shift;                               /* pixels, of the stability's motion */
    double noise;                                /* deviation of 255, of the stability's noise */
    uint64_t seed;
} bc_train_config;

enum { BC_TRAIN_MAX_BATCH = 64, BC_TRAIN_MAX_BRUSHES = 4 };

/* A style that is being learned: what its file says, its targets, its bank. */
struct bc_train_style {
    bc_style_info info; /* everything in it is the caller's */
    int n_targets;      /* one for each size of the brush: each picture draws one of them */
    bc_style_target *targets[BC_TRAIN_MAX_BRUSHES]; /* the first one is what figures are of */
    float *values, *gradients;                      /* the bank's */
    bc_optimizer optimizer;
};

struct bc_trainer {
    bc_train_config config;
    const bc_photos *photos;
    bc_params autoencoder, bank;
    float *values, *gradients;                        /* the auto-encoder's */
    bc_optimizer identity_optimizer, style_optimizer; /* both of the auto-encoder */
    int n_styles;
    bc_train_style *styles;
    const bc_samples *samples; /* the caller's, of the one style; NULL: the loss network teaches */
    char inputs[192]; /* the caller's words for what it learns from; a checkpoint of others is
                         refused */
    bc_ranks ranks;
    int first_lane, n_lanes; /* of the batch: this process's share */
    bc_lane *lanes;          /* [n_lanes] */
    float *slots; /* [batch, values of auto-encoder and bank], gradients of each picture */
    bc_pool *pool;
    bc_random random;
    int64_t step;      /* steps made */
    double seconds;    /* spent on them, the caller's to count */
    double best_total; /* of the validations so far; infinite at the start */
    int n_worse;       /* validations since then */
};

/*
 * Takes all memory and draws the parameters to start from. `vgg` may be NULL without styles. The
 * photographs, the loss network and the log must outlive the trainer, which stays where it is. The
 * caller then sets the styles' targets, and may overwrite parameters. n_threads >= 1. All processes
 * of `ranks`, at most as many as the batch has pictures, do the same and make their steps and
 * validations together.
 */
bc_status bc_trainer_open(bc_trainer *trainer, const bc_train_config *config, int n_styles,
                          const bc_photos *photos, const bc_vgg *vgg, bc_ranks ranks, int n_threads,
                          const bc_log *log);
void bc_trainer_close(bc_trainer *trainer);

/*
 * The loss parameters of a style's target: `weights` of the layers relu1_1, 2_1, 3_1, 4_1, content
 * at relu3_1; BC_ERR_ARGUMENT if the network lacks one.
 */
bc_status bc_trainer_loss_params(bc_loss_params *params, const bc_train_config *config,
                                 const bc_vgg *vgg, const bc_workspace *workspace,
                                 const bc_log *log);

/*
 * One step; losses are means over the batch. BC_ERR_FORMAT, with the parameters as they were, when
 * a loss or a gradient is not finite.
 */
bc_status bc_trainer_step(bc_trainer *trainer, bc_train_losses *losses, const bc_log *log);

/* Means over photographs not trained on, in squares of the trainer's crop. */
typedef struct bc_train_figures {
    bc_train_losses losses; /* the stability's without noise, by 1 to 3 pixels */
    double style_ratio;     /* mean style loss over the mean of the photographs themselves */
    double shift;           /* rms, of 255, between painting what moved and moving the painting */
    double flicker;         /* rms of what noise of deviation 3 of 255 changes, over the noise's */
} bc_train_figures;

/*
 * Of one style, or of the identity path with style -1, on the first n_photos photographs for
 * validation. The training's random numbers are not touched: figures are the same at any time.
 */
bc_status bc_trainer_validate(bc_trainer *trainer, bc_train_figures *figures, int style,
                              int n_photos, const bc_log *log);

#endif
