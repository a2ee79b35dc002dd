#include "train/layers.h"

#include <string.h>

#include "base/simd.h"

enum {
    ELEMENTS = 1 << 16, /* of a job that passes over them once */
};

typedef struct pass {
    float *out;
    const float *in, *other;
    int n_channels, height, width; /* of pooling's input */
} pass;

BC_SIMD static void relu_forward_range(void *arg, int64_t begin, int64_t end)
{
    const pass *p = arg;
    for (int64_t i = begin; i < end; i++)
        p->out[i] = p->out[i] > 0 ? p->out[i] : 0;
}

void bc_relu_forward(float *x, int64_t n, const bc_workspace *workspace)
{
    bc_workspace_loop(workspace, relu_forward_range, &(pass){.out = x}, n, ELEMENTS);
}

BC_SIMD static void relu_backward_range(void *arg, int64_t begin, int64_t end)
{
    const pass *p = arg;
    for (int64_t i = begin; i < end; i++)
        p->out[i] = p->in[i] > 0 ? p->out[i] : 0;
}

void bc_relu_backward(float *dx, const float *y, int64_t n, const bc_workspace *workspace)
{
    bc_workspace_loop(workspace, relu_backward_range, &(pass){.out = dx, .in = y}, n, ELEMENTS);
}

/* Pooling: a job is one channel. */

static float max(float a, float b)
{
    return a > b ? a : b;
}

BC_SIMD static void max_pool_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const pass *p = arg;
    const int w = p->width / 2, h = p->height / 2;
    float *out = p->out + (int64_t)channel * h * w;
    const float *in = p->in + (int64_t)channel * p->height * p->width;
    for (int y = 0; y < h; y++, in += 2 * p->width, out += w) {
        const float *above = in, *below = in + p->width;
        for (int x = 0; x < w; x++)
            out[x] = max(max(above[2 * x], above[2 * x + 1]), max(below[2 * x], below[2 * x + 1]));
    }
}

void bc_max_pool_forward(float *out, const float *in, int n_channels, int height, int width,
                         const bc_workspace *workspace)
{
    bc_pool_run(workspace->pool, max_pool_channel,
                &(pass){.out = out, .in = in, .height = height, .width = width}, n_channels);
}

/* The gradient goes to the first of four equal values; no branches, so that it runs in lanes. */
static void max_pool_back_row(float *restrict din, const float *restrict in,
                              const float *restrict dout, int width)
{
    const float *above = in, *below = in + width;
    float *dabove = din, *dbelow = din + width;
    for (int x = 0; x < width / 2; x++) {
        const float a = above[2 * x], b = above[2 * x + 1], c = below[2 * x];
        const float best = max(max(a, b), max(c, below[2 * x + 1]));
        float left = dout[x];
        dabove[2 * x] = a == best ? left : 0;
        left = a == best ? 0 : left;
        dabove[2 * x + 1] = b == best ? left : 0;
        left = b == best ? 0 : left;
        dbelow[2 * x] = c == best ? left : 0;
        dbelow[2 * x + 1] = c == best ? 0 : left;
    }
    if (width % 2)
        dabove[width - 1] = dbelow[width - 1] = 0;
}

/* The odd last row, where there is one, did not count. */
static void clear_last_row(float *dplane, int height, int width)
{
    for (int i = height / 2 * 2 * width; i < height * width; i++)
        dplane[i] = 0;
}

BC_SIMD static void max_pool_back_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const pass *p = arg;
    const int w = p->width / 2, h = p->height / 2;
    float *din = p->out + (int64_t)channel * p->height * p->width;
    const float *in = p->other + (int64_t)channel * p->height * p->width;
    const float *dout = p->in + (int64_t)channel * h * w;
    clear_last_row(din, p->height, p->width);
    for (int y = 0; y < h; y++, in += 2 * p->width, din += 2 * p->width, dout += w)
        max_pool_back_row(din, in, dout, p->width);
}

void bc_max_pool_backward(float *din, const float *dout, const float *in, int n_channels,
                          int height, int width, const bc_workspace *workspace)
{
    bc_pool_run(workspace->pool, max_pool_back_channel,
                &(pass){.out = din, .in = dout, .other = in, .height = height, .width = width},
                n_channels);
}

BC_SIMD static void average_pool_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const pass *p = arg;
    const int w = p->width / 2, h = p->height / 2;
    float *out = p->out + (int64_t)channel * h * w;
    const float *in = p->in + (int64_t)channel * p->height * p->width;
    for (int y = 0; y < h; y++, in += 2 * p->width, out += w) {
        const float *above = in, *below = in + p->width;
        for (int x = 0; x < w; x++)
            out[x] = (above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1]) / 4;
    }
}

void bc_average_pool_forward(float *out, const float *in, int n_channels, int height, int width,
                             const bc_workspace *workspace)
{
    bc_pool_run(workspace->pool, average_pool_channel,
                &(pass){.out = out, .in = in, .height = height, .width = width}, n_channels);
}

BC_SIMD static void average_pool_back_channel(void *arg, int channel, int thread)
{
    (void)thread;
    const pass *p = arg;
    const int w = p->width / 2, h = p->height / 2;
    float *din = p->out + (int64_t)channel * p->height * p->width;
    const float *dout = p->in + (int64_t)channel * h * w;
    clear_last_row(din, p->height, p->width);
    for (int y = 0; y < 2 * h; y++, din += p->width)
        for (int x = 0; x < p->width; x++)
            din[x] = x < 2 * w ? dout[y / 2 * w + x / 2] / 4 : 0;
}

void bc_average_pool_backward(float *din, const float *dout, int n_channels, int height, int width,
                              const bc_workspace *workspace)
{
    bc_pool_run(workspace->pool, average_pool_back_channel,
                &(pass){.out = din, .in = dout, .height = height, .width = width}, n_channels);
}
