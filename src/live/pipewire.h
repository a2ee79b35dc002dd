/*
 * pipewire.h: a camera without a kernel module: a node of the user's PipeWire, Video/Source with
 * the role of a camera, which browsers and meetings find through the portal, and OBS, GStreamer and
 * others directly. Any number of readers; while there is none it takes no frame and does nothing.
 *
 * Its size and rate stay what they are when it is opened, as those of a camera do: frames of
 * another size are scaled. Width and height are rounded down to multiples of 8 and 2, so that all
 * readers agree on where the planes lie. Pixels are 4:2:0 of limited range, BT.709 from 720 rows
 * on, else BT.601, because that is what readers assume who do not ask; others are converted. NV12
 * is offered before I420: browsers and OBS both take it, so that they can read at once. A frame's
 * time is the one at which it is handed over, on the monotonic clock.
 *
 * libpipewire is loaded when a camera is opened: a machine without it loses the camera alone.
 *
 * Threads: one opens, closes and gives frames; the other functions any. PipeWire's events come on
 * a thread of the camera's own.
 */
#ifndef BC_LIVE_PIPEWIRE_H
#define BC_LIVE_PIPEWIRE_H

#include <stdbool.h>

#include "frame/frame.h"

typedef struct bc_pipewire bc_pipewire;

typedef struct bc_pipewire_params {
    const char *name;  /* for people and programs */
    int width, height; /* of square pixels */
    double fps;        /* 0: unknown */
    bc_log log;
} bc_pipewire_params;

/*
 * BC_ERR_UNSUPPORTED without libpipewire, here or when this was built; BC_ERR_IO if PipeWire does
 * not run.
 */
bc_status bc_pipewire_open(bc_pipewire **camera, const bc_pipewire_params *params);
void bc_pipewire_close(bc_pipewire **camera);

/*
 * Gives BC_YUV420 of any size to whoever reads; returns bc_pipewire_status. Where the readers leave
 * no room for it, it waits for the next one, which takes its place: *n_dropped grows by one.
 */
bc_status bc_pipewire_frame(bc_pipewire *camera, bc_frame *frame, uint64_t *n_dropped);

/* Somebody reads. */
bool bc_pipewire_is_read(bc_pipewire *camera);
/* BC_ERR_IO from when PipeWire has gone; it is logged once. */
bc_status bc_pipewire_status(bc_pipewire *camera);

#endif
