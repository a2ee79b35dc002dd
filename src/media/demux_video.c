#include <string.h>

#include "base/log.h"
#include "media/av.h"
#include "media/demux.h"
#include "media/webvtt.h"

static int64_t area(const AVStream *stream)
{
    return (int64_t)stream->codecpar->width * stream->codecpar->height;
}

/* FFmpeg's choice goes by bit rate, which is often unknown: the largest moving one it is. */
static int find_largest(const AVFormatContext *input, int best)
{
    for (int i = 0; i < (int)input->nb_streams; i++) {
        const AVStream *stream = input->streams[i], *now = input->streams[best];
        const bool is_moving = stream->nb_frames != 1 || now->nb_frames == 1;
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && is_moving &&
            stream->disposition == now->disposition && area(stream) > area(now) &&
            avcodec_find_decoder(stream->codecpar->codec_id))
            best = i;
    }
    return best;
}

/* FFmpeg's own decoders of VP8 and VP9 leave out the alpha. */
static const AVCodec *choose_codec(const AVStream *stream)
{
    const enum AVCodecID id = stream->codecpar->codec_id;
    const AVDictionaryEntry *mode = av_dict_get(stream->metadata, "alpha_mode", NULL, 0);
    const AVCodec *codec = NULL;
    if (mode && strcmp(mode->value, "1") == 0 && id == AV_CODEC_ID_VP8)
        codec = avcodec_find_decoder_by_name("libvpx");
    else if (mode && strcmp(mode->value, "1") == 0 && id == AV_CODEC_ID_VP9)
        codec = avcodec_find_decoder_by_name("libvpx-vp9");
    return codec ? codec : avcodec_find_decoder(id);
}

bc_status bc_demuxer_find_video(bc_demuxer *demuxer)
{
    const bc_log *log = &demuxer->params->log;
    AVFormatContext *input = demuxer->input;
    int error = avformat_find_stream_info(input, NULL);
    if (bc_demuxer_is_stopped(demuxer))
        return BC_ERR_INTERRUPTED;
    if (error < 0)
        return bc_av_fail(log, error, "cannot read %s", demuxer->url);
    bc_webvtt_find(input);
    int index = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, &demuxer->codec, 0);
    if (index == AVERROR_STREAM_NOT_FOUND)
        return bc_fail(log, BC_ERR_FORMAT, "%s: there is no video and no picture in it",
                       demuxer->url);
    if (index < 0)
        return bc_av_fail(log, index, "%s: its video cannot be decoded", demuxer->url);
    index = find_largest(input, index);
    demuxer->video = input->streams[index];
    demuxer->codec = choose_codec(demuxer->video);
    if (demuxer->video->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return bc_fail(log, BC_ERR_FORMAT, "%s: there is no video in it, only a cover picture",
                       demuxer->url);
    return BC_OK;
}
