/*
 * names.h: names for what is written without one: brushcast-2026-11-28-101530-great-wave.png, in
 * the working folder, or where that cannot be written in the user's folder for pictures or videos.
 */
#ifndef BC_LIVE_NAMES_H
#define BC_LIVE_NAMES_H

#include "brushcast.h"

/*
 * Writes the path of a file to `path` that was not there before, and creates it, empty: so nobody
 * else takes the name. `style` is part of the name; `ending` is "png", or one of a video's.
 */
bc_status bc_name_create(char *path, size_t size, const char *style, const char *ending,
                         const bc_log *log);
/* Deletes the file that bc_name_create has made, if it is still empty. */
void bc_name_drop(const char *path);

#endif
