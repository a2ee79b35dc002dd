/* log.h: FFmpeg's own messages. */
#ifndef BC_MEDIA_LOG_H
#define BC_MEDIA_LOG_H

#include "brushcast.h"

/*
 * Sends FFmpeg's warnings and errors to `log` as debug messages, and the rest nowhere: media/
 * reports what matters itself, and counts in them what decoders only log (bc_reader_damaged).
 * FFmpeg has one log for the whole process, so this is for a program's main to call, once, before
 * other threads run. `log` must stay.
 */
void bc_media_log(const bc_log *log);

#endif
