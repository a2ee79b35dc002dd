/*
 * mix.h: a painting over its source, of which some is seen, and some of the colours kept.
 */
#ifndef BC_PAINT_MIX_H
#define BC_PAINT_MIX_H

#include "base/pool.h"

/*
 * painting = source + strength * (painting - source), where `keep_colors` of the source's colours
 * go with the painting's luma first: in Y'CbCr the chroma is the source's in that share; of R'G'B'
 * the source's colour is moved to the painting's luma (BT.709). Alpha becomes the source's. The
 * images are alike (bc_image_is_alike) and of one size; strength and keep_colors are 0 to 1.
 * Rounds to nearest, in shares of 1 / 16384.
 */
void bc_image_mix(bc_pool *pool, const bc_image *painting, const bc_image *source, float strength,
                  float keep_colors);

#endif
