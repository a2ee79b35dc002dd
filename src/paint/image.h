/*
 * image.h: images as planes, whatever their format, and images that the painter owns.
 * Threads: any, each image from one at a time.
 */
#ifndef BC_PAINT_IMAGE_H
#define BC_PAINT_IMAGE_H

#include "brushcast.h"

enum { BC_MAX_PLANES = 3 };

/* The samples of a plane: `channels` of them side by side in each of its pixels. */
typedef struct bc_plane {
    uint8_t *samples;
    ptrdiff_t stride_bytes;
    int width, height; /* pixels of the plane */
    int channels;      /* 3 or 4 of packed formats, else 1 */
    int step_bytes;    /* from one pixel to the next */
    int shift;         /* 1: chroma, of half the image's size */
} bc_plane;

/* Writes the image's planes and returns their number. */
int bc_image_planes(const bc_image *image, bc_plane planes[BC_MAX_PLANES]);

/* A view of known format whose planes are there, of a size from 1 to BC_MAX_SIZE. */
bool bc_image_is_valid(const bc_image *image);

/* Planes, or packed pixels with the same bytes in the same places (X and alpha are one). */
bool bc_image_is_alike(const bc_image *a, const bc_image *b);

bool bc_image_has_alpha(const bc_image *image);

/* Whether any of their memory may be the same. */
bool bc_image_overlaps(const bc_image *a, const bc_image *b);

/* Copies the pixels of an image that is alike and of the same size. */
void bc_image_copy(const bc_image *to, const bc_image *from);

/* Copies the alpha of `from`, or makes all opaque where that has none. `to` has alpha; both have
 * one size. */
void bc_image_copy_alpha(const bc_image *to, const bc_image *from);

/* An image that is the painter's own, {0} before the first bc_own_image_fit. */
typedef struct bc_own_image {
    bc_image image;
    size_t bytes;
    uint8_t *memory;
} bc_own_image;

/*
 * Makes it like `like`, of another size, with each plane by itself and X as alpha; the pixels are
 * undefined. Allocates where it has to grow; false: no memory.
 */
bool bc_own_image_fit(bc_own_image *own, const bc_image *like, int width, int height);
void bc_own_image_free(bc_own_image *own);

#endif
