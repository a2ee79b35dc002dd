#include "media/writer.h"

#include <libavdevice/avdevice.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/copy.h"
#include "media/frame_notes.h"
#include "media/pipe.h"
#include "media/sidedata.h"
#include "media/versions.h"
#include "media/writer_private.h"

/* The usual 1000 would round start offsets and durations of mp4 to milliseconds. */
enum { MOVIE_TIMESCALE = 90000 };

/* Of a file that plays up to where it breaks off: mp4's fragments in us, Matroska's clusters in ms.
 */
#define PIECE_US "500000"
#define PIECE_MS "500"

/* Of an mp4 that cannot be gone back in, a pipe or a peer, or that may break off. */
#define FRAGMENTS "+frag_keyframe+delay_moov+default_base_moof"

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
    if (status == BC_OK)
        bc_frame_notes_name_lost(view, writer->encoder.context, writer->name, &params->log);
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
    error = bc_sidedata_copy_stream(video, source, writer->destination.container,
                                    !writer->is_tone_mapped);
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
        return writer->video ? 0 : add_video(writer, stream);
    return bc_route_open(route, writer->output, stream, input->streams[video], writer->name,
                         &writer->params);
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

/* In the source's order, so that the streams keep their numbers; but other programmes come last,
 * and the picture first in MXF, which takes none behind sound. */
static int add_streams(bc_writer *writer, const bc_reader *source)
{
    if (!source)
        return add_video(writer, NULL);
    const AVFormatContext *input = bc_reader_input(source);
    const int video = bc_reader_video_index(source);
    const AVProgram *program = program_of(input, video);
    writer->n_inputs = writer->n_routes = (int)input->nb_streams;
    writer->is_tone_mapped = bc_reader_info_of(source)->is_tone_mapped;
    writer->routes = calloc(input->nb_streams, sizeof(writer->routes[0]));
    int error = writer->routes ? 0 : AVERROR(ENOMEM);
    if (error >= 0 && strcmp(writer->destination.container->name, "mxf") == 0)
        error = add_stream(writer, input, video, video);
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

/* What is written reaches the disk in small pieces, each of which can be played. */
static void cut_in_pieces(bc_writer *writer, AVDictionary **options)
{
    writer->output->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    av_dict_set(options, "cluster_time_limit", PIECE_MS, 0);
    if (is_mp4_family(writer->destination.container))
        av_dict_set(options, "frag_duration", PIECE_US, 0);
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
        const bool has_fragments = !destination->path || writer->params.keeps_partial;
        av_dict_set(&options, "movflags", has_fragments ? FRAGMENTS : "+faststart", 0);
        if (!has_common_notes(writer->output))
            av_dict_set(&options, "movflags", "+use_metadata_tags", AV_DICT_APPEND);
    }
    if (writer->params.keeps_partial)
        cut_in_pieces(writer, &options);
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
    if (status == BC_OK)
        describe(writer);
    if (status == BC_OK && params->parts)
        return bc_writer_begin_parts(writer);
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
    writer->palette.n_threads = params->n_threads;
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

int bc_writer_close_file(bc_writer *writer)
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
    bc_writer_drop_part(writer);
    bc_encoder_close(&writer->encoder);
    bc_scaler_close(&writer->scaler);
    bc_filter_close(&writer->palette);
    bc_writer_close_file(writer);
    avformat_free_context(writer->output);
    avformat_free_context(writer->meant);
    if (writer->params.keeps_partial && writer->n_frames > 0)
        bc_destination_keep(&writer->destination, &writer->params.log);
    bc_destination_close(&writer->destination);
    av_packet_free(&writer->packet);
    for (int i = 0; writer->routes && i < writer->n_routes; i++)
        bc_route_close(&writer->routes[i]);
    free(writer->routes);
    free(writer->route_of);
    free(writer->last_dts);
    free(writer->name);
    free(writer);
    *writer_in = NULL;
}
