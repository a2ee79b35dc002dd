/*
 * The loads and the store of every tier against their definition in kernels.h: all lengths up to
 * some vectors, on ordinary and extreme numbers, at any alignment, within the permitted overrun.
 */
#include <float.h>

#include "test.h"
#include "tiers.h"

enum { MAX_N = 1000, N_FORMATS = 3, PLANE_GAP = 5 };

static guarded source, target, second;
static uint64_t state = 1;

/* Every length up to four of the widest vectors and more, and some long ones; -1 ends. */
static int next_length(int n)
{
    if (n < 70)
        return n + 1;
    return n < 255 ? 255 : n < 256 ? 256 : n < MAX_N ? MAX_N : -1;
}

/* n numbers, and poison where only the overrun may look. */
static float *make_row(const guarded *g, int n, bool extreme)
{
    float *row = guarded_floats(g, (size_t)(n + OVERRUN), POISON);
    for (int i = 0; i < n; i++)
        row[i] = random_value(&state, extreme, 60);
    return row;
}

static float *make_target(const guarded *g, int n, float *before)
{
    float *row = guarded_floats(g, (size_t)(n + OVERRUN), UNTOUCHED);
    for (int i = 0; i < n; i++)
        before[i] = row[i] = random_value(&state, false, 0);
    return row;
}

static bc_norm make_norm(bool extreme, bool add)
{
    return (bc_norm){.scale = random_value(&state, extreme, 60),
                     .shift = random_value(&state, extreme, 60),
                     .least = random_bits(&state) % 2 ? 0 : BC_NO_RELU,
                     .add = add};
}

/* Three roundings of at most half an epsilon each; FLT_MIN for numbers without a full mantissa. */
static bool is_normalised(float y, float x, bc_norm how, float before)
{
    const double scaled = (double)how.scale * (double)x, added = how.add ? (double)before : 0;
    const double expected = fmax(scaled + (double)how.shift, (double)how.least) + added;
    const double terms = fabs(scaled) + fabs((double)how.shift) + fabs(added);
    return fabs((double)y - expected) <= 1.6 * FLT_EPSILON * terms + FLT_MIN;
}

static void test_norm_row(const bc_kernels *k, int n, bool extreme, bool add)
{
    float before[MAX_N];
    const bc_norm how = make_norm(extreme, add);
    const float *from = make_row(&source, n, extreme);
    float *to = make_target(&target, n, before);
    bool is_right = true;
    k->norm_row(to, from, n, how);
    for (int i = 0; i < n; i++)
        is_right = is_right && is_normalised(to[i], from[i], how, before[i]);
    CHECK(is_right);
    CHECK(front_is_untouched(&target, to));
}

static void test_norm_split(const bc_kernels *k, int n, bool extreme, bool add)
{
    float even_before[MAX_N], odd_before[MAX_N];
    const bc_norm how = make_norm(extreme, add);
    const float *from = make_row(&source, 2 * n, extreme);
    float *even = make_target(&target, n, even_before), *odd = make_target(&second, n, odd_before);
    bool is_right = true;
    k->norm_split(even, odd, from, n, how);
    for (int i = 0; i < n; i++) {
        is_right = is_right && is_normalised(even[i], from[2 * i], how, even_before[i]);
        is_right = is_right && is_normalised(odd[i], from[2 * i + 1], how, odd_before[i]);
    }
    CHECK(is_right);
    CHECK(front_is_untouched(&target, even));
    CHECK(front_is_untouched(&second, odd));
}

static void test_norm_join(const bc_kernels *k, int n, bool extreme, bool add)
{
    float before[2 * MAX_N];
    const bc_norm how = make_norm(extreme, add);
    const float *even = make_row(&source, n, extreme), *odd = make_row(&second, n, extreme);
    float *to = make_target(&target, 2 * n, before);
    bool is_right = true;
    k->norm_join(to, even, odd, n, how);
    for (int i = 0; i < n; i++) {
        is_right = is_right && is_normalised(to[2 * i], even[i], how, before[2 * i]);
        is_right = is_right && is_normalised(to[2 * i + 1], odd[i], how, before[2 * i + 1]);
    }
    CHECK(is_right);
    CHECK(front_is_untouched(&target, to));
}

/* Where red, green, blue and alpha stand. */
static const int channel_bytes[N_FORMATS][4] = {
    [BC_RGB24] = {0, 1, 2}, [BC_RGBA32] = {0, 1, 2, 3}, [BC_BGRA32] = {2, 1, 0, 3}};

static uint8_t *make_pixels(const guarded *g, int n, bc_pixel_format format)
{
    const int size = n * bc_pixel_size(format);
    uint8_t *pixels = guarded_take(g, (size_t)size, UNTOUCHED);
    for (int i = 0; i < size; i++)
        pixels[i] = (uint8_t)random_bits(&state);
    return pixels;
}

/* Six planes of n samples, each with its overrun; all but the last have a gap behind them. */
static void make_planes(float *planes[6], const guarded *g, int n, int filling)
{
    const size_t pitch = (size_t)(n + OVERRUN + PLANE_GAP);
    planes[0] = guarded_floats(g, 6 * pitch - PLANE_GAP, filling);
    for (int i = 1; i < 6; i++)
        planes[i] = planes[i - 1] + pitch;
}

static void test_pixels_split(const bc_kernels *k, int n, bc_pixel_format format)
{
    float *planes[6];
    const int size = bc_pixel_size(format);
    const uint8_t *from = make_pixels(&source, 2 * n, format);
    make_planes(planes, &target, n, UNTOUCHED);
    bool is_right = true, is_kept = front_is_untouched(&target, planes[0]);
    k->pixels_split(planes, from, n, format);
    for (int c = 0; c < 3; c++) {
        const uint8_t *byte = from + channel_bytes[format][c];
        for (int x = 0; x < 2 * n; x++)
            is_right = is_right && planes[2 * c + x % 2][x / 2] == (float)byte[x * size];
    }
    for (int i = 0; i < 5; i++)
        is_kept = is_kept && is_untouched(planes[i] + n + OVERRUN, PLANE_GAP * sizeof(float));
    CHECK(is_right);
    CHECK(is_kept && front_is_untouched(&target, planes[0]));
}

static float next_level(void)
{
    static const float special[] = {NAN,     INFINITY, -INFINITY, -0.0f,   1e-40f,     1,
                                    FLT_MAX, -FLT_MAX, 0x1p-30f,  1.0001f, 0.99999994f};
    const uint64_t choice = random_bits(&state) % 4;
    if (choice == 0)
        return special[random_bits(&state) % (sizeof(special) / sizeof(special[0]))];
    if (choice == 1) /* between two levels */
        return ((float)(random_bits(&state) % 256) + 0.5f) / 255;
    return random_between(&state, -0.2f, 1.2f);
}

static uint8_t to_byte(float x)
{
    const float clipped = x > 0 ? (x < 1 ? x : 1) : 0; /* NaN becomes 0 */
    return (uint8_t)lrintf(clipped * 255);
}

static bool is_stored(const uint8_t *to, bc_pixel_format format, float *const planes[6], int x,
                      const uint8_t *from, bc_pixel_format source_format)
{
    bool is_right = true;
    for (int c = 0; c < 3; c++)
        is_right =
            is_right && to[channel_bytes[format][c]] == to_byte(planes[2 * c + x % 2][x / 2]);
    if (format == BC_RGB24)
        return is_right;
    return is_right && to[3] == (source_format == BC_RGB24 ? 255 : from[3]);
}

static void test_store_pixels(const bc_kernels *k, int n, bc_pixel_format format,
                              bc_pixel_format source_format)
{
    float *planes[6];
    const int size = bc_pixel_size(format), source_size = bc_pixel_size(source_format);
    const uint8_t *from = make_pixels(&source, n, source_format);
    uint8_t *to = guarded_take(&target, (size_t)(n * size), UNTOUCHED);
    make_planes(planes, &second, (n + 1) / 2, POISON);
    for (int i = 0; i < 6; i++) {
        for (int x = 0; x < (n + 1) / 2; x++)
            planes[i][x] = next_level();
    }
    bool is_right = true;
    k->store_pixels(to, format, (const float *const *)planes, from, source_format, n);
    for (int x = 0; x < n; x++)
        is_right = is_right && is_stored(to + x * size, format, planes, x, from + x * source_size,
                                         source_format);
    CHECK(is_right);
    CHECK(front_is_untouched(&target, to));
}

static void test_length(const bc_kernels *k, int n)
{
    for (int extreme = 0; extreme < 2; extreme++) {
        for (int add = 0; add < 2; add++) {
            test_norm_row(k, n, extreme, add);
            test_norm_split(k, n, extreme, add);
            test_norm_join(k, n, extreme, add);
        }
    }
    for (int format = 0; format < N_FORMATS; format++) {
        test_pixels_split(k, n, (bc_pixel_format)format);
        for (int from = 0; from < N_FORMATS; from++)
            test_store_pixels(k, n, (bc_pixel_format)format, (bc_pixel_format)from);
    }
}

/* Each tier is made of its own code; conversions of pixels are the first vectors'. */
static void test_tier(const bc_kernels *k, const bc_kernels *below, bool has_pixels)
{
    CHECK((below->tier->needs & ~k->tier->needs) == 0);
    CHECK(k->norm_row != below->norm_row);
    CHECK(k->norm_split != below->norm_split);
    CHECK(k->norm_join != below->norm_join);
    CHECK(k->conv_row != below->conv_row);
    CHECK(k->winograd_rows != below->winograd_rows);
    CHECK(k->measure_peak != below->measure_peak);
    CHECK_INT(k->pixels_split != below->pixels_split, has_pixels);
    CHECK_INT(k->store_pixels != below->store_pixels, has_pixels);
}

static void test_peak(const bc_kernels *k)
{
    const double operations = k->measure_peak(1000);
    CHECK(operations >= 2 * 1000);
    CHECK(k->measure_peak(3000) == 3 * operations);
}

int main(void)
{
    bc_kernels tiers[MAX_TIERS];
    const int n_tiers = kernel_tiers(tiers);
    const size_t size = 6 * sizeof(float) * (2 * MAX_N + OVERRUN + PLANE_GAP);
    source = guarded_open(size);
    target = guarded_open(size);
    second = guarded_open(size);
    for (int i = 0; i < n_tiers; i++) {
        printf("%s\n", tiers[i].tier->name);
        for (int n = 0; n >= 0; n = next_length(n))
            test_length(&tiers[i], n);
        test_peak(&tiers[i]);
    }
    for (int i = 1; i < n_tiers && !tiers[i].has_matrix; i++)
        test_tier(&tiers[i], &tiers[i - 1], i == 1);
    guarded_close(&second);
    guarded_close(&target);
    guarded_close(&source);
    return TEST_END();
}
