/* part: what was written is read; a file that is not as it was written, or never made sense, is
 * refused. */
#include "media/part.h"

#include <libavutil/crc.h>
#include <libavutil/intreadwrite.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

enum { N_PACKETS = 3, PACKET_BYTES = 40, MAX_FILE = 4096, HEAD_NUMBERS = 16 + 2 * 32 };

static char last_message[1024];

static AVPacket *make_packet(int i)
{
    AVPacket *packet = av_packet_alloc();
    av_new_packet(packet, PACKET_BYTES);
    memset(packet->data, 'a' + i, PACKET_BYTES);
    packet->pts = 100 - 10 * i;
    packet->duration = 5 + i;
    packet->flags = i == 0 ? AV_PKT_FLAG_KEY : 0;
    memset(av_packet_new_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, 7), i, 7);
    return packet;
}

static void write_part(const char *path, const bc_log *log)
{
    bc_part_writer part;
    AVCodecContext *encoder = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_FFV1));
    encoder->width = 64;
    encoder->height = 48;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->time_base = (AVRational){1001, 30000};
    encoder->extradata = av_mallocz(9 + AV_INPUT_BUFFER_PADDING_SIZE);
    encoder->extradata_size = 9;
    CHECK_INT(bc_part_create(&part, path, encoder, log), BC_OK);
    CHECK(access(path, F_OK) != 0);
    for (int i = 0; i < N_PACKETS; i++) {
        AVPacket *packet = make_packet(i);
        CHECK_INT(bc_part_write(&part, packet), BC_OK);
        av_packet_free(&packet);
    }
    CHECK_INT(bc_part_finish(&part, 7), BC_OK);
    avcodec_free_context(&encoder);
}

static void check_packet(const AVPacket *packet, int i)
{
    AVPacket *expected = make_packet(i);
    size_t size;
    CHECK(packet->pts == expected->pts && packet->duration == expected->duration &&
          packet->flags == expected->flags);
    CHECK(packet->size == PACKET_BYTES && memcmp(packet->data, expected->data, PACKET_BYTES) == 0);
    const uint8_t *piece = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    CHECK(piece && size == 7 && piece[6] == i);
    av_packet_free(&expected);
}

static void check_whole(const char *path, const bc_log *log)
{
    bc_part_reader part;
    AVPacket *packet = av_packet_alloc();
    CHECK_INT(bc_part_open(&part, path, log), BC_OK);
    CHECK(strcmp(part.head.codec, "ffv1") == 0 && strcmp(part.head.format, "yuv420p") == 0);
    CHECK(part.head.width == 64 && part.head.height == 48 && part.head.time_base.num == 1001);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N_PACKETS; i++) {
            CHECK_INT(bc_part_read(&part, packet), BC_OK);
            check_packet(packet, i);
            av_packet_unref(packet);
        }
        CHECK_INT(bc_part_read(&part, packet), BC_END);
        CHECK_INT(part.next, 7);
        CHECK_INT(bc_part_rewind(&part), BC_OK);
    }
    bc_part_close(&part);
    av_packet_free(&packet);
}

/* Reads all: whether something is wrong. */
static bool is_refused(const char *path, const uint8_t *bytes, size_t size, const bc_log *log)
{
    bc_part_reader part;
    AVPacket *packet = av_packet_alloc();
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
    bc_status status = bc_part_open(&part, path, log);
    while (status == BC_OK) {
        status = bc_part_read(&part, packet);
        av_packet_unref(packet);
    }
    bc_part_close(&part);
    av_packet_free(&packet);
    return status == BC_ERR_FORMAT && strstr(last_message, "is damaged");
}

static void check_damage(const char *path, const uint8_t *whole, size_t size, const bc_log *log)
{
    uint8_t bytes[MAX_FILE + 1];
    int n_taken = 0;
    for (size_t i = 0; i < size; i++) {
        memcpy(bytes, whole, size);
        bytes[i] ^= (uint8_t)(1 << i % 8);
        n_taken += !is_refused(path, bytes, size, log);
        n_taken += !is_refused(path, whole, i, log);
    }
    memcpy(bytes, whole, size);
    bytes[size] = 0;
    n_taken += !is_refused(path, bytes, size + 1, log);
    CHECK_INT(n_taken, 0);
}

/* Numbers that no writer writes, under a checksum that is right. */
static void check_nonsense(const char *path, const uint8_t *whole, size_t size, size_t begin,
                           size_t end, size_t at, const bc_log *log)
{
    static const int64_t numbers[] = {-1, INT64_MIN, INT64_MAX, INT32_MAX, INT64_C(1) << 40};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint8_t bytes[MAX_FILE];
        memcpy(bytes, whole, size);
        AV_WL64(bytes + at, (uint64_t)numbers[i]);
        AV_WL64(bytes + end,
                av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), 0, bytes + begin, end - begin));
        CHECK(is_refused(path, bytes, size, log));
    }
}

int main(void)
{
    char folder[] = "/tmp/brushcast-part-XXXXXX", path[64];
    uint8_t whole[MAX_FILE];
    const bc_log log = test_log(last_message);
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/1.packets", folder);
    write_part(path, &log);
    check_whole(path, &log);
    FILE *file = fopen(path, "rb");
    const size_t size = fread(whole, 1, sizeof(whole), file);
    fclose(file);
    CHECK(size > 100 && size < MAX_FILE);
    check_damage(path, whole, size, &log);
    const size_t head_end = HEAD_NUMBERS + 6 * 8 + 9, packet = head_end + 8;
    const size_t packet_end = packet + 6 * 8 + 2 * 8 + 7 + PACKET_BYTES;
    for (size_t at = HEAD_NUMBERS + 4 * 8; at < head_end - 9; at += 8)
        check_nonsense(path, whole, size, 0, head_end, at, &log); /* delay, bytes of extradata */
    for (size_t at = packet + 4 * 8; at < packet + 8 * 8; at += 8)
        check_nonsense(path, whole, size, packet, packet_end, at, &log); /* all sizes and a kind */
    unlink(path);
    rmdir(folder);
    return TEST_END();
}
