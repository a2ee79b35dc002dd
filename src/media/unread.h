/*
 * unread.h (private): what a file holds and FFmpeg does not read of it, so that it can be named:
 * further pages of TIFF, pictures or a film behind a JPEG (stereo pairs, gain maps, motion photos),
 * layers of Photoshop's files, parts of OpenEXR, the alpha of AVIF and of VP8 and VP9 where the
 * decoder leaves it out, and layers of HEVC, which are a second view, depth or alpha.
 */
#ifndef BC_MEDIA_UNREAD_H
#define BC_MEDIA_UNREAD_H

#include <libavformat/avformat.h>
#include <stdbool.h>

/*
 * Writes what it is, as "2 more pages", into `text`, or nothing. `has_alpha`: the decoder gives it.
 * Local files are opened anew, so that the reader's place in them stays.
 */
void bc_unread_find(const AVFormatContext *input, const AVStream *video, bool has_alpha, char *text,
                    size_t size);

#endif
