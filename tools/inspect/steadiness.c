#include "inspect/steadiness.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { CELL = 4 };
static const double still_level = 1; /* deviation of a cell's mean that counts as still */

/* Sums over the frames of a window. */
typedef struct window_sums {
    uint32_t *sum, *square; /* [height][width][3] */
} window_sums;

typedef struct painting {
    window_sums window;
    uint8_t *last; /* [height][width][3] */
    double still_square, seen_square;
} painting;

struct bc_steadiness {
    int width, height, n_paintings, window;
    int n_frames, n_in_window;
    int columns, rows; /* of cells */
    float *luma, *last_luma;
    double *cell_sum, *cell_square; /* [rows][columns] */
    bool *is_still;                 /* [rows][columns] */
    bool *is_seen;                  /* [height][width] */
    bc_flow back, forth;
    double n_still, n_seen, n_still_of, n_seen_of; /* pixels */
    painting paintings[BC_MAX_PAINTINGS];
    bc_log log;
};

static bool painting_open(painting *p, size_t n_samples)
{
    p->window.sum = calloc(n_samples, sizeof(uint32_t));
    p->window.square = calloc(n_samples, sizeof(uint32_t));
    p->last = malloc(n_samples);
    return p->window.sum && p->window.square && p->last;
}

static bool open_all(bc_steadiness *s)
{
    const size_t n_pixels = (size_t)s->width * (size_t)s->height;
    const size_t n_cells = (size_t)s->columns * (size_t)s->rows;
    s->luma = malloc(n_pixels * sizeof(float));
    s->last_luma = malloc(n_pixels * sizeof(float));
    s->cell_sum = calloc(n_cells, sizeof(double));
    s->cell_square = calloc(n_cells, sizeof(double));
    s->is_still = malloc(n_cells * sizeof(bool));
    s->is_seen = malloc(n_pixels * sizeof(bool));
    bool is_open = s->luma && s->last_luma && s->cell_sum && s->cell_square && s->is_still &&
                   s->is_seen && bc_flow_open(&s->back, s->width, s->height, NULL) == BC_OK &&
                   bc_flow_open(&s->forth, s->width, s->height, NULL) == BC_OK;
    for (int i = 0; i < s->n_paintings && is_open; i++)
        is_open = painting_open(&s->paintings[i], 3 * n_pixels);
    return is_open;
}

bc_status bc_steadiness_open(bc_steadiness **steadiness, int width, int height, int n_paintings,
                             int window, const bc_log *log)
{
    assert(n_paintings <= BC_MAX_PAINTINGS && window >= 2);
    bc_steadiness *s = *steadiness = calloc(1, sizeof(*s));
    if (s)
        *s = (bc_steadiness){.width = width,
                             .height = height,
                             .n_paintings = n_paintings,
                             .window = window,
                             .columns = (width + CELL - 1) / CELL,
                             .rows = (height + CELL - 1) / CELL,
                             .log = *log};
    if (s && open_all(s))
        return BC_OK;
    bc_steadiness_close(steadiness);
    return bc_fail(log, BC_ERR_MEMORY, "no memory to measure %dx%d", width, height);
}

void bc_steadiness_close(bc_steadiness **steadiness)
{
    bc_steadiness *s = *steadiness;
    if (!s)
        return;
    for (int i = 0; i < s->n_paintings; i++) {
        free(s->paintings[i].window.sum);
        free(s->paintings[i].window.square);
        free(s->paintings[i].last);
    }
    bc_flow_close(&s->back);
    bc_flow_close(&s->forth);
    free(s->luma);
    free(s->last_luma);
    free(s->cell_sum);
    free(s->cell_square);
    free(s->is_still);
    free(s->is_seen);
    free(s);
    *steadiness = NULL;
}

/* Still areas ------------------------------------------------------------------------------ */

static void add_cells(bc_steadiness *s)
{
    for (int row = 0; row < s->rows; row++) {
        for (int column = 0; column < s->columns; column++) {
            double sum = 0;
            int n = 0;
            for (int y = CELL * row; y < s->height && y < CELL * (row + 1); y++)
                for (int x = CELL * column; x < s->width && x < CELL * (column + 1); x++, n++)
                    sum += (double)s->luma[y * s->width + x];
            s->cell_sum[row * s->columns + column] += sum / n;
            s->cell_square[row * s->columns + column] += sum / n * (sum / n);
        }
    }
}

static void add_samples(window_sums *sums, const bc_image *image)
{
    const int n = 3 * image->width;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = image->pixels + y * image->stride_bytes;
        uint32_t *sum = sums->sum + (ptrdiff_t)y * n, *square = sums->square + (ptrdiff_t)y * n;
        for (int i = 0; i < n; i++) {
            sum[i] += row[i];
            square[i] += (uint32_t)row[i] * row[i];
        }
    }
}

static bool moves(const bc_steadiness *s, int row, int column)
{
    if (row < 0 || row >= s->rows || column < 0 || column >= s->columns)
        return false;
    const double mean = s->cell_sum[row * s->columns + column] / s->n_in_window;
    const double square = s->cell_square[row * s->columns + column] / s->n_in_window;
    return square - mean * mean > still_level * still_level;
}

static void find_still(bc_steadiness *s)
{
    for (int row = 0; row < s->rows; row++) {
        for (int column = 0; column < s->columns; column++) {
            bool is_still = true;
            for (int i = 0; i < 9 && is_still; i++)
                is_still = !moves(s, row + i / 3 - 1, column + i % 3 - 1);
            s->is_still[row * s->columns + column] = is_still;
        }
    }
}

/* Sums of variances over what is still; returns its pixels. */
static double add_variances(const bc_steadiness *s, painting *p)
{
    const double n = s->n_in_window;
    double n_still = 0;
    for (int y = 0; y < s->height; y++) {
        for (int x = 0; x < s->width; x++) {
            if (!s->is_still[y / CELL * s->columns + x / CELL])
                continue;
            const size_t at = 3 * ((size_t)y * (size_t)s->width + (size_t)x);
            for (size_t i = at; i < at + 3; i++) {
                const double mean = p->window.sum[i] / n;
                p->still_square += p->window.square[i] / n - mean * mean;
            }
            n_still++;
        }
    }
    return n_still;
}

static void end_window(bc_steadiness *s)
{
    const size_t n_pixels = (size_t)s->width * (size_t)s->height;
    const size_t n_cells = (size_t)s->columns * (size_t)s->rows;
    double n_still = 0;
    find_still(s);
    for (int i = 0; i < s->n_paintings; i++) {
        n_still = add_variances(s, &s->paintings[i]);
        memset(s->paintings[i].window.sum, 0, 3 * n_pixels * sizeof(uint32_t));
        memset(s->paintings[i].window.square, 0, 3 * n_pixels * sizeof(uint32_t));
    }
    memset(s->cell_sum, 0, n_cells * sizeof(double));
    memset(s->cell_square, 0, n_cells * sizeof(double));
    s->n_still += n_still;
    s->n_still_of += (double)n_pixels;
    s->n_in_window = 0;
}

/* Warping ---------------------------------------------------------------------------------- */

/* Catmull and Rom's: it passes through the samples and does not soften what lies between. */
static void cubic_weights(float w[4], float t)
{
    w[0] = 0.5F * t * (t * (2 - t) - 1);
    w[1] = 0.5F * (t * t * (3 * t - 5) + 2);
    w[2] = 0.5F * t * (t * (4 - 3 * t) + 1);
    w[3] = 0.5F * t * t * (t - 1);
}

static void sample(float pixel[3], const uint8_t *picture, int width, int height, float x, float y)
{
    const float left = floorf(x), top = floorf(y);
    float wx[4], wy[4];
    cubic_weights(wx, x - left);
    cubic_weights(wy, y - top);
    pixel[0] = pixel[1] = pixel[2] = 0;
    for (int i = 0; i < 16; i++) {
        const int column = (int)left + i % 4 - 1, row = (int)top + i / 4 - 1;
        const int u = column < 0 ? 0 : column < width ? column : width - 1;
        const int v = row < 0 ? 0 : row < height ? row : height - 1;
        const uint8_t *from = picture + 3 * ((ptrdiff_t)v * width + u);
        const float w = wx[i % 4] * wy[i / 4];
        for (int c = 0; c < 3; c++)
            pixel[c] += w * (float)from[c];
    }
}

static void add_warped(const bc_steadiness *s, painting *p, const bc_image *image)
{
    for (int y = 0; y < s->height; y++) {
        const uint8_t *row = image->pixels + y * image->stride_bytes;
        for (int x = 0; x < s->width; x++) {
            const int at = y * s->width + x;
            float before[3];
            if (!s->is_seen[at])
                continue;
            sample(before, p->last, s->width, s->height, (float)x + s->back.x[at],
                   (float)y + s->back.y[at]);
            for (int c = 0; c < 3; c++) {
                const double off = (double)((float)row[3 * x + c] - before[c]);
                p->seen_square += off * off;
            }
        }
    }
}

static bc_status add_motion(bc_steadiness *s, const bc_image *paintings)
{
    bc_status status = bc_flow_estimate(&s->back, s->luma, s->last_luma, &s->log);
    if (status == BC_OK)
        status = bc_flow_estimate(&s->forth, s->last_luma, s->luma, &s->log);
    if (status < 0)
        return status;
    bc_flow_check(s->is_seen, &s->back, &s->forth);
    for (int i = 0; i < s->width * s->height; i++)
        s->n_seen += s->is_seen[i];
    s->n_seen_of += s->width * (double)s->height;
    for (int i = 0; i < s->n_paintings; i++)
        add_warped(s, &s->paintings[i], &paintings[i]);
    return BC_OK;
}

/* Frames ----------------------------------------------------------------------------------- */

static void measure_luma(float *luma, const bc_image *image)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *pixel = image->pixels + y * image->stride_bytes;
        for (int x = 0; x < image->width; x++, pixel += 3)
            *luma++ = 0.299F * pixel[0] + 0.587F * pixel[1] + 0.114F * pixel[2];
    }
}

static void keep(painting *p, const bc_image *image)
{
    const size_t row_bytes = 3 * (size_t)image->width;
    for (int y = 0; y < image->height; y++)
        memcpy(p->last + (size_t)y * row_bytes, image->pixels + y * image->stride_bytes, row_bytes);
}

bc_status bc_steadiness_add(bc_steadiness *s, const bc_image *source, const bc_image *paintings)
{
    float *luma = s->last_luma;
    s->last_luma = s->luma;
    s->luma = luma;
    measure_luma(s->luma, source);
    const bc_status status = s->n_frames > 0 ? add_motion(s, paintings) : BC_OK;
    add_cells(s);
    for (int i = 0; i < s->n_paintings; i++) {
        add_samples(&s->paintings[i].window, &paintings[i]);
        keep(&s->paintings[i], &paintings[i]);
    }
    s->n_frames++;
    if (++s->n_in_window == s->window)
        end_window(s);
    return status;
}

bc_steadiness_result bc_steadiness_of(const bc_steadiness *s, int index)
{
    const painting *p = &s->paintings[index];
    return (bc_steadiness_result){.still_deviation = sqrt(p->still_square / (3 * s->n_still)),
                                  .warping_error = sqrt(p->seen_square / (3 * s->n_seen))};
}

double bc_steadiness_still_share(const bc_steadiness *s)
{
    return s->n_still_of > 0 ? s->n_still / s->n_still_of : 0;
}

double bc_steadiness_seen_share(const bc_steadiness *s)
{
    return s->n_seen_of > 0 ? s->n_seen / s->n_seen_of : 0;
}
