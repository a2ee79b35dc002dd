/*
 * versions.h (private): what FFmpeg 5.1 to 8 name differently, under one name each.
 *
 * libavutil 57.30 (FFmpeg 6.0) has AVFrame.duration, 58.7 (6.1) the flag of interlaced frames;
 * libavformat 60.15 (6.1) keeps a stream's side data with its codec's parameters; libavcodec 61.13
 * (7.1) lists what a codec supports by a function.
 */
#ifndef BC_MEDIA_VERSIONS_H
#define BC_MEDIA_VERSIONS_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <stdbool.h>

#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
#define BC_FRAME_DURATION duration
#else
#define BC_FRAME_DURATION pkt_duration
#endif

/* In the time base of the frame's pts. */
static inline int64_t bc_frame_duration(const AVFrame *frame)
{
    return frame->BC_FRAME_DURATION;
}

static inline void bc_frame_set_duration(AVFrame *frame, int64_t duration)
{
    frame->BC_FRAME_DURATION = duration;
}

static inline bool bc_frame_is_interlaced(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

/* A stream's side data: how much there is, and one of it. */
static inline int bc_stream_n_side_data(const AVStream *stream)
{
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    return stream->codecpar->nb_coded_side_data;
#else
    return stream->nb_side_data;
#endif
}

static inline const AVPacketSideData *bc_stream_side_data(const AVStream *stream, int i)
{
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    return &stream->codecpar->coded_side_data[i];
#else
    return &stream->side_data[i];
#endif
}

/* The side data of that type, or NULL. */
static inline const AVPacketSideData *bc_stream_find_side_data(const AVStream *stream,
                                                               enum AVPacketSideDataType type)
{
    for (int i = 0; i < bc_stream_n_side_data(stream); i++) {
        if (bc_stream_side_data(stream, i)->type == type)
            return bc_stream_side_data(stream, i);
    }
    return NULL;
}

/* Room for `size` bytes of new side data, or NULL without memory. */
static inline uint8_t *bc_stream_add_side_data(AVStream *stream, enum AVPacketSideDataType type,
                                               size_t size)
{
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    AVCodecParameters *codec = stream->codecpar;
    AVPacketSideData *data =
        av_packet_side_data_new(&codec->coded_side_data, &codec->nb_coded_side_data, type, size, 0);
    return data ? data->data : NULL;
#else
    return av_stream_new_side_data(stream, type, size);
#endif
}

#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
static inline const void *bc_codec_config(const AVCodec *codec, enum AVCodecConfig config)
{
    const void *list = NULL;
    return avcodec_get_supported_config(NULL, codec, config, 0, &list, NULL) < 0 ? NULL : list;
}
#define BC_CODEC_LIST(codec, config, field) bc_codec_config(codec, config)
#else
#define BC_CODEC_LIST(codec, config, field) ((codec)->field)
#endif

/* What a codec can encode, ended by AV_PIX_FMT_NONE, AV_SAMPLE_FMT_NONE, {0} or 0; NULL: any. */
static inline const enum AVPixelFormat *bc_codec_pixel_formats(const AVCodec *codec)
{
    return BC_CODEC_LIST(codec, AV_CODEC_CONFIG_PIX_FORMAT, pix_fmts);
}

static inline const AVRational *bc_codec_frame_rates(const AVCodec *codec)
{
    return BC_CODEC_LIST(codec, AV_CODEC_CONFIG_FRAME_RATE, supported_framerates);
}

static inline const enum AVSampleFormat *bc_codec_sample_formats(const AVCodec *codec)
{
    return BC_CODEC_LIST(codec, AV_CODEC_CONFIG_SAMPLE_FORMAT, sample_fmts);
}

static inline const AVChannelLayout *bc_codec_channel_layouts(const AVCodec *codec)
{
    return BC_CODEC_LIST(codec, AV_CODEC_CONFIG_CHANNEL_LAYOUT, ch_layouts);
}

static inline const int *bc_codec_sample_rates(const AVCodec *codec)
{
    return BC_CODEC_LIST(codec, AV_CODEC_CONFIG_SAMPLE_RATE, supported_samplerates);
}

/* What a function that writes for avio_alloc_context is given: its to read only, since 7.0. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t bc_written_byte;
#else
typedef uint8_t bc_written_byte;
#endif

#endif
