/*
 * mask.h: what is painted where a second picture says so: white is a person, as a rule, that
 * another program has found. Threads: any.
 */
#ifndef BC_PAINT_MASK_H
#define BC_PAINT_MASK_H

#include "brushcast.h"

typedef enum bc_mask_side {
    BC_MASK_OFF,
    BC_MASK_INSIDE, /* is painted: where it is white */
    BC_MASK_OUTSIDE /* where it is black */
} bc_mask_side;

/*
 * Puts the source back into its painting where the mask's luma, 0 to 255, leaves it unpainted, in
 * shares between black and white; chroma goes by the mean of the pixels that share it. All are
 * BC_YUV420 of one size, source and painting of the same colours.
 */
void bc_mask_mix(const bc_image *mask, bc_mask_side side, const bc_image *source,
                 const bc_image *painting);

#endif
