#include "inspect/sheet.h"

#include "base/log.h"
#include "inspect/canvas.h"

enum { GAP = 14, CAPTION = 40, MIN_CELL = 150 };

static uint32_t word(const float *picture, size_t plane, size_t at)
{
    uint32_t pixel = 0;
    for (size_t c = 0; c < 3; c++) {
        const float value = picture[c * plane + at] * 255;
        pixel = pixel << 8 | (uint32_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5F);
    }
    return pixel;
}

/* The panel's picture as cairo has it. */
static cairo_surface_t *make_surface(const bc_panel *panel)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, panel->width, panel->height);
    const size_t plane = (size_t)panel->height * (size_t)panel->width;
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        return surface;
    unsigned char *pixels = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < panel->height; y++) {
        uint32_t *row = (uint32_t *)(void *)(pixels + (ptrdiff_t)y * stride);
        for (int x = 0; x < panel->width; x++)
            row[x] = word(panel->picture, plane, (size_t)y * (size_t)panel->width + (size_t)x);
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void draw_panel(const bc_canvas *canvas, const bc_panel *panel, double left, double top,
                       double height, double width)
{
    cairo_t *cairo = canvas->cairo;
    cairo_set_source_rgb(cairo, .1, .1, .1);
    bc_canvas_text(canvas, left, top + 14, 12, BC_ANCHOR_LEFT, true, panel->caption);
    cairo_set_source_rgb(cairo, .4, .4, .4);
    bc_canvas_text(canvas, left, top + 30, 10.5, BC_ANCHOR_LEFT, false, panel->remark);
    if (!panel->picture)
        return;
    cairo_surface_t *surface = make_surface(panel);
    cairo_save(cairo);
    cairo_translate(cairo, left, top + CAPTION);
    cairo_scale(cairo, width / panel->width, height / panel->height);
    cairo_set_source_surface(cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
    cairo_paint(cairo);
    cairo_restore(cairo);
    cairo_surface_destroy(surface);
}

bc_status bc_sheet_write(const char *path, const bc_panel *panels, int n_rows, int n_columns,
                         int cell_height, int cell_width, const bc_log *log)
{
    bc_canvas canvas;
    const int room = cell_width < MIN_CELL ? MIN_CELL : cell_width; /* for the caption */
    const double width = n_columns * (room + GAP) + GAP;
    const double height = n_rows * (CAPTION + cell_height + GAP) + GAP / 2;
    bc_status status = bc_canvas_open(&canvas, path, width, height, 1, log);
    for (int i = 0; status == BC_OK && i < n_rows * n_columns; i++)
        draw_panel(&canvas, &panels[i], GAP + i % n_columns * (room + GAP),
                   GAP / 2 + i / n_columns * (CAPTION + cell_height + GAP), cell_height,
                   cell_width);
    if (status == BC_OK)
        status = bc_canvas_write(&canvas, path, log);
    bc_canvas_close(&canvas);
    return status;
}
