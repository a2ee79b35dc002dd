#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/measure.h"
#include "base/cpu.h"
#include "base/log.h"

typedef struct settings {
    const char *size, *cpu, *precision, *stats, *net, *models;
    int n_threads, n_frames;
    bool is_json;
} settings;

#define AT(field) offsetof(settings, field)

static const bc_option options[] = {
    {"size", "WxH", "of the frames (1280x720)", BC_OPTION_TEXT, .offset = AT(size)},
    {"threads", "N", "processors to use (all)", BC_OPTION_COUNT, .offset = AT(n_threads), .low = 1,
     .high = BC_MAX_THREADS},
    {"cpu", "TIER", "native, c, avx2 or avx512 (native)", BC_OPTION_CHOICE, .offset = AT(cpu),
     .choices = "native|c|avx2|avx512"},
    {"precision", "exact", "32-bit floating point", BC_OPTION_CHOICE, .offset = AT(precision),
     .choices = "exact"},
    {"stats", "KIND", "frame (each frame's own) or stream (running averages) (frame)",
     BC_OPTION_CHOICE, .offset = AT(stats), .choices = "frame|stream"},
    {"frames", "N", "to measure (31)", BC_OPTION_COUNT, .offset = AT(n_frames), .low = 1,
     .high = 100000},
    {"net", "NET", "light, wide or a folder (light); random weights if there is none",
     BC_OPTION_TEXT, .offset = AT(net), .completion = BC_COMPLETE_FOLDER},
    {"models", "FOLDER", "where to look for nets first", BC_OPTION_TEXT, .offset = AT(models),
     .completion = BC_COMPLETE_FOLDER},
    {"json", NULL, "one object instead of the table", BC_OPTION_FLAG, .offset = AT(is_json)},
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_bench = {
    .name = "bench",
    .summary = "measure the generator on this machine",
    .arguments = "[OPTION...]",
    .description = "Measures the generator on this machine: a frame, each of its layers, and the "
                   "machine's peak.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};

static int parse_size(const char *text, int *width, int *height)
{
    char end;
    if (sscanf(text, "%dx%d%c", width, height, &end) != 2)
        return -1;
    return *width >= 1 && *width <= BC_MAX_SIZE && *height >= 1 && *height <= BC_MAX_SIZE ? 0 : -1;
}

/* Report ----------------------------------------------------------------------------------- */

static const char *stats_name(const bc_session *session)
{
    return session->params.stats == BC_STATS_STREAM ? "stream" : "frame";
}

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
    json_t *report = json_pack(
        "{s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:o}", "net",
        session->model->autoencoder.name, "upsample",
        bc_upsample_name(session->model->autoencoder.upsample), "width", p->width, "height",
        p->height, "threads", p->n_threads, "cpu", bc_cpu_name(p->cpu), "precision", "exact",
        "stats", stats_name(session), "median_ms", m->median_ms, "p10_ms", m->p10_ms, "p90_ms",
        m->p90_ms, "peak_gflops", m->peak_gflops, "memory_bytes",
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
    printf("net %s (%d,%d,%d %s), %dx%d, %d thread%s, %s, exact, %s statistics, %.0f MB\n",
           net->name, net->widths[0], net->widths[1], net->widths[2],
           bc_upsample_name(net->upsample), p->width, p->height, p->n_threads,
           p->n_threads == 1 ? "" : "s", bc_cpu_name(p->cpu), stats_name(session),
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
static bc_status open_model(bc_model **model, const settings *o, const bc_log *log)
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

static bc_status bench(const settings *o, int width, int height, const bc_log *log)
{
    bc_session_params params = {
        .width = width, .height = height, .n_threads = o->n_threads, .log = *log};
    bc_cpu_parse(o->cpu, &params.cpu);
    params.stats = strcmp(o->stats, "stream") == 0 ? BC_STATS_STREAM : BC_STATS_FRAME;
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

static int run(int n_args, char **args, const bc_log *log)
{
    settings o = {
        .size = "1280x720", .cpu = "native", .stats = "frame", .n_frames = 31, .net = "light"};
    int width, height;
    const int parsed = bc_options_parse(&bc_command_bench, &n_args, args, &o, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    if (n_args > 1 || parse_size(o.size, &width, &height) < 0) {
        bc_log_write(
            log, BC_LOG_ERROR, "bench: %s '%s'",
            n_args > 1 ? "unexpected argument" : "no size:", n_args > 1 ? args[1] : o.size);
        return 2;
    }
    return bench(&o, width, height, log) < 0 ? 1 : 0;
}
