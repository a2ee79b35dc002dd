#include "generator/task.h"

#include <assert.h>
#include <string.h>

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

static float *plane_of(float *sample, const bc_task *t, int plane)
{
    return sample + plane * t->pass->load_pitch;
}

/* Row y of an input's channel. */
static const float *input_row(const bc_task *t, const bc_input *in, int channel, int y)
{
    const bc_map *map = t->in_map;
    return in->map + channel * map->channel_stride + (y - map->y) * map->row_stride;
}

/* Channel `channel` of input row `y`, all inputs added, into split planes. */
static void load_split(const bc_task *t, plane_shape shape, int channel, int y, float *even,
                       float *odd)
{
    for (int i = 0; i < t->n_inputs; i++) {
        const bc_input *in = &t->inputs[i];
        t->session->kernels.norm_split(even, odd, input_row(t, in, channel, y), shape.given,
                                       in->affine.scale[channel], in->affine.shift[channel], i > 0);
    }
    if (2 * shape.given > t->step->in_width) /* an odd width: the last pair is half */
        odd[shape.given - 1] = even[shape.given - 1];
}

static void load_plain(const bc_task *t, plane_shape shape, int channel, int y, float *plane)
{
    for (int i = 0; i < t->n_inputs; i++) {
        const bc_input *in = &t->inputs[i];
        t->session->kernels.norm_row(plane, input_row(t, in, channel, y), shape.given,
                                     in->affine.scale[channel], in->affine.shift[channel], i > 0);
    }
}

/* The two phases that row y of the doubled grid consists of. */
typedef struct phase_rows {
    const float *even, *odd;
} phase_rows;

static phase_rows phases_of(const bc_task *t, int channel, int y)
{
    const int n = t->from->n_channels, first = (y & 1) * 2 * n + channel;
    return (phase_rows){.even = input_row(t, t->inputs, first, y / 2),
                        .odd = input_row(t, t->inputs, first + n, y / 2)};
}

static void load_phases_split(const bc_task *t, plane_shape shape, int channel, int y, float *even,
                              float *odd)
{
    const phase_rows rows = phases_of(t, channel, y);
    const float scale = t->inputs[0].affine.scale[channel];
    const float shift = t->inputs[0].affine.shift[channel];
    t->session->kernels.norm_row(even, rows.even, shape.given, scale, shift, false);
    t->session->kernels.norm_row(odd, rows.odd, shape.given, scale, shift, false);
}

static void load_phases_plain(const bc_task *t, plane_shape shape, int channel, int y, float *plane)
{
    const phase_rows rows = phases_of(t, channel, y);
    t->session->kernels.norm_join(plane, rows.even, rows.odd, (shape.given + 1) / 2,
                                  t->inputs[0].affine.scale[channel],
                                  t->inputs[0].affine.shift[channel]);
}

static void load_split_channel(const bc_task *t, plane_shape shape, int channel, int y, float *even,
                               float *odd)
{
    if (t->step->source == BC_SOURCE_PHASES)
        load_phases_split(t, shape, channel, y, even, odd);
    else
        load_split(t, shape, channel, y, even, odd);
    const float left = even[0], right = odd[shape.given - 1];
    repeat_edges(even, shape, t->pass->halo, left, right);
    repeat_edges(odd, shape, t->pass->halo, left, right);
}

static void load_plain_channel(const bc_task *t, plane_shape shape, int channel, int y,
                               float *plane)
{
    if (t->step->source == BC_SOURCE_PHASES)
        load_phases_plain(t, shape, channel, y, plane);
    else
        load_plain(t, shape, channel, y, plane);
    repeat_edges(plane, shape, t->pass->halo, plane[0], plane[shape.given - 1]);
}

static void load_map_row(const bc_task *t, plane_shape shape, int y, float *sample)
{
    for (int channel = 0; channel < t->step->n_in; channel++) {
        if (t->pass->split)
            load_split_channel(t, shape, channel, y, plane_of(sample, t, 2 * channel),
                               plane_of(sample, t, 2 * channel + 1));
        else
            load_plain_channel(t, shape, channel, y, plane_of(sample, t, channel));
    }
}

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

static void load_pixel_row(const bc_task *t, plane_shape shape, int y, float *sample)
{
    float *planes[6];
    for (int i = 0; i < 6; i++)
        planes[i] = plane_of(sample, t, i);
    if (t->frame->source->format == BC_YUV420)
        load_yuv_row(t, shape, y, planes);
    else
        load_packed_row(t, shape, y, planes);
    for (int i = 0; i < 6; i += 2) {
        const float left = planes[i][0], right = planes[i + 1][shape.given - 1];
        repeat_edges(planes[i], shape, t->pass->halo, left, right);
        repeat_edges(planes[i + 1], shape, t->pass->halo, left, right);
    }
}

/* Transforms a plane of a split row with stride 2, whose own samples stand in pairs. */
static void transform_plane(const bc_task *t, const float *plane, int n_tiles, float *halves,
                            float *to)
{
    const bc_kernels *kernels = &t->session->kernels;
    float *even = halves + BC_PAD, *odd = even + t->pass->load_pitch;
    /* pixels are not negative, so that normalisation by 1 and 0 only splits them */
    assert(t->step->source == BC_SOURCE_PIXELS);
    kernels->norm_split(even - 1, odd - 1, plane - 2, 2 * n_tiles + 2, 1, 0, false);
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
static void load_pixel_rows(const bc_task *t, plane_shape shape, int y, float *loaded,
                            uint16_t *values)
{
    const int left = t->step->kernel / 4, right = (t->pass->behind + 1) / 2; /* pairs */
    const int last = t->frame->source->height - 1;
    const float *planes[2][6];
    for (int i = 0; i < 2; i++) {
        float *sample = loaded + BC_PAD + 6 * i * t->pass->load_pitch;
        load_pixel_row(t, shape, bc_clamp(2 * y + i, 0, last), sample);
        for (int plane = 0; plane < 6; plane++)
            planes[i][plane] = sample + plane * t->pass->load_pitch - left;
    }
    t->session->kernels.matrix_pixels(values - t->pass->lead, planes, left + shape.n + right);
}

void bc_load_row(const bc_task *t, int y, float *ring, float *loaded)
{
    const bool is_frame = t->step->source == BC_SOURCE_PIXELS;
    const bool is_transformed = t->pass->algorithm == BC_WINOGRAD;
    const int in_width = is_frame ? t->frame->source->width : t->step->in_width;
    const int in_height = is_frame ? t->frame->source->height : t->step->in_height;
    const plane_shape shape = shape_of(t, in_width);
    const int row = bc_clamp(y, 0, in_height - 1);
    if (t->pass->algorithm == BC_MATRIX) {
        load_pixel_rows(t, shape, y, loaded, bc_ring_values(t->pass, ring, y));
        return;
    }
    float *to = bc_ring_sample(t->pass, ring, y), *sample = is_transformed ? loaded + BC_PAD : to;
    if (is_frame)
        load_pixel_row(t, shape, row, sample);
    else
        load_map_row(t, shape, row, sample);
    if (is_transformed)
        transform_row(t, sample, loaded + 2 * t->step->n_in * t->pass->load_pitch,
                      (t->step->width + BC_WINOGRAD_TILE - 1) / BC_WINOGRAD_TILE, to);
}
