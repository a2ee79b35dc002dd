/*
 * content.h: what a file holds, by its bytes and not by its name.
 */
#ifndef BC_MEDIA_CONTENT_H
#define BC_MEDIA_CONTENT_H

#include <stdbool.h>

typedef enum bc_content_kind {
    BC_CONTENT_OTHER, /* nothing that can be painted */
    BC_CONTENT_VIDEO,
    BC_CONTENT_PICTURE,
} bc_content_kind;

typedef struct bc_content {
    bc_content_kind kind;
    const char *ending; /* of a name for what it becomes: "mp4", "jpg"; NULL of others */
} bc_content;

bc_content bc_content_of(const char *path);

/* "animated WebP": a kind of picture that FFmpeg may not know here, by the file's first bytes;
 * NULL: none of those. */
const char *bc_content_rare_kind(const char *path);

#endif
