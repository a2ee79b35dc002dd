/*
 * resize.h: an image in another size, by linear interpolation over an area: the filter is a
 * triangle of two pixels of the larger grid of both, so that nothing aliases when an image becomes
 * smaller.
 */
#ifndef BC_PAINT_RESIZE_H
#define BC_PAINT_RESIZE_H

#include "base/pool.h"

/* A width or height of so many times the size, from 1 to BC_MAX_SIZE. */
int bc_scaled_size(int size, double scale);

/*
 * `to` becomes `from` in the size of `to`; they are alike (bc_image_is_alike), and alpha is one
 * more channel. Chroma stays at its position. The same pixels for every number of threads.
 * Allocates; false: no memory.
 */
bool bc_image_resize(bc_pool *pool, const bc_image *to, const bc_image *from);

#endif
