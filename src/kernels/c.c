/* The reference: plain C, the meaning of every kernel, for every machine. */
#include <math.h>

#include "kernels/kernels.h"
#include "kernels/simd_canvas.h"

static void put(float *to, float x, bc_norm how)
{
    const float y = how.scale * x + how.shift;
    *to = (y > how.least ? y : how.least) + (how.add ? *to : 0);
}

static void norm_row(float *to, const float *from, int n, bc_norm how)
{
    for (int i = 0; i < n; i++)
        put(&to[i], from[i], how);
}

static void norm_split(float *even, float *odd, const float *from, int n, bc_norm how)
{
    for (int i = 0; i < n; i++) {
        put(&even[i], from[2 * i], how);
        put(&odd[i], from[2 * i + 1], how);
    }
}

static void norm_join(float *to, const float *even, const float *odd, int n, bc_norm how)
{
    for (int i = 0; i < n; i++) {
        put(&to[2 * i], even[i], how);
        put(&to[2 * i + 1], odd[i], how);
    }
}

static void pixels_split(float *const planes[6], const uint8_t *from, int n, bc_pixel_format format)
{
    const int size = bc_pixel_size(format);
    for (int c = 0; c < 3; c++) {
        const uint8_t *p = from + bc_channel_byte(format, c);
        for (int i = 0; i < n; i++) {
            planes[2 * c][i] = p[2 * i * size];
            planes[2 * c + 1][i] = p[(2 * i + 1) * size];
        }
    }
}

static float between(float nearer, float other, float share)
{
    return other + share * (nearer - other);
}

static float clip(float x, float high)
{
    return x > 0 ? (x < high ? x : high) : 0; /* NaN becomes 0 */
}

static float colour(const float m[4], float a, float b, float c)
{
    return m[0] * a + m[1] * b + m[2] * c + m[3];
}

/* Sample i of Cb or Cr between two rows. */
static float chroma_at(const bc_yuv_row *row, int c, int i)
{
    const int last = (row->width + 1) / 2 - 1, at = i < 0 ? 0 : i > last ? last : i;
    return between(row->chroma[c][0][at], row->chroma[c][1][at], row->share_row);
}

static void yuv_split(float *const planes[6], const bc_yuv_row *row, int first, int n,
                      const bc_colour_matrix *to_rgb)
{
    for (int x = 0; x < 2 * n; x++) {
        const int pixel = 2 * first + x, i = pixel / 2, odd = pixel % 2;
        const float luma = row->luma[pixel < row->width ? pixel : row->width - 1];
        float chroma[2];
        for (int c = 0; c < 2; c++)
            chroma[c] = between(chroma_at(row, c, i), chroma_at(row, c, odd ? i + 1 : i - 1),
                                odd ? row->share_odd : row->share_even);
        for (int c = 0; c < 3; c++)
            planes[2 * c + odd][x / 2] =
                clip(colour(to_rgb->m[c], luma, chroma[0], chroma[1]), 255);
    }
}

static void add_to_sums(const bc_sums *sums, int channel, const float *row, int n)
{
    double sum = 0, square = 0;
    for (int x = 0; x < n; x++) {
        sum += (double)row[x];
        square += (double)row[x] * (double)row[x];
    }
    sums->sum[channel] += sum;
    sums->square[channel] += square;
}

/* to[x] = bias + sum of weight * row[x + offset], for output i of the block. */
static void conv_output(float *to, const bc_conv_block *block, int block_size, int i,
                        const float *const rows[], int n)
{
    const int32_t *offset = block->offsets;
    const float *weight = block->weights + i;
    for (int x = 0; x < n; x++)
        to[x] = block->bias[i];
    for (int r = 0; r < block->n_rows; r++) {
        for (int t = 0; t < block->rows[r].n_taps; t++) {
            const float *from = rows[block->rows[r].row] + *offset++;
            for (int x = 0; x < n; x++)
                to[x] += *weight * from[x];
            weight += block_size;
        }
    }
}

static void conv_row(const bc_conv *conv, const float *const rows[], const bc_map_rows *out, int n,
                     const bc_sums *sums, const bc_ahead *ahead, float *scratch)
{
    (void)ahead;
    (void)scratch;
    for (int o = 0; o < conv->n_out; o++) {
        float *to = out->map + o * out->channel_stride;
        conv_output(to, &conv->blocks[o / conv->block], conv->block, o % conv->block, rows, n);
        if (sums)
            add_to_sums(sums, o, to, n);
    }
}

static uint8_t to_byte(float x)
{
    return (uint8_t)lrintf(clip(x, 1) * 255);
}

static void store_pixels(uint8_t *to, bc_pixel_format format, const float *const planes[6],
                         const uint8_t *source, bc_pixel_format source_format, int n)
{
    const int size = bc_pixel_size(format);
    const bool source_alpha = bc_pixel_size(source_format) == 4;
    for (int x = 0; x < n; x++) {
        for (int c = 0; c < 3; c++)
            to[bc_channel_byte(format, c)] = to_byte(planes[2 * c + (x & 1)][x / 2]);
        if (size == 4)
            to[3] = source_alpha ? source[4 * x + 3] : 255;
        to += size;
    }
}

static void store_luma(uint8_t *to, float *const chroma[4], const float *const planes[6], int n,
                       const bc_colour_matrix *from_rgb, float share, bool add)
{
    for (int x = 0; x < n; x++) {
        float rgb[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = clip(planes[2 * c + (x & 1)][x / 2], 1);
        to[x] = (uint8_t)lrintf(clip(colour(from_rgb->m[0], rgb[0], rgb[1], rgb[2]), 255));
        for (int c = 0; c < 2; c++) {
            float *sum = &chroma[2 * c + (x & 1)][x / 2];
            *sum = share * colour(from_rgb->m[1 + c], rgb[0], rgb[1], rgb[2]) + (add ? *sum : 0);
        }
    }
}

static void store_chroma(uint8_t *to, const float *even, const float *odd, int n,
                         const float taps[3])
{
    for (int i = 0; i < n; i++) {
        const float sum = taps[0] * odd[i - 1] + taps[1] * even[i] + taps[2] * odd[i];
        to[i] = (uint8_t)lrintf(clip(sum, 255));
    }
}

static double measure_peak(int64_t n_rounds)
{
    enum { CHAINS = 16 };
    volatile float seed = 0.5f;
    const float factor = seed;
    float chain[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain[i] = seed * (float)i; /* equal chains would become one */
    for (int64_t round = 0; round < n_rounds; round++) {
        for (int i = 0; i < CHAINS; i++)
            chain[i] = chain[i] * factor + factor;
    }
    for (int i = 0; i < CHAINS; i++)
        seed = chain[i];
    return 2.0 * CHAINS * (double)n_rounds;
}

void bc_kernels_init_c(bc_kernels *kernels)
{
    *kernels = (bc_kernels){.conv_block = 8,
                            .norm_row = norm_row,
                            .norm_split = norm_split,
                            .norm_join = norm_join,
                            .canvas_row = canvas_row,
                            .pixels_split = pixels_split,
                            .conv_row = conv_row,
                            .store_pixels = store_pixels,
                            .yuv_split = yuv_split,
                            .store_luma = store_luma,
                            .store_chroma = store_chroma,
                            .measure_peak = measure_peak};
    bc_kernels_init_c_matrix(kernels);
}
