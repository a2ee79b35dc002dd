#include "media/content.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/intreadwrite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "media/place.h"

enum { HEAD = 32, ANIMATION = 2 }; /* bytes; a flag in WebP's header */

/* Others may wait for somebody at the other end. */
static bool is_regular(const char *path)
{
    struct stat info;
    return stat(bc_place_path(path), &info) == 0 && S_ISREG(info.st_mode);
}

const char *bc_content_rare_kind(const char *path)
{
    uint8_t head[HEAD] = {0};
    FILE *file = is_regular(path) ? fopen(bc_place_path(path), "rb") : NULL;
    const size_t size = file ? fread(head, 1, sizeof(head), file) : 0;
    if (file)
        fclose(file);
    if (size < sizeof(head))
        return NULL;
    if (memcmp(head + 4, "ftyp", 4) == 0) {
        const char *brand = (const char *)head + 8;
        if (strncmp(brand, "avi", 3) == 0)
            return "this kind of AVIF picture";
        if (strncmp(brand, "he", 2) == 0 || strncmp(brand, "mif1", 4) == 0 ||
            strncmp(brand, "msf1", 4) == 0)
            return "HEIF pictures (HEIC)";
    }
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBPVP8X", 8) == 0 &&
        head[20] & ANIMATION)
        return "animated WebP";
    if (AV_RB16(head) == 0xFF0A || memcmp(head + 4, "JXL ", 4) == 0)
        return "JPEG XL pictures";
    return NULL;
}

static const char *picture_ending(enum AVCodecID id)
{
    static const struct {
        enum AVCodecID id;
        const char *ending;
    } table[] = {{AV_CODEC_ID_MJPEG, "jpg"}, {AV_CODEC_ID_WEBP, "webp"},
                 {AV_CODEC_ID_BMP, "bmp"},   {AV_CODEC_ID_TIFF, "tiff"},
                 {AV_CODEC_ID_GIF, "gif"},   {AV_CODEC_ID_APNG, "apng"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].id == id)
            return table[i].ending;
    return "png";
}

static bool has_end(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bc_content content_of(const AVFormatContext *input, const AVStream *video, const char *path)
{
    const char *format = input->iformat->name, *rare = bc_content_rare_kind(path);
    const enum AVCodecID id = video->codecpar->codec_id;
    const bool is_picture = has_end(format, "_pipe") || strcmp(format, "image2") == 0 ||
                            id == AV_CODEC_ID_GIF || id == AV_CODEC_ID_APNG || rare;
    if (!is_picture)
        return (bc_content){BC_CONTENT_VIDEO, "mp4"};
    return (bc_content){BC_CONTENT_PICTURE, picture_ending(id)};
}

bc_content bc_content_of(const char *path)
{
    bc_content content = {BC_CONTENT_OTHER, NULL};
    AVFormatContext *input = NULL;
    AVDictionary *options = NULL;
    char *url = is_regular(path) ? bc_place_url(path) : NULL;
    if (av_filename_number_test(path))
        av_dict_set(&options, "pattern_type", "none", 0);
    if (url && avformat_open_input(&input, url, NULL, &options) >= 0 &&
        strcmp(input->iformat->name, "tty") != 0 && avformat_find_stream_info(input, NULL) >= 0) {
        const int video = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
        if (video >= 0 && input->streams[video]->codecpar->width > 0 &&
            !(input->streams[video]->disposition & AV_DISPOSITION_ATTACHED_PIC))
            content = content_of(input, input->streams[video], path);
    }
    avformat_close_input(&input);
    av_dict_free(&options);
    free(url);
    return content;
}
