#include "media/transport.h"

#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <string.h>

#include "media/timeline.h"

enum {
    SYNC = 0x47,
    PACKET = 188,
    MAX_PACKET = 204,
    N_PIDS = 8192,
    N_IN_BLOCK = 4096,  /* packets */
    MAX_HEAD = 1 << 16, /* bytes before the first packet */
    N_IN_SYNC = 3,
    CLOCK = 90000, /* ticks a second */
};
static const int64_t max_late = 10 * CLOCK; /* of a stream's first time after the beginning */
static const int64_t wrap = INT64_C(1) << 33;

/* So many seconds before the target; groups of pictures are seldom longer than the second. */
static const int64_t margins[BC_TRANSPORT_PLACES] = {2 * CLOCK, 12 * CLOCK, 60 * CLOCK,
                                                     300 * CLOCK};

typedef struct stream_clock {
    bool tells_time;
    bool has_begun;
    int64_t time; /* its last, in ticks after the beginning */
} stream_clock;

typedef struct scanner {
    bc_transport_scan *scan;
    AVIOContext *io;
    int packet_size;
    int64_t zero, target;     /* in ticks; the target after the beginning */
    int64_t latest;           /* time of those streams that tell it, so far */
    uint8_t *block;           /* [N_IN_BLOCK * packet_size] */
    stream_clock *tracks;     /* [n_tracks], by the index of the stream */
    int16_t track_of[N_PIDS]; /* or -1 */
} scanner;

/* Packets ---------------------------------------------------------------------------------- */

static int64_t field_of(const uint8_t *field)
{
    return (int64_t)(field[0] & 0x0e) << 29 | (int64_t)(AV_RB16(field + 1) >> 1) << 15 |
           AV_RB16(field + 3) >> 1;
}

/* The time of decoding in the head of what begins in this packet; false: there is none. */
static bool read_time(const uint8_t *packet, int64_t *time)
{
    enum { IS_DAMAGED = 0x80, IS_START = 0x40, HAS_FIELDS = 0x20, HAS_PAYLOAD = 0x10 };
    enum { FLAGS = 7, SHOWN = 9, DECODED = 14, HEAD = 19, HAS_SHOWN = 0x80, HAS_DECODED = 0x40 };
    const int at = 4 + (packet[3] & HAS_FIELDS ? 1 + packet[4] : 0);
    const uint8_t *head = packet + at;
    if ((packet[1] & (IS_DAMAGED | IS_START)) != IS_START || !(packet[3] & HAS_PAYLOAD) ||
        at + HEAD > PACKET || AV_RB24(head) != 1 || !(head[FLAGS] & HAS_SHOWN))
        return false;
    *time = field_of(head + (head[FLAGS] & HAS_DECODED ? DECODED : SHOWN));
    return true;
}

/* The clock has 33 bits. */
static int64_t difference(int64_t a, int64_t b)
{
    const int64_t d = (a - b) & (wrap - 1);
    return d < wrap / 2 ? d : d - wrap;
}

/* Whether a stream's clock runs on evenly to `time`. */
static bool follow(scanner *s, stream_clock *track, int64_t time)
{
    const int64_t min_step = av_rescale(-BC_TIMELINE_MAX_STEP_BACK_US, CLOCK, AV_TIME_BASE);
    const int64_t max_step = av_rescale(BC_TIMELINE_LOOSE_PAUSE_US, CLOCK, AV_TIME_BASE);
    const int64_t step = difference(time, s->zero + track->time);
    if (track->has_begun ? step < min_step || step > max_step : llabs(step) > max_late)
        return false;
    track->has_begun = true;
    track->time += step;
    if (track->tells_time)
        s->latest = FFMAX(s->latest, track->time);
    return true;
}

static void note_place(scanner *s, int64_t position)
{
    for (int i = 0; i < BC_TRANSPORT_PLACES; i++)
        if (s->latest <= s->target - margins[i])
            s->scan->places[i] = position;
}

/* 1: the target is reached; 0: not yet; an error: this is no even clock. */
static int take_packet(scanner *s, const uint8_t *packet, int64_t position)
{
    int64_t time;
    if (packet[0] != SYNC)
        return AVERROR_INVALIDDATA;
    const int index = s->track_of[AV_RB16(packet + 1) & (N_PIDS - 1)];
    if (index < 0 || !read_time(packet, &time))
        return 0;
    if (!follow(s, &s->tracks[index], time))
        return AVERROR_INVALIDDATA;
    note_place(s, position);
    return s->latest >= s->target;
}

/* The file --------------------------------------------------------------------------------- */

/* Where the first packets begin that follow each other; -1: nowhere. */
static int64_t find_sync(scanner *s)
{
    const int n_read = avio_read(s->io, s->block, MAX_HEAD);
    for (int at = 0; at + (N_IN_SYNC - 1) * s->packet_size < n_read; at++) {
        int n = 0;
        while (n < N_IN_SYNC && s->block[at + n * s->packet_size] == SYNC)
            n++;
        if (n == N_IN_SYNC)
            return at;
    }
    return -1;
}

static int scan_packets(scanner *s)
{
    int64_t position = avio_seek(s->io, 0, SEEK_SET) < 0 ? -1 : find_sync(s);
    if (position < 0 || avio_seek(s->io, position, SEEK_SET) < 0)
        return AVERROR_INVALIDDATA;
    int result = 0;
    while (result == 0 && position < s->scan->max_bytes) {
        const int n_read = avio_read(s->io, s->block, N_IN_BLOCK * s->packet_size);
        if (n_read < PACKET)
            return n_read < 0 && n_read != AVERROR_EOF ? n_read : 1;
        for (int at = 0; result == 0 && at + PACKET <= n_read; at += s->packet_size)
            result = take_packet(s, s->block + at, position + at);
        position += n_read;
    }
    return result == 0 ? AVERROR(EFBIG) : result;
}

/* Sound of other programmes too: it may begin anew where the picture does not. */
static void find_tracks(scanner *s, const AVFormatContext *input)
{
    memset(s->track_of, -1, sizeof(s->track_of));
    for (int i = 0; i < (int)input->nb_streams; i++) {
        const AVStream *stream = input->streams[i];
        s->tracks[i].tells_time = s->scan->tells_time(s->scan->cookie, stream);
        if (stream->id >= 0 && stream->id < N_PIDS &&
            (s->tracks[i].tells_time || stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO))
            s->track_of[stream->id] = (int16_t)i;
    }
}

bool bc_transport_is(const AVFormatContext *input)
{
    return strcmp(input->iformat->name, "mpegts") == 0;
}

int bc_transport_run(bc_transport_scan *scan, const AVFormatContext *input)
{
    int64_t packet_size = PACKET;
    av_opt_get_int(input->priv_data, "ts_packetsize", 0, &packet_size);
    scanner *s = av_mallocz(sizeof(*s));
    int result = AVERROR(ENOMEM);
    memset(scan->places, -1, sizeof(scan->places));
    if (s) {
        s->scan = scan;
        s->io = input->pb;
        s->packet_size = (int)av_clip64(packet_size, PACKET, MAX_PACKET);
        s->zero = av_rescale(scan->zero_us, CLOCK, AV_TIME_BASE);
        s->target = av_rescale(scan->target_us - scan->zero_us, CLOCK, AV_TIME_BASE);
        s->latest = INT64_MIN / 2;
        s->block = av_malloc((size_t)N_IN_BLOCK * (size_t)s->packet_size);
        s->tracks = av_calloc(input->nb_streams, sizeof(*s->tracks));
    }
    if (s && s->block && s->tracks) {
        const int64_t before = avio_tell(s->io);
        find_tracks(s, input);
        result = scan_packets(s);
        if (avio_seek(s->io, before, SEEK_SET) < 0)
            result = AVERROR(EIO);
    }
    if (s) {
        av_free(s->block);
        av_free(s->tracks);
    }
    av_free(s);
    return result == AVERROR_INVALIDDATA ? 0 : result;
}
