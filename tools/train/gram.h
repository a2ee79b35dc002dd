/* gram.h: the Gram matrix of a map, and the gradient through it. */
#ifndef BC_TRAIN_GRAM_H
#define BC_TRAIN_GRAM_H

#include "train/product.h"
#include "train/workspace.h"

/* gram [n_channels, n_channels] = map map^T / n_positions, map [n_channels, n_positions] */
void bc_gram_forward(float *gram, const float *map, int n_channels, int n_positions,
                     const bc_workspace *workspace);

/* dmap += 2 dgram map / n_positions; dgram is symmetric, and left undefined. */
void bc_gram_backward(float *dmap, float *dgram, const float *map, int n_channels, int n_positions,
                      bc_product_kind kind, const bc_workspace *workspace);

/*
 * For machines with AVX-512: from the diagonal on, the rows [begin, end) of map map^T, `begin` a
 * multiple of 4.
 */
void bc_gram_rows_avx512(float *gram, const float *map, int begin, int end, int n_channels,
                         int n_positions);

#endif
