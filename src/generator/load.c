#include "generator/task.h"

#include <string.h>

#include "generator/roll.h"
#include "kernels/bf16.h"

/* A plane of a row in the making. */
typedef struct plane_shape {
    int n;     /* samples, halo left out */
    int given; /* those that the input has, from 0 on; the rest is repeated edge */
} plane_shape;

static plane_shape shape_of(const bc_task *t, int in_width)
{
    const int unit = t->pass->split ? 2 : 1, n = bc_pass_samples(t->step, t->pass);
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
    bc_canvas_row(to, pitch, t->step->n_in, canvas_cell(t), span, &t->session->moved);
}

void bc_load_canvas(const bc_task *t, int y, float *to, ptrdiff_t channel_stride)
{
    load_canvas(t, (bc_canvas_span){.row = y, .step = 1, .n = t->step->width}, to, channel_stride);
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

/* Rows --------------------------------------------------------------------------------------- */

/* Transforms a plane of a split row with stride 2, whose own samples stand in pairs. */
static void transform_plane(const bc_task *t, const float *plane, int n_tiles, float *halves,
                            float *to)
{
    const bc_kernels *kernels = &t->session->kernels;
    float *even = halves + BC_PAD, *odd = even + t->pass->load_pitch;
    static const bc_norm as_it_is = {.scale = 1, .least = BC_NO_RELU};
    kernels->norm_split(even - 1, odd - 1, plane - 2, 2 * n_tiles + 2, as_it_is);
    kernels->winograd_load(to, bc_winograd_points(t->step->kernel), 2 * t->step->n_in, even, odd,
                           n_tiles);
}

/* A split row into a transformed one: a group of planes for each channel, or each plane. */
static void transform_row(const bc_task *t, const float *sample, float *halves, int n_tiles,
                          float *to)
{
    const bc_pass *pass = t->pass;
    const int n_in = t->step->n_in, group = t->session->kernels.winograd_strip;
    for (int i = 0; i < n_in; i++) {
        const float *even = sample + 2 * i * pass->load_pitch, *odd = even + pass->load_pitch;
        if (t->step->stride == 1) {
            t->session->kernels.winograd_load(to + i * group, bc_winograd_points(t->step->kernel),
                                              n_in, even, odd, n_tiles);
            continue;
        }
        transform_plane(t, even, n_tiles, halves, to + 2 * i * group);
        transform_plane(t, odd, n_tiles, halves, to + (2 * i + 1) * group);
    }
}

/* Rows 2y and 2y + 1 of the frame into a matrix row, as far as kernels reach to either side. */
static void load_pixel_values(const bc_task *t, plane_shape shape, int y, float *loaded,
                              uint16_t *values)
{
    const bc_value_rows *rows = &t->pass->in;
    const int left = t->step->kernel / 4, right = (rows->behind + 1) / 2; /* pairs */
    const int last = t->frame->source->height - 1;
    const float *planes[2][6];
    for (int i = 0; i < 2; i++) {
        float *sample = loaded + BC_PAD + 6 * i * t->pass->load_pitch;
        load_split_pixels(t, shape, bc_clamp(2 * y + i, 0, last), sample);
        for (int plane = 0; plane < 6; plane++)
            planes[i][plane] = sample + plane * t->pass->load_pitch - left;
    }
    t->session->kernels.matrix_pixels(values - rows->lead, planes, left + shape.n + right);
}

/* A canvas's row into a matrix row. */
static void load_canvas_values(const bc_task *t, int y, float *loaded, uint16_t *values)
{
    const bc_value_rows *rows = &t->pass->in;
    const int n_in = t->step->n_in, width = t->step->in_width;
    float *sample = loaded + BC_PAD;
    load_canvas(t, (bc_canvas_span){.row = y, .step = 1, .n = width}, sample, t->pass->load_pitch);
    for (int x = -rows->before; x < width + rows->behind; x++) {
        for (int c = 0; c < n_in; c++) {
            const float value = sample[c * t->pass->load_pitch + bc_clamp(x, 0, width - 1)];
            uint16_t *to = &values[x * n_in + c];
            *to = rows->low ? bc_cut_to_bf16(value) : bc_to_bf16(value);
            if (rows->low)
                to[rows->low] = bc_to_bf16(value - bc_from_bf16(*to));
        }
    }
}

static void load_values(const bc_task *t, int y, float *ring, float *loaded)
{
    uint16_t *values = bc_row_values(&t->pass->in, ring, y);
    if (t->step->inputs[0].source == BC_SOURCE_PIXELS)
        load_pixel_values(t, shape_of(t, t->frame->source->width), y, loaded, values);
    else
        load_canvas_values(t, bc_step_row(t->step, y), loaded, values);
}

static void load_sample_row(const bc_task *t, int y, float *sample, float *loaded)
{
    const bc_image *image = t->frame->source;
    const bc_source source = t->inputs[0].source;
    const bool is_frame = source == BC_SOURCE_PIXELS;
    const plane_shape shape = shape_of(t, is_frame ? image->width : t->step->in_width);
    const int row = bc_step_row(t->step, y);
    if (source == BC_SOURCE_CANVAS)
        load_canvas_row(t, shape, row, sample);
    else if (!is_frame)
        load_map_row(t, shape, row, sample);
    else if (t->pass->split)
        load_split_pixels(t, shape, bc_clamp(row, 0, image->height - 1), sample);
    else
        load_plain_pixels(t, shape, bc_clamp(row, 0, image->height - 1), sample, loaded);
}

void bc_load_row(const bc_task *t, int y, float *ring, float *loaded)
{
    if (t->pass->algorithm == BC_MATRIX) {
        load_values(t, y, ring, loaded);
        return;
    }
    float *to = bc_ring_sample(t->pass, ring, y);
    if (t->pass->algorithm == BC_DIRECT) {
        load_sample_row(t, y, to, loaded);
        return;
    }
    float *sample = loaded + BC_PAD;
    load_sample_row(t, y, sample, loaded);
    transform_row(t, sample, loaded + 2 * t->step->n_in * t->pass->load_pitch,
                  (t->step->width + BC_WINOGRAD_TILE - 1) / BC_WINOGRAD_TILE, to);
}
