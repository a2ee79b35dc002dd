/*
 * 4:2:0 images: what the session paints of them and into them is what it paints in RGB, for every
 * size, matrix, range and chroma position, and the same bits for every number of threads.
 */
#include <math.h>

#include "net.h"

enum { MAX_WIDTH = 1400, MAX_HEIGHT = 40, PADDING = 3 };

typedef struct planes {
    uint8_t *memory;
    bc_image image;
} planes;

/* Planes one behind the other, each ending with PADDING bytes a row. */
static planes open_planes(int width, int height, const bc_image *kind)
{
    const int chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
    const int stride = width + PADDING, chroma_stride = chroma_width + PADDING;
    const size_t luma = (size_t)(stride * height), chroma = (size_t)(chroma_stride * chroma_height);
    planes p = {.memory = allocate(luma + 2 * chroma, 1), .image = *kind};
    memset(p.memory, UNTOUCHED, luma + 2 * chroma);
    p.image.pixels = p.memory;
    p.image.stride_bytes = stride;
    p.image.width = width;
    p.image.height = height;
    p.image.format = BC_YUV420;
    for (int c = 0; c < 2; c++) {
        p.image.chroma[c] = p.memory + luma + (size_t)c * chroma;
        p.image.chroma_stride_bytes[c] = chroma_stride;
    }
    return p;
}

static size_t planes_bytes(const bc_image *image)
{
    const ptrdiff_t chroma_height = (image->height + 1) / 2;
    return (size_t)(image->stride_bytes * image->height +
                    2 * image->chroma_stride_bytes[0] * chroma_height);
}

static bool is_padding_kept(const bc_image *image)
{
    bool is = true;
    for (int y = 0; y < image->height; y++)
        is = is && is_untouched(image->pixels + y * image->stride_bytes + image->width, PADDING);
    for (int i = 0; i < 2 * ((image->height + 1) / 2); i++) {
        const uint8_t *row = image->chroma[i % 2] + i / 2 * image->chroma_stride_bytes[i % 2];
        is = is && is_untouched(row + (image->width + 1) / 2, PADDING);
    }
    return is;
}

/* The definition ---------------------------------------------------------------------------- */

typedef struct levels {
    double red, blue, black, luma, chroma;
} levels;

static levels levels_of(const bc_image *image)
{
    static const double red[] = {0.2126, 0.299, 0.2627}, blue[] = {0.0722, 0.114, 0.0593};
    const bool is_full = image->range == BC_FULL;
    return (levels){.red = red[image->matrix],
                    .blue = blue[image->matrix],
                    .black = is_full ? 0 : 16,
                    .luma = is_full ? 255 : 219,
                    .chroma = is_full ? 255 : 224};
}

static double at_level(double x)
{
    return x > 0 ? (x < 255 ? x : 255) : 0;
}

static int clamped(int x, int last)
{
    return x < 0 ? 0 : x > last ? last : x;
}

/* Chroma at a place in samples of its own plane, between them linearly. */
static double chroma_at(const bc_image *image, int c, double x, double y)
{
    const int left = (int)floor(x), top = (int)floor(y);
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        const int column = clamped(left + i % 2, (image->width - 1) / 2);
        const int row = clamped(top + i / 2, (image->height - 1) / 2);
        const double share =
            (i % 2 ? x - left : 1 - (x - left)) * (i / 2 ? y - top : 1 - (y - top));
        sum += share * image->chroma[c][row * image->chroma_stride_bytes[c] + column];
    }
    return sum;
}

/* R'G'B' of a pixel of the image. */
static void pixel_of(double rgb[3], const bc_image *image, int x, int y)
{
    const levels l = levels_of(image);
    const double shift = image->chroma_position == BC_CHROMA_LEFT ? 0 : 0.25;
    const double at_x = 0.5 * x - shift, at_y = 0.5 * y - 0.25;
    const double luma = (image->pixels[y * image->stride_bytes + x] - l.black) / l.luma;
    const double cb = (chroma_at(image, 0, at_x, at_y) - 128) / l.chroma;
    const double cr = (chroma_at(image, 1, at_x, at_y) - 128) / l.chroma;
    rgb[0] = luma + 2 * (1 - l.red) * cr;
    rgb[2] = luma + 2 * (1 - l.blue) * cb;
    rgb[1] = (luma - l.red * rgb[0] - l.blue * rgb[2]) / (1 - l.red - l.blue);
    for (int c = 0; c < 3; c++)
        rgb[c] = at_level(255 * rgb[c]);
}

/* Luma, Cb, Cr of R'G'B' in 0..255. */
static void yuv_of(double yuv[3], const double rgb[3], const bc_image *image)
{
    const levels l = levels_of(image);
    const double luma = (l.red * rgb[0] + (1 - l.red - l.blue) * rgb[1] + l.blue * rgb[2]) / 255;
    yuv[0] = l.black + l.luma * luma;
    yuv[1] = 128 + l.chroma * (rgb[2] / 255 - luma) / (2 * (1 - l.blue));
    yuv[2] = 128 + l.chroma * (rgb[0] / 255 - luma) / (2 * (1 - l.red));
}

static void yuv_of_pixel(double yuv[3], const uint8_t *rgb, const bc_image *like, int x, int y)
{
    const uint8_t *pixel =
        rgb + 3 * (clamped(y, like->height - 1) * like->width + clamped(x, like->width - 1));
    const double levels_of_pixel[3] = {pixel[0], pixel[1], pixel[2]};
    yuv_of(yuv, levels_of_pixel, like);
}

/* Tests ------------------------------------------------------------------------------------ */

/* A session's painting in RGB24 of any image. The caller frees it. */
static uint8_t *paint_rgb(bc_session *session, const bc_image *source)
{
    uint8_t *rgb = allocate((size_t)(3 * source->width), (size_t)source->height);
    const bc_image to = view(rgb, source->width, source->height);
    bc_session_run(session, source, &to);
    return rgb;
}

/*
 * The planes and their R'G'B' are painted alike on the average, but for its rounding to levels, of
 * which a random net makes much.
 */
static void test_source(bc_session *session, const bc_image *image)
{
    const int width = image->width, height = image->height;
    uint8_t *frame = allocate((size_t)(3 * width), (size_t)height);
    for (int i = 0; i < width * height; i++) {
        double rgb[3];
        pixel_of(rgb, image, i % width, i / width);
        for (int c = 0; c < 3; c++)
            frame[3 * i + c] = (uint8_t)lrint(rgb[c]);
    }
    const bc_image from = view(frame, width, height);
    uint8_t *painted = paint_rgb(session, image), *expected = paint_rgb(session, &from);
    double difference = 0;
    for (int i = 0; i < 3 * width * height; i++)
        difference += abs(painted[i] - expected[i]);
    CHECK_AT_MOST(difference / (3 * width * height), 1.5);
    free(expected);
    free(painted);
    free(frame);
}

/* Of what the RGB painting's roundings leave open, half a level a channel, chroma has most. */
static void test_painting(bc_session *session, const bc_image *source, const bc_image *kind)
{
    const int width = source->width, height = source->height;
    planes to = open_planes(width, height, kind);
    uint8_t *rgb = paint_rgb(session, source);
    double worst_luma = 0, worst_chroma = 0;
    bc_session_run(session, source, &to.image);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            double yuv[3];
            yuv_of_pixel(yuv, rgb, &to.image, x, y);
            const double luma = to.image.pixels[y * to.image.stride_bytes + x];
            worst_luma = fmax(worst_luma, fabs(luma - at_level(yuv[0])));
        }
    }
    for (int i = 0; i < (width + 1) / 2 * ((height + 1) / 2); i++) {
        const int x = i % ((width + 1) / 2), y = i / ((width + 1) / 2);
        const bool is_left = kind->chroma_position == BC_CHROMA_LEFT;
        double sums[3] = {0};
        for (int tap = 0; tap < 6; tap++) {
            static const double left[3] = {0.125, 0.25, 0.125}, centre[3] = {0, 0.25, 0.25};
            double yuv[3];
            yuv_of_pixel(yuv, rgb, &to.image, 2 * x + tap % 3 - 1, 2 * y + tap / 3);
            for (int c = 1; c < 3; c++)
                sums[c] += (is_left ? left : centre)[tap % 3] * yuv[c];
        }
        for (int c = 0; c < 2; c++) {
            const double chroma = to.image.chroma[c][y * to.image.chroma_stride_bytes[c] + x];
            worst_chroma = fmax(worst_chroma, fabs(chroma - at_level(sums[1 + c])));
        }
    }
    CHECK_AT_MOST(worst_luma, 1.01);
    CHECK_AT_MOST(worst_chroma, 1.01);
    CHECK(is_padding_kept(&to.image));
    free(rgb);
    free(to.memory);
}

/* Ramps with much noise: a sample in another's place shows. */
static void fill_planes(const bc_image *image, uint64_t seed)
{
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++)
            image->pixels[y * image->stride_bytes + x] =
                (uint8_t)(64 + (x * 3 + y * 5) % 96 + (int)(random_bits(&seed) % 32));
    }
    for (int i = 0; i < 2 * ((image->height + 1) / 2); i++) {
        uint8_t *row = image->chroma[i % 2] + i / 2 * image->chroma_stride_bytes[i % 2];
        for (int x = 0; x < (image->width + 1) / 2; x++)
            row[x] = (uint8_t)(78 + random_bits(&seed) % 100);
    }
}

static void test_size(const bc_model *model, const char *tier, int width, int height)
{
    static unsigned next;
    const bc_image kind = {.matrix = (bc_yuv_matrix)(next % 3),
                           .range = (bc_yuv_range)(next % 2),
                           .chroma_position = (bc_chroma_position)(next / 2 % 2)};
    bc_session *session = open_session(
        model,
        &(bc_session_params){.width = width, .height = height, .n_threads = 2, .tier = tier});
    planes source = open_planes(width, height, &kind);
    fill_planes(&source.image, next++);
    choose(session, 0);
    if (width > 32) /* statistics of fewer positions make anything of half a level */
        test_source(session, &source.image);
    test_painting(session, &source.image, &kind);
    CHECK(is_padding_kept(&source.image));
    free(source.memory);
    bc_session_close(&session);
}

static void test_threads(const bc_model *model)
{
    const bc_image kind = {.chroma_position = BC_CHROMA_LEFT};
    planes source = open_planes(MAX_WIDTH, MAX_HEIGHT, &kind), first = {0};
    fill_planes(&source.image, 1);
    for (int n_threads = 1; n_threads <= 5; n_threads++) {
        bc_session *session = open_session(
            model,
            &(bc_session_params){.width = MAX_WIDTH, .height = MAX_HEIGHT, .n_threads = n_threads});
        planes to = open_planes(MAX_WIDTH, MAX_HEIGHT, &kind);
        choose(session, 0);
        bc_session_run(session, &source.image, &to.image);
        if (n_threads == 1)
            first = to;
        CHECK(memcmp(first.memory, to.memory, planes_bytes(&to.image)) == 0);
        if (n_threads > 1)
            free(to.memory);
        bc_session_close(&session);
    }
    free(first.memory);
    free(source.memory);
}

/* Whether running statistics start again at the frame: then it is painted as a first one. */
static bool begins_scene(const bc_model *model, const bc_image *before, const bc_image *frame)
{
    const bc_session_params params = {
        .width = frame->width, .height = frame->height, .stats = BC_STATS_STREAM};
    bc_session *session = open_session(model, &params), *fresh = open_session(model, &params);
    const size_t size = (size_t)(3 * frame->width * frame->height);
    choose(session, 0);
    choose(fresh, 0);
    free(paint_rgb(session, before));
    uint8_t *painting = paint_rgb(session, frame), *first = paint_rgb(fresh, frame);
    const bool begins = memcmp(painting, first, size) == 0;
    free(first);
    free(painting);
    bc_session_close(&fresh);
    bc_session_close(&session);
    return begins;
}

/* A change of luma or of colour alone is a cut; a few pixels are none. */
static void test_cuts(const bc_model *model)
{
    const bc_image kind = {0};
    planes a = open_planes(64, 36, &kind), b = open_planes(64, 36, &kind);
    fill_planes(&a.image, 1);
    memcpy(b.memory, a.memory, planes_bytes(&a.image));
    for (int i = 0; i < b.image.height; i++)
        b.image.pixels[i * (b.image.stride_bytes + 1)] ^= 64;
    CHECK(!begins_scene(model, &a.image, &b.image));
    for (int y = 0; y < b.image.height; y++)
        memset(b.image.pixels + y * b.image.stride_bytes, 230, (size_t)b.image.width);
    CHECK(begins_scene(model, &a.image, &b.image));
    memcpy(b.memory, a.memory, planes_bytes(&a.image));
    for (int y = 0; y < b.image.height / 2; y++)
        memset(b.image.chroma[1] + y * b.image.chroma_stride_bytes[1], 230,
               (size_t)b.image.width / 2);
    CHECK(begins_scene(model, &a.image, &b.image));
    free(b.memory);
    free(a.memory);
}

int main(void)
{
    net n;
    net_open(&n, light, BC_UPSAMPLE_SUBPIXEL, 1);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        for (int i = 0; i < 9 * 9; i++)
            test_size(n.model, tier->name, 1 + i % 9, 1 + i / 9);
        for (int i = 0; i < 12; i++)
            test_size(n.model, tier->name, 70 + i % 4, MAX_HEIGHT - i);
        test_size(n.model, tier->name, MAX_WIDTH - 1, 7); /* several columns */
        test_size(n.model, tier->name, MAX_WIDTH, 6);
    }
    test_threads(n.model);
    test_cuts(n.model);
    net_close(&n);
    return TEST_END();
}
