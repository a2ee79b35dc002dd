/*
 * trainer.h: the state of a training, and one step of it.
 *
 * The style path paints a picture by the table `layers` in a style, and learns from the loss
 * network (Johnson et al. 2016): content and style by bc_loss, relative losses, so that the same
 * weights serve every painting and every layer; total variation; and in every second step of a
 * style its stability: the painting of the picture moved by some pixels, the canvas with it, with
 * some noise, against the painting moved likewise. Now and then a flat patch with sensor noise is
 * pasted into the picture: what has nothing to paint on shall learn it, too. Styles take turns;
 * content comes first, paint second: the style's weight rises by steps. With samples, the style
 * path learns from them instead: the mean squared difference to the painting that optimisation made
 * of the same picture. With a teacher, another net, they learn from what that paints of the same
 * picture, seen by the loss network: the style is the teacher's painting's, and the content lies in
 * the middle between the picture's and its.
 *
 * Where the net has an identity path, a table without any style (Chen et al., "StyleBank", 2017),
 * `style_steps` style steps are followed by one of it, against the picture itself. Where it has
 * none, the first steps, n_warmup of them, may be such identity steps through the first style,
 * which all styles then start from. A frozen net has style steps only.
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
#include "train/objective.h"
#include "train/optimizer.h"
#include "train/photos.h"
#include "train/ranks.h"
#include "train/samples.h"
#include "train/teacher.h"

/* The mean absolute difference to the picture, or the mean squared one. */
typedef enum bc_identity_loss { BC_IDENTITY_L1, BC_IDENTITY_L2 } bc_identity_loss;

typedef struct bc_train_config {
    bc_layers layers;   /* of the style path */
    bc_layers identity; /* of the identity path: the same net's; n = 0: there is none */
    bool is_frozen;     /* the net stays as it is */
    int crop;           /* side of the pictures trained on, a multiple of the tables' units */
    int batch;          /* pictures a step */
    int style_steps;    /* between two identity steps */
    int64_t n_steps;    /* in all; the rate falls over the last two fifths of them */
    int64_t n_warmup;   /* of them, at the start, through the first style */
    double ramp;        /* share of the other steps until the style has its whole weight */
    double rate;
    double style_rate; /* times that: of the styles' own weights */
    int rate_warmup;   /* steps until the rate has its whole size */
    bc_optimizer_kind optimizer;
    bc_identity_loss identity_loss;
    int max_shift; /* pixels, of the stability's motion */
    double noise;  /* largest deviation of 255 of the stability's noise */
    double flat;   /* share of the pictures that get a flat patch */
    uint64_t seed;
    const bc_teacher *teacher; /* what styles learn from instead of paintings, or NULL */
} bc_train_config;

enum { BC_TRAIN_MAX_BATCH = 64 };

/* A style that is being learned: what its file says, what for, its targets, its tensors. */
struct bc_train_style {
    bc_style_info info; /* everything in it is the caller's */
    bc_objective objective;
    bc_loss_terms weights; /* the objective's */
    int n_targets;         /* one for each size of the brush: each picture draws one of them */
    bc_style_target *targets[BC_MAX_BRUSHES]; /* the first one is what figures are of */
    float *values, *gradients;
    bc_optimizer optimizer;
};

struct bc_trainer {
    bc_train_config config;
    const bc_photos *photos;
    bc_params style_path, identity_path;              /* with the same tensors of the net */
    float *values, *gradients;                        /* the net's */
    bc_optimizer identity_optimizer, style_optimizer; /* both of the net */
    int n_styles;
    bc_train_style *styles;
    const bc_samples *samples; /* the caller's, of the one style; NULL: the loss network teaches */
    char inputs[192]; /* the caller's words for what it learns from; a checkpoint of others is
                         refused */
    bc_ranks ranks;
    int first_lane, n_lanes; /* of the batch: this process's share */
    bc_lane *lanes;          /* [n_lanes] */
    float *slots;            /* [batch, values of net and style], gradients of each picture */
    bc_pool *pool;
    bc_random random;
    int64_t step;   /* steps made */
    double seconds; /* spent on them, the caller's to count */
};

/*
 * Takes all memory and draws the parameters to start from; `objectives` are those of the styles.
 * `vgg` may be NULL where no step needs it. The photographs, the loss network and the log must
 * outlive the trainer, which stays where it is. The caller then sets the styles' targets, and may
 * overwrite parameters. n_threads >= 1. All processes of `ranks`, at most as many as the batch has
 * pictures, do the same and make their steps and validations together.
 */
bc_status bc_trainer_open(bc_trainer *trainer, const bc_train_config *config, int n_styles,
                          const bc_objective *objectives, const bc_photos *photos,
                          const bc_vgg *vgg, bc_ranks ranks, int n_threads, const bc_log *log);
void bc_trainer_close(bc_trainer *trainer);

/* The parameters of a path: of the net, and of `style` (NULL: of none). */
bc_train_net_values bc_trainer_values(const bc_trainer *trainer, const bc_train_style *style);
size_t bc_trainer_net_floats(const bc_trainer *trainer);
size_t bc_trainer_style_floats(const bc_trainer *trainer);

/*
 * The loss parameters of an objective but for the size of the picture. BC_ERR_ARGUMENT if the
 * network lacks a layer.
 */
bc_status bc_trainer_loss_params(bc_loss_params *params, const bc_objective *objective,
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
    double shift;           /* rms, of 255, between painting what moved and moving the painting */
    double flicker;         /* rms of what noise of deviation 3 of 255 changes, over the noise's */
    double recognition;     /* share that no painting is nearer to than the style's own */
    double lattice;         /* rms, of 255, of the strongest period of 2, 4 or 8 in flat patches */
} bc_train_figures;

/*
 * Of one style, or of the identity path with style -1, on the first n_photos photographs for
 * validation; the lattice on n_patches flat patches. The training's random numbers are not touched:
 * figures are the same at any time.
 */
bc_status bc_trainer_validate(bc_trainer *trainer, bc_train_figures *figures, int style,
                              int n_photos, int n_patches, const bc_log *log);

#endif
