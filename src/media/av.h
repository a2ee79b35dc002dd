/*
 * media/: pictures, video and sound in and out, over FFmpeg's libraries. It knows frames, not
 * styles. The rest of the program includes reader.h, writer.h, convert.h, picture.h and log.h;
 * nothing outside this folder sees a type of FFmpeg's.
 *
 * av.h (private): the few bridges between our types and FFmpeg's.
 */
#ifndef BC_MEDIA_AV_H
#define BC_MEDIA_AV_H

#include <libavutil/frame.h>
#include <stdbool.h>

#include "frame/frame.h"

/* An error of FFmpeg's as a status: memory, interruption, malformed data, or input/output. */
bc_status bc_av_status(int error);

/* As bc_fail, with ": " and FFmpeg's text for `error` at the end. */
bc_status bc_av_fail(const bc_log *log, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes an empty `av` a view of the image, RGB in full range. The image must outlive it. */
bc_status bc_av_view(AVFrame *av, const bc_image *image, const bc_log *log);

/* A new reference to the pixels of a native frame, or a view of one of our own, which must
 * outlive it. */
bc_status bc_av_of_frame(AVFrame **av, const bc_frame *frame, const bc_log *log);

/* A native frame that owns `av`, on failure too; its time is not set. */
bc_status bc_av_to_frame(bc_frame **frame, AVFrame *av, const bc_log *log);

/* A native frame's image becomes that of `shown`, which the frame owns from now on, on failure too.
 */
bc_status bc_av_show(bc_frame *frame, AVFrame *shown, const bc_log *log);

/*
 * Fills in the matrix, range and chroma position that a frame leaves unset, as players guess them:
 * RGB and JPEG formats are full range, others limited; BT.709 from 1280 wide or 577 high on, BT.601
 * below; chroma on the left. The deprecated YUVJ formats become the plain ones.
 *
 * An output states these, guessed or not: its pixels were made by them, and another size (--scale)
 * or container would make players guess otherwise. Primaries and transfer are no more than names
 * here, and stay unset, so that players go on guessing as they do for the source; but PQ and HLG,
 * which are computed with, get BT.2020's primaries.
 */
void bc_av_complete_colour(AVFrame *av);

/* Whether its format has alpha, or its palette an entry that is not opaque. */
bool bc_av_has_alpha(const AVFrame *av);

#endif
