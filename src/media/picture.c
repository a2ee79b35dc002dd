#include "media/picture.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/temporary.h"
#include "media/convert.h"
#include "media/filter.h"
#include "media/input.h"
#include "media/reader.h"
#include "media/scale.h"
#include "media/truncation.h"
#include "media/versions.h"

static uint8_t over_white(unsigned value, unsigned alpha)
{
    return (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* In place: a pixel's three bytes never reach the next pixel's four. */
static void compose_over_white(bc_image *image)
{
    const int red = image->format == BC_BGRA32 ? 2 : 0;
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = image->pixels + y * image->stride_bytes;
        for (int x = 0; x < image->width; x++) {
            const uint8_t from[4] = {row[4 * x + red], row[4 * x + 1], row[4 * x + 2 - red],
                                     row[4 * x + 3]};
            for (int c = 0; c < 3; c++)
                row[3 * x + c] = over_white(from[c], from[3]);
        }
    }
    image->format = BC_RGB24;
}

static bc_status to_packed(bc_frame **picture, const bc_reader *reader, bc_alpha alpha,
                           const bc_log *log)
{
    const bc_reader_info *info = bc_reader_info_of(reader);
    const bc_pixel_format format = info->has_alpha ? BC_RGBA32 : BC_RGB24;
    bc_converter *converter = NULL;
    bc_status status = bc_frame_alloc(picture, info->width, info->height, format, log);
    if (status == BC_OK)
        status = bc_converter_open(&converter, 1, log);
    if (status == BC_OK)
        status = bc_converter_run(converter, bc_reader_first(reader), &(*picture)->image);
    bc_converter_close(&converter);
    if (status < 0)
        bc_frame_unref(picture);
    else if (info->has_alpha && alpha == BC_ALPHA_OVER_WHITE)
        compose_over_white(&(*picture)->image);
    return status;
}

/* The decoders fill up with grey what is missing, and say nothing. */
static bc_status check_end(const bc_reader *reader, const char *path, const bc_log *log)
{
    char text[128];
    const bc_reader_info *info = bc_reader_info_of(reader);
    if (bc_reader_damaged(reader) > 0)
        return bc_fail(log, BC_ERR_FORMAT, "%s: the picture is damaged", path);
    if (!info->is_picture && strcmp(info->codec, "gif") != 0)
        return BC_OK;
    return bc_truncation_find(bc_reader_input(reader), text, sizeof(text))
               ? bc_fail(log, BC_ERR_FORMAT, "%s: %s", path, text)
               : BC_OK;
}

bc_status bc_picture_read(bc_frame **picture, const char *path, bc_alpha alpha, const bc_log *log)
{
    bc_reader *reader;
    *picture = NULL;
    bc_status status =
        bc_reader_open(&reader, path, &(bc_reader_params){.n_threads = 1, .log = *log});
    if (status == BC_OK)
        status = check_end(reader, path, log);
    if (status == BC_OK)
        status = to_packed(picture, reader, alpha, log);
    bc_reader_close(&reader);
    return status;
}

bc_status bc_picture_label(const bc_image *image, const char *text, const bc_log *log)
{
    char filters[BC_FILTER_SIZE];
    AVFrame *av = av_frame_alloc();
    bc_filter filter = {0};
    snprintf(filters, sizeof(filters),
             "drawtext=text='%s':expansion=none:fontsize=%d:x=h/40:y=h-th-h/40:fontcolor=white:"
             "box=1:boxcolor=black@0.5:boxborderw=%d",
             text, FFMAX(image->height / 14, 8), FFMAX(image->height / 80, 2));
    bc_status status = av ? bc_av_view(av, image, log) : BC_ERR_MEMORY;
    if (status == BC_OK)
        status = bc_filter_run(&filter, av, filters, log);
    for (int y = 0; y < image->height && status == BC_OK; y++)
        memcpy(image->pixels + y * image->stride_bytes,
               av->data[0] + (ptrdiff_t)y * av->linesize[0],
               (size_t)image->width * (image->format == BC_RGB24 ? 3 : 4));
    bc_filter_close(&filter);
    av_frame_free(&av);
    return status;
}

/* Writing ---------------------------------------------------------------------------------- */

static bool is_jpeg(enum AVCodecID codec)
{
    return codec == AV_CODEC_ID_MJPEG;
}

static enum AVPixelFormat choose_format(const AVCodec *codec, const AVFrame *view)
{
    if (is_jpeg(codec->id))
        return AV_PIX_FMT_YUV444P;
    const enum AVPixelFormat *formats = bc_codec_pixel_formats(codec);
    if (!formats)
        return (enum AVPixelFormat)view->format;
    return avcodec_find_best_pix_fmt_of_list(formats, (enum AVPixelFormat)view->format, 1, NULL);
}

static bc_status convert_for(AVFrame *av, const AVFrame *view, enum AVPixelFormat format,
                             const bc_log *log)
{
    av->format = format;
    av->width = view->width;
    av->height = view->height;
    av->colorspace = AVCOL_SPC_SMPTE170M; /* the matrix and range of JFIF */
    av->color_range = AVCOL_RANGE_JPEG;
    bc_av_complete_colour(av);
    const int error = av_frame_get_buffer(av, 0);
    if (error < 0)
        return bc_av_fail(log, error, "frame");
    bc_scaler scaler = {0};
    const bc_status status = bc_scaler_run(&scaler, view, av, log);
    bc_scaler_close(&scaler);
    return status;
}

static int encode(const AVCodec *codec, AVFrame *av, AVPacket *packet)
{
    AVCodecContext *encoder = avcodec_alloc_context3(codec);
    if (!encoder)
        return AVERROR(ENOMEM);
    encoder->width = av->width;
    encoder->height = av->height;
    encoder->pix_fmt = (enum AVPixelFormat)av->format;
    encoder->color_range = av->color_range;
    encoder->colorspace = av->colorspace;
    encoder->time_base = (AVRational){1, 25};
    if (is_jpeg(codec->id)) {
        encoder->flags |= AV_CODEC_FLAG_QSCALE;
        encoder->global_quality = av->quality = 2 * FF_QP2LAMBDA;
    }
    av->pts = 0;
    int error = avcodec_open2(encoder, codec, NULL);
    if (error >= 0)
        error = avcodec_send_frame(encoder, av);
    if (error >= 0)
        error = avcodec_send_frame(encoder, NULL);
    if (error >= 0)
        error = avcodec_receive_packet(encoder, packet);
    avcodec_free_context(&encoder);
    return error;
}

static bc_status write_whole(const char *path, const AVPacket *packet, const bc_log *log)
{
    char *temporary = NULL;
    const int fd = bc_temporary_create(&temporary, path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    bool ok = file && fwrite(packet->data, 1, (size_t)packet->size, file) == (size_t)packet->size;
    ok = file && fclose(file) == 0 && ok;
    ok = ok && rename(temporary, path) == 0;
    const bc_status status =
        ok ? BC_OK : bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    if (temporary && !ok)
        unlink(temporary);
    free(temporary);
    return status;
}

static bc_status encode_view(const char *path, const AVCodec *codec, const AVFrame *view,
                             const bc_log *log)
{
    AVFrame *av = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    bc_status status = av && packet ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "%s: no memory", path);
    if (status == BC_OK)
        status = convert_for(av, view, choose_format(codec, view), log);
    if (status == BC_OK) {
        const int error = encode(codec, av, packet);
        if (error < 0)
            status = bc_av_fail(log, error, "cannot encode %s", path);
    }
    if (status == BC_OK)
        status = write_whole(path, packet, log);
    av_packet_free(&packet);
    av_frame_free(&av);
    return status;
}

/* A flat copy over white, for a format without alpha. */
static bc_status flatten(bc_frame **flat, const bc_image *image, const bc_log *log)
{
    const bc_status status = bc_frame_alloc(flat, image->width, image->height, BC_RGBA32, log);
    if (status < 0)
        return status;
    for (int y = 0; y < image->height; y++)
        memcpy((*flat)->image.pixels + y * (*flat)->image.stride_bytes,
               image->pixels + y * image->stride_bytes, (size_t)image->width * 4);
    (*flat)->image.format = image->format;
    compose_over_white(&(*flat)->image);
    return BC_OK;
}

/* The formats whose file is one packet; others (GIF) need a muxer. */
static enum AVCodecID codec_of(const char *path)
{
    const AVOutputFormat *format = av_guess_format(NULL, path, NULL);
    if (!format || (strcmp(format->name, "image2") != 0 && strcmp(format->name, "webp") != 0))
        return AV_CODEC_ID_NONE;
    return av_guess_codec(format, NULL, path, NULL, AVMEDIA_TYPE_VIDEO);
}

bc_status bc_picture_check_name(const char *path, const bc_log *log)
{
    if (avcodec_find_encoder(codec_of(path)))
        return BC_OK;
    return bc_fail(log, BC_ERR_ARGUMENT, "%s: not the name of a picture (.png, .jpg)", path);
}

bc_status bc_picture_write(const char *path, const bc_image *image, const bc_log *log)
{
    const enum AVCodecID id = codec_of(path);
    const AVCodec *codec = avcodec_find_encoder(id);
    bc_frame *flat = NULL;
    bc_status status = bc_picture_check_name(path, log);
    if (status < 0)
        return status;
    if (is_jpeg(id) && image->format != BC_RGB24)
        status = flatten(&flat, image, log);
    AVFrame *view = av_frame_alloc();
    if (status == BC_OK)
        status = view ? bc_av_view(view, flat ? &flat->image : image, log)
                      : bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    if (status == BC_OK)
        status = encode_view(path, codec, view, log);
    av_frame_free(&view);
    bc_frame_unref(&flat);
    return status;
}
