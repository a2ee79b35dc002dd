#include "media/reader.h"

#include <libavutil/fifo.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/content.h"
#include "media/decode.h"
#include "media/demux.h"
#include "media/input.h"
#include "media/unread.h"

enum { MAX_PENDING_BYTES = 256 << 20 }; /* of other streams, read before the first frame */

struct bc_reader {
    char *url;
    bc_reader_params params;
    bc_reader_info info;
    bc_demuxer demuxer;
    bc_decoder decoder;
    AVPacket *packet; /* scratch */
    AVFifo *pending;  /* AVPacket *, read before the first frame */
    bc_frame *first;
};

/* Info ------------------------------------------------------------------------------------- */

static bool is_single_picture(const bc_reader *reader)
{
    const char *name = reader->demuxer.input->iformat->name;
    const size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, "_pipe") == 0)
        return true;
    return strcmp(name, "image2") == 0 && reader->demuxer.video->duration <= 1;
}

static int64_t estimate_n_frames(const bc_reader *reader)
{
    const AVRational rate = reader->demuxer.video->avg_frame_rate;
    if (reader->info.is_picture)
        return 1;
    if (reader->demuxer.video->nb_frames > 0 && !reader->params.start_us &&
        !reader->params.duration_us && !reader->params.from_us)
        return reader->demuxer.video->nb_frames;
    if (rate.num <= 0 || rate.den <= 0)
        return 0;
    return av_rescale(reader->info.duration_us, rate.num, (int64_t)rate.den * 1000000);
}

static int64_t wanted_duration_us(const bc_reader *reader)
{
    const int64_t wanted = reader->params.duration_us;
    const int64_t end_us = bc_demuxer_end_us(&reader->demuxer);
    if (end_us == AV_NOPTS_VALUE)
        return wanted;
    const int64_t available = FFMAX(end_us, 0),
                  end = wanted > 0 ? FFMIN(wanted, available) : available;
    return FFMAX(end - reader->params.from_us, 0);
}

static AVRational frame_rate(const bc_reader *reader)
{
    const bc_demuxer *demuxer = &reader->demuxer;
    const AVRational rate = av_guess_frame_rate(demuxer->input, demuxer->video, NULL);
    if (rate.num <= 0)
        return rate;
    const int64_t frame_us = av_rescale_q(1, av_inv_q(rate), AV_TIME_BASE_Q);
    const bool is_believed = bc_timeline_believed(&demuxer->timeline, frame_us, AV_TIME_BASE_Q) > 0;
    return is_believed ? rate : (AVRational){0, 1};
}

static void fill_info(bc_reader *reader)
{
    bc_reader_info *info = &reader->info;
    const AVFrame *av = bc_frame_native(reader->first);
    AVStream *stream = reader->demuxer.video;
    const AVRational rate = frame_rate(reader);
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)av->format);
    info->width = av->width;
    info->height = av->height;
    info->pixel_aspect = (bc_rational){av->sample_aspect_ratio.num, av->sample_aspect_ratio.den};
    info->frame_rate = (bc_rational){rate.num, rate.den};
    info->time_base = (bc_rational){stream->time_base.num, stream->time_base.den};
    info->bits = FFMAX(format->comp[0].depth, 8); /* a palette's index has fewer */
    info->is_picture = is_single_picture(reader);
    info->has_alpha = bc_av_has_alpha(av);
    info->duration_us = wanted_duration_us(reader);
    info->n_frames = estimate_n_frames(reader);
    snprintf(info->codec, sizeof(info->codec), "%s", avcodec_get_name(stream->codecpar->codec_id));
    const char *name = av_get_pix_fmt_name((enum AVPixelFormat)stream->codecpar->format);
    snprintf(info->format, sizeof(info->format), "%s", name ? name : format->name);
    bc_unread_find(reader->demuxer.input, stream, info->has_alpha, info->unread,
                   sizeof(info->unread));
}

/* Reading ---------------------------------------------------------------------------------- */

/* Reads one packet: a video packet into the decoder, any other one out. */
static bc_status read_packet(bc_reader *reader, bc_packet **packet)
{
    bc_demuxer *demuxer = &reader->demuxer;
    bc_decoder *decoder = &reader->decoder;
    AVPacket *scratch = reader->packet;
    bc_status status = BC_OK;
    if (decoder->has_ended && bc_demuxer_is_beyond(demuxer))
        bc_demuxer_end(demuxer);
    if (demuxer->error || !bc_demuxer_read(demuxer, scratch)) {
        if (demuxer->error)
            bc_decoder_send(decoder, NULL);
        return BC_OK;
    }
    if (scratch->stream_index == demuxer->video->index) {
        if (!decoder->has_ended)
            bc_decoder_send(decoder, scratch);
    } else if (bc_demuxer_wants(demuxer, scratch)) {
        *packet = av_packet_clone(scratch);
        if (!*packet)
            status = bc_fail(&reader->params.log, BC_ERR_MEMORY, "%s: no memory", reader->url);
    }
    av_packet_unref(scratch);
    return status;
}

/* Without what was read before the first frame. */
static bc_status read_next(bc_reader *reader, bc_frame **frame, bc_packet **packet)
{
    bc_status status = BC_OK;
    while (status == BC_OK && !*frame && !*packet) {
        bool is_hungry = true;
        if (bc_demuxer_is_stopped(&reader->demuxer))
            return BC_ERR_INTERRUPTED;
        if (!reader->decoder.has_ended)
            status = bc_decoder_receive(&reader->decoder, frame, &is_hungry);
        else if (reader->demuxer.error)
            return bc_demuxer_status(&reader->demuxer);
        if (status == BC_OK && is_hungry && !reader->demuxer.error)
            status = read_packet(reader, packet);
    }
    reader->info.is_hdr |= reader->decoder.has_met_hdr;
    reader->info.is_tone_mapped = reader->info.is_hdr && reader->params.hdr == BC_HDR_MAP;
    return status;
}

bc_status bc_reader_read(bc_reader *reader, bc_frame **frame, bc_packet **packet)
{
    *frame = NULL;
    *packet = NULL;
    if (av_fifo_read(reader->pending, packet, 1) >= 0)
        return BC_OK;
    if (reader->first) {
        *frame = reader->first;
        reader->first = NULL;
        return BC_OK;
    }
    return read_next(reader, frame, packet);
}

/* Life ------------------------------------------------------------------------------------- */

static bc_status read_first(bc_reader *reader)
{
    bc_status status = BC_OK;
    size_t n_bytes = 0;
    while (status == BC_OK && !reader->first && n_bytes < MAX_PENDING_BYTES) {
        bc_packet *packet = NULL;
        status = read_next(reader, &reader->first, &packet);
        if (packet) {
            n_bytes += (size_t)packet->size;
            if (av_fifo_write(reader->pending, &packet, 1) < 0) {
                bc_packet_free(&packet);
                status = bc_fail(&reader->params.log, BC_ERR_MEMORY, "%s: no memory", reader->url);
            }
        }
    }
    if (status != BC_END && (status < 0 || reader->first))
        return status;
    if (reader->params.may_be_empty && reader->decoder.n_damaged == 0)
        return BC_END;
    const char *rare = bc_content_rare_kind(reader->url);
    if (rare)
        return bc_fail(&reader->params.log, BC_ERR_UNSUPPORTED, "%s: FFmpeg here cannot read %s",
                       reader->url, rare);
    if (reader->params.start_us > 0 && reader->decoder.n_damaged == 0)
        return bc_fail(&reader->params.log, BC_ERR_ARGUMENT,
                       "%s: it has no frame at %.2f s or later", reader->url,
                       1e-6 * (double)reader->params.start_us);
    return bc_fail(&reader->params.log, BC_ERR_FORMAT, "%s: none of its frames can be decoded",
                   reader->url);
}

static bc_status open_all(bc_reader *reader)
{
    bc_status status = bc_demuxer_open(&reader->demuxer);
    if (status == BC_OK)
        status = bc_decoder_open(&reader->decoder, &reader->demuxer);
    if (status == BC_OK)
        status = read_first(reader);
    if (status == BC_OK)
        fill_info(reader);
    if (status == BC_OK && reader->params.leaves_frames_out)
        reader->decoder.has_ended = true;
    return status;
}

bc_status bc_reader_open(bc_reader **reader_out, const char *url, const bc_reader_params *params)
{
    *reader_out = NULL;
    bc_reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", url);
    reader->params = *params;
    reader->url = strdup(url);
    reader->demuxer = (bc_demuxer){.url = reader->url, .params = &reader->params};
    reader->packet = av_packet_alloc();
    reader->pending = av_fifo_alloc2(16, sizeof(bc_packet *), AV_FIFO_FLAG_AUTO_GROW);
    bc_status status = BC_ERR_MEMORY;
    if (reader->url && reader->packet && reader->pending)
        status = open_all(reader);
    if (status != BC_OK)
        bc_reader_close(&reader);
    *reader_out = reader;
    return status;
}

void bc_reader_close(bc_reader **reader_in)
{
    if (!reader_in || !*reader_in)
        return;
    bc_reader *reader = *reader_in;
    bc_packet *packet;
    while (reader->pending && av_fifo_read(reader->pending, &packet, 1) >= 0)
        bc_packet_free(&packet);
    av_fifo_freep2(&reader->pending);
    bc_frame_unref(&reader->first);
    av_packet_free(&reader->packet);
    bc_decoder_close(&reader->decoder);
    bc_demuxer_close(&reader->demuxer);
    free(reader->url);
    free(reader);
    *reader_in = NULL;
}

const bc_reader_info *bc_reader_info_of(const bc_reader *reader)
{
    return &reader->info;
}

const bc_frame *bc_reader_first(const bc_reader *reader)
{
    return reader->first;
}

int64_t bc_reader_damaged(const bc_reader *reader)
{
    return bc_decoder_damaged(&reader->decoder);
}

int64_t bc_reader_damaged_behind(const bc_reader *reader)
{
    return bc_decoder_damaged(&reader->decoder) - reader->decoder.n_told;
}

const AVFormatContext *bc_reader_input(const bc_reader *reader)
{
    return reader->demuxer.input;
}

int bc_reader_video_index(const bc_reader *reader)
{
    return reader->demuxer.video->index;
}

int64_t bc_reader_origin_us(const bc_reader *reader)
{
    return reader->demuxer.origin_us;
}

int64_t bc_reader_end_us(const bc_reader *reader)
{
    return reader->params.duration_us > 0 ? reader->params.duration_us : INT64_MAX;
}
