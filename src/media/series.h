/*
 * series.h (private): numbered pictures, "frame%04d.png", wherever their numbers begin.
 */
#ifndef BC_MEDIA_SERIES_H
#define BC_MEDIA_SERIES_H

#include <libavutil/dict.h>
#include <stdbool.h>

#include "brushcast.h"

/*
 * Looks for the pictures of the pattern, adds what FFmpeg's demuxer has to know to `options`, and
 * names the numbers that are missing between them. Returns what to open, to be freed, or NULL:
 * there are none, or no memory.
 */
char *bc_series_find(const char *pattern, AVDictionary **options, const bc_log *log);

#endif
