/* webvtt: a cue of Matroska's S_TEXT/WEBVTT keeps its settings and identifier. */
#include "media/webvtt.h"

#include <string.h>

#include "test.h"

static AVPacket *make_cue(const char *addition, size_t size)
{
    AVPacket *packet = av_packet_alloc();
    uint8_t *data = av_packet_new_side_data(packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, 8 + size);
    memcpy(data, "\0\0\0\0\0\0\0\1", 8);
    memcpy(data + 8, addition, size);
    return packet;
}

static void check_line(const AVPacket *packet, enum AVPacketSideDataType type, const char *expected)
{
    size_t size = 0;
    const uint8_t *data = av_packet_get_side_data(packet, type, &size);
    if (!expected)
        CHECK(!data);
    else
        CHECK(data && size == strlen(expected) && memcmp(data, expected, size) == 0);
}

static void check_cue(const char *addition, const char *settings, const char *identifier)
{
    AVPacket *packet = make_cue(addition, strlen(addition));
    CHECK(bc_webvtt_complete(packet) == 0);
    check_line(packet, AV_PKT_DATA_WEBVTT_SETTINGS, settings);
    check_line(packet, AV_PKT_DATA_WEBVTT_IDENTIFIER, identifier);
    av_packet_free(&packet);
}

int main(void)
{
    check_cue("align:left\nname\n", "align:left", "name");
    check_cue("align:left\nname\nNOTE a comment", "align:left", "name");
    check_cue("align:left", "align:left", NULL);
    check_cue("\nname", NULL, "name");
    check_cue("\n\n", NULL, NULL);
    check_cue("", NULL, NULL);
    return TEST_END();
}
