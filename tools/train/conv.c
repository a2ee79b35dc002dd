#include "train/conv.h"

#include <assert.h>
#include <cblas.h>
#include <stdbool.h>
#include <string.h>

#include "base/simd.h"

/* Columns of one product: enough to repay the packing of the weights, four bands at least. */
enum { BAND_COLUMNS = 1024, MIN_BANDS = 4, MIN_COLUMNS = 64, MIN_CHUNKS = 4 };

/*
 * The matrix of columns has a row for each tap (channel, ky, kx) and a column for each output
 * position. It is made in blocks: some tap lines (channel, ky) by a band of output rows.
 */
typedef struct block {
    int line, n_lines; /* of taps, n_in * kernel in all */
    int y, n_y;        /* output rows */
} block;

typedef struct conv {
    const bc_train_conv_shape *shape;
    const bc_workspace *workspace;
    int h_out, w_out;
    int band_rows, n_bands;
    int chunk, n_chunks; /* of channels or of tap lines, where a pass is cut along them */
    float *out, *din, *dweight, *dbias;
    const float *in, *weight, *bias, *dout;
} conv;

static int min(int a, int b)
{
    return a < b ? a : b;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int clamp(int value, int low, int high)
{
    return max(low, min(value, high));
}

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

int bc_train_conv_out_height(const bc_train_conv_shape *shape)
{
    return divide_up(shape->height, shape->stride);
}

int bc_train_conv_out_width(const bc_train_conv_shape *shape)
{
    return divide_up(shape->width, shape->stride);
}

static conv make_conv(const bc_train_conv_shape *shape, const bc_workspace *workspace)
{
    assert(shape->kernel % 2 == 1 && (shape->stride == 1 || shape->stride == 2));
    assert(shape->height > 0 && shape->width > 0 && shape->n_in > 0 && shape->n_out > 0);
    conv c = {.shape = shape, .workspace = workspace};
    c.h_out = bc_train_conv_out_height(shape);
    c.w_out = bc_train_conv_out_width(shape);
    const int columns = clamp(c.h_out * c.w_out / MIN_BANDS, MIN_COLUMNS, BAND_COLUMNS);
    c.band_rows = clamp(divide_up(columns, c.w_out), 1, c.h_out);
    assert(c.band_rows * c.w_out * shape->kernel * shape->kernel <= BC_SCRATCH_FLOATS);
    c.n_bands = divide_up(c.h_out, c.band_rows);
    return c;
}

/* The tap lines whose columns fill the scratch memory. */
static int max_lines(const conv *c)
{
    return BC_SCRATCH_FLOATS / (c->band_rows * c->w_out * c->shape->kernel);
}

static int n_taps(const bc_train_conv_shape *shape)
{
    return shape->n_in * shape->kernel * shape->kernel;
}

static void fill(float *out, float value, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = value;
}

/* The place within 0 to n - 1 whose value stands at place i, or -1: a zero stands there. */
static int padded(int i, int n, bc_train_pad pad)
{
    if (pad == BC_TRAIN_PAD_ZERO && (i < 0 || i >= n))
        return -1;
    if (pad == BC_TRAIN_PAD_REFLECT)
        i = i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
    return clamp(i, 0, n - 1);
}

/* out[x] = in[x * stride + dx] for x from begin to end, in the padding. */
static void gather_padding(float *out, const float *in, int dx, int begin, int end,
                           const bc_train_conv_shape *shape)
{
    for (int x = begin; x < end; x++) {
        const int at = padded(x * shape->stride + dx, shape->width, shape->pad);
        out[x] = at < 0 ? 0 : in[at];
    }
}

/* out[x] = in[x * stride + dx] for n values of x, `in` padded. */
static void gather_row(float *out, const float *in, int dx, int n, const bc_train_conv_shape *shape)
{
    const int stride = shape->stride;
    const int begin = min(n, dx < 0 ? divide_up(-dx, stride) : 0);
    const int end = clamp(divide_up(shape->width - dx, stride), begin, n);
    gather_padding(out, in, dx, 0, begin, shape);
    if (stride == 1)
        memcpy(out + begin, in + begin + dx, (size_t)(end - begin) * sizeof(*out));
    else
        for (int x = begin; x < end; x++)
            out[x] = in[2 * x + dx]; /* a constant, so that it runs in lanes */
    gather_padding(out, in, dx, end, n, shape);
}

/* The transposes of gather_padding and gather_row: add to `din`. */
static void scatter_padding(float *din, const float *dout, int dx, int begin, int end,
                            const bc_train_conv_shape *shape)
{
    for (int x = begin; x < end; x++) {
        const int at = padded(x * shape->stride + dx, shape->width, shape->pad);
        if (at >= 0)
            din[at] += dout[x];
    }
}

static void scatter_row(float *din, const float *dout, int dx, int n,
                        const bc_train_conv_shape *shape)
{
    const int stride = shape->stride;
    const int begin = min(n, dx < 0 ? divide_up(-dx, stride) : 0);
    const int end = clamp(divide_up(shape->width - dx, stride), begin, n);
    scatter_padding(din, dout, dx, 0, begin, shape);
    for (int x = begin; x < end; x++)
        din[x * stride + dx] += dout[x];
    scatter_padding(din, dout, dx, end, n, shape);
}

/* The input row that output row y reads at tap row ky, or -1 in the padding of zeros. */
static int input_row(const bc_train_conv_shape *shape, int y, int ky)
{
    return padded(y * shape->stride + ky - shape->kernel / 2, shape->height, shape->pad);
}

/* columns [n_lines * kernel, n_y * w_out] */
BC_SIMD static void gather_columns(float *columns, const conv *c, block b)
{
    const bc_train_conv_shape *s = c->shape;
    for (int line = b.line; line < b.line + b.n_lines; line++) {
        const float *plane = c->in + (size_t)(line / s->kernel) * (size_t)(s->height * s->width);
        for (int kx = 0; kx < s->kernel; kx++)
            for (int y = b.y; y < b.y + b.n_y; y++, columns += c->w_out) {
                const int row = input_row(s, y, line % s->kernel);
                if (row < 0)
                    fill(columns, 0, c->w_out);
                else
                    gather_row(columns, plane + row * s->width, kx - s->kernel / 2, c->w_out, s);
            }
    }
}

BC_SIMD static void scatter_columns(const float *columns, const conv *c, block b)
{
    const bc_train_conv_shape *s = c->shape;
    for (int line = b.line; line < b.line + b.n_lines; line++) {
        float *plane = c->din + (size_t)(line / s->kernel) * (size_t)(s->height * s->width);
        for (int kx = 0; kx < s->kernel; kx++)
            for (int y = b.y; y < b.y + b.n_y; y++, columns += c->w_out) {
                const int row = input_row(s, y, line % s->kernel);
                if (row >= 0)
                    scatter_row(plane + row * s->width, columns, kx - s->kernel / 2, c->w_out, s);
            }
    }
}

static block band_block(const conv *c, int band)
{
    const int y = band * c->band_rows;
    return (block){.y = y, .n_y = min(c->band_rows, c->h_out - y)};
}

BC_SIMD static void start_from_bias(const conv *c, block b)
{
    const size_t area = (size_t)c->h_out * (size_t)c->w_out;
    for (int channel = 0; channel < c->shape->n_out; channel++)
        fill(c->out + (size_t)channel * area + b.y * c->w_out, c->bias ? c->bias[channel] : 0,
             b.n_y * c->w_out);
}

/* out [n_out, band] = bias + weight [n_out, taps] columns [taps, band] */
static void forward_band(void *arg, int job, int thread)
{
    const conv *c = arg;
    const bc_train_conv_shape *s = c->shape;
    float *columns = bc_workspace_scratch(c->workspace, thread);
    block b = band_block(c, job);
    start_from_bias(c, b);
    for (b.line = 0; b.line < s->n_in * s->kernel; b.line += b.n_lines) {
        b.n_lines = min(c->chunk, s->n_in * s->kernel - b.line);
        gather_columns(columns, c, b);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s->n_out, b.n_y * c->w_out,
                    b.n_lines * s->kernel, 1, c->weight + b.line * s->kernel, n_taps(s), columns,
                    b.n_y * c->w_out, 1, c->out + b.y * c->w_out, c->h_out * c->w_out);
    }
}

/* columns [chunk of taps, band] = weight^T [taps, n_out] dout [n_out, band], added up in din */
static void backward_input_chunk(void *arg, int job, int thread)
{
    const conv *c = arg;
    const bc_train_conv_shape *s = c->shape;
    float *columns = bc_workspace_scratch(c->workspace, thread);
    for (int band = 0; band < c->n_bands; band++) {
        block b = band_block(c, band);
        b.line = job * c->chunk * s->kernel;
        b.n_lines = min(c->chunk * s->kernel, s->n_in * s->kernel - b.line);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, b.n_lines * s->kernel,
                    b.n_y * c->w_out, s->n_out, 1, c->weight + b.line * s->kernel, n_taps(s),
                    c->dout + b.y * c->w_out, c->h_out * c->w_out, 0, columns, b.n_y * c->w_out);
        scatter_columns(columns, c, b);
    }
}

/* dweight [n_out, chunk of taps] += dout [n_out, band] columns^T [band, taps] */
static void backward_weight_chunk(void *arg, int job, int thread)
{
    const conv *c = arg;
    const bc_train_conv_shape *s = c->shape;
    float *columns = bc_workspace_scratch(c->workspace, thread);
    for (int band = 0; band < c->n_bands; band++) {
        block b = band_block(c, band);
        b.line = job * c->chunk;
        b.n_lines = min(c->chunk, s->n_in * s->kernel - b.line);
        gather_columns(columns, c, b);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, s->n_out, b.n_lines * s->kernel,
                    b.n_y * c->w_out, 1, c->dout + b.y * c->w_out, c->h_out * c->w_out, columns,
                    b.n_y * c->w_out, 1, c->dweight + b.line * s->kernel, n_taps(s));
    }
}

static void backward_bias_channel(void *arg, int job, int thread)
{
    (void)thread;
    const conv *c = arg;
    const int64_t area = (int64_t)c->h_out * c->w_out;
    c->dbias[job] += (float)bc_sum(c->dout + job * area, area);
}

void bc_train_conv_forward(float *out, const float *in, const float *weight, const float *bias,
                           const bc_train_conv_shape *shape, const bc_workspace *workspace)
{
    conv c = make_conv(shape, workspace);
    c.out = out;
    c.in = in;
    c.weight = weight;
    c.bias = bias;
    c.chunk = max_lines(&c);
    bc_pool_run(workspace->pool, forward_band, &c, c.n_bands);
}

static void cut(conv *c, int n, int largest)
{
    c->chunk = clamp(divide_up(n, MIN_CHUNKS), 1, largest);
    c->n_chunks = divide_up(n, c->chunk);
}

void bc_train_conv_backward(float *din, float *dweight, float *dbias, const float *dout,
                            const float *in, const float *weight, const bc_train_conv_shape *shape,
                            const bc_workspace *workspace)
{
    conv c = make_conv(shape, workspace);
    c.din = din;
    c.dweight = dweight;
    c.dbias = dbias;
    c.dout = dout;
    c.in = in;
    c.weight = weight;
    if (din) {
        cut(&c, shape->n_in, max(1, max_lines(&c) / shape->kernel));
        bc_pool_run(workspace->pool, backward_input_chunk, &c, c.n_chunks);
    }
    if (dweight) {
        cut(&c, shape->n_in * shape->kernel, max_lines(&c));
        bc_pool_run(workspace->pool, backward_weight_chunk, &c, c.n_chunks);
    }
    if (dbias)
        bc_pool_run(workspace->pool, backward_bias_channel, &c, shape->n_out);
}
