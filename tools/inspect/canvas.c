#include "inspect/canvas.h"

#include <cairo-svg.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "media/picture.h"

static bool is_svg(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, ".svg") == 0;
}

static cairo_status_t write_bytes(void *stream, const unsigned char *bytes, unsigned n)
{
    return fwrite(bytes, 1, n, stream) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

bc_status bc_canvas_open(bc_canvas *canvas, const char *path, double width, double height,
                         double scale, const bc_log *log)
{
    *canvas = (bc_canvas){0};
    if (is_svg(path)) {
        canvas->stream = open_memstream(&canvas->bytes, &canvas->n_bytes);
        if (!canvas->stream)
            return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
        canvas->surface =
            cairo_svg_surface_create_for_stream(write_bytes, canvas->stream, width, height);
    } else {
        canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * scale),
                                                     (int)ceil(height * scale));
        cairo_surface_set_device_scale(canvas->surface, scale, scale);
    }
    canvas->cairo = cairo_create(canvas->surface);
    if (cairo_status(canvas->cairo) != CAIRO_STATUS_SUCCESS)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no page of %.0fx%.0f: %s", path, width, height,
                       cairo_status_to_string(cairo_status(canvas->cairo)));
    cairo_set_source_rgb(canvas->cairo, 1, 1, 1);
    cairo_paint(canvas->cairo);
    return BC_OK;
}

void bc_canvas_close(bc_canvas *canvas)
{
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    if (canvas->stream)
        fclose(canvas->stream);
    free(canvas->bytes);
    *canvas = (bc_canvas){0};
}

/* Text ------------------------------------------------------------------------------------- */

static void set_font(const bc_canvas *canvas, double size, bool is_bold)
{
    cairo_select_font_face(canvas->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->cairo, size);
}

double bc_canvas_text_width(const bc_canvas *canvas, double size, bool is_bold, const char *text)
{
    cairo_text_extents_t extents;
    set_font(canvas, size, is_bold);
    cairo_text_extents(canvas->cairo, text, &extents);
    return extents.x_advance;
}

void bc_canvas_text(const bc_canvas *canvas, double x, double y, double size, bc_anchor anchor,
                    bool is_bold, const char *text)
{
    const double width = bc_canvas_text_width(canvas, size, is_bold, text);
    cairo_move_to(canvas->cairo, x - width * (double)anchor / 2, y);
    cairo_show_text(canvas->cairo, text);
}

/* Files ------------------------------------------------------------------------------------ */

/* cairo's pixels are 32-bit words, the upper byte without meaning. */
static bc_status write_picture(cairo_surface_t *surface, const char *path, const bc_log *log)
{
    const int width = cairo_image_surface_get_width(surface);
    const int height = cairo_image_surface_get_height(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const unsigned char *rows = cairo_image_surface_get_data(surface);
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3);
    if (!pixels)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory for a picture of %dx%d", path, width,
                       height);
    for (int i = 0; i < width * height; i++) {
        uint32_t pixel;
        memcpy(&pixel, rows + (ptrdiff_t)(i / width) * stride + 4 * (i % width), sizeof(pixel));
        pixels[3 * i] = (uint8_t)(pixel >> 16);
        pixels[3 * i + 1] = (uint8_t)(pixel >> 8);
        pixels[3 * i + 2] = (uint8_t)pixel;
    }
    const bc_image image = {.pixels = pixels,
                            .stride_bytes = (ptrdiff_t)width * 3,
                            .width = width,
                            .height = height,
                            .format = BC_RGB24};
    const bc_status status = bc_picture_write(path, &image, log);
    free(pixels);
    return status;
}

static bc_status write_file(const char *path, const char *bytes, size_t n_bytes, const bc_log *log)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: the name is too long", path);
    FILE *file = fopen(part, "wb");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    bool ok = fwrite(bytes, 1, n_bytes, file) == n_bytes;
    ok = fclose(file) == 0 && ok && rename(part, path) == 0;
    if (ok)
        return BC_OK;
    const int error = errno;
    unlink(part);
    return bc_fail(log, BC_ERR_IO, "%s: cannot be written: %s", path, strerror(error));
}

bc_status bc_canvas_write(bc_canvas *canvas, const char *path, const bc_log *log)
{
    cairo_show_page(canvas->cairo);
    cairo_surface_flush(canvas->surface);
    cairo_status_t drawn = cairo_status(canvas->cairo);
    if (canvas->stream)
        cairo_surface_finish(canvas->surface); /* the bytes come with the end of the document */
    if (drawn == CAIRO_STATUS_SUCCESS)
        drawn = cairo_surface_status(canvas->surface);
    if (drawn != CAIRO_STATUS_SUCCESS || (canvas->stream && fflush(canvas->stream) != 0))
        return bc_fail(log, BC_ERR_MEMORY, "%s: cannot be drawn: %s", path,
                       cairo_status_to_string(drawn));
    return canvas->stream ? write_file(path, canvas->bytes, canvas->n_bytes, log)
                          : write_picture(canvas->surface, path, log);
}
