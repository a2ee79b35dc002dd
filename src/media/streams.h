/*
 * streams.h: what the streams of a reader are like, kept when the reader is gone, so that a writer
 * can go on with its sound.
 */
#ifndef BC_MEDIA_STREAMS_H
#define BC_MEDIA_STREAMS_H

#include "media/reader.h"

/* FFmpeg's own description of an input, without the input; opaque outside media/. */
typedef struct AVFormatContext bc_streams;

/* What the reader's streams are like, the caller's; NULL without memory, with a line. */
bc_streams *bc_streams_of(const bc_reader *reader, const bc_log *log);
/* Frees and sets to NULL; takes NULL and pointers to NULL. */
void bc_streams_free(bc_streams **streams);

#endif
