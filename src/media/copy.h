/*
 * copy.h (private): the streams, chapters and metadata that go from an input to an output
 * untouched.
 */
#ifndef BC_MEDIA_COPY_H
#define BC_MEDIA_COPY_H

#include <libavutil/bprint.h>
#include <stdbool.h>

#include "media/input.h"

/* Whether the output can hold the stream beside those that it has: asked of the muxer, then tried
 * in memory. */
bool bc_copy_is_possible(const AVFormatContext *output, const AVStream *stream);

/* Makes the same stream in `output`; FFmpeg's error or 0. */
int bc_copy_stream(AVFormatContext *output, const AVStream *stream);

/* What a painted stream inherits from its source: language, title, disposition; not statistics. */
int bc_copy_stream_notes(AVStream *target, const AVStream *source);

/* Metadata of the file, and its chapters, shifted to the reader's 0. */
int bc_copy_notes(AVFormatContext *output, const bc_reader *reader);

/* A copy of the metadata that `output` is to hold, before its muxer changes it: in a context for
 * nothing else, to be freed. FFmpeg's error or 0. */
int bc_copy_remember_notes(AVFormatContext **meant, const AVFormatContext *output);
/* The keys of it that the finished file does not hold, and chapters, if it has fewer than
 * `n_chapters`; nothing where FFmpeg cannot read it. */
void bc_copy_list_lost_notes(const AVFormatContext *meant, unsigned n_chapters, const char *url,
                             AVBPrint *list);

#endif
