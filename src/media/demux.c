#include "media/demux.h"

#include <libavdevice/avdevice.h>
#include <libavutil/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "media/av.h"
#include "media/content.h"
#include "media/pipe.h"
#include "media/place.h"
#include "media/series.h"
#include "media/truncation.h"
#include "media/webvtt.h"

enum {
    RETRY_US = 1000,
    MISSING_US = 500000, /* so much less than the header says is a truncated file */
};

bool bc_demuxer_is_stopped(const bc_demuxer *demuxer)
{
    const bc_reader_params *params = demuxer->params;
    return (params->stop && atomic_load(params->stop) != 0) ||
           (params->quit && atomic_load(params->quit) != 0);
}

static int interrupt(void *cookie)
{
    return bc_demuxer_is_stopped(cookie);
}

/* Opening ---------------------------------------------------------------------------------- */

/* A picture of the very name that would mean a series. */
static bool is_literal(const char *url)
{
    return av_filename_number_test(url) && access(url, F_OK) == 0;
}

static int open_url(bc_demuxer *demuxer, const AVInputFormat *format, AVDictionary **options)
{
    const AVIOInterruptCB stop = {interrupt, demuxer};
    const bool is_device = format && format->flags & AVFMT_NOFILE;
    demuxer->input->interrupt_callback = stop;
    if (!is_device && bc_pipe_is(demuxer->url)) {
        const int error = bc_pipe_open(&demuxer->pipe, demuxer->url, false, &stop);
        if (error < 0) {
            avformat_free_context(demuxer->input);
            demuxer->input = NULL;
            return error;
        }
        demuxer->input->pb = demuxer->pipe;
    }
    const bool is_a_file = !format && is_literal(demuxer->url);
    char *url = NULL;
    if (!format && !is_a_file && bc_place_is_file(demuxer->url))
        url = bc_series_find(demuxer->url, options, &demuxer->params->log);
    if (url)
        format = av_find_input_format("image2");
    else
        url = is_device ? strdup(demuxer->url) : bc_place_url(demuxer->url);
    if (is_a_file)
        av_dict_set(options, "pattern_type", "none", 0);
    const int error =
        url ? avformat_open_input(&demuxer->input, url, format, options) : AVERROR(ENOMEM);
    if (is_a_file)
        av_dict_set(options, "pattern_type", NULL, 0); /* where it is no picture, nobody took it */
    free(url);
    return error;
}

static bc_status open_input(bc_demuxer *demuxer)
{
    const bc_reader_params *params = demuxer->params;
    const AVInputFormat *format = NULL;
    if (params->format) {
        avdevice_register_all();
        format = av_find_input_format(params->format);
        if (!format)
            return bc_fail(&params->log, BC_ERR_ARGUMENT, "there is no input format '%s'",
                           params->format);
    }
    demuxer->input = avformat_alloc_context();
    if (!demuxer->input)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", demuxer->url);
    if (format && format->priv_class &&
        format->priv_class->category == AV_CLASS_CATEGORY_DEVICE_VIDEO_INPUT)
        demuxer->input->flags |= AVFMT_FLAG_NONBLOCK; /* a silent camera cannot be stopped */
    AVDictionary *options = NULL;
    int error = 0;
    if (params->rate)
        av_dict_set(&options, "framerate", params->rate, 0);
    if (params->options)
        error = av_dict_parse_string(&options, params->options, "=", ":", 0);
    if (error >= 0)
        error = open_url(demuxer, format, &options);
    const AVDictionaryEntry *unknown = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    bc_status status = BC_OK;
    if (error < 0 && bc_demuxer_is_stopped(demuxer))
        status = BC_ERR_INTERRUPTED; /* whatever FFmpeg makes of it */
    else if (error < 0 && bc_content_rare_kind(demuxer->url))
        status = bc_fail(&params->log, BC_ERR_UNSUPPORTED, "%s: FFmpeg here cannot read %s",
                         demuxer->url, bc_content_rare_kind(demuxer->url));
    else if (error < 0)
        status = bc_av_fail(&params->log, error, "cannot open %s", demuxer->url);
    else if (params->rate && unknown && strcmp(unknown->key, "framerate") == 0)
        status = bc_fail(&params->log, BC_ERR_ARGUMENT,
                         "%s: its frames have times of their own: a rate is for series of pictures",
                         demuxer->url);
    else if (unknown)
        status = bc_fail(&params->log, BC_ERR_ARGUMENT, "%s: no input option '%s'", demuxer->url,
                         unknown->key);
    av_dict_free(&options);
    return status;
}

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

static bc_status find_video(bc_demuxer *demuxer)
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

/* Where 0 is: at `start_us`, at the input's own start if its clock means nothing, or at its 0. */
static bc_status seek_to_start(bc_demuxer *demuxer)
{
    const AVFormatContext *input = demuxer->input;
    const int64_t input_start = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
    const bool is_arbitrary = input->iformat->flags & (AVFMT_TS_DISCONT | AVFMT_NOFILE);
    if (demuxer->params->start_us <= 0) {
        demuxer->origin_us = is_arbitrary ? input_start : 0;
        return BC_OK;
    }
    demuxer->origin_us = input_start + demuxer->params->start_us;
    const int error = avformat_seek_file(demuxer->input, -1, INT64_MIN, demuxer->origin_us,
                                         demuxer->origin_us, 0);
    if (error < 0) /* a pipe: what comes before is decoded and dropped */
        bc_log_write(&demuxer->params->log, BC_LOG_DEBUG, "%s: cannot seek", demuxer->url);
    return BC_OK;
}

bc_status bc_demuxer_open(bc_demuxer *demuxer)
{
    demuxer->last_end_us = INT64_MIN;
    demuxer->first_pts = INT64_MAX;
    demuxer->last_pts = INT64_MIN;
    bc_status status = open_input(demuxer);
    if (status == BC_OK)
        status = find_video(demuxer);
    return status == BC_OK ? seek_to_start(demuxer) : status;
}

void bc_demuxer_close(bc_demuxer *demuxer)
{
    avformat_close_input(&demuxer->input);
    bc_pipe_close(&demuxer->pipe);
}

/* Packets ---------------------------------------------------------------------------------- */

static void note_end(bc_demuxer *demuxer, const AVPacket *packet)
{
    const AVStream *stream = demuxer->input->streams[packet->stream_index];
    const int64_t last = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (last == AV_NOPTS_VALUE || stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return;
    const int64_t end_us = av_rescale_q(last + packet->duration, stream->time_base, AV_TIME_BASE_Q);
    demuxer->last_end_us = FFMAX(demuxer->last_end_us, end_us);
}

static enum AVCodecID codec_of(const bc_demuxer *demuxer, const AVPacket *packet)
{
    return demuxer->input->streams[packet->stream_index]->codecpar->codec_id;
}

/* Frames in the index, where that is whole from the start: mp4 and its family; else 0. */
static int count_indexed(const bc_demuxer *demuxer)
{
    const bool is_indexed = strncmp(demuxer->input->iformat->name, "mov,", 4) == 0;
    return is_indexed ? avformat_index_get_entries_count(demuxer->video) : 0;
}

int64_t bc_demuxer_end_after(const bc_demuxer *demuxer, int64_t pts)
{
    const AVStream *video = demuxer->video;
    const bool is_last = pts == demuxer->last_pts && demuxer->n_packets == count_indexed(demuxer);
    if (!is_last || video->duration <= 0 || video->start_time == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    return FFMAX(video->start_time, demuxer->first_pts) + video->duration;
}

bool bc_demuxer_read(bc_demuxer *demuxer, AVPacket *packet)
{
    int error = av_read_frame(demuxer->input, packet);
    if (error >= 0 && codec_of(demuxer, packet) == AV_CODEC_ID_WEBVTT)
        error = bc_webvtt_complete(packet);
    if (error == AVERROR(EAGAIN))
        av_usleep(RETRY_US);
    else if (error < 0)
        demuxer->error = error;
    if (error < 0)
        return false;
    note_end(demuxer, packet);
    if (packet->stream_index == demuxer->video->index) {
        demuxer->n_packets++;
        if (packet->pts != AV_NOPTS_VALUE)
            demuxer->last_pts = FFMAX(demuxer->last_pts, packet->pts);
        if (packet->pts != AV_NOPTS_VALUE && !(packet->flags & AV_PKT_FLAG_DISCARD))
            demuxer->first_pts = FFMIN(demuxer->first_pts, packet->pts);
    }
    return true;
}

void bc_demuxer_end(bc_demuxer *demuxer)
{
    demuxer->error = AVERROR_EOF;
}

int64_t bc_demuxer_origin(const bc_demuxer *demuxer, AVRational time_base)
{
    return av_rescale_q(demuxer->origin_us, AV_TIME_BASE_Q, time_base);
}

bool bc_demuxer_is_before(const bc_demuxer *demuxer, int64_t pts)
{
    return demuxer->params->start_us > 0 && pts < 0;
}

bool bc_demuxer_is_after(const bc_demuxer *demuxer, int64_t pts, AVRational time_base)
{
    const int64_t duration_us = demuxer->params->duration_us;
    return duration_us > 0 && av_compare_ts(pts, time_base, duration_us, AV_TIME_BASE_Q) >= 0;
}

/* After the wanted duration of video, sound that lies behind it in the file is waited for. */
bool bc_demuxer_is_beyond(const bc_demuxer *demuxer)
{
    const int64_t duration_us = demuxer->params->duration_us;
    return duration_us > 0 &&
           demuxer->last_end_us - demuxer->origin_us > duration_us + AV_TIME_BASE;
}

bool bc_demuxer_shift(const bc_demuxer *demuxer, AVPacket *packet)
{
    const AVStream *stream = demuxer->input->streams[packet->stream_index];
    const int64_t origin = bc_demuxer_origin(demuxer, stream->time_base);
    packet->time_base = stream->time_base;
    if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return true;
    if (packet->dts != AV_NOPTS_VALUE)
        packet->dts -= origin;
    if (packet->pts != AV_NOPTS_VALUE)
        packet->pts -= origin;
    const int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (time == AV_NOPTS_VALUE)
        return true;
    return !bc_demuxer_is_before(demuxer, time) &&
           !bc_demuxer_is_after(demuxer, time, stream->time_base);
}

/* The end ---------------------------------------------------------------------------------- */

/* Why the input ended before its time, or NULL. */
static const char *truncation(const bc_demuxer *demuxer, char *text, size_t size)
{
    const AVFormatContext *input = demuxer->input;
    if (demuxer->error != AVERROR_EOF) {
        av_strerror(demuxer->error, text, size);
        return text;
    }
    if (demuxer->params->duration_us > 0 || demuxer->params->start_us > 0)
        return NULL;
    const int n_indexed = count_indexed(demuxer);
    if (demuxer->n_packets < n_indexed) {
        snprintf(text, size, "truncated: %lld of the %d frames of its index are there",
                 (long long)demuxer->n_packets, n_indexed);
        return text;
    }
    if (bc_truncation_find(demuxer->input, text, size))
        return text;
    /* A whole index is enough: the last frame may last long. */
    if (n_indexed > 0 || input->duration_estimation_method != AVFMT_DURATION_FROM_STREAM ||
        input->duration <= 0)
        return NULL;
    const int64_t start = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
    const int64_t end = start + input->duration;
    if (demuxer->last_end_us >= end - MISSING_US)
        return NULL;
    snprintf(text, size, "truncated: ends at %.2f s of %.2f s",
             (double)(demuxer->last_end_us - start) * 1e-6, (double)input->duration * 1e-6);
    return text;
}

bc_status bc_demuxer_status(const bc_demuxer *demuxer)
{
    char text[128];
    if (demuxer->error == AVERROR_EXIT)
        return BC_ERR_INTERRUPTED;
    const char *reason = truncation(demuxer, text, sizeof(text));
    return reason ? bc_fail(&demuxer->params->log, BC_ERR_FORMAT, "%s: %s", demuxer->url, reason)
                  : BC_END;
}
