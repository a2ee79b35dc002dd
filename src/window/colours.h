/*
 * colours.h (private): what a renderer can show. SDL converts BT.601 of both ranges and BT.709 of
 * the limited one; other planes are made such.
 */
#ifndef BC_WINDOW_COLOURS_H
#define BC_WINDOW_COLOURS_H

#include <stdbool.h>

#include "brushcast.h"

/* Whether SDL shows the planes' colours as they are meant. */
bool bc_colours_are_known(const bc_image *image);

/*
 * Fills `to`, BC_YUV420 of BT.709 and limited range, with the colours of `from`, BC_YUV420 of any
 * matrix and range and of the same size. The matrix changes, not the primaries: SDL knows none.
 */
void bc_colours_convert(const bc_image *to, const bc_image *from);

#endif
