#include "media/copy.h"
#include "media/versions.h"

#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <string.h>

/* Some demuxers give several frames of AMR at once, which muxers that want one cannot tell apart.
 */
static bool is_in_lumps(const AVCodecParameters *codec)
{
    return (codec->codec_id == AV_CODEC_ID_AMR_NB || codec->codec_id == AV_CODEC_ID_AMR_WB) &&
           codec->frame_size == 0;
}

/* MPEG-TS takes anything as private data, and nobody can tell sound from other data in it. */
static bool becomes_private(const AVOutputFormat *container, const AVCodecParameters *codec)
{
    static const enum AVCodecID known[] = {
        AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO,   AV_CODEC_ID_MPEG4,
        AV_CODEC_ID_H264,       AV_CODEC_ID_HEVC,         AV_CODEC_ID_CAVS,
        AV_CODEC_ID_DIRAC,      AV_CODEC_ID_VC1,          AV_CODEC_ID_MP1,
        AV_CODEC_ID_MP2,        AV_CODEC_ID_MP3,          AV_CODEC_ID_AAC,
        AV_CODEC_ID_AAC_LATM,   AV_CODEC_ID_AC3,          AV_CODEC_ID_EAC3,
        AV_CODEC_ID_DTS,        AV_CODEC_ID_TRUEHD,       AV_CODEC_ID_OPUS,
        AV_CODEC_ID_S302M,      AV_CODEC_ID_DVB_SUBTITLE, AV_CODEC_ID_DVB_TELETEXT,
        AV_CODEC_ID_SMPTE_KLV,  AV_CODEC_ID_TIMED_ID3,    AV_CODEC_ID_SCTE_35,
    };
    if (strcmp(container->name, "mpegts") != 0 || codec->codec_type == AVMEDIA_TYPE_DATA)
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == codec->codec_id)
            return false;
    return true;
}

/* What muxers take and do not write: a cover would be a film of one picture, or nothing. */
static bool vanishes(const AVOutputFormat *container, const AVStream *stream)
{
    const char *name = container->name;
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE &&
        av_match_name(name, "mpeg,vob,svcd,dvd,vcd"))
        return stream->codecpar->codec_id != AV_CODEC_ID_DVD_SUBTITLE; /* read back as such */
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT)
        return !av_match_name(name, "matroska");
    return stream->disposition & AV_DISPOSITION_ATTACHED_PIC &&
           !av_match_name(name, "mp4,ipod,3gp,3g2,psp,matroska,nut");
}

static bool is_cover_to_attach(const AVOutputFormat *container, const AVStream *stream)
{
    return stream->disposition & AV_DISPOSITION_ATTACHED_PIC && stream->attached_pic.size > 0 &&
           strcmp(container->name, "matroska") == 0;
}

/* mp4 names each channel of PCM, and finds only at the end of a file with samples that it cannot.
 */
static int try_samples(AVFormatContext *trial, const AVStream *sound)
{
    const AVCodecParameters *codec = sound->codecpar;
    const int bits = av_get_exact_bits_per_sample(codec->codec_id) * codec->ch_layout.nb_channels;
    if (codec->codec_type != AVMEDIA_TYPE_AUDIO || strcmp(trial->oformat->name, "mp4") != 0 ||
        bits == 0)
        return 0;
    AVPacket *packet = av_packet_alloc();
    int error = packet ? av_new_packet(packet, bits / 8) : AVERROR(ENOMEM);
    if (error >= 0) {
        memset(packet->data, 0, (size_t)packet->size);
        packet->stream_index = sound->index;
        packet->pts = packet->dts = 0;
        packet->duration = 1;
        error = av_write_frame(trial, packet);
    }
    av_packet_free(&packet);
    return error < 0 ? error : av_write_trailer(trial);
}

static int try_streams(AVFormatContext *trial, const AVFormatContext *output,
                       const AVStream *stream)
{
    uint8_t *bytes = NULL;
    int error = 0;
    for (unsigned i = 0; error >= 0 && i < output->nb_streams; i++)
        error = bc_copy_stream(trial, output->streams[i]);
    if (error >= 0)
        error = bc_copy_stream(trial, stream);
    if (error >= 0)
        error = avio_open_dyn_buf(&trial->pb);
    if (error < 0)
        return error;
    error = avformat_write_header(trial, NULL);
    if (error >= 0)
        error = try_samples(trial, trial->streams[trial->nb_streams - 1]);
    avio_close_dyn_buf(trial->pb, &bytes);
    av_free(bytes);
    return error;
}

bool bc_copy_is_possible(const AVFormatContext *output, const AVStream *stream)
{
    const AVOutputFormat *container = output->oformat;
    const AVCodecParameters *codec = stream->codecpar;
    if (codec->codec_type == AVMEDIA_TYPE_UNKNOWN || is_in_lumps(codec) ||
        becomes_private(container, codec) || vanishes(container, stream))
        return false;
    if (codec->codec_type != AVMEDIA_TYPE_ATTACHMENT && !is_cover_to_attach(container, stream) &&
        avformat_query_codec(container, codec->codec_id, FF_COMPLIANCE_NORMAL) == 0)
        return false;
    if (container->flags & AVFMT_NOFILE)
        return true;
    if (strcmp(container->name, "rtp_mpegts") == 0) /* it would want a socket */
        container = av_guess_format("mpegts", NULL, NULL);
    AVFormatContext *trial = NULL;
    int error = avformat_alloc_output_context2(&trial, container, NULL, NULL);
    if (error >= 0)
        error = try_streams(trial, output, stream);
    avformat_free_context(trial);
    return error >= 0;
}

/* The tag stays where it means the same in the new container. */
static uint32_t choose_tag(const AVOutputFormat *container, const AVCodecParameters *codec)
{
    unsigned other;
    if (!container->codec_tag ||
        av_codec_get_id(container->codec_tag, codec->codec_tag) == codec->codec_id ||
        !av_codec_get_tag2(container->codec_tag, codec->codec_id, &other))
        return codec->codec_tag;
    return 0;
}

static int copy_side_data(AVStream *target, const AVStream *source)
{
    for (int i = 0; i < bc_stream_n_side_data(source); i++) {
        const AVPacketSideData *data = bc_stream_side_data(source, i);
        uint8_t *bytes = bc_stream_add_side_data(target, data->type, data->size);
        if (!bytes)
            return AVERROR(ENOMEM);
        memcpy(bytes, data->data, data->size);
    }
    return 0;
}

/* In Matroska a cover is an attachment, whose bytes are in its head. */
static int attach_cover(AVStream *copy, const AVStream *cover)
{
    AVCodecParameters *codec = copy->codecpar;
    const bool is_png = codec->codec_id == AV_CODEC_ID_PNG;
    codec->codec_type = AVMEDIA_TYPE_ATTACHMENT;
    av_freep(&codec->extradata);
    codec->extradata_size = 0;
    codec->extradata = av_mallocz((size_t)cover->attached_pic.size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!codec->extradata)
        return AVERROR(ENOMEM);
    memcpy(codec->extradata, cover->attached_pic.data, (size_t)cover->attached_pic.size);
    codec->extradata_size = cover->attached_pic.size;
    copy->disposition = 0;
    int error = av_dict_set(&copy->metadata, "filename", is_png ? "cover.png" : "cover.jpg",
                            AV_DICT_DONT_OVERWRITE);
    if (error >= 0)
        error = av_dict_set(&copy->metadata, "mimetype", is_png ? "image/png" : "image/jpeg",
                            AV_DICT_DONT_OVERWRITE);
    return error;
}

/* The usual names for channels that have none, as the ffmpeg program gives them: mp4 writes no PCM
 * without, and fails at the end of the file. */
static void name_channels(AVCodecParameters *codec)
{
    AVChannelLayout *layout = &codec->ch_layout;
    if (codec->codec_type == AVMEDIA_TYPE_AUDIO && layout->order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(layout, layout->nb_channels);
}

int bc_copy_stream(AVFormatContext *output, const AVStream *stream)
{
    AVStream *copy = avformat_new_stream(output, NULL);
    if (!copy)
        return AVERROR(ENOMEM);
    int error = avcodec_parameters_copy(copy->codecpar, stream->codecpar);
    name_channels(copy->codecpar);
    if (error >= 0)
        error = copy_side_data(copy, stream);
    if (error >= 0)
        error = av_dict_copy(&copy->metadata, stream->metadata, 0);
    copy->codecpar->codec_tag = choose_tag(output->oformat, stream->codecpar);
    copy->time_base = stream->time_base;
    copy->disposition = stream->disposition;
    copy->avg_frame_rate = stream->avg_frame_rate;
    copy->r_frame_rate = stream->r_frame_rate;
    copy->sample_aspect_ratio = stream->sample_aspect_ratio;
    if (error >= 0 && is_cover_to_attach(output->oformat, stream))
        error = attach_cover(copy, stream);
    return error;
}

/* Entries that speak of the source's own bytes. */
static bool is_stale(const char *key)
{
    static const char *const keys[] = {"encoder",     "rotate",        "BPS",
                                       "DURATION",    "NUMBER_OF",     "_STATISTICS",
                                       "major_brand", "minor_version", "compatible_brands",
                                       "vendor_id",   "alpha_mode"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (av_stristart(key, keys[i], NULL))
            return true;
    return false;
}

static int copy_metadata(AVDictionary **target, const AVDictionary *source)
{
    const AVDictionaryEntry *entry = NULL;
    int error = 0;
    while (error >= 0 && (entry = av_dict_get(source, "", entry, AV_DICT_IGNORE_SUFFIX)))
        if (!is_stale(entry->key))
            error = av_dict_set(target, entry->key, entry->value, 0);
    return error;
}

int bc_copy_stream_notes(AVStream *target, const AVStream *source)
{
    target->disposition = source->disposition;
    return copy_metadata(&target->metadata, source->metadata);
}

/* Cut to what is read of the input; a chapter outside of it is left out. */
static int copy_chapter(AVFormatContext *output, const AVChapter *chapter, const bc_reader *reader)
{
    const int64_t origin =
        av_rescale_q(bc_reader_origin_us(reader), AV_TIME_BASE_Q, chapter->time_base);
    const int64_t end_us = bc_reader_end_us(reader);
    const int64_t length =
        end_us == INT64_MAX ? INT64_MAX : av_rescale_q(end_us, AV_TIME_BASE_Q, chapter->time_base);
    if (chapter->end <= origin || chapter->start - origin >= length)
        return 0;
    AVChapter *copy = av_mallocz(sizeof(*copy));
    if (!copy)
        return AVERROR(ENOMEM);
    copy->id = chapter->id;
    copy->time_base = chapter->time_base;
    copy->start = FFMAX(chapter->start - origin, 0);
    copy->end = FFMIN(chapter->end - origin, length);
    int error = av_dict_copy(&copy->metadata, chapter->metadata, 0);
    if (error >= 0)
        error = av_dynarray_add_nofree(&output->chapters, (int *)&output->nb_chapters, copy);
    if (error < 0) {
        av_dict_free(&copy->metadata);
        av_free(copy);
    }
    return error;
}

int bc_copy_notes(AVFormatContext *output, const bc_reader *reader)
{
    const AVFormatContext *input = bc_reader_input(reader);
    int error = copy_metadata(&output->metadata, input->metadata);
    for (unsigned i = 0; error >= 0 && i < input->nb_chapters; i++)
        error = copy_chapter(output, input->chapters[i], reader);
    return error;
}

/* Lost notes ------------------------------------------------------------------------------- */

/* What every container makes of a stream by itself, or nobody said. */
static bool is_technical(const AVDictionaryEntry *note)
{
    return av_strcasecmp(note->key, "handler_name") == 0 ||
           av_strcasecmp(note->key, "creation_time") == 0 ||
           av_strcasecmp(note->key, "filename") == 0 || av_strcasecmp(note->key, "mimetype") == 0 ||
           strcmp(note->value, "und") == 0;
}

/* A stream's note may be the file's in another container, as MXF's time code is. */
static bool is_written(const AVFormatContext *written, int stream, const AVDictionaryEntry *note)
{
    const AVDictionaryEntry *of_file = av_dict_get(written->metadata, note->key, NULL, 0);
    if (stream < 0)
        return of_file;
    return av_dict_get(written->streams[stream]->metadata, note->key, NULL, 0) ||
           (of_file && strcmp(of_file->value, note->value) == 0);
}

/* Of a stream, or, where that is -1, of the file. */
static void list_lost(const AVDictionary *meant, const AVFormatContext *written, int stream,
                      AVBPrint *list)
{
    const AVDictionaryEntry *note = NULL;
    while ((note = av_dict_get(meant, "", note, AV_DICT_IGNORE_SUFFIX))) {
        if (is_written(written, stream, note) || is_stale(note->key) ||
            (stream >= 0 && is_technical(note)))
            continue;
        av_bprintf(list, "%s%s", list->len ? ", " : "", note->key);
        if (stream >= 0)
            av_bprintf(list, " of stream %d", stream);
    }
}

int bc_copy_remember_notes(AVFormatContext **meant, const AVFormatContext *output)
{
    *meant = avformat_alloc_context();
    int error = *meant ? av_dict_copy(&(*meant)->metadata, output->metadata, 0) : AVERROR(ENOMEM);
    for (unsigned i = 0; error >= 0 && i < output->nb_streams; i++) {
        AVStream *stream = avformat_new_stream(*meant, NULL);
        error = stream ? av_dict_copy(&stream->metadata, output->streams[i]->metadata, 0)
                       : AVERROR(ENOMEM);
    }
    return error;
}

void bc_copy_list_lost_notes(const AVFormatContext *meant, unsigned n_chapters, const char *url,
                             AVBPrint *list)
{
    AVFormatContext *written = NULL;
    AVPacket *packet = av_packet_alloc();
    if (packet && avformat_open_input(&written, url, NULL, NULL) >= 0) {
        av_read_frame(written, packet); /* in FLV notes are a packet */
        list_lost(meant->metadata, written, -1, list);
        for (unsigned i = 0; i < FFMIN(meant->nb_streams, written->nb_streams); i++)
            list_lost(meant->streams[i]->metadata, written, (int)i, list);
        if (written->nb_chapters < n_chapters)
            av_bprintf(list, "%s%u chapters", list->len ? ", " : "",
                       n_chapters - written->nb_chapters);
    }
    avformat_close_input(&written);
    av_packet_free(&packet);
}
