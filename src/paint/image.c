#include "paint/image.h"

#include <stdlib.h>
#include <string.h>

static int channels_of(bc_pixel_format format)
{
    return format == BC_YUV420 ? 1 : format == BC_RGB24 ? 3 : 4;
}

static int chroma_step(const bc_image *image)
{
    return image->chroma_step_bytes > 1 ? image->chroma_step_bytes : 1;
}

int bc_image_planes(const bc_image *image, bc_plane planes[BC_MAX_PLANES])
{
    const int channels = channels_of(image->format);
    planes[0] = (bc_plane){.samples = image->pixels,
                           .stride_bytes = image->stride_bytes,
                           .width = image->width,
                           .height = image->height,
                           .channels = channels,
                           .step_bytes = channels};
    if (image->format != BC_YUV420)
        return 1;
    for (int c = 0; c < 2; c++)
        planes[1 + c] = (bc_plane){.samples = image->chroma[c],
                                   .stride_bytes = image->chroma_stride_bytes[c],
                                   .width = (image->width + 1) / 2,
                                   .height = (image->height + 1) / 2,
                                   .channels = 1,
                                   .step_bytes = chroma_step(image),
                                   .shift = 1};
    return 3;
}

static bool is_plane(const bc_plane *p)
{
    const ptrdiff_t row_bytes = (ptrdiff_t)(p->width - 1) * p->step_bytes + p->channels;
    return p->samples &&
           (p->height == 1 || p->stride_bytes >= row_bytes || -p->stride_bytes >= row_bytes);
}

bool bc_image_is_valid(const bc_image *image)
{
    bc_plane planes[BC_MAX_PLANES];
    if (!image || image->format < BC_RGB24 || image->format > BC_BGRX32 || image->width < 1 ||
        image->height < 1 || image->width > BC_MAX_SIZE || image->height > BC_MAX_SIZE)
        return false;
    bool is_valid = true;
    for (int i = bc_image_planes(image, planes) - 1; i >= 0; i--)
        is_valid &= is_plane(&planes[i]);
    if (image->format != BC_YUV420)
        return is_valid;
    return is_valid && image->matrix >= BC_BT709 && image->matrix <= BC_BT2020 &&
           image->range >= BC_LIMITED && image->range <= BC_FULL &&
           image->chroma_position >= BC_CHROMA_LEFT && image->chroma_position <= BC_CHROMA_CENTRE &&
           image->chroma_step_bytes >= 0 && image->chroma_step_bytes <= 4;
}

/* The format with alpha instead of X. */
static bc_pixel_format with_alpha(bc_pixel_format format)
{
    return format == BC_RGBX32 ? BC_RGBA32 : format == BC_BGRX32 ? BC_BGRA32 : format;
}

bool bc_image_is_alike(const bc_image *a, const bc_image *b)
{
    if (with_alpha(a->format) != with_alpha(b->format))
        return false;
    return a->format != BC_YUV420 || (a->matrix == b->matrix && a->range == b->range &&
                                      a->chroma_position == b->chroma_position);
}

bool bc_image_has_alpha(const bc_image *image)
{
    return image->format == BC_RGBA32 || image->format == BC_BGRA32;
}

typedef struct extent {
    uintptr_t first, end;
} extent;

static extent extent_of(const bc_plane *p)
{
    const ptrdiff_t last = (p->height - 1) * p->stride_bytes;
    const ptrdiff_t row_bytes = (ptrdiff_t)(p->width - 1) * p->step_bytes + p->channels;
    const uintptr_t at = (uintptr_t)p->samples;
    return (extent){.first = at + (uintptr_t)(last < 0 ? last : 0),
                    .end = at + (uintptr_t)((last > 0 ? last : 0) + row_bytes)};
}

bool bc_image_overlaps(const bc_image *a, const bc_image *b)
{
    bc_plane of_a[BC_MAX_PLANES], of_b[BC_MAX_PLANES];
    const int n_a = bc_image_planes(a, of_a), n_b = bc_image_planes(b, of_b);
    for (int i = 0; i < n_a * n_b; i++) {
        const extent x = extent_of(&of_a[i / n_b]), y = extent_of(&of_b[i % n_b]);
        if (x.first < y.end && y.first < x.end)
            return true;
    }
    return false;
}

static void copy_row(uint8_t *to, const bc_plane *of_to, const uint8_t *from,
                     const bc_plane *of_from)
{
    if (of_to->step_bytes == of_to->channels && of_from->step_bytes == of_from->channels) {
        memcpy(to, from, (size_t)of_to->width * (size_t)of_to->channels);
        return;
    }
    for (int x = 0; x < of_to->width; x++)
        to[x * of_to->step_bytes] = from[x * of_from->step_bytes];
}

void bc_image_copy(const bc_image *to, const bc_image *from)
{
    bc_plane of_to[BC_MAX_PLANES], of_from[BC_MAX_PLANES];
    const int n = bc_image_planes(to, of_to);
    bc_image_planes(from, of_from);
    for (int i = 0; i < n; i++) {
        for (int y = 0; y < of_to[i].height; y++)
            copy_row(of_to[i].samples + y * of_to[i].stride_bytes, &of_to[i],
                     of_from[i].samples + y * of_from[i].stride_bytes, &of_from[i]);
    }
}

void bc_image_copy_alpha(const bc_image *to, const bc_image *from)
{
    const bool has_alpha = bc_image_has_alpha(from);
    for (int y = 0; y < to->height; y++) {
        uint8_t *to_row = to->pixels + y * to->stride_bytes;
        const uint8_t *from_row = from->pixels + y * from->stride_bytes;
        for (int x = 0; x < to->width; x++)
            to_row[4 * x + 3] = has_alpha ? from_row[4 * x + 3] : UINT8_MAX;
    }
}

/* Gives an image of planes, or of packed pixels, its places in memory, and returns their bytes. */
static size_t lay_out(bc_image *image, uint8_t *memory)
{
    const size_t row = ((size_t)image->width * (size_t)channels_of(image->format) + 63) / 64 * 64;
    const size_t chroma_row = row / 2, height = (size_t)image->height, chroma = (height + 1) / 2;
    image->pixels = memory;
    image->stride_bytes = (ptrdiff_t)row;
    if (image->format != BC_YUV420)
        return row * height;
    for (size_t c = 0; c < 2; c++) {
        image->chroma[c] = memory ? memory + row * height + c * chroma_row * chroma : NULL;
        image->chroma_stride_bytes[c] = (ptrdiff_t)chroma_row;
    }
    return row * height + 2 * chroma_row * chroma;
}

bool bc_own_image_fit(bc_own_image *own, const bc_image *like, int width, int height)
{
    own->image = *like;
    own->image.format = with_alpha(like->format);
    own->image.width = width;
    own->image.height = height;
    own->image.chroma_step_bytes = 1;
    const size_t bytes = lay_out(&own->image, NULL);
    if (bytes > own->bytes) {
        free(own->memory);
        own->memory = malloc(bytes);
        own->bytes = own->memory ? bytes : 0;
    }
    if (own->memory)
        lay_out(&own->image, own->memory);
    return own->memory;
}

void bc_own_image_free(bc_own_image *own)
{
    free(own->memory);
    *own = (bc_own_image){0};
}
