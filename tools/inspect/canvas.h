/*
 * canvas.h: a white page to draw on with cairo, and the file it becomes.
 */
#ifndef BC_INSPECT_CANVAS_H
#define BC_INSPECT_CANVAS_H

#include <cairo.h>
#include <stdbool.h>
#include <stdio.h>

#include "brushcast.h"

typedef struct bc_canvas {
    cairo_t *cairo; /* to draw with, in units of the page */
    cairo_surface_t *surface;
    FILE *stream; /* of an SVG's bytes; NULL: a picture of pixels */
    char *bytes;
    size_t n_bytes;
} bc_canvas;

/* Where text stands to its point. */
typedef enum bc_anchor { BC_ANCHOR_LEFT, BC_ANCHOR_MIDDLE, BC_ANCHOR_RIGHT } bc_anchor;

/*
 * A page of width x height units for a file of that name: drawn as curves and letters if it ends in
 * .svg, else in pixels, `scale` to a unit. The result is closed by bc_canvas_close, also after a
 * failure.
 */
bc_status bc_canvas_open(bc_canvas *canvas, const char *path, double width, double height,
                         double scale, const bc_log *log);
void bc_canvas_close(bc_canvas *canvas);

/* One line of text at the base line's (x, y), in the current colour; `size` in units. */
void bc_canvas_text(const bc_canvas *canvas, double x, double y, double size, bc_anchor anchor,
                    bool is_bold, const char *text);
/* Its width in units. */
double bc_canvas_text_width(const bc_canvas *canvas, double size, bool is_bold, const char *text);

/* Writes the file whole or not at all; nothing can be drawn any more. Overwrites. */
bc_status bc_canvas_write(bc_canvas *canvas, const char *path, const bc_log *log);

#endif
