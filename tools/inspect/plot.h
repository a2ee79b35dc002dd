/*
 * plot.h: curves over two axes, with ticks, a grid and a legend: the figures of a paper.
 */
#ifndef BC_INSPECT_PLOT_H
#define BC_INSPECT_PLOT_H

#include "inspect/canvas.h"

typedef struct bc_curve {
    const char *label;
    int n;
    const double *x, *y; /* [n]; the line is broken where one is not finite or cannot be shown */
} bc_curve;

typedef struct bc_plot {
    const char *title, *x_label, *y_label; /* title may be "" */
    bool is_log;                           /* of y: values up to 0 cannot be shown */
    int n_curves;
    const bc_curve *curves;
} bc_plot;

/* Draws the plot over the page, width x height units; BC_ERR_FORMAT if no point can be shown. */
bc_status bc_plot_draw(const bc_plot *plot, const bc_canvas *canvas, double width, double height,
                       const bc_log *log);

#endif
