#include "gatys/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char help[] =
    "Usage: brushcast-gatys CONTENT STYLE -o OUTPUT [options]\n"
    "       brushcast-gatys CONTENT STYLE --losses-of PICTURE [options]\n"
    "Paints a picture in the style of another by optimisation (Gatys et al. 2015). If CONTENT is\n"
    "a folder, so is OUTPUT: each picture becomes OUTPUT/NAME.png; those that exist are skipped,\n"
    "and one that was interrupted goes on. Processes started by mpirun share a folder.\n"
    "\n"
    "  -o, --output FILE       picture to write (.png, .jpg, ...), or folder\n"
    "  -y, --overwrite         replace an existing picture\n"
    "  -w, --weights FILE      VGG's, from brushcast-import (default: $BRUSHCAST_VGG)\n"
    "\n"
    "What is minimised: alpha content + beta style + the rest\n"
    "      --alpha W           (relative 0.05, gatys 0.01)\n"
    "      --beta W            (1)\n"
    "      --content-layer L   one or several, NAME or NAME:WEIGHT, with commas (relu4_1)\n"
    "      --style-layers L    (relu1_1,relu2_1,relu3_1,relu4_1)\n"
    "      --loss-scale S      relative: losses as shares of the target's size; gatys: those of\n"
    "                          the article, sums of squares (relative)\n"
    "      --gram W --moments W --histogram W\n"
    "                          what of the style's layers is compared (1, 0, 0)\n"
    "      --variation W       total variation (relative 0.3, gatys 0)\n"
    "      --laplacian W       Laplacian of the content (0)\n"
    "      --pooling P         max or average (max)\n"
    "\n"
    "How\n"
    "      --optimizer O       lbfgs, adam, adadelta or descent (lbfgs)\n"
    "      --rate R            (adam and descent 0.02, adadelta 1)\n"
    "      --iterations N      at each scale (300)\n"
    "      --scales N          from coarse to fine, each twice as large (1)\n"
    "      --size N            short side of the result in pixels (the content's)\n"
    "      --style-size N      short side of the style in pixels: its brush (as --size)\n"
    "      --start S           noise, content or a picture's file (noise)\n"
    "      --colours C         style; match: the style takes the content's colours first;\n"
    "                          luminance: the result takes them afterwards (style)\n"
    "      --seed N            of the noise (1)\n"
    "      --threads N         (one for each processor); results do not depend on it\n"
    "\n"
    "Watching\n"
    "      --every N           a snapshot each N iterations, beside the output\n"
    "      --log FILE          losses of every iteration of one picture, CSV\n"
    "      --resume            goes on from OUTPUT.state, which is kept until the end\n"
    "      --count N           of a folder, N pictures evenly spread over it\n"
    "  -q, --quiet             errors and warnings only\n"
    "  -v, --verbose\n"
    "\n"
    "Measuring\n"
    "      --losses-of PICTURE prints its losses, of the content's size, without optimising\n"
    "      --json              as JSON\n"
    "      --gradient FILE     writes their gradients (safetensors)\n"
    "\n"
    "      --help, --version\n";

enum option_id {
    OPTION_ALPHA = 256,
    OPTION_BETA,
    OPTION_CONTENT_LAYER,
    OPTION_STYLE_LAYERS,
    OPTION_LOSS_SCALE,
    OPTION_GRAM,
    OPTION_MOMENTS,
    OPTION_HISTOGRAM,
    OPTION_VARIATION,
    OPTION_LAPLACIAN,
    OPTION_POOLING,
    OPTION_OPTIMIZER,
    OPTION_RATE,
    OPTION_ITERATIONS,
    OPTION_SCALES,
    OPTION_SIZE,
    OPTION_STYLE_SIZE,
    OPTION_START,
    OPTION_COLOURS,
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_EVERY,
    OPTION_LOG,
    OPTION_RESUME,
    OPTION_COUNT,
    OPTION_LOSSES_OF,
    OPTION_JSON,
    OPTION_GRADIENT,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"overwrite", no_argument, NULL, 'y'},
    {"weights", required_argument, NULL, 'w'},
    {"alpha", required_argument, NULL, OPTION_ALPHA},
    {"beta", required_argument, NULL, OPTION_BETA},
    {"content-layer", required_argument, NULL, OPTION_CONTENT_LAYER},
    {"style-layers", required_argument, NULL, OPTION_STYLE_LAYERS},
    {"loss-scale", required_argument, NULL, OPTION_LOSS_SCALE},
    {"gram", required_argument, NULL, OPTION_GRAM},
    {"moments", required_argument, NULL, OPTION_MOMENTS},
    {"histogram", required_argument, NULL, OPTION_HISTOGRAM},
    {"variation", required_argument, NULL, OPTION_VARIATION},
    {"laplacian", required_argument, NULL, OPTION_LAPLACIAN},
    {"pooling", required_argument, NULL, OPTION_POOLING},
    {"optimizer", required_argument, NULL, OPTION_OPTIMIZER},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"iterations", required_argument, NULL, OPTION_ITERATIONS},
    {"scales", required_argument, NULL, OPTION_SCALES},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"style-size", required_argument, NULL, OPTION_STYLE_SIZE},
    {"start", required_argument, NULL, OPTION_START},
    {"colours", required_argument, NULL, OPTION_COLOURS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"every", required_argument, NULL, OPTION_EVERY},
    {"log", required_argument, NULL, OPTION_LOG},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"losses-of", required_argument, NULL, OPTION_LOSSES_OF},
    {"json", no_argument, NULL, OPTION_JSON},
    {"gradient", required_argument, NULL, OPTION_GRADIENT},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Values ----------------------------------------------------------------------------------- */

typedef struct value {
    const char *option, *text;
    const bc_log *log;
} value;

static bc_status refuse(value v, const char *expected)
{
    return bc_fail(v.log, BC_ERR_ARGUMENT, "--%s takes %s, not '%s'", v.option, expected, v.text);
}

static bc_status read_int(int *result, value v, int least, int greatest)
{
    char *end, expected[64];
    errno = 0;
    const long number = strtol(v.text, &end, 10);
    if (errno || end == v.text || *end || number < least || number > greatest) {
        snprintf(expected, sizeof(expected), "a whole number from %d to %d", least, greatest);
        return refuse(v, expected);
    }
    *result = (int)number;
    return BC_OK;
}

static bc_status read_weight(double *result, value v)
{
    char *end;
    const double number = strtod(v.text, &end);
    if (end == v.text || *end || !isfinite(number) || number < 0)
        return refuse(v, "a number that is not negative");
    *result = number;
    return BC_OK;
}

static bc_status read_seed(uint64_t *result, value v)
{
    char *end;
    errno = 0;
    *result = strtoull(v.text, &end, 10);
    return errno || end == v.text || *end || v.text[0] == '-' ? refuse(v, "a whole number") : BC_OK;
}

/* One of the `n` words, in the order of an enumeration. */
static bc_status read_word(int *result, value v, const char *const *words, int n)
{
    char expected[128] = "one of";
    for (int i = 0; i < n; i++) {
        if (strcmp(v.text, words[i]) == 0) {
            *result = i;
            return BC_OK;
        }
        strcat(strcat(expected, i ? ", " : " "), words[i]);
    }
    return refuse(v, expected);
}

/* Options ---------------------------------------------------------------------------------- */

static bc_status set_scale(bc_gatys_options *o, value v)
{
    static const char *const words[] = {"relative", "gatys"};
    int word = 0;
    const bc_status status = read_word(&word, v, words, 2);
    o->config.scale = (bc_loss_scale)word;
    return status;
}

static bc_status set_pooling(bc_gatys_options *o, value v)
{
    static const char *const words[] = {"max", "average"};
    int word = 0;
    const bc_status status = read_word(&word, v, words, 2);
    o->config.pooling = (bc_pooling)word;
    return status;
}

static bc_status set_colours(bc_gatys_options *o, value v)
{
    static const char *const words[] = {"style", "match", "luminance"};
    int word = 0;
    const bc_status status = read_word(&word, v, words, 3);
    o->config.colours = (bc_colours)word;
    return status;
}

static bc_status set_start(bc_gatys_options *o, value v)
{
    o->config.start = strcmp(v.text, "noise") == 0     ? BC_START_NOISE
                      : strcmp(v.text, "content") == 0 ? BC_START_CONTENT
                                                       : BC_START_PICTURE;
    o->start_picture = o->config.start == BC_START_PICTURE ? v.text : NULL;
    return BC_OK;
}

static bc_status set_text(const char **text, value v)
{
    *text = v.text;
    return BC_OK;
}

static bc_status set_flag(bool *flag)
{
    *flag = true;
    return BC_OK;
}

static bc_status set_option(bc_gatys_options *o, int id, value v)
{
    bc_synthesis_config *c = &o->config;
    switch (id) {
    case 'o':
        return set_text(&o->output, v);
    case 'y':
        return set_flag(&o->overwrite);
    case 'w':
        return set_text(&o->weights, v);
    case 'q':
        return set_flag(&o->is_quiet);
    case 'v':
        return set_flag(&o->is_verbose);
    case OPTION_ALPHA:
        return read_weight(&c->alpha, v);
    case OPTION_BETA:
        return read_weight(&c->beta, v);
    case OPTION_CONTENT_LAYER:
        return set_text(&o->content_layers, v);
    case OPTION_STYLE_LAYERS:
        return set_text(&o->style_layers, v);
    case OPTION_LOSS_SCALE:
        return set_scale(o, v);
    case OPTION_GRAM:
        return read_weight(&o->statistics[BC_STAT_GRAM], v);
    case OPTION_MOMENTS:
        return read_weight(&o->statistics[BC_STAT_MOMENTS], v);
    case OPTION_HISTOGRAM:
        return read_weight(&o->statistics[BC_STAT_HISTOGRAM], v);
    case OPTION_VARIATION:
        return read_weight(&c->variation, v);
    case OPTION_LAPLACIAN:
        return read_weight(&c->laplacian, v);
    case OPTION_POOLING:
        return set_pooling(o, v);
    case OPTION_OPTIMIZER:
        return bc_method_parse(&c->method, v.text) == BC_OK
                   ? BC_OK
                   : refuse(v, "lbfgs, adam, adadelta or descent");
    case OPTION_RATE:
        return read_weight(&c->rate, v);
    case OPTION_ITERATIONS:
        return read_int(&c->n_iterations, v, 1, INT_MAX);
    case OPTION_SCALES:
        return read_int(&c->n_scales, v, 1, 8);
    case OPTION_SIZE:
        return read_int(&c->size, v, 1, BC_MAX_SIZE);
    case OPTION_STYLE_SIZE:
        return read_int(&c->style_size, v, 1, BC_MAX_SIZE);
    case OPTION_START:
        return set_start(o, v);
    case OPTION_COLOURS:
        return set_colours(o, v);
    case OPTION_SEED:
        return read_seed(&c->seed, v);
    case OPTION_THREADS:
        return read_int(&o->n_threads, v, 1, BC_MAX_THREADS);
    case OPTION_EVERY:
        return read_int(&o->every, v, 1, INT_MAX);
    case OPTION_LOG:
        return set_text(&o->log, v);
    case OPTION_RESUME:
        return set_flag(&o->resume);
    case OPTION_COUNT:
        return read_int(&o->count, v, 1, INT_MAX);
    case OPTION_LOSSES_OF:
        return set_text(&o->losses_of, v);
    case OPTION_JSON:
        return set_flag(&o->json);
    case OPTION_GRADIENT:
        return set_text(&o->gradient, v);
    case OPTION_HELP:
        fputs(help, stdout);
        return BC_END;
    case OPTION_VERSION:
        printf("brushcast-gatys %s\n", bc_version());
        return BC_END;
    default:
        return bc_fail(v.log, BC_ERR_ARGUMENT, "unknown option; see --help");
    }
}

static bc_status check(bc_gatys_options *o, int argc, char **argv, const bc_log *log)
{
    if (argc - optind != 2)
        return bc_fail(log, BC_ERR_ARGUMENT, "needs CONTENT and STYLE; see --help");
    o->content = argv[optind];
    o->style = argv[optind + 1];
    if (!o->output == !o->losses_of)
        return bc_fail(log, BC_ERR_ARGUMENT, "needs either --output or --losses-of");
    if (o->gradient && !o->losses_of)
        return bc_fail(log, BC_ERR_ARGUMENT, "--gradient goes with --losses-of");
    if (!o->weights || !*o->weights)
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "needs --weights, or $BRUSHCAST_VGG, of the loss network");
    if (o->config.variation < 0)
        o->config.variation = o->config.scale == BC_LOSS_RELATIVE ? 0.3 : 0;
    if (o->config.alpha < 0)
        o->config.alpha = o->config.scale == BC_LOSS_RELATIVE ? 0.05 : 0.01;
    return BC_OK;
}

bc_status bc_gatys_options_parse(bc_gatys_options *options, int argc, char **argv,
                                 const bc_log *log)
{
    *options = (bc_gatys_options){.weights = getenv("BRUSHCAST_VGG"),
                                  .content_layers = "relu4_1",
                                  .style_layers = "relu1_1,relu2_1,relu3_1,relu4_1",
                                  .statistics = {[BC_STAT_GRAM] = 1},
                                  .config = {.alpha = -1,
                                             .beta = 1,
                                             .variation = -1,
                                             .n_iterations = 300,
                                             .n_scales = 1,
                                             .seed = 1}};
    for (;;) {
        int index = -1;
        opterr = 0;
        const int id = getopt_long(argc, argv, ":o:yw:qv", long_options, &index);
        if (id == -1)
            return check(options, argc, argv, log);
        if (id == ':' || id == '?')
            return bc_fail(log, BC_ERR_ARGUMENT, "%s '%s'; see --help",
                           id == ':' ? "a value is missing after" : "unknown option",
                           argv[optind - 1]);
        const value v = {index >= 0 ? long_options[index].name : "", optarg, log};
        const bc_status status = set_option(options, id, v);
        if (status != BC_OK)
            return status;
    }
}

/* Layers ----------------------------------------------------------------------------------- */

/* "NAME[:WEIGHT]" of `length` characters. */
static bc_status read_layer(double weights[BC_VGG_MAX_LAYERS], const char *text, size_t length,
                            const bc_vgg *vgg, const bc_log *log)
{
    char name[64];
    double weight = 1;
    int layer;
    snprintf(name, sizeof(name), "%.*s", (int)length, text);
    char *colon = strchr(name, ':'), *end = NULL;
    if (colon) {
        *colon = '\0';
        weight = strtod(colon + 1, &end);
        if (end == colon + 1 || *end || !isfinite(weight) || weight <= 0)
            return bc_fail(log, BC_ERR_ARGUMENT, "'%s' is no weight for layer %s", colon + 1, name);
    }
    const bc_status status = bc_vgg_find(vgg, &layer, name, log);
    if (status == BC_OK)
        weights[layer] = weight;
    return status;
}

static bc_status read_layers(double weights[BC_VGG_MAX_LAYERS], const char *list, const bc_vgg *vgg,
                             const bc_log *log)
{
    double sum = 0;
    for (const char *text = list;;) {
        const size_t length = strcspn(text, ",");
        const bc_status status = read_layer(weights, text, length, vgg, log);
        if (status < 0)
            return status;
        text += length;
        if (*text++ == '\0')
            break;
    }
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        sum += weights[i];
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        weights[i] /= sum;
    return BC_OK;
}

bc_status bc_gatys_options_terms(bc_gatys_options *options, const bc_vgg *vgg, const bc_log *log)
{
    bc_loss_terms *terms = &options->config.terms;
    double style[BC_VGG_MAX_LAYERS] = {0};
    *terms = (bc_loss_terms){0};
    bc_status status = read_layers(terms->content, options->content_layers, vgg, log);
    if (status == BC_OK)
        status = read_layers(style, options->style_layers, vgg, log);
    for (int s = 0; s < BC_N_STATISTICS; s++)
        for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
            terms->style[s][i] = options->statistics[s] * style[i];
    return status;
}
