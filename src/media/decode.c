#include "media/decode.h"

#include "base/cpu.h"
#include "base/log.h"
#include "media/adapt.h"
#include "media/av.h"
#include "media/versions.h"

enum { MAX_ERRORS_AT_END = 100 }; /* of a decoder that is drained */

/* Life ------------------------------------------------------------------------------------- */

bc_status bc_decoder_open(bc_decoder *decoder, const bc_demuxer *demuxer)
{
    const int n_threads = demuxer->params->n_threads;
    decoder->demuxer = demuxer;
    decoder->deinterlacer.mode = demuxer->params->deinterlace;
    decoder->deinterlacer.filter.n_threads = n_threads;
    decoder->adapter.n_threads = decoder->mapper.n_threads = n_threads;
    decoder->av = av_frame_alloc();
    AVCodecContext *context = decoder->context = avcodec_alloc_context3(demuxer->codec);
    int error = context && decoder->av ? 0 : AVERROR(ENOMEM);
    if (error >= 0)
        error = avcodec_parameters_to_context(context, demuxer->video->codecpar);
    if (error >= 0) {
        context->thread_count = n_threads > 0 ? n_threads : bc_cpu_count();
        context->pkt_timebase = demuxer->video->time_base;
        context->opaque = &decoder->n_complaints;
        error = avcodec_open2(context, demuxer->codec, NULL);
    }
    return error < 0 ? bc_av_fail(&demuxer->params->log, error, "%s: decoder %s", demuxer->url,
                                  demuxer->codec->name)
                     : BC_OK;
}

void bc_decoder_close(bc_decoder *decoder)
{
    bc_letterbox_close(&decoder->letterbox);
    bc_deinterlacer_close(&decoder->deinterlacer);
    bc_filter_close(&decoder->adapter);
    bc_filter_close(&decoder->mapper);
    av_frame_free(&decoder->av);
    avcodec_free_context(&decoder->context);
}

/* Times ------------------------------------------------------------------------------------ */

/*
 * As the packet says, or one frame at the usual rate, but not beyond what stream and file declare.
 * The last frame of an mp4 lasts until its track ends: the demuxer reckons that from 0, wherever
 * the track starts. It may last no time at all; but 0 means unknown, so that it gets one tick.
 */
static int64_t duration_of(const bc_decoder *decoder)
{
    AVFrame *av = decoder->av;
    AVStream *stream = decoder->demuxer->video;
    const AVRational rate = av_guess_frame_rate(decoder->demuxer->input, stream, av);
    const int64_t pts = av->best_effort_timestamp;
    int64_t duration = bc_frame_duration(av);
    if (duration <= 0 && rate.num > 0)
        duration = av_rescale_q(1, av_inv_q(rate), stream->time_base);
    duration = bc_timeline_believed(&decoder->demuxer->timeline, duration, stream->time_base);
    if (pts == AV_NOPTS_VALUE)
        return duration;
    const int64_t track_end = bc_demuxer_end_after(decoder->demuxer, pts);
    if (track_end != AV_NOPTS_VALUE && track_end >= pts)
        return FFMAX(track_end - pts, 1);
    return bc_demuxer_shorten(decoder->demuxer, pts, duration);
}

int64_t bc_decoder_damaged(const bc_decoder *decoder)
{
    return decoder->n_damaged + atomic_load(&decoder->demuxer->n_complaints);
}

static void set_damage(bc_decoder *decoder, bc_frame *frame)
{
    const int64_t n_damaged = bc_decoder_damaged(decoder);
    frame->n_damaged = n_damaged - decoder->n_told;
    decoder->n_told = n_damaged;
}

/* The frame's own time, or the end of the frame before. */
static void set_time(bc_decoder *decoder, bc_frame *frame, int64_t pts, int64_t duration)
{
    const AVRational time_base = decoder->demuxer->video->time_base;
    frame->time_base = (bc_rational){time_base.num, time_base.den};
    frame->duration = duration;
    frame->pts = decoder->next_pts;
    if (pts != AV_NOPTS_VALUE)
        frame->pts = pts;
    decoder->next_pts = frame->pts + frame->duration;
}

/* Frames ----------------------------------------------------------------------------------- */

static const int32_t *display_matrix(const bc_decoder *decoder)
{
    const AVFrameSideData *own = av_frame_get_side_data(decoder->av, AV_FRAME_DATA_DISPLAYMATRIX);
    if (own)
        return (const int32_t *)own->data;
    const AVPacketSideData *streams =
        bc_stream_find_side_data(decoder->demuxer->video, AV_PKT_DATA_DISPLAYMATRIX);
    return streams ? (const int32_t *)(const void *)streams->data : NULL;
}

/* What is painted of a frame that keeps its light is a tone-mapped copy. */
static bc_status show_mapped(bc_decoder *decoder, bc_frame *frame)
{
    const bc_log *log = &decoder->demuxer->params->log;
    AVFrame *mapped = av_frame_clone(frame->native);
    bc_status status = mapped ? bc_adapter_map(&decoder->mapper, mapped, log)
                              : bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
    if (status < 0) {
        av_frame_free(&mapped);
        return status;
    }
    mapped->chroma_location = AVCHROMA_LOC_LEFT; /* where the filter puts it */
    bc_av_complete_colour(mapped);
    return bc_av_show(frame, mapped, log);
}

static bc_status wrap(bc_decoder *decoder, bc_frame **frame)
{
    const bc_log *log = &decoder->demuxer->params->log;
    const int64_t pts = decoder->av->best_effort_timestamp, duration = duration_of(decoder);
    AVFrame *av = av_frame_alloc();
    if (!av)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", decoder->demuxer->url);
    av_frame_move_ref(av, decoder->av);
    const bool keeps_light = bc_adapter_is_hdr(av); /* else it would have been tone-mapped */
    bc_status status = bc_av_to_frame(frame, av, log);
    if (status < 0)
        return status;
    set_time(decoder, *frame, pts, duration);
    set_damage(decoder, *frame);
    if (keeps_light)
        status = show_mapped(decoder, *frame);
    if (status < 0)
        bc_frame_unref(frame);
    return status;
}

/* Takes the decoded frame and makes it what people should see. */
static bc_status deliver(bc_decoder *decoder, bc_frame **frame)
{
    const bc_demuxer *demuxer = decoder->demuxer;
    AVFrame *av = decoder->av;
    if (av->width > BC_MAX_SIZE || av->height > BC_MAX_SIZE)
        return bc_fail(&demuxer->params->log, BC_ERR_UNSUPPORTED, "%s: %dx%d is larger than %d",
                       demuxer->url, av->width, av->height, BC_MAX_SIZE);
    av->sample_aspect_ratio = av_guess_sample_aspect_ratio(demuxer->input, demuxer->video, av);
    decoder->has_met_hdr |= bc_adapter_is_hdr(av);
    bc_av_complete_colour(av);
    bc_status status = bc_adapter_run(&decoder->adapter, av, display_matrix(decoder),
                                      demuxer->params->hdr == BC_HDR_KEEP, &demuxer->params->log);
    bc_av_complete_colour(av);
    if (status == BC_OK && demuxer->params->keep_shape)
        status = bc_letterbox_run(&decoder->letterbox, av, &demuxer->params->log);
    return status == BC_OK ? wrap(decoder, frame) : status;
}

/* Damage ----------------------------------------------------------------------------------- */

/* A broadcast that is recorded from the middle on begins with what cannot be decoded. */
static bool may_be_joined(const bc_decoder *decoder)
{
    return !decoder->has_begun && decoder->demuxer->input->iformat->flags & AVFMT_TS_DISCONT &&
           !(decoder->context->codec_descriptor->props & AV_CODEC_PROP_INTRA_ONLY);
}

/* Whether the decoder has complained since it was asked last. */
static bool has_complained(bc_decoder *decoder)
{
    const int n_heard = decoder->n_heard;
    decoder->n_heard = atomic_load(&decoder->n_complaints);
    return decoder->n_heard > n_heard;
}

/* With several threads a complaint may be laid to a frame before its own: none is lost. */
static void note_frame(bc_decoder *decoder, const AVFrame *av, bool is_wanted)
{
    const bool is_marked = av->decode_error_flags || (av->flags & AV_FRAME_FLAG_CORRUPT);
    if (may_be_joined(decoder))
        has_complained(decoder);
    else if (is_wanted && (has_complained(decoder) || is_marked))
        decoder->n_damaged++;
    decoder->has_begun = true;
}

/* A decoder that is drained and gives nothing but errors has ended. */
static void count_damage(bc_decoder *decoder)
{
    if (!may_be_joined(decoder))
        decoder->n_damaged++;
    has_complained(decoder);
    if (decoder->demuxer->error && ++decoder->n_errors_at_end > MAX_ERRORS_AT_END)
        decoder->has_ended = true;
}

void bc_decoder_send(bc_decoder *decoder, const AVPacket *packet)
{
    const int error = avcodec_send_packet(decoder->context, packet);
    /* With several threads the last packets' errors come when the decoder is drained. */
    if (error < 0 && error != AVERROR_EOF)
        count_damage(decoder);
}

/* Through the deinterlacer, where that is wanted; the decoder's word else. */
static int receive(bc_decoder *decoder)
{
    const bc_demuxer *demuxer = decoder->demuxer;
    const bc_log *log = &demuxer->params->log;
    bc_deinterlacer *deinterlacer = &decoder->deinterlacer;
    AVFrame *av = decoder->av;
    for (bc_status status = BC_OK; status == BC_OK;) {
        int error = bc_deinterlacer_receive(deinterlacer, av, log);
        if (error != AVERROR(EAGAIN))
            return error;
        error = avcodec_receive_frame(decoder->context, av);
        const bool has_ended = error == AVERROR_EOF || (error == AVERROR(EAGAIN) && demuxer->error);
        if (error < 0 && !has_ended)
            return error;
        if (!has_ended && !bc_deinterlacer_wants(deinterlacer, av))
            return 0;
        if (!has_ended && !deinterlacer->filter.graph)
            bc_log_write(log, BC_LOG_INFO, "%s: its frames are deinterlaced", demuxer->url);
        status = bc_deinterlacer_send(deinterlacer, has_ended ? NULL : av, log);
    }
    return AVERROR_EXTERNAL;
}

bc_status bc_decoder_receive(bc_decoder *decoder, bc_frame **frame, bool *is_hungry)
{
    const bc_demuxer *demuxer = decoder->demuxer;
    const int error = receive(decoder);
    *is_hungry = error == AVERROR(EAGAIN);
    if (error == AVERROR_EXTERNAL)
        return BC_ERR_IO; /* the deinterlacer's, which said why */
    if (error == AVERROR_EOF)
        decoder->has_ended = true;
    else if (error < 0 && !*is_hungry)
        count_damage(decoder);
    if (error < 0)
        return BC_OK;
    note_frame(decoder, decoder->av,
               !bc_demuxer_is_before(demuxer, decoder->av->best_effort_timestamp));
    const bc_status status = deliver(decoder, frame);
    if (status < 0)
        return status;
    if (bc_demuxer_is_after(demuxer, (*frame)->pts, demuxer->video->time_base))
        decoder->has_ended = true;
    if (decoder->has_ended || bc_demuxer_is_before(demuxer, (*frame)->pts))
        bc_frame_unref(frame);
    return BC_OK;
}
