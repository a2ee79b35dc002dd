#include "media/sound.h"

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdlib.h>

#include "base/log.h"
#include "media/av.h"
#include "media/input.h"

struct bc_sound {
    AVCodecContext *decoder;
    SwrContext *resampler; /* made by the first frame */
    AVFrame *av;
    int stream, rate;
    AVRational time_base;
    float *samples; /* [capacity][2] */
    int n_samples, capacity;
    int64_t time_us; /* of samples[0] */
};

static int open_decoder(bc_sound *sound, const AVStream *stream, const AVCodec *codec)
{
    sound->decoder = avcodec_alloc_context3(codec);
    sound->av = av_frame_alloc();
    if (!sound->decoder || !sound->av)
        return AVERROR(ENOMEM);
    int error = avcodec_parameters_to_context(sound->decoder, stream->codecpar);
    sound->decoder->pkt_timebase = stream->time_base;
    sound->time_base = stream->time_base;
    if (error >= 0)
        error = avcodec_open2(sound->decoder, codec, NULL);
    return error;
}

bc_status bc_sound_open(bc_sound **sound_out, const bc_reader *reader, int rate, const bc_log *log)
{
    AVFormatContext *input = (AVFormatContext *)bc_reader_input(reader);
    const AVCodec *codec;
    *sound_out = NULL;
    const int stream = av_find_best_stream(input, AVMEDIA_TYPE_AUDIO, -1,
                                           bc_reader_video_index(reader), &codec, 0);
    if (stream < 0)
        return BC_OK;
    bc_sound *sound = calloc(1, sizeof(*sound));
    if (!sound)
        return bc_fail(log, BC_ERR_MEMORY, "sound: out of memory");
    sound->stream = stream;
    sound->rate = rate;
    const int error = open_decoder(sound, input->streams[stream], codec);
    if (error < 0) {
        bc_sound_close(&sound);
        return bc_av_fail(log, error, "sound: decoder %s", codec->name);
    }
    *sound_out = sound;
    return BC_OK;
}

void bc_sound_close(bc_sound **sound)
{
    if (!sound || !*sound)
        return;
    avcodec_free_context(&(*sound)->decoder);
    swr_free(&(*sound)->resampler);
    av_frame_free(&(*sound)->av);
    free((*sound)->samples);
    free(*sound);
    *sound = NULL;
}

/* One resampler for the stream; swr_convert_frame would refuse a change of layout midway, so this
 * does too, and the frame is skipped. */
static int open_resampler(bc_sound *sound)
{
    AVFrame *av = sound->av;
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    int error = swr_alloc_set_opts2(&sound->resampler, &stereo, AV_SAMPLE_FMT_FLT, sound->rate,
                                    &av->ch_layout, (enum AVSampleFormat)av->format,
                                    av->sample_rate, 0, NULL);
    if (error >= 0)
        error = swr_init(sound->resampler);
    if (error < 0)
        swr_free(&sound->resampler);
    return error;
}

static int make_room(bc_sound *sound, int n_more)
{
    const int wanted = sound->n_samples + n_more;
    if (wanted <= sound->capacity)
        return 0;
    float *larger = realloc(sound->samples, (size_t)wanted * 2 * sizeof(float));
    if (!larger)
        return AVERROR(ENOMEM);
    sound->samples = larger;
    sound->capacity = wanted;
    return 0;
}

static void take_frame(bc_sound *sound)
{
    const AVFrame *av = sound->av;
    if (!sound->resampler && open_resampler(sound) < 0)
        return;
    const int most = swr_get_out_samples(sound->resampler, av->nb_samples);
    if (most < 0 || make_room(sound, most) < 0)
        return;
    if (sound->n_samples == 0 && av->best_effort_timestamp != AV_NOPTS_VALUE)
        sound->time_us = av_rescale_q(av->best_effort_timestamp, sound->time_base, AV_TIME_BASE_Q);
    uint8_t *to = (uint8_t *)(sound->samples + 2 * sound->n_samples);
    const int n = swr_convert(sound->resampler, &to, most, (const uint8_t **)av->extended_data,
                              av->nb_samples);
    if (n > 0)
        sound->n_samples += n;
}

void bc_sound_decode(bc_sound *sound, const bc_packet *packet, const float **samples,
                     int *n_samples, int64_t *time_us)
{
    /* Where a packet has no time, its sound follows what came before. */
    sound->time_us += (int64_t)sound->n_samples * 1000000 / sound->rate;
    sound->n_samples = 0;
    if (packet->stream_index == sound->stream && avcodec_send_packet(sound->decoder, packet) >= 0) {
        while (avcodec_receive_frame(sound->decoder, sound->av) >= 0)
            take_frame(sound);
    }
    *samples = sound->samples;
    *n_samples = sound->n_samples;
    *time_us = sound->time_us;
}
