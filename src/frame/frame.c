#include "frame/frame.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/log.h"

enum { CACHE_LINE = 64 };

typedef struct counted_frame {
    bc_frame frame; /* first: a bc_frame is the address of its counted_frame */
    atomic_int n_references;
    bc_frame_release_fn *release;
} counted_frame;

static counted_frame *create(int width, int height, const bc_log *log)
{
    assert(width >= 1 && width <= BC_MAX_SIZE && height >= 1 && height <= BC_MAX_SIZE);
    counted_frame *counted = calloc(1, sizeof(*counted));
    if (!counted) {
        bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
        return NULL;
    }
    atomic_init(&counted->n_references, 1);
    counted->frame.image.width = width;
    counted->frame.image.height = height;
    counted->frame.pts = BC_NO_PTS;
    return counted;
}

static size_t padded(size_t size)
{
    return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static size_t row_bytes(int width, bc_pixel_format format)
{
    static const size_t pixel_bytes[] = {
        [BC_RGB24] = 3, [BC_RGBA32] = 4, [BC_BGRA32] = 4, [BC_YUV420] = 1};
    return padded((size_t)width * pixel_bytes[format]);
}

/* All planes are one block: the first one's. */
static bool allocate_pixels(bc_image *image)
{
    const size_t height = (size_t)image->height, chroma_height = (height + 1) / 2;
    const size_t stride = row_bytes(image->width, image->format);
    const size_t chroma_stride =
        image->format == BC_YUV420 ? row_bytes((image->width + 1) / 2, BC_YUV420) : 0;
    image->pixels = aligned_alloc(CACHE_LINE, stride * height + 2 * chroma_stride * chroma_height);
    if (!image->pixels)
        return false;
    image->stride_bytes = (ptrdiff_t)stride;
    for (size_t i = 0; i < 2 && chroma_stride > 0; i++) {
        image->chroma[i] = image->pixels + stride * height + i * chroma_stride * chroma_height;
        image->chroma_stride_bytes[i] = (ptrdiff_t)chroma_stride;
    }
    return true;
}

bc_status bc_frame_alloc(bc_frame **frame, int width, int height, bc_pixel_format format,
                         const bc_log *log)
{
    *frame = NULL;
    counted_frame *counted = create(width, height, log);
    if (!counted)
        return BC_ERR_MEMORY;
    counted->frame.image.format = format;
    if (!allocate_pixels(&counted->frame.image)) {
        free(counted);
        return bc_fail(log, BC_ERR_MEMORY, "frame: no memory for %dx%d pixels", width, height);
    }
    *frame = &counted->frame;
    return BC_OK;
}

bc_status bc_frame_wrap(bc_frame **frame, int width, int height, void *native,
                        bc_frame_release_fn *release, const bc_log *log)
{
    *frame = NULL;
    counted_frame *counted = create(width, height, log);
    if (!counted) {
        release(native);
        return BC_ERR_MEMORY;
    }
    counted->frame.native = native;
    counted->release = release;
    *frame = &counted->frame;
    return BC_OK;
}

bc_frame *bc_frame_ref(bc_frame *frame)
{
    atomic_fetch_add_explicit(&((counted_frame *)frame)->n_references, 1, memory_order_relaxed);
    return frame;
}

void bc_frame_unref(bc_frame **frame)
{
    if (!frame || !*frame)
        return;
    counted_frame *counted = (counted_frame *)*frame;
    *frame = NULL;
    if (atomic_fetch_sub_explicit(&counted->n_references, 1, memory_order_acq_rel) > 1)
        return;
    if (counted->release)
        counted->release(counted->frame.native);
    else
        free(counted->frame.image.pixels);
    free(counted);
}

int64_t bc_frame_time_us(const bc_frame *frame)
{
    if (frame->pts == BC_NO_PTS)
        return BC_NO_PTS;
    assert(frame->time_base.den > 0);
    /* Long double: the products of 64-bit times do not fit an integer. */
    return (int64_t)llroundl((long double)frame->pts * frame->time_base.num * 1000000 /
                             frame->time_base.den);
}
