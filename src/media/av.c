#include "media/av.h"

#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "media/adapt.h"

bc_status bc_av_status(int error)
{
    switch (error) {
    case AVERROR(ENOMEM):
        return BC_ERR_MEMORY;
    case AVERROR_EXIT:
        return BC_ERR_INTERRUPTED;
    case AVERROR_INVALIDDATA:
        return BC_ERR_FORMAT;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_FILTER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
        return BC_ERR_UNSUPPORTED;
    case AVERROR_OPTION_NOT_FOUND:
    case AVERROR(EINVAL):
        return BC_ERR_ARGUMENT;
    default:
        return BC_ERR_IO;
    }
}

bc_status bc_av_fail(const bc_log *log, int error, const char *format, ...)
{
    char what[BC_LOG_LINE], why[AV_ERROR_MAX_STRING_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    av_strerror(error, why, sizeof(why));
    return bc_fail(log, bc_av_status(error), "%s: %s", what, why);
}

static void keep(void *opaque, uint8_t *data)
{
    (void)opaque;
    (void)data; /* the image's owner frees it */
}

static void set_planes(AVFrame *av, const bc_image *image)
{
    static const enum AVColorSpace spaces[] = {[BC_BT709] = AVCOL_SPC_BT709,
                                               [BC_BT601] = AVCOL_SPC_SMPTE170M,
                                               [BC_BT2020] = AVCOL_SPC_BT2020_NCL};
    for (int i = 0; i < 2; i++) {
        av->data[1 + i] = image->chroma[i];
        av->linesize[1 + i] = (int)image->chroma_stride_bytes[i];
    }
    av->colorspace = spaces[image->matrix];
    av->color_range = image->range == BC_FULL ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    av->chroma_location =
        image->chroma_position == BC_CHROMA_LEFT ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_CENTER;
}

bc_status bc_av_view(AVFrame *av, const bc_image *image, const bc_log *log)
{
    static const enum AVPixelFormat formats[] = {
        [BC_RGB24] = AV_PIX_FMT_RGB24,
        [BC_RGBA32] = AV_PIX_FMT_RGBA,
        [BC_BGRA32] = AV_PIX_FMT_BGRA,
        [BC_YUV420] = AV_PIX_FMT_YUV420P,
    };
    av->format = formats[image->format];
    av->width = image->width;
    av->height = image->height;
    av->data[0] = image->pixels;
    av->linesize[0] = (int)image->stride_bytes;
    av->colorspace = AVCOL_SPC_RGB;
    av->color_range = AVCOL_RANGE_JPEG;
    if (image->format == BC_YUV420)
        set_planes(av, image);
    /* libswscale copies a frame that has no buffer. */
    av->buf[0] = av_buffer_create(image->pixels, 1, keep, NULL, 0);
    return av->buf[0] ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
}

bc_status bc_av_of_frame(AVFrame **av, const bc_frame *frame, const bc_log *log)
{
    *av = frame->native ? av_frame_clone(frame->native) : av_frame_alloc();
    if (!*av)
        return bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
    const bc_status status = frame->native ? BC_OK : bc_av_view(*av, &frame->image, log);
    if (status < 0)
        av_frame_free(av);
    return status;
}

static void release(void *native)
{
    AVFrame *av = native;
    av_frame_free(&av);
}

static bool find_matrix(bc_yuv_matrix *matrix, enum AVColorSpace space)
{
    switch (space) {
    case AVCOL_SPC_BT709:
        *matrix = BC_BT709;
        return true;
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
        *matrix = BC_BT601;
        return true;
    case AVCOL_SPC_BT2020_NCL:
        *matrix = BC_BT2020;
        return true;
    default:
        return false;
    }
}

static bool find_chroma_position(bc_chroma_position *position, enum AVChromaLocation location)
{
    *position = location == AVCHROMA_LOC_LEFT ? BC_CHROMA_LEFT : BC_CHROMA_CENTRE;
    return location == AVCHROMA_LOC_LEFT || location == AVCHROMA_LOC_CENTER;
}

/* The planes, where a bc_image can describe them, else their colours, where it can. */
static void view_planes(bc_image *image, const AVFrame *av)
{
    bc_image planes = {.width = av->width,
                       .height = av->height,
                       .range = av->color_range == AVCOL_RANGE_JPEG ? BC_FULL : BC_LIMITED};
    if (!find_matrix(&planes.matrix, av->colorspace) ||
        !find_chroma_position(&planes.chroma_position, av->chroma_location))
        return;
    *image = planes;
    if (av->format != AV_PIX_FMT_YUV420P)
        return;
    image->format = BC_YUV420;
    image->pixels = av->data[0];
    image->stride_bytes = av->linesize[0];
    for (int i = 0; i < 2; i++) {
        image->chroma[i] = av->data[1 + i];
        image->chroma_stride_bytes[i] = av->linesize[1 + i];
    }
}

bc_status bc_av_to_frame(bc_frame **frame, AVFrame *av, const bc_log *log)
{
    const bc_status status = bc_frame_wrap(frame, av->width, av->height, av, release, log);
    if (status == BC_OK)
        view_planes(&(*frame)->image, av);
    return status;
}

static void free_shown(void *cookie, uint8_t *data)
{
    AVFrame *shown = (AVFrame *)(void *)data;
    (void)cookie;
    av_frame_free(&shown);
}

bc_status bc_av_show(bc_frame *frame, AVFrame *shown, const bc_log *log)
{
    AVFrame *av = frame->native;
    av->opaque_ref = av_buffer_create((uint8_t *)shown, sizeof(*shown), free_shown, NULL, 0);
    if (!av->opaque_ref) {
        av_frame_free(&shown);
        return bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
    }
    view_planes(&frame->image, shown);
    return BC_OK;
}

/* The J formats are the plain ones with a range in their name; libswscale calls them deprecated. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ411P:
        return AV_PIX_FMT_YUV411P;
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ440P:
        return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    default:
        return format;
    }
}

static bool is_rgb(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(format);
    return description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
}

static bool has_no_matrix(const AVFrame *av)
{
    return av->colorspace == AVCOL_SPC_UNSPECIFIED || av->colorspace == AVCOL_SPC_RESERVED ||
           av->colorspace == AVCOL_SPC_RGB; /* a lie, on planes of YUV */
}

void bc_av_complete_colour(AVFrame *av)
{
    const bool is_hd = av->width >= 1280 || av->height > 576;
    const enum AVPixelFormat format = (enum AVPixelFormat)av->format;
    if (is_rgb(format)) {
        av->colorspace = AVCOL_SPC_RGB;
        av->color_range = AVCOL_RANGE_JPEG;
        return;
    }
    if (plain_format(format) != format) {
        av->format = plain_format(format);
        av->color_range = AVCOL_RANGE_JPEG;
    }
    if (av->color_range == AVCOL_RANGE_UNSPECIFIED)
        av->color_range = AVCOL_RANGE_MPEG;
    if (av->color_primaries == AVCOL_PRI_UNSPECIFIED && bc_adapter_is_hdr(av))
        av->color_primaries = AVCOL_PRI_BT2020; /* BT.2100 knows no others */
    if (has_no_matrix(av))
        av->colorspace = is_hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    if (av->chroma_location == AVCHROMA_LOC_UNSPECIFIED)
        av->chroma_location = AVCHROMA_LOC_LEFT;
}

bool bc_av_has_alpha(const AVFrame *av)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get((enum AVPixelFormat)av->format);
    if (!(description->flags & AV_PIX_FMT_FLAG_PAL))
        return description->flags & AV_PIX_FMT_FLAG_ALPHA;
    const uint32_t *palette = (const uint32_t *)(const void *)av->data[1];
    for (int i = 0; i < AVPALETTE_COUNT; i++)
        if (palette[i] >> 24 != 0xFF)
            return true;
    return false;
}
