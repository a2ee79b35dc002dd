#include "window/colours.h"

#include <math.h>

#include "base/simd.h"

enum { BITS = 14, ONE = 1 << BITS, HALF = ONE / 2, MIDDLE = 128 };

/* What red and blue weigh in luma: ITU-R BT.709, BT.601 and BT.2020. */
static const double red_weights[] = {[BC_BT709] = 0.2126, [BC_BT601] = 0.299, [BC_BT2020] = 0.2627};
static const double blue_weights[] = {
    [BC_BT709] = 0.0722, [BC_BT601] = 0.114, [BC_BT2020] = 0.0593};

/* New luma and chroma of the old, in 1 / ONE. Grey stays grey: chroma is made of chroma alone. */
typedef struct conversion {
    int black;                        /* the old luma of it */
    int luma, luma_of_cb, luma_of_cr; /* what the old ones count in the new luma */
    int cb_of_cb, cb_of_cr, cr_of_cb, cr_of_cr;
} conversion;

static int fixed(double value)
{
    return (int)lrint(value * ONE);
}

static conversion make_conversion(const bc_image *from)
{
    const double kr = red_weights[from->matrix], kb = blue_weights[from->matrix], kg = 1 - kr - kb;
    const double new_kr = red_weights[BC_BT709], new_kb = blue_weights[BC_BT709];
    const double new_kg = 1 - new_kr - new_kb;
    const double red = 2 * (1 - kr), blue = 2 * (1 - kb); /* R - Y and B - Y of a unit of chroma */
    const double y_of_cb = new_kb * blue - new_kg * kb * blue / kg;
    const double y_of_cr = new_kr * red - new_kg * kr * red / kg;
    const double new_red = 2 * (1 - new_kr), new_blue = 2 * (1 - new_kb);
    const double luma = from->range == BC_FULL ? 219 / 255.0 : 1;
    const double chroma = from->range == BC_FULL ? 224 / 255.0 : 1, cross = chroma * 219 / 224;
    return (conversion){.black = from->range == BC_FULL ? 0 : 16,
                        .luma = fixed(luma),
                        .luma_of_cb = fixed(cross * y_of_cb),
                        .luma_of_cr = fixed(cross * y_of_cr),
                        .cb_of_cb = fixed(chroma * (blue - y_of_cb) / new_blue),
                        .cb_of_cr = fixed(chroma * -y_of_cr / new_blue),
                        .cr_of_cb = fixed(chroma * -y_of_cb / new_red),
                        .cr_of_cr = fixed(chroma * (red - y_of_cr) / new_red)};
}

static inline uint8_t sample(int value)
{
    const int rounded = (value + HALF) >> BITS;
    return (uint8_t)(rounded < 0 ? 0 : rounded > UINT8_MAX ? UINT8_MAX : rounded);
}

BC_SIMD static void convert_luma(uint8_t *restrict to, const uint8_t *restrict luma,
                                 const uint8_t *restrict cb, const uint8_t *restrict cr, int width,
                                 const conversion *c)
{
    for (int x = 0; x < width; x++)
        to[x] = sample(16 * ONE + c->luma * (luma[x] - c->black) +
                       c->luma_of_cb * (cb[x / 2] - MIDDLE) + c->luma_of_cr * (cr[x / 2] - MIDDLE));
}

BC_SIMD static void convert_chroma(uint8_t *restrict to, const uint8_t *restrict cb,
                                   const uint8_t *restrict cr, int width, int of_cb, int of_cr)
{
    for (int x = 0; x < width; x++)
        to[x] = sample(MIDDLE * ONE + of_cb * (cb[x] - MIDDLE) + of_cr * (cr[x] - MIDDLE));
}

bool bc_colours_are_known(const bc_image *image)
{
    return image->matrix == BC_BT601 || (image->matrix == BC_BT709 && image->range == BC_LIMITED);
}

void bc_colours_convert(const bc_image *to, const bc_image *from)
{
    const conversion c = make_conversion(from);
    const int width = from->width, chroma_width = (width + 1) / 2;
    for (int y = 0; y < from->height; y++) {
        const uint8_t *cb = from->chroma[0] + y / 2 * from->chroma_stride_bytes[0];
        const uint8_t *cr = from->chroma[1] + y / 2 * from->chroma_stride_bytes[1];
        convert_luma(to->pixels + y * to->stride_bytes, from->pixels + y * from->stride_bytes, cb,
                     cr, width, &c);
        if (y % 2 == 1)
            continue;
        convert_chroma(to->chroma[0] + y / 2 * to->chroma_stride_bytes[0], cb, cr, chroma_width,
                       c.cb_of_cb, c.cb_of_cr);
        convert_chroma(to->chroma[1] + y / 2 * to->chroma_stride_bytes[1], cb, cr, chroma_width,
                       c.cr_of_cb, c.cr_of_cr);
    }
}
