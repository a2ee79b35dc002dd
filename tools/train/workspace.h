/*
 * train/: layers with forward and backward passes over OpenBLAS, the loss network and its losses.
 * It stands on base and model only: the trainer and the run time are two implementations of one
 * network that check each other.
 *
 * Conventions of all layers:
 *   Maps are float [channels, height, width] of one image; a batch is a loop over images.
 *   Outputs come first; the gradient of the loss with respect to x is dx; a backward pass adds to
 *   its gradients, and a gradient that is NULL is not computed.
 *   Preconditions on shapes are assertions; nothing allocates or fails while it runs.
 *
 * workspace.h: the threads and the scratch memory that the layers of one network share. OpenBLAS
 * itself runs single-threaded: every layer is cut into jobs of a geometry that depends on shapes
 * only, so results have the same bits for every number of threads.
 */
#ifndef BC_TRAIN_WORKSPACE_H
#define BC_TRAIN_WORKSPACE_H

#include "base/pool.h"

/* Floats of scratch memory for each thread: columns of a convolution that stay in its cache. */
enum { BC_SCRATCH_FLOATS = 1 << 19 };

typedef struct bc_workspace {
    bc_pool *pool;
    int n_threads;
    float *scratch; /* [n_threads, BC_SCRATCH_FLOATS], aligned to a page */
} bc_workspace;

/*
 * n_threads 0: one for each processor. Sets OpenBLAS to one thread for the whole process. Used by
 * one caller at a time.
 */
bc_status bc_workspace_open(bc_workspace *workspace, int n_threads, const bc_log *log);
void bc_workspace_close(bc_workspace *workspace);

/* The scratch memory of a thread: BC_SCRATCH_FLOATS. */
float *bc_workspace_scratch(const bc_workspace *workspace, int thread);

/* A loop over [0, n) in pieces of at most `grain`, on all threads; pieces may run in any order. */
typedef void bc_range_fn(void *arg, int64_t begin, int64_t end);
void bc_workspace_loop(const bc_workspace *workspace, bc_range_fn *fn, void *arg, int64_t n,
                       int64_t grain);

/* The sum of n floats, in an order that depends on n only. */
double bc_sum(const float *x, int64_t n);
/* The sum of x[i] * y[i], likewise. */
double bc_dot(const float *x, const float *y, int64_t n);

#endif
