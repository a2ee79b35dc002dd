#include "inspect/plot.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"

enum { MAX_TICKS = 64, N_COLOURS = 8 };

static const double text_size = 13, title_size = 15;
static const double margin_top = 20, margin_bottom = 54, margin_right = 26;

/* Okabe and Ito's, which people see apart whatever their eyes; without their yellow. */
static const double colours[N_COLOURS][3] = {{0, .447, .698},    {.835, .369, 0}, {0, .620, .451},
                                             {.8, .475, .655},   {0, 0, 0},       {.902, .624, 0},
                                             {.337, .706, .914}, {.5, .5, .5}};

/* One axis: values from low to high, on the page from `start` to `end`. */
typedef struct axis {
    bool is_log;
    double low, high, start, end;
    int n_ticks;
    double ticks[MAX_TICKS];
} axis;

static double place(const axis *a, double value)
{
    const double share = a->is_log ? log(value / a->low) / log(a->high / a->low)
                                   : (value - a->low) / (a->high - a->low);
    return a->start + share * (a->end - a->start);
}

static bool is_shown(const bc_plot *plot, const bc_curve *curve, int i)
{
    return isfinite(curve->x[i]) && isfinite(curve->y[i]) && (!plot->is_log || curve->y[i] > 0);
}

/* Axes ------------------------------------------------------------------------------------- */

/* The least of 1, 2 and 5 times a power of ten that is not below `step`. */
static double round_step(double step)
{
    const double power = pow(10, floor(log10(step))), digit = step / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

/* Widens the range to whole ticks, about n of them. */
static void set_linear_ticks(axis *a, int n)
{
    if (a->high <= a->low)
        a->high = a->low + fmax(fabs(a->low), 1e-6);
    const double step = round_step((a->high - a->low) / n);
    const double first = floor(a->low / step + 1e-9), last = ceil(a->high / step - 1e-9);
    for (double i = first; i <= last && a->n_ticks < MAX_TICKS; i++)
        a->ticks[a->n_ticks++] = i * step;
    a->low = first * step;
    a->high = last * step;
}

/* Ticks at 1, 2 and 5 of each power of ten, or at the powers alone if those would be many. */
static void set_log_ticks(axis *a)
{
    static const double digits[] = {1, 2, 5};
    if (a->high <= a->low * 1.1) {
        a->high *= 1.1;
        a->low /= 1.1;
    }
    const int n_digits = log10(a->high / a->low) > 4 ? 1 : 3;
    const int first = (int)floor(log10(a->low)), last = (int)ceil(log10(a->high));
    const int every = 1 + (last - first) / (MAX_TICKS / 4);
    for (int power = first; power <= last; power += every)
        for (int i = 0; i < n_digits; i++) {
            const double tick = digits[i] * pow(10, power);
            if (tick >= a->low / 1.02 && tick <= a->high * 1.02 && a->n_ticks < MAX_TICKS)
                a->ticks[a->n_ticks++] = tick;
        }
    a->low /= 1.05;
    a->high *= 1.05;
}

static void include(axis *a, double value)
{
    a->low = fmin(a->low, value);
    a->high = fmax(a->high, value);
}

/* A linear axis of losses starts at 0, so that heights compare. */
static bc_status set_ranges(axis *x, axis *y, const bc_plot *plot, const bc_log *log)
{
    *x = (axis){.low = INFINITY, .high = -INFINITY};
    *y = (axis){.low = INFINITY, .high = -INFINITY, .is_log = plot->is_log};
    for (int c = 0; c < plot->n_curves; c++)
        for (int i = 0; i < plot->curves[c].n; i++)
            if (is_shown(plot, &plot->curves[c], i)) {
                include(x, plot->curves[c].x[i]);
                include(y, plot->curves[c].y[i]);
            }
    if (x->high < x->low)
        return bc_fail(log, BC_ERR_FORMAT, "there is no value to plot%s",
                       plot->is_log ? " on a logarithmic scale" : "");
    if (x->low < x->high / 4)
        include(x, 0);
    set_linear_ticks(x, 9);
    if (y->is_log) {
        set_log_ticks(y);
    } else {
        include(y, 0);
        set_linear_ticks(y, 7);
    }
    return BC_OK;
}

/* Drawing ---------------------------------------------------------------------------------- */

static void format_tick(char text[32], const axis *a, int i)
{
    const double value = a->ticks[i];
    const double size = fmax(fabs(a->low), fabs(a->high));
    if (fabs(value) < 1e-9 * size)
        snprintf(text, 32, "0");
    else if (a->is_log || size >= 1e6 || size < 1e-3)
        snprintf(text, 32, "%.4g", value);
    else
        snprintf(text, 32, "%.10g", value);
}

static double widest_tick(const bc_canvas *canvas, const axis *a)
{
    double widest = 0;
    for (int i = 0; i < a->n_ticks; i++) {
        char text[32];
        format_tick(text, a, i);
        widest = fmax(widest, bc_canvas_text_width(canvas, text_size, false, text));
    }
    return widest;
}

static void draw_line(cairo_t *cairo, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cairo, x0, y0);
    cairo_line_to(cairo, x1, y1);
    cairo_stroke(cairo);
}

static void set_grey(cairo_t *cairo, double grey)
{
    cairo_set_source_rgb(cairo, grey, grey, grey);
}

static void draw_axes(const bc_canvas *canvas, const axis *x, const axis *y)
{
    cairo_t *cairo = canvas->cairo;
    char text[32];
    cairo_set_line_width(cairo, 1);
    for (int i = 0; i < x->n_ticks; i++) {
        const double at = place(x, x->ticks[i]);
        set_grey(cairo, .9);
        draw_line(cairo, at, y->start, at, y->end);
        set_grey(cairo, .2);
        format_tick(text, x, i);
        bc_canvas_text(canvas, at, y->start + 19, text_size, BC_ANCHOR_MIDDLE, false, text);
    }
    for (int i = 0; i < y->n_ticks; i++) {
        const double at = place(y, y->ticks[i]);
        set_grey(cairo, .9);
        draw_line(cairo, x->start, at, x->end, at);
        set_grey(cairo, .2);
        format_tick(text, y, i);
        bc_canvas_text(canvas, x->start - 8, at + 4.5, text_size, BC_ANCHOR_RIGHT, false, text);
    }
    set_grey(cairo, .35);
    draw_line(cairo, x->start, y->start, x->end, y->start);
    draw_line(cairo, x->start, y->start, x->start, y->end);
}

static void draw_labels(const bc_plot *plot, const bc_canvas *canvas, const axis *x, const axis *y)
{
    cairo_t *cairo = canvas->cairo;
    set_grey(cairo, .1);
    bc_canvas_text(canvas, (x->start + x->end) / 2, y->start + 43, text_size, BC_ANCHOR_MIDDLE,
                   false, plot->x_label);
    cairo_save(cairo);
    cairo_translate(cairo, 22, (y->start + y->end) / 2);
    cairo_rotate(cairo, -M_PI / 2);
    bc_canvas_text(canvas, 0, 0, text_size, BC_ANCHOR_MIDDLE, false, plot->y_label);
    cairo_restore(cairo);
    bc_canvas_text(canvas, (x->start + x->end) / 2, margin_top + 4, title_size, BC_ANCHOR_MIDDLE,
                   true, plot->title);
}

static void set_colour(cairo_t *cairo, int curve)
{
    const double *colour = colours[curve % N_COLOURS];
    cairo_set_source_rgb(cairo, colour[0], colour[1], colour[2]);
}

/* A value with nothing to connect to is a dot. */
static void draw_curve(const bc_plot *plot, const bc_canvas *canvas, int c, const axis *x,
                       const axis *y)
{
    cairo_t *cairo = canvas->cairo;
    const bc_curve *curve = &plot->curves[c];
    cairo_set_line_width(cairo, 2);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    set_colour(cairo, c);
    cairo_new_path(cairo); /* text leaves a point */
    for (int i = 0; i < curve->n; i++) {
        if (!is_shown(plot, curve, i)) {
            cairo_new_sub_path(cairo);
            continue;
        }
        const double at_x = place(x, curve->x[i]), at_y = place(y, curve->y[i]);
        if (!cairo_has_current_point(cairo))
            cairo_move_to(cairo, at_x, at_y);
        cairo_line_to(cairo, at_x, at_y);
    }
    cairo_stroke(cairo);
}

static void draw_legend(const bc_plot *plot, const bc_canvas *canvas, const axis *x, const axis *y)
{
    const double line = 21, sample = 26, pad = 10;
    double widest = 0;
    for (int c = 0; c < plot->n_curves; c++)
        widest =
            fmax(widest, bc_canvas_text_width(canvas, text_size, false, plot->curves[c].label));
    const double width = widest + sample + 3 * pad, height = line * plot->n_curves + pad;
    const double left = x->end - width - 6, top = y->end + 6;
    cairo_t *cairo = canvas->cairo;
    cairo_rectangle(cairo, left, top, width, height);
    cairo_set_source_rgba(cairo, 1, 1, 1, .85);
    cairo_fill_preserve(cairo);
    set_grey(cairo, .8);
    cairo_set_line_width(cairo, 1);
    cairo_stroke(cairo);
    for (int c = 0; c < plot->n_curves; c++) {
        const double at = top + pad / 2 + line * (c + .5);
        set_colour(cairo, c);
        cairo_set_line_width(cairo, 2.5);
        draw_line(cairo, left + pad, at, left + pad + sample, at);
        set_grey(cairo, .1);
        bc_canvas_text(canvas, left + 2 * pad + sample, at + 4.5, text_size, BC_ANCHOR_LEFT, false,
                       plot->curves[c].label);
    }
}

bc_status bc_plot_draw(const bc_plot *plot, const bc_canvas *canvas, double width, double height,
                       const bc_log *log)
{
    axis x, y;
    const bc_status status = set_ranges(&x, &y, plot, log);
    if (status < 0)
        return status;
    x.start = 22 + 18 + widest_tick(canvas, &y);
    x.end = width - margin_right;
    y.start = height - margin_bottom;
    y.end = margin_top + (plot->title[0] ? 18 : 0);
    draw_axes(canvas, &x, &y);
    draw_labels(plot, canvas, &x, &y);
    for (int c = 0; c < plot->n_curves; c++)
        draw_curve(plot, canvas, c, &x, &y);
    draw_legend(plot, canvas, &x, &y);
    return BC_OK;
}
