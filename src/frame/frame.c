#include "frame/frame.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
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

bc_status bc_frame_alloc(bc_frame **frame, int width, int height, bc_pixel_format format,
                         const bc_log *log)
{
    *frame = NULL;
    counted_frame *counted = create(width, height, log);
    if (!counted)
        return BC_ERR_MEMORY;
    const size_t stride = padded((size_t)width * (format == BC_RGB24 ? 3 : 4));
    bc_image *image = &counted->frame.image;
    image->format = format;
    image->stride_bytes = (ptrdiff_t)stride;
    image->pixels = aligned_alloc(CACHE_LINE, stride * (size_t)height);
    if (!image->pixels) {
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
