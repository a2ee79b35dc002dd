/*
 * Planes of our own: they become RGB in their own colours, RGB becomes planes in the colours that
 * they state, and a mixer mixes them.
 */
#include <stdlib.h>
#include <string.h>

#include "media/convert.h"
#include "media/mix.h"
#include "test.h"

enum { WIDTH = 39, HEIGHT = 21 };

static char last[1024];
static bc_log log_;

static bc_frame *make_frame(int width, int height, bc_pixel_format format)
{
    bc_frame *frame;
    if (bc_frame_alloc(&frame, width, height, format, &log_) < 0)
        exit(1);
    return frame;
}

static void fill(bc_frame *frame, uint8_t y, uint8_t cb, uint8_t cr)
{
    const bc_image *image = &frame->image;
    for (int i = 0; i < image->height; i++)
        memset(image->pixels + i * image->stride_bytes, y, (size_t)image->width);
    for (int i = 0; i < (image->height + 1) / 2; i++) {
        memset(image->chroma[0] + i * image->chroma_stride_bytes[0], cb,
               (size_t)(image->width + 1) / 2);
        memset(image->chroma[1] + i * image->chroma_stride_bytes[1], cr,
               (size_t)(image->width + 1) / 2);
    }
}

/* Every pixel of the image is this colour, within a level or two. */
static void check_rgb(const bc_image *image, const uint8_t rgb[3])
{
    int largest = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < 3; c++) {
                const int is = image->pixels[y * image->stride_bytes + 3 * x + c];
                largest = abs(is - rgb[c]) > largest ? abs(is - rgb[c]) : largest;
            }
    CHECK_AT_MOST(largest, 2);
}

static void check_planes(const bc_image *image, int y, int cb, int cr, int bound)
{
    const int planes[3] = {y, cb, cr};
    int largest = 0;
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < (p ? (image->height + 1) / 2 : image->height); i++)
            for (int k = 0; k < (p ? (image->width + 1) / 2 : image->width); k++) {
                const int is = p ? image->chroma[p - 1][i * image->chroma_stride_bytes[p - 1] + k]
                                 : image->pixels[i * image->stride_bytes + k];
                largest = abs(is - planes[p]) > largest ? abs(is - planes[p]) : largest;
            }
    CHECK_AT_MOST(largest, bound);
}

/* The same orange in all colours: by the matrices of BT.709, BT.601 and BT.2020. */
static void test_colours(bc_converter *converter)
{
    static const uint8_t orange[3] = {250, 120, 10};
    static const struct {
        bc_yuv_matrix matrix;
        bc_yuv_range range;
        uint8_t planes[3];
    } cases[] = {
        {BC_BT709, BC_LIMITED, {136, 67, 190}},  {BC_BT709, BC_FULL, {140, 58, 198}},
        {BC_BT601, BC_LIMITED, {142, 60, 193}},  {BC_BT601, BC_FULL, {146, 51, 202}},
        {BC_BT2020, BC_LIMITED, {143, 64, 189}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint8_t *p = cases[i].planes;
        bc_frame *planes = make_frame(WIDTH, HEIGHT, BC_YUV420);
        bc_frame *rgb = make_frame(WIDTH, HEIGHT, BC_RGB24);
        planes->image.matrix = cases[i].matrix;
        planes->image.range = cases[i].range;
        fill(planes, p[0], p[1], p[2]);
        CHECK_INT(bc_converter_run(converter, planes, &rgb->image), BC_OK);
        check_rgb(&rgb->image, orange);
        fill(planes, 0, 0, 0);
        CHECK_INT(bc_converter_run(converter, rgb, &planes->image), BC_OK);
        check_planes(&planes->image, p[0], p[1], p[2], 2);
        bc_frame_unref(&planes);
        bc_frame_unref(&rgb);
    }
}

static void check_mix(bc_mixer *mixer, const bc_frame *source, const bc_frame *painting, bc_mix mix,
                      const int expected[3])
{
    bc_frame *mixed;
    if (!CHECK_INT(bc_mixer_run(mixer, source, painting, &mix, &mixed), BC_OK))
        return;
    CHECK_INT(mixed->image.width, WIDTH);
    CHECK_INT(mixed->image.height, HEIGHT);
    check_planes(&mixed->image, expected[0], expected[1], expected[2], 1);
    bc_frame_unref(&mixed);
}

/* Of a painting in the source's size and in half of it. */
static void test_mixer(void)
{
    const bc_writer_params params = {
        .format = "matroska", .codec = "ffv1", .overwrite = true, .log = log_};
    bc_writer *writer;
    bc_mixer *mixer;
    bc_frame *source = make_frame(WIDTH, HEIGHT, BC_YUV420);
    fill(source, 100, 120, 130);
    source->pts = 0;
    source->time_base = (bc_rational){1, 25};
    if (!CHECK_INT(bc_writer_open(&writer, "/dev/null", source, NULL, &params), BC_OK) ||
        !CHECK_INT(bc_mixer_open(&mixer, writer, 1, &log_), BC_OK))
        exit(1);
    for (int size = 1; size <= 2; size++) {
        bc_frame *painting = make_frame(WIDTH / size, HEIGHT / size, BC_YUV420);
        fill(painting, 200, 60, 180);
        check_mix(mixer, source, painting, (bc_mix){1, 0}, (int[]){200, 60, 180});
        check_mix(mixer, source, painting, (bc_mix){0.5F, 0}, (int[]){150, 90, 155});
        check_mix(mixer, source, painting, (bc_mix){1, 1}, (int[]){200, 120, 130});
        check_planes(&painting->image, 200, 60, 180, 0); /* still */
        bc_frame_unref(&painting);
    }
    check_planes(&source->image, 100, 120, 130, 0);
    bc_mixer_close(&mixer);
    bc_writer_close(&writer);
    bc_frame_unref(&source);
}

int main(void)
{
    bc_converter *converter;
    log_ = test_log(last);
    CHECK_INT(bc_converter_open(&converter, 1, &log_), BC_OK);
    test_colours(converter);
    test_mixer();
    bc_converter_close(&converter);
    return TEST_END();
}
