/*
 * lane.h: what a step needs for one of its pictures. The lanes of a trainer work side by side, each
 * on threads of its own, so that threads meet once a step and not in every layer; each draws its
 * picture from random numbers of its own, so that nothing depends on which one is faster.
 */
#ifndef BC_TRAIN_LANE_H
#define BC_TRAIN_LANE_H

#include "train/loss.h"
#include "train/net.h"

typedef struct bc_trainer bc_trainer;
typedef struct bc_train_style bc_train_style;

/* The losses of a picture, or means of them; unweighted but for `total`. */
typedef struct bc_train_losses {
    double identity, content, style, variation, stability, total;
} bc_train_losses;

/* sum += share * losses */
void bc_train_losses_add(bc_train_losses *sum, const bc_train_losses *losses, double share);

/* What a photograph not trained on shows; sums of squares where it says so. */
typedef struct bc_lane_figures {
    bc_train_losses losses; /* the stability's without noise */
    double photo_style;     /* style loss of the photograph itself */
    double noise;           /* mean square that noise of deviation 3 of 255 changes, over its own */
} bc_lane_figures;

typedef struct bc_lane {
    const bc_trainer *trainer;
    const bc_log *log;
    bc_workspace workspace;
    bc_train_net identity_net, paint_nets[2]; /* the second one paints the moved picture */
    bc_loss *loss;                            /* NULL without styles */
    bc_random random;
    float *memory;
    float *source, *target; /* [3, crop + max_shift, crop + max_shift], the photograph, a sample */
    float *pictures[2];     /* [3, crop, crop]: as it is, and moved */
    float *dpaintings[2];   /* [3, crop, crop] */
    bc_train_net_values gradients; /* of the picture; the trainer's memory */
} bc_lane;

/*
 * The trainer's configuration and shapes are set; it, the log and the arenas of the gradients
 * outlive the lane.
 */
bc_status bc_lane_open(bc_lane *lane, const bc_trainer *trainer, bc_train_net_values gradients,
                       const bc_vgg *vgg, int n_threads, const bc_log *log);
/* Takes half-open lanes. */
void bc_lane_close(bc_lane *lane);

/*
 * Draws a picture by lane->random and runs it through a style's path, or through the identity path
 * with NULL. Adds to the gradients.
 */
bc_status bc_lane_train(bc_lane *lane, bc_train_losses *losses, const bc_train_style *style);

/* The figures of the middle of validation photograph `photo`. */
bc_status bc_lane_validate(bc_lane *lane, bc_lane_figures *figures, const bc_train_style *style,
                           int photo);

#endif
