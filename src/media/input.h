/* input.h (private): what the writer copies from a reader. */
#ifndef BC_MEDIA_INPUT_H
#define BC_MEDIA_INPUT_H

#include <libavformat/avformat.h>

#include "media/reader.h"

const AVFormatContext *bc_reader_input(const bc_reader *reader);
int bc_reader_video_index(const bc_reader *reader);
/* The input's time that became 0, in microseconds. */
int64_t bc_reader_origin_us(const bc_reader *reader);
/* Where reading ends, counted from there; INT64_MAX: at the input's end. */
int64_t bc_reader_end_us(const bc_reader *reader);

/* The AVFrame of a native frame. */
static inline AVFrame *bc_frame_native(const bc_frame *frame)
{
    return frame->native;
}

#endif
