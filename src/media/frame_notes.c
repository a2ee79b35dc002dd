#include "media/frame_notes.h"

#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <stdbool.h>

#include "base/log.h"
#include "media/sidedata.h"

enum { MAX_NAMES = 4 };

/* What describes the pixels, and is applied or said anew. */
static bool is_technical(const char *key)
{
    static const char *const starts[] = {
        "lavfi.",          "page_number",     "timecode",    "Software",
        "Orientation",     "XResolution",     "YResolution", "ResolutionUnit",
        "YCbCr",           "Components",      "Compressed",  "ExifVersion",
        "FlashPixVersion", "PixelXDimension", "ColorSpace",  "PixelYDimension"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (av_stristart(key, starts[i], NULL))
            return true;
    return false;
}

static void name_lost_texts(const AVFrame *first, const char *name, const bc_log *log)
{
    const AVDictionaryEntry *note = NULL;
    AVBPrint list;
    int n = 0;
    av_bprint_init(&list, 0, AV_BPRINT_SIZE_AUTOMATIC);
    while ((note = av_dict_get(first->metadata, "", note, AV_DICT_IGNORE_SUFFIX)))
        if (!is_technical(note->key) && n++ < MAX_NAMES)
            av_bprintf(&list, "%s%s", n > 1 ? ", " : "", note->key);
    if (n > MAX_NAMES)
        av_bprintf(&list, " and %d more", n - MAX_NAMES);
    if (n > 0)
        bc_log_write(log, BC_LOG_WARNING, "%s: notes of the picture are left out: %s", name,
                     list.str);
    av_bprint_finalize(&list, NULL);
}

void bc_frame_notes_name_lost(const AVFrame *first, const AVCodecContext *encoder, const char *name,
                              const bc_log *log)
{
    name_lost_texts(first, name, log);
    if (av_frame_get_side_data(first, AV_FRAME_DATA_ICC_PROFILE) &&
        !bc_sidedata_keeps_profile(first, encoder->codec_id))
        bc_log_write(log, BC_LOG_WARNING, "%s: the colour profile is left out: %s", name,
                     bc_sidedata_has_rgb_profile(first) ? "the encoder does not write it"
                                                        : "it is not one for RGB");
}
