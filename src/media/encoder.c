#include "media/encoder.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "media/adapt.h"
#include "media/encoder_threads.h"
#include "media/quality.h"
#include "media/versions.h"

enum {
    MAX_MPEG4_TICKS = 65535,
    GIF_TICKS = 100,
    MIN_GIF_DELAY = 2, /* ticks: browsers show shorter ones as 10 */
};

/* Codec ------------------------------------------------------------------------------------ */

static enum AVCodecID default_codec(const AVOutputFormat *container, const char *url)
{
    const enum AVCodecID usual = av_guess_codec(container, NULL, url, NULL, AVMEDIA_TYPE_VIDEO);
    switch (usual) {
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_FLV1:
        if (avformat_query_codec(container, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) != 0)
            return AV_CODEC_ID_H264; /* RTSP and RTP do not say no, but that they cannot say */
        break;
    case AV_CODEC_ID_MPEG2VIDEO:
        if (strstr(container->name, "mpegts"))
            return AV_CODEC_ID_H264;
        break;
    default:
        break;
    }
    return usual;
}

static bc_status choose_codec(const AVCodec **codec, const AVOutputFormat *container,
                              const char *url, const bc_writer_params *params)
{
    const char *name = params->codec;
    if (name) {
        const AVCodecDescriptor *descriptor = avcodec_descriptor_get_by_name(name);
        *codec = avcodec_find_encoder_by_name(name);
        if (!*codec && descriptor)
            *codec = avcodec_find_encoder(descriptor->id);
        if (*codec && (*codec)->type == AVMEDIA_TYPE_VIDEO)
            return BC_OK;
        return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "there is no video encoder '%s'", name);
    }
    const enum AVCodecID id = default_codec(container, url);
    *codec = avcodec_find_encoder(id);
    if (*codec)
        return BC_OK;
    if (id == AV_CODEC_ID_NONE)
        return bc_fail(&params->log, BC_ERR_ARGUMENT, "%s: a %s file holds no video", url,
                       container->name);
    return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "%s: FFmpeg has no encoder for %s here", url,
                   avcodec_get_name(id));
}

/* Canvas ----------------------------------------------------------------------------------- */

static bool has_format(const AVCodec *codec, enum AVPixelFormat format)
{
    const enum AVPixelFormat *formats = bc_codec_pixel_formats(codec);
    if (!formats)
        return true;
    for (const enum AVPixelFormat *f = formats; *f != AV_PIX_FMT_NONE; f++)
        if (*f == format)
            return true;
    return false;
}

static enum AVPixelFormat nearest_format(const AVCodec *codec, enum AVPixelFormat format)
{
    if (has_format(codec, format))
        return format;
    return avcodec_find_best_pix_fmt_of_list(bc_codec_pixel_formats(codec), format, 1, NULL);
}

static const AVPixFmtDescriptor *describe(enum AVPixelFormat format)
{
    return av_pix_fmt_desc_get(format);
}

static bool has_colours(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *description = describe(format);
    const int has_alpha = (description->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
    return description->flags & AV_PIX_FMT_FLAG_PAL || description->nb_components - has_alpha > 1;
}

/* A painting has colours, and many, whatever its source has. */
static enum AVPixelFormat painted_format(const AVFrame *source)
{
    const enum AVPixelFormat format = (enum AVPixelFormat)source->format;
    const AVPixFmtDescriptor *description = describe(format);
    const bool is_rgb = description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
    const bool has_alpha = bc_av_has_alpha(source);
    const int depth = description->comp[0].depth;
    if (has_colours(format) && !(is_rgb && depth < 8) &&
        !(description->flags & AV_PIX_FMT_FLAG_PAL))
        return format;
    if (depth > 8)
        return has_alpha ? AV_PIX_FMT_RGBA64 : AV_PIX_FMT_RGB48;
    return has_alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
}

/* Codecs for delivery get what every player plays, the others what keeps most of the painting. */
static enum AVPixelFormat default_format(const AVCodec *codec, enum AVPixelFormat painted)
{
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(codec->id);
    const bool has_alpha = describe(painted)->flags & AV_PIX_FMT_FLAG_ALPHA;
    if (codec->id == AV_CODEC_ID_GIF)
        return AV_PIX_FMT_PAL8;
    if (descriptor && descriptor->props & AV_CODEC_PROP_INTRA_ONLY)
        return nearest_format(codec, painted);
    if (has_alpha && has_format(codec, AV_PIX_FMT_YUVA420P))
        return AV_PIX_FMT_YUVA420P;
    return nearest_format(codec,
                          has_format(codec, AV_PIX_FMT_YUV420P) ? AV_PIX_FMT_YUV420P : painted);
}

static bool is_fine_yuv(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *description = describe(format);
    return description->comp[0].depth >= 10 && !(description->flags & AV_PIX_FMT_FLAG_RGB);
}

/* The light of PQ and HLG would show steps in 8 bits, and has no name in RGB. */
static bc_status check_hdr(enum AVPixelFormat *format, const AVCodec *codec,
                           const bc_writer_params *params)
{
    if (!is_fine_yuv(*format) && !params->pixel_format)
        *format = nearest_format(codec, AV_PIX_FMT_YUV420P10LE);
    if (is_fine_yuv(*format))
        return BC_OK;
    return bc_fail(&params->log, BC_ERR_ARGUMENT,
                   "%s %s cannot hold HDR: it takes YUV of 10 bits (libx265, yuv420p10le)",
                   codec->name, av_get_pix_fmt_name(*format));
}

static bc_status choose_format(enum AVPixelFormat *format, const AVCodec *codec,
                               const AVFrame *source, const bc_writer_params *params)
{
    *format = default_format(codec, painted_format(source));
    if (!params->pixel_format) {
        if (!has_colours(*format))
            bc_log_write(&params->log, BC_LOG_WARNING, "%s holds no colours", codec->name);
        return BC_OK;
    }
    const enum AVPixelFormat wanted = av_get_pix_fmt(params->pixel_format);
    if (wanted == AV_PIX_FMT_NONE)
        return bc_fail(&params->log, BC_ERR_ARGUMENT, "there is no pixel format '%s'",
                       params->pixel_format);
    *format = nearest_format(codec, wanted);
    if (*format != wanted)
        bc_log_write(&params->log, BC_LOG_WARNING, "%s does not take %s: %s is used instead",
                     codec->name, params->pixel_format, av_get_pix_fmt_name(*format));
    return BC_OK;
}

static bool is_rgb(int format)
{
    return av_pix_fmt_desc_get((enum AVPixelFormat)format)->flags & AV_PIX_FMT_FLAG_RGB;
}

/* The source's colour where both are YUV, so that nothing need be converted; else the usual guess.
 */
static void set_canvas(AVFrame *canvas, const AVFrame *first, enum AVPixelFormat format,
                       enum AVCodecID codec)
{
    canvas->format = format;
    canvas->width = first->width;
    canvas->height = first->height;
    canvas->sample_aspect_ratio = first->sample_aspect_ratio;
    canvas->color_primaries = first->color_primaries;
    canvas->color_trc = first->color_trc;
    if (!is_rgb(format) && !is_rgb(first->format)) {
        canvas->colorspace = first->colorspace;
        canvas->color_range = first->color_range;
        canvas->chroma_location = first->chroma_location;
    }
    if (codec == AV_CODEC_ID_MJPEG) { /* what JFIF means */
        canvas->colorspace = AVCOL_SPC_BT470BG;
        canvas->color_range = AVCOL_RANGE_JPEG;
        canvas->chroma_location = AVCHROMA_LOC_CENTER;
    }
    bc_av_complete_colour(canvas);
}

/* Options ---------------------------------------------------------------------------------- */

static bool has_option(const AVCodecContext *context, const char *name)
{
    return context->priv_data && av_opt_find(context->priv_data, name, NULL, 0, 0);
}

static bc_status collect_options(AVCodecContext *context, AVDictionary **options,
                                 const bc_writer_params *params)
{
    if (params->encoder_options &&
        av_dict_parse_string(options, params->encoder_options, "=", ":", 0) < 0)
        return bc_fail(&params->log, BC_ERR_ARGUMENT, "encoder options are key=value:..., not '%s'",
                       params->encoder_options);
    if (params->preset) {
        if (!has_option(context, "preset"))
            return bc_fail(&params->log, BC_ERR_ARGUMENT, "the encoder %s has no presets",
                           context->codec->name);
        av_dict_set(options, "preset", params->preset, 0);
    }
    if (strcmp(context->codec->name, "libx265") == 0) /* it writes to stderr by itself */
        av_dict_set(options, "x265-params", "log-level=error", AV_DICT_DONT_OVERWRITE);
    bc_encoder_threads_set(context, options, params->n_threads);
    return bc_quality_set(context, options, params->crf, &params->log);
}

/* Opening ---------------------------------------------------------------------------------- */

/* Containers that hold the order of the frames and one rate, but no times. */
static bool has_one_rate(const AVOutputFormat *container)
{
    static const char *const names[] = {"avi",     "dv",         "gxf", "mxf",
                                        "mxf_d10", "mxf_opatom", "swf", "yuv4mpegpipe"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(container->name, names[i]) == 0)
            return true;
    return false;
}

static AVRational choose_time_base(const AVCodec *codec, const AVOutputFormat *container,
                                   const bc_encoder_source *source)
{
    const AVRational rate = source->frame_rate;
    const AVRational *rates = bc_codec_frame_rates(codec);
    if (rates)
        return av_inv_q(rates[av_find_nearest_q_idx(rate, rates)]);
    if (has_one_rate(container) || codec->id == AV_CODEC_ID_THEORA)
        return av_inv_q(rate);
    if (codec->id == AV_CODEC_ID_GIF)
        return (AVRational){1, GIF_TICKS};
    if (codec->id == AV_CODEC_ID_MPEG4 && source->time_base.den > MAX_MPEG4_TICKS)
        return (AVRational){1, rate.num * FFMAX(MAX_MPEG4_TICKS / rate.num, 1)};
    return source->time_base;
}

static void fill_context(AVCodecContext *context, const AVFrame *canvas,
                         const AVOutputFormat *container, const bc_encoder_source *source)
{
    context->width = canvas->width;
    context->height = canvas->height;
    context->pix_fmt = (enum AVPixelFormat)canvas->format;
    context->sample_aspect_ratio = canvas->sample_aspect_ratio;
    context->color_primaries = canvas->color_primaries;
    context->color_trc = canvas->color_trc;
    context->colorspace = canvas->colorspace;
    context->color_range = canvas->color_range;
    context->chroma_sample_location = canvas->chroma_location;
    context->framerate = source->frame_rate;
    context->time_base = choose_time_base(context->codec, container, source);
    if (container->flags & AVFMT_GLOBALHEADER)
        context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (context->codec_id == AV_CODEC_ID_MPEG1VIDEO || context->codec_id == AV_CODEC_ID_MPEG2VIDEO)
        context->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL; /* 15 frames a second */
    if (has_one_rate(container))
        context->max_b_frames = 0; /* decoding order has to be the order of presentation */
}

static bc_status open_context(bc_encoder *encoder, const AVCodec *codec,
                              const AVOutputFormat *container, const bc_encoder_source *source,
                              const bc_writer_params *params, int *error)
{
    AVCodecContext *context = encoder->context = avcodec_alloc_context3(codec);
    if (!context)
        return bc_fail(&params->log, BC_ERR_MEMORY, "encoder: out of memory");
    fill_context(context, encoder->canvas, container, source);
    AVDictionary *options = NULL;
    bc_status status = collect_options(context, &options, params);
    *error = status == BC_OK ? avcodec_open2(context, codec, &options) : 0;
    const AVDictionaryEntry *unknown = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    if (status == BC_OK && *error >= 0 && unknown)
        status = bc_fail(&params->log, BC_ERR_ARGUMENT, "the encoder %s has no option '%s'",
                         codec->name, unknown->key);
    av_dict_free(&options);
    return status;
}

static bool is_uneven(const AVFrame *canvas)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)canvas->format);
    return canvas->width % (1 << format->log2_chroma_w) ||
           canvas->height % (1 << format->log2_chroma_h);
}

/* Known not to round up: asking libx264 leaks memory. The others are asked. */
static bool refuses_uneven(const AVCodec *codec)
{
    return codec->id == AV_CODEC_ID_H264 || codec->id == AV_CODEC_ID_HEVC;
}

/* Where the size does not fit the format's chroma: full chroma always fits. */
static bool change_to_full_chroma(AVFrame *canvas, const AVCodec *codec,
                                  const bc_writer_params *params)
{
    if (!is_uneven(canvas) || !has_format(codec, AV_PIX_FMT_YUV444P))
        return false;
    bc_log_write(&params->log, BC_LOG_WARNING,
                 "%s takes no frames of %dx%d in %s: yuv444p is used instead", codec->name,
                 canvas->width, canvas->height,
                 av_get_pix_fmt_name((enum AVPixelFormat)canvas->format));
    canvas->format = AV_PIX_FMT_YUV444P;
    return true;
}

bc_status bc_encoder_open(bc_encoder *encoder, const AVOutputFormat *container, const char *url,
                          const bc_encoder_source *source, const bc_writer_params *params)
{
    const AVCodec *codec;
    enum AVPixelFormat format = AV_PIX_FMT_NONE;
    int error = 0;
    encoder->last_pts = INT64_MIN;
    encoder->canvas = av_frame_alloc();
    if (!encoder->canvas)
        return bc_fail(&params->log, BC_ERR_MEMORY, "encoder: out of memory");
    bc_status status = choose_codec(&codec, container, url, params);
    if (status == BC_OK)
        status = choose_format(&format, codec, source->first, params);
    if (status == BC_OK && bc_adapter_is_hdr(source->first))
        status = check_hdr(&format, codec, params);
    if (status < 0)
        return status;
    set_canvas(encoder->canvas, source->first, format, codec->id);
    if (refuses_uneven(codec))
        change_to_full_chroma(encoder->canvas, codec, params);
    status = open_context(encoder, codec, container, source, params, &error);
    if (status == BC_OK && error < 0 && change_to_full_chroma(encoder->canvas, codec, params)) {
        avcodec_free_context(&encoder->context);
        status = open_context(encoder, codec, container, source, params, &error);
    }
    if (status == BC_OK && error < 0)
        return bc_av_fail(&params->log, error, "%s: cannot set up the encoder %s for %dx%d %s", url,
                          codec->name, encoder->canvas->width, encoder->canvas->height,
                          av_get_pix_fmt_name((enum AVPixelFormat)encoder->canvas->format));
    if (format == AV_PIX_FMT_PAL8) {
        encoder->canvas->format = AV_PIX_FMT_BGRA;
        bc_av_complete_colour(encoder->canvas);
    }
    return status;
}

bc_status bc_encoder_restart(bc_encoder *encoder, const AVOutputFormat *container,
                             const bc_writer_params *params)
{
    const AVCodec *codec = encoder->context->codec;
    const bc_encoder_source source = {.time_base = encoder->context->time_base,
                                      .frame_rate = encoder->context->framerate};
    int error = 0;
    avcodec_free_context(&encoder->context);
    encoder->last_pts = INT64_MIN;
    encoder->n_delayed = 0;
    const bc_status status = open_context(encoder, codec, container, &source, params, &error);
    return status == BC_OK && error < 0
               ? bc_av_fail(&params->log, error, "cannot set up the encoder %s again", codec->name)
               : status;
}

void bc_encoder_close(bc_encoder *encoder)
{
    avcodec_free_context(&encoder->context);
    av_frame_free(&encoder->canvas);
}

int64_t bc_encoder_last_delay(const bc_encoder *encoder)
{
    return encoder->last_pts == INT64_MIN ? 0 : FFMAX(encoder->end - encoder->last_pts, 0);
}

bool bc_encoder_takes_captions(const bc_encoder *encoder)
{
    return has_option(encoder->context, "a53cc");
}

/* Running ---------------------------------------------------------------------------------- */

/* Of a frame that is inside the encoder: it lasts no longer than until the next one. */
static void end_last(bc_encoder *encoder, int64_t next_pts)
{
    for (int i = 0; i < encoder->n_delayed; i++) {
        struct bc_delayed *delayed = &encoder->delayed[i];
        if (delayed->pts == encoder->last_pts)
            delayed->duration = FFMIN(delayed->duration, next_pts - delayed->pts);
    }
}

static void remember_duration(bc_encoder *encoder, int64_t pts, int64_t duration)
{
    if (encoder->n_delayed < BC_MAX_DELAY)
        encoder->delayed[encoder->n_delayed++] = (struct bc_delayed){pts, duration};
}

static int64_t recall_duration(bc_encoder *encoder, int64_t pts)
{
    for (int i = 0; i < encoder->n_delayed; i++) {
        const struct bc_delayed found = encoder->delayed[i];
        if (found.pts != pts)
            continue;
        encoder->delayed[i] = encoder->delayed[--encoder->n_delayed];
        return found.duration;
    }
    return 0;
}

int bc_encoder_send(bc_encoder *encoder, AVFrame *av, AVRational time_base)
{
    if (!av && encoder->last_pts == INT64_MIN)
        return AVERROR_EOF; /* some do not end well that never began */
    if (!av)
        return avcodec_send_frame(encoder->context, NULL);
    const bool is_gif = encoder->context->codec_id == AV_CODEC_ID_GIF;
    const AVRational own = encoder->context->time_base;
    const int64_t end = av_rescale_q(av->pts + bc_frame_duration(av), time_base, own);
    av->pts = av_rescale_q(av->pts, time_base, own);
    encoder->end = FFMAX(end, av->pts);
    if (is_gif && encoder->last_pts != INT64_MIN && av->pts < encoder->last_pts + MIN_GIF_DELAY) {
        encoder->n_thinned++;
        return 0;
    }
    if (av->pts <= encoder->last_pts) /* a damaged input: no frame may be lost for its time */
        av->pts = encoder->last_pts + 1;
    end_last(encoder, av->pts);
    encoder->last_pts = av->pts;
    av->pict_type = AV_PICTURE_TYPE_NONE; /* the encoder decides, not the source */
    av->quality = encoder->context->global_quality;
    remember_duration(encoder, av->pts, FFMAX(end - av->pts, 0));
    return avcodec_send_frame(encoder->context, av);
}

int bc_encoder_receive(bc_encoder *encoder, AVPacket *packet)
{
    const int error = avcodec_receive_packet(encoder->context, packet);
    if (error >= 0)
        packet->duration = recall_duration(encoder, packet->pts);
    return error;
}
