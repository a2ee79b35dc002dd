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
#include "media/adapt.h"
#include "media/scale.h"

/* The decoder is drained after its first packet with a picture: one frame is all that is wanted. */
static int decode_first(AVFormatContext *input, AVCodecContext *decoder, int stream,
                        AVPacket *packet, AVFrame *av)
{
    int error = AVERROR(EAGAIN);
    while (error == AVERROR(EAGAIN)) {
        const int read_error = av_read_frame(input, packet);
        if (read_error < 0 && read_error != AVERROR_EOF)
            return read_error;
        if (read_error >= 0 && packet->stream_index != stream) {
            av_packet_unref(packet);
            continue;
        }
        avcodec_send_packet(decoder, read_error < 0 ? NULL : packet);
        av_packet_unref(packet);
        error = avcodec_receive_frame(decoder, av);
    }
    return error == AVERROR_EOF ? AVERROR_INVALIDDATA : error;
}

static int open_decoder(AVCodecContext **decoder, AVFormatContext *input, int stream,
                        const AVCodec *codec)
{
    *decoder = avcodec_alloc_context3(codec);
    if (!*decoder)
        return AVERROR(ENOMEM);
    const int error = avcodec_parameters_to_context(*decoder, input->streams[stream]->codecpar);
    return error < 0 ? error : avcodec_open2(*decoder, codec, NULL);
}

static int decode_file(const char *path, AVFrame *av)
{
    AVFormatContext *input = NULL;
    AVCodecContext *decoder = NULL;
    AVPacket *packet = av_packet_alloc();
    const AVCodec *codec;
    int stream = -1;
    int error = packet ? avformat_open_input(&input, path, NULL, NULL) : AVERROR(ENOMEM);
    if (error >= 0)
        error = avformat_find_stream_info(input, NULL);
    if (error >= 0)
        error = stream = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (error >= 0)
        error = open_decoder(&decoder, input, stream, codec);
    if (error >= 0)
        error = decode_first(input, decoder, stream, packet, av);
    avcodec_free_context(&decoder);
    avformat_close_input(&input);
    av_packet_free(&packet);
    return error;
}

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

static bool has_alpha(const AVFrame *av)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)av->format);
    return format->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
}

static bc_status to_packed(bc_frame **picture, const AVFrame *av, bc_alpha alpha, const bc_log *log)
{
    const bc_pixel_format format = has_alpha(av) ? BC_RGBA32 : BC_RGB24;
    bc_status status = bc_frame_alloc(picture, av->width, av->height, format, log);
    AVFrame *view = av_frame_alloc();
    bc_scaler scaler = {0};
    if (status == BC_OK)
        status = view ? bc_av_view(view, &(*picture)->image, log) : BC_ERR_MEMORY;
    if (status == BC_OK)
        status = bc_scaler_run(&scaler, av, view, log);
    bc_scaler_close(&scaler);
    av_frame_free(&view);
    if (status < 0)
        bc_frame_unref(picture);
    else if (format == BC_RGBA32 && alpha == BC_ALPHA_OVER_WHITE)
        compose_over_white(&(*picture)->image);
    return status;
}

static bc_status to_upright(AVFrame *av, const char *path, const bc_log *log)
{
    const AVFrameSideData *matrix = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
    if (av->width > BC_MAX_SIZE || av->height > BC_MAX_SIZE)
        return bc_fail(log, BC_ERR_UNSUPPORTED, "%s: %dx%d is larger than %d", path, av->width,
                       av->height, BC_MAX_SIZE);
    bc_adapter adapter = {0};
    bc_av_complete_colour(av);
    const bc_status status =
        bc_adapter_run(&adapter, av, matrix ? (const int32_t *)matrix->data : NULL, log);
    bc_adapter_close(&adapter);
    bc_av_complete_colour(av);
    return status;
}

bc_status bc_picture_read(bc_frame **picture, const char *path, bc_alpha alpha, const bc_log *log)
{
    *picture = NULL;
    AVFrame *av = av_frame_alloc();
    if (!av)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    const int error = decode_file(path, av);
    bc_status status =
        error < 0 ? bc_av_fail(log, error, "cannot read %s", path) : to_upright(av, path, log);
    if (status == BC_OK)
        status = to_packed(picture, av, alpha, log);
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
    if (!codec->pix_fmts)
        return (enum AVPixelFormat)view->format;
    return avcodec_find_best_pix_fmt_of_list(codec->pix_fmts, (enum AVPixelFormat)view->format, 1,
                                             NULL);
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
    if (asprintf(&temporary, "%s.%d.part", path, (int)getpid()) < 0)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    FILE *file = fopen(temporary, "wb");
    bool ok = file && fwrite(packet->data, 1, (size_t)packet->size, file) == (size_t)packet->size;
    ok = file && fclose(file) == 0 && ok;
    ok = ok && rename(temporary, path) == 0;
    const bc_status status =
        ok ? BC_OK : bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    if (file && !ok)
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

bc_status bc_picture_write(const char *path, const bc_image *image, const bc_log *log)
{
    const enum AVCodecID id = codec_of(path);
    const AVCodec *codec = avcodec_find_encoder(id);
    if (!codec)
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: not the name of a picture (.png, .jpg)", path);
    bc_frame *flat = NULL;
    bc_status status = BC_OK;
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
