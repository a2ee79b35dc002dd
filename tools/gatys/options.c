#include "gatys/options.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"

#define AT(FIELD) offsetof(bc_gatys_options, FIELD)

#define WEIGHT(NAME, HELP, FIELD)                                                                  \
    {                                                                                              \
        NAME, "W", HELP, BC_OPTION_NUMBER, .offset = AT(FIELD), .high = 1e12                       \
    }

static const bc_option table[] = {
    {"output", "FILE", "picture to write (.png, .jpg, ...), or folder", BC_OPTION_TEXT,
     .offset = AT(output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"overwrite", NULL, "replace an existing picture", BC_OPTION_FLAG, .offset = AT(overwrite),
     .letter = 'y'},
    {"weights", "FILE", "VGG's, from brushcast-import ($BRUSHCAST_VGG)", BC_OPTION_TEXT,
     .offset = AT(weights), .completion = BC_COMPLETE_FILE, .letter = 'w'},

    BC_OPTIONS_HEADING("What is minimised (alpha content + beta style + the rest)"),
    WEIGHT("alpha", "of the content (relative 0.05, gatys 0.01)", config.alpha),
    WEIGHT("beta", "of the style (1)", config.beta),
    {"content-layer", "LAYERS", "one or several, NAME or NAME:WEIGHT, with commas (relu4_1)",
     BC_OPTION_TEXT, .offset = AT(content_layers)},
    {"style-layers", "LAYERS", "likewise (relu1_1,relu2_1,relu3_1,relu4_1)", BC_OPTION_TEXT,
     .offset = AT(style_layers)},
    {"loss-scale", "KIND",
     "relative: losses as shares of the target's size; gatys: those of the article, sums of "
     "squares (relative)",
     BC_OPTION_WORD, .offset = AT(config.scale), .choices = "relative|gatys"},
    WEIGHT("gram", "of the Gram matrices of the style's layers (1)", statistics[BC_STAT_GRAM]),
    WEIGHT("moments", "of their means and deviations (0)", statistics[BC_STAT_MOMENTS]),
    WEIGHT("histogram", "of their histograms (0)", statistics[BC_STAT_HISTOGRAM]),
    WEIGHT("variation", "total variation (relative 0.3, gatys 0)", config.variation),
    WEIGHT("laplacian", "Laplacian of the content (0)", config.laplacian),
    {"pooling", "KIND", "of the loss network: max or average (max)", BC_OPTION_WORD,
     .offset = AT(config.pooling), .choices = "max|average"},

    BC_OPTIONS_HEADING("How"),
    {"optimizer", "NAME", "lbfgs, adam, adadelta or descent (lbfgs)", BC_OPTION_WORD,
     .offset = AT(config.method), .choices = "lbfgs|adam|adadelta|descent"},
    WEIGHT("rate", "of the optimiser (adam and descent 0.02, adadelta 1)", config.rate),
    {"iterations", "N", "at each scale (300)", BC_OPTION_COUNT, .offset = AT(config.n_iterations),
     .low = 1, .high = INT_MAX},
    {"scales", "N", "from coarse to fine, each twice as large (1)", BC_OPTION_COUNT,
     .offset = AT(config.n_scales), .low = 1, .high = 8},
    {"size", "N", "short side of the result in pixels (the content's)", BC_OPTION_COUNT,
     .offset = AT(config.size), .low = 1, .high = BC_MAX_SIZE},
    {"style-size", "N", "short side of the style in pixels: its brush (as --size)", BC_OPTION_COUNT,
     .offset = AT(config.style_size), .low = 1, .high = BC_MAX_SIZE},
    {"start", "FROM", "noise, content or a picture's file (noise)", BC_OPTION_TEXT,
     .offset = AT(start_picture), .completion = BC_COMPLETE_FILE},
    {"colours", "KIND",
     "style; match: the style takes the content's colours first; luminance: the result takes them "
     "afterwards (style)",
     BC_OPTION_WORD, .offset = AT(config.colours), .choices = "style|match|luminance"},
    {"seed", "N", "of the noise (1)", BC_OPTION_LONG, .offset = AT(config.seed),
     .high = (double)INT64_MAX},
    {"threads", "N", "processors to use (all); results do not depend on it", BC_OPTION_COUNT,
     .offset = AT(n_threads), .low = 1, .high = BC_MAX_THREADS},

    BC_OPTIONS_HEADING("Watching"),
    {"every", "N", "a snapshot each N iterations, beside the output", BC_OPTION_COUNT,
     .offset = AT(every), .low = 1, .high = INT_MAX},
    {"log", "FILE", "losses of every iteration of one picture, CSV", BC_OPTION_TEXT,
     .offset = AT(log), .completion = BC_COMPLETE_FILE},
    {"resume", NULL, "go on from OUTPUT.state, which is kept until the end", BC_OPTION_FLAG,
     .offset = AT(resume)},
    {"count", "N", "of a folder, N pictures evenly spread over it", BC_OPTION_COUNT,
     .offset = AT(count), .low = 1, .high = INT_MAX},

    BC_OPTIONS_HEADING("Measuring"),
    {"losses-of", "PICTURE", "print its losses, of the content's size, without optimising",
     BC_OPTION_TEXT, .offset = AT(losses_of), .completion = BC_COMPLETE_FILE},
    {"json", NULL, "as JSON", BC_OPTION_FLAG, .offset = AT(json)},
    {"gradient", "FILE", "write their gradients (safetensors)", BC_OPTION_TEXT,
     .offset = AT(gradient), .completion = BC_COMPLETE_FILE},
};

const bc_command bc_gatys_command = {
    .arguments = "CONTENT STYLE -o OUTPUT | --losses-of PICTURE [OPTION...]",
    .description =
        "Paints a picture in the style of another by optimisation (Gatys et al. 2015). If CONTENT "
        "is a folder, so is OUTPUT: each picture becomes OUTPUT/NAME.png; those that exist are "
        "skipped, and one that was interrupted goes on. Processes started by mpirun share a "
        "folder.",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = bc_gatys_run_command,
};

static int check(const bc_gatys_options *o, int n_args, const bc_log *log)
{
    if (n_args != 3)
        return bc_options_refuse(&bc_gatys_command, log, "needs CONTENT and STYLE");
    if (!o->output == !o->losses_of)
        return bc_options_refuse(&bc_gatys_command, log, "needs either --output or --losses-of");
    if (o->gradient && !o->losses_of)
        return bc_options_refuse(&bc_gatys_command, log, "--gradient goes with --losses-of");
    if (!o->weights || !*o->weights)
        return bc_options_refuse(&bc_gatys_command, log,
                                 "needs --weights, or $BRUSHCAST_VGG, of the loss network");
    return 0;
}

/* What depends on other options, and "noise" and "content", which are no files. */
static void complete(bc_gatys_options *o)
{
    const bool is_relative = o->config.scale == BC_LOSS_RELATIVE;
    if (o->config.variation < 0)
        o->config.variation = is_relative ? 0.3 : 0;
    if (o->config.alpha < 0)
        o->config.alpha = is_relative ? 0.05 : 0.01;
    o->config.start = strcmp(o->start_picture, "noise") == 0     ? BC_START_NOISE
                      : strcmp(o->start_picture, "content") == 0 ? BC_START_CONTENT
                                                                 : BC_START_PICTURE;
    if (o->config.start != BC_START_PICTURE)
        o->start_picture = NULL;
}

int bc_gatys_options_parse(bc_gatys_options *o, int n_args, char **args, const bc_log *log)
{
    *o = (bc_gatys_options){.weights = getenv("BRUSHCAST_VGG"),
                            .content_layers = "relu4_1",
                            .style_layers = "relu1_1,relu2_1,relu3_1,relu4_1",
                            .start_picture = "noise",
                            .statistics = {[BC_STAT_GRAM] = 1},
                            .config = {.alpha = -1,
                                       .beta = 1,
                                       .variation = -1,
                                       .n_iterations = 300,
                                       .n_scales = 1,
                                       .seed = 1}};
    int parsed = bc_options_parse(&bc_gatys_command, &n_args, args, o, log);
    if (parsed == 0)
        parsed = check(o, n_args, log);
    if (parsed != 0)
        return parsed;
    o->content = args[1];
    o->style = args[2];
    complete(o);
    return 0;
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
