#include <stdlib.h>

#include "base/log.h"
#include "media/demux.h"
#include "media/place.h"
#include "media/transport.h"

enum {
    MAX_SCAN_BYTES = 1 << 30,    /* larger inputs are believed where a time of theirs is */
    MAX_AHEAD_BYTES = 256 << 20, /* of a group of pictures */
    LEAD_IN_US = 1000000,        /* before the first wanted frame: filters look back */
};
static const int64_t max_local_bytes = INT64_C(16) << 30; /* the same where only clocks are read */

/* The line --------------------------------------------------------------------------------- */

bool bc_demuxer_tells_time(const bc_demuxer *demuxer, const AVStream *stream)
{
    AVFormatContext *input = demuxer->input;
    const AVProgram *program = av_find_program_from_stream(input, NULL, demuxer->video->index);
    if (stream == demuxer->video)
        return true;
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
        return false;
    for (unsigned i = 0; program && i < program->nb_stream_indexes; i++)
        if ((int)program->stream_index[i] == stream->index)
            return true;
    return !program;
}

/* Where they begin; AV_NOPTS_VALUE: nobody knows yet. */
static int64_t find_beginning(const bc_demuxer *demuxer)
{
    int64_t earliest_us = AV_NOPTS_VALUE;
    for (unsigned i = 0; i < demuxer->input->nb_streams; i++) {
        const AVStream *stream = demuxer->input->streams[i];
        if (stream->start_time == AV_NOPTS_VALUE || !bc_demuxer_tells_time(demuxer, stream))
            continue;
        const int64_t us = av_rescale_q(stream->start_time, stream->time_base, AV_TIME_BASE_Q);
        if (earliest_us == AV_NOPTS_VALUE || us < earliest_us)
            earliest_us = us;
    }
    return earliest_us;
}

/* Formats whose clocks may begin anew or jump in the middle. */
static bool is_loose(const bc_demuxer *demuxer)
{
    return demuxer->input->iformat->flags & AVFMT_TS_DISCONT;
}

/* A small delay at the start of a file that counts from 0 is meant. */
void bc_demuxer_start_line(bc_demuxer *demuxer, int64_t beginning_us)
{
    const bool is_arbitrary = is_loose(demuxer) || demuxer->input->iformat->flags & AVFMT_NOFILE;
    demuxer->zero_us = is_arbitrary || beginning_us >= BC_MIN_LATE_US ? beginning_us : 0;
    demuxer->origin_us = demuxer->zero_us + FFMAX(demuxer->params->start_us, 0);
    bc_timeline_open(&demuxer->timeline, demuxer->video->index, demuxer->origin_us,
                     is_loose(demuxer));
}

/* The time on the line from which on packets are read. */
static int64_t first_wanted_us(const bc_demuxer *demuxer)
{
    return FFMAX(demuxer->params->from_us - LEAD_IN_US, 0);
}

/* Reading up to it -------------------------------------------------------------------------- */

bool bc_demuxer_take_ahead(bc_demuxer *demuxer, AVPacket *packet)
{
    AVPacket *kept = NULL;
    if (!demuxer->ahead || av_fifo_read(demuxer->ahead, &kept, 1) < 0)
        return false;
    av_packet_move_ref(packet, kept);
    av_packet_free(&kept);
    return true;
}

void bc_demuxer_drop_ahead(bc_demuxer *demuxer)
{
    AVPacket *packet;
    while (demuxer->ahead && av_fifo_read(demuxer->ahead, &packet, 1) >= 0)
        av_packet_free(&packet);
    av_fifo_freep2(&demuxer->ahead);
}

/* From a key frame on, no picture before it is needed. */
static void drop_pictures(bc_demuxer *demuxer)
{
    AVPacket *packet;
    for (size_t n = av_fifo_can_read(demuxer->ahead); n > 0; n--) {
        av_fifo_read(demuxer->ahead, &packet, 1);
        if (packet->stream_index == demuxer->video->index)
            av_packet_free(&packet);
        else
            av_fifo_write(demuxer->ahead, &packet, 1);
    }
}

/* False once the start is reached. */
static bool keep_ahead(bc_demuxer *demuxer, AVPacket *packet)
{
    const bool is_video = packet->stream_index == demuxer->video->index;
    const int64_t first = av_rescale_q(first_wanted_us(demuxer), AV_TIME_BASE_Q, packet->time_base);
    if (is_video && packet->flags & AV_PKT_FLAG_KEY && bc_demuxer_time_of(packet) <= first) {
        drop_pictures(demuxer);
        demuxer->has_key_ahead = true;
    }
    AVPacket *kept = is_video || bc_demuxer_wants(demuxer, packet) ? av_packet_clone(packet) : NULL;
    if (kept && av_fifo_write(demuxer->ahead, &kept, 1) < 0)
        av_packet_free(&kept);
    const int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    return !is_video || time == AV_NOPTS_VALUE || time < first;
}

/* Reads to the start, and keeps what is needed from the last key frame before it on. */
static bc_status read_to_start(bc_demuxer *demuxer)
{
    AVPacket *packet = av_packet_alloc();
    demuxer->ahead = av_fifo_alloc2(64, sizeof(AVPacket *), AV_FIFO_FLAG_AUTO_GROW);
    bool is_before = packet && demuxer->ahead;
    for (int64_t n_bytes = 0; is_before && n_bytes < MAX_AHEAD_BYTES && !demuxer->error &&
                              !bc_demuxer_is_stopped(demuxer);) {
        if (!bc_demuxer_read_placed(demuxer, packet))
            continue;
        n_bytes = packet->flags & AV_PKT_FLAG_KEY ? 0 : n_bytes + packet->size;
        is_before = keep_ahead(demuxer, packet);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    demuxer->error = 0; /* an end is met again behind what is kept */
    return demuxer->ahead
               ? BC_OK
               : bc_fail(&demuxer->params->log, BC_ERR_MEMORY, "%s: out of memory", demuxer->url);
}

/* Going there ------------------------------------------------------------------------------- */

static bool tells_time(const void *demuxer, const AVStream *stream)
{
    return bc_demuxer_tells_time(demuxer, stream);
}

/* Reads on to the start; true if a key frame lies between here and there. */
static bool reaches_start(bc_demuxer *demuxer, bc_status *status)
{
    const int64_t zero_us = demuxer->zero_us;
    bc_demuxer_drop_ahead(demuxer);
    bc_timeline_close(&demuxer->timeline);
    bc_demuxer_start_line(demuxer, zero_us);
    *status = read_to_start(demuxer);
    return *status < 0 || demuxer->has_key_ahead;
}

static bool read_from(bc_demuxer *demuxer, int64_t position, bc_status *status)
{
    return av_seek_frame(demuxer->input, -1, position, AVSEEK_FLAG_BYTE) >= 0 &&
           reaches_start(demuxer, status);
}

static int seek_by_time(bc_demuxer *demuxer, int64_t target_us)
{
    return avformat_seek_file(demuxer->input, -1, INT64_MIN, target_us, target_us, 0);
}

/* Where the clock has to be believed: a transport stream is sought without regard to key frames. */
static bool read_from_time(bc_demuxer *demuxer, int64_t target_us, bc_status *status)
{
    static const int64_t earlier_s[] = {2, 12, 60, 300};
    bc_log_write(&demuxer->params->log, BC_LOG_WARNING,
                 "%s: it is too large to be looked through for jumps of its clock: it may start "
                 "elsewhere",
                 demuxer->url);
    for (int i = 0; i < 4; i++)
        if (seek_by_time(demuxer, target_us - earlier_s[i] * AV_TIME_BASE) >= 0 &&
            reaches_start(demuxer, status))
            return true;
    return false;
}

/* In a transport stream, to where its own clock says. */
static bc_status seek_by_clock(bc_demuxer *demuxer, int64_t target_us)
{
    bc_transport_scan scan = {.zero_us = demuxer->zero_us,
                              .target_us = target_us,
                              .tells_time = tells_time,
                              .cookie = demuxer,
                              .max_bytes = bc_place_is_file(demuxer->url) ? max_local_bytes
                                                                          : MAX_SCAN_BYTES};
    bc_status status = BC_OK;
    const int result = bc_transport_run(&scan, demuxer->input);
    if (result == AVERROR(EFBIG) && read_from_time(demuxer, target_us, &status))
        return status;
    for (int i = 0; result == 1 && i < BC_TRANSPORT_PLACES && scan.places[i] >= 0; i++)
        if (read_from(demuxer, scan.places[i], &status))
            return status;
    if (demuxer->ahead) {
        read_from(demuxer, 0, &status);
        return status;
    }
    return read_to_start(demuxer);
}

/* Where times mean nothing, or there is no way to go there, all that comes before is read. */
bc_status bc_demuxer_seek_to_start(bc_demuxer *demuxer)
{
    const AVFormatContext *input = demuxer->input;
    const int64_t beginning_us = find_beginning(demuxer), first_us = first_wanted_us(demuxer);
    if (beginning_us != AV_NOPTS_VALUE)
        bc_demuxer_start_line(demuxer, beginning_us);
    if (demuxer->params->start_us <= 0 && first_us <= 0)
        return BC_OK;
    const int64_t target_us = demuxer->origin_us + first_us;
    if (beginning_us == AV_NOPTS_VALUE)
        return read_to_start(demuxer);
    if (bc_transport_is(input) && input->pb && input->pb->seekable & AVIO_SEEKABLE_NORMAL)
        return seek_by_clock(demuxer, target_us);
    const bool must_read = is_loose(demuxer) && input->pb && avio_size(input->pb) < MAX_SCAN_BYTES;
    if (!must_read && seek_by_time(demuxer, target_us) >= 0)
        return BC_OK;
    return read_to_start(demuxer);
}
