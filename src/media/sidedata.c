#include "media/sidedata.h"
#include "media/versions.h"

#include <libavutil/avstring.h>
#include <string.h>

bool bc_sidedata_has_rgb_profile(const AVFrame *av)
{
    enum { COLOUR_SPACE = 16 }; /* its place in a profile's head */
    const AVFrameSideData *profile = av_frame_get_side_data(av, AV_FRAME_DATA_ICC_PROFILE);
    return profile && profile->size >= COLOUR_SPACE + 4 &&
           memcmp(profile->data + COLOUR_SPACE, "RGB ", 4) == 0;
}

bool bc_sidedata_keeps_profile(const AVFrame *av, enum AVCodecID codec)
{
    const bool is_written =
        codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_APNG || codec == AV_CODEC_ID_MJPEG;
    return is_written && bc_sidedata_has_rgb_profile(av);
}

int bc_sidedata_copy_frame(AVFrame *target, const AVFrame *source)
{
    static const enum AVFrameSideDataType kinds[] = {
        AV_FRAME_DATA_A53_CC,      AV_FRAME_DATA_AFD,          AV_FRAME_DATA_STEREO3D,
        AV_FRAME_DATA_SPHERICAL,   AV_FRAME_DATA_GOP_TIMECODE, AV_FRAME_DATA_S12M_TIMECODE,
        AV_FRAME_DATA_ICC_PROFILE,
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const AVFrameSideData *from = av_frame_get_side_data(source, kinds[i]);
        if (!from || av_frame_get_side_data(target, kinds[i]) ||
            (kinds[i] == AV_FRAME_DATA_ICC_PROFILE && !bc_sidedata_has_rgb_profile(source)))
            continue;
        AVBufferRef *bytes = av_buffer_ref(from->buf);
        if (!bytes || !av_frame_new_side_data_from_buf(target, kinds[i], bytes)) {
            av_buffer_unref(&bytes);
            return AVERROR(ENOMEM);
        }
    }
    return 0;
}

static bool is_of_light(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_MASTERING_DISPLAY_METADATA ||
           type == AV_PKT_DATA_CONTENT_LIGHT_LEVEL;
}

static bool is_of_view(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_STEREO3D || type == AV_PKT_DATA_SPHERICAL;
}

int bc_sidedata_copy_stream(AVStream *target, const AVStream *source, bool is_same_light)
{
    for (int i = 0; i < bc_stream_n_side_data(source); i++) {
        const AVPacketSideData *from = bc_stream_side_data(source, i);
        if (!is_of_view(from->type) && !(is_of_light(from->type) && is_same_light))
            continue;
        uint8_t *bytes = bc_stream_add_side_data(target, from->type, from->size);
        if (!bytes)
            return AVERROR(ENOMEM);
        memcpy(bytes, from->data, from->size);
    }
    return 0;
}

const char *bc_sidedata_lost(const AVStream *stream, const AVOutputFormat *container)
{
    const bool holds_views = av_match_name(container->name, "matroska,webm,mp4");
    const bool holds_light = av_match_name(container->name, "matroska,webm,mp4,mov");
    for (int i = 0; i < bc_stream_n_side_data(stream); i++) {
        const enum AVPacketSideDataType type = bc_stream_side_data(stream, i)->type;
        if ((is_of_view(type) && !holds_views) || (is_of_light(type) && !holds_light))
            return av_packet_side_data_name(type);
    }
    return NULL;
}

bool bc_sidedata_has_captions(const AVFrame *av)
{
    return av_frame_get_side_data(av, AV_FRAME_DATA_A53_CC);
}
