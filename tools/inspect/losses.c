/* losses.c: curves of the losses that brushcast-gatys and brushcast-train logged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "inspect/csv.h"
#include "inspect/inspect.h"
#include "inspect/plot.h"

enum { MAX_CURVES = 32 };

typedef struct options {
    const char *output, *column, *title, *size;
    enum { AGAINST_TIME, AGAINST_ITERATION } against;
    bool is_log, overwrite;
    int width, height; /* of `size` */
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
    if (!(o->against == AGAINST_ITERATION))
        return bc_csv_find(csv, "seconds");
    const int iteration = bc_csv_find(csv, "iteration");
    return iteration >= 0 ? iteration : bc_csv_find(csv, "step");
}

static bc_status read_columns(series *s, const bc_csv *csv, const options *o, const bc_log *log)
{
    const int x = find_x(csv, o), y = bc_csv_find(csv, o->column);
    if (x < 0)
        return bc_fail(log, BC_ERR_FORMAT, "%s: has no column '%s'", csv->path,
                       (o->against == AGAINST_ITERATION) ? "iteration' or 'step" : "seconds");
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
    if ((o->against == AGAINST_ITERATION) && strcmp(csv->names[x], "iteration") == 0)
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
                          .x_label = (o->against == AGAINST_ITERATION) ? "iteration" : "time (s)",
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

/* The command ------------------------------------------------------------------------------ */

#define AT(FIELD) offsetof(options, FIELD)

static const bc_option table[] = {
    {"output", "FILE", "picture (.png, .jpg, ...) or drawing (.svg) to write", BC_OPTION_TEXT,
     .offset = AT(output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"overwrite", NULL, "replace an existing one", BC_OPTION_FLAG, .offset = AT(overwrite),
     .letter = 'y'},
    {"against", "A",
     "time: seconds; iteration: iterations or steps, those of several scales one after the other "
     "(time)",
     BC_OPTION_WORD, .offset = AT(against), .choices = "time|iteration"},
    {"column", "NAME", "which loss, as the first line of the files calls it (total)",
     BC_OPTION_TEXT, .offset = AT(column)},
    {"log", NULL, "logarithmic scale of the losses", BC_OPTION_FLAG, .offset = AT(is_log)},
    {"title", "TEXT", "above the curves (none)", BC_OPTION_TEXT, .offset = AT(title)},
    {"size", "WxH", "of the page; pictures have two pixels for each unit (720x450)", BC_OPTION_TEXT,
     .offset = AT(size)},
};

static bool read_size(options *o)
{
    int n = 0;
    return sscanf(o->size, "%dx%d%n", &o->width, &o->height, &n) == 2 && !o->size[n] &&
           o->width >= 200 && o->width <= 4000 && o->height >= 150 && o->height <= 4000;
}

static int check(options *o, const bc_log *log)
{
    const bc_command *command = &bc_inspect_losses;
    if (o->n_files == 0 || !o->output)
        return bc_options_refuse(command, log, "needs CSV files and --output");
    if (o->n_files > MAX_CURVES)
        return bc_options_refuse(command, log, "takes up to %d files", MAX_CURVES);
    if (!read_size(o))
        return bc_options_refuse(command, log, "--size is from 200x150 to 4000x4000, not '%s'",
                                 o->size);
    return 0;
}

static int losses(int n_args, char **args, const bc_log *log)
{
    options o = {.column = "total", .title = "", .size = "720x450"};
    int parsed = bc_options_parse(&bc_inspect_losses, &n_args, args, &o, log);
    o.files = args + 1;
    o.n_files = n_args - 1;
    if (parsed == 0)
        parsed = check(&o, log);
    if (parsed != 0)
        return parsed < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    return run(&o, log) < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}

const bc_command bc_inspect_losses = {
    .name = "losses",
    .summary = "draw the losses that brushcast-gatys and brushcast-train logged",
    .arguments = "CSV... -o OUT.png|OUT.svg [OPTION...]",
    .description = "Draws the losses that brushcast-gatys --log and brushcast-train wrote, a curve "
                   "for each file. The legend's labels are the files' names.",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = losses,
};
