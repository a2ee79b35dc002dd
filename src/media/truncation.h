/*
 * truncation.h (private): whether a file holds all that its structure promises. Known for mp4 and
 * its family (the end of the last box), Matroska and WebM (of the segment), AVI (of the RIFF
 * chunks), FLV and MPEG-TS (whole packets), JPEG and GIF (their marks of the end).
 */
#ifndef BC_MEDIA_TRUNCATION_H
#define BC_MEDIA_TRUNCATION_H

#include <libavformat/avformat.h>
#include <stdbool.h>

/*
 * When all that is wanted was read: true if it is a local file that was cut, and how in `text`.
 * Moves the position in the file.
 */
bool bc_truncation_find(const AVFormatContext *input, char *text, size_t size);

#endif
