/*
 * reconstruct.h: a picture from what the layers of a net say of another one. From noise, L-BFGS
 * looks for a picture on which they say the same. Sources: Mahendran and Vedaldi, "Understanding
 * deep image representations by inverting them", 2015 (responses, total variation and range as
 * priors); Gatys et al., "Texture synthesis using convolutional neural networks", 2015 (Gram
 * matrices).
 *
 * Instance normalisation takes four numbers of the picture away, the mean of each colour and the
 * contrast: nothing behind it can tell them, so a reconstruction has those of the picture.
 */
#ifndef BC_INSPECT_RECONSTRUCT_H
#define BC_INSPECT_RECONSTRUCT_H

#include "inspect/subject.h"

typedef enum bc_likeness {
    BC_LIKENESS_RESPONSE, /* the same response at every position: content and arrangement */
    BC_LIKENESS_TEXTURE   /* the same Gram matrices: what goes together, wherever it is */
} bc_likeness;

typedef struct bc_reconstruct_params {
    bc_likeness likeness;
    int first, last; /* the stages that are compared, as in bc_train_net, the linear one excluded */
    int n_iterations;
    int seed;
} bc_reconstruct_params;

/*
 * Reconstructs the subject's picture: out [3, height, width], not clipped. *difference is what is
 * left, |F - P|^2 / |P|^2, the mean over the stages of responses or Gram matrices. The result has
 * the same bits for every number of threads.
 */
bc_status bc_reconstruct(float *out, double *difference, const bc_subject *subject,
                         const bc_reconstruct_params *params, const bc_log *log);

#endif
