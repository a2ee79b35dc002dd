/*
 * lane.h: what a step needs for one of its pictures. The lanes of a trainer work side by side, each
 * on threads of its own, so that threads meet once a step and not in every layer; each draws its
 * picture from random numbers of its own, so that nothing depends on which one is faster.
 */
#ifndef BC_TRAIN_LANE_H
#define BC_TRAIN_LANE_H

#include "train/lattice.h"
#include "train/loss.h"
#include "train/net.h"
#include "train/teacher.h"

typedef struct bc_trainer bc_trainer;
typedef struct bc_train_style bc_train_style;

/* The losses of a picture, or means of them; unweighted but for `total`. */
typedef struct bc_train_losses {
    double identity, content, style, variation, lattice, stability, total;
} bc_train_losses;

/* sum += share * losses */
void bc_train_losses_add(bc_train_losses *sum, const bc_train_losses *losses, double share);

/* What all pictures of a step have in common. */
typedef struct bc_train_turn {
    bc_train_style *style; /* whose it is; NULL: of the path without one */
    bool is_identity;      /* against the picture itself, not the loss network */
    double style_share;    /* of the style's weight, 0 to 1 */
    bool has_stability;
} bc_train_turn;

/* What a photograph not trained on shows. */
typedef struct bc_lane_figures {
    bc_train_losses losses; /* the stability's without noise, by 1 to 3 pixels */
    double noise;           /* mean square that noise of deviation 3 of 255 changes, over its own */
    double is_recognised;   /* 1: no painting is nearer than the style's own; else 0 */
} bc_lane_figures;

typedef struct bc_lane {
    const bc_trainer *trainer;
    const bc_log *log;
    bc_workspace workspace;
    bc_train_net identity_net, paint_nets[2]; /* the second one paints the moved picture */
    bc_train_net teacher_net;                 /* of the trainer's teacher, if it has one */
    bc_loss *loss;                            /* NULL where nothing is compared by it */
    bc_random random;
    float *memory;
    float *source, *target;        /* [3, side, side], the photograph, a sample; bc_lane_side */
    float *pictures[2];            /* [3, crop, crop]: as it is, and moved */
    float *moved[2];               /* displacements of their canvases, as in canvas.h */
    float *dpaintings[2];          /* [3, crop, crop] */
    float *plane;                  /* [crop, crop], of the lattice's loss */
    bc_train_net_values gradients; /* of the picture; the trainer's memory */
} bc_lane;

/*
 * The trainer's configuration, shapes and styles are set; it, the log and the arenas of the
 * gradients outlive the lane. vgg may be NULL where no turn needs it.
 */
bc_status bc_lane_open(bc_lane *lane, const bc_trainer *trainer, bc_train_net_values gradients,
                       const bc_vgg *vgg, int n_threads, const bc_log *log);
/* Takes half-open lanes. */
void bc_lane_close(bc_lane *lane);

/* Draws a picture by lane->random, and adds the gradients that it gives. */
bc_status bc_lane_train(bc_lane *lane, bc_train_losses *losses, const bc_train_turn *turn);

/*
 * The parts of lane_figures.c use: the source's side, a crop and a margin on each side; pictures[i]
 * becomes the source's crop moved by (dy, dx) from the middle, with its canvas; noise of a
 * deviation of 255; the losses of a painting of pictures[0], added to `losses`, their gradient to
 * dpainting (NULL: none): from the style's target of that number, or from the teacher's painting,
 * which then lies in pictures[1].
 */
int bc_lane_side(const bc_lane *lane);
void bc_lane_take(bc_lane *lane, int i, int dy, int dx);
void bc_lane_move_canvas(bc_lane *lane, double across, double down);
void bc_lane_add_noise(const bc_lane *lane, float *picture, double deviation, bc_random *random);
bc_status bc_lane_perceptual_losses(bc_lane *lane, bc_train_losses *losses, float *dpainting,
                                    const float *painting, const bc_train_style *style, int target,
                                    double style_share);
double bc_lane_identity_loss(const bc_lane *lane, float *dpainting, const float *painting);

/* The figures of the middle of validation photograph `photo`; of the path without a style: NULL. */
bc_status bc_lane_validate(bc_lane *lane, bc_lane_figures *figures, const bc_train_style *style,
                           int photo);

/* What lattice.h says of two paintings of flat patch number `patch`: the same for every net. */
void bc_lane_lattice(bc_lane *lane, double powers[BC_N_PERIODS], const bc_train_style *style,
                     int patch);

#endif
