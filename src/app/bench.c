#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_clip.h"
#include "app/commands.h"
#include "app/compare.h"
#include "base/cpu.h"
#include "base/log.h"
#include "cli/painting.h"
#include "media/log.h"
#include "paint/measure.h"

typedef struct settings {
    const char *size, *format, *tier, *precision, *stats, *net, *layers, *models, *preset;
    double stabilize;
    int n_threads, n_frames, n_blended;
    bool compares, is_json;
} settings;

#define AT(field) offsetof(settings, field)

static const bc_option options[] = {
    {"size", "WxH", "of the frames (1280x720)", BC_OPTION_TEXT, .offset = AT(size)},
    {"format", "KIND", "of their pixels: rgb24 or yuv420 (rgb24)", BC_OPTION_CHOICE,
     .offset = AT(format), .choices = "rgb24|yuv420"},
    BC_TIER_OPTION(AT),
    BC_PRECISION_OPTION(AT(precision)),
    BC_NET_OPTIONS(AT),
    BC_STABILIZE_OPTION(AT),
    BC_THREADS_OPTION(AT),
    {"stats", "KIND",
     "frame (each frame's own) or stream (running averages) (frame; of a clip, stream)",
     BC_OPTION_CHOICE, .offset = AT(stats), .choices = "frame|stream"},
    {"frames", "N", "to measure (31)", BC_OPTION_COUNT, .offset = AT(n_frames), .low = 1,
     .high = 100000},
    {"blend", "N", "of the net's styles in equal shares (1)", BC_OPTION_COUNT,
     .offset = AT(n_blended), .low = 1, .high = BC_MAX_BLEND},
    {"layers", "TABLE",
     "instead of a net: random weights of a table of layers, stylebank, cin, johnson, deep or a "
     "file",
     BC_OPTION_TEXT, .offset = AT(layers), .completion = BC_COMPLETE_FILE},
    {"compare", NULL, "every instruction set and way of painting that this machine has",
     BC_OPTION_FLAG, .offset = AT(compares)},
    {"preset", "NAME", "of a clip's encoder: its speed (veryfast)", BC_OPTION_TEXT,
     .offset = AT(preset)},
    {"json", NULL, "one object instead of the table", BC_OPTION_FLAG, .offset = AT(is_json)},
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_bench = {
    .name = "bench",
    .summary = "measure the generator on this machine",
    .arguments = "[CLIP] [OPTION...]",
    .description =
        "Measures the generator on this machine: a frame, each of its layers, beside the machine's "
        "peak of arithmetic and of memory. With a CLIP, measures a whole conversion of it to "
        "H.264, "
        "stage by stage.",
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

static const char *peak_of(const bc_measurement *m)
{
    return m->is_matrix ? "products of the matrix units" : "fused multiply-adds";
}

static void print_json(const bc_model *model, const bc_session_params *p, const bc_measurement *m)
{
    json_t *layers = json_array();
    for (int i = 0; i < m->n_layers; i++) {
        const bc_layer_time *layer = &m->layers[i];
        json_array_append_new(layers,
                              json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "name", layer->name,
                                        "gmac", layer->gmac, "ms", layer->ms, "gflops",
                                        layer->gflops, "peak_share", layer->peak_share, "mbytes",
                                        layer->mbytes, "bandwidth_share", layer->bandwidth_share));
    }
    json_t *report = json_pack(
        "{s:s, s:f, s:i, s:i, s:i, s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:s, s:f, s:I, s:o}", "net",
        bc_model_name(model), "macs_per_pixel", bc_measure_macs(model), "width", p->width, "height",
        p->height, "threads", p->n_threads, "cpu", m->tier, "precision",
        bc_precision_name(p->precision), "stats", bc_stats_name(p->stats), "median_ms",
        m->median_ms, "p10_ms", m->p10_ms, "p90_ms", m->p90_ms, "peak_gflops", m->peak_gflops,
        "peak_of", peak_of(m), "bandwidth_gbs", m->bandwidth_gbs, "memory_bytes",
        (json_int_t)bc_session_memory(model, p), "layers", layers);
    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    putchar('\n');
    json_decref(report);
}

/* A line of the table; the bar is the share of the frame's time. */
static void print_row(const bc_layer_time *layer, double share)
{
    static const char bar[] = "##############################";
    printf("%-22s %7.3f %8.2f %9.0f %7.0f %% %7.1f %7.0f %% %6.1f %%  %.*s\n", layer->name,
           layer->gmac, layer->ms, layer->gflops, 100 * layer->peak_share, layer->mbytes,
           100 * layer->bandwidth_share, 100 * share,
           (int)(share * (double)(sizeof(bar) - 1) + 0.5), bar);
}

static bc_layer_time sum_of(const bc_measurement *m)
{
    bc_layer_time all = {.name = "all"};
    for (int i = 0; i < m->n_layers; i++) {
        all.gmac += m->layers[i].gmac;
        all.ms += m->layers[i].ms;
        all.mbytes += m->layers[i].mbytes;
    }
    all.gflops = 2e3 * all.gmac / all.ms;
    all.peak_share = all.gflops / m->peak_gflops;
    all.bandwidth_share = m->bandwidth_gbs > 0 ? all.mbytes / all.ms / m->bandwidth_gbs : 0;
    return all;
}

static void print_head(const bc_model *model, const bc_session_params *p)
{
    printf("net %s (%.0f multiply-adds a pixel), %dx%d, %d thread%s", bc_model_name(model),
           bc_measure_macs(model), p->width, p->height, p->n_threads, p->n_threads == 1 ? "" : "s");
}

static void print_table(const bc_model *model, const bc_session_params *p, const bc_measurement *m)
{
    const bc_layer_time all = sum_of(m);
    print_head(model, p);
    printf(", %s, %s, %s statistics, %.0f MB\n", m->tier, bc_precision_name(p->precision),
           bc_stats_name(p->stats), 1e-6 * (double)bc_session_memory(model, p));
    printf("this machine's peak: %.0f GFLOP/s of %s, %.1f GB/s of memory\n\n", m->peak_gflops,
           peak_of(m), m->bandwidth_gbs);
    printf(
        "layer                     GMAC       ms   GFLOP/s   of peak      MB of memory  of time\n");
    for (int i = 0; i < m->n_layers; i++)
        print_row(&m->layers[i], m->layers[i].ms / m->median_ms);
    print_row(&all, all.ms / m->median_ms);
    printf(
        "\nGFLOP/s count the operations of an ordinary convolution; Winograd's needs fewer, and\n"
        "the matrix units multiply by zeros too.\n"
        "MB are a layer's input and output, each once, wherever the caches leave them.\n"
        "a frame: median %.2f ms, p10 %.2f, p90 %.2f: %.1f frames a second\n",
        m->median_ms, m->p10_ms, m->p90_ms, 1e3 / m->median_ms);
}

static void print_ways_json(const bc_way_result *ways, int n)
{
    json_t *report = json_array();
    for (int i = 0; i < n; i++) {
        const bc_way_result *w = &ways[i];
        json_array_append_new(
            report, json_pack("{s:s, s:s, s:s, s:f, s:o}", "cpu", w->tier, "precision",
                              bc_precision_name(w->precision), "stats", bc_stats_name(w->stats),
                              "median_ms", w->median_ms, "psnr_db",
                              isfinite(w->psnr_db) ? json_real(w->psnr_db) : json_null()));
    }
    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    putchar('\n');
    json_decref(report);
}

static void print_ways(const bc_way_result *ways, int n, const bc_model *model,
                       const bc_session_params *params)
{
    print_head(model, params);
    printf("\n\ncpu     precision  statistics       ms  times the C code's speed  PSNR to exact\n");
    for (int i = 0; i < n; i++) {
        const bc_way_result *w = &ways[i];
        printf("%-7s %-10s %-10s %8.2f  %24.1f  ", w->tier, bc_precision_name(w->precision),
               bc_stats_name(w->stats), w->median_ms, ways[0].median_ms / w->median_ms);
        if (isfinite(w->psnr_db))
            printf("%10.1f dB\n", w->psnr_db);
        else
            printf("%13s\n", "the same");
    }
}

/* The net of the options, or one of random weights. */
static bc_status open_model(bc_model **model, const settings *o, const bc_log *log)
{
    if (o->layers)
        return bc_measure_make_model(model, o->layers, log);
    return bc_model_open(model, o->net, &(bc_model_params){.models = o->models, .log = *log});
}

static bc_status measure(const settings *o, const bc_model *model, const bc_session_params *params)
{
    const bool has_planes = o->format && strcmp(o->format, "yuv420") == 0;
    bc_measurement measurement;
    const bc_status status = bc_measure_model(&measurement, model, params,
                                              has_planes ? BC_YUV420 : BC_RGB24, o->n_frames);
    if (status == BC_OK)
        (o->is_json ? print_json : print_table)(model, params, &measurement);
    return status;
}

static bc_status compare(const settings *o, const bc_model *model, const bc_session_params *params)
{
    bc_way_result ways[BC_MAX_WAYS];
    int n_ways;
    const bc_status status = bc_compare_ways(ways, &n_ways, model, params, o->n_frames);
    if (status == BC_OK && o->is_json)
        print_ways_json(ways, n_ways);
    else if (status == BC_OK)
        print_ways(ways, n_ways, model, params);
    return status;
}

static bc_stats stats_of(const settings *o, bc_stats by_default)
{
    return !o->stats                         ? by_default
           : strcmp(o->stats, "stream") == 0 ? BC_STATS_STREAM
                                             : BC_STATS_FRAME;
}

static bc_status bench(const settings *o, int width, int height, const bc_log *log)
{
    bc_session_params params = {.width = width,
                                .height = height,
                                .n_threads = o->n_threads ? o->n_threads : bc_cpu_count(),
                                .max_blend = o->n_blended,
                                .stats = stats_of(o, BC_STATS_FRAME),
                                .tier = o->tier,
                                .log = *log};
    bc_model *model = NULL;
    if (params.stats == BC_STATS_STREAM)
        params.precision = bc_precision_named(o->precision);
    bc_status status = open_model(&model, o, log);
    if (status == BC_OK)
        status = o->compares ? compare(o, model, &params) : measure(o, model, &params);
    bc_model_close(&model);
    return status;
}

static bc_status bench_clip(const settings *o, const char *input, const bc_log *log)
{
    bc_media_log(log);
    return bc_bench_clip(
        &(bc_bench_clip_params){.input = input,
                                .net = o->net,
                                .models = o->models,
                                .preset = o->preset,
                                .stats = stats_of(o, BC_STATS_STREAM),
                                .precision = bc_precision_named(o->precision),
                                .stabilize = (float)o->stabilize,
                                .n_threads = o->n_threads ? o->n_threads : bc_cpu_count(),
                                .is_json = o->is_json,
                                .log = *log});
}

static int run(int n_args, char **args, const bc_log *log)
{
    settings o = {.size = "1280x720", .n_frames = 31, .n_blended = 1, .preset = "veryfast"};
    int width, height;
    const int parsed = bc_options_parse(&bc_command_bench, &n_args, args, &o, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    if (n_args > 2 || parse_size(o.size, &width, &height) < 0) {
        bc_log_write(
            log, BC_LOG_ERROR, "bench: %s '%s'",
            n_args > 2 ? "unexpected argument" : "no size:", n_args > 2 ? args[2] : o.size);
        return 2;
    }
    const bc_status status =
        n_args == 2 ? bench_clip(&o, args[1], log) : bench(&o, width, height, log);
    return status < 0 ? 1 : 0;
}
