/*
 * roofline.c: the layers of brushcast bench --json under the machine's roofs. Source: Williams,
 * Waterman and Patterson, "Roofline: an insightful visual performance model", 2009.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "inspect/canvas.h"
#include "inspect/inspect.h"

static const double width = 760, height = 470;
static const double left = 66, right = 24, top = 56, bottom = 52, text_size = 13;

enum { MAX_POINTS = 32 };

typedef struct point {
    char name[24];
    double intensity, gflops; /* operations for each byte; 1e9 operations a second */
} point;

typedef struct chart {
    char title[160], of[40]; /* what the peak is of */
    double peak, bandwidth;  /* 1e9 operations, 1e9 bytes a second */
    int n_points;
    point points[MAX_POINTS];
    double x_low, x_high, y_low, y_high;
} chart;

/* Report ----------------------------------------------------------------------------------- */

static bool take_layer(chart *c, json_t *layer)
{
    const char *name;
    double gmac, gflops, mbytes;
    if (c->n_points == MAX_POINTS ||
        json_unpack(layer, "{s:s, s:F, s:F, s:F}", "name", &name, "gmac", &gmac, "gflops", &gflops,
                    "mbytes", &mbytes) != 0)
        return false;
    point *p = &c->points[c->n_points++];
    snprintf(p->name, sizeof(p->name), "%s", name);
    p->intensity = mbytes > 0 ? 2e3 * gmac / mbytes : 0;
    p->gflops = gflops;
    return p->intensity > 0 && gflops > 0;
}

static bool take_report(chart *c, json_t *report)
{
    const char *net, *cpu, *of = "fused multiply-adds";
    int w, h, threads;
    json_t *layers;
    if (json_unpack(report, "{s:s, s:s, s:i, s:i, s:i, s:F, s:F, s:o, s?s}", "net", &net, "cpu",
                    &cpu, "width", &w, "height", &h, "threads", &threads, "peak_gflops", &c->peak,
                    "bandwidth_gbs", &c->bandwidth, "layers", &layers, "peak_of", &of) != 0)
        return false;
    snprintf(c->of, sizeof(c->of), "%s", of);
    snprintf(c->title, sizeof(c->title), "The layers of %s at %dx%d, %s, %d thread%s", net, w, h,
             cpu, threads, threads == 1 ? "" : "s");
    bool is_good = c->peak > 0 && c->bandwidth > 0 && json_array_size(layers) > 0;
    for (size_t i = 0; i < json_array_size(layers) && is_good; i++)
        is_good = take_layer(c, json_array_get(layers, i));
    return is_good;
}

static bc_status read_chart(chart *c, const char *path, const bc_log *log)
{
    json_error_t error;
    json_t *report = path ? json_load_file(path, 0, &error) : json_loadf(stdin, 0, &error);
    const char *name = path ? path : "standard input";
    if (!report)
        return bc_fail(log, BC_ERR_FORMAT, "%s: %s", name, error.text);
    const bool is_good = take_report(c, report);
    json_decref(report);
    return is_good
               ? BC_OK
               : bc_fail(log, BC_ERR_FORMAT, "%s: is no report of brushcast bench --json", name);
}

/* Drawing ---------------------------------------------------------------------------------- */

static double x_of(const chart *c, double intensity)
{
    const double share = log(intensity / c->x_low) / log(c->x_high / c->x_low);
    return left + share * (width - left - right);
}

static double y_of(const chart *c, double gflops)
{
    const double share = log(gflops / c->y_low) / log(c->y_high / c->y_low);
    return height - bottom - share * (height - top - bottom);
}

static double roof(const chart *c, double intensity)
{
    return fmin(c->peak, c->bandwidth * intensity);
}

static void set_ranges(chart *c)
{
    const double ridge = c->peak / c->bandwidth;
    double x_low = ridge / 4, x_high = ridge * 2, y_low = c->peak / 8, y_high = c->peak * 1.3;
    for (int i = 0; i < c->n_points; i++) {
        x_low = fmin(x_low, c->points[i].intensity / 1.5);
        x_high = fmax(x_high, c->points[i].intensity * 1.5);
        y_low = fmin(y_low, c->points[i].gflops / 1.5);
        y_high = fmax(y_high, c->points[i].gflops * 1.3);
    }
    c->x_low = x_low;
    c->x_high = x_high;
    c->y_low = y_low;
    c->y_high = y_high;
}

static void draw_line(cairo_t *cairo, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cairo, x0, y0);
    cairo_line_to(cairo, x1, y1);
    cairo_stroke(cairo);
}

/* Grid lines and labels at 1, 2 and 5 of each power of ten. */
static void draw_ticks(const chart *c, const bc_canvas *canvas, bool is_x)
{
    static const double digits[] = {1, 2, 5};
    const double low = is_x ? c->x_low : c->y_low, high = is_x ? c->x_high : c->y_high;
    for (int i = 3 * (int)floor(log10(low)); i <= 3 * (int)ceil(log10(high)) + 2; i++) {
        const int power = (int)floor(i / 3.0);
        const double tick = digits[i - 3 * power] * pow(10, power);
        char text[32];
        if (tick < low || tick > high)
            continue;
        snprintf(text, sizeof(text), "%g", tick);
        cairo_set_source_rgb(canvas->cairo, .88, .88, .88);
        if (is_x)
            draw_line(canvas->cairo, x_of(c, tick), top, x_of(c, tick), height - bottom);
        else
            draw_line(canvas->cairo, left, y_of(c, tick), width - right, y_of(c, tick));
        cairo_set_source_rgb(canvas->cairo, 0, 0, 0);
        if (is_x)
            bc_canvas_text(canvas, x_of(c, tick), height - bottom + 18, text_size, BC_ANCHOR_MIDDLE,
                           false, text);
        else
            bc_canvas_text(canvas, left - 6, y_of(c, tick) + 4, text_size, BC_ANCHOR_RIGHT, false,
                           text);
    }
}

static void draw_roof(const chart *c, const bc_canvas *canvas)
{
    const double ridge = c->peak / c->bandwidth;
    const double start = fmax(c->x_low, c->y_low / c->bandwidth);
    char text[128];
    cairo_set_source_rgb(canvas->cairo, .835, .369, 0);
    cairo_set_line_width(canvas->cairo, 2);
    draw_line(canvas->cairo, x_of(c, start), y_of(c, roof(c, start)), x_of(c, ridge),
              y_of(c, c->peak));
    draw_line(canvas->cairo, x_of(c, ridge), y_of(c, c->peak), width - right, y_of(c, c->peak));
    snprintf(text, sizeof(text), "%.0f GFLOP/s of %s, %.1f GB/s of memory", c->peak, c->of,
             c->bandwidth);
    bc_canvas_text(canvas, left, 42, text_size, BC_ANCHOR_LEFT, false, text);
    cairo_set_line_width(canvas->cairo, 1);
}

typedef struct box {
    double x0, y0, x1, y1;
} box;

static bool overlap(const box *a, const box *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

/* Where label `place` around a point lies: right, left, below or above, ever farther away. */
static box label_box(const chart *c, const bc_canvas *canvas, const point *p, int place)
{
    const double w = bc_canvas_text_width(canvas, text_size, false, p->name), h = text_size;
    const double x = x_of(c, p->intensity), y = y_of(c, p->gflops), far = 8 + place / 4 * h;
    const double left_edge[] = {x + far, x - far - w, x - w / 2, x - w / 2};
    const double upper_edge[] = {y - h / 2, y - h / 2, y + far, y - far - h};
    const int side = place % 4;
    return (box){left_edge[side], upper_edge[side], left_edge[side] + w, upper_edge[side] + h};
}

/* The first place over no point and none of the n labels before. */
static box find_place(const chart *c, const bc_canvas *canvas, const box *labels, int n)
{
    box b = {0};
    for (int place = 0; place < 4 * 4; place++) {
        bool is_free = true;
        b = label_box(c, canvas, &c->points[n], place);
        for (int i = 0; i < n; i++)
            is_free &= !overlap(&b, &labels[i]);
        for (int i = 0; i < c->n_points; i++) {
            const double x = x_of(c, c->points[i].intensity), y = y_of(c, c->points[i].gflops);
            is_free &= !overlap(&b, &(box){x - 5, y - 5, x + 5, y + 5});
        }
        if (is_free && b.x1 < width)
            break;
    }
    return b;
}

static void draw_points(const chart *c, const bc_canvas *canvas)
{
    box labels[MAX_POINTS];
    for (int i = 0; i < c->n_points; i++) {
        const point *p = &c->points[i];
        cairo_set_source_rgb(canvas->cairo, 0, .447, .698);
        cairo_arc(canvas->cairo, x_of(c, p->intensity), y_of(c, p->gflops), 4.5, 0, 2 * M_PI);
        cairo_fill(canvas->cairo);
        cairo_set_source_rgb(canvas->cairo, 0, 0, 0);
        labels[i] = find_place(c, canvas, labels, i);
        bc_canvas_text(canvas, labels[i].x0, labels[i].y1 - 3, text_size, BC_ANCHOR_LEFT, false,
                       p->name);
    }
}

static void draw(const chart *c, const bc_canvas *canvas)
{
    cairo_set_line_width(canvas->cairo, 1);
    draw_ticks(c, canvas, true);
    draw_ticks(c, canvas, false);
    draw_roof(c, canvas);
    draw_points(c, canvas);
    cairo_set_source_rgb(canvas->cairo, 0, 0, 0);
    bc_canvas_text(canvas, left, 24, 15, BC_ANCHOR_LEFT, true, c->title);
    bc_canvas_text(canvas, (left + width - right) / 2, height - 12, text_size, BC_ANCHOR_MIDDLE,
                   false, "operations for each byte read and written");
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, 18, (top + height - bottom) / 2);
    cairo_rotate(canvas->cairo, -M_PI / 2);
    bc_canvas_text(canvas, 0, 0, text_size, BC_ANCHOR_MIDDLE, false, "GFLOP/s");
    cairo_restore(canvas->cairo);
}

/* The command ------------------------------------------------------------------------------ */

static bc_status run(const char *input, const char *output, bool overwrite, const bc_log *log)
{
    chart c = {0};
    bc_canvas canvas = {0};
    if (!overwrite && access(output, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", output);
    bc_status status = read_chart(&c, input, log);
    if (status < 0)
        return status;
    set_ranges(&c);
    status = bc_canvas_open(&canvas, output, width, height, 2, log);
    if (status == BC_OK) {
        draw(&c, &canvas);
        status = bc_canvas_write(&canvas, output, log);
    }
    bc_canvas_close(&canvas);
    return status;
}

/* The command ------------------------------------------------------------------------------ */

typedef struct options {
    const char *output;
    bool overwrite;
} options;

static const bc_option table[] = {
    {"output", "FILE", "picture (.png, .jpg, ...) or drawing (.svg) to write", BC_OPTION_TEXT,
     .offset = offsetof(options, output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"overwrite", NULL, "replace an existing one", BC_OPTION_FLAG,
     .offset = offsetof(options, overwrite), .letter = 'y'},
};

static int roofline(int n_args, char **args, const bc_log *log)
{
    options o = {0};
    int parsed = bc_options_parse(&bc_inspect_roofline, &n_args, args, &o, log);
    if (parsed == 0 && (!o.output || n_args > 2))
        parsed =
            bc_options_refuse(&bc_inspect_roofline, log, "needs --output and one report at most");
    if (parsed != 0)
        return parsed < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    return run(n_args > 1 ? args[1] : NULL, o.output, o.overwrite, log) < 0 ? BC_EXIT_FAILED
                                                                            : BC_EXIT_DONE;
}

const bc_command bc_inspect_roofline = {
    .name = "roofline",
    .summary = "draw the layers of brushcast bench under the machine's roofs",
    .arguments = "-o OUT.png|OUT.svg [OPTION...] [FILE]",
    .description =
        "Draws each layer's speed over its operations for each byte that it reads and writes, "
        "under what the machine's memory and its arithmetic allow. FILE holds the report of "
        "brushcast bench --json (standard input). Operations are those of an ordinary convolution: "
        "Winograd's leaves out some of them, and so may pass the roof.",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = roofline,
};
