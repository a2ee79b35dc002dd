#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/measure.h"
#include "base/cpu.h"
#include "base/log.h"

static const char help[] =
    "Usage: brushcast bench [OPTION...]\n"
    "Measures the generator on this machine: a frame, each of its layers, and the machine's peak.\n"
    "\n"
    "  --size WxH          of the frames (1280x720)\n"
    "  --threads N         (one for each processor)\n"
    "  --cpu TIER          native, c, avx2 or avx512 (native)\n"
    "  --precision exact   32-bit floating point\n"
    "  --stats frame       each frame's own statistics\n"
    "  --frames N          to measure (31)\n"
    "  --net NET           light, wide or a folder (light); random weights if there is none\n"
    "  --models DIR        where to look for nets first\n"
    "  --json              one object instead of the table\n"
    "  --help\n";

typedef struct options {
    int width, height, n_threads, n_frames;
    bc_cpu cpu;
    const char *net, *models;
    int is_json;
} options;

/* Options ---------------------------------------------------------------------------------- */

static int parse_count(const char *text, int low, int high, int *count)
{
    char *end;
    const long value = strtol(text, &end, 10);
    if (end == text || *end || value < low || value > high)
        return -1;
    *count = (int)value;
    return 0;
}

static int parse_size(const char *text, int *width, int *height)
{
    char end;
    if (sscanf(text, "%dx%d%c", width, height, &end) != 2)
        return -1;
    return *width >= 1 && *width <= BC_MAX_SIZE && *height >= 1 && *height <= BC_MAX_SIZE ? 0 : -1;
}

/* 0, or -1 for a value that the option cannot have. */
static int take_option(options *o, int option, const char *value)
{
    switch (option) {
    case 's':
        return parse_size(value, &o->width, &o->height);
    case 't':
        return parse_count(value, 1, BC_MAX_THREADS, &o->n_threads);
    case 'c':
        return bc_cpu_parse(value, &o->cpu);
    case 'p':
        return strcmp(value, "exact") == 0 ? 0 : -1;
    case 'S':
        return strcmp(value, "frame") == 0 ? 0 : -1;
    case 'f':
        return parse_count(value, 1, 100000, &o->n_frames);
    case 'n':
        o->net = value;
        return 0;
    case 'm':
        o->models = value;
        return 0;
    default:
        o->is_json = 1;
        return 0;
    }
}

/* 0 to go on; 1 after --help; -1 after wrong usage. */
static int parse_options(options *o, int n_args, char **args)
{
    static const struct option known[] = {
        {"size", required_argument, NULL, 's'},
        {"threads", required_argument, NULL, 't'},
        {"cpu", required_argument, NULL, 'c'},
        {"precision", required_argument, NULL, 'p'},
        {"stats", required_argument, NULL, 'S'},
        {"frames", required_argument, NULL, 'f'},
        {"net", required_argument, NULL, 'n'},
        {"models", required_argument, NULL, 'm'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option, index = 0;
    optind = 1;
    while ((option = getopt_long(n_args, args, "", known, &index)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 1;
        }
        if (option == '?')
            return -1;
        if (take_option(o, option, optarg) < 0) {
            fprintf(stderr, "brushcast bench: --%s cannot be '%s'\n", known[index].name, optarg);
            return -1;
        }
    }
    if (optind == n_args)
        return 0;
    fprintf(stderr, "brushcast bench: unexpected argument '%s'\n", args[optind]);
    return -1;
}

/* Report ----------------------------------------------------------------------------------- */

static void print_json(const bc_session *session, const bc_measurement *m)
{
    const bc_session_params *p = &session->params;
    json_t *layers = json_array();
    for (int i = 0; i < m->n_layers; i++) {
        const bc_layer_time *layer = &m->layers[i];
        json_array_append_new(layers, json_pack("{s:s, s:f, s:f, s:f, s:f}", "name", layer->name,
                                                "gmac", layer->gmac, "ms", layer->ms, "gflops",
                                                layer->gflops, "peak_share", layer->peak_share));
    }
    json_t *report =
        json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:o}", "net",
                  session->model->autoencoder.name, "upsample",
                  bc_upsample_name(session->model->autoencoder.upsample), "width", p->width,
                  "height", p->height, "threads", p->n_threads, "cpu", bc_cpu_name(p->cpu),
                  "precision", "exact", "stats", "frame", "median_ms", m->median_ms, "p10_ms",
                  m->p10_ms, "p90_ms", m->p90_ms, "peak_gflops", m->peak_gflops, "memory_bytes",
                  (json_int_t)bc_session_memory(session->model, p), "layers", layers);
    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    putchar('\n');
    json_decref(report);
}

/* A line of the table; the bar is the share of the frame's time. */
static void print_row(const char *name, double gmac, double ms, double gflops, double peak,
                      double share)
{
    static const char bar[] = "########################################";
    printf("%-10s %7.3f %8.2f %9.0f %7.0f %% %6.1f %%  %.*s\n", name, gmac, ms, gflops, 100 * peak,
           100 * share, (int)(share * (double)(sizeof(bar) - 1) + 0.5), bar);
}

static void print_table(const bc_session *session, const bc_measurement *m)
{
    const bc_session_params *p = &session->params;
    const bc_autoencoder *net = &session->model->autoencoder;
    double gmac = 0, ms = 0;
    printf("net %s (%d,%d,%d %s), %dx%d, %d thread%s, %s, exact, frame statistics, %.0f MB\n",
           net->name, net->widths[0], net->widths[1], net->widths[2],
           bc_upsample_name(net->upsample), p->width, p->height, p->n_threads,
           p->n_threads == 1 ? "" : "s", bc_cpu_name(p->cpu),
           1e-6 * (double)bc_session_memory(session->model, p));
    printf("this machine's peak: %.0f GFLOP/s of fused multiply-adds\n\n", m->peak_gflops);
    printf("layer         GMAC       ms   GFLOP/s   of peak  of time\n");
    for (int i = 0; i < m->n_layers; i++) {
        const bc_layer_time *layer = &m->layers[i];
        print_row(layer->name, layer->gmac, layer->ms, layer->gflops, layer->peak_share,
                  layer->ms / m->median_ms);
        gmac += layer->gmac;
        ms += layer->ms;
    }
    print_row("all", gmac, ms, 2e3 * gmac / ms, 2e3 * gmac / ms / m->peak_gflops,
              ms / m->median_ms);
    printf("\nGFLOP/s count the operations of an ordinary convolution; Winograd's needs fewer.\n"
           "a frame: median %.2f ms, p10 %.2f, p90 %.2f: %.1f frames a second\n",
           m->median_ms, m->p10_ms, m->p90_ms, 1e3 / m->median_ms);
}

/* The net of the options, or one of random weights of the same widths. */
static bc_status open_model(bc_model **model, const options *o, const bc_log *log)
{
    static const int light[BC_N_WIDTHS] = {8, 16, 32}, wide[BC_N_WIDTHS] = {16, 32, 64};
    const bool is_light = strcmp(o->net, "light") == 0, is_wide = strcmp(o->net, "wide") == 0;
    const bool may_be_made = is_light || is_wide;
    char *folder;
    bc_status status = bc_model_find_net(&folder, o->net, o->models, may_be_made ? NULL : log);
    if (status < 0 && may_be_made) {
        bc_log_write(log, BC_LOG_INFO, "no net '%s' on disk: random weights of its widths", o->net);
        return bc_model_make_random(model, is_light ? light : wide, BC_UPSAMPLE_SUBPIXEL, 2, 1,
                                    log);
    }
    if (status == BC_OK)
        status = bc_model_open(model, folder, &(bc_model_params){.log = *log});
    free(folder);
    return status;
}

static bc_status bench(const options *o, const bc_log *log)
{
    const bc_session_params params = {.width = o->width,
                                      .height = o->height,
                                      .n_threads = o->n_threads,
                                      .cpu = o->cpu,
                                      .log = *log};
    const bc_style_weight first = {.style = 0, .weight = 1};
    bc_model *model = NULL;
    bc_session *session = NULL;
    bc_measurement measurement;
    bc_status status = open_model(&model, o, log);
    if (status == BC_OK)
        status = bc_session_open(&session, model, &params);
    if (status == BC_OK && bc_model_style_count(model) > 0)
        status = bc_session_set_style(session, &first, 1);
    if (status == BC_OK)
        status = bc_measure_session(&measurement, session, o->n_frames, log);
    if (status == BC_OK && o->is_json)
        print_json(session, &measurement);
    else if (status == BC_OK)
        print_table(session, &measurement);
    bc_session_close(&session);
    bc_model_close(&model);
    return status;
}

int bc_app_bench(int n_args, char **args, const bc_log *log)
{
    options o = {.width = 1280, .height = 720, .n_frames = 31, .net = "light"};
    const int parsed = parse_options(&o, n_args, args);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    return bench(&o, log) < 0 ? 1 : 0;
}
