#include "train/upsample.h"

#include <assert.h>
#include <string.h>

#include "base/simd.h"

enum { MAX_PAIRS = 4 * 9 * 9 };

/* Which tap of which phase reads what each tap of the doubled grid's kernel reads. */
typedef struct fold_map {
    int n_pairs;
    int tap[MAX_PAIRS];      /* in [kernel, kernel] */
    size_t phase[MAX_PAIRS]; /* from the phases' weights of the same input channel */
} fold_map;

/* The tap of a phase's kernel, along one axis, or -1: it would read an inserted zero. */
static int phase_tap(int phase, int tap, int kernel, bc_upsample kind)
{
    const int doubled = phase + tap - kernel / 2; /* counted from twice the phase's own place */
    if (kind == BC_UPSAMPLE_ZERO && doubled % 2 != 0)
        return -1;
    const int low = doubled >= 0 ? doubled / 2 : -((1 - doubled) / 2);
    return low + bc_folded_kernel(kernel) / 2;
}

static void map_make(fold_map *map, int n_in, int kernel, bc_upsample kind)
{
    const int n = bc_folded_kernel(kernel);
    assert(kind != BC_UPSAMPLE_SUBPIXEL);
    map->n_pairs = 0;
    for (int phase = 0; phase < 4; phase++)
        for (int tap = 0; tap < kernel * kernel; tap++) {
            const int y = phase_tap(phase / 2, tap / kernel, kernel, kind);
            const int x = phase_tap(phase % 2, tap % kernel, kernel, kind);
            if (y < 0 || x < 0)
                continue;
            map->tap[map->n_pairs] = tap;
            map->phase[map->n_pairs++] = (size_t)(phase * n_in * n * n + y * n + x);
        }
}

/* Where the phases of output `pair / n_in` and input `pair % n_in` begin. */
static size_t phase_begin(int pair, int n_in, int kernel)
{
    const int n = bc_folded_kernel(kernel);
    return (size_t)(pair / n_in * 4 * n_in + pair % n_in) * (size_t)(n * n);
}

void bc_fold_forward(float *phases, float *phase_bias, const float *weight, const float *bias,
                     int n_out, int n_in, int kernel, bc_upsample kind)
{
    const int n = bc_folded_kernel(kernel);
    fold_map map;
    map_make(&map, n_in, kernel, kind);
    memset(phases, 0, sizeof(float) * 4 * (size_t)(n_out * n_in) * (size_t)(n * n));
    for (int pair = 0; pair < n_out * n_in; pair++, weight += kernel * kernel) {
        float *to = phases + phase_begin(pair, n_in, kernel);
        for (int i = 0; i < map.n_pairs; i++)
            to[map.phase[i]] += weight[map.tap[i]];
    }
    for (int row = 0; row < 4 * n_out; row++)
        phase_bias[row] = bias[row / 4];
}

void bc_fold_backward(float *dweight, float *dbias, const float *dphases, const float *dphase_bias,
                      int n_out, int n_in, int kernel, bc_upsample kind)
{
    fold_map map;
    map_make(&map, n_in, kernel, kind);
    for (int pair = 0; pair < n_out * n_in; pair++, dweight += kernel * kernel) {
        const float *from = dphases + phase_begin(pair, n_in, kernel);
        for (int i = 0; i < map.n_pairs; i++)
            dweight[map.tap[i]] += from[map.phase[i]];
    }
    for (int row = 0; row < 4 * n_out; row++)
        dbias[row / 4] += dphase_bias[row];
}

/* Where phase row `row`, low-resolution line y begins in the doubled grid. */
static size_t doubled_line(int row, int y, int h, int w)
{
    const size_t line = (size_t)(row / 4) * (size_t)(2 * h) + (size_t)(2 * y + row % 4 / 2);
    return line * (size_t)(2 * w) + (size_t)(row % 2);
}

BC_SIMD void bc_shuffle_forward(float *out, const float *phases, int n_out, int h, int w)
{
    for (int row = 0; row < 4 * n_out; row++)
        for (int y = 0; y < h; y++) {
            float *to = out + doubled_line(row, y, h, w);
            for (int x = 0; x < w; x++)
                to[2 * x] = *phases++;
        }
}

BC_SIMD void bc_shuffle_backward(float *dphases, const float *dout, int n_out, int h, int w)
{
    for (int row = 0; row < 4 * n_out; row++)
        for (int y = 0; y < h; y++) {
            const float *from = dout + doubled_line(row, y, h, w);
            for (int x = 0; x < w; x++)
                *dphases++ = from[2 * x];
        }
}
