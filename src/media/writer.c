#include "media/writer.h"

#include <assert.h>
#include <libavdevice/avdevice.h>
#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/canvas.h"
#include "media/copy.h"
#include "media/destination.h"
#include "media/encoder.h"
#include "media/filter.h"
#include "media/pipe.h"
#include "media/route.h"
#include "media/sidedata.h"
#include "media/versions.h"

/* The usual 1000 would round start offsets and durations of mp4 to milliseconds. */
enum { MOVIE_TIMESCALE = 90000 };

/* Of an mp4 that cannot be gone back in: a pipe, a peer. */
#define FRAGMENTS "+frag_keyframe+delay_moov+default_base_moof"

struct bc_writer {
    bc_writer_params params;
    char *name; /* as the user wrote it */
    char description[160];
    bc_destination destination;
    AVFormatContext *output;
    AVFormatContext *meant; /* its metadata */
    AVIOContext *pipe;      /* what the output writes to, if that is a pipe; or NULL */
    bc_encoder encoder;
    bc_scaler scaler;
    bc_filter palette;
    AVStream *video;
    AVPacket *packet; /* scratch */
    int n_inputs;
    bc_route *routes;  /* [n_inputs], by the index of the source's stream */
    int64_t *last_dts; /* [output->nb_streams] */
    int64_t n_frames, n_refused;
    bool is_tone_mapped, has_lost_captions;
};

/* Opening ---------------------------------------------------------------------------------- */

static bc_status open_encoder(bc_writer *writer, const bc_frame *first, const bc_reader *source)
{
    const bc_writer_params *params = &writer->params;
    bc_rational rate = source ? bc_reader_info_of(source)->frame_rate : params->frame_rate;
    if (rate.num <= 0 || rate.den <= 0)
        rate = (bc_rational){30, 1};
    AVFrame *view = NULL;
    bc_status status = bc_av_of_frame(&view, first, &params->log);
    if (status < 0)
        return status;
    const bc_encoder_source encoder_source = {
        .first = view,
        .time_base = {first->time_base.num, first->time_base.den},
        .frame_rate = {rate.num, rate.den},
    };
    status = bc_encoder_open(&writer->encoder, writer->destination.container, writer->name,
                             &encoder_source, params);
    av_frame_free(&view);
    return status;
}

static int add_video(bc_writer *writer, const AVStream *source)
{
    AVStream *video = writer->video = avformat_new_stream(writer->output, NULL);
    const AVCodecContext *encoder = writer->encoder.context;
    if (!video)
        return AVERROR(ENOMEM);
    video->time_base = encoder->time_base;
    video->avg_frame_rate = encoder->framerate;
    video->sample_aspect_ratio = encoder->sample_aspect_ratio;
    int error = avcodec_parameters_from_context(video->codecpar, encoder);
    if (error < 0 || !source)
        return error;
    error = bc_sidedata_copy_stream(video, source, !writer->is_tone_mapped);
    const char *lost = bc_sidedata_lost(video, writer->destination.container);
    if (lost && !writer->destination.is_picture)
        bc_log_write(&writer->params.log, BC_LOG_WARNING, "%s: %s is left out: %s cannot hold it",
                     writer->name, lost, writer->destination.container->name);
    if (bc_stream_n_side_data(video) > 0) /* what mp4 calls unofficial */
        writer->output->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    return error < 0 ? error : bc_copy_stream_notes(video, source);
}

/* The programme that the stream belongs to, where there are several; or NULL. */
static const AVProgram *program_of(const AVFormatContext *input, int stream)
{
    return input->nb_programs > 1
               ? av_find_program_from_stream((AVFormatContext *)input, NULL, stream)
               : NULL;
}

static bool is_in(const AVProgram *program, int stream)
{
    for (unsigned i = 0; program && i < program->nb_stream_indexes; i++)
        if (program->stream_index[i] == (unsigned)stream)
            return true;
    return !program;
}

static int add_stream(bc_writer *writer, const AVFormatContext *input, int index, int video)
{
    const AVStream *stream = input->streams[index];
    bc_route *route = &writer->routes[index];
    if (index == video)
        return add_video(writer, stream);
    return bc_route_open(route, writer->output, stream, writer->name, &writer->params);
}

/* Players take the first of a kind and what is called the default: those of the painted programme.
 */
static void set_defaults(const bc_writer *writer, unsigned n_own)
{
    bool is_taken[AVMEDIA_TYPE_NB] = {false};
    for (unsigned i = 0; i < writer->output->nb_streams; i++) {
        AVStream *stream = writer->output->streams[i];
        const enum AVMediaType type = stream->codecpar->codec_type;
        stream->disposition &= ~AV_DISPOSITION_DEFAULT;
        if (i < n_own && type >= 0 && !is_taken[type]) {
            stream->disposition |= AV_DISPOSITION_DEFAULT;
            is_taken[type] = true;
        }
    }
}

/* In the source's order, so that the streams keep their numbers; but other programmes come last. */
static int add_streams(bc_writer *writer, const bc_reader *source)
{
    if (!source)
        return add_video(writer, NULL);
    const AVFormatContext *input = bc_reader_input(source);
    const int video = bc_reader_video_index(source);
    const AVProgram *program = program_of(input, video);
    writer->n_inputs = (int)input->nb_streams;
    writer->is_tone_mapped = bc_reader_info_of(source)->is_hdr;
    writer->routes = calloc(input->nb_streams, sizeof(writer->routes[0]));
    int error = writer->routes ? 0 : AVERROR(ENOMEM);
    for (int i = 0; error >= 0 && i < writer->n_inputs; i++)
        if (is_in(program, i))
            error = add_stream(writer, input, i, video);
    const unsigned n_own = writer->output->nb_streams;
    for (int i = 0; error >= 0 && i < writer->n_inputs; i++)
        if (!is_in(program, i))
            error = add_stream(writer, input, i, video);
    if (program)
        set_defaults(writer, n_own);
    return error < 0 ? error : bc_copy_notes(writer->output, source);
}

static bool is_mp4_family(const AVOutputFormat *container)
{
    return container->codec_tag && av_codec_get_tag(container->codec_tag, AV_CODEC_ID_H264) &&
           strstr("mp4 mov ipod ismv psp 3gp 3g2", container->name);
}

static int is_stopped(void *cookie)
{
    const bc_writer *writer = cookie;
    return writer->params.stop && atomic_load(writer->params.stop) != 0;
}

static int open_place(bc_writer *writer)
{
    const bc_destination *destination = &writer->destination;
    AVIOContext **io = &writer->output->pb;
    const AVIOInterruptCB *interrupt = &writer->output->interrupt_callback;
    if (destination->container->flags & AVFMT_NOFILE)
        return 0;
    if (destination->path || !bc_pipe_is(destination->url))
        return avio_open2(io, destination->url, AVIO_FLAG_WRITE, interrupt, NULL);
    const int error = bc_pipe_open(&writer->pipe, destination->url, true, interrupt);
    *io = writer->pipe;
    return error;
}

/*
 * mp4 has two places for notes, and FFmpeg writes one of them: that which every player reads, which
 * knows these keys and holds the cover, or one for any key, which phones use.
 */
static bool has_common_notes(const AVFormatContext *output)
{
    static const char *const keys[] = {
        "title",    "artist",  "album_artist", "composer",    "album",    "date", "comment",
        "genre",    "lyrics",  "copyright",    "description", "synopsis", "show", "episode_id",
        "grouping", "network", "keywords",     "track",       "disc"};
    for (unsigned i = 0; i < output->nb_streams; i++)
        if (output->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC)
            return true;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (av_dict_get(output->metadata, keys[i], NULL, 0))
            return true;
    return false;
}

static int begin(bc_writer *writer)
{
    const bc_destination *destination = &writer->destination;
    AVDictionary *options = NULL;
    writer->output->interrupt_callback = (AVIOInterruptCB){is_stopped, writer};
    if (destination->is_picture)
        av_dict_set(&options, "update", "1", 0);
    if (is_mp4_family(destination->container)) {
        av_dict_set_int(&options, "movie_timescale", MOVIE_TIMESCALE, 0);
        if (!destination->path)
            av_dict_set(&options, "movflags", FRAGMENTS, 0);
        else if (!writer->params.ends_at_once)
            av_dict_set(&options, "movflags", "+faststart", 0);
        if (!has_common_notes(writer->output))
            av_dict_set(&options, "movflags", "+use_metadata_tags", AV_DICT_APPEND);
    }
    int error = open_place(writer);
    if (strcmp(destination->container->name, "webm") == 0)
        writer->output->avoid_negative_ts = 0;
    if (error >= 0)
        error = avformat_write_header(writer->output, &options);
    av_dict_free(&options);
    return error;
}

static void describe(bc_writer *writer)
{
    const AVCodecContext *encoder = writer->encoder.context;
    snprintf(writer->description, sizeof(writer->description), "%s %s %dx%d in %s",
             encoder->codec->name, av_get_pix_fmt_name(encoder->pix_fmt), encoder->width,
             encoder->height, writer->destination.container->name);
}

static bc_status open_all(bc_writer *writer, const bc_frame *first, const bc_reader *source)
{
    const bc_writer_params *params = &writer->params;
    bc_status status = bc_destination_open(&writer->destination, writer->name, source, params);
    if (status == BC_OK)
        status = open_encoder(writer, first, source);
    if (status < 0)
        return status;
    int error = avformat_alloc_output_context2(&writer->output, writer->destination.container, NULL,
                                               writer->destination.url);
    if (error >= 0)
        error = add_streams(writer, source);
    if (error == AVERROR_ENCODER_NOT_FOUND)
        return BC_ERR_ARGUMENT;
    if (error >= 0)
        error = bc_copy_remember_notes(&writer->meant, writer->output);
    if (error < 0)
        return bc_av_fail(&params->log, error, "cannot write %s", writer->name);
    writer->last_dts = malloc(writer->output->nb_streams * sizeof(writer->last_dts[0]));
    if (!writer->last_dts)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", writer->name);
    for (unsigned i = 0; i < writer->output->nb_streams; i++)
        writer->last_dts[i] = AV_NOPTS_VALUE;
    describe(writer);
    return params->is_deferred ? BC_OK : bc_writer_begin(writer);
}

bc_status bc_writer_begin(bc_writer *writer)
{
    const int error = begin(writer);
    if (error == AVERROR_EXIT)
        return BC_ERR_INTERRUPTED;
    return error < 0 ? bc_av_fail(&writer->params.log, error, "cannot write %s", writer->name)
                     : BC_OK;
}

bc_status bc_writer_open(bc_writer **writer_out, const char *url, const bc_frame *first,
                         const bc_reader *source, const bc_writer_params *params)
{
    *writer_out = NULL;
    avdevice_register_all();
    bc_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", url);
    writer->params = *params;
    writer->name = strdup(url);
    writer->packet = av_packet_alloc();
    bc_status status = BC_ERR_MEMORY;
    if (writer->name && writer->packet)
        status = open_all(writer, first, source);
    if (status < 0)
        bc_writer_close(&writer);
    *writer_out = writer;
    return status;
}

static int close_file(bc_writer *writer)
{
    if (!writer->output || writer->output->oformat->flags & AVFMT_NOFILE)
        return 0;
    if (writer->pipe) {
        writer->output->pb = NULL;
        return bc_pipe_close(&writer->pipe);
    }
    return avio_closep(&writer->output->pb);
}

void bc_writer_close(bc_writer **writer_in)
{
    if (!writer_in || !*writer_in)
        return;
    bc_writer *writer = *writer_in;
    bc_encoder_close(&writer->encoder);
    bc_scaler_close(&writer->scaler);
    bc_filter_close(&writer->palette);
    close_file(writer);
    avformat_free_context(writer->output);
    avformat_free_context(writer->meant);
    bc_destination_close(&writer->destination);
    av_packet_free(&writer->packet);
    for (int i = 0; writer->routes && i < writer->n_inputs; i++)
        bc_route_close(&writer->routes[i]);
    free(writer->routes);
    free(writer->last_dts);
    free(writer->name);
    free(writer);
    *writer_in = NULL;
}

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

/* NULL: the end. */
static bc_status convert_packet(bc_writer *writer, bc_route *route, const AVPacket *packet)
{
    bc_status status = BC_OK;
    if (bc_transcoder_send(route->transcoder, packet) < 0)
        writer->n_refused++;
    for (AVPacket *out; status == BC_OK && (out = bc_transcoder_receive(route->transcoder));) {
        if (fit_lead_in(writer, out))
            status = write_other(writer, route, out);
        av_packet_free(&out);
    }
    return status;
}

bc_status bc_writer_packet(bc_writer *writer, bc_packet **packet_in)
{
    AVPacket *packet = *packet_in;
    *packet_in = NULL;
    bc_route *route =
        packet->stream_index < writer->n_inputs ? &writer->routes[packet->stream_index] : NULL;
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
    for (int i = 0; i < writer->n_inputs && status == BC_OK; i++)
        if (writer->routes[i].transcoder)
            status = convert_packet(writer, &writer->routes[i], NULL);
    return status;
}

/* Frames ----------------------------------------------------------------------------------- */

const AVFrame *bc_writer_canvas(const bc_writer *writer)
{
    return writer->encoder.canvas;
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
        writer->packet->stream_index = writer->video->index;
        av_packet_rescale_ts(writer->packet, writer->encoder.context->time_base,
                             writer->video->time_base);
        const int write_error = mux(writer, writer->packet);
        av_packet_unref(writer->packet);
        if (write_error < 0)
            status = fail_to_write(writer, write_error);
    }
    return status;
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

bc_status bc_writer_frame(bc_writer *writer, const bc_frame *frame)
{
    AVFrame *av;
    if (writer->destination.is_picture && writer->n_frames > 0)
        return bc_fail(&writer->params.log, BC_ERR_ARGUMENT,
                       "%s holds one picture only (name%%04d.png is a series)", writer->name);
    bc_status status =
        bc_canvas_fit(&av, writer->encoder.canvas, frame, &writer->scaler, &writer->params.log);
    if (status == BC_OK && writer->encoder.context->pix_fmt == AV_PIX_FMT_PAL8)
        status = use_palette(writer, av);
    if (status < 0) {
        av_frame_free(&av);
        return status;
    }
    name_lost_captions(writer, av);
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
    const int drain_error = bc_encoder_send(&writer->encoder, NULL, (AVRational){1, 1});
    bc_status status = drain_error < 0 && drain_error != AVERROR_EOF
                           ? bc_av_fail(log, drain_error, "%s: encoder", writer->name)
                           : write_encoded(writer);
    if (status == BC_OK)
        status = finish_conversions(writer);
    if (status < 0)
        return status;
    set_last_delay(writer);
    int error = av_write_trailer(writer->output);
    if (error >= 0 && writer->output->pb && writer->output->pb->error < 0)
        error = writer->output->pb->error;
    const int close_error = close_file(writer);
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
