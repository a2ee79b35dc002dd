#include "media/sidedata.h"
#include "media/versions.h"

#include <libavutil/avstring.h>
#include <libavutil/stereo3d.h>
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

/* FFmpeg 7.1 writes packed views into mp4 as st3d, which says how they are packed, and as eyes,
 * which does not; what is read last wins, the eyes. Nothing but st3d is written of a view that is
 * unset. */
static void leave_packing_to_st3d(uint8_t *bytes)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(59, 39, 100)
    AVStereo3D *views = (AVStereo3D *)(void *)bytes;
    const bool is_in_st3d = views->flags == 0 && (views->type == AV_STEREO3D_SIDEBYSIDE ||
                                                  views->type == AV_STEREO3D_TOPBOTTOM);
    if (is_in_st3d && views->view == AV_STEREO3D_VIEW_PACKED)
        views->view = AV_STEREO3D_VIEW_UNSPEC;
#else
    (void)bytes;
#endif
}

int bc_sidedata_copy_stream(AVStream *target, const AVStream *source,
                            const AVOutputFormat *container, bool is_same_light)
{
    for (int i = 0; i < bc_stream_n_side_data(source); i++) {
        const AVPacketSideData *from = bc_stream_side_data(source, i);
        if (!is_of_view(from->type) && !(is_of_light(from->type) && is_same_light))
            continue;
        uint8_t *bytes = bc_stream_add_side_data(target, from->type, from->size);
        if (!bytes)
            return AVERROR(ENOMEM);
        memcpy(bytes, from->data, from->size);
        if (from->type == AV_PKT_DATA_STEREO3D && strcmp(container->name, "mp4") == 0)
            leave_packing_to_st3d(bytes);
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
