/*
 * quality.h (private): --crf on the scale of each encoder. Lower is better for all of them,
 * whatever the encoder itself counts; without a word the quality is visually lossless.
 */
#ifndef BC_MEDIA_QUALITY_H
#define BC_MEDIA_QUALITY_H

#include <libavcodec/avcodec.h>

#include "brushcast.h"

/* Sets up the context, or adds to its options; nothing where these choose a rate and `crf` is NULL.
 * BC_ERR_ARGUMENT: it is no number of the encoder's scale, or the encoder has none. */
bc_status bc_quality_set(AVCodecContext *context, AVDictionary **options, const char *crf,
                         const bc_log *log);

#endif
