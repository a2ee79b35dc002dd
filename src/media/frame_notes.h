/*
 * frame_notes.h (private): what a picture's file says beside its pixels and no encoder here writes:
 * EXIF and PNG's texts, which FFmpeg hands out with the frame, and the colour profile.
 */
#ifndef BC_MEDIA_FRAME_NOTES_H
#define BC_MEDIA_FRAME_NOTES_H

#include <libavcodec/avcodec.h>

#include "brushcast.h"

/* Names what of the first frame of a source is not in what `encoder` makes of it. */
void bc_frame_notes_name_lost(const AVFrame *first, const AVCodecContext *encoder, const char *name,
                              const bc_log *log);

#endif
