/*
 * way.h (private to output.c): how the live picture is written to a place, found from the place's
 * name: with encoders that keep up, and to peers so that they get every frame at once.
 */
#ifndef BC_LIVE_WAY_H
#define BC_LIVE_WAY_H

#include <stdbool.h>

typedef struct bc_way {
    const char *format, *preset, *options; /* as bc_writer_params */
    const char *camera; /* the name of a camera of PipeWire, into the place's name; or NULL */
    bool is_peer;       /* somebody at the other end may let wait, or leave */
} bc_way;

bc_way bc_way_find(const char *url);

#endif
