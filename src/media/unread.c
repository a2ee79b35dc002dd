#include "media/unread.h"

#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_PAGES = 10000,
    MAX_ENTRIES = 4096,     /* of a page's directory */
    SEARCHED_BYTES = 65536, /* of a file's head, and of what follows a picture's end */
};

/* Files ------------------------------------------------------------------------------------ */

static unsigned read_16(AVIOContext *io, bool is_big)
{
    return is_big ? avio_rb16(io) : avio_rl16(io);
}

static unsigned read_32(AVIOContext *io, bool is_big)
{
    return is_big ? avio_rb32(io) : avio_rl32(io);
}

/* Whether the word lies in the next bytes, from `at` on. */
static bool holds(AVIOContext *io, int64_t at, const char *word)
{
    const size_t length = strlen(word);
    uint8_t *bytes = av_malloc(SEARCHED_BYTES);
    const int n =
        bytes && avio_seek(io, at, SEEK_SET) >= 0 ? avio_read(io, bytes, SEARCHED_BYTES) : 0;
    bool found = false;
    for (int i = 0; i + (int)length <= n && !found; i++)
        found = memcmp(bytes + i, word, length) == 0;
    av_free(bytes);
    return found;
}

/* A directory's kind is in one of its entries; smaller copies of another page are no pages. */
static bool is_reduced(AVIOContext *io, unsigned n_entries, bool is_big)
{
    enum { NEW_SUBFILE_TYPE = 254, IS_REDUCED = 1 };
    bool result = false;
    for (unsigned i = 0; i < n_entries; i++) {
        const unsigned tag = read_16(io, is_big);
        avio_skip(io, 6);
        const unsigned value = read_32(io, is_big);
        result |= tag == NEW_SUBFILE_TYPE && value & IS_REDUCED;
    }
    return result;
}

static void find_pages(AVIOContext *io, char *text, size_t size)
{
    const bool is_big = avio_rb16(io) == MKTAG('M', 'M', 0, 0);
    int n_pages = 0;
    avio_skip(io, 2);
    for (unsigned at = read_32(io, is_big); at && n_pages < MAX_PAGES; at = read_32(io, is_big)) {
        if (avio_seek(io, at, SEEK_SET) < 0)
            break;
        const unsigned n_entries = read_16(io, is_big);
        if (n_entries == 0 || n_entries > MAX_ENTRIES)
            break;
        n_pages += !is_reduced(io, n_entries, is_big);
        if (avio_feof(io))
            break;
    }
    if (n_pages > 1 && n_pages < MAX_PAGES)
        snprintf(text, size, "%d more page%s", n_pages - 1, n_pages > 2 ? "s" : "");
}

/* In entropy-coded data no 0xFF is followed by 0xD9; the segments before may hold a thumbnail. */
static bool skip_jpeg(AVIOContext *io)
{
    enum { SCAN = 0xFFDA, END = 0xFFD9, FIRST_MARKER = 0xFFC0 };
    unsigned marker = avio_rb16(io);
    while (marker != SCAN) {
        marker = avio_rb16(io);
        const int length = (int)avio_rb16(io);
        if (marker < FIRST_MARKER || length < 2 || avio_skip(io, length - 2) < 0)
            return false;
    }
    unsigned last_two = 0;
    while (last_two != END && !avio_feof(io))
        last_two = (last_two << 8 | (unsigned)avio_r8(io)) & 0xFFFF;
    return last_two == END;
}

static void find_followers(AVIOContext *io, char *text, size_t size)
{
    if (!skip_jpeg(io))
        return;
    const int64_t end = avio_tell(io);
    const bool has_picture = holds(io, end, "\xFF\xD8\xFF"), has_film = holds(io, end, "ftyp");
    if (has_picture || has_film)
        snprintf(text, size, "%s behind the picture", has_picture ? "another one" : "a film");
}

static void find_layers(AVIOContext *io, char *text, size_t size)
{
    enum { HEAD = 26 };
    avio_skip(io, HEAD);
    for (int i = 0; i < 2; i++) /* the palette, and what is not the picture */
        avio_skip(io, avio_rb32(io));
    const bool has_list = avio_rb32(io) > 0 && avio_rb32(io) > 0; /* bytes of all, of the list */
    const int n = has_list ? (int16_t)avio_rb16(io) : 0;
    if (n != 0 && !avio_feof(io))
        snprintf(text, size, "%d layer%s under the picture", n < 0 ? -n : n,
                 n == 1 || n == -1 ? "" : "s");
}

static void find_parts(AVIOContext *io, char *text, size_t size)
{
    enum { MAGIC_SIZE = 4, HAS_PARTS = 0x1000 };
    avio_skip(io, MAGIC_SIZE);
    if (avio_rl32(io) & HAS_PARTS)
        snprintf(text, size, "more parts");
}

static void find_auxiliary(AVIOContext *io, char *text, size_t size)
{
    if (holds(io, 0, ":auxiliary:alpha"))
        snprintf(text, size, "alpha");
}

/* Streams ---------------------------------------------------------------------------------- */

/* Of the parameter set's head: an identifier and two flags of 6 bits, then the layers but one. */
static int count_layers(const uint8_t *unit)
{
    return 1 + (AV_RB16(unit + 2) >> 4 & 0x3F);
}

static void find_stream_layers(const AVCodecParameters *codec, char *text, size_t size)
{
    enum { CONFIGURATION_HEAD = 23, VIDEO_PARAMETERS = 32 };
    const uint8_t *bytes = codec->extradata, *end = bytes + codec->extradata_size;
    if (codec->extradata_size < CONFIGURATION_HEAD || bytes[0] != 1)
        return;
    const int n_arrays = bytes[CONFIGURATION_HEAD - 1];
    bytes += CONFIGURATION_HEAD;
    for (int i = 0; i < n_arrays && end - bytes >= 3; i++) {
        const bool is_video = (bytes[0] & 0x3F) == VIDEO_PARAMETERS;
        int n_units = AV_RB16(bytes + 1);
        for (bytes += 3; n_units > 0 && end - bytes >= 6; n_units--) {
            if (is_video && count_layers(bytes + 2) > 1)
                snprintf(text, size, "%d more layers (a second view, depth or alpha)",
                         count_layers(bytes + 2) - 1);
            bytes += FFMIN(2 + AV_RB16(bytes), end - bytes);
        }
    }
}

typedef void find_function(AVIOContext *io, char *text, size_t size);

static find_function *find_of(const AVFormatContext *input, enum AVCodecID id)
{
    static const struct {
        enum AVCodecID id;
        const char *formats; /* NULL: any */
        find_function *find;
    } table[] = {
        {AV_CODEC_ID_TIFF, NULL, find_pages},
        {AV_CODEC_ID_MJPEG, "image2,jpeg_pipe", find_followers},
        {AV_CODEC_ID_PSD, NULL, find_layers},
        {AV_CODEC_ID_EXR, NULL, find_parts},
        {AV_CODEC_ID_AV1, NULL, find_auxiliary},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].id == id &&
            (!table[i].formats || av_match_name(input->iformat->name, table[i].formats)))
            return table[i].find;
    return NULL;
}

void bc_unread_find(const AVFormatContext *input, const AVStream *video, bool has_alpha, char *text,
                    size_t size)
{
    const AVDictionaryEntry *mode = av_dict_get(video->metadata, "alpha_mode", NULL, 0);
    const enum AVCodecID id = video->codecpar->codec_id;
    const char *protocol = avio_find_protocol_name(input->url);
    const bool is_local = protocol && strcmp(protocol, "file") == 0;
    /* Newer FFmpegs give the alpha of AVIF as a stream, which is named as such. */
    const bool is_stream = id == AV_CODEC_ID_AV1 && input->nb_streams > 1;
    find_function *find = is_stream ? NULL : find_of(input, id);
    AVIOContext *io = NULL;
    text[0] = '\0';
    if (id == AV_CODEC_ID_HEVC)
        find_stream_layers(video->codecpar, text, size);
    else if (find && is_local && avio_open(&io, input->url, AVIO_FLAG_READ) >= 0)
        find(io, text, size);
    else if (mode && strcmp(mode->value, "1") == 0)
        snprintf(text, size, "alpha");
    if (has_alpha && strcmp(text, "alpha") == 0)
        text[0] = '\0';
    avio_closep(&io);
}
