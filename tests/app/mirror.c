/* The mirror: every sample at its place, odd sizes too, and twice is once. */
#include "live/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "frame/frame.h"
#include "test.h"

static bc_frame *make_frame(int width, int height)
{
    bc_frame *frame;
    if (bc_frame_alloc(&frame, width, height, BC_YUV420, &(bc_log){0}) < 0)
        exit(1);
    return frame;
}

/* The sample of a plane, 0 to 2. */
static uint8_t *sample(const bc_frame *frame, int plane, int x, int y)
{
    const bc_image *image = &frame->image;
    return plane == 0 ? image->pixels + y * image->stride_bytes + x
                      : image->chroma[plane - 1] + y * image->chroma_stride_bytes[plane - 1] + x;
}

static void test_size(int width, int height)
{
    bc_frame *frame = make_frame(width, height), *mirrored = make_frame(width, height);
    bc_frame *twice = make_frame(width, height);
    int n_wrong = 0, n_changed = 0;
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < (p ? (height + 1) / 2 : height); y++)
            for (int x = 0; x < (p ? (width + 1) / 2 : width); x++)
                *sample(frame, p, x, y) = (uint8_t)(x * 3 + y * 17 + p * 101);
    bc_mirror(&frame->image, &mirrored->image);
    bc_mirror(&mirrored->image, &twice->image);
    for (int p = 0; p < 3; p++) {
        const int w = p ? (width + 1) / 2 : width, h = p ? (height + 1) / 2 : height;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                n_wrong += *sample(mirrored, p, x, y) != *sample(frame, p, w - 1 - x, y);
                n_changed += *sample(twice, p, x, y) != *sample(frame, p, x, y);
            }
    }
    CHECK_INT(n_wrong, 0);
    CHECK_INT(n_changed, 0);
    bc_frame_unref(&frame);
    bc_frame_unref(&mirrored);
    bc_frame_unref(&twice);
}

int main(void)
{
    test_size(64, 8);
    test_size(101, 33);
    test_size(1, 1);
    return TEST_END();
}
