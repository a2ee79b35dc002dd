#include "train/resample.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/simd.h"

/* The taps of one axis: result i is the sum over k of weights[i * n + k] * source[index[i*n+k]]. */
typedef struct axis {
    int n_taps;
    int *index;
    float *weights;
} axis;

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static void result_taps(const axis *a, int result, double centre, double radius, int n_source)
{
    const int first = (int)ceil(centre - radius);
    int *index = a->index + result * a->n_taps;
    float *weights = a->weights + result * a->n_taps;
    double sum = 0;
    for (int k = 0; k < a->n_taps; k++) {
        const double weight = fmax(0, 1 - fabs(first + k - centre) / radius);
        index[k] = clamp(first + k, 0, n_source - 1);
        weights[k] = (float)weight;
        sum += weight;
    }
    for (int k = 0; k < a->n_taps; k++)
        weights[k] /= (float)sum;
}

static int axis_open(axis *a, int n_results, double begin, double length, int n_source)
{
    const double step = length / n_results, radius = fmax(1, step);
    a->n_taps = (int)ceil(2 * radius) + 1;
    a->index = malloc((size_t)(n_results * a->n_taps) * sizeof(*a->index));
    a->weights = malloc((size_t)(n_results * a->n_taps) * sizeof(*a->weights));
    for (int i = 0; i < n_results && a->index && a->weights; i++)
        result_taps(a, i, begin + (i + 0.5) * step - 0.5, radius, n_source);
    return a->index && a->weights;
}

static void axis_close(axis *a)
{
    free(a->index);
    free(a->weights);
}

/* line [n] = the weighted sum of the source's rows of bytes */
BC_SIMD static void gather_rows(float *line, const axis *rows, int y, const uint8_t *pixels, int n)
{
    for (int i = 0; i < n; i++)
        line[i] = 0;
    for (int k = 0; k < rows->n_taps; k++) {
        const float weight = rows->weights[y * rows->n_taps + k] / 255.0F;
        const uint8_t *row = pixels + (size_t)rows->index[y * rows->n_taps + k] * (size_t)n;
        for (int i = 0; i < n && weight > 0; i++)
            line[i] += weight * (float)row[i];
    }
}

BC_SIMD static void gather_columns(float *out, const axis *columns, const float *line, int width,
                                   size_t plane)
{
    const int n = columns->n_taps;
    for (int c = 0; c < 3; c++)
        for (int x = 0; x < width; x++) {
            float sum = 0;
            for (int k = 0; k < n; k++)
                sum += columns->weights[x * n + k] * line[3 * columns->index[x * n + k] + c];
            out[(size_t)c * plane + (size_t)x] = sum;
        }
}

bc_status bc_resample(float *out, int height, int width, const uint8_t *pixels, int source_height,
                      int source_width, bc_resample_window window, const bc_log *log)
{
    axis rows = {0}, columns = {0};
    float *line = malloc((size_t)source_width * 3 * sizeof(*line));
    const int ok = axis_open(&rows, height, window.y, window.height, source_height) &&
                   axis_open(&columns, width, window.x, window.width, source_width) && line;
    for (int y = 0; y < height && ok; y++) {
        gather_rows(line, &rows, y, pixels, 3 * source_width);
        gather_columns(out + (size_t)y * (size_t)width, &columns, line, width,
                       (size_t)height * (size_t)width);
    }
    axis_close(&rows);
    axis_close(&columns);
    free(line);
    return ok ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "no memory to resize a picture");
}

void bc_picture_quantise(uint8_t *pixels, const float *picture, int n, size_t plane)
{
    for (int i = 0; i < 3 * n; i++) {
        const float value = picture[(size_t)(i % 3) * plane + (size_t)(i / 3)] * 255.0F;
        pixels[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5F);
    }
}
