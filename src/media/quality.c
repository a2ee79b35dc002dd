#include "media/quality.h"

#include <libavutil/opt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

typedef struct scale {
    const char *encoder, *option; /* no option: a constant quantiser */
    double best, worst, usual;
    double top; /* the encoder's own number is top - crf; 0: it is crf */
} scale;

static const scale scales[] = {
    {"libx264", "crf", 0, 51, 18, 0},
    {"libx264rgb", "crf", 0, 51, 18, 0},
    {"libx265", "crf", 0, 51, 20, 0},
    {"libvpx", "crf", 0, 63, 8, 0},
    {"libvpx-vp9", "crf", 0, 63, 24, 0},
    {"libaom-av1", "crf", 0, 63, 22, 0},
    {"libsvtav1", "crf", 0, 63, 24, 0},
    {"librav1e", "qp", 0, 255, 60, 0},
    {"libjxl", "distance", 0, 15, 1, 0},
    {"libwebp", "quality", 0, 100, 10, 100},
    {"libwebp_anim", "quality", 0, 100, 10, 100},
    {"libtheora", NULL, 0, 10, 1, 10},
};

static const scale quantisers = {NULL, NULL, 1, 31, 2, 0};

/* NULL: the encoder is lossless, or has a scale that nobody wrote down. */
static const scale *find_scale(const AVCodecContext *context)
{
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(context->codec_id);
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
        if (strcmp(context->codec->name, scales[i].encoder) == 0)
            return &scales[i];
    if (context->priv_data && av_opt_find(context->priv_data, "crf", NULL, 0, 0))
        return NULL;
    return descriptor && descriptor->props & AV_CODEC_PROP_LOSSY ? &quantisers : NULL;
}

static bool chooses_rate(const AVDictionary *options)
{
    static const char *const names[] = {"crf",    "b", "qp", "q", "qscale", "global_quality",
                                        "quality"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (av_dict_get(options, names[i], NULL, 0))
            return true;
    return false;
}

static bc_status parse(double *value, const char *crf, const scale *by, const char *encoder,
                       const bc_log *log)
{
    char *end;
    *value = strtod(crf, &end);
    if (end == crf || *end || !(*value >= by->best && *value <= by->worst))
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "--crf is a number from %g (best) to %g for %s, not '%s'", by->best,
                       by->worst, encoder, crf);
    return BC_OK;
}

/* Without a limit of their own these take the usual bit rate for one. */
static void lift_limit(AVCodecContext *context, AVDictionary **options)
{
    if (context->codec_id == AV_CODEC_ID_VP8)
        av_dict_set(options, "b", "20M", AV_DICT_DONT_OVERWRITE);
    else if (context->codec_id == AV_CODEC_ID_VP9 || context->codec_id == AV_CODEC_ID_AV1)
        av_dict_set(options, "b", "0", AV_DICT_DONT_OVERWRITE);
}

bc_status bc_quality_set(AVCodecContext *context, AVDictionary **options, const char *crf,
                         const bc_log *log)
{
    const char *encoder = context->codec->name;
    const scale *by = find_scale(context);
    if (!crf && (chooses_rate(*options) || !by))
        return BC_OK;
    if (!by)
        return bc_fail(log, BC_ERR_ARGUMENT, "the encoder %s has no crf", encoder);
    double value = by->usual;
    const bc_status status = crf ? parse(&value, crf, by, encoder, log) : BC_OK;
    if (status < 0)
        return status;
    if (by->top > 0)
        value = by->top - value;
    if (by->option) {
        char text[32];
        snprintf(text, sizeof(text), "%g", value);
        av_dict_set(options, by->option, text, 0);
        if (strcmp(by->option, "crf") == 0)
            lift_limit(context, options);
    } else {
        context->flags |= AV_CODEC_FLAG_QSCALE;
        context->global_quality = (int)(value * FF_QP2LAMBDA);
    }
    return BC_OK;
}
