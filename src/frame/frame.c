#include "frame/frame.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { CACHE_LINE = 64, MAX_IDLE = 8 };

typedef struct counted_frame {
    bc_frame frame; /* first: a bc_frame is the address of its counted_frame */
    atomic_int n_references;
    bc_frame_release_fn *release;
    bc_frame_pool *pool; /* whose it is, or NULL */
} counted_frame;

struct bc_frame_pool {
    bc_log log;
    pthread_mutex_t lock;          /* of all that follows */
    counted_frame *idle[MAX_IDLE]; /* [n_idle], the one that came back first before the others */
    int n_idle, n_held;
    bool is_closed; /* it goes with the last frame that is held */
};

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

static void free_frame(counted_frame *counted)
{
    if (counted->release)
        counted->release(counted->frame.native);
    else
        free(counted->frame.image.pixels);
    free(counted);
}

/* Pools ------------------------------------------------------------------------------------ */

bc_status bc_frame_pool_open(bc_frame_pool **pool, const bc_log *log)
{
    *pool = calloc(1, sizeof(**pool));
    if (!*pool)
        return bc_fail(log, BC_ERR_MEMORY, "frames: out of memory");
    (*pool)->log = *log;
    pthread_mutex_init(&(*pool)->lock, NULL);
    return BC_OK;
}

/* With the lock held: the idle frame number i. */
static counted_frame *take_idle(bc_frame_pool *pool, int i)
{
    counted_frame *counted = pool->idle[i];
    pool->n_idle--;
    memmove(pool->idle + i, pool->idle + i + 1, (size_t)(pool->n_idle - i) * sizeof(pool->idle[0]));
    return counted;
}

/* Releases the lock; the pool may be gone then. */
static void leave(bc_frame_pool *pool)
{
    const bool is_over = pool->is_closed && pool->n_held == 0;
    pthread_mutex_unlock(&pool->lock);
    if (!is_over)
        return;
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void bc_frame_pool_close(bc_frame_pool **pool_in)
{
    bc_frame_pool *pool = pool_in ? *pool_in : NULL;
    if (!pool)
        return;
    *pool_in = NULL;
    pthread_mutex_lock(&pool->lock);
    while (pool->n_idle > 0)
        free_frame(take_idle(pool, 0));
    pool->is_closed = true;
    leave(pool);
}

/* In a full pool the frame that has been idle longest makes room. */
static void give_back(bc_frame_pool *pool, counted_frame *counted)
{
    pthread_mutex_lock(&pool->lock);
    pool->n_held--;
    if (pool->n_idle == MAX_IDLE)
        free_frame(take_idle(pool, 0));
    if (pool->is_closed)
        free_frame(counted);
    else
        pool->idle[pool->n_idle++] = counted;
    leave(pool);
}

static counted_frame *find_idle(bc_frame_pool *pool, int width, int height, bc_pixel_format format)
{
    for (int i = pool->n_idle - 1; i >= 0; i--) {
        const bc_image *image = &pool->idle[i]->frame.image;
        if (image->width == width && image->height == height && image->format == format)
            return take_idle(pool, i);
    }
    return NULL;
}

/* As if the frame were new. */
static void reset(counted_frame *counted)
{
    bc_frame *frame = &counted->frame;
    frame->image.matrix = BC_BT709;
    frame->image.range = BC_LIMITED;
    frame->image.chroma_position = BC_CHROMA_LEFT;
    frame->pts = BC_NO_PTS;
    frame->duration = 0;
    frame->time_base = (bc_rational){0, 0};
    atomic_store(&counted->n_references, 1);
}

bc_status bc_frame_pool_take(bc_frame_pool *pool, bc_frame **frame, int width, int height,
                             bc_pixel_format format)
{
    pthread_mutex_lock(&pool->lock);
    counted_frame *counted = find_idle(pool, width, height, format);
    pool->n_held++;
    pthread_mutex_unlock(&pool->lock);
    if (counted) {
        reset(counted);
        *frame = &counted->frame;
        return BC_OK;
    }
    const bc_status status = bc_frame_alloc(frame, width, height, format, &pool->log);
    if (status == BC_OK) {
        ((counted_frame *)*frame)->pool = pool;
        return BC_OK;
    }
    pthread_mutex_lock(&pool->lock);
    pool->n_held--;
    pthread_mutex_unlock(&pool->lock);
    return status;
}

/* References ------------------------------------------------------------------------------- */

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
    if (counted->pool)
        give_back(counted->pool, counted);
    else
        free_frame(counted);
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
