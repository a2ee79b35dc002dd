/*
 * colours.h: two ways to keep a photograph's colours (Gatys et al. 2016, arXiv 1606.05897).
 * Pictures are RGB planes [3, n], 0..1.
 */
#ifndef BC_GATYS_COLOURS_H
#define BC_GATYS_COLOURS_H

/*
 * Gives `style` [3, n_style] the mean and the covariance of the colours of `content`
 * [3, n_content], by the linear map between their Cholesky factors; before optimising.
 */
void bc_colours_match(float *style, int n_style, const float *content, int n_content);

/* Gives `picture` [3, n] the colours of `content` [3, n], keeping its luma (BT.601); afterwards. */
void bc_colours_keep(float *picture, const float *content, int n);

#endif
