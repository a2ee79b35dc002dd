#include "media/transcode.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
#include <libavutil/fifo.h>
#include <libavutil/samplefmt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/transcode_choice.h"
#include "media/versions.h"

enum {
    BITS_OF_SAMPLE = 2, /* transparent for the usual codecs */
    MAX_BITS = 320000,
    MAX_TEXT = 1 << 16,
    LAYOUT_SIZE = 64,
    SILENCE_SAMPLES = 1024, /* at once */
};

struct bc_transcoder {
    AVCodecContext *decoder, *encoder;
    AVFilterGraph *graph; /* of sound: to the encoder's rate, format, channels and frame size */
    AVFilterContext *source, *sink;
    int rate, format; /* of the frames that the graph was made for */
    AVRational time_base;
    bool has_begun; /* sound has come out of the decoder */
    int64_t end_us; /* of the sound so far; before it has begun, where it will */
    AVChannelLayout layout;
    AVFrame *frame;
    AVFifo *ready; /* AVPacket * */
};

/* Opening ---------------------------------------------------------------------------------- */

static int open_decoder(bc_transcoder *transcoder, const AVStream *source)
{
    const AVCodec *codec = avcodec_find_decoder(source->codecpar->codec_id);
    transcoder->decoder = avcodec_alloc_context3(codec);
    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    if (!transcoder->decoder)
        return AVERROR(ENOMEM);
    const int error = avcodec_parameters_to_context(transcoder->decoder, source->codecpar);
    transcoder->decoder->pkt_timebase = source->time_base;
    return error < 0 ? error : avcodec_open2(transcoder->decoder, codec, NULL);
}

typedef struct sound_choice {
    int rate; /* 0: the source's */
    bool has_usual_channels;
} sound_choice;

static int set_up_sound(AVCodecContext *encoder, const AVCodec *codec,
                        const AVCodecParameters *source, sound_choice choice)
{
    int error = bc_transcode_layout(&encoder->ch_layout, codec, source);
    if (error >= 0 && choice.has_usual_channels)
        av_channel_layout_default(&encoder->ch_layout, encoder->ch_layout.nb_channels);
    encoder->sample_rate =
        bc_transcode_rate(codec, choice.rate > 0 ? choice.rate : source->sample_rate);
    const enum AVSampleFormat *formats = bc_codec_sample_formats(codec);
    encoder->sample_fmt = formats ? formats[0] : AV_SAMPLE_FMT_S16;
    encoder->time_base = (AVRational){1, encoder->sample_rate};
    if (codec->id != AV_CODEC_ID_MP2) /* has a list of bit rates, and chooses from it */
        encoder->bit_rate =
            FFMIN(encoder->ch_layout.nb_channels * encoder->sample_rate * BITS_OF_SAMPLE, MAX_BITS);
    return error;
}

/* Styles and fonts of the text are the decoder's header, in ASS. */
static int set_up_text(AVCodecContext *encoder, const AVCodecContext *decoder)
{
    encoder->time_base = (AVRational){1, 1000};
    if (!decoder->subtitle_header)
        return 0;
    encoder->subtitle_header = av_mallocz((size_t)decoder->subtitle_header_size + 1);
    if (!encoder->subtitle_header)
        return AVERROR(ENOMEM);
    memcpy(encoder->subtitle_header, decoder->subtitle_header,
           (size_t)decoder->subtitle_header_size);
    encoder->subtitle_header_size = decoder->subtitle_header_size;
    return 0;
}

static int try_encoder(bc_transcoder *transcoder, const AVStream *source,
                       const AVOutputFormat *container, const AVCodec *codec, sound_choice choice)
{
    avcodec_free_context(&transcoder->encoder);
    AVCodecContext *encoder = transcoder->encoder = avcodec_alloc_context3(codec);
    if (!encoder)
        return AVERROR(ENOMEM);
    const int error = codec->type == AVMEDIA_TYPE_AUDIO
                          ? set_up_sound(encoder, codec, source->codecpar, choice)
                          : set_up_text(encoder, transcoder->decoder);
    if (container->flags & AVFMT_GLOBALHEADER)
        encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    return error < 0 ? error : avcodec_open2(encoder, codec, NULL);
}

/* Some encoders take certain layouts only, and have no list of them. */
static int open_encoder(bc_transcoder *transcoder, const AVStream *source,
                        const AVOutputFormat *container, const AVCodec *codec, int rate)
{
    const sound_choice choice = {rate, false}, usual = {rate, true};
    const int error = try_encoder(transcoder, source, container, codec, choice);
    return error < 0 && codec->type == AVMEDIA_TYPE_AUDIO
               ? try_encoder(transcoder, source, container, codec, usual)
               : error;
}

int bc_transcoder_open(bc_transcoder **transcoder_out, const AVStream *source,
                       const AVOutputFormat *container, const char *codec_name, int rate)
{
    const AVCodec *codec = bc_transcode_encoder(source->codecpar, container, codec_name);
    *transcoder_out = NULL;
    if (!codec || avformat_query_codec(container, codec->id, FF_COMPLIANCE_NORMAL) == 0)
        return AVERROR_ENCODER_NOT_FOUND;
    bc_transcoder *transcoder = calloc(1, sizeof(*transcoder));
    if (!transcoder)
        return AVERROR(ENOMEM);
    transcoder->frame = av_frame_alloc();
    transcoder->ready = av_fifo_alloc2(4, sizeof(AVPacket *), AV_FIFO_FLAG_AUTO_GROW);
    int error = transcoder->frame && transcoder->ready ? 0 : AVERROR(ENOMEM);
    if (error >= 0)
        error = open_decoder(transcoder, source);
    if (error >= 0)
        error = open_encoder(transcoder, source, container, codec, rate);
    if (error < 0)
        bc_transcoder_close(&transcoder);
    *transcoder_out = transcoder;
    return error;
}

void bc_transcoder_close(bc_transcoder **transcoder_in)
{
    bc_transcoder *transcoder = transcoder_in ? *transcoder_in : NULL;
    AVPacket *packet;
    if (!transcoder)
        return;
    while (transcoder->ready && av_fifo_read(transcoder->ready, &packet, 1) >= 0)
        av_packet_free(&packet);
    av_fifo_freep2(&transcoder->ready);
    avfilter_graph_free(&transcoder->graph);
    av_channel_layout_uninit(&transcoder->layout);
    av_frame_free(&transcoder->frame);
    avcodec_free_context(&transcoder->decoder);
    avcodec_free_context(&transcoder->encoder);
    free(transcoder);
    *transcoder_in = NULL;
}

const AVCodecContext *bc_transcoder_encoder(const bc_transcoder *transcoder)
{
    return transcoder->encoder;
}

/* Sound ------------------------------------------------------------------------------------ */

static int open_graph(bc_transcoder *transcoder, const AVFrame *frame, AVRational time_base)
{
    const AVCodecContext *encoder = transcoder->encoder;
    char from[LAYOUT_SIZE], to[LAYOUT_SIZE], ends[256], filters[256];
    av_channel_layout_describe(&frame->ch_layout, from, sizeof(from));
    av_channel_layout_describe(&encoder->ch_layout, to, sizeof(to));
    snprintf(ends, sizeof(ends), "sample_rate=%d:sample_fmt=%d:channel_layout=%s:time_base=%d/%d",
             frame->sample_rate, frame->format, from, time_base.num, time_base.den);
    snprintf(filters, sizeof(filters),
             "aresample=%d:async=1000:min_hard_comp=0.05,aformat=sample_fmts=%s:channel_layouts=%s",
             encoder->sample_rate, av_get_sample_fmt_name(encoder->sample_fmt), to);
    transcoder->graph = avfilter_graph_alloc();
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    int error = transcoder->graph && outputs && inputs ? 0 : AVERROR(ENOMEM);
    if (error >= 0)
        error = avfilter_graph_create_filter(&transcoder->source, avfilter_get_by_name("abuffer"),
                                             "source", ends, NULL, transcoder->graph);
    if (error >= 0)
        error = avfilter_graph_create_filter(&transcoder->sink, avfilter_get_by_name("abuffersink"),
                                             "sink", NULL, NULL, transcoder->graph);
    if (error >= 0) {
        *outputs = (AVFilterInOut){av_strdup("in"), transcoder->source, 0, NULL};
        *inputs = (AVFilterInOut){av_strdup("out"), transcoder->sink, 0, NULL};
        error = avfilter_graph_parse_ptr(transcoder->graph, filters, &inputs, &outputs, NULL);
    }
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    return error < 0 ? error : avfilter_graph_config(transcoder->graph, NULL);
}

static int take_packets(bc_transcoder *transcoder)
{
    int error = 0;
    while (error >= 0) {
        AVPacket *packet = av_packet_alloc();
        error = packet ? avcodec_receive_packet(transcoder->encoder, packet) : AVERROR(ENOMEM);
        if (error >= 0)
            error = av_fifo_write(transcoder->ready, &packet, 1);
        if (error < 0)
            av_packet_free(&packet);
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? 0 : error;
}

static int encode_filtered(bc_transcoder *transcoder)
{
    int error = 0;
    AVFrame *frame = av_frame_alloc();
    while (frame && error >= 0 && av_buffersink_get_frame(transcoder->sink, frame) >= 0) {
        frame->pts = av_rescale_q(frame->pts, av_buffersink_get_time_base(transcoder->sink),
                                  transcoder->encoder->time_base);
        error = avcodec_send_frame(transcoder->encoder, frame);
        av_frame_unref(frame);
        if (error >= 0)
            error = take_packets(transcoder);
    }
    av_frame_free(&frame);
    return error;
}

static bool fits(const bc_transcoder *transcoder, const AVFrame *frame, AVRational time_base)
{
    return av_cmp_q(transcoder->time_base, time_base) == 0 &&
           transcoder->rate == frame->sample_rate && transcoder->format == frame->format &&
           av_channel_layout_compare(&transcoder->layout, &frame->ch_layout) == 0;
}

/* What is left in the graph goes to the encoder. */
static int drain_graph(bc_transcoder *transcoder)
{
    if (!transcoder->graph)
        return 0;
    int error = av_buffersrc_add_frame(transcoder->source, NULL);
    if (error >= 0)
        error = encode_filtered(transcoder);
    avfilter_graph_free(&transcoder->graph);
    return error;
}

/* Some milliseconds are left in the one before: encoders take a short frame at the end only. */
static int change_graph(bc_transcoder *transcoder, const AVFrame *frame, AVRational time_base)
{
    const AVCodecContext *encoder = transcoder->encoder;
    avfilter_graph_free(&transcoder->graph);
    int error = open_graph(transcoder, frame, time_base);
    if (error >= 0 && encoder->frame_size > 0 &&
        !(encoder->codec->capabilities & AV_CODEC_CAP_VARIABLE_FRAME_SIZE))
        av_buffersink_set_frame_size(transcoder->sink, (unsigned)encoder->frame_size);
    if (error >= 0)
        error = av_channel_layout_copy(&transcoder->layout, &frame->ch_layout);
    transcoder->rate = frame->sample_rate;
    transcoder->format = frame->format;
    transcoder->time_base = time_base;
    return error;
}

static int filter(bc_transcoder *transcoder, AVFrame *frame, AVRational time_base)
{
    int error = 0;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&frame->ch_layout, frame->ch_layout.nb_channels);
    if (!transcoder->graph || !fits(transcoder, frame, time_base))
        error = change_graph(transcoder, frame, time_base);
    frame->pts = frame->best_effort_timestamp;
    if (frame->pts == AV_NOPTS_VALUE)
        frame->pts = av_rescale_q(transcoder->end_us, AV_TIME_BASE_Q, time_base);
    else
        transcoder->end_us = av_rescale_q(frame->pts, time_base, AV_TIME_BASE_Q);
    transcoder->has_begun = true;
    transcoder->end_us += av_rescale(frame->nb_samples, AV_TIME_BASE, frame->sample_rate);
    if (error >= 0)
        error = av_buffersrc_add_frame(transcoder->source, frame);
    return error < 0 ? error : encode_filtered(transcoder);
}

/* NULL: what the decoder still holds. A packet's time is lost where it cannot be decoded, and often
 * only one of several has any. */
static int decode_sound(bc_transcoder *transcoder, const AVPacket *packet)
{
    int error = 0;
    if (!transcoder->decoder)
        return 0;
    if (packet && packet->pts != AV_NOPTS_VALUE && !transcoder->has_begun)
        transcoder->end_us =
            av_rescale_q(packet->pts, transcoder->decoder->pkt_timebase, AV_TIME_BASE_Q);
    avcodec_send_packet(transcoder->decoder, packet);
    while (error >= 0 && avcodec_receive_frame(transcoder->decoder, transcoder->frame) >= 0) {
        error = filter(transcoder, transcoder->frame, transcoder->decoder->pkt_timebase);
        av_frame_unref(transcoder->frame);
    }
    return error;
}

int bc_transcoder_change_source(bc_transcoder *transcoder, const AVStream *source)
{
    decode_sound(transcoder, NULL);
    avcodec_free_context(&transcoder->decoder);
    const int error = open_decoder(transcoder, source);
    if (error < 0)
        avcodec_free_context(&transcoder->decoder);
    return error;
}

int64_t bc_transcoder_end_us(const bc_transcoder *transcoder)
{
    return transcoder->end_us;
}

static int send_silence(bc_transcoder *transcoder)
{
    const AVCodecContext *encoder = transcoder->encoder;
    const AVRational time_base = {1, encoder->sample_rate};
    AVFrame *frame = transcoder->frame;
    frame->nb_samples = SILENCE_SAMPLES;
    frame->format = encoder->sample_fmt;
    frame->sample_rate = encoder->sample_rate;
    int error = av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout);
    if (error >= 0)
        error = av_frame_get_buffer(frame, 0);
    if (error >= 0)
        error = av_samples_set_silence(frame->extended_data, 0, frame->nb_samples,
                                       frame->ch_layout.nb_channels, encoder->sample_fmt);
    frame->best_effort_timestamp = av_rescale_q(transcoder->end_us, AV_TIME_BASE_Q, time_base);
    if (error >= 0)
        error = filter(transcoder, frame, time_base);
    av_frame_unref(frame);
    return error;
}

int bc_transcoder_fill(bc_transcoder *transcoder, int64_t until_us)
{
    int error = 0;
    while (error >= 0 && transcoder->end_us < until_us)
        error = send_silence(transcoder);
    return error;
}

static int send_sound(bc_transcoder *transcoder, const AVPacket *packet)
{
    int error = decode_sound(transcoder, packet);
    if (packet || error < 0)
        return error;
    error = drain_graph(transcoder);
    if (error >= 0)
        error = avcodec_send_frame(transcoder->encoder, NULL);
    return error < 0 ? error : take_packets(transcoder);
}

/* Text ------------------------------------------------------------------------------------- */

static int encode_text(bc_transcoder *transcoder, AVSubtitle *text, const AVPacket *from)
{
    AVPacket *packet = av_packet_alloc();
    int error = packet ? av_new_packet(packet, MAX_TEXT) : AVERROR(ENOMEM);
    if (error >= 0)
        error = avcodec_encode_subtitle(transcoder->encoder, packet->data, packet->size, text);
    if (error > 0) {
        const AVRational from_base = transcoder->decoder->pkt_timebase;
        const AVRational to_base = transcoder->encoder->time_base;
        av_shrink_packet(packet, error);
        packet->pts = packet->dts = av_rescale_q(from->pts, from_base, to_base);
        packet->duration = av_rescale_q(from->duration, from_base, to_base);
        error = av_fifo_write(transcoder->ready, &packet, 1);
        if (error >= 0)
            return 0;
    }
    av_packet_free(&packet);
    return error;
}

static int send_text(bc_transcoder *transcoder, const AVPacket *packet)
{
    AVSubtitle text = {0};
    int is_there = 0;
    if (!packet || packet->pts == AV_NOPTS_VALUE)
        return 0;
    if (avcodec_decode_subtitle2(transcoder->decoder, &text, &is_there, (AVPacket *)packet) < 0 ||
        !is_there)
        return 0;
    text.end_display_time -= FFMIN(text.start_display_time, text.end_display_time);
    text.start_display_time = 0;
    const int error = text.num_rects > 0 ? encode_text(transcoder, &text, packet) : 0;
    avsubtitle_free(&text);
    return error;
}

int bc_transcoder_send(bc_transcoder *transcoder, const AVPacket *packet)
{
    return transcoder->encoder->codec_type == AVMEDIA_TYPE_AUDIO ? send_sound(transcoder, packet)
                                                                 : send_text(transcoder, packet);
}

AVPacket *bc_transcoder_receive(bc_transcoder *transcoder)
{
    AVPacket *packet = NULL;
    return av_fifo_read(transcoder->ready, &packet, 1) < 0 ? NULL : packet;
}
