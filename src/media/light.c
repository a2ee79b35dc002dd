#include "media/light.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "media/adapt.h"

#define TO_LINEAR "zscale=t=linear:npl=100"
#define FLOATS "format=gbrpf32le"
#define TO_BT2020 "zscale=p=bt2020"

/* Below, in units of SDR white, nothing is seen, and quotients are noise. */
static const float least_luma = 1e-3F;

static const float *row_of(const AVFrame *av, int plane, int y)
{
    return (const float *)(const void *)(av->data[plane] + (ptrdiff_t)y * av->linesize[plane]);
}

/* BT.2020's, of planes in the order G, B, R. */
static float luma_at(const AVFrame *av, int x, int y)
{
    return 0.6780F * row_of(av, 0, y)[x] + 0.0593F * row_of(av, 1, y)[x] +
           0.2627F * row_of(av, 2, y)[x];
}

static void multiply(AVFrame *painting, const AVFrame *bright, const AVFrame *mapped)
{
    for (int y = 0; y < painting->height; y++)
        for (int x = 0; x < painting->width; x++) {
            const float gain = (fmaxf(luma_at(bright, x, y), 0) + least_luma) /
                               (fmaxf(luma_at(mapped, x, y), 0) + least_luma);
            for (int plane = 0; plane < 3; plane++)
                ((float *)(void *)(painting->data[plane] +
                                   (ptrdiff_t)y * painting->linesize[plane]))[x] *= gain;
        }
}

/* A copy of the frame behind filters. */
static bc_status derive(AVFrame **result, const AVFrame *av, bc_filter *filter, const char *filters,
                        const bc_log *log)
{
    *result = av_frame_clone(av);
    if (!*result)
        return bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
    const bc_status status = bc_filter_run(filter, *result, filters, log);
    if (status < 0)
        av_frame_free(result);
    return status;
}

static bc_status encode(bc_filter *filter, const AVFrame *canvas, AVFrame *painting,
                        const bc_log *log)
{
    char filters[BC_FILTER_SIZE];
    snprintf(filters, sizeof(filters), "zscale=t=%s:p=%s:m=%s:r=%s:npl=100,format=%s",
             av_color_transfer_name(canvas->color_trc),
             av_color_primaries_name(canvas->color_primaries),
             av_color_space_name(canvas->colorspace), av_color_range_name(canvas->color_range),
             av_get_pix_fmt_name((enum AVPixelFormat)canvas->format));
    return bc_filter_run(filter, painting, filters, log);
}

bc_status bc_light_restore(bc_light *light, const AVFrame *picture, const AVFrame *canvas,
                           AVFrame *painting, const bc_log *log)
{
    AVFrame *bright = NULL, *mapped = NULL;
    painting->color_primaries = AVCOL_PRI_BT709;
    painting->color_trc = AVCOL_TRC_BT709;
    bc_status status = bc_filter_run(&light->painted, painting, TO_LINEAR ":p=bt2020," FLOATS, log);
    if (status == BC_OK)
        status = derive(&bright, picture, &light->bright, TO_LINEAR ":p=bt2020," FLOATS, log);
    if (status == BC_OK)
        status =
            derive(&mapped, picture, &light->mapped, BC_ADAPTER_TONE "," TO_BT2020 "," FLOATS, log);
    if (status == BC_OK) {
        multiply(painting, bright, mapped);
        status = encode(&light->coded, canvas, painting, log);
    }
    av_frame_free(&bright);
    av_frame_free(&mapped);
    return status;
}

void bc_light_close(bc_light *light)
{
    bc_filter_close(&light->bright);
    bc_filter_close(&light->mapped);
    bc_filter_close(&light->painted);
    bc_filter_close(&light->coded);
}
