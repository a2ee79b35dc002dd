/*
 * place.h (private): what a name means: a local file or a URL. A file that is there wins over a
 * protocol, and so does a name whose start is no protocol that FFmpeg knows:
 * "2024-01-05T12:30.mp4".
 */
#ifndef BC_MEDIA_PLACE_H
#define BC_MEDIA_PLACE_H

#include <stdbool.h>

/* "-" never is. */
bool bc_place_is_file(const char *name);
/* The path of a local file: without "file:", unless it is part of a file's name. */
const char *bc_place_path(const char *name);
/* What FFmpeg is to open, to be freed; NULL: no memory. */
char *bc_place_url(const char *name);
/* Where a path leads that may be a link, to a file that need not be there yet; NULL: no memory, or
 * links without end. To be freed. */
char *bc_place_follow(const char *path);

#endif
