#include "paint/mask.h"

#include "base/simd.h"
#include "paint/restore.h"

/* Of the source, for each pixel of a row; 255 is all of 256. */
BC_SIMD static void find_shares(const uint8_t *mask, bool paints_inside, uint16_t *shares, int n)
{
    for (int x = 0; x < n; x++) {
        const int white = (mask[x] * 257 + 128) >> 8;
        shares[x] = (uint16_t)(paints_inside ? BC_RESTORE_ALL - white : white);
    }
}

/* For each sample of chroma: the mean of its four pixels, of fewer at the right edge. */
static void find_chroma_shares(const uint16_t *upper, const uint16_t *lower, uint16_t *shares,
                               int width)
{
    for (int x = 0; x < width; x += 2) {
        const int right = x + 1 < width ? x + 1 : x;
        shares[x / 2] = (uint16_t)((upper[x] + upper[right] + lower[x] + lower[right] + 2) / 4);
    }
}

void bc_mask_mix(const bc_image *mask, bc_mask_side side, const bc_image *source,
                 const bc_image *painting)
{
    uint16_t shares[2][BC_MAX_SIZE], chroma_shares[BC_MAX_SIZE / 2];
    const int width = source->width, height = source->height;
    for (int y = 0; y < (height + 1) / 2; y++) {
        const int n_rows = 2 * y + 1 < height ? 2 : 1;
        for (int i = 0; i < n_rows; i++) {
            const int line = 2 * y + i;
            find_shares(mask->pixels + line * mask->stride_bytes, side == BC_MASK_INSIDE, shares[i],
                        width);
            bc_row_restore(source->pixels + line * source->stride_bytes,
                           painting->pixels + line * painting->stride_bytes, shares[i], width);
        }
        find_chroma_shares(shares[0], shares[n_rows - 1], chroma_shares, width);
        for (int i = 0; i < 2; i++)
            bc_row_restore(source->chroma[i] + y * source->chroma_stride_bytes[i],
                           painting->chroma[i] + y * painting->chroma_stride_bytes[i],
                           chroma_shares, (width + 1) / 2);
    }
}
