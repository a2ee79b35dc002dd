/*
 * objective.h: what a style is trained for: how broad the strokes are, and how much they weigh
 * against what they show.
 *
 * Losses are relative ones (loss.h), the style's of relu1_1, 2_1, 3_1 and 4_1 of the loss network.
 * As text, an objective is words, in any order and each at most once:
 *
 *     look=bold brush=384,512 style-weight=3 content-layer=relu3_3 content=1 variation=0.3
 *     stability=60 lattice=1000
 */
#ifndef BC_TRAIN_OBJECTIVE_H
#define BC_TRAIN_OBJECTIVE_H

#include "brushcast.h"

enum { BC_MAX_BRUSHES = 4 };

/* Strokes of some 20 pixels over a picture that stays readable, or half as broad again over shapes
 * alone. */
typedef enum bc_look { BC_LOOK_FINE, BC_LOOK_BOLD } bc_look;

/* A number below 0, no brush and no layer: not stated. */
typedef struct bc_objective {
    int n_brushes;
    int brushes[BC_MAX_BRUSHES]; /* short sides of the painting, pixels; each crop draws one */
    double style;                /* weight of each layer */
    char content_layer[16];      /* "relu3_3" */
    double content, variation;   /* weights; the variation is that of pixel_loss.h */
    double stability;            /* weight of the shift loss, in the steps that have it */
    double lattice;              /* weight of what is bound to the grid of pixels, lattice.h */
} bc_objective;

/* Nothing stated. */
bc_objective bc_objective_none(void);
/* Everything stated. */
bc_objective bc_objective_look(bc_look look);

/* What `over` states takes the place of what `objective` says. */
void bc_objective_override(bc_objective *objective, const bc_objective *over);

/*
 * What `words` state. BC_ERR_ARGUMENT, naming the word and `where` it stands, if one is malformed.
 */
bc_status bc_objective_parse(bc_objective *objective, const char *words, const char *where,
                             const bc_log *log);
/* As the word after "brush=". BC_ERR_ARGUMENT, without a message, if it is malformed. */
bc_status bc_objective_parse_brushes(bc_objective *objective, const char *list);

/* As text, everything that is stated; for checkpoints and the word `trained` of a style. */
enum { BC_OBJECTIVE_TEXT_SIZE = 192 };
void bc_objective_print(char text[BC_OBJECTIVE_TEXT_SIZE], const bc_objective *objective);

#endif
