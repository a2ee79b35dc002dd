/* The reference of the matrix units: bf16 products, summed in f32. */
#include <math.h>

#include "kernels/bf16.h"
#include "kernels/kernels.h"

enum { LANES = BC_MATRIX_LANES, CHUNK = BC_MATRIX_CHUNK };

static void matrix_nothing(void)
{
}

static void matrix_pixels(uint16_t *to, const float *planes[2][6], int n)
{
    for (int i = 0; i < 4 * n; i++) {
        const int x = i / 2, row = i % 2;
        for (int c = 0; c < 3; c++)
            *to++ = bc_to_bf16(rintf(planes[row][2 * c + x % 2][x / 2]));
        *to++ = 0;
    }
}

/* Which of a position's weights belongs to value k of a chunk, for a lane of the tile. */
static int weight_at(int k, int lane)
{
    return (k / 2 * LANES + lane) * 2 + k % 2;
}

/* One chunk's products for a lane. */
static float chunk_sum(const uint16_t *in, ptrdiff_t low, const uint16_t *const weights[2],
                       int lane)
{
    float sum = 0;
    for (int k = 0; k < CHUNK; k++) {
        const int at = weight_at(k, lane);
        const float high = bc_from_bf16(in[k]), weight = bc_from_bf16(weights[0][at]);
        sum += high * weight;
        if (weights[1])
            sum += high * bc_from_bf16(weights[1][at]);
        if (low)
            sum += bc_from_bf16(in[k + low]) * weight;
    }
    return sum;
}

static float output_of(const bc_matrix *m, const bc_matrix_input *in, int position, int lane)
{
    float sum = m->bias[lane];
    for (int i = 0; i < m->n_rows * m->n_chunks; i++) {
        const uint16_t *from =
            in->rows[i / m->n_chunks] - m->before + position * m->step + i % m->n_chunks * CHUNK;
        const ptrdiff_t tile = (lane / LANES * m->n_rows * m->n_chunks + i) * CHUNK * LANES;
        const uint16_t *const weights[2] = {m->weights[0] + tile,
                                            m->weights[1] ? m->weights[1] + tile : NULL};
        sum += chunk_sum(from, in->low, weights, lane % LANES);
    }
    return sum;
}

static float load_value(const uint16_t *from, ptrdiff_t low)
{
    return bc_from_bf16(*from) + (low ? bc_from_bf16(from[low]) : 0);
}

static void store_value(uint16_t *to, ptrdiff_t low, float y, bool add)
{
    if (add)
        y += load_value(to, low);
    to[0] = low ? bc_cut_to_bf16(y) : bc_to_bf16(y);
    if (low)
        to[low] = bc_to_bf16(y - bc_from_bf16(to[0]));
}

static void matrix_lines(const bc_matrix *m, const bc_matrix_input *in, int n,
                         const bc_matrix_lines *to, const bc_sums *sums, float *scratch)
{
    (void)scratch;
    const int n_positions = (n + m->group - 1) / m->group;
    for (int i = 0; i < n_positions * m->n_tiles * LANES; i++) {
        const int position = i / (m->n_tiles * LANES), lane = i % (m->n_tiles * LANES);
        const float x = output_of(m, in, position, lane);
        const float y = to->scale[lane] * x + to->shift[lane];
        const int values = m->group * m->width, output = bc_matrix_output(m, lane);
        store_value(to->lines[lane / values] + position * values + lane % values, to->low,
                    y > to->least ? y : to->least, to->add);
        if (!sums || position * m->group + bc_matrix_pixel(m, lane) >= n)
            continue;
        sums->sum[output] += (double)x;
        sums->square[output] += (double)x * (double)x;
    }
}

static void matrix_add(const bc_matrix_sum *sum, int n)
{
    for (int i = 0; i < n; i++) {
        const float a = load_value(sum->from[0] + i, sum->from_low[0]);
        const float b = load_value(sum->from[1] + i, sum->from_low[1]);
        store_value(sum->to + i, sum->to_low, sum->scale * (a + b), sum->add);
    }
}

static void matrix_planes(const bc_matrix *m, const bc_matrix_input *in, int n, float *planes,
                          ptrdiff_t pitch, float *scratch)
{
    (void)scratch;
    for (int x = 0; x < n; x++) {
        for (int o = 0; o < m->n_out; o++)
            planes[o * pitch + x] = output_of(m, in, x / m->group, o * m->group + x % m->group);
    }
}

static double measure_matrix_peak(int64_t n_rounds)
{
    volatile float seed = 0.5f;
    float sum = 0;
    for (int64_t i = 0; i < n_rounds; i++)
        sum += seed * bc_from_bf16(bc_to_bf16(seed));
    seed = sum;
    return 2.0 * (double)n_rounds;
}

void bc_kernels_init_c_matrix(bc_kernels *kernels)
{
    kernels->matrix_begin = matrix_nothing;
    kernels->matrix_end = matrix_nothing;
    kernels->matrix_pixels = matrix_pixels;
    kernels->matrix_lines = matrix_lines;
    kernels->matrix_add = matrix_add;
    kernels->matrix_planes = matrix_planes;
    kernels->measure_matrix_peak = measure_matrix_peak;
}
