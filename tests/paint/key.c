/*
 * The key: which of a person's pixels are taken for the screen behind, on a figure that is drawn
 * here with skin, hair, clothes and a screen in uneven light with noise; and colours as text.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame/frame.h"
#include "paint/key.h"
#include "test.h"

enum { WIDTH = 320, HEIGHT = 240, EDGE = 3 };

typedef struct rgb {
    double r, g, b;
} rgb;

static bc_frame *make_frame(uint8_t luma)
{
    bc_frame *frame = NULL;
    if (bc_frame_alloc(&frame, WIDTH, HEIGHT, BC_YUV420, &(bc_log){0}) < 0)
        exit(1);
    bc_image *image = &frame->image;
    image->matrix = BC_BT709;
    image->range = BC_LIMITED;
    memset(image->pixels, luma, (size_t)image->stride_bytes * HEIGHT);
    for (int i = 0; i < 2; i++)
        memset(image->chroma[i], 128, (size_t)image->chroma_stride_bytes[i] * HEIGHT / 2);
    return frame;
}

/* Below 1 within the person: a head over shoulders. */
static double distance(double x, double y)
{
    const double head = hypot((x - 160) / 42, (y - 90) / 54);
    const double body = hypot((x - 160) / 100, (y - 240) / 96);
    return fmin(head, body);
}

static double noise(unsigned *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return (double)(*seed >> 8) / (1 << 24) - 0.5;
}

/* Skin, brown hair, a dark blue jacket, a white collar; or the screen, darker at the rims. */
static rgb color_at(double x, double y, rgb screen)
{
    const double light = 1 - 0.5 * hypot(x - 120, y - 100) / 250;
    if (distance(x, y) >= 1)
        return (rgb){screen.r * light, screen.g * light, screen.b * light};
    if (y > 150)
        return fabs(x - 160) < 14 ? (rgb){230, 230, 225} : (rgb){38, 44, 66};
    return y < 62 ? (rgb){92, 62, 40} : (rgb){214, 160, 132};
}

static uint8_t sample(double value, unsigned *seed)
{
    return (uint8_t)fmin(fmax(value + 6 * noise(seed) + 0.5, 0), 255);
}

static bc_frame *draw_person(rgb screen)
{
    bc_frame *frame = make_frame(0);
    bc_image *image = &frame->image;
    unsigned seed = 1;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const rgb c = color_at(x, y, screen);
            const double luma = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
            image->pixels[y * image->stride_bytes + x] = sample(16 + luma * 219 / 255, &seed);
            const double cb = 128 + (c.b - luma) / 1.8556 * 224 / 255;
            const double cr = 128 + (c.r - luma) / 1.5748 * 224 / 255;
            image->chroma[0][y / 2 * image->chroma_stride_bytes[0] + x / 2] = sample(cb, &seed);
            image->chroma[1][y / 2 * image->chroma_stride_bytes[1] + x / 2] = sample(cr, &seed);
        }
    }
    return frame;
}

/* Of a painting that is all of one grey: how many pixels are not what they are to be, in 1000. */
static double wrong_per_mille(const bc_key *key, rgb screen)
{
    bc_frame *person = draw_person(screen), *painting = make_frame(250);
    bc_key_mix(key, &person->image, &painting->image);
    int n = 0, n_wrong = 0;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const double d = distance(x, y);
            if (fabs(d - 1) * 42 < EDGE)
                continue;
            const uint8_t is = painting->image.pixels[y * painting->image.stride_bytes + x];
            const uint8_t was = person->image.pixels[y * person->image.stride_bytes + x];
            const bool is_painted = (d < 1) != key->paints_inside;
            n++;
            n_wrong += abs(is - (is_painted ? 250 : was)) > 2;
        }
    }
    bc_frame_unref(&person);
    bc_frame_unref(&painting);
    return 1000.0 * n_wrong / n;
}

static void test_person(void)
{
    bc_key key;
    const rgb green = {20, 170, 60}, blue = {20, 70, 190}, gray = {128, 128, 128};
    CHECK(bc_key_parse(&key, "green"));
    CHECK_AT_MOST(wrong_per_mille(&key, green), 5);
    CHECK(wrong_per_mille(&key, blue) > 300); /* another screen is painted */
    CHECK(wrong_per_mille(&key, gray) > 300);
    CHECK(bc_key_parse(&key, "green:inside"));
    CHECK_AT_MOST(wrong_per_mille(&key, green), 5);
    CHECK(bc_key_parse(&key, "blue"));
    CHECK_AT_MOST(wrong_per_mille(&key, blue), 5);
}

static void test_colours(void)
{
    bc_key key;
    CHECK(bc_key_parse(&key, "#12C034:inside") && key.is_on && key.paints_inside);
    CHECK(key.rgb[0] == 0x12 && key.rgb[1] == 0xc0 && key.rgb[2] == 0x34);
    CHECK(bc_key_parse(&key, "12c034") && !key.paints_inside);
    CHECK(bc_key_parse(&key, "off") && !key.is_on);
    static const char *const bad[] = {"",        "grey",   "808080",        "ffffff", "12c03",
                                      "12c0345", "0x12c0", "green:outside", "green:", "-12c03"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (!CHECK(!bc_key_parse(&key, bad[i])))
            fprintf(stderr, "    %s\n", bad[i]);
    }
}

int main(void)
{
    test_person();
    test_colours();
    return TEST_END();
}
