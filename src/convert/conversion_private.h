/*
 * conversion_private.h (private): what a conversion in one piece and one in parts have in common.
 * A conversion is opened from outside in (reader, writer, what stands between), paints, and is
 * closed, for the next thing that it has to do.
 */
#ifndef BC_CONVERT_CONVERSION_PRIVATE_H
#define BC_CONVERT_CONVERSION_PRIVATE_H

#include "convert/conversion.h"
#include "convert/pipeline.h"

typedef struct bc_conversion {
    const bc_conversion_settings *settings;
    const char *input, *output;
    bc_painter *painter; /* NULL: strength 0 */
    atomic_int *stop;
    bc_log log;
    bc_reader *reader, *mask;
    bc_writer *writer;
    bc_mixer *mixer;
    bc_progress progress;
    bc_parts *parts; /* or NULL: it is painted in one piece */
} bc_conversion;

/* As the settings say. */
bc_reader_params bc_conversion_reading(const bc_conversion *c);
bc_writer_params bc_conversion_writing(const bc_conversion *c);

/* With the reader open. */
bc_status bc_conversion_open_writer(bc_conversion *c, const bc_writer_params *params);
/* With reader and writer open: mask and mixer; says what will be lost. */
bc_status bc_conversion_open_rest(bc_conversion *c);
/* Reads, paints, writes, finishes the writer; what is interrupted in parts stays unfinished. */
bc_status bc_conversion_paint(bc_conversion *c);
/* BC_OK without damage, else an error, with a line. */
bc_status bc_conversion_name_damage(const bc_conversion *c, int64_t n_damaged);
/* Takes a half-open one; it may be opened again. */
void bc_conversion_close(bc_conversion *c);

/* conversion_parts.c: a film that is painted in parts, or one part of it. */
bc_status bc_conversion_run_parts(bc_conversion *c);

#endif
