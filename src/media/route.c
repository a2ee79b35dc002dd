#include "media/route.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "media/copy.h"

static bool is_pictures(const AVOutputFormat *container)
{
    return strcmp(container->name, "image2") == 0;
}

static const char *kind_of(const AVStream *stream)
{
    const char *kind = stream->disposition & AV_DISPOSITION_ATTACHED_PIC
                           ? "cover picture"
                           : av_get_media_type_string(stream->codecpar->codec_type);
    return kind ? kind : "unknown";
}

/* A track of time code is what QuickTime makes of a note on the picture, which is kept or named
 * with the other notes. */
static bool is_note(const AVStream *source, const AVStream *painted)
{
    return source->codecpar->codec_tag == MKTAG('t', 'm', 'c', 'd') &&
           av_dict_get(painted->metadata, "timecode", NULL, 0);
}

static void name_left_out(const AVStream *stream, const AVOutputFormat *container, const char *name,
                          const bc_log *log)
{
    const AVCodecParameters *codec = stream->codecpar;
    const AVDictionaryEntry *title = av_dict_get(stream->metadata, "filename", NULL, 0);
    const bool is_known = codec->codec_id != AV_CODEC_ID_NONE;
    char tag[AV_FOURCC_MAX_STRING_SIZE] = "no codec";
    if (codec->codec_tag)
        av_fourcc_make_string(tag, codec->codec_tag);
    bc_log_write(log, BC_LOG_WARNING, "%s: stream %d (%s, %s%s%s) is left out: %s%s cannot hold it",
                 name, stream->index, kind_of(stream),
                 is_known ? avcodec_get_name(codec->codec_id) : tag, title ? ", " : "",
                 title ? title->value : "", is_known ? "" : "FFmpeg does not know it, and ",
                 is_pictures(container) ? "a picture" : container->name);
}

static void name_conversion(const bc_route *route, const AVStream *source, const char *name,
                            const bc_log *log)
{
    const AVCodecContext *encoder = bc_transcoder_encoder(route->transcoder);
    const int n = source->codecpar->ch_layout.nb_channels, rate = source->codecpar->sample_rate;
    char from_to[48] = "";
    if (rate > 0 && encoder->sample_rate != rate)
        snprintf(from_to, sizeof(from_to), ", from %d to %d Hz", rate, encoder->sample_rate);
    bc_log_write(log, BC_LOG_INFO, "%s: stream %d (%s, %s) is converted to %s%s", name,
                 source->index, kind_of(source), avcodec_get_name(source->codecpar->codec_id),
                 avcodec_get_name(encoder->codec_id), from_to);
    if (encoder->codec_type == AVMEDIA_TYPE_AUDIO && encoder->ch_layout.nb_channels < n)
        bc_log_write(log, BC_LOG_WARNING, "%s: the %d channels of stream %d are mixed to %d", name,
                     n, source->index, encoder->ch_layout.nb_channels);
}

/* What a container takes in general it may not at this rate. */
static bool can_hold_converted(const bc_route *route, const AVFormatContext *output)
{
    AVFormatContext *scratch = avformat_alloc_context();
    AVStream *stream = scratch ? avformat_new_stream(scratch, NULL) : NULL;
    const AVCodecContext *encoder = bc_transcoder_encoder(route->transcoder);
    const bool can_hold = stream &&
                          avcodec_parameters_from_context(stream->codecpar, encoder) >= 0 &&
                          bc_copy_is_possible(output, stream);
    avformat_free_context(scratch);
    return can_hold;
}

/* MXF holds sound at 48 kHz alone, and others at few rates: the source's is tried, and usual ones.
 */
static int open_transcoder(bc_route *route, const AVFormatContext *output, const AVStream *source,
                           const char *codec)
{
    static const int rates[] = {0, 48000, 44100};
    int error = 0;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]) && error >= 0; i++) {
        error = bc_transcoder_open(&route->transcoder, source, output->oformat, codec, rates[i]);
        if (error >= 0 && can_hold_converted(route, output))
            return 0;
        bc_transcoder_close(&route->transcoder);
    }
    return error < 0 ? error : AVERROR_ENCODER_NOT_FOUND;
}

static int add_converted(bc_route *route, AVFormatContext *output, const AVStream *source)
{
    const AVCodecContext *encoder = bc_transcoder_encoder(route->transcoder);
    route->stream = avformat_new_stream(output, NULL);
    if (!route->stream)
        return AVERROR(ENOMEM);
    route->stream->time_base = encoder->time_base;
    const int error = avcodec_parameters_from_context(route->stream->codecpar, encoder);
    return error < 0 ? error : bc_copy_stream_notes(route->stream, source);
}

static int add_copy(bc_route *route, AVFormatContext *output, const AVStream *source)
{
    const int error = bc_copy_stream(output, source);
    if (error >= 0)
        route->stream = output->streams[output->nb_streams - 1];
    return error;
}

int bc_route_open(bc_route *route, AVFormatContext *output, const AVStream *source,
                  const AVStream *painted, const char *name, const bc_writer_params *params)
{
    const AVOutputFormat *container = output->oformat;
    const bool is_sound = source->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    const char *wanted = is_sound ? params->sound : NULL;
    const bool has_codec = wanted && strcmp(wanted, "copy") != 0;
    *route = (bc_route){.time_base = source->time_base};
    if (source->discard == AVDISCARD_ALL || /* the demuxer's own: mp4's chapters as text */
        is_note(source, painted) || (wanted && strcmp(wanted, "none") == 0))
        return 0;
    if (is_pictures(container)) {
        name_left_out(source, container, name, &params->log);
        return 0;
    }
    const bool may_copy = !has_codec && !(is_sound && params->outlives_source);
    if (may_copy && bc_copy_is_possible(output, source))
        return add_copy(route, output, source);
    int error = AVERROR_ENCODER_NOT_FOUND;
    if (!wanted || has_codec)
        error = open_transcoder(route, output, source, wanted);
    if (error >= 0) {
        name_conversion(route, source, name, &params->log);
        return add_converted(route, output, source);
    }
    if (has_codec)
        bc_log_write(&params->log, BC_LOG_ERROR, "there is no encoder '%s' for sound that %s holds",
                     wanted, container->name);
    else
        name_left_out(source, container, name, &params->log);
    return has_codec ? AVERROR_ENCODER_NOT_FOUND : 0;
}

void bc_route_close(bc_route *route)
{
    bc_transcoder_close(&route->transcoder);
}
