#include "generator/scene.h"

#include <stdlib.h>
#include <string.h>

#include "generator/colour.h"

enum {
    N_CELLS = BC_SCENE_ROWS * BC_SCENE_COLUMNS,
    SAMPLES = 8,               /* of a cell, each way */
    LEVEL = SAMPLES * SAMPLES, /* one of 255 */
    CUT_LEVEL = 20 * LEVEL,    /* mean change of a cell's level */
    LEAST_LEVEL = LEVEL        /* mean contrast of a cell, below which it is noise */
};

/* Adds one pixel's channels: red, green and blue, or luma and chroma. */
static void add_pixel(int sums[3], const bc_image *frame, int x, int y)
{
    if (frame->format != BC_YUV420) {
        const uint8_t *pixel =
            frame->pixels + y * frame->stride_bytes + x * bc_pixel_size(frame->format);
        for (int c = 0; c < 3; c++)
            sums[c] += pixel[bc_channel_byte(frame->format, c)];
        return;
    }
    sums[0] += frame->pixels[y * frame->stride_bytes + x];
    for (int c = 0; c < 2; c++)
        sums[1 + c] += frame->chroma[c][y / 2 * frame->chroma_stride_bytes[c] + x / 2];
}

/* What is between red, green and blue holds of their means, too. */
static void to_rgb(int cell[3], const bc_image *frame)
{
    const bc_colour_matrix matrix = bc_colour_to_rgb(frame);
    const int yuv[3] = {cell[0], cell[1], cell[2]};
    for (int c = 0; c < 3; c++) {
        const float *m = matrix.m[c];
        cell[c] = (int)(m[0] * (float)yuv[0] + m[1] * (float)yuv[1] + m[2] * (float)yuv[2] +
                        m[3] * LEVEL);
    }
}

/* The position of sample i of n in a length. */
static int position(int i, int n, int length)
{
    return (int)((2 * (int64_t)i + 1) * length / (2 * n));
}

static void measure_cell(int cell[3], const bc_image *frame, int row, int column)
{
    memset(cell, 0, 3 * sizeof(*cell));
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        const int x =
            position(column * SAMPLES + i % SAMPLES, BC_SCENE_COLUMNS * SAMPLES, frame->width);
        const int y = position(row * SAMPLES + i / SAMPLES, BC_SCENE_ROWS * SAMPLES, frame->height);
        add_pixel(cell, frame, x, y);
    }
    if (frame->format == BC_YUV420)
        to_rgb(cell, frame);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* The mean change of a level of the cells, times their number. */
static int take_cells(bc_scene *scene, const bc_image *frame)
{
    int sum = 0, changes[3][N_CELLS];
    for (int i = 0; i < N_CELLS; i++) {
        const int row = i / BC_SCENE_COLUMNS, column = i % BC_SCENE_COLUMNS;
        int cell[3], *last = scene->cells[row][column];
        measure_cell(cell, frame, row, column);
        for (int c = 0; c < 3; c++) {
            changes[c][i] = cell[c] - last[c];
            sum += abs(changes[c][i]);
        }
        memcpy(last, cell, sizeof(cell));
    }
    for (int c = 0; c < 3; c++) {
        qsort(changes[c], N_CELLS, sizeof(changes[c][0]), compare);
        scene->shift[c] = (float)changes[c][N_CELLS / 2] / LEVEL;
    }
    return sum / 3;
}

static bc_scene_light measure_light(const bc_scene *scene)
{
    const int *levels = &scene->cells[0][0][0];
    bc_scene_light l = {0};
    for (int i = 0; i < 3 * N_CELLS; i++)
        l.means[i % 3] += levels[i];
    for (int i = 0; i < 3 * N_CELLS; i++)
        l.contrast += abs(levels[i] - l.means[i % 3] / N_CELLS);
    l.contrast /= 3;
    return l;
}

/* Half as much again of the contrast that the scene began with, or as far away in brightness. */
static bool is_other_light(const bc_scene *scene, const bc_scene_light *now)
{
    const bc_scene_light *first = &scene->first;
    const int least =
        first->contrast > LEAST_LEVEL * N_CELLS ? first->contrast : LEAST_LEVEL * N_CELLS;
    int shift = 0;
    for (int c = 0; c < 3; c++)
        shift += abs(now->means[c] - first->means[c]);
    return 2 * now->contrast > 3 * least || 3 * now->contrast < 2 * first->contrast ||
           shift / 3 > least;
}

bool bc_scene_begins(bc_scene *scene, const bc_image *frame)
{
    const int change = take_cells(scene, frame);
    const bc_scene_light now = measure_light(scene);
    const bool begins =
        !scene->is_known || change > CUT_LEVEL * N_CELLS || is_other_light(scene, &now);
    scene->is_known = true;
    if (begins)
        scene->first = now;
    return begins;
}
