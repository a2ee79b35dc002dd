#include "train/picture_loss.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

static const double SMOOTH = 1e-6;

/* Adds |b - a| to the sum, and its gradient. */
static double absolute_difference(float *dx, const float *x, ptrdiff_t a, ptrdiff_t b,
                                  double weight)
{
    const double d = (double)x[b] - x[a], length = sqrt(d * d + SMOOTH);
    if (dx) {
        dx[b] += (float)(weight * d / length);
        dx[a] -= (float)(weight * d / length);
    }
    return length;
}

double bc_variation_loss(float *dx, const float *x, double weight, int n_channels, int height,
                         int width)
{
    const int n_rows = n_channels * height;
    const double n_across = fmax(1, (double)n_rows * (width - 1));
    const double n_down = fmax(1, (double)n_channels * (height - 1) * width);
    double across = 0, down = 0;
    for (ptrdiff_t row = 0; row < n_rows; row++) {
        const ptrdiff_t i = row * width;
        for (int j = 0; j + 1 < width; j++)
            across += absolute_difference(dx, x, i + j, i + j + 1, weight / n_across);
        if (row % height + 1 < height)
            for (int j = 0; j < width; j++)
                down += absolute_difference(dx, x, i + j, i + j + width, weight / n_down);
    }
    return across / n_across + down / n_down;
}

/* The cell's sum of x - content, of the plane that starts at them. */
static double cell_difference(const float *x, const float *content, int row, int column, int cells,
                              int width)
{
    double sum = 0;
    for (int y = row * cells; y < (row + 1) * cells; y++)
        for (int i = column * cells; i < (column + 1) * cells; i++)
            sum += (double)x[(ptrdiff_t)y * width + i] - content[(ptrdiff_t)y * width + i];
    return sum;
}

static void add_to_cell(float *dx, double value, int row, int column, int cells, int width)
{
    for (int y = row * cells; y < (row + 1) * cells; y++)
        for (int i = column * cells; i < (column + 1) * cells; i++)
            dx[(ptrdiff_t)y * width + i] += (float)value;
}

static int clamp(int value, int high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

/*
 * Both Laplacians are linear: one of the difference is enough. Cell averages times cells^2 are
 * sums. Beyond the border the edge repeats.
 */
static double laplacian_plane(float *dx, const float *x, const float *content, double weight,
                              int cells, int height, int width)
{
    static const int step[5][3] = {{0, 0, 4}, {-1, 0, -1}, {1, 0, -1}, {0, -1, -1}, {0, 1, -1}};
    const int h = height / cells, w = width / cells;
    double loss = 0;
    for (int row = 0; row < h; row++)
        for (int column = 0; column < w; column++) {
            double laplacian = 0;
            for (int i = 0; i < 5; i++)
                laplacian +=
                    step[i][2] * cell_difference(x, content, clamp(row + step[i][0], h - 1),
                                                 clamp(column + step[i][1], w - 1), cells, width);
            loss += laplacian * laplacian;
            for (int i = 0; dx && i < 5; i++)
                add_to_cell(dx, 2 * weight * step[i][2] * laplacian, clamp(row + step[i][0], h - 1),
                            clamp(column + step[i][1], w - 1), cells, width);
        }
    return loss;
}

double bc_laplacian_loss(float *dx, const float *x, const float *content, double weight, int cells,
                         int n_channels, int height, int width)
{
    assert(cells >= 1 && height >= cells && width >= cells);
    const double n = (double)n_channels * (height / cells) * (width / cells);
    double loss = 0;
    for (ptrdiff_t channel = 0; channel < n_channels; channel++) {
        const ptrdiff_t at = channel * height * width;
        loss += laplacian_plane(dx ? dx + at : NULL, x + at, content + at, weight / n, cells,
                                height, width);
    }
    return loss / n;
}

double bc_square_loss(float *dx, const float *x, const float *target, double weight, int n)
{
    double loss = 0;
    for (int i = 0; i < n; i++) {
        const double d = (double)x[i] - target[i];
        loss += d * d;
        if (dx)
            dx[i] += (float)(2 * weight * d / n);
    }
    return loss / n;
}
