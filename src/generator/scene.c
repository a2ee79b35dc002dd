#include "generator/scene.h"

#include <stdlib.h>
#include <string.h>

enum {
    SAMPLES = 8,   /* of a cell, each way */
    CUT_LEVEL = 20 /* mean change of a cell's level, of 255 */
};

/* Adds one pixel's channels, in the order of their bytes: the same for all frames of a stream. */
static void add_pixel(int sums[3], const bc_image *frame, int x, int y)
{
    const int size = frame->format == BC_RGB24 ? 3 : 4;
    const uint8_t *pixel = frame->pixels + y * frame->stride_bytes + x * size;
    for (int c = 0; c < 3; c++)
        sums[c] += pixel[c];
}

/* The position of sample i of n in a length. */
static int position(int i, int n, int length)
{
    return (int)((2 * (int64_t)i + 1) * length / (2 * n));
}

static void measure_cell(int cell[3], const bc_image *frame, int row, int column)
{
    int sums[3] = {0};
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        const int x =
            position(column * SAMPLES + i % SAMPLES, BC_SCENE_COLUMNS * SAMPLES, frame->width);
        const int y = position(row * SAMPLES + i / SAMPLES, BC_SCENE_ROWS * SAMPLES, frame->height);
        add_pixel(sums, frame, x, y);
    }
    for (int c = 0; c < 3; c++)
        cell[c] = sums[c] / (SAMPLES * SAMPLES);
}

bool bc_scene_begins(bc_scene *scene, const bc_image *frame)
{
    const int n_levels = BC_SCENE_ROWS * BC_SCENE_COLUMNS * 3;
    int change = 0;
    for (int row = 0; row < BC_SCENE_ROWS; row++) {
        for (int column = 0; column < BC_SCENE_COLUMNS; column++) {
            int cell[3], *last = scene->cells[row][column];
            measure_cell(cell, frame, row, column);
            for (int c = 0; c < 3; c++)
                change += abs(cell[c] - last[c]);
            memcpy(last, cell, sizeof(cell));
        }
    }
    const bool begins = !scene->is_known || change > CUT_LEVEL * n_levels;
    scene->is_known = true;
    return begins;
}
