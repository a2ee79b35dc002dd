#include "media/writer.h"

#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#include "base/log.h"
#include "media/canvas.h"
#include "media/copy.h"
#include "media/sidedata.h"
#include "media/versions.h"
#include "media/writer_private.h"

static const int64_t piece_us = 5000000, /* of silence, at once */
    most_over_us = 150000;               /* that it gets longer than asked for */

/* Packets ---------------------------------------------------------------------------------- */

/* Decoding times must rise; those of damaged inputs do not. */
static void order_times(bc_writer *writer, AVPacket *packet)
{
    int64_t *last = &writer->last_dts[packet->stream_index];
    if (writer->output->oformat->flags & AVFMT_NOTIMESTAMPS)
        return;
    if (packet->dts == AV_NOPTS_VALUE)
        packet->dts = packet->pts;
    if (packet->dts == AV_NOPTS_VALUE)
        packet->dts = *last == AV_NOPTS_VALUE ? 0 : *last + 1;
    if (packet->pts == AV_NOPTS_VALUE)
        packet->pts = packet->dts;
    const bool may_repeat = writer->output->oformat->flags & AVFMT_TS_NONSTRICT;
    if (*last != AV_NOPTS_VALUE && packet->dts < *last + !may_repeat)
        packet->dts = *last + !may_repeat;
    if (packet->pts < packet->dts)
        packet->pts = packet->dts;
    *last = packet->dts;
}

static int mux(bc_writer *writer, AVPacket *packet)
{
    order_times(writer, packet);
    const int error = av_interleaved_write_frame(writer->output, packet);
    if (error >= 0 && writer->output->pb && writer->output->pb->error < 0)
        return writer->output->pb->error;
    return error;
}

static bc_status fail_to_write(const bc_writer *writer, int error)
{
    return error == AVERROR_EXIT
               ? BC_ERR_INTERRUPTED
               : bc_av_fail(&writer->params.log, error, "cannot write %s", writer->name);
}

/* Not the stream's, but the place's: it is full or gone. */
static bool is_fault_of_place(const bc_writer *writer, int error)
{
    return error == AVERROR_EXIT || error == AVERROR(ENOMEM) || !writer->output->pb ||
           writer->output->pb->error < 0;
}

/* Whatever is wrong with a stream that is not painted must not cost the picture. */
static bc_status write_other(bc_writer *writer, bc_route *route, AVPacket *packet)
{
    if (!route->stream || route->stream->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT)
        return BC_OK; /* left out, or written with the head */
    const int index = packet->stream_index = route->stream->index;
    const AVRational from =
        route->transcoder ? bc_transcoder_encoder(route->transcoder)->time_base : route->time_base;
    packet->pos = -1;
    av_packet_rescale_ts(packet, from, route->stream->time_base);
    const int error = mux(writer, packet);
    if (error >= 0)
        return BC_OK;
    if (is_fault_of_place(writer, error))
        return fail_to_write(writer, error);
    if (error == AVERROR(EINVAL) || error == AVERROR_INVALIDDATA) {
        writer->n_refused++;
        return BC_OK;
    }
    char reason[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(error, reason, sizeof(reason));
    bc_log_write(&writer->params.log, BC_LOG_WARNING, "%s: stream %d is left out from here on: %s",
                 writer->name, index, reason);
    route->stream = NULL;
    return BC_OK;
}

/* WebM is not known to hold times before 0, but takes the encoder's delay off them. */
static bool holds_negative(const AVOutputFormat *container)
{
    return container->flags & AVFMT_TS_NEGATIVE || strcmp(container->name, "webm") == 0;
}

/* False: it is nothing but the encoder's lead-in, which would move the picture. */
static bool fit_lead_in(const bc_writer *writer, AVPacket *packet)
{
    if (packet->pts >= 0 || holds_negative(writer->output->oformat))
        return true;
    const bool is_heard = packet->pts + packet->duration > 0;
    packet->pts = packet->dts = 0;
    return is_heard;
}

bc_status bc_writer_converted(bc_writer *writer, bc_route *route)
{
    bc_status status = BC_OK;
    for (AVPacket *out; status == BC_OK && (out = bc_transcoder_receive(route->transcoder));) {
        if (fit_lead_in(writer, out))
            status = write_other(writer, route, out);
        av_packet_free(&out);
    }
    return status;
}

/* Silence goes into a long gap piece by piece, so that only a piece of it is ever in memory. Before
 * its first packet a stream has no gap. */
static bc_status fill_gap(bc_writer *writer, bc_route *route, const AVPacket *packet)
{
    bc_status status = BC_OK;
    int64_t end_us = bc_transcoder_end_us(route->transcoder);
    if (packet->pts == AV_NOPTS_VALUE || end_us == 0)
        return BC_OK;
    const int64_t next_us = av_rescale_q(packet->pts, route->time_base, AV_TIME_BASE_Q);
    if (next_us - end_us <= piece_us)
        return BC_OK;
    while (status == BC_OK && end_us < next_us - most_over_us) {
        const int64_t until_us = FFMIN(end_us + piece_us, next_us - most_over_us);
        if (bc_transcoder_fill(route->transcoder, until_us) < 0)
            return BC_OK;
        end_us = bc_transcoder_end_us(route->transcoder);
        status = bc_writer_converted(writer, route);
    }
    return status;
}

/* NULL: the end. */
static bc_status convert_packet(bc_writer *writer, bc_route *route, const AVPacket *packet)
{
    const bc_status status = packet ? fill_gap(writer, route, packet) : BC_OK;
    if (status < 0)
        return status;
    if (bc_transcoder_send(route->transcoder, packet) < 0)
        writer->n_refused++;
    return bc_writer_converted(writer, route);
}

/* NULL: of a stream that is left out. */
static bc_route *find_route(bc_writer *writer, int stream)
{
    int index = stream < writer->n_inputs ? stream : -1;
    if (index >= 0 && writer->route_of)
        index = writer->route_of[index];
    return index >= 0 ? &writer->routes[index] : NULL;
}

bc_status bc_writer_packet(bc_writer *writer, bc_packet **packet_in)
{
    AVPacket *packet = *packet_in;
    *packet_in = NULL;
    bc_route *route = find_route(writer, packet->stream_index);
    bc_status status = BC_OK;
    if (route && route->transcoder)
        status = convert_packet(writer, route, packet);
    else if (route)
        status = write_other(writer, route, packet);
    av_packet_free(&packet);
    return status;
}

static bc_status finish_conversions(bc_writer *writer)
{
    bc_status status = BC_OK;
    for (int i = 0; i < writer->n_routes && status == BC_OK; i++)
        if (writer->routes[i].transcoder)
            status = convert_packet(writer, &writer->routes[i], NULL);
    return status;
}

/* Frames ----------------------------------------------------------------------------------- */

const AVFrame *bc_writer_canvas(const bc_writer *writer)
{
    return writer->encoder.canvas;
}

bc_status bc_writer_coded(bc_writer *writer, AVPacket *packet)
{
    packet->stream_index = writer->video->index;
    av_packet_rescale_ts(packet, writer->encoder.context->time_base, writer->video->time_base);
    const int error = mux(writer, packet);
    av_packet_unref(packet);
    return error < 0 ? fail_to_write(writer, error) : BC_OK;
}

static bc_status write_encoded(bc_writer *writer)
{
    bc_status status = BC_OK;
    while (status == BC_OK) {
        const int error = bc_encoder_receive(&writer->encoder, writer->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            break;
        if (error < 0)
            return bc_av_fail(&writer->params.log, error, "%s: encoder", writer->name);
        status = writer->params.parts ? bc_part_write(&writer->part, writer->packet)
                                      : bc_writer_coded(writer, writer->packet);
        av_packet_unref(writer->packet);
    }
    return status;
}

bc_status bc_writer_drain(bc_writer *writer)
{
    const int error = bc_encoder_send(&writer->encoder, NULL, (AVRational){1, 1});
    return error < 0 && error != AVERROR_EOF
               ? bc_av_fail(&writer->params.log, error, "%s: encoder", writer->name)
               : write_encoded(writer);
}

/* Each frame gets a palette of its own; the filters pair frames and palettes by their times. */
static bc_status use_palette(bc_writer *writer, AVFrame *av)
{
    av->pts = writer->n_frames;
    return bc_filter_run(&writer->palette, av,
                         "[in]split[a][b];[a]palettegen=stats_mode=single[p];"
                         "[b][p]paletteuse=new=1[out]",
                         &writer->params.log);
}

static void name_lost_captions(bc_writer *writer, const AVFrame *av)
{
    if (writer->has_lost_captions || !bc_sidedata_has_captions(av) ||
        bc_encoder_takes_captions(&writer->encoder))
        return;
    writer->has_lost_captions = true;
    bc_log_write(&writer->params.log, BC_LOG_WARNING,
                 "%s: the captions in its frames are left out: the encoder %s does not write them",
                 writer->name, writer->encoder.context->codec->name);
}

void bc_writer_add_damage(bc_writer *writer, int64_t n_damaged)
{
    writer->part.n_damaged += n_damaged; /* where there are no parts, nobody asks */
}

bc_status bc_writer_frame(bc_writer *writer, const bc_frame *frame)
{
    AVFrame *av;
    if (writer->destination.is_picture && writer->n_frames > 0)
        return bc_fail(&writer->params.log, BC_ERR_ARGUMENT,
                       "%s holds one picture only (name%%04d.png is a series)", writer->name);
    bc_status status = writer->params.parts ? bc_writer_choose_part(writer, frame) : BC_OK;
    if (status == BC_OK && writer->params.outlives_source)
        status = bc_writer_fill_sound(writer, bc_frame_time_us(frame));
    if (status != BC_OK)
        return status == BC_END ? BC_OK : status;
    status =
        bc_canvas_fit(&av, writer->encoder.canvas, frame, &writer->scaler, &writer->params.log);
    if (status == BC_OK && writer->encoder.context->pix_fmt == AV_PIX_FMT_PAL8)
        status = use_palette(writer, av);
    if (status < 0) {
        av_frame_free(&av);
        return status;
    }
    name_lost_captions(writer, av);
    bc_writer_add_damage(writer, frame->n_damaged);
    av->pts = frame->pts == BC_NO_PTS ? writer->n_frames : frame->pts;
    bc_frame_set_duration(av, frame->duration);
    const AVRational time_base = {frame->time_base.num, frame->time_base.den};
    const int error = bc_encoder_send(&writer->encoder, av, time_base);
    av_frame_free(&av);
    writer->n_frames++;
    return error < 0 ? bc_av_fail(&writer->params.log, error, "%s: encoder", writer->name)
                     : write_encoded(writer);
}

static void name_lost_notes(const bc_writer *writer)
{
    AVBPrint list;
    if (!writer->destination.path || writer->destination.is_picture)
        return;
    av_bprint_init(&list, 0, AV_BPRINT_SIZE_AUTOMATIC);
    bc_copy_list_lost_notes(writer->meant, writer->output->nb_chapters, writer->destination.url,
                            &list);
    if (list.len > 0)
        bc_log_write(&writer->params.log, BC_LOG_WARNING,
                     "%s: metadata is left out: %s cannot hold it: %s", writer->name,
                     writer->destination.container->name, list.str);
    av_bprint_finalize(&list, NULL);
}

/* GIF and APNG hold delays, not times: that after the last frame has to be told. */
static void set_last_delay(bc_writer *writer)
{
    const AVCodecContext *encoder = writer->encoder.context;
    const int64_t delay = bc_encoder_last_delay(&writer->encoder);
    if (delay <= 0 || !writer->output->priv_data)
        return;
    if (encoder->codec_id == AV_CODEC_ID_GIF)
        av_opt_set_int(writer->output->priv_data, "final_delay", FFMIN(delay, UINT16_MAX), 0);
    else if (encoder->codec_id == AV_CODEC_ID_APNG)
        av_opt_set_q(writer->output->priv_data, "final_delay",
                     av_mul_q((AVRational){(int)FFMIN(delay, INT32_MAX), 1}, encoder->time_base),
                     0);
}

static void name_thinned(const bc_writer *writer)
{
    if (writer->encoder.n_thinned > 0)
        bc_log_write(&writer->params.log, BC_LOG_INFO,
                     "%s: %lld frames are left out: %s holds no more than 50 a second",
                     writer->name, (long long)writer->encoder.n_thinned,
                     writer->destination.container->name);
}

bc_status bc_writer_finish(bc_writer *writer)
{
    const bc_log *log = &writer->params.log;
    bc_status status = bc_writer_drain(writer);
    if (status == BC_OK && writer->params.parts)
        return bc_writer_end_parts(writer);
    if (status == BC_OK)
        status = finish_conversions(writer);
    if (status < 0)
        return status;
    set_last_delay(writer);
    int error = av_write_trailer(writer->output);
    if (error >= 0 && writer->output->pb && writer->output->pb->error < 0)
        error = writer->output->pb->error;
    const int close_error = bc_writer_close_file(writer);
    error = error < 0 ? error : close_error;
    if (error < 0)
        return bc_av_fail(log, error, "cannot write %s", writer->name);
    if (writer->n_refused > 0)
        bc_log_write(log, BC_LOG_WARNING, "%s: %lld damaged packets of other streams were left out",
                     writer->name, (long long)writer->n_refused);
    name_lost_notes(writer);
    name_thinned(writer);
    return bc_destination_commit(&writer->destination, log);
}

const char *bc_writer_description(const bc_writer *writer)
{
    return writer->description;
}

int bc_writer_bits(const bc_writer *writer)
{
    return av_pix_fmt_desc_get(writer->encoder.context->pix_fmt)->comp[0].depth;
}

bool bc_writer_has_alpha(const bc_writer *writer)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(writer->encoder.context->pix_fmt);
    return format->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
}

bool bc_writer_knows_name(const char *name)
{
    const AVOutputFormat *container = av_guess_format(NULL, name, NULL);
    return container &&
           avcodec_find_encoder(av_guess_codec(container, NULL, name, NULL, AVMEDIA_TYPE_VIDEO));
}

bool bc_writer_is_picture(const char *name)
{
    const AVOutputFormat *container = av_guess_format(NULL, name, NULL);
    return container && av_match_name(container->name, "image2,gif,apng,webp,avif");
}

const char *bc_writer_temporary(const bc_writer *writer)
{
    return writer->destination.temporary;
}
