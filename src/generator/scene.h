/*
 * scene.h: notices a cut from one scene to another by what changes in the picture's layout: the
 * mean colours of a coarse grid of cells. Pans, zooms and moving people change a few cells much or
 * all cells a little; a cut changes most of them much.
 */
#ifndef BC_GENERATOR_SCENE_H
#define BC_GENERATOR_SCENE_H

#include <stdbool.h>

#include "brushcast.h"

enum { BC_SCENE_COLUMNS = 16, BC_SCENE_ROWS = 9 };

typedef struct bc_scene {
    bool is_known;                                 /* false: the next frame begins a scene */
    int cells[BC_SCENE_ROWS][BC_SCENE_COLUMNS][3]; /* mean levels of the last frame */
} bc_scene;

/* Takes in a frame; whether it begins a scene. */
bool bc_scene_begins(bc_scene *scene, const bc_image *frame);

#endif
