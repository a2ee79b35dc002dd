/*
 * Masks: white is painted inside and left outside, shares lie between, chroma takes the mean of its
 * pixels, odd sizes included; what lies around the rows stays.
 */
#include "paint/mask.h"

#include <math.h>
#include <stdlib.h>

#include "test.h"

enum { MOST = 64, STRIDE = MOST + 3 };

typedef struct picture {
    uint8_t samples[3][MOST * STRIDE];
    bc_image image;
} picture;

static picture source, mask, painting, before;

static void fill(picture *p, int width, int height, unsigned seed)
{
    for (int plane = 0; plane < 3; plane++) {
        for (int i = 0; i < MOST * STRIDE; i++) {
            seed = seed * 1664525 + 1013904223;
            p->samples[plane][i] = (uint8_t)(seed >> 24);
        }
    }
    p->image = (bc_image){.pixels = p->samples[0],
                          .stride_bytes = STRIDE,
                          .width = width,
                          .height = height,
                          .format = BC_YUV420,
                          .chroma = {p->samples[1], p->samples[2]},
                          .chroma_stride_bytes = {STRIDE, STRIDE}};
}

/* Of the mask, over the pixels of a sample: `shift` is 1 for chroma. */
static double share_at(int x, int y, int shift, bc_mask_side side)
{
    double sum = 0;
    int n = 0;
    for (int row = y << shift; row < (y + 1) << shift && row < mask.image.height; row++) {
        for (int column = x << shift; column < (x + 1) << shift && column < mask.image.width;
             column++, n++)
            sum += mask.samples[0][row * STRIDE + column] / 255.0;
    }
    return side == BC_MASK_INSIDE ? sum / n : 1 - sum / n;
}

static void check_plane(int plane, bc_mask_side side)
{
    const int shift = plane > 0, width = (mask.image.width + shift) >> shift,
              height = (mask.image.height + shift) >> shift;
    double worst = 0;
    for (int i = 0; i < MOST * STRIDE; i++) {
        const int x = i % STRIDE, y = i / STRIDE;
        const double share = x < width && y < height ? share_at(x, y, shift, side) : 1;
        const double expected = source.samples[plane][i] +
                                share * (before.samples[plane][i] - source.samples[plane][i]);
        worst = fmax(worst, fabs(painting.samples[plane][i] - expected));
    }
    CHECK_AT_MOST(worst, 1.6); /* shares in 256ths of a difference of 255, and rounding */
}

static void test_size(int width, int height, bc_mask_side side)
{
    fill(&source, width, height, 1);
    fill(&mask, width, height, 2);
    fill(&painting, width, height, 3);
    before = painting;
    bc_mask_mix(&mask.image, side, &source.image, &painting.image);
    for (int plane = 0; plane < 3; plane++)
        check_plane(plane, side);
}

/* Black and white leave nothing of the other. */
static void test_extremes(void)
{
    fill(&source, 16, 16, 4);
    fill(&mask, 16, 16, 5);
    fill(&painting, 16, 16, 6);
    before = painting;
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 16; x++)
            mask.samples[0][y * STRIDE + x] = x < 8 ? 255 : 0;
    }
    bc_mask_mix(&mask.image, BC_MASK_INSIDE, &source.image, &painting.image);
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 16; x++)
            CHECK_INT(painting.samples[0][y * STRIDE + x],
                      (x < 8 ? before : source).samples[0][y * STRIDE + x]);
    }
}

int main(void)
{
    static const int sizes[][2] = {{1, 1}, {2, 2}, {7, 5}, {64, 64}, {63, 33}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        test_size(sizes[i][0], sizes[i][1], BC_MASK_INSIDE);
        test_size(sizes[i][0], sizes[i][1], BC_MASK_OUTSIDE);
    }
    test_extremes();
    return TEST_END();
}
