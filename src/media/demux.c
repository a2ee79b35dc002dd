#include "media/demux.h"

#include <libavdevice/avdevice.h>
#include <libavutil/time.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "media/av.h"
#include "media/content.h"
#include "media/pipe.h"
#include "media/place.h"
#include "media/series.h"
#include "media/webvtt.h"

enum { RETRY_US = 1000 };

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

/* What FFmpeg's error, or an option that nobody has taken, means to who asked. */
static bc_status explain(const bc_demuxer *demuxer, int error, const char *unknown)
{
    const bc_reader_params *params = demuxer->params;
    if (error < 0 && bc_demuxer_is_stopped(demuxer))
        return BC_ERR_INTERRUPTED; /* whatever FFmpeg makes of it */
    if (error < 0 && bc_content_rare_kind(demuxer->url))
        return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "%s: FFmpeg here cannot read %s",
                       demuxer->url, bc_content_rare_kind(demuxer->url));
    if (error < 0)
        return bc_av_fail(&params->log, error, "cannot open %s", demuxer->url);
    if (params->rate && unknown && strcmp(unknown, "framerate") == 0)
        return bc_fail(&params->log, BC_ERR_ARGUMENT,
                       "%s: its frames have times of their own: a rate is for series of pictures",
                       demuxer->url);
    return unknown ? bc_fail(&params->log, BC_ERR_ARGUMENT, "%s: no input option '%s'",
                             demuxer->url, unknown)
                   : BC_OK;
}

static bc_status open_format(bc_demuxer *demuxer, const AVInputFormat *format)
{
    const bc_reader_params *params = demuxer->params;
    AVDictionary *options = NULL;
    int error = 0;
    if (params->rate)
        av_dict_set(&options, "framerate", params->rate, 0);
    if (params->options)
        error = av_dict_parse_string(&options, params->options, "=", ":", 0);
    if (error >= 0)
        error = open_url(demuxer, format, &options);
    const AVDictionaryEntry *unknown = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    const bc_status status = explain(demuxer, error, unknown ? unknown->key : NULL);
    av_dict_free(&options);
    return status;
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
    return open_format(demuxer, format);
}

bc_status bc_demuxer_open(bc_demuxer *demuxer)
{
    demuxer->last_end_us = demuxer->line_end_us = INT64_MIN;
    demuxer->first_pts = INT64_MAX;
    demuxer->last_pts = INT64_MIN;
    demuxer->first_dts = demuxer->last_dts = AV_NOPTS_VALUE;
    bc_status status = open_input(demuxer);
    if (status == BC_OK)
        status = bc_demuxer_find_video(demuxer);
    if (status == BC_OK)
        demuxer->input->opaque = &demuxer->n_complaints;
    return status == BC_OK ? bc_demuxer_seek_to_start(demuxer) : status;
}

void bc_demuxer_close(bc_demuxer *demuxer)
{
    bc_demuxer_drop_ahead(demuxer);
    bc_timeline_close(&demuxer->timeline);
    avformat_close_input(&demuxer->input);
    bc_pipe_close(&demuxer->pipe);
}

/* Packets ---------------------------------------------------------------------------------- */

static void note_end(int64_t *end_us, const AVStream *stream, const AVPacket *packet)
{
    const int64_t last = bc_demuxer_time_of(packet);
    if (last != AV_NOPTS_VALUE)
        *end_us = FFMAX(*end_us, av_rescale_q(av_sat_add64(last, packet->duration),
                                              stream->time_base, AV_TIME_BASE_Q));
}

static enum AVCodecID codec_of(const bc_demuxer *demuxer, const AVPacket *packet)
{
    return demuxer->input->streams[packet->stream_index]->codecpar->codec_id;
}

static void name_jump(bc_demuxer *demuxer, int64_t jump_us, int64_t line_us)
{
    const bc_log *log = &demuxer->params->log;
    const bc_log_level level = demuxer->has_jumped ? BC_LOG_DEBUG : BC_LOG_WARNING;
    const double at_s = (double)(line_us + FFMAX(demuxer->params->start_us, 0)) * 1e-6;
    demuxer->has_jumped = true;
    if (jump_us < 0)
        bc_log_write(log, level, "%s: its clock begins anew at %.2f s: what follows is joined on",
                     demuxer->url, at_s);
    else
        bc_log_write(log, level, "%s: its clock jumps by %.2f s at %.2f s: the gap is closed",
                     demuxer->url, (double)jump_us * 1e-6, at_s);
}

/* On the line of time; what has no time of its own, like a cover picture, stays as it is. 1: it is
 * to be left out; FFmpeg's error or 0. */
static int place(bc_demuxer *demuxer, AVPacket *packet)
{
    const AVStream *stream = demuxer->input->streams[packet->stream_index];
    int64_t jump_us;
    packet->time_base = stream->time_base;
    if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return 0;
    note_end(&demuxer->last_end_us, stream, packet);
    if (demuxer->timeline.n_runs == 0 && bc_demuxer_tells_time(demuxer, stream) &&
        bc_demuxer_time_of(packet) != AV_NOPTS_VALUE)
        bc_demuxer_start_line(
            demuxer, av_rescale_q(bc_demuxer_time_of(packet), stream->time_base, AV_TIME_BASE_Q));
    if (demuxer->timeline.n_runs == 0)
        return 0;
    const int result = bc_timeline_place(&demuxer->timeline, stream, packet, &jump_us);
    if (result >= 0 && jump_us != 0)
        name_jump(demuxer, jump_us, demuxer->line_end_us);
    note_end(&demuxer->line_end_us, stream, packet);
    if (result > 0 && bc_demuxer_wants(demuxer, packet))
        demuxer->overlap_us += av_rescale_q(packet->duration, stream->time_base, AV_TIME_BASE_Q);
    return result;
}

bool bc_demuxer_read_placed(bc_demuxer *demuxer, AVPacket *packet)
{
    int result = av_read_frame(demuxer->input, packet);
    if (result >= 0 && codec_of(demuxer, packet) == AV_CODEC_ID_WEBVTT)
        result = bc_webvtt_complete(packet);
    if (result >= 0)
        result = place(demuxer, packet);
    if (result == AVERROR(EAGAIN))
        av_usleep(RETRY_US);
    else if (result < 0)
        demuxer->error = result;
    if (result != 0)
        av_packet_unref(packet);
    return result == 0;
}

bool bc_demuxer_read(bc_demuxer *demuxer, AVPacket *packet)
{
    if (!bc_demuxer_take_ahead(demuxer, packet) && !bc_demuxer_read_placed(demuxer, packet))
        return false;
    if (packet->stream_index == demuxer->video->index) {
        demuxer->n_packets++;
        demuxer->last_dts = packet->dts;
        if (demuxer->n_packets == 1)
            demuxer->first_dts = packet->dts;
        if (packet->duration == 0)
            packet->duration = bc_demuxer_last_duration(demuxer);
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

bool bc_demuxer_is_before(const bc_demuxer *demuxer, int64_t pts)
{
    const bc_reader_params *params = demuxer->params;
    return (params->start_us > 0 && pts < 0) ||
           (params->from_us > 0 &&
            av_compare_ts(pts, demuxer->video->time_base, params->from_us, AV_TIME_BASE_Q) < 0);
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
    return duration_us > 0 && demuxer->line_end_us > duration_us + AV_TIME_BASE;
}

bool bc_demuxer_wants(const bc_demuxer *demuxer, const AVPacket *packet)
{
    const AVStream *stream = demuxer->input->streams[packet->stream_index];
    const int64_t time = bc_demuxer_time_of(packet);
    if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC || time == AV_NOPTS_VALUE)
        return true;
    /* Where the line begins with the picture and its sound, nothing else may come before them. */
    const bool has_edge = demuxer->params->start_us > 0 || demuxer->zero_us != 0;
    return !(has_edge && time < 0) && !bc_demuxer_is_after(demuxer, time, stream->time_base);
}
