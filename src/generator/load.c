#include "generator/task.h"

#include <string.h>

/* A column of a ring row in the making: units are samples of a plane. */
typedef struct column {
    int first;    /* unit of the input at sample 0 */
    int from, to; /* samples that the input has, the rest is repeated edge */
} column;

static int unit_of(const bc_pass *pass)
{
    return pass->split ? 2 : 1;
}

/* Samples of a plane that a column needs, halo left out. */
static int column_samples(const bc_task *t, int index)
{
    const int x = index * t->pass->column_width;
    const int width = bc_clamp(t->step->width - x, 0, t->pass->column_width);
    return t->pass->split && t->step->stride == 1 ? (width + 1) / 2 : width;
}

static column column_of(const bc_task *t, int index, int in_width)
{
    const int unit = unit_of(t->pass), n = column_samples(t, index), halo = t->pass->halo;
    const int first = index * t->pass->column_width * t->step->stride / unit;
    const int n_units = (in_width + unit - 1) / unit;
    return (column){.first = first,
                    .from = bc_clamp(-first, -halo, 0),
                    .to = bc_clamp(n_units - first, 1, n + halo)};
}

/* Of the samples -halo .. n + halo, the ones that the input does not have. */
static void repeat_edges(float *plane, const column *c, int halo, int n, float left, float right)
{
    for (int i = -halo; i < c->from; i++)
        plane[i] = left;
    for (int i = c->to; i < n + halo; i++)
        plane[i] = right;
}

static float *plane_of(float *sample, const bc_task *t, int plane)
{
    return sample + plane * t->pass->pitch;
}

/* Channel `c` of input row `y`, all inputs added, into split planes. */
static void load_split(const bc_task *t, const column *c, int channel, int y, float *even,
                       float *odd)
{
    const bc_step *step = t->step;
    const int n = c->to - c->from, x = 2 * (c->first + c->from);
    for (int i = 0; i < t->n_inputs; i++) {
        const bc_input *in = &t->inputs[i];
        const float *row =
            in->map + channel * t->in_map->channel_stride + y * t->in_map->row_stride;
        t->session->kernels.norm_split(even + c->from, odd + c->from, row + x, n,
                                       in->affine.scale[channel], in->affine.shift[channel], i > 0);
    }
    if (2 * (c->first + c->to) > step->in_width) /* an odd width: the last pair is half */
        odd[c->to - 1] = even[c->to - 1];
}

static void load_plain(const bc_task *t, const column *c, int channel, int y, float *plane)
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

/* Row y of the doubled grid from the two phases that it consists of. */
static void load_phases(const bc_task *t, const column *c, int channel, int y, float *plane)
{
    const bc_input *in = &t->inputs[0];
    const ptrdiff_t phase = t->from->n_channels * t->in_map->channel_stride;
    const float *even = in->map + channel * t->in_map->channel_stride +
                        y / 2 * t->in_map->row_stride + (y & 1) * 2 * phase +
                        (c->first + c->from) / 2;
    t->session->kernels.norm_join(plane + c->from, even, even + phase, (c->to - c->from + 1) / 2,
                                  in->affine.scale[channel], in->affine.shift[channel]);
}

static void load_map_row(const bc_task *t, const column *c, int n, int y, float *sample)
{
    for (int channel = 0; channel < t->step->n_in; channel++) {
        if (t->pass->split) {
            float *even = plane_of(sample, t, 2 * channel);
            float *odd = plane_of(sample, t, 2 * channel + 1);
            load_split(t, c, channel, y, even, odd);
            const float left = even[c->from], right = odd[c->to - 1];
            repeat_edges(even, c, t->pass->halo, n, left, right);
            repeat_edges(odd, c, t->pass->halo, n, left, right);
        } else {
            float *plane = plane_of(sample, t, channel);
            if (t->step->source == BC_SOURCE_PHASES)
                load_phases(t, c, channel, y, plane);
            else
                load_plain(t, c, channel, y, plane);
            repeat_edges(plane, c, t->pass->halo, n, plane[c->from], plane[c->to - 1]);
        }
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

static void load_pixel_row(const bc_task *t, const column *c, int n, int y, float *sample)
{
    const bc_image *image = t->frame->source;
    const uint8_t *row = image->pixels + y * image->stride_bytes;
    const int size = bc_pixel_size(image->format), n_pairs = image->width / 2 - c->first;
    const int to = bc_clamp(c->to, c->from, n_pairs);
    float *planes[6], *at[6];
    for (int i = 0; i < 6; i++) {
        planes[i] = plane_of(sample, t, i);
        at[i] = planes[i] + c->from;
    }
    t->session->kernels.pixels_split(at, row + 2 * (c->first + c->from) * size, to - c->from,
                                     image->format);
    if (to < c->to)
        load_last_pixel(t, image, row + (image->width - 1) * size, planes, to);
    for (int i = 0; i < 6; i += 2) {
        const float left = planes[i][c->from], right = planes[i + 1][c->to - 1];
        repeat_edges(planes[i], c, t->pass->halo, n, left, right);
        repeat_edges(planes[i + 1], c, t->pass->halo, n, left, right);
    }
}

void bc_load_row(const bc_task *t, int index, int y, float *ring)
{
    const bool is_frame = t->step->source == BC_SOURCE_PIXELS;
    const int in_width = is_frame ? t->frame->source->width : t->step->in_width;
    const int in_height = is_frame ? t->frame->source->height : t->step->in_height;
    const column c = column_of(t, index, in_width);
    float *sample = bc_ring_sample(t, ring, y);
    const int n = column_samples(t, index);
    if (is_frame)
        load_pixel_row(t, &c, n, bc_clamp(y, 0, in_height - 1), sample);
    else
        load_map_row(t, &c, n, bc_clamp(y, 0, in_height - 1), sample);
}
