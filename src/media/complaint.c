#include "media/complaint.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/*
 * H.264 and its heirs also complain of references that a recording which begins in the middle never
 * had, and of what only describes the picture, as JPEG's decoder does.
 */
static bool is_about_picture(enum AVCodecID id, const char *format)
{
    switch (id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
        return strstr(format, "decoding MB");
    case AV_CODEC_ID_MJPEG:
        return !strstr(format, "APP fields");
    default:
        return !strstr(format, "EXIF");
    }
}

void bc_complaint_count(void *context, const char *format)
{
    const AVClass *class = context ? *(const AVClass **)context : NULL;
    void *count = NULL;
    if (class == avformat_get_class())
        count = ((AVFormatContext *)context)->opaque;
    else if (class == avcodec_get_class() &&
             is_about_picture(((AVCodecContext *)context)->codec_id, format))
        count = ((AVCodecContext *)context)->opaque;
    if (count)
        atomic_fetch_add((atomic_int *)count, 1);
}
