/*
 * picture_loss.h: losses of a picture [channels, height, width] itself, without the loss network.
 * Each returns its value, unweighted, and adds weight times its gradient to dx (may be NULL).
 */
#ifndef BC_TRAIN_PICTURE_LOSS_H
#define BC_TRAIN_PICTURE_LOSS_H

/*
 * Total variation: the mean absolute difference of horizontal and of vertical neighbours, added;
 * |d| is sqrt(d^2 + 1e-6), so that it has a gradient everywhere.
 */
double bc_variation_loss(float *dx, const float *x, double weight, int n_channels, int height,
                         int width);

/*
 * Li S. et al. 2017: the mean squared difference between the Laplacians of x and of `content`, both
 * averaged over cells x cells pixels first, times cells^4. Pixels beyond the last whole cell do not
 * count; the picture is at least one cell large.
 */
double bc_laplacian_loss(float *dx, const float *x, const float *content, double weight, int cells,
                         int n_channels, int height, int width);

/* The mean squared difference. */
double bc_square_loss(float *dx, const float *x, const float *target, double weight, int n);

#endif
