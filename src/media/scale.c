#include "media/scale.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

enum { MAX_THREADS = 4 };

static struct bc_scaler_side side_of(const AVFrame *av)
{
    return (struct bc_scaler_side){
        .width = av->width,
        .height = av->height,
        .format = av->format,
        .matrix = (int)av->colorspace,
        .range = (int)av->color_range,
        .chroma = (int)av->chroma_location,
    };
}

/* Position of the first chroma sample in 1/256 luma samples; -513 lets libswscale centre it. */
static void set_chroma_position(struct SwsContext *sws, const struct bc_scaler_side *side,
                                const char *x_option, const char *y_option)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get((enum AVPixelFormat)side->format);
    const bool is_left = side->chroma == AVCHROMA_LOC_LEFT ||
                         side->chroma == AVCHROMA_LOC_TOPLEFT ||
                         side->chroma == AVCHROMA_LOC_BOTTOMLEFT;
    const bool is_top = side->chroma == AVCHROMA_LOC_TOPLEFT || side->chroma == AVCHROMA_LOC_TOP;
    const bool is_bottom =
        side->chroma == AVCHROMA_LOC_BOTTOMLEFT || side->chroma == AVCHROMA_LOC_BOTTOM;
    if (description->log2_chroma_w == 1)
        av_opt_set_int(sws, x_option, is_left ? 0 : 128, 0);
    if (description->log2_chroma_h == 1)
        av_opt_set_int(sws, y_option, is_top ? 0 : is_bottom ? 256 : 128, 0);
}

static void set_side(struct SwsContext *sws, const struct bc_scaler_side *side,
                     const char *const names[5])
{
    av_opt_set_int(sws, names[0], side->width, 0);
    av_opt_set_int(sws, names[1], side->height, 0);
    av_opt_set_int(sws, names[2], side->format, 0);
    set_chroma_position(sws, side, names[3], names[4]);
}

static int coefficients_of(int matrix)
{
    return matrix == AVCOL_SPC_BT2020_CL ? SWS_CS_BT2020 : matrix;
}

static void set_colours(struct SwsContext *sws, const struct bc_scaler_side *source,
                        const struct bc_scaler_side *target)
{
    sws_setColorspaceDetails(sws, sws_getCoefficients(coefficients_of(source->matrix)),
                             source->range == AVCOL_RANGE_JPEG,
                             sws_getCoefficients(coefficients_of(target->matrix)),
                             target->range == AVCOL_RANGE_JPEG, 0, 1 << 16, 1 << 16);
}

static bool is_yuv(int format)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get((enum AVPixelFormat)format);
    return !(description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

/*
 * Before the initialisation range and matrix shape the paths. From one matrix to another libswscale
 * goes by contexts of its own, which the initialisation would lose: that is left for after it.
 */
static void set_first_colours(struct SwsContext *sws, const struct bc_scaler_side *source,
                              const struct bc_scaler_side *target)
{
    struct bc_scaler_side first = *target;
    if (is_yuv(source->format) && is_yuv(target->format))
        first.matrix = source->matrix;
    set_colours(sws, source, &first);
}

static bc_status open_context(bc_scaler *scaler, const bc_log *log)
{
    static const char *const source_names[] = {"srcw", "srch", "src_format", "src_h_chr_pos",
                                               "src_v_chr_pos"};
    static const char *const target_names[] = {"dstw", "dsth", "dst_format", "dst_h_chr_pos",
                                               "dst_v_chr_pos"};
    const struct bc_scaler_side *source = &scaler->key.source, *target = &scaler->key.target;
    scaler->sws = sws_alloc_context();
    if (!scaler->sws)
        return bc_fail(log, BC_ERR_MEMORY, "conversion: out of memory");
    set_side(scaler->sws, source, source_names);
    set_side(scaler->sws, target, target_names);
    av_opt_set_int(scaler->sws, "threads", av_clip(scaler->n_threads, 1, MAX_THREADS), 0);
    av_opt_set_int(scaler->sws, "sws_flags",
                   SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, 0);
    set_first_colours(scaler->sws, source, target);
    const int error = sws_init_context(scaler->sws, NULL, NULL);
    if (error >= 0) {
        set_colours(scaler->sws, source, target); /* the threads' own contexts begin with BT.601 */
        return BC_OK;
    }
    return bc_av_fail(log, error, "cannot convert %dx%d %s to %dx%d %s", source->width,
                      source->height, av_get_pix_fmt_name((enum AVPixelFormat)source->format),
                      target->width, target->height,
                      av_get_pix_fmt_name((enum AVPixelFormat)target->format));
}

bc_status bc_scaler_run(bc_scaler *scaler, const AVFrame *source, AVFrame *target,
                        const bc_log *log)
{
    const struct bc_scaler_key key = {side_of(source), side_of(target)};
    if (!scaler->sws || memcmp(&key, &scaler->key, sizeof(key)) != 0) {
        bc_scaler_close(scaler);
        scaler->key = key;
        const bc_status status = open_context(scaler, log);
        if (status < 0) {
            bc_scaler_close(scaler);
            return status;
        }
    }
    const int error = sws_scale_frame(scaler->sws, target, source);
    return error < 0 ? bc_av_fail(log, error, "conversion of a frame") : BC_OK;
}

void bc_scaler_close(bc_scaler *scaler)
{
    sws_freeContext(scaler->sws);
    scaler->sws = NULL;
}
