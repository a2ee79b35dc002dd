#include "generator/colour.h"

/* What red and blue have of luma, green has the rest; levels of 8-bit samples. */
typedef struct encoding {
    double red, green, blue;
    double black, luma_levels, chroma_levels;
} encoding;

static encoding encoding_of(const bc_image *image)
{
    static const encoding matrices[] = {[BC_BT709] = {.red = 0.2126, .blue = 0.0722},
                                        [BC_BT601] = {.red = 0.299, .blue = 0.114},
                                        [BC_BT2020] = {.red = 0.2627, .blue = 0.0593}};
    const bool is_full = image->range == BC_FULL;
    encoding e = matrices[image->matrix];
    e.green = 1 - e.red - e.blue;
    e.black = is_full ? 0 : 16;
    e.luma_levels = is_full ? 255 : 219;
    e.chroma_levels = is_full ? 255 : 224;
    return e;
}

static void set_row(float row[4], double a, double b, double c, double constant)
{
    row[0] = (float)a;
    row[1] = (float)b;
    row[2] = (float)c;
    row[3] = (float)constant;
}

bc_colour_matrix bc_colour_to_rgb(const bc_image *image)
{
    const encoding e = encoding_of(image);
    const double luma = 255 / e.luma_levels, chroma = 255 / e.chroma_levels;
    const double cb_blue = 2 * (1 - e.blue) * chroma, cr_red = 2 * (1 - e.red) * chroma;
    const double cb_green = -cb_blue * e.blue / e.green, cr_green = -cr_red * e.red / e.green;
    const double black = -luma * e.black;
    bc_colour_matrix matrix;
    set_row(matrix.m[0], luma, 0, cr_red, black - 128 * cr_red);
    set_row(matrix.m[1], luma, cb_green, cr_green, black - 128 * (cb_green + cr_green));
    set_row(matrix.m[2], luma, cb_blue, 0, black - 128 * cb_blue);
    return matrix;
}

bc_colour_matrix bc_colour_from_rgb(const bc_image *image)
{
    const encoding e = encoding_of(image);
    const double cb = e.chroma_levels / (2 * (1 - e.blue)),
                 cr = e.chroma_levels / (2 * (1 - e.red));
    bc_colour_matrix matrix;
    set_row(matrix.m[0], e.red * e.luma_levels, e.green * e.luma_levels, e.blue * e.luma_levels,
            e.black);
    set_row(matrix.m[1], -e.red * cb, -e.green * cb, (1 - e.blue) * cb, 128);
    set_row(matrix.m[2], (1 - e.red) * cr, -e.green * cr, -e.blue * cr, 128);
    return matrix;
}
