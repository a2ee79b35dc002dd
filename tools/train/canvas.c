#include "train/canvas.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

static const double spacing = 10; /* pixels between two values of the noise */

/* Uniform with deviation 1, at corner (p, q) of the noise. */
static double corner(int64_t p, int64_t q, int channel)
{
    uint32_t h =
        (uint32_t)p * 0x9E3779B1U + (uint32_t)q * 0x85EBCA77U + (uint32_t)channel * 0xC2B2AE3DU;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    h ^= h >> 12;
    h *= 0x297A2D39U;
    h ^= h >> 15;
    return (h * 0x1p-32 - 0.5) * sqrt(12);
}

/* Bilinear, over the root of the weights' squares: the same deviation everywhere. */
static void sample(float *out, int n_channels, size_t area, double x, double y)
{
    const double p = floor(x / spacing), q = floor(y / spacing);
    const double right = x / spacing - p, down = y / spacing - q;
    const double w[4] = {(1 - right) * (1 - down), right * (1 - down), (1 - right) * down,
                         right * down};
    const double over = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3]);
    for (int c = 0; c < n_channels; c++) {
        double sum = 0;
        for (int i = 0; i < 4; i++)
            sum += w[i] * corner((int64_t)p + i % 2, (int64_t)q + i / 2, c);
        out[(size_t)c * area] = (float)(sum / over);
    }
}

static int cells(int pixels)
{
    return (pixels + BC_TRAIN_CANVAS_CELL - 1) / BC_TRAIN_CANVAS_CELL;
}

void bc_train_canvas(float *out, int n_channels, int h, int w, int stride, const float *moved)
{
    const size_t area = (size_t)h * (size_t)w;
    const int columns = cells(w * stride), n_cells = columns * cells(h * stride);
    for (int j = 0; j < h; j++)
        for (int i = 0; i < w; i++) {
            const double x = (i + 0.5) * stride, y = (j + 0.5) * stride;
            const int cell =
                (int)y / BC_TRAIN_CANVAS_CELL * columns + (int)x / BC_TRAIN_CANVAS_CELL;
            const double u = moved ? (double)moved[cell] : 0;
            const double v = moved ? (double)moved[n_cells + cell] : 0;
            sample(out + (size_t)j * (size_t)w + (size_t)i, n_channels, area, x + u, y + v);
        }
}
