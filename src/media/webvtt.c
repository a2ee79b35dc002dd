#include "media/webvtt.h"

#include <libavutil/intreadwrite.h>
#include <string.h>

enum { ADDITION_HEAD = 8, WEBVTT_ADDITION = 1 };

void bc_webvtt_find(AVFormatContext *input)
{
    static const char signature[6] = "WEBVTT"; /* of the private data, which is a file's head */
    for (unsigned i = 0; i < input->nb_streams; i++) {
        AVCodecParameters *codec = input->streams[i]->codecpar;
        if (codec->codec_type == AVMEDIA_TYPE_SUBTITLE && codec->codec_id == AV_CODEC_ID_NONE &&
            codec->extradata_size >= (int)sizeof(signature) &&
            memcmp(codec->extradata, signature, sizeof(signature)) == 0)
            codec->codec_id = AV_CODEC_ID_WEBVTT;
    }
}

static int add_line(AVPacket *packet, enum AVPacketSideDataType type, const uint8_t *line,
                    size_t length)
{
    if (length == 0)
        return 0;
    uint8_t *copy = av_packet_new_side_data(packet, type, length);
    if (!copy)
        return AVERROR(ENOMEM);
    memcpy(copy, line, length);
    return 0;
}

static size_t line_length(const uint8_t *text, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(text, '\n', size) : NULL;
    return end ? (size_t)(end - text) : size;
}

/* The addition is a line of settings, a line with the identifier, and comments. */
int bc_webvtt_complete(AVPacket *packet)
{
    size_t size;
    const uint8_t *text =
        av_packet_get_side_data(packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, &size);
    if (!text || size < ADDITION_HEAD || AV_RB64(text) != WEBVTT_ADDITION)
        return 0;
    text += ADDITION_HEAD;
    size -= ADDITION_HEAD;
    const size_t settings = line_length(text, size), next = FFMIN(settings + 1, size);
    const int error = add_line(packet, AV_PKT_DATA_WEBVTT_SETTINGS, text, settings);
    return error < 0 ? error
                     : add_line(packet, AV_PKT_DATA_WEBVTT_IDENTIFIER, text + next,
                                line_length(text + next, size - next));
}
