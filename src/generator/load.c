#include "generator/task.h"

#include <string.h>

#include "generator/roll.h"

/* A plane of a row in the making. */
typedef struct plane_shape {
    int n;     /* samples, halo left out */
    int given; /* those that the input has, from 0 on; the rest is repeated edge */
} plane_shape;

static plane_shape shape_of(const bc_task *t, int in_width)
{
    const int unit = t->pass->split ? 2 : 1, n = t->pass->n_samples;
    return (plane_shape){.n = n,
                         .given = bc_clamp((in_width + unit - 1) / unit, 1, n + t->pass->halo)};
}

/* Of the samples -halo .. n + halo, the ones that the input does not have. */
static void repeat_edges(float *plane, plane_shape shape, int halo, float left, float right)
{
    for (int i = -halo; i < 0; i++)
        plane[i] = left;
    for (int i = shape.given; i < shape.n + halo; i++)
        plane[i] = right;
}

/* Reflected at the ends of the input's `width` samples, which are not repeated. */
static void reflect_plain(float *plane, int n, int halo, int width)
{
    for (int i = 1; i <= halo; i++)
        plane[-i] = plane[bc_clamp(i, 0, width - 1)];
    for (int i = width; i < n + halo; i++)
        plane[i] = plane[bc_clamp(2 * (width - 1) - i, 0, width - 1)];
}

static void reflect_split(float *even, float *odd, int n, int halo, int width)
{
    const int last_even = (width - 1) / 2, last_odd = bc_clamp(width / 2 - 1, 0, width);
    for (int i = 1; i <= halo; i++) {
        even[-i] = even[bc_clamp(i, 0, last_even)];
        odd[-i] = odd[bc_clamp(i - 1, 0, last_odd)];
    }
    for (int i = (width + 1) / 2; i < n + halo; i++)
        even[i] = even[bc_clamp(width - 1 - i, 0, last_even)];
    for (int i = width / 2; i < n + halo; i++)
        odd[i] = width == 1 ? even[0] : odd[bc_clamp(width - 2 - i, 0, last_odd)];
}

static bool is_reflected(const bc_task *t)
{
    return t->step->layer->pad == BC_PAD_REFLECT;
}

static void pad_plain(const bc_task *t, plane_shape shape, float *plane)
{
    repeat_edges(plane, shape, t->pass->halo, plane[0], plane[shape.given - 1]);
    if (is_reflected(t))
        reflect_plain(plane, shape.n, t->pass->halo, t->step->in_width);
}

/* `right` is the last sample that the input has. */
static void pad_split(const bc_task *t, plane_shape shape, float *even, float *odd, float right)
{
    const float left = even[0];
    repeat_edges(even, shape, t->pass->halo, left, right);
    repeat_edges(odd, shape, t->pass->halo, left, right);
    if (is_reflected(t))
        reflect_split(even, odd, shape.n, t->pass->halo, t->step->in_width);
}

static float *plane_of(float *sample, const bc_task *t, int plane)
{
    return sample + plane * t->pass->load_pitch;
}

/* Maps --------------------------------------------------------------------------------------- */

/* Row y of an input's channel, all phases counted. */
static const float *input_row(const bc_input *in, int channel, int y)
{
    return in->data + channel * in->map->channel_stride + y % in->map->n_rows * in->map->row_stride;
}

static bc_norm norm_of(const bc_input *in, int channel, bool adds)
{
    return (bc_norm){.scale = in->affine.scale[channel],
                     .shift = in->affine.shift[channel],
                     .least = in->least,
                     .add = adds};
}

/* The two phases that row y of the doubled grid consists of. */
typedef struct phase_rows {
    const float *even, *odd;
} phase_rows;

static phase_rows phases_of(const bc_input *in, int channel, int y)
{
    const int n = in->from->n_channels, first = (y & 1) * 2 * n + channel;
    return (phase_rows){.even = input_row(in, first, y / 2),
                        .odd = input_row(in, first + n, y / 2)};
}

static void load_plain(const bc_task *t, const bc_input *in, int channel, int y, int n,
                       float *plane, bool adds)
{
    const bc_norm how = norm_of(in, channel, adds);
    if (in->source == BC_SOURCE_MAP) {
        t->session->kernels.norm_row(plane, input_row(in, channel, y), n, how);
        return;
    }
    const phase_rows rows = phases_of(in, channel, y);
    t->session->kernels.norm_join(plane, rows.even, rows.odd, (n + 1) / 2, how);
}

static void load_split(const bc_task *t, const bc_input *in, int channel, int y, int n, float *even,
                       float *odd, bool adds)
{
    const bc_kernels *kernels = &t->session->kernels;
    const bc_norm how = norm_of(in, channel, adds);
    if (in->source == BC_SOURCE_MAP) {
        kernels->norm_split(even, odd, input_row(in, channel, y), n, how);
        return;
    }
    const phase_rows rows = phases_of(in, channel, y);
    kernels->norm_row(even, rows.even, n, how);
    kernels->norm_row(odd, rows.odd, n, how);
}

static int canvas_cell(const bc_task *t)
{
    return t->step->layer->stride == BC_STRIDE_2 ? t->step->layer->cell / 2 : t->step->layer->cell;
}

/* Some samples of a canvas's row, in one channel of a sum or in all of a convolution's. */
static void load_canvas(const bc_task *t, bc_canvas_span span, float *to, ptrdiff_t pitch)
{
    t->session->kernels.canvas_row(to, pitch, t->step->n_in, canvas_cell(t), span,
                                   &t->session->moved);
}

void bc_load_canvas(const bc_task *t, int y, float *to, ptrdiff_t channel_stride)
{
    load_canvas(t, (bc_canvas_span){.row = y, .step = 1, .n = t->step->in_width}, to,
                channel_stride);
}

void bc_load_channel(const bc_task *t, const bc_input *in, int channel, int y, float *to, bool adds)
{
    load_plain(t, in, channel, y, t->step->in_width, to, adds);
}

static void load_split_channel(const bc_task *t, plane_shape shape, int channel, int y, float *even,
                               float *odd)
{
    for (int i = 0; i < t->n_inputs; i++)
        load_split(t, &t->inputs[i], channel, y, shape.given, even, odd, i > 0);
    if (2 * shape.given > t->step->in_width) /* an odd width: the last pair is half */
        odd[shape.given - 1] = even[shape.given - 1];
}

static void load_map_row(const bc_task *t, plane_shape shape, int y, float *sample)
{
    for (int channel = 0; channel < t->step->n_in; channel++) {
        if (!t->pass->split) {
            float *plane = plane_of(sample, t, channel);
            for (int i = 0; i < t->n_inputs; i++)
                load_plain(t, &t->inputs[i], channel, y, shape.given, plane, i > 0);
            pad_plain(t, shape, plane);
            continue;
        }
        float *even = plane_of(sample, t, 2 * channel), *odd = plane_of(sample, t, 2 * channel + 1);
        load_split_channel(t, shape, channel, y, even, odd);
        pad_split(t, shape, even, odd, odd[shape.given - 1]);
    }
}

static void load_canvas_row(const bc_task *t, plane_shape shape, int y, float *sample)
{
    const ptrdiff_t pitch = t->pass->load_pitch;
    bc_canvas_span span = {.row = y, .step = t->pass->split ? 2 : 1, .n = shape.given};
    for (; span.first < span.step; span.first++)
        load_canvas(t, span, sample + span.first * pitch, span.step * pitch);
    for (int channel = 0; channel < t->step->n_in; channel++) {
        float *even = plane_of(sample, t, span.step * channel), *odd = even + pitch;
        if (!t->pass->split)
            pad_plain(t, shape, even);
        else
            pad_split(t, shape, even, odd,
                      2 * shape.given > t->step->in_width ? even[shape.given - 1]
                                                          : odd[shape.given - 1]);
    }
}

/* Pixels ------------------------------------------------------------------------------------- */

/* The last pixel of an odd width has no partner: it is its own. */
static void load_last_pixel(const bc_task *t, const bc_image *image, const uint8_t *pixel,
                            float *const planes[6], int sample)
{
    const int size = bc_pixel_size(image->format);
    uint8_t pair[8];
    float *at[6];
    memcpy(pair, pixel, (size_t)size);
    memcpy(pair + size, pixel, (size_t)size);
    for (int i = 0; i < 6; i++)
        at[i] = planes[i] + sample;
    t->session->kernels.pixels_split(at, pair, 1, image->format);
}

static void load_packed_row(const bc_task *t, plane_shape shape, int y, float *const planes[6])
{
    const bc_image *image = t->frame->source;
    const uint8_t *row = image->pixels + y * image->stride_bytes;
    const int n_pairs = image->width / 2;
    t->session->kernels.pixels_split(planes, row, n_pairs, image->format);
    if (n_pairs < shape.given)
        load_last_pixel(t, image, row + (image->width - 1) * bc_pixel_size(image->format), planes,
                        n_pairs);
}

/* Row y stands a quarter of a chroma row above or below the nearer one. */
static bc_yuv_row yuv_row(const bc_image *image, int y)
{
    const bool is_left = image->chroma_position == BC_CHROMA_LEFT;
    const int nearer = y / 2;
    const int other = bc_clamp(nearer + (y % 2 ? 1 : -1), 0, (image->height + 1) / 2 - 1);
    bc_yuv_row row = {.luma = image->pixels + y * image->stride_bytes,
                      .width = image->width,
                      .share_row = 0.75f,
                      .share_even = is_left ? 1 : 0.75f,
                      .share_odd = is_left ? 0.5f : 0.75f};
    for (int c = 0; c < 2; c++) {
        row.chroma[c][0] = image->chroma[c] + nearer * image->chroma_stride_bytes[c];
        row.chroma[c][1] = image->chroma[c] + other * image->chroma_stride_bytes[c];
    }
    return row;
}

static void load_yuv_row(const bc_task *t, plane_shape shape, int y, float *const planes[6])
{
    const bc_yuv_row row = yuv_row(t->frame->source, y);
    t->session->kernels.yuv_split(planes, &row, 0, shape.given, &t->frame->to_rgb);
    if (2 * shape.given <= row.width)
        return;
    for (int i = 0; i < 6; i += 2) /* an odd width: the last pair is half */
        planes[i + 1][shape.given - 1] = planes[i][shape.given - 1];
}

/* `shape` in pairs of pixels. */
static void load_pairs(const bc_task *t, plane_shape shape, int y, float *const planes[6])
{
    if (t->frame->source->format == BC_YUV420)
        load_yuv_row(t, shape, y, planes);
    else
        load_packed_row(t, shape, y, planes);
}

static void load_split_pixels(const bc_task *t, plane_shape shape, int y, float *sample)
{
    float *planes[6];
    for (int i = 0; i < 6; i++)
        planes[i] = plane_of(sample, t, i);
    load_pairs(t, shape, y, planes);
    for (int i = 0; i < 6; i += 2)
        pad_split(t, shape, planes[i], planes[i + 1], planes[i + 1][shape.given - 1]);
}

/* Pairs go to `loaded` first, and are joined. */
static void load_plain_pixels(const bc_task *t, plane_shape shape, int y, float *sample,
                              float *loaded)
{
    static const bc_norm as_it_is = {.scale = 1, .least = BC_NO_RELU};
    const plane_shape pairs = {.n = (shape.n + 1) / 2, .given = (shape.given + 1) / 2};
    float *planes[6];
    for (int i = 0; i < 6; i++)
        planes[i] = loaded + BC_PAD + i * t->pass->load_pitch;
    load_pairs(t, pairs, y, planes);
    for (int c = 0; c < 3; c++) {
        float *plane = plane_of(sample, t, c);
        t->session->kernels.norm_join(plane, planes[2 * c], planes[2 * c + 1], pairs.given,
                                      as_it_is);
        pad_plain(t, shape, plane);
    }
}

void bc_load_pixels(const bc_task *t, int y, float *to)
{
    const bc_image *image = t->frame->source;
    load_split_pixels(t, shape_of(t, image->width), bc_clamp(y, 0, image->height - 1), to);
}

void bc_load_planes(const bc_task *t, int y, float *to, float *loaded)
{
    const bc_image *image = t->frame->source;
    const bc_source source = t->inputs[0].source;
    const int row = bc_step_row(t->step, y);
    if (source == BC_SOURCE_CANVAS)
        load_canvas_row(t, shape_of(t, t->step->in_width), row, to);
    else if (source != BC_SOURCE_PIXELS)
        load_map_row(t, shape_of(t, t->step->in_width), row, to);
    else if (t->pass->split)
        bc_load_pixels(t, row, to);
    else
        load_plain_pixels(t, shape_of(t, image->width), bc_clamp(row, 0, image->height - 1), to,
                          loaded);
}
