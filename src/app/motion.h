/*
 * motion.h: how a picture moves to the next, block by block, fast enough for every frame of live
 * video: a block tries the vectors of its neighbours and its own of the frame before, and goes
 * downhill from the best. Motion that is not found at once is found within some frames.
 * Source: de Haan, Biezen, Huijgen and Ojo, "True-motion estimation with 3-D recursive search block
 * matching", 1993.
 */
#ifndef BC_APP_MOTION_H
#define BC_APP_MOTION_H

#include <stddef.h>
#include <stdint.h>

enum { BC_MOTION_BLOCK = 16 };

/* From a block to where it was in the last picture, in half pixels. */
typedef struct bc_vector {
    int16_t x, y;
} bc_vector;

/* Luma of columns x rows blocks. */
typedef struct bc_luma {
    const uint8_t *pixels;
    ptrdiff_t stride_bytes;
    int columns, rows;
} bc_luma;

/*
 * vectors [rows][columns]: in, those of the frame before (or zeros); out, this frame's. A block
 * moved by its vector, the pixels between which it is interpolated included, lies in the picture.
 */
void bc_motion_estimate(bc_vector *vectors, const bc_luma *now, const uint8_t *last);

#endif
