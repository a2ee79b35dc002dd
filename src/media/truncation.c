#include "media/truncation.h"

#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_BOXES = 1 << 20,
    RIFF_SLACK = 8, /* writers who count a chunk's own head */
    FLV_HEAD = 13,
    FLV_TAG = 11,
    TS_PACKET = 188,
    TS_SYNC = 0x47,
};

typedef struct extent {
    int64_t size; /* of the whole file, 0: unknown */
    bool is_cut;  /* its end is no end, whatever the size */
} extent;

/* mp4: boxes, of which the last may be cut. What follows the last known one may be anything. */
static extent measure_boxes(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    (void)input;
    int64_t at = 0;
    for (int i = 0; i < MAX_BOXES && at + 8 <= file_size; i++) {
        if (avio_seek(io, at, SEEK_SET) < 0)
            break;
        int64_t size = avio_rb32(io);
        const uint32_t type = avio_rl32(io);
        if (size == 1)
            size = (int64_t)avio_rb64(io);
        if (size < 8 || size > INT64_MAX - at)
            break; /* 0: to the end, whatever that is */
        const bool is_media = type == MKTAG('m', 'd', 'a', 't') ||
                              type == MKTAG('m', 'o', 'o', 'f') ||
                              type == MKTAG('m', 'o', 'o', 'v');
        at += size;
        if (at > file_size && is_media)
            return (extent){.size = at};
    }
    return (extent){0};
}

/* An EBML size; -1: unknown. */
static int64_t read_ebml_size(AVIOContext *io)
{
    const int first = avio_r8(io);
    int n_bytes = 1;
    while (n_bytes <= 8 && !(first & (0x100 >> n_bytes)))
        n_bytes++;
    if (n_bytes > 8)
        return -1;
    int64_t size = first & (0xff >> n_bytes);
    for (int i = 1; i < n_bytes; i++)
        size = size << 8 | avio_r8(io);
    return size == (INT64_C(1) << (7 * n_bytes)) - 1 ? -1 : size;
}

static extent measure_segment(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    enum { EBML_ID = 0x1A45DFA3, SEGMENT_ID = 0x18538067 };
    (void)input;
    if (avio_seek(io, 0, SEEK_SET) < 0 || avio_rb32(io) != EBML_ID)
        return (extent){0};
    const int64_t head_size = read_ebml_size(io);
    if (head_size < 0 || head_size > file_size || avio_skip(io, head_size) < 0 ||
        avio_rb32(io) != SEGMENT_ID)
        return (extent){0};
    const int64_t size = read_ebml_size(io), start = avio_tell(io);
    return (extent){.size = size < 0 ? 0 : start + size};
}

static extent measure_chunks(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    (void)input;
    int64_t at = 0;
    while (at + 8 <= file_size && avio_seek(io, at, SEEK_SET) >= 0 &&
           avio_rl32(io) == MKTAG('R', 'I', 'F', 'F')) {
        const int64_t size = avio_rl32(io);
        if (size == 0 || size == UINT32_MAX) /* never filled in */
            return (extent){0};
        at += 8 + size + (size & 1);
    }
    return (extent){.size = at - RIFF_SLACK > file_size ? at : 0};
}

/* Each tag ends with its size, unless its writer never cared. */
static bool is_tag_end(AVIOContext *io, int64_t at)
{
    if (at < FLV_HEAD + FLV_TAG + 4 || avio_seek(io, at - 4, SEEK_SET) < 0)
        return false;
    const int64_t size = avio_rb32(io);
    if (size < FLV_TAG || size > at - 4 - FLV_HEAD || avio_seek(io, at - 4 - size, SEEK_SET) < 0)
        return false;
    avio_r8(io);
    return avio_rb24(io) + FLV_TAG == size;
}

static extent measure_tags(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    (void)input;
    if (avio_seek(io, FLV_HEAD + 1, SEEK_SET) < 0)
        return (extent){0};
    const int64_t first_size = avio_rb24(io);
    if (!is_tag_end(io, FLV_HEAD + FLV_TAG + first_size + 4))
        return (extent){0};
    return (extent){.is_cut = !is_tag_end(io, file_size)};
}

static bool is_packet(AVIOContext *io, int64_t at)
{
    return at >= 0 && avio_seek(io, at, SEEK_SET) >= 0 && avio_r8(io) == TS_SYNC;
}

/* Of 188 bytes, 192 with a time before each, or 204 with a check sum behind. */
static extent measure_packets(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    int64_t size = TS_PACKET;
    av_opt_get_int(input->priv_data, "ts_packetsize", 0, &size);
    const int64_t last = file_size - (size == 192 ? TS_PACKET : size);
    return (extent){.is_cut = !is_packet(io, last) || !is_packet(io, last - size)};
}

/* To the first scan, past the thumbnail that a segment may hold; then an end has to come. */
static extent measure_jpeg(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    enum { START = 0xFFD8, SCAN = 0xFFDA, END = 0xFFD9, FIRST_MARKER = 0xFFC0 };
    if (input->streams[0]->codecpar->codec_id != AV_CODEC_ID_MJPEG ||
        avio_seek(io, 0, SEEK_SET) < 0 || avio_rb16(io) != START)
        return (extent){0};
    for (unsigned marker = 0; marker != SCAN && avio_tell(io) < file_size;) {
        marker = avio_rb16(io);
        const int length = (int)avio_rb16(io);
        if (marker < FIRST_MARKER || length < 2 || avio_skip(io, length - 2) < 0)
            return (extent){0};
    }
    unsigned last_two = 0;
    while (last_two != END && !avio_feof(io))
        last_two = (last_two << 8 | (unsigned)avio_r8(io)) & 0xFFFF;
    return (extent){.is_cut = last_two != END};
}

/* Some writers fill up with zeros. */
static extent measure_gif(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    enum { TRAILER = 0x3B };
    (void)input;
    int last = 0;
    for (int64_t at = file_size - 1; at > 0 && last == 0 && avio_seek(io, at, SEEK_SET) >= 0; at--)
        last = avio_r8(io);
    return (extent){.is_cut = last != TRAILER};
}

/* Pictures have no open file at their end. */
static AVIOContext *open_again(const AVFormatContext *input)
{
    AVIOContext *io = NULL;
    return !input->pb && avio_open(&io, input->url, AVIO_FLAG_READ) >= 0 ? io : NULL;
}

static extent measure(const AVFormatContext *input, AVIOContext *io, int64_t file_size)
{
    static const struct {
        const char *format;
        extent (*measure)(const AVFormatContext *input, AVIOContext *io, int64_t file_size);
    } table[] = {{"mov,", measure_boxes},     {"matroska,", measure_segment},
                 {"avi", measure_chunks},     {"flv", measure_tags},
                 {"mpegts", measure_packets}, {"image2", measure_jpeg},
                 {"jpeg_pipe", measure_jpeg}, {"gif", measure_gif}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && file_size > 0; i++)
        if (av_strstart(input->iformat->name, table[i].format, NULL))
            return table[i].measure(input, io, file_size);
    return (extent){0};
}

bool bc_truncation_find(const AVFormatContext *input, char *text, size_t size)
{
    const char *protocol = avio_find_protocol_name(input->url);
    if (!protocol || strcmp(protocol, "file") != 0)
        return false;
    AVIOContext *again = open_again(input), *io = again ? again : input->pb;
    const int64_t file_size = io ? FFMAX(avio_size(io), 0) : 0; /* of a pipe: none */
    const extent found = measure(input, io, file_size);
    avio_closep(&again);
    if (found.is_cut)
        snprintf(text, size, "truncated: its end is missing");
    else if (found.size > file_size)
        snprintf(text, size, "truncated: %lld of %lld bytes are there", (long long)file_size,
                 (long long)found.size);
    return found.is_cut || found.size > file_size;
}
