/*
 * What a session takes and gives: every pair of formats, tight, padded and bottom-up rows, all
 * small sizes. The painting must not depend on any of it, alpha stays, nothing else is touched.
 */
#include "net.h"

enum {
    N_FORMATS = 3,
    N_LAYOUTS = 3,
    MAX_SIDE = 140,
    PADDING = 13,
    MAX_ROW = 4 * MAX_SIDE + PADDING
};

typedef enum layout { TIGHT, PADDED, BOTTOM_UP } layout;

static guarded source_memory, painting_memory;
static uint64_t state = 1;

static int pixel_size(bc_pixel_format format)
{
    return format == BC_RGB24 ? 3 : 4;
}

/* An image that ends before a forbidden page, all of its memory UNTOUCHED. */
static bc_image make_image(const guarded *g, int width, int height, bc_pixel_format format,
                           layout rows)
{
    const int row = width * pixel_size(format), stride = rows == TIGHT ? row : row + PADDING;
    uint8_t *first = guarded_take(g, (size_t)(stride * (height - 1) + row), UNTOUCHED);
    bc_image image = {.pixels = first,
                      .stride_bytes = stride,
                      .width = width,
                      .height = height,
                      .format = format};
    if (rows == BOTTOM_UP) {
        image.pixels = first + stride * (height - 1);
        image.stride_bytes = -stride;
    }
    return image;
}

static uint8_t *pixel_at(const bc_image *image, int x, int y)
{
    return image->pixels + y * image->stride_bytes + x * pixel_size(image->format);
}

/* Red, green or blue, or alpha, of a pixel. */
static uint8_t *channel_at(const bc_image *image, int x, int y, int c)
{
    return pixel_at(image, x, y) + (image->format == BC_BGRA32 && c < 3 ? 2 - c : c);
}

static void fill_image(const bc_image *image, const uint8_t *frame)
{
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            for (int c = 0; c < pixel_size(image->format); c++)
                *channel_at(image, x, y, c) = c < 3 ? *frame++ : (uint8_t)random_bits(&state);
        }
    }
}

static bool shows(const bc_image *image, const uint8_t *frame)
{
    bool does = true;
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            for (int c = 0; c < 3; c++)
                does = does && *channel_at(image, x, y, c) == *frame++;
        }
    }
    return does;
}

static bool has_alpha_of(const bc_image *image, const bc_image *source)
{
    bool has = true;
    for (int y = 0; y < image->height && image->format != BC_RGB24; y++) {
        for (int x = 0; x < image->width; x++) {
            const int alpha = source->format == BC_RGB24 ? 255 : *channel_at(source, x, y, 3);
            has = has && *channel_at(image, x, y, 3) == alpha;
        }
    }
    return has;
}

/* Neither the padding between the rows nor what is in front was written. */
static bool is_kept_around(const bc_image *image, const guarded *g)
{
    const int row = image->width * pixel_size(image->format);
    const ptrdiff_t stride = labs(image->stride_bytes);
    const uint8_t *first =
        image->stride_bytes < 0 ? pixel_at(image, 0, image->height - 1) : image->pixels;
    bool is = front_is_untouched(g, first);
    for (int y = 0; y < image->height - 1; y++)
        is = is && is_untouched(first + y * stride + row, (size_t)(stride - row));
    return is;
}

static void test_views(bc_session *session, const uint8_t *frame, const uint8_t *expected,
                       bc_image from, bc_image to)
{
    fill_image(&from, frame);
    bc_session_run(session, &from, &to);
    CHECK(shows(&to, expected));
    CHECK(has_alpha_of(&to, &from));
    CHECK(is_kept_around(&to, &painting_memory));
    CHECK(shows(&from, frame));
    CHECK(is_kept_around(&from, &source_memory));
}

/* All pairs of formats; of the pairs of layouts another one each time, or all. */
static void test_size(const bc_model *model, const char *tier, int width, int height,
                      bool all_layouts)
{
    static int next;
    bc_session *session = open_session(
        model,
        &(bc_session_params){.width = width, .height = height, .n_threads = 2, .tier = tier});
    uint8_t *frame = make_frame(width, height, 1);
    choose(session, 0);
    uint8_t *expected = paint(session, frame, width, height);
    for (int i = 0; i < N_FORMATS * N_FORMATS; i++) {
        for (int j = 0; j < (all_layouts ? N_LAYOUTS * N_LAYOUTS : 1); j++, next++) {
            const bc_image from =
                make_image(&source_memory, width, height, (bc_pixel_format)(i % N_FORMATS),
                           (layout)(next % N_LAYOUTS));
            const bc_image to =
                make_image(&painting_memory, width, height, (bc_pixel_format)(i / N_FORMATS),
                           (layout)(next / N_LAYOUTS % N_LAYOUTS));
            test_views(session, frame, expected, from, to);
        }
    }
    free(expected);
    free(frame);
    bc_session_close(&session);
}

/* What is cropped back is the repeated edge: the frame that has it already paints the same. */
static void test_extension(const bc_model *model, const char *tier, int width, int height)
{
    const int full_width = (width + 3) / 4 * 4, full_height = (height + 3) / 4 * 4;
    bc_session_params params = {.width = width, .height = height, .n_threads = 1, .tier = tier};
    bc_session *session = open_session(model, &params);
    params.width = full_width;
    params.height = full_height;
    bc_session *full_session = open_session(model, &params);
    uint8_t *frame = make_frame(width, height, 2);
    uint8_t *full = allocate((size_t)(3 * full_width), (size_t)full_height);
    for (int i = 0; i < full_width * full_height; i++) {
        const int x = i % full_width < width ? i % full_width : width - 1;
        const int y = i / full_width < height ? i / full_width : height - 1;
        memcpy(full + 3 * i, frame + 3 * (y * width + x), 3);
    }
    uint8_t *painting = paint(session, frame, width, height);
    uint8_t *full_painting = paint(full_session, full, full_width, full_height);
    for (int y = 0; y < height; y++)
        CHECK(memcmp(painting + 3 * y * width, full_painting + 3 * y * full_width,
                     (size_t)(3 * width)) == 0);
    free(full_painting);
    free(painting);
    free(full);
    free(frame);
    bc_session_close(&full_session);
    bc_session_close(&session);
}

int main(void)
{
    static const int sizes[][2] = {{33, 21}, {66, 5}, {MAX_SIDE, 35}, {3, 130}};
    net n;
    net_open(&n, light, BC_UPSAMPLE_SUBPIXEL, 1);
    source_memory = guarded_open(MAX_ROW * MAX_SIDE);
    painting_memory = guarded_open(MAX_ROW * MAX_SIDE);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        for (int i = 0; i < 9 * 9; i++) {
            test_size(n.model, tier->name, 1 + i % 9, 1 + i / 9, false);
            test_extension(n.model, tier->name, 1 + i % 9, 1 + i / 9);
        }
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            test_size(n.model, tier->name, sizes[i][0], sizes[i][1], tier == bc_tier_find(NULL));
    }
    guarded_close(&painting_memory);
    guarded_close(&source_memory);
    net_close(&n);
    return TEST_END();
}
