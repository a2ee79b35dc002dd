/*
 * destination.h (private): where an output goes and what kind it is, found from its name.
 */
#ifndef BC_MEDIA_DESTINATION_H
#define BC_MEDIA_DESTINATION_H

#include <libavformat/avformat.h>

#include "media/writer.h"

typedef struct bc_destination {
    const AVOutputFormat *container;
    char *url;       /* what FFmpeg opens: the temporary file, or the place itself */
    char *temporary; /* its path; NULL: written directly, or it has its name */
    char *path;      /* where it goes at the end */
    bool is_picture; /* one picture, not a series */
} bc_destination;

/* Creates the temporary file, empty, where the output gets one: beside the file that a link leads
 * to. `source`: the input, that the output must not be. */
bc_status bc_destination_open(bc_destination *destination, const char *name,
                              const bc_reader *source, const bc_writer_params *params);
/* The file is whole: gives it its name. */
bc_status bc_destination_commit(bc_destination *destination, const bc_log *log);
/* The file is not whole: gives it its name all the same, if anything is in it, and says so. */
void bc_destination_keep(bc_destination *destination, const bc_log *log);
/* Deletes a temporary file that was not committed. Takes {0}. */
void bc_destination_close(bc_destination *destination);

#endif
