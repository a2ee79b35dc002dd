/*
 * The clock of a transport stream, read from packets that are made here: where it counts as even,
 * to either side of each limit, and which places in the file it leads to.
 */
#include "media/transport.h"

#include <libavutil/mem.h>
#include <unistd.h>

#include "media/timeline.h"
#include "test.h"

enum { PACKET = 188, N_TIMES = 200, VIDEO_PID = 256, SOUND_PID = 257, HEAD_BYTES = 100 };
static const int64_t second = AV_TIME_BASE;

typedef struct clip {
    int64_t times_us[N_TIMES]; /* of pictures, half a second apart */
    int64_t sound_us;          /* how much later sound is from the middle on */
    bool has_head;             /* bytes that are no packets */
    int broken;                /* a packet without its mark; or -1 */
} clip;

static clip even_clip(int64_t zero_us)
{
    clip c = {.broken = -1};
    for (int i = 0; i < N_TIMES; i++)
        c.times_us[i] = zero_us + i * second / 2;
    return c;
}

static void write_packet(AVIOContext *io, int pid, int64_t time_us, bool is_marked)
{
    const uint64_t t = (uint64_t)av_rescale(time_us, 90000, AV_TIME_BASE);
    uint8_t packet[PACKET] = {is_marked ? 0x47 : 0,
                              (uint8_t)(0x40 | pid >> 8),
                              (uint8_t)pid,
                              0x10, /* its payload: */
                              0,
                              0,
                              1,
                              0xe0,
                              0,
                              0,
                              0x80,
                              0x80,
                              5,
                              (uint8_t)(0x21 | (t >> 29 & 0x0e)),
                              (uint8_t)(t >> 22),
                              (uint8_t)(1 | (t >> 14 & 0xfe)),
                              (uint8_t)(t >> 7),
                              (uint8_t)(1 | t << 1)};
    avio_write(io, packet, PACKET);
}

static AVIOContext *write_clip(const clip *c)
{
    AVIOContext *io;
    uint8_t *bytes;
    avio_open_dyn_buf(&io);
    for (int i = 0; c->has_head && i < HEAD_BYTES; i++)
        avio_w8(io, 0x47); /* the mark, but never two packets apart */
    for (int i = 0; i < N_TIMES; i++) {
        const int64_t late_us = i < N_TIMES / 2 ? 0 : c->sound_us;
        write_packet(io, VIDEO_PID, c->times_us[i], i != c->broken);
        write_packet(io, SOUND_PID, c->times_us[i] + late_us, true);
    }
    const int size = avio_close_dyn_buf(io, &bytes);
    if (avio_open(&io, "transport.ts", AVIO_FLAG_WRITE) >= 0) {
        avio_write(io, bytes, size);
        avio_closep(&io);
    }
    av_free(bytes);
    return avio_open(&io, "transport.ts", AVIO_FLAG_READ) < 0 ? NULL : io;
}

static bool is_video(const void *cookie, const AVStream *stream)
{
    return cookie == NULL && stream->id == VIDEO_PID;
}

/* Looks for the place `target_us` after the beginning. */
static int run(bc_transport_scan *scan, const clip *c, int64_t target_us)
{
    AVFormatContext *input = avformat_alloc_context();
    for (int i = 0; i < 2; i++) {
        AVStream *stream = avformat_new_stream(input, NULL);
        stream->id = i == 0 ? VIDEO_PID : SOUND_PID;
        stream->codecpar->codec_type = i == 0 ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
    }
    *scan = (bc_transport_scan){.zero_us = c->times_us[0],
                                .target_us = c->times_us[0] + target_us,
                                .tells_time = is_video,
                                .max_bytes = scan->max_bytes ? scan->max_bytes : INT64_MAX};
    input->pb = write_clip(c);
    const int result = bc_transport_run(scan, input);
    CHECK_INT(avio_tell(input->pb), 0);
    avio_closep(&input->pb);
    avformat_free_context(input);
    return result;
}

static int is_even(const clip *c)
{
    bc_transport_scan scan = {0};
    return run(&scan, c, 90 * second);
}

static void test_places(int64_t zero_us, bool has_head)
{
    bc_transport_scan scan = {0};
    clip c = even_clip(zero_us);
    c.has_head = has_head;
    const int64_t head = has_head ? HEAD_BYTES : 0;
    CHECK_INT(run(&scan, &c, 62 * second), 1);
    CHECK_INT(scan.places[0], head + 2 * 60 * 2 * PACKET + PACKET); /* the sound beside a picture */
    CHECK_INT(scan.places[1], head + 2 * 50 * 2 * PACKET + PACKET);
    CHECK_INT(scan.places[2], head + 2 * 2 * 2 * PACKET + PACKET);
    CHECK_INT(scan.places[3], -1);
}

static void test_steps(void)
{
    const int64_t pause = BC_TIMELINE_LOOSE_PAUSE_US, back = BC_TIMELINE_MAX_STEP_BACK_US;
    const int64_t steps_us[] = {pause, pause + 1000, -back, -back - 1000};
    for (int i = 0; i < 4; i++) {
        clip c = even_clip(second);
        for (int k = 50; k < N_TIMES; k++)
            c.times_us[k] += steps_us[i] - second / 2;
        CHECK_INT(is_even(&c), i % 2 == 0);
    }
}

static void test_others(void)
{
    bc_transport_scan scan = {0};
    clip c = even_clip(second);
    for (int k = 190; k < N_TIMES; k++)
        c.times_us[k] = second; /* behind the target */
    CHECK_INT(is_even(&c), 1);
    c = even_clip(second);
    c.broken = 70;
    CHECK_INT(is_even(&c), 0);
    c = even_clip(second);
    c.sound_us = -10 * second; /* it begins anew, alone */
    CHECK_INT(is_even(&c), 0);
    c = even_clip(second);
    CHECK_INT(run(&scan, &c, 1000 * second), 1); /* to its end */
    CHECK_INT(scan.places[0], (2 * N_TIMES - 1) * PACKET);
    scan.max_bytes = 50 * PACKET;
    CHECK_INT(run(&scan, &c, 1000 * second), AVERROR(EFBIG));
}

int main(void)
{
    test_places(second, false);
    test_places(second, true);
    test_places(av_rescale(INT64_C(1) << 33, AV_TIME_BASE, 90000) - 20 * second, false); /* wraps */
    test_steps();
    test_others();
    unlink("transport.ts");
    return TEST_END();
}
