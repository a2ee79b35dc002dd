#include "app/compose.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *row_of(const bc_image *image, int y)
{
    return image->pixels + y * image->stride_bytes;
}

void bc_compose_mirror(const bc_image *image)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *left = row_of(image, y), *right = left + 4 * (image->width - 1);
        for (; left < right; left += 4, right -= 4) {
            uint32_t a, b;
            memcpy(&a, left, 4);
            memcpy(&b, right, 4);
            memcpy(left, &b, 4);
            memcpy(right, &a, 4);
        }
    }
}

/* Where a pixel of the stretched row comes from, in 1/256 of the painting's pixels. */
static int position(int x, int size, int from_size)
{
    const int64_t at = ((2 * (int64_t)x + 1) * from_size * 128) / size - 128;
    const int64_t last = ((int64_t)from_size - 1) * 256;
    return (int)(at < 0 ? 0 : at > last ? last : at);
}

static int lerp8(int a, int b, int share)
{
    return (a * (256 - share) + b * share + 128) >> 8;
}

/* One pixel of the painting between four. */
static void sample(const uint8_t *upper, const uint8_t *lower, int dy, int at, int last,
                   int pixel[3])
{
    const int i = at >> 8, next = i < last ? 4 : 0, dx = at & 255;
    for (int c = 0; c < 3; c++) {
        const int top = lerp8(upper[4 * i + c], upper[4 * i + c + next], dx);
        const int bottom = lerp8(lower[4 * i + c], lower[4 * i + c + next], dx);
        pixel[c] = lerp8(top, bottom, dy);
    }
}

static int luma(int b, int g, int r)
{
    return (29 * b + 150 * g + 77 * r + 128) >> 8;
}

static uint8_t clip(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void mix_row(const uint8_t *from, const int *columns, int dy, const uint8_t *upper,
                    const uint8_t *lower, int last, int strength, int keep, uint8_t *to, int width)
{
    for (int x = 0; x < width; x++, from += 4, to += 4) {
        int pixel[3];
        sample(upper, lower, dy, columns[x], last, pixel);
        const int shift = luma(pixel[0], pixel[1], pixel[2]) - luma(from[0], from[1], from[2]);
        for (int c = 0; c < 3; c++) {
            const int painted = lerp8(pixel[c], clip(from[c] + shift), keep);
            to[c] = (uint8_t)lerp8(from[c], painted, strength);
        }
        to[3] = 255;
    }
}

void bc_compose_mix(const bc_image *source, const bc_image *painting, float strength,
                    float keep_colors, const bc_image *result)
{
    int columns[BC_MAX_SIZE];
    const int width = source->width, last_row = painting->height - 1;
    for (int x = 0; x < width; x++)
        columns[x] = position(x, width, painting->width);
    for (int y = 0; y < source->height; y++) {
        const int at = position(y, source->height, painting->height), row = at >> 8;
        const uint8_t *upper = row_of(painting, row);
        const uint8_t *lower = row_of(painting, row < last_row ? row + 1 : row);
        mix_row(row_of(source, y), columns, at & 255, upper, lower, painting->width - 1,
                (int)(strength * 256 + 0.5F), (int)(keep_colors * 256 + 0.5F), row_of(result, y),
                width);
    }
}
