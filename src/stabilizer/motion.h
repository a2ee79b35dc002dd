/*
 * motion.h: how a picture moves to the next, block by block, fast enough for every frame of live
 * video: a block tries the vectors of its neighbours and its own of the frame before, and goes
 * downhill from the best. Motion that is not found at once is found within some frames. Then each
 * quarter of a block, a cell, takes its block's vector or a neighbouring block's, whichever suits
 * it better, so that motion ends where things do, or the camera's where that suits it as well: what
 * is flat shows no motion of its own, and goes with the scene.
 * Source: de Haan, Biezen, Huijgen and Ojo, "True-motion estimation with 3-D recursive search block
 * matching", 1993.
 */
#ifndef BC_STABILIZER_MOTION_H
#define BC_STABILIZER_MOTION_H

#include <stddef.h>
#include <stdint.h>

enum { BC_MOTION_BLOCK = 16, BC_MOTION_CELL = 8 };

/* From a block to where it was in the last picture, in quarter pixels. */
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
 * blocks [rows][columns]: in, the vectors of the frame before (or zeros); out, this frame's, of one
 * band of rows. Bands know nothing of each other, so that threads can share them. What is moved by
 * its vector, the pixels between which it is interpolated included, lies in the picture. `noise` is
 * how much pixels that stand still differ, on average, in quarter levels.
 */
void bc_motion_search(bc_vector *blocks, const bc_luma *now, const uint8_t *last, int noise,
                      int band);

/* How many bands there are. */
int bc_motion_bands(const bc_luma *now);

/*
 * The camera's motion, after all bands: what most blocks with edges both ways have in common. Zero
 * where no half of them agree.
 */
bc_vector bc_motion_camera(const bc_vector *blocks, const bc_luma *now);

/* cells [2 * rows][2 * columns]: sets a row of them, after all bands. */
void bc_motion_divide(bc_vector *cells, const bc_vector *blocks, bc_vector camera,
                      const bc_luma *now, const uint8_t *last, int row);

#endif
