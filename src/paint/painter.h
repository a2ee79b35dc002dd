/*
 * painter.h: what a bc_painter is inside. painter.c paints with it, painter_settings.c sets what
 * the next frame is painted with.
 */
#ifndef BC_PAINT_PAINTER_H
#define BC_PAINT_PAINTER_H

#include "generator/scene.h"
#include "paint/blend.h"
#include "paint/image.h"
#include "paint/opener.h"
#include "stabilizer/stabilizer.h"

typedef struct bc_painter_settings {
    bc_model *model; /* the painter's own to close */
    bc_blend blend;  /* of its styles; n 0: the frames stay as they are */
    double values[BC_PAINTER_N_SETTINGS];
} bc_painter_settings;

struct bc_painter {
    bc_painter_params params;
    bc_executor *own_executor, *executor;

    pthread_mutex_t lock; /* of `wanted` */
    bc_painter_settings wanted;

    bc_painter_settings now; /* of the frame at hand */
    bc_opener opener;
    bc_fade fade;
    bc_blend shown;            /* what the current session paints, in its own model's styles */
    bc_stabilizer *stabilizer; /* NULL until something is stabilised */
    bc_scene scene;
    int64_t last_us;  /* time of the last frame, or BC_NO_TIME */
    int64_t clock_us; /* runs with the frames: what fades go by */
    bc_own_image source, resized, small, painting;
    bc_painter_state state;
};

#endif
