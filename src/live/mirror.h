/* mirror.h: pictures as in a mirror. Threads: any. */
#ifndef BC_LIVE_MIRROR_H
#define BC_LIVE_MIRROR_H

#include "brushcast.h"

/*
 * Left and right of `source` change places in `target`, an image of the same size that is not the
 * source itself. Both are BC_YUV420. Chroma on the left stays there: it moves by a pixel against
 * luma, which is not seen, where a filter would blur it.
 */
void bc_mirror(const bc_image *source, const bc_image *target);

#endif
