/*
 * From one matrix to another, with a change of size and without: the colour stays, and nothing is
 * lost of the contexts that libswscale makes for it, which the leak sanitizer sees.
 */
#include "media/scale.h"

#include <math.h>
#include <string.h>

#include "test.h"

typedef struct luma {
    double red, blue; /* their shares */
} luma;

static const luma bt709 = {0.2126, 0.0722}, bt601 = {0.299, 0.114};
static const int colour[3] = {120, 100, 160}; /* of BT.709, limited range */

static AVFrame *make_frame(int width, int height, enum AVColorSpace matrix)
{
    AVFrame *frame = av_frame_alloc();
    frame->width = width;
    frame->height = height;
    frame->format = AV_PIX_FMT_YUV420P;
    frame->colorspace = matrix;
    frame->color_range = AVCOL_RANGE_MPEG;
    frame->chroma_location = AVCHROMA_LOC_LEFT;
    CHECK_INT(av_frame_get_buffer(frame, 0), 0);
    for (int plane = 0; plane < 3; plane++) {
        const int n_lines = plane ? (height + 1) / 2 : height;
        memset(frame->data[plane], colour[plane], (size_t)(frame->linesize[plane] * n_lines));
    }
    return frame;
}

/* The same colour by another matrix. */
static void convert(double to[3], luma from, luma other)
{
    const double y = (colour[0] - 16) / 219.,
                 b = (colour[1] - 128) / 224. * 2 * (1 - from.blue) + y,
                 r = (colour[2] - 128) / 224. * 2 * (1 - from.red) + y,
                 g = (y - from.red * r - from.blue * b) / (1 - from.red - from.blue),
                 gray = other.red * r + other.blue * b + (1 - other.red - other.blue) * g;
    to[0] = 16 + 219 * gray;
    to[1] = 128 + 224 * (b - gray) / (2 * (1 - other.blue));
    to[2] = 128 + 224 * (r - gray) / (2 * (1 - other.red));
}

static void test_matrices(int width, int height, const bc_log *log)
{
    bc_scaler scaler = {0};
    AVFrame *source = make_frame(width, height, AVCOL_SPC_BT709);
    AVFrame *target = make_frame(64, 48, AVCOL_SPC_SMPTE170M);
    double expected[3];
    convert(expected, bt709, bt601);
    CHECK_INT(bc_scaler_run(&scaler, source, target, log), BC_OK);
    for (int plane = 0; plane < 3; plane++)
        for (int i = 0; i < (plane ? 24 : 48); i++)
            CHECK_AT_MOST(
                fabs(target->data[plane][i * target->linesize[plane] + i] - expected[plane]), 1.5);
    bc_scaler_close(&scaler);
    av_frame_free(&source);
    av_frame_free(&target);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    test_matrices(64, 48, &log);
    test_matrices(65, 2048, &log);
    return TEST_END();
}
