/*
 * camera.h: the cameras of this machine (Video4Linux), what they offer, and the choice among it.
 * Reading them is the reader's, with its format "v4l2". Threads: any.
 */
#ifndef BC_MEDIA_CAMERA_H
#define BC_MEDIA_CAMERA_H

#include <stdbool.h>
#include <stddef.h>

#include "brushcast.h"

enum { BC_MAX_CAMERAS = 64, BC_MAX_CAMERA_MODES = 256 };

typedef struct bc_camera_mode {
    char format[16]; /* FFmpeg's name: "yuyv422", "mjpeg" */
    bool is_compressed;
    int width, height;
    double fps; /* the most that it gives in this size */
} bc_camera_mode;

typedef struct bc_camera {
    char device[32]; /* "/dev/video0" */
    char name[64];   /* as the driver calls it */
    int n_modes;
    bc_camera_mode modes[BC_MAX_CAMERA_MODES];
} bc_camera;

/* Asks one device; BC_ERR_IO, and a line that says why, if it is no camera or not to be had. */
bc_status bc_camera_probe(bc_camera *camera, const char *device, const bc_log *log);

/*
 * Devices that are cameras, in order of their numbers: `devices` gets up to BC_MAX_CAMERAS names.
 * The result is how many.
 */
int bc_camera_list(char devices[][32]);

/* What is wanted of a camera; 0 and NULL: anything. */
typedef struct bc_camera_wish {
    int width, height;
    double fps;
    const char *format;
} bc_camera_wish;

/*
 * The mode that comes nearest to the wish: first one that reaches the rate (30 where none is said),
 * then the size wished for or, where none is, the largest up to 1280x720; then raw pixels rather
 * than JPEG, which costs time and quality. NULL if the format is not among them.
 */
const bc_camera_mode *bc_camera_choose(const bc_camera *camera, const bc_camera_wish *wish);

/* The reader's options for a mode, "input_format=...:video_size=...:framerate=...". */
void bc_camera_options(const bc_camera_mode *mode, char *options, size_t size);

#endif
