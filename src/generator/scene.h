/*
 * scene.h: notices where the statistics of a video's frames had better begin anew. A cut from one
 * scene to another shows in the picture's layout, the mean colours of a coarse grid of cells: pans,
 * zooms and moving people change a few cells much or all cells a little, a cut changes most of them
 * much. A fade from black shows in their brightness and contrast: these leave those that the scene
 * began with far behind, and at once, as a black frame has no contrast to be normalised with.
 */
#ifndef BC_GENERATOR_SCENE_H
#define BC_GENERATOR_SCENE_H

#include <stdbool.h>

#include "brushcast.h"

enum { BC_SCENE_COLUMNS = 16, BC_SCENE_ROWS = 9 };

/* Sums over the cells, in 64ths: of their levels, and of these' distances from the mean. */
typedef struct bc_scene_light {
    int means[3], contrast;
} bc_scene_light;

typedef struct bc_scene {
    bool is_known;                                 /* false: the next frame begins a scene */
    bc_scene_light first;                          /* when the scene began */
    int cells[BC_SCENE_ROWS][BC_SCENE_COLUMNS][3]; /* mean levels of the last frame, in 64ths */
    float shift[3]; /* levels of red, green and blue: the median of the cells' changes since */
} bc_scene;

/* Takes in a frame; whether it begins a scene. */
bool bc_scene_begins(bc_scene *scene, const bc_image *frame);

#endif
