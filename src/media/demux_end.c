#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "media/demux.h"
#include "media/truncation.h"

enum { MISSING_US = 500000 }; /* so much less than the header says is a truncated file */

/* Where it should be ----------------------------------------------------------------------- */

/* Frames in the index, where that is whole from the start: mp4 and its family; else 0. */
static int count_indexed(const bc_demuxer *demuxer)
{
    const bool is_indexed = strncmp(demuxer->input->iformat->name, "mov,", 4) == 0;
    return is_indexed ? avformat_index_get_entries_count(demuxer->video) : 0;
}

static int64_t origin_in(const bc_demuxer *demuxer, AVRational time_base)
{
    return av_rescale_q(demuxer->origin_us, AV_TIME_BASE_Q, time_base);
}

/* What the index leaves for the last packet, by the times of decoding, which are what it lists; or
 * AV_NOPTS_VALUE. */
static int64_t time_left(const bc_demuxer *demuxer)
{
    if (demuxer->first_dts == AV_NOPTS_VALUE || demuxer->last_dts == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    return demuxer->first_dts + demuxer->video->duration - demuxer->last_dts;
}

static bool has_read_index(const bc_demuxer *demuxer)
{
    return demuxer->n_packets > 0 && demuxer->n_packets == count_indexed(demuxer);
}

int64_t bc_demuxer_last_duration(const bc_demuxer *demuxer)
{
    return has_read_index(demuxer) && demuxer->video->duration > 0 ? FFMAX(time_left(demuxer), 0)
                                                                   : 0;
}

/* With B-frames at a variable rate the times of decoding may end before the last frame begins: what
 * they leave for the last packet is then all that the index says about its duration. */
int64_t bc_demuxer_end_after(const bc_demuxer *demuxer, int64_t pts)
{
    const AVStream *video = demuxer->video;
    const bool is_last = pts == demuxer->last_pts && has_read_index(demuxer);
    if (!is_last || video->duration <= 0 || video->start_time == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    const int64_t origin = origin_in(demuxer, video->time_base), left = time_left(demuxer);
    const int64_t end = FFMAX(video->start_time - origin, demuxer->first_pts) + video->duration;
    return end <= pts && left > 0 ? pts + left : end;
}

static int64_t video_end(const bc_demuxer *demuxer)
{
    const AVStream *video = demuxer->video;
    if (video->duration <= 0 || video->start_time == AV_NOPTS_VALUE || demuxer->has_jumped)
        return AV_NOPTS_VALUE;
    return av_sat_sub64(av_sat_add64(video->start_time, video->duration),
                        origin_in(demuxer, video->time_base));
}

/* The header's duration is counted from the start, or from 0. */
static int64_t declared_end_us(const AVFormatContext *input)
{
    const int64_t start_us = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
    const bool is_from_zero = start_us >= BC_MIN_LATE_US && input->duration > start_us;
    return is_from_zero ? input->duration : av_sat_add64(start_us, input->duration);
}

int64_t bc_demuxer_end_us(const bc_demuxer *demuxer)
{
    const AVFormatContext *input = demuxer->input;
    if (input->duration == AV_NOPTS_VALUE || input->duration <= 0 || demuxer->has_jumped)
        return AV_NOPTS_VALUE;
    return av_sat_sub64(declared_end_us(input), demuxer->origin_us);
}

/* `duration`, but not beyond an end that lies after `pts`. */
static int64_t end_at(int64_t pts, int64_t duration, int64_t end)
{
    return end != AV_NOPTS_VALUE && end > pts && end - pts < duration ? end - pts : duration;
}

int64_t bc_demuxer_shorten(const bc_demuxer *demuxer, int64_t pts, int64_t duration)
{
    const AVFormatContext *input = demuxer->input;
    if (count_indexed(demuxer) > 0)
        return duration;
    const int64_t end_us = bc_demuxer_end_us(demuxer);
    duration = end_at(pts, duration, video_end(demuxer));
    if (input->duration_estimation_method != AVFMT_DURATION_FROM_STREAM || end_us == AV_NOPTS_VALUE)
        return duration;
    return end_at(pts, duration, av_rescale_q(end_us, AV_TIME_BASE_Q, demuxer->video->time_base));
}

/* Where it is -------------------------------------------------------------------------------- */

/* Why the input ended before its time, or NULL. */
static const char *truncation(const bc_demuxer *demuxer, char *text, size_t size)
{
    const AVFormatContext *input = demuxer->input;
    if (demuxer->error != AVERROR_EOF) {
        av_strerror(demuxer->error, text, size);
        return text;
    }
    const bc_reader_params *params = demuxer->params;
    if (params->duration_us > 0 || params->start_us > 0 || params->from_us > 0)
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
    const int64_t end_us = declared_end_us(input);
    if (demuxer->last_end_us >= end_us - MISSING_US)
        return NULL;
    snprintf(text, size, "truncated: ends at %.2f s of %.2f s",
             (double)(demuxer->last_end_us - demuxer->zero_us) * 1e-6,
             (double)(end_us - demuxer->zero_us) * 1e-6);
    return text;
}

static void name_overlap(const bc_demuxer *demuxer)
{
    if (demuxer->overlap_us > 0)
        bc_log_write(&demuxer->params->log, BC_LOG_WARNING,
                     "%s: %.2f s of sound are left out: they lie over what came before its clock "
                     "jumped or began anew",
                     demuxer->url, (double)demuxer->overlap_us * 1e-6);
}

bc_status bc_demuxer_status(const bc_demuxer *demuxer)
{
    char text[128];
    name_overlap(demuxer);
    if (demuxer->error == AVERROR_EXIT)
        return BC_ERR_INTERRUPTED;
    const char *reason = truncation(demuxer, text, sizeof(text));
    return reason ? bc_fail(&demuxer->params->log, BC_ERR_FORMAT, "%s: %s", demuxer->url, reason)
                  : BC_END;
}
