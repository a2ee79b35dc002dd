/*
 * frame/: pictures that move between threads. bc_image of brushcast.h is the view, by value;
 * bc_frame is the owned picture with its time.
 *
 * frame.h: a reference-counted frame. Two kinds:
 *   own      bc_frame_alloc: the pixels are in `image`, ready to be painted or shown;
 *   native   bc_frame_wrap: the pixels stay in the form in which their maker has them (for media/
 * the decoder's own planes, YUV mostly), so that nothing is lost by a conversion that nobody asked
 * for. `image` views them where it can describe them (8-bit 4:2:0), else it has their size, matrix,
 * range and chroma position only; media/convert.h makes a frame of its own of it.
 *
 * Ownership: every reference has one owner. Passing a frame on means passing the reference, or
 * making another one with bc_frame_ref. The pixels of a frame with several references are not
 * written to. Threads: references may be made and dropped on any thread.
 */
#ifndef BC_FRAME_FRAME_H
#define BC_FRAME_FRAME_H

#include "brushcast.h"

typedef struct bc_rational {
    int num, den;
} bc_rational;

#define BC_NO_PTS INT64_MIN

typedef struct bc_frame {
    bc_image image;        /* of native frames a view, or pixels NULL, stride 0 */
    int64_t pts;           /* presentation time in units of time_base, or BC_NO_PTS */
    int64_t duration;      /* in units of time_base; 0: unknown */
    bc_rational time_base; /* seconds; {0, 0} until somebody sets it */
    int64_t n_damaged;     /* places in the source that are damaged, since the frame before */
    void *native;          /* the maker's own object, or NULL; see media/native.h */
} bc_frame;

typedef void bc_frame_release_fn(void *native);

/*
 * A frame of undefined pixels; rows are padded to whole cache lines. The size is 1 to BC_MAX_SIZE
 * in both directions. Planes are BT.709, limited range, chroma on the left, until the caller says
 * otherwise in `image`.
 */
bc_status bc_frame_alloc(bc_frame **frame, int width, int height, bc_pixel_format format,
                         const bc_log *log);

/*
 * A native frame, which owns `native` from now on, on failure too: `release` is called with it when
 * the last reference goes.
 */
bc_status bc_frame_wrap(bc_frame **frame, int width, int height, void *native,
                        bc_frame_release_fn *release, const bc_log *log);

/*
 * Gives frames as bc_frame_alloc does, and takes their memory again when the last reference goes,
 * for the next one of the same size and format. Threads: any.
 */
typedef struct bc_frame_pool bc_frame_pool;

bc_status bc_frame_pool_open(bc_frame_pool **pool, const bc_log *log);
/* Frames that are still held stay what they are. */
void bc_frame_pool_close(bc_frame_pool **pool);
bc_status bc_frame_pool_take(bc_frame_pool *pool, bc_frame **frame, int width, int height,
                             bc_pixel_format format);

/* Another reference to the same frame. */
bc_frame *bc_frame_ref(bc_frame *frame);
/* Drops the reference and sets it to NULL; takes NULL and pointers to NULL. */
void bc_frame_unref(bc_frame **frame);

/* The presentation time in microseconds, rounded to nearest; BC_NO_PTS if there is none. */
int64_t bc_frame_time_us(const bc_frame *frame);

#endif
