#include "media/letterbox.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdbool.h>

#include "base/log.h"

enum { CHROMA = 4 }; /* no format has coarser chroma */

struct area {
    int x, y, width, height;
};

static double aspect_of(AVRational aspect)
{
    return aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
}

/* A side that lacks less than the chroma of a pixel on each end is whole. */
static int side(double wanted, int whole)
{
    if (wanted > whole - 2 * CHROMA)
        return whole;
    return FFMAX((int)lround(wanted / CHROMA) * CHROMA, 1);
}

static struct area place(const bc_letterbox *box, const AVFrame *av)
{
    const AVRational own =
        av->sample_aspect_ratio.num > 0 ? av->sample_aspect_ratio : box->pixel_aspect;
    const double shape = aspect_of(own) / aspect_of(box->pixel_aspect) * av->width / av->height;
    const int width = side(box->height * shape, box->width);
    const int height = side(box->width / shape, box->height);
    return (struct area){(box->width - width) / 2 / CHROMA * CHROMA,
                         (box->height - height) / 2 / CHROMA * CHROMA, width, height};
}

/* The frame's own, where libswscale writes it and pixels have addresses. */
static enum AVPixelFormat format_for(const AVFrame *av)
{
    const enum AVPixelFormat format = (enum AVPixelFormat)av->format;
    const uint64_t flags = av_pix_fmt_desc_get(format)->flags;
    if (flags & AV_PIX_FMT_FLAG_PAL)
        return AV_PIX_FMT_BGRA;
    return flags & AV_PIX_FMT_FLAG_BITSTREAM || !sws_isSupportedOutput(format) ? AV_PIX_FMT_RGB24
                                                                               : format;
}

static int alloc_like(AVFrame **frame, const AVFrame *av, int width, int height)
{
    AVFrame *made = *frame = av_frame_alloc();
    if (!made)
        return AVERROR(ENOMEM);
    const int error = av_frame_copy_props(made, av);
    made->format = format_for(av);
    made->width = width;
    made->height = height;
    bc_av_complete_colour(made);
    return error < 0 ? error : av_frame_get_buffer(made, 0);
}

static void black_out(AVFrame *av)
{
    const ptrdiff_t strides[4] = {av->linesize[0], av->linesize[1], av->linesize[2],
                                  av->linesize[3]};
    av_image_fill_black(av->data, strides, (enum AVPixelFormat)av->format, av->color_range,
                        av->width, av->height);
}

/* A view of a part, without a reference: valid as long as the whole. */
static AVFrame part_of(const AVFrame *whole, struct area area)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get((enum AVPixelFormat)whole->format);
    AVFrame part = *whole;
    part.width = area.width;
    part.height = area.height;
    for (int i = 0; i < description->nb_components; i++) {
        const AVComponentDescriptor *component = &description->comp[i];
        const bool is_chroma = i == 1 || i == 2;
        const int x = area.x >> (is_chroma ? description->log2_chroma_w : 0);
        const int y = area.y >> (is_chroma ? description->log2_chroma_h : 0);
        part.data[component->plane] = whole->data[component->plane] +
                                      y * whole->linesize[component->plane] + x * component->step;
    }
    return part;
}

/* What is left around a part, as FFmpeg's frames say it. */
static void note_bars(AVFrame *whole, struct area area)
{
    whole->crop_left = (size_t)area.x;
    whole->crop_top = (size_t)area.y;
    whole->crop_right = (size_t)(whole->width - area.x - area.width);
    whole->crop_bottom = (size_t)(whole->height - area.y - area.height);
}

/* The picture is scaled beside its place: libswscale is slow on what is not aligned. */
static bc_status fill(bc_letterbox *box, AVFrame *av, struct area area, const bc_log *log)
{
    AVFrame *whole = NULL, *picture = NULL;
    int error = alloc_like(&whole, av, box->width, box->height);
    if (error >= 0)
        error = alloc_like(&picture, av, area.width, area.height);
    bc_status status =
        error < 0 ? bc_av_fail(log, error, "frame") : bc_scaler_run(&box->scaler, av, picture, log);
    if (status == BC_OK) {
        AVFrame part = part_of(whole, area);
        black_out(whole);
        av_image_copy(part.data, part.linesize, (const uint8_t **)picture->data, picture->linesize,
                      (enum AVPixelFormat)part.format, part.width, part.height);
        note_bars(whole, area);
        whole->sample_aspect_ratio = box->pixel_aspect;
        av_frame_unref(av);
        av_frame_move_ref(av, whole);
    }
    av_frame_free(&picture);
    av_frame_free(&whole);
    return status;
}

bc_status bc_letterbox_run(bc_letterbox *box, AVFrame *av, const bc_log *log)
{
    if (box->width == 0) {
        box->width = av->width;
        box->height = av->height;
        box->pixel_aspect = av->sample_aspect_ratio;
    }
    const struct area area = place(box, av);
    if (area.width == box->width && area.height == box->height)
        return BC_OK;
    return fill(box, av, area, log);
}

void bc_letterbox_blacken(AVFrame *painted, const AVFrame *source)
{
    const int left = (int)source->crop_left, right = (int)source->crop_right;
    const int top = (int)source->crop_top, bottom = (int)source->crop_bottom;
    const int width = painted->width, height = painted->height;
    const struct area bars[] = {{0, 0, left, height},
                                {width - right, 0, right, height},
                                {0, 0, width, top},
                                {0, height - bottom, width, bottom}};
    if (source->width != width || source->height != height)
        return;
    for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
        AVFrame bar = part_of(painted, bars[i]);
        if (bar.width > 0 && bar.height > 0)
            black_out(&bar);
    }
}

void bc_letterbox_close(bc_letterbox *box)
{
    bc_scaler_close(&box->scaler);
}
