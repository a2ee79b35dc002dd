/*
 * synthesis.h: one picture by optimisation: from a start, through the scales, to the painting.
 *
 * Pictures are RGB planes [3, height, width], 0..1; results are not clipped.
 */
#ifndef BC_GATYS_SYNTHESIS_H
#define BC_GATYS_SYNTHESIS_H

#include "gatys/minimise.h"
#include "train/loss.h"
#include "train/photos.h"

typedef enum bc_colours { BC_COLOURS_STYLE, BC_COLOURS_MATCH, BC_COLOURS_LUMINANCE } bc_colours;
typedef enum bc_start { BC_START_NOISE, BC_START_CONTENT, BC_START_PICTURE } bc_start;

enum { BC_LAPLACIAN_CELLS = 4 };

/* What is minimised, and how. Terms as in loss.h; each kind's sum is weighted again. */
typedef struct bc_synthesis_config {
    bc_loss_terms terms; /* the weights of layers */
    double alpha, beta;  /* of all content, of all style */
    double variation, laplacian;
    bc_loss_scale scale;
    bc_pooling pooling;
    bc_minimiser_kind method;
    double rate;
    int n_iterations; /* at each scale */
    int n_scales;     /* each half as large as the next */
    int size;         /* short side of the result, pixels; 0: the content's */
    int style_size;   /* short side of the style at full scale; 0: the result's, or its own */
    bc_colours colours;
    bc_start start;
    uint64_t seed;
} bc_synthesis_config;

/* Where it stands after an iteration; the terms are not weighted by alpha and beta. */
typedef struct bc_synthesis_step {
    int scale, iteration; /* from 0, from 1 */
    double total, content, style, variation, laplacian;
    const float *picture;
    int height, width;
} bc_synthesis_step;

typedef struct bc_synthesis bc_synthesis;

typedef struct bc_synthesis_events {
    /* After each iteration; false: stop. */
    bool (*step)(void *cookie, const bc_synthesis_step *step);
    /* After each round: the moment to save it (bc_synthesis_save). A failure ends the work. */
    bc_status (*round)(void *cookie, const bc_synthesis *synthesis);
    void *cookie;
} bc_synthesis_events;

/*
 * Prepares the work on `content`. start_picture is needed for BC_START_PICTURE only. All pointers
 * must live until it is closed.
 */
bc_status bc_synthesis_open(bc_synthesis **synthesis, const bc_synthesis_config *config,
                            const bc_vgg *vgg, const bc_workspace *workspace,
                            const bc_photo *content, const bc_photo *style,
                            const bc_photo *start_picture, const bc_log *log);
void bc_synthesis_close(bc_synthesis **synthesis);

/* Works to the end. BC_ERR_INTERRUPTED if step() stopped it. */
bc_status bc_synthesis_run(bc_synthesis *synthesis, const bc_synthesis_events *events);

/* The picture as it stands, [3, height, width], the synthesis's own. */
const float *bc_synthesis_picture(const bc_synthesis *synthesis, int *height, int *width);

/*
 * The whole state between two rounds as a file, written whole or not at all, and back: the work
 * goes on to the same bits. `seconds` is the time spent so far. BC_ERR_MISMATCH if the file is of
 * another configuration or other pictures.
 */
bc_status bc_synthesis_save(const bc_synthesis *synthesis, const char *path, double seconds);
bc_status bc_synthesis_restore(bc_synthesis *synthesis, const char *path, double *seconds);

/*
 * The losses of `picture` [3, height, width], of the size of the result, without optimising: the
 * unweighted terms, and the gradients of the weighted sums of content terms and of style terms,
 * without alpha and beta.
 */
void bc_synthesis_losses(bc_synthesis *synthesis, bc_loss_terms *values, float *content_gradient,
                         float *style_gradient, const float *picture);

#endif
