#include "media/reader.h"

#include <assert.h>
#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavutil/fifo.h>
#include <libavutil/pixdesc.h>
#include <libavutil/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "media/adapt.h"
#include "media/input.h"

enum {
    MAX_PENDING_BYTES = 256 << 20, /* of other streams, read before the first frame */
    MAX_ERRORS_AT_END = 100,       /* of a decoder that is drained */
    RETRY_US = 1000,
    MISSING_US = 500000, /* so much less than the header says is a truncated file */
};

struct bc_reader {
    char *url;
    bc_reader_params params;
    bc_reader_info info;
    AVFormatContext *input;
    AVCodecContext *decoder;
    AVStream *stream;
    AVPacket *packet; /* scratch */
    AVFrame *av;      /* scratch */
    bc_filter adapter;
    AVFifo *pending; /* AVPacket *, read before the first frame */
    bc_frame *first;
    int64_t origin_us;
    int64_t next_pts;    /* where a frame without a time goes, in the stream's time base */
    int64_t last_end_us; /* of what was read, any stream, as the input counts */
    int64_t n_packets;   /* of video */
    int64_t n_damaged;
    int n_errors_at_end;
    int read_error;   /* the demuxer's last word; 0 while it has more */
    bool video_ended; /* the decoder is empty, or the wanted duration is over */
};

static int is_stopped(void *cookie)
{
    const bc_reader *reader = cookie;
    const bc_reader_params *params = &reader->params;
    return (params->stop && atomic_load(params->stop) != 0) ||
           (params->quit && atomic_load(params->quit) != 0);
}

/* Opening ---------------------------------------------------------------------------------- */

static bc_status open_input(bc_reader *reader)
{
    const bc_reader_params *params = &reader->params;
    const AVInputFormat *format = NULL;
    if (params->format) {
        avdevice_register_all();
        format = av_find_input_format(params->format);
        if (!format)
            return bc_fail(&params->log, BC_ERR_ARGUMENT, "there is no input format '%s'",
                           params->format);
    }
    reader->input = avformat_alloc_context();
    if (!reader->input)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", reader->url);
    reader->input->interrupt_callback = (AVIOInterruptCB){is_stopped, reader};
    if (format && format->priv_class &&
        format->priv_class->category == AV_CLASS_CATEGORY_DEVICE_VIDEO_INPUT)
        reader->input->flags |= AVFMT_FLAG_NONBLOCK; /* a camera that is silent cannot be stopped */
    AVDictionary *options = NULL;
    int error = 0;
    if (params->options)
        error = av_dict_parse_string(&options, params->options, "=", ":", 0);
    const char *url = strcmp(reader->url, "-") == 0 ? "pipe:0" : reader->url;
    if (error >= 0)
        error = avformat_open_input(&reader->input, url, format, &options);
    const AVDictionaryEntry *unknown = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    bc_status status = BC_OK;
    if (error < 0)
        status = bc_av_fail(&params->log, error, "cannot open %s", reader->url);
    else if (unknown)
        status = bc_fail(&params->log, BC_ERR_ARGUMENT, "%s: no input option '%s'", reader->url,
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

static bc_status find_video(bc_reader *reader, const AVCodec **codec)
{
    const bc_log *log = &reader->params.log;
    int error = avformat_find_stream_info(reader->input, NULL);
    if (error < 0)
        return bc_av_fail(log, error, "cannot read %s", reader->url);
    int index = av_find_best_stream(reader->input, AVMEDIA_TYPE_VIDEO, -1, -1, codec, 0);
    if (index == AVERROR_STREAM_NOT_FOUND)
        return bc_fail(log, BC_ERR_FORMAT, "%s: there is no video and no picture in it",
                       reader->url);
    if (index < 0)
        return bc_av_fail(log, index, "%s: its video cannot be decoded", reader->url);
    index = find_largest(reader->input, index);
    reader->stream = reader->input->streams[index];
    *codec = avcodec_find_decoder(reader->stream->codecpar->codec_id);
    if (reader->stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return bc_fail(log, BC_ERR_FORMAT, "%s: there is no video in it, only a cover picture",
                       reader->url);
    return BC_OK;
}

static bc_status open_decoder(bc_reader *reader, const AVCodec *codec)
{
    const int n_threads = reader->params.n_threads;
    AVCodecContext *decoder = reader->decoder = avcodec_alloc_context3(codec);
    int error = decoder ? 0 : AVERROR(ENOMEM);
    if (error >= 0)
        error = avcodec_parameters_to_context(decoder, reader->stream->codecpar);
    if (error >= 0) {
        decoder->thread_count = n_threads > 0 ? n_threads : bc_cpu_count();
        decoder->pkt_timebase = reader->stream->time_base;
        error = avcodec_open2(decoder, codec, NULL);
    }
    return error < 0
               ? bc_av_fail(&reader->params.log, error, "%s: decoder %s", reader->url, codec->name)
               : BC_OK;
}

/* Where 0 is: at `start_us`, at the input's own start if its clock means nothing, or at its 0. */
static bc_status seek_to_start(bc_reader *reader)
{
    const AVFormatContext *input = reader->input;
    const int64_t input_start = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
    const bool is_arbitrary = input->iformat->flags & (AVFMT_TS_DISCONT | AVFMT_NOFILE);
    if (reader->params.start_us <= 0) {
        reader->origin_us = is_arbitrary ? input_start : 0;
        return BC_OK;
    }
    reader->origin_us = input_start + reader->params.start_us;
    const int error =
        avformat_seek_file(reader->input, -1, INT64_MIN, reader->origin_us, reader->origin_us, 0);
    if (error < 0) /* a pipe: what comes before is decoded and dropped */
        bc_log_write(&reader->params.log, BC_LOG_DEBUG, "%s: cannot seek", reader->url);
    return BC_OK;
}

static bool is_single_picture(const bc_reader *reader)
{
    const char *name = reader->input->iformat->name;
    const size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, "_pipe") == 0)
        return true;
    return strcmp(name, "image2") == 0 && reader->stream->duration <= 1;
}

static int64_t estimate_n_frames(const bc_reader *reader)
{
    const AVRational rate = reader->stream->avg_frame_rate;
    if (reader->info.is_picture)
        return 1;
    if (reader->stream->nb_frames > 0 && !reader->params.start_us && !reader->params.duration_us)
        return reader->stream->nb_frames;
    if (rate.num <= 0 || rate.den <= 0)
        return 0;
    return av_rescale(reader->info.duration_us, rate.num, (int64_t)rate.den * 1000000);
}

static int64_t wanted_duration_us(const bc_reader *reader)
{
    const int64_t wanted = reader->params.duration_us;
    int64_t available = reader->input->duration;
    if (available == AV_NOPTS_VALUE || available <= 0)
        return wanted;
    available = FFMAX(available - reader->params.start_us, 0);
    return wanted > 0 ? FFMIN(wanted, available) : available;
}

static void fill_info(bc_reader *reader)
{
    bc_reader_info *info = &reader->info;
    const AVFrame *av = bc_frame_native(reader->first);
    AVStream *stream = reader->stream;
    const AVRational rate = av_guess_frame_rate(reader->input, stream, NULL);
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)av->format);
    info->width = av->width;
    info->height = av->height;
    info->pixel_aspect = (bc_rational){av->sample_aspect_ratio.num, av->sample_aspect_ratio.den};
    info->frame_rate = (bc_rational){rate.num, rate.den};
    info->time_base = (bc_rational){stream->time_base.num, stream->time_base.den};
    info->bits = FFMAX(format->comp[0].depth, 8); /* a palette's index has fewer */
    info->is_picture = is_single_picture(reader);
    info->has_alpha = format->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
    info->duration_us = wanted_duration_us(reader);
    info->n_frames = estimate_n_frames(reader);
    snprintf(info->codec, sizeof(info->codec), "%s", avcodec_get_name(stream->codecpar->codec_id));
    const char *name = av_get_pix_fmt_name((enum AVPixelFormat)stream->codecpar->format);
    snprintf(info->format, sizeof(info->format), "%s", name ? name : format->name);
}

/* Reading ---------------------------------------------------------------------------------- */

static int64_t origin_in(const bc_reader *reader, AVRational time_base)
{
    return av_rescale_q(reader->origin_us, AV_TIME_BASE_Q, time_base);
}

/* `duration`, but not beyond an end that lies after `pts`: mp4's count of decoding times may not.
 */
static int64_t end_at(int64_t pts, int64_t duration, int64_t end)
{
    return end >= pts && end - pts < duration ? end - pts : duration;
}

/* As the packet says, or one frame at the usual rate, but not beyond what stream and file declare.
 */
static int64_t duration_of(const bc_reader *reader, const AVFrame *av)
{
    AVStream *stream = reader->stream;
    AVFormatContext *input = reader->input;
    const AVRational rate = av_guess_frame_rate(input, stream, reader->av);
    const int64_t pts = av->best_effort_timestamp;
    int64_t duration = av->pkt_duration;
    if (duration <= 0 && rate.num > 0)
        duration = av_rescale_q(1, av_inv_q(rate), stream->time_base);
    if (pts == AV_NOPTS_VALUE)
        return duration;
    if (stream->duration > 0 && stream->start_time != AV_NOPTS_VALUE)
        duration = end_at(pts, duration, stream->start_time + stream->duration);
    if (input->duration_estimation_method == AVFMT_DURATION_FROM_STREAM && input->duration > 0 &&
        input->start_time != AV_NOPTS_VALUE)
        duration = end_at(
            pts, duration,
            av_rescale_q(input->start_time + input->duration, AV_TIME_BASE_Q, stream->time_base));
    return duration;
}

/* The frame's own time, or the end of the frame before. */
static void set_time(bc_reader *reader, bc_frame *frame, const AVFrame *av)
{
    const AVRational time_base = reader->stream->time_base;
    frame->time_base = (bc_rational){time_base.num, time_base.den};
    frame->duration = duration_of(reader, av);
    frame->pts = reader->next_pts;
    if (av->best_effort_timestamp != AV_NOPTS_VALUE)
        frame->pts = av->best_effort_timestamp - origin_in(reader, time_base);
    reader->next_pts = frame->pts + frame->duration;
}

static const int32_t *display_matrix(const bc_reader *reader, const AVFrame *av)
{
    const AVFrameSideData *own = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
    if (own)
        return (const int32_t *)own->data;
    return (const int32_t *)av_stream_get_side_data(reader->stream, AV_PKT_DATA_DISPLAYMATRIX,
                                                    NULL);
}

static bc_status wrap(bc_reader *reader, bc_frame **frame)
{
    const bc_log *log = &reader->params.log;
    AVFrame *av = av_frame_alloc();
    if (!av)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", reader->url);
    av_frame_move_ref(av, reader->av);
    const bc_status status = bc_av_to_frame(frame, av, log);
    if (status == BC_OK)
        set_time(reader, *frame, av);
    return status;
}

/* Takes the decoded frame and makes it what people should see. */
static bc_status deliver(bc_reader *reader, bc_frame **frame)
{
    AVFrame *av = reader->av;
    if (av->width > BC_MAX_SIZE || av->height > BC_MAX_SIZE)
        return bc_fail(&reader->params.log, BC_ERR_UNSUPPORTED, "%s: %dx%d is larger than %d",
                       reader->url, av->width, av->height, BC_MAX_SIZE);
    if (av->decode_error_flags || (av->flags & AV_FRAME_FLAG_CORRUPT))
        reader->n_damaged++;
    if (!av->sample_aspect_ratio.num)
        av->sample_aspect_ratio = av_guess_sample_aspect_ratio(reader->input, reader->stream, av);
    reader->info.is_hdr |= bc_adapter_is_hdr(av);
    bc_av_complete_colour(av);
    const int32_t *matrix = display_matrix(reader, av);
    const bc_status status = bc_adapter_run(&reader->adapter, av, matrix, &reader->params.log);
    if (status < 0)
        return status;
    bc_av_complete_colour(av);
    return wrap(reader, frame);
}

static bool is_before_start(const bc_reader *reader, int64_t pts)
{
    return reader->params.start_us > 0 && pts < 0;
}

static bool is_after_end(const bc_reader *reader, int64_t pts, AVRational time_base)
{
    return reader->params.duration_us > 0 &&
           av_compare_ts(pts, time_base, reader->params.duration_us, AV_TIME_BASE_Q) >= 0;
}

/* A decoder that is drained and gives nothing but errors has ended. */
static void count_damage(bc_reader *reader)
{
    reader->n_damaged++;
    if (reader->read_error && ++reader->n_errors_at_end > MAX_ERRORS_AT_END)
        reader->video_ended = true;
}

/* BC_OK and a frame, or none; sets video_ended. A damaged packet is counted, and that is all. */
static bc_status receive_frame(bc_reader *reader, bc_frame **frame, bool *is_hungry)
{
    const int error = avcodec_receive_frame(reader->decoder, reader->av);
    *is_hungry = error == AVERROR(EAGAIN);
    if (error == AVERROR_EOF || (*is_hungry && reader->read_error))
        reader->video_ended = true;
    else if (error < 0 && !*is_hungry)
        count_damage(reader);
    if (error < 0)
        return BC_OK;
    const bc_status status = deliver(reader, frame);
    if (status < 0)
        return status;
    if (is_after_end(reader, (*frame)->pts, reader->stream->time_base))
        reader->video_ended = true;
    if (reader->video_ended || is_before_start(reader, (*frame)->pts))
        bc_frame_unref(frame);
    return BC_OK;
}

static void note_end(bc_reader *reader, const AVPacket *packet)
{
    const AVStream *stream = reader->input->streams[packet->stream_index];
    const int64_t last = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (last == AV_NOPTS_VALUE || stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return;
    const int64_t end_us = av_rescale_q(last + packet->duration, stream->time_base, AV_TIME_BASE_Q);
    reader->last_end_us = FFMAX(reader->last_end_us, end_us);
}

/* Shifts the packet to our 0; false if it lies outside of what is wanted. */
static bool shift_packet(const bc_reader *reader, AVPacket *packet)
{
    const AVStream *stream = reader->input->streams[packet->stream_index];
    const int64_t origin = origin_in(reader, stream->time_base);
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
    return !is_before_start(reader, time) && !is_after_end(reader, time, stream->time_base);
}

/* After the wanted duration of video, sound that lies behind it in the file is waited for. */
static bool is_far_after_end(const bc_reader *reader)
{
    return reader->params.duration_us > 0 &&
           reader->last_end_us - reader->origin_us > reader->params.duration_us + AV_TIME_BASE;
}

/* Reads one packet: a video packet into the decoder, any other one out. */
static bc_status read_packet(bc_reader *reader, bc_packet **packet)
{
    AVPacket *scratch = reader->packet;
    const int error = av_read_frame(reader->input, scratch);
    if (error == AVERROR(EAGAIN)) {
        av_usleep(RETRY_US);
        return BC_OK;
    }
    if (error < 0 || (reader->video_ended && is_far_after_end(reader))) {
        reader->read_error = error < 0 ? error : AVERROR_EOF;
        av_packet_unref(scratch);
        avcodec_send_packet(reader->decoder, NULL);
        return BC_OK;
    }
    note_end(reader, scratch);
    if (scratch->stream_index != reader->stream->index) {
        if (shift_packet(reader, scratch) && !(*packet = av_packet_clone(scratch)))
            return bc_fail(&reader->params.log, BC_ERR_MEMORY, "%s: out of memory", reader->url);
    } else if (!reader->video_ended) {
        reader->n_packets++;
        if (avcodec_send_packet(reader->decoder, scratch) < 0)
            count_damage(reader);
    }
    av_packet_unref(scratch);
    return BC_OK;
}

/* Why the input ended before its time, or NULL. */
static const char *truncation(const bc_reader *reader, char *text, size_t size)
{
    const AVFormatContext *input = reader->input;
    if (reader->read_error != AVERROR_EOF) {
        av_strerror(reader->read_error, text, size);
        return text;
    }
    if (reader->params.duration_us > 0 || reader->params.start_us > 0 || reader->info.is_picture)
        return NULL;
    const int n_indexed = avformat_index_get_entries_count(reader->stream);
    const bool is_indexed = strncmp(input->iformat->name, "mov,", 4) == 0;
    if (is_indexed && reader->n_packets < n_indexed) {
        snprintf(text, size, "truncated: %lld of the %d frames of its index are there",
                 (long long)reader->n_packets, n_indexed);
        return text;
    }
    if (input->duration_estimation_method != AVFMT_DURATION_FROM_STREAM || input->duration <= 0)
        return NULL;
    const int64_t start = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
    const int64_t end = start + input->duration;
    if (reader->last_end_us >= end - MISSING_US)
        return NULL;
    snprintf(text, size, "truncated: ends at %.2f s of %.2f s",
             (double)(reader->last_end_us - start) * 1e-6, (double)input->duration * 1e-6);
    return text;
}

static bc_status end_status(const bc_reader *reader)
{
    char text[128];
    const char *reason = truncation(reader, text, sizeof(text));
    if (reader->read_error == AVERROR_EXIT)
        return BC_ERR_INTERRUPTED;
    return reason ? bc_fail(&reader->params.log, BC_ERR_FORMAT, "%s: %s", reader->url, reason)
                  : BC_END;
}

/* Without what was read before the first frame. */
static bc_status read_next(bc_reader *reader, bc_frame **frame, bc_packet **packet)
{
    bc_status status = BC_OK;
    while (status == BC_OK && !*frame && !*packet) {
        bool is_hungry = true;
        if (is_stopped(reader))
            return BC_ERR_INTERRUPTED;
        if (!reader->video_ended)
            status = receive_frame(reader, frame, &is_hungry);
        else if (reader->read_error)
            return end_status(reader);
        if (status == BC_OK && is_hungry && !reader->read_error)
            status = read_packet(reader, packet);
    }
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
                status = BC_ERR_MEMORY;
            }
        }
    }
    if (status == BC_END || (status == BC_OK && !reader->first))
        return bc_fail(&reader->params.log, BC_ERR_FORMAT, "%s: none of its frames can be decoded",
                       reader->url);
    return status;
}

static bc_status open_all(bc_reader *reader)
{
    const AVCodec *codec = NULL;
    bc_status status = open_input(reader);
    if (status == BC_OK)
        status = find_video(reader, &codec);
    if (status == BC_OK)
        status = open_decoder(reader, codec);
    if (status == BC_OK)
        status = seek_to_start(reader);
    if (status == BC_OK)
        status = read_first(reader);
    if (status == BC_OK)
        fill_info(reader);
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
    reader->packet = av_packet_alloc();
    reader->av = av_frame_alloc();
    reader->pending = av_fifo_alloc2(16, sizeof(bc_packet *), AV_FIFO_FLAG_AUTO_GROW);
    reader->last_end_us = INT64_MIN;
    bc_status status = BC_ERR_MEMORY;
    if (reader->url && reader->packet && reader->av && reader->pending)
        status = open_all(reader);
    if (status < 0)
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
    bc_filter_close(&reader->adapter);
    av_frame_free(&reader->av);
    av_packet_free(&reader->packet);
    avcodec_free_context(&reader->decoder);
    avformat_close_input(&reader->input);
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
    return reader->n_damaged;
}

const AVFormatContext *bc_reader_input(const bc_reader *reader)
{
    return reader->input;
}

int bc_reader_video_index(const bc_reader *reader)
{
    return reader->stream->index;
}

int64_t bc_reader_origin_us(const bc_reader *reader)
{
    return reader->origin_us;
}

int64_t bc_reader_end_us(const bc_reader *reader)
{
    return reader->params.duration_us > 0 ? reader->params.duration_us : INT64_MAX;
}
