#include "generator/task.h"

#include <assert.h>
#include <string.h>

/* A column of a ring row in the making: units are samples of a plane. */
typedef struct column_span {
    int first;    /* unit of the input at sample 0 */
    int from, to; /* samples that the input has, the rest is repeated edge */
} column_span;

static int unit_of(const bc_pass *pass)
{
    return pass->split ? 2 : 1;
}

static int column_width(const bc_task *t, int column)
{
    return bc_clamp(t->step->width - column * t->pass->column_width, 0, t->pass->column_width);
}

static int column_samples(const bc_task *t, int column)
{
    return bc_pass_samples(t->pass, t->step, column_width(t, column));
}

static column_span column_of(const bc_task *t, int column, int in_width)
{
    const int unit = unit_of(t->pass), n = column_samples(t, column), halo = t->pass->halo;
    const int first = column * t->pass->column_width * t->step->stride / unit;
    const int n_units = (in_width + unit - 1) / unit;
    return (column_span){.first = first,
                         .from = bc_clamp(-first, -halo, 0),
                         .to = bc_clamp(n_units - first, 1, n + halo)};
}

/* Of the samples -halo .. n + halo, the ones that the input does not have. */
static void repeat_edges(float *plane, const column_span *c, int halo, int n, float left,
                         float right)
{
    for (int i = -halo; i < c->from; i++)
        plane[i] = left;
    for (int i = c->to; i < n + halo; i++)
        plane[i] = right;
}

static float *plane_of(float *sample, const bc_task *t, int plane)
{
    return sample + plane * t->pass->load_pitch;
}

/* Channel `channel` of input row `y`, all inputs added, into split planes. */
static void load_split(const bc_task *t, const column_span *c, int channel, int y, float *even,
                       float *odd)
{
    const int n = c->to - c->from, x = 2 * (c->first + c->from);
    for (int i = 0; i < t->n_inputs; i++) {
        const bc_input *in = &t->inputs[i];
        const float *row =
            in->map + channel * t->in_map->channel_stride + y * t->in_map->row_stride;
        t->session->kernels.norm_split(even + c->from, odd + c->from, row + x, n,
                                       in->affine.scale[channel], in->affine.shift[channel], i > 0);
    }
    if (2 * (c->first + c->to) > t->step->in_width) /* an odd width: the last pair is half */
        odd[c->to - 1] = even[c->to - 1];
}

static void load_plain(const bc_task *t, const column_span *c, int channel, int y, float *plane)
{
    const int n = c->to - c->from, x = c->first + c->from;
    for (int i = 0; i < t->n_inputs; i++) {
        const bc_input *in = &t->inputs[i];
        const float *row =
            in->map + channel * t->in_map->channel_stride + y * t->in_map->row_stride;
        t->session->kernels.norm_row(plane + c->from, row + x, n, in->affine.scale[channel],
                                     in->affine.shift[channel], i > 0);
    }
}

/* The two phases that row y of the doubled grid consists of, at x = 0. */
typedef struct phase_rows {
    const float *even, *odd;
} phase_rows;

static phase_rows phases_of(const bc_task *t, int channel, int y)
{
    const ptrdiff_t phase = t->from->n_channels * t->in_map->channel_stride;
    const float *even = t->inputs[0].map + channel * t->in_map->channel_stride +
                        y / 2 * t->in_map->row_stride + (y & 1) * 2 * phase;
    return (phase_rows){.even = even, .odd = even + phase};
}

static void load_phases_split(const bc_task *t, const column_span *c, int channel, int y,
                              float *even, float *odd)
{
    const phase_rows rows = phases_of(t, channel, y);
    const float scale = t->inputs[0].affine.scale[channel];
    const float shift = t->inputs[0].affine.shift[channel];
    const int n = c->to - c->from, x = c->first + c->from;
    t->session->kernels.norm_row(even + c->from, rows.even + x, n, scale, shift, false);
    t->session->kernels.norm_row(odd + c->from, rows.odd + x, n, scale, shift, false);
}

static void load_phases_plain(const bc_task *t, const column_span *c, int channel, int y,
                              float *plane)
{
    const phase_rows rows = phases_of(t, channel, y);
    const int x = (c->first + c->from) / 2;
    assert((c->first + c->from) % 2 == 0);
    t->session->kernels.norm_join(plane + c->from, rows.even + x, rows.odd + x,
                                  (c->to - c->from + 1) / 2, t->inputs[0].affine.scale[channel],
                                  t->inputs[0].affine.shift[channel]);
}

static void load_split_channel(const bc_task *t, const column_span *c, int n, int channel, int y,
                               float *even, float *odd)
{
    if (t->step->source == BC_SOURCE_PHASES)
        load_phases_split(t, c, channel, y, even, odd);
    else
        load_split(t, c, channel, y, even, odd);
    const float left = even[c->from], right = odd[c->to - 1];
    repeat_edges(even, c, t->pass->halo, n, left, right);
    repeat_edges(odd, c, t->pass->halo, n, left, right);
}

static void load_plain_channel(const bc_task *t, const column_span *c, int n, int channel, int y,
                               float *plane)
{
    if (t->step->source == BC_SOURCE_PHASES)
        load_phases_plain(t, c, channel, y, plane);
    else
        load_plain(t, c, channel, y, plane);
    repeat_edges(plane, c, t->pass->halo, n, plane[c->from], plane[c->to - 1]);
}

static void load_map_row(const bc_task *t, const column_span *c, int n, int y, float *sample)
{
    for (int channel = 0; channel < t->step->n_in; channel++) {
        if (t->pass->split)
            load_split_channel(t, c, n, channel, y, plane_of(sample, t, 2 * channel),
                               plane_of(sample, t, 2 * channel + 1));
        else
            load_plain_channel(t, c, n, channel, y, plane_of(sample, t, channel));
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

static void load_packed_row(const bc_task *t, const column_span *c, int y, float *const planes[6])
{
    const bc_image *image = t->frame->source;
    const uint8_t *row = image->pixels + y * image->stride_bytes;
    const int size = bc_pixel_size(image->format), n_pairs = image->width / 2 - c->first;
    const int to = bc_clamp(c->to, c->from, n_pairs);
    float *at[6];
    for (int i = 0; i < 6; i++)
        at[i] = planes[i] + c->from;
    t->session->kernels.pixels_split(at, row + 2 * (c->first + c->from) * size, to - c->from,
                                     image->format);
    if (to < c->to)
        load_last_pixel(t, image, row + (image->width - 1) * size, planes, to);
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

static void load_yuv_row(const bc_task *t, const column_span *c, int y, float *const planes[6])
{
    const bc_yuv_row row = yuv_row(t->frame->source, y);
    float *at[6];
    for (int i = 0; i < 6; i++)
        at[i] = planes[i] + c->from;
    t->session->kernels.yuv_split(at, &row, c->first + c->from, c->to - c->from, &t->frame->to_rgb);
    if (2 * (c->first + c->to) <= row.width)
        return;
    for (int i = 0; i < 6; i += 2) /* an odd width: the last pair is half */
        planes[i + 1][c->to - 1] = planes[i][c->to - 1];
}

static void load_pixel_row(const bc_task *t, const column_span *c, int n, int y, float *sample)
{
    float *planes[6];
    for (int i = 0; i < 6; i++)
        planes[i] = plane_of(sample, t, i);
    if (t->frame->source->format == BC_YUV420)
        load_yuv_row(t, c, y, planes);
    else
        load_packed_row(t, c, y, planes);
    for (int i = 0; i < 6; i += 2) {
        const float left = planes[i][c->from], right = planes[i + 1][c->to - 1];
        repeat_edges(planes[i], c, t->pass->halo, n, left, right);
        repeat_edges(planes[i + 1], c, t->pass->halo, n, left, right);
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

void bc_load_row(const bc_task *t, int column, int y, float *ring, float *loaded)
{
    const bool is_frame = t->step->source == BC_SOURCE_PIXELS;
    const bool is_transformed = t->pass->algorithm == BC_WINOGRAD;
    const int in_width = is_frame ? t->frame->source->width : t->step->in_width;
    const int in_height = is_frame ? t->frame->source->height : t->step->in_height;
    const column_span c = column_of(t, column, in_width);
    const int n = column_samples(t, column), row = bc_clamp(y, 0, in_height - 1);
    float *to = bc_ring_sample(t, ring, y), *sample = is_transformed ? loaded + BC_PAD : to;
    if (is_frame)
        load_pixel_row(t, &c, n, row, sample);
    else
        load_map_row(t, &c, n, row, sample);
    if (is_transformed)
        transform_row(t, sample, loaded + 2 * t->step->n_in * t->pass->load_pitch,
                      (column_width(t, column) + BC_WINOGRAD_TILE - 1) / BC_WINOGRAD_TILE, to);
}
