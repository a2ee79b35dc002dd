#include "inspect/readout.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/log.h"

/* Keeps maps that are alike, or empty, from weights without bounds. */
static const double ridge = 1e-6;

enum { WINDOW = 3, TAPS = WINDOW * WINDOW };

typedef struct response {
    const float *maps; /* [n_maps, h, w] */
    int n_maps, h, w;
} response;

/* The normal equations of n unknowns for three colours. */
typedef struct equations {
    int n;
    double *matrix;  /* [n, n], the lower triangle */
    double *weights; /* [3, n]: the right sides, then the solution */
    double *values;  /* [n], of one position */
} equations;

/* out [3, h, w], the means of blocks of `painting` [3, height, width] */
static void shrink(float *out, const float *painting, int h, int w, int height, int width)
{
    const int rows = height / h, columns = width / w;
    for (int i = 0; i < 3 * h * w; i++) {
        const int y = i / w * rows, x = i % w * columns; /* the planes follow one another */
        double sum = 0;
        for (int j = 0; j < rows * columns; j++)
            sum += painting[(size_t)(y + j / columns) * (size_t)width + (size_t)(x + j % columns)];
        out[i] = (float)(sum / (rows * columns));
    }
}

static int clamp(int value, int n)
{
    return value < 0 ? 0 : value >= n ? n - 1 : value;
}

/* What is weighted at a position. */
static void gather(double *values, const response *r, int position)
{
    const int y = position / r->w, x = position % r->w;
    for (int tap = 0; tap < TAPS; tap++) {
        const int from_y = clamp(y + tap / WINDOW - WINDOW / 2, r->h);
        const int from_x = clamp(x + tap % WINDOW - WINDOW / 2, r->w);
        const float *map = r->maps + (ptrdiff_t)from_y * r->w + from_x;
        for (int i = 0; i < r->n_maps; i++, map += (ptrdiff_t)r->h * r->w)
            values[tap * r->n_maps + i] = *map;
    }
    values[TAPS * r->n_maps] = 1;
}

/* target [3, h, w] */
static void set_equations(equations *e, const response *r, const float *target)
{
    const int n_positions = r->h * r->w;
    for (int i = 0; i < e->n * (e->n + 3); i++)
        e->matrix[i] = 0;
    for (int position = 0; position < n_positions; position++) {
        gather(e->values, r, position);
        for (int a = 0; a < e->n; a++) {
            const double value = e->values[a] / n_positions;
            for (int b = 0; b <= a; b++)
                e->matrix[a * e->n + b] += value * e->values[b];
            for (int c = 0; c < 3; c++)
                e->weights[c * e->n + a] += value * target[c * n_positions + position];
        }
    }
    for (int a = 0; a < e->n; a++)
        e->matrix[a * e->n + a] += ridge;
}

/* Cholesky: the lower triangle of the matrix becomes its root. */
static void factorise(equations *e)
{
    for (int i = 0; i < e->n; i++)
        for (int j = 0; j <= i; j++) {
            double *a = e->matrix + i * e->n, *b = e->matrix + j * e->n;
            double sum = a[j];
            for (int k = 0; k < j; k++)
                sum -= a[k] * b[k];
            a[j] = i == j ? sqrt(fmax(sum, ridge)) : sum / b[j];
        }
}

static void solve(equations *e)
{
    factorise(e);
    for (double *x = e->weights; x < e->weights + 3 * e->n; x += e->n) {
        for (int i = 0; i < e->n; i++) {
            for (int k = 0; k < i; k++)
                x[i] -= e->matrix[i * e->n + k] * x[k];
            x[i] /= e->matrix[i * e->n + i];
        }
        for (int i = e->n - 1; i >= 0; i--) {
            for (int k = i + 1; k < e->n; k++)
                x[i] -= e->matrix[k * e->n + i] * x[k];
            x[i] /= e->matrix[i * e->n + i];
        }
    }
}

/* `out` is the target before and the readout afterwards; returns their root mean square difference.
 */
static double apply(float *out, const equations *e, const response *r)
{
    const int n_positions = r->h * r->w;
    double squares = 0;
    for (int position = 0; position < n_positions; position++) {
        gather(e->values, r, position);
        for (int c = 0; c < 3; c++) {
            float *pixel = &out[c * n_positions + position];
            double sum = 0;
            for (int i = 0; i < e->n; i++)
                sum += e->weights[c * e->n + i] * e->values[i];
            squares += (sum - *pixel) * (sum - *pixel);
            *pixel = (float)sum;
        }
    }
    return sqrt(squares / (3 * (double)n_positions));
}

bc_status bc_readout(float *out, double *off, const float *maps, int n_maps, int h, int w,
                     const float *painting, int height, int width, const bc_log *log)
{
    assert(height % h == 0 && width % w == 0);
    const int n = TAPS * n_maps + 1;
    double *memory = malloc(sizeof(*memory) * (size_t)n * (size_t)(n + 4));
    if (!memory)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %d equations", n);
    const response r = {maps, n_maps, h, w};
    equations e = {n, memory, memory + (ptrdiff_t)n * n, memory + (ptrdiff_t)n * (n + 3)};
    shrink(out, painting, h, w, height, width);
    set_equations(&e, &r, out);
    solve(&e);
    *off = apply(out, &e, &r);
    free(memory);
    return BC_OK;
}
