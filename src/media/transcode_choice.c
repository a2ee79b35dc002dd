#include "media/transcode_choice.h"

#include <libavutil/channel_layout.h>
#include <stdbool.h>

#include "media/versions.h"

enum { USUAL_RATE = 48000 };

static enum AVCodecID default_sound(const AVOutputFormat *container)
{
    const enum AVCodecID usual = container->audio_codec;
    if (usual == AV_CODEC_ID_AMR_NB || usual == AV_CODEC_ID_AMR_WB) /* made for speech */
        return AV_CODEC_ID_AAC;
    return usual;
}

static bool is_text(enum AVCodecID id)
{
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(id);
    return descriptor && descriptor->props & AV_CODEC_PROP_TEXT_SUB;
}

/* mp4 and its family have a kind of their own, but do not call it their usual one. */
static enum AVCodecID default_text(const AVOutputFormat *container)
{
    if (is_text(container->subtitle_codec))
        return container->subtitle_codec;
    return avformat_query_codec(container, AV_CODEC_ID_MOV_TEXT, FF_COMPLIANCE_NORMAL) == 1
               ? AV_CODEC_ID_MOV_TEXT
               : AV_CODEC_ID_NONE;
}

const AVCodec *bc_transcode_encoder(const AVCodecParameters *source,
                                    const AVOutputFormat *container, const char *name)
{
    const AVCodec *codec = NULL;
    if (source->codec_type == AVMEDIA_TYPE_SUBTITLE && is_text(source->codec_id))
        codec = avcodec_find_encoder(default_text(container));
    else if (source->codec_type == AVMEDIA_TYPE_AUDIO && name) {
        const AVCodecDescriptor *descriptor = avcodec_descriptor_get_by_name(name);
        codec = descriptor ? avcodec_find_encoder(descriptor->id) /* no experimental one */
                           : avcodec_find_encoder_by_name(name);
    } else if (source->codec_type == AVMEDIA_TYPE_AUDIO) {
        codec = avcodec_find_encoder(default_sound(container));
    }
    return codec && codec->type == source->codec_type ? codec : NULL;
}

int bc_transcode_rate(const AVCodec *codec, int rate)
{
    int best = 0;
    if (rate <= 0)
        rate = USUAL_RATE;
    const int *rates = bc_codec_sample_rates(codec);
    if (!rates)
        return rate;
    for (const int *r = rates; *r; r++) {
        const bool is_enough = *r >= rate, was_enough = best >= rate;
        if (!best || (is_enough && (!was_enough || *r < best)) || (!was_enough && *r > best))
            best = *r;
    }
    return best;
}

int bc_transcode_layout(AVChannelLayout *layout, const AVCodec *codec,
                        const AVCodecParameters *source)
{
    const int n = source->ch_layout.nb_channels > 0 ? source->ch_layout.nb_channels : 2;
    const AVChannelLayout *layouts = bc_codec_channel_layouts(codec), *best = NULL;
    if (!layouts) {
        if (source->ch_layout.order != AV_CHANNEL_ORDER_UNSPEC)
            return av_channel_layout_copy(layout, &source->ch_layout);
        av_channel_layout_default(layout, n);
        return 0;
    }
    for (const AVChannelLayout *l = layouts; l->nb_channels; l++) {
        if (av_channel_layout_compare(l, &source->ch_layout) == 0)
            return av_channel_layout_copy(layout, l);
        if (!best || (l->nb_channels <= n && l->nb_channels > best->nb_channels) ||
            (best->nb_channels > n && l->nb_channels < best->nb_channels))
            best = l;
    }
    return av_channel_layout_copy(layout, best);
}
