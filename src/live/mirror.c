#include "live/mirror.h"

#include "base/simd.h"

BC_SIMD static void mirror_plane(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target,
                                 ptrdiff_t target_stride, int width, int height)
{
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict from = source + y * source_stride;
        uint8_t *restrict to = target + y * target_stride;
        for (int x = 0; x < width; x++)
            to[x] = from[width - 1 - x];
    }
}

void bc_mirror(const bc_image *source, const bc_image *target)
{
    const int width = source->width, height = source->height;
    mirror_plane(source->pixels, source->stride_bytes, target->pixels, target->stride_bytes, width,
                 height);
    for (int i = 0; i < 2; i++)
        mirror_plane(source->chroma[i], source->chroma_stride_bytes[i], target->chroma[i],
                     target->chroma_stride_bytes[i], (width + 1) / 2, (height + 1) / 2);
}
