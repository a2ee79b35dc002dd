#include "generator/scene.h"

#include <stdlib.h>
#include <string.h>

#include "generator/colour.h"

enum {
    SAMPLES = 8,   /* of a cell, each way */
    CUT_LEVEL = 20 /* mean change of a cell's level, of 255 */
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
        cell[c] = (int)(m[0] * (float)yuv[0] + m[1] * (float)yuv[1] + m[2] * (float)yuv[2] + m[3]);
    }
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
    if (frame->format == BC_YUV420)
        to_rgb(cell, frame);
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
