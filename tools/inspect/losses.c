/* losses.c: curves of the losses that brushcast-gatys and brushcast-train logged. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "inspect/csv.h"
#include "inspect/inspect.h"
#include "inspect/plot.h"

static const char help[] =
    "Usage: brushcast-inspect losses CSV... -o OUT.png|OUT.svg [options]\n"
    "Draws the losses that brushcast-gatys --log and brushcast-train wrote, a curve for each "
    "file.\n"
    "The legend's labels are the files' names.\n"
    "\n"
    "  -o, --output FILE       picture (.png, .jpg, ...) or drawing (.svg) to write\n"
    "  -y, --overwrite         replace an existing one\n"
    "      --against A         time: seconds; iteration: iterations or steps, those of several\n"
    "                          scales one after the other (time)\n"
    "      --column NAME       which loss, as the first line of the files calls it (total)\n"
    "      --log               logarithmic scale of the losses\n"
    "      --title TEXT        (none)\n"
    "      --size WxH          of the page; pictures have two pixels for each unit (720x450)\n"
    "      --help\n";

enum { MAX_CURVES = 32 };

typedef struct options {
    const char *output, *column, *title;
    bool against_iteration, is_log, overwrite;
    int width, height;
    int n_files;
    char **files;
} options;

/* Curves ----------------------------------------------------------------------------------- */

typedef struct series {
    char *label;
    int n;
    double *x, *y; /* [n] */
} series;

static char *label_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return strndup(name, dot > name ? (size_t)(dot - name) : strlen(name));
}

/* Iterations count from 1 again at each scale of a painting: here they go on. */
static void join_scales(double *x, int n)
{
    double before = 0;
    for (int i = 1; i < n; i++) {
        if (x[i] + before <= x[i - 1])
            before = x[i - 1];
        x[i] += before;
    }
}

/* The column to plot against: the two programs name it differently. */
static int find_x(const bc_csv *csv, const options *o)
{
    if (!o->against_iteration)
        return bc_csv_find(csv, "seconds");
    const int iteration = bc_csv_find(csv, "iteration");
    return iteration >= 0 ? iteration : bc_csv_find(csv, "step");
}

static bc_status read_columns(series *s, const bc_csv *csv, const options *o, const bc_log *log)
{
    const int x = find_x(csv, o), y = bc_csv_find(csv, o->column);
    if (x < 0)
        return bc_fail(log, BC_ERR_FORMAT, "%s: has no column '%s'", csv->path,
                       o->against_iteration ? "iteration' or 'step" : "seconds");
    if (y < 0)
        return bc_fail(log, BC_ERR_FORMAT, "%s: has no column '%s'", csv->path, o->column);
    s->n = csv->n_rows;
    s->label = label_of(csv->path);
    s->x = malloc(((size_t)s->n + 1) * sizeof(*s->x));
    s->y = malloc(((size_t)s->n + 1) * sizeof(*s->y));
    if (!s->label || !s->x || !s->y)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", csv->path);
    bc_csv_column(s->x, csv, x);
    bc_csv_column(s->y, csv, y);
    if (o->against_iteration && strcmp(csv->names[x], "iteration") == 0)
        join_scales(s->x, s->n);
    return BC_OK;
}

static bc_status series_open(series *s, const char *path, const options *o, const bc_log *log)
{
    bc_csv csv;
    bc_status status = bc_csv_open(&csv, path, log);
    if (status == BC_OK)
        status = read_columns(s, &csv, o, log);
    bc_csv_close(&csv);
    return status;
}

static void series_close(series *s)
{
    free(s->label);
    free(s->x);
    free(s->y);
}

/* The command ------------------------------------------------------------------------------ */

static bc_status draw(const series *all, const options *o, const bc_log *log)
{
    char y_label[128];
    bc_curve curves[MAX_CURVES];
    for (int i = 0; i < o->n_files; i++)
        curves[i] = (bc_curve){all[i].label, all[i].n, all[i].x, all[i].y};
    snprintf(y_label, sizeof(y_label), "%s loss", o->column);
    const bc_plot plot = {.title = o->title,
                          .x_label = o->against_iteration ? "iteration" : "time (s)",
                          .y_label = y_label,
                          .is_log = o->is_log,
                          .n_curves = o->n_files,
                          .curves = curves};
    bc_canvas canvas;
    bc_status status = bc_canvas_open(&canvas, o->output, o->width, o->height, 2, log);
    if (status == BC_OK)
        status = bc_plot_draw(&plot, &canvas, o->width, o->height, log);
    if (status == BC_OK)
        status = bc_canvas_write(&canvas, o->output, log);
    bc_canvas_close(&canvas);
    return status;
}

static bc_status run(const options *o, const bc_log *log)
{
    series all[MAX_CURVES] = {0};
    bc_status status = BC_OK;
    if (!o->overwrite && access(o->output, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", o->output);
    for (int i = 0; i < o->n_files && status == BC_OK; i++)
        status = series_open(&all[i], o->files[i], o, log);
    if (status == BC_OK)
        status = draw(all, o, log);
    for (int i = 0; i < o->n_files; i++)
        series_close(&all[i]);
    return status;
}

static bc_status set_size(options *o, const char *text, const bc_log *log)
{
    int n = 0;
    if (sscanf(text, "%dx%d%n", &o->width, &o->height, &n) == 2 && !text[n] && o->width >= 200 &&
        o->width <= 4000 && o->height >= 150 && o->height <= 4000)
        return BC_OK;
    return bc_fail(log, BC_ERR_ARGUMENT, "--size is from 200x150 to 4000x4000, not '%s'", text);
}

static bc_status set_option(options *o, int id, const bc_log *log)
{
    switch (id) {
    case 'o':
        o->output = optarg;
        return BC_OK;
    case 'y':
        o->overwrite = true;
        return BC_OK;
    case 'a':
        o->against_iteration = strcmp(optarg, "iteration") == 0;
        if (o->against_iteration || strcmp(optarg, "time") == 0)
            return BC_OK;
        return bc_fail(log, BC_ERR_ARGUMENT, "--against takes time or iteration, not '%s'", optarg);
    case 'c':
        o->column = optarg;
        return BC_OK;
    case 'l':
        o->is_log = true;
        return BC_OK;
    case 't':
        o->title = optarg;
        return BC_OK;
    case 's':
        return set_size(o, optarg, log);
    case 'h':
        fputs(help, stdout);
        return BC_END;
    default:
        return bc_fail(log, BC_ERR_ARGUMENT, "wrong option; see --help");
    }
}

static bc_status check(const options *o, const bc_log *log)
{
    if (o->n_files == 0 || !o->output)
        return bc_fail(log, BC_ERR_ARGUMENT, "losses needs CSV files and --output; see --help");
    if (o->n_files > MAX_CURVES)
        return bc_fail(log, BC_ERR_ARGUMENT, "losses takes up to %d files", MAX_CURVES);
    return BC_OK;
}

static bc_status parse(options *o, int argc, char **argv, const bc_log *log)
{
    static const struct option names[] = {{"output", required_argument, NULL, 'o'},
                                          {"overwrite", no_argument, NULL, 'y'},
                                          {"against", required_argument, NULL, 'a'},
                                          {"column", required_argument, NULL, 'c'},
                                          {"log", no_argument, NULL, 'l'},
                                          {"title", required_argument, NULL, 't'},
                                          {"size", required_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *o = (options){.column = "total", .title = "", .width = 720, .height = 450};
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, "o:y", names, NULL)) != -1;) {
        const bc_status status = set_option(o, id, log);
        if (status != BC_OK)
            return status;
    }
    o->files = argv + optind;
    o->n_files = argc - optind;
    return check(o, log);
}

int bc_inspect_losses(int argc, char **argv, const bc_log *log)
{
    options o;
    const bc_status status = parse(&o, argc, argv, log);
    if (status != BC_OK)
        return status < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    return run(&o, log) < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}
