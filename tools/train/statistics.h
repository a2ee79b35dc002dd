/*
 * statistics.h: what style losses compare: statistics of one layer's response, their distance from
 * a target's, and its gradient. The formulas are in loss.h.
 */
#ifndef BC_TRAIN_STATISTICS_H
#define BC_TRAIN_STATISTICS_H

#include "train/loss.h"

enum { BC_N_QUANTILES = 257 };

/* The statistics of a target's layer; those not asked for are NULL. */
typedef struct bc_train_statistics {
    int n_channels;
    float *gram;      /* [n_channels, n_channels] */
    float *moments;   /* [n_channels, 2]: mean, standard deviation */
    float *quantiles; /* [n_channels, BC_N_QUANTILES]: ascending, from the least to the greatest */
    double square[BC_N_STATISTICS]; /* what the relative scale divides by */
} bc_train_statistics;

/* A response to measure. */
typedef struct bc_response {
    const float *map; /* [n_channels, n_positions] */
    int n_channels, n_positions;
} bc_response;

/* Takes the statistics with wanted[statistic] != 0. */
bc_status bc_train_statistics_open(bc_train_statistics *statistics, const bc_response *response,
                                   const bool wanted[BC_N_STATISTICS],
                                   const bc_workspace *workspace, const bc_log *log);
void bc_train_statistics_close(bc_train_statistics *statistics);

/* The relative loss of the Gram matrix of `a` from that of `b`. */
double bc_gram_distance(const bc_train_statistics *a, const bc_train_statistics *b);

/* Bytes of the work memory that bc_train_statistics_loss needs for n_channels. */
size_t bc_train_statistics_work_bytes(int n_channels);

/*
 * Returns the loss of one statistic and adds weight times its gradient to dmap (may be NULL)
 * [n_channels, n_positions]; that of the Gram matrix by products of `kind`. `work` is
 * bc_train_statistics_work_bytes of memory.
 */
double bc_train_statistics_loss(float *dmap, const bc_response *response,
                                const bc_train_statistics *target, bc_statistic statistic,
                                bc_loss_scale scale, double weight, bc_product_kind kind,
                                void *work, const bc_workspace *workspace);

#endif
