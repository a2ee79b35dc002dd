/*
 * The kernels for 4:2:0 pixels of every tier against their definition in kernels.h, in double
 * precision: all lengths up to some vectors, all places in a row, no byte touched beyond them.
 */
#include "test.h"
#include "tiers.h"

enum { MAX_N = 300, GAP = 5 };

static const double SLACK = 1e-3; /* levels: what roundings of single precision may add up to */

static guarded planes_memory, luma_memory, chroma_memory[4], bytes_memory;
static uint64_t state = 1;

static int next_length(int n)
{
    return n < 70 ? n + 1 : n < MAX_N ? MAX_N : -1;
}

static uint8_t *random_bytes(const guarded *g, int n)
{
    uint8_t *bytes = guarded_take(g, (size_t)n, UNTOUCHED);
    for (int i = 0; i < n; i++)
        bytes[i] = (uint8_t)random_bits(&state);
    return bytes;
}

/* Planes of n samples, each with its overrun, with gaps between them. */
static void make_planes(float *planes[], int n_planes, int n, int filling)
{
    const size_t pitch = (size_t)(n + OVERRUN + GAP);
    planes[0] = guarded_floats(&planes_memory, (size_t)n_planes * pitch - GAP, filling);
    for (int i = 1; i < n_planes; i++)
        planes[i] = planes[i - 1] + pitch;
}

static bc_colour_matrix random_matrix(float size)
{
    bc_colour_matrix matrix;
    for (int i = 0; i < 12; i++)
        matrix.m[i / 4][i % 4] = random_between(&state, -size, size);
    return matrix;
}

static double colour(const float m[4], double a, double b, double c)
{
    return (double)m[0] * a + (double)m[1] * b + (double)m[2] * c + (double)m[3];
}

static double clip(double x, double high)
{
    return x > 0 ? (x < high ? x : high) : 0;
}

/* Loading ---------------------------------------------------------------------------------- */

static bc_yuv_row make_row(int width)
{
    static const float shares[] = {0.5f, 0.75f, 1};
    bc_yuv_row row = {.luma = random_bytes(&luma_memory, width),
                      .width = width,
                      .share_row = shares[random_bits(&state) % 3],
                      .share_even = shares[random_bits(&state) % 3],
                      .share_odd = shares[random_bits(&state) % 3]};
    for (int i = 0; i < 4; i++)
        row.chroma[i / 2][i % 2] = random_bytes(&chroma_memory[i], (width + 1) / 2);
    return row;
}

static double between(double nearer, double other, float share)
{
    return (double)share * nearer + (1 - (double)share) * other;
}

static double sample(const bc_yuv_row *row, int c, int i)
{
    const int last = (row->width - 1) / 2, at = i < 0 ? 0 : i > last ? last : i;
    return between(row->chroma[c][0][at], row->chroma[c][1][at], row->share_row);
}

static double loaded(const bc_yuv_row *row, int pixel, const float m[4])
{
    const int i = pixel / 2, side = pixel % 2 ? 1 : -1;
    const float share = pixel % 2 ? row->share_odd : row->share_even;
    const double luma = row->luma[pixel < row->width ? pixel : row->width - 1];
    return clip(colour(m, luma, between(sample(row, 0, i), sample(row, 0, i + side), share),
                       between(sample(row, 1, i), sample(row, 1, i + side), share)),
                255);
}

/* n pairs from pair `first` on, of a row of `width` pixels. */
static void test_split(const bc_kernels *k, int width, int first, int n)
{
    float *planes[6];
    const bc_yuv_row row = make_row(width);
    const bc_colour_matrix matrix = random_matrix(1.5f);
    double worst = 0;
    make_planes(planes, 6, n, UNTOUCHED);
    k->yuv_split(planes, &row, first, n, &matrix);
    for (int c = 0; c < 3; c++) {
        for (int x = 0; x < 2 * n; x++) {
            const double expected = loaded(&row, 2 * first + x, matrix.m[c]);
            worst = fmax(worst, fabs((double)planes[2 * c + x % 2][x / 2] - expected));
        }
    }
    bool is_kept = front_is_untouched(&planes_memory, planes[0]);
    for (int i = 0; i < 5; i++)
        is_kept = is_kept && is_untouched(planes[i] + n + OVERRUN, GAP * sizeof(float));
    CHECK_AT_MOST(worst, SLACK);
    CHECK(is_kept);
}

static void test_splits(const bc_kernels *k, int n)
{
    if (n == 0)
        return;
    test_split(k, 2 * n, 0, n);
    test_split(k, 2 * n - 1, 0, n);
    test_split(k, 2 * n + 7, 0, n);
    test_split(k, 2 * n + 6, 3, n);
    test_split(k, 2 * n + 150, 61, n);
}

/* Storing ---------------------------------------------------------------------------------- */

static float next_level(void)
{
    static const float special[] = {NAN, INFINITY, -INFINITY, -0.0f, 1, 0x1p-30f, 1.0001f};
    if (random_bits(&state) % 4 == 0)
        return special[random_bits(&state) % (sizeof(special) / sizeof(special[0]))];
    return random_between(&state, -0.2f, 1.2f);
}

static bool is_rounded(uint8_t byte, double x)
{
    return fabs((double)byte - clip(x, 255)) <= 0.5 + SLACK;
}

/* Red, green and blue of pixel x, as they are meant. */
static void pixel_at(double rgb[3], float *const planes[6], int x)
{
    for (int c = 0; c < 3; c++)
        rgb[c] = clip((double)planes[2 * c + x % 2][x / 2], 1);
}

static void test_store_luma(const bc_kernels *k, int n, bool add)
{
    float *planes[10], before[4];
    const int n_pairs = (n + 1) / 2;
    const float share = random_between(&state, 0, 1);
    const bc_colour_matrix matrix = random_matrix(200);
    uint8_t *to = guarded_take(&bytes_memory, (size_t)n, UNTOUCHED);
    double worst = 0, rgb[3];
    bool is_right = true;
    make_planes(planes, 10, n_pairs, POISON);
    for (int i = 0; i < 4; i++)
        before[i] = random_between(&state, 0, 255);
    for (int i = 0; i < 6 * n_pairs; i++)
        planes[i / n_pairs][i % n_pairs] = next_level();
    for (int i = 0; i < 4 * n_pairs && add; i++)
        planes[6 + i / n_pairs][i % n_pairs] = before[i / n_pairs];
    k->store_luma(to, planes + 6, (const float *const *)planes, n, &matrix, share, add);
    for (int x = 0; x < n; x++) {
        pixel_at(rgb, planes, x);
        is_right = is_right && is_rounded(to[x], colour(matrix.m[0], rgb[0], rgb[1], rgb[2]));
        for (int c = 0; c < 2; c++) {
            const int plane = 2 * c + x % 2;
            const double own = colour(matrix.m[1 + c], rgb[0], rgb[1], rgb[2]);
            const double sum = (double)share * own + (add ? (double)before[plane] : 0);
            worst = fmax(worst, fabs((double)planes[6 + plane][x / 2] - sum));
        }
    }
    CHECK(is_right);
    CHECK_AT_MOST(worst, SLACK);
    CHECK(front_is_untouched(&bytes_memory, to));
}

static void test_store_chroma(const bc_kernels *k, int n)
{
    float *planes[2];
    const float taps[3] = {random_between(&state, 0, 1), random_between(&state, 0, 1),
                           random_between(&state, 0, 1)};
    uint8_t *to = guarded_take(&bytes_memory, (size_t)n, UNTOUCHED);
    bool is_right = true;
    make_planes(planes, 2, n + 1, POISON);
    for (int i = 0; i < 2 * (n + 1); i++)
        planes[i % 2][i / 2] = random_between(&state, -50, 200);
    const float *even = planes[0] + 1, *odd = planes[1] + 1;
    k->store_chroma(to, even, odd, n, taps);
    for (int i = 0; i < n; i++) {
        const double sum = (double)taps[0] * (double)odd[i - 1] +
                           (double)taps[1] * (double)even[i] + (double)taps[2] * (double)odd[i];
        is_right = is_right && is_rounded(to[i], sum);
    }
    CHECK(is_right);
    CHECK(front_is_untouched(&bytes_memory, to));
}

/* A sample is the same wherever it stands: columns of a frame must not show. */
static void test_places(const bc_kernels *k)
{
    const bc_yuv_row row = make_row(150);
    const bc_colour_matrix matrix = random_matrix(1.5f);
    float whole[6][128], part[6][128];
    float *to[6], *to_part[6];
    for (int i = 0; i < 6; i++) {
        to[i] = whole[i];
        to_part[i] = part[i];
    }
    k->yuv_split(to, &row, 0, 75, &matrix);
    for (int first = 0; first < 75; first++) {
        k->yuv_split(to_part, &row, first, 1, &matrix);
        for (int i = 0; i < 6; i++)
            CHECK(part[i][0] == whole[i][first]);
    }
}

int main(void)
{
    bc_kernels tiers[MAX_TIERS];
    const int n_tiers = kernel_tiers(tiers);
    planes_memory = guarded_open(10 * sizeof(float) * (MAX_N + OVERRUN + GAP));
    luma_memory = guarded_open(2 * MAX_N + 200);
    bytes_memory = guarded_open(MAX_N);
    for (int i = 0; i < 4; i++)
        chroma_memory[i] = guarded_open(MAX_N + 100);
    for (int i = 0; i < n_tiers; i++) {
        printf("%s\n", tiers[i].tier->name);
        for (int n = 0; n >= 0; n = next_length(n)) {
            test_splits(&tiers[i], n);
            test_store_luma(&tiers[i], n, false);
            test_store_luma(&tiers[i], n, true);
            test_store_chroma(&tiers[i], n);
        }
        test_places(&tiers[i]);
    }
    for (int i = 1; i < n_tiers && !tiers[i].has_matrix; i++) {
        CHECK(tiers[i].yuv_split != tiers[i - 1].yuv_split);
        CHECK(tiers[i].store_luma != tiers[i - 1].store_luma);
        CHECK(tiers[i].store_chroma != tiers[i - 1].store_chroma);
    }
    for (int i = 0; i < 4; i++)
        guarded_close(&chroma_memory[i]);
    guarded_close(&bytes_memory);
    guarded_close(&luma_memory);
    guarded_close(&planes_memory);
    return TEST_END();
}
