/*
 * colour.h: between an image's Y'CbCr and R'G'B'. The matrices' constants are those of ITU-R
 * BT.601, BT.709 and BT.2020 (non-constant luminance). Threads: any.
 */
#ifndef BC_GENERATOR_COLOUR_H
#define BC_GENERATOR_COLOUR_H

#include "kernels/kernels.h"

/* From 8-bit Y', Cb, Cr of a BC_YUV420 image to R', G', B' in 0..255. */
bc_colour_matrix bc_colour_to_rgb(const bc_image *image);
/* From R', G', B' in 0..1 to the image's 8-bit Y', Cb, Cr. */
bc_colour_matrix bc_colour_from_rgb(const bc_image *image);

#endif
