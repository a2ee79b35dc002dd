/* The painting's pixels from the last layer's outputs. */
#include "generator/task.h"

/* Even and odd pixels of three channels of the painting's row 2y + ry. */
static void find_planes(const bc_task *t, const float *planes[6], const bc_map_rows *rows, int ry,
                        float *scratch)
{
    static const bc_norm as_it_is = {.scale = 1, .least = BC_NO_RELU};
    const ptrdiff_t pitch = bc_emit_pitch(t->step);
    for (int c = 0; c < 3; c++) {
        if (t->step->n_phases == 4) {
            planes[2 * c] = rows->map + (2 * ry * 3 + c) * rows->channel_stride;
            planes[2 * c + 1] = rows->map + ((2 * ry + 1) * 3 + c) * rows->channel_stride;
            continue;
        }
        const float *row = rows->map + c * rows->channel_stride + ry * rows->row_stride;
        float *even = scratch + (4 + 2 * c) * pitch, *odd = even + pitch;
        t->session->kernels.norm_split(even, odd, row, (t->step->width + 1) / 2, as_it_is);
        planes[2 * c] = even;
        planes[2 * c + 1] = odd;
    }
}

static void emit_packed(const bc_task *t, const float *const planes[6], int n_pixels,
                        ptrdiff_t line)
{
    const bc_image *source = t->frame->source, *painting = t->frame->painting;
    const bool has_alpha = source->format == BC_RGBA32 || source->format == BC_BGRA32;
    uint8_t *to = painting->pixels + line * painting->stride_bytes;
    const uint8_t *from = has_alpha ? source->pixels + line * source->stride_bytes : NULL;
    t->session->kernels.store_pixels(to, painting->format, planes, from,
                                     has_alpha ? source->format : BC_RGB24, n_pixels);
}

static const float *chroma_taps(const bc_image *image)
{
    static const float taps[][3] = {
        [BC_CHROMA_LEFT] = {0.25f, 0.5f, 0.25f}, [BC_CHROMA_CENTRE] = {0, 0.5f, 0.5f}};
    return taps[image->chroma_position];
}

static void emit_chroma(const bc_task *t, int c, const float *even, float *odd, int n, int y)
{
    const bc_image *painting = t->frame->painting;
    odd[-1] = even[0]; /* the picture's repeated edge */
    t->session->kernels.store_chroma(painting->chroma[c] + y * painting->chroma_stride_bytes[c],
                                     even, odd, n, chroma_taps(painting));
}

static void emit_yuv(const bc_task *t, const bc_map_rows *rows, int n_pixels, int y, float *scratch)
{
    const bc_image *painting = t->frame->painting;
    const int n_rows = bc_clamp(painting->height - 2 * y, 0, 2), n = (n_pixels + 1) / 2;
    const ptrdiff_t scratch_pitch = bc_emit_pitch(t->step);
    float *chroma[4];
    if (n_rows == 0)
        return;
    for (int i = 0; i < 4; i++)
        chroma[i] = scratch + i * scratch_pitch + BC_PAD;
    for (int ry = 0; ry < n_rows; ry++) {
        const float *planes[6];
        find_planes(t, planes, rows, ry, scratch);
        t->session->kernels.store_luma(painting->pixels + (2 * y + ry) * painting->stride_bytes,
                                       chroma, planes, n_pixels, &t->frame->from_rgb,
                                       1 / (float)n_rows, ry > 0);
    }
    for (int c = 0; c < 2; c++) {
        if (n_pixels % 2) /* the last pixel has no partner: it is its own */
            chroma[2 * c + 1][n - 1] = chroma[2 * c][n - 1];
        emit_chroma(t, c, chroma[2 * c], chroma[2 * c + 1], n, y);
    }
}

static void emit_linear(const bc_task *t, const float *const planes[6], int n_pixels,
                        ptrdiff_t line)
{
    float *to = t->frame->linear + line * t->frame->painting->width * 3;
    for (int i = 0; i < 3 * n_pixels; i++)
        to[i] = planes[2 * (i % 3) + (i / 3 & 1)][i / 6];
}

void bc_emit_rows(const bc_task *t, const bc_map_rows *rows, int y, float *scratch)
{
    const bc_image *painting = t->frame->painting;
    const int n_pixels = painting->width;
    const bool is_packed = painting->format != BC_YUV420;
    if (!is_packed)
        emit_yuv(t, rows, n_pixels, y, scratch);
    for (int ry = 0; ry < 2 && 2 * y + ry < painting->height; ry++) {
        const float *planes[6];
        if (!is_packed && !t->frame->linear)
            continue;
        find_planes(t, planes, rows, ry, scratch);
        if (is_packed)
            emit_packed(t, planes, n_pixels, 2 * y + ry);
        if (t->frame->linear)
            emit_linear(t, planes, n_pixels, 2 * y + ry);
    }
}
