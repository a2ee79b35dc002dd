#include "train/train_options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char help[] =
    "Usage: brushcast-train COMMAND -o NET [options] PHOTOS...\n"
    "Trains the nets of Brushcast on the photographs in the folders PHOTOS. Processes started by\n"
    "mpirun share each step's photographs; results do not depend on their number.\n"
    "\n"
    "Commands:\n"
    "  autoencoder  encoder and decoder alone, to give back the photograph\n"
    "  joint        encoder, decoder and one bank for each --style together; goes on from NET\n"
    "  bank         one bank for each --style; encoder and decoder of NET stay as they are\n"
    "  measure      prints the figures of the banks of NET on photographs not trained on\n"
    "\n"
    "  -o, --output NET        folder of the net, made if need be\n"
    "  -s, --style FILE        a painting; several: several styles\n"
    "      --paintings LIST    names, titles, artists of paintings (tab-separated text)\n"
    "      --loss-network FILE weights of VGG, from brushcast-import\n"
    "      --loss KIND         perceptual, by the loss network, or samples: bank only, of one\n"
    "                          --style, by the mean squared difference to paintings of PHOTOS\n"
    "                          made by brushcast-gatys, the paper's way (as --samples is given)\n"
    "      --samples FOLDER    those paintings\n"
    "      --brush N[,N...]    short side of the paintings in pixels: larger, broader strokes;\n"
    "                          of several sizes each picture draws one (256)\n"
    "\n"
    "The net (read from NET where it has one):\n"
    "      --widths A,B,C      channels of the encoder's layers (8,16,32)\n"
    "      --upsample KIND     subpixel, nearest or zero (subpixel)\n"
    "      --bank-layers N     (2)\n"
    "\n"
    "Training:\n"
    "      --steps N           in all (autoencoder 600, joint 2000, bank 600)\n"
    "      --rate R            at the start (2e-3, bank 5e-3)\n"
    "      --batch N           photographs a step, shared by the processes that mpirun starts (2)\n"
    "      --crop N            side of the squares trained on (192, measure 256)\n"
    "      --optimizer NAME    adam or descent (adam)\n"
    "      --identity-loss L   l1, the mean absolute difference, or l2, the mean squared one (l1)\n"
    "      --style-steps N     style steps before each identity step, joint only (2)\n"
    "      --content W --style-weight W --variation W --stability W\n"
    "                          weights (1, 0.3 a layer, 0.5, 30)\n"
    "      --noise S           deviation of the noise that paintings shall be stable against (3)\n"
    "      --seed N            (1)\n"
    "      --threads N         (one for each processor); results do not depend on it\n"
    "\n"
    "Watching:\n"
    "      --validation N      photographs set aside (24)\n"
    "      --validate-every N  steps between figures and preview sheets (250)\n"
    "      --checkpoint-every N  (100)\n"
    "      --patience N        validations without a gain before it stops by itself (6; 0: never)\n"
    "      --resume            goes on from the last checkpoint\n"
    "  -q, --quiet             errors and warnings only\n"
    "      --version, --help\n";

enum option_id {
    OPTION_PAINTINGS = 256,
    OPTION_LOSS_NETWORK,
    OPTION_LOSS,
    OPTION_SAMPLES,
    OPTION_BRUSH,
    OPTION_WIDTHS,
    OPTION_UPSAMPLE,
    OPTION_BANK_LAYERS,
    OPTION_STEPS,
    OPTION_RATE,
    OPTION_BATCH,
    OPTION_CROP,
    OPTION_OPTIMIZER,
    OPTION_IDENTITY_LOSS,
    OPTION_STYLE_STEPS,
    OPTION_CONTENT,
    OPTION_STYLE_WEIGHT,
    OPTION_VARIATION,
    OPTION_STABILITY,
    OPTION_NOISE,
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_VALIDATION,
    OPTION_VALIDATE_EVERY,
    OPTION_CHECKPOINT_EVERY,
    OPTION_PATIENCE,
    OPTION_RESUME,
    OPTION_VERSION,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"style", required_argument, NULL, 's'},
    {"paintings", required_argument, NULL, OPTION_PAINTINGS},
    {"loss-network", required_argument, NULL, OPTION_LOSS_NETWORK},
    {"loss", required_argument, NULL, OPTION_LOSS},
    {"samples", required_argument, NULL, OPTION_SAMPLES},
    {"brush", required_argument, NULL, OPTION_BRUSH},
    {"widths", required_argument, NULL, OPTION_WIDTHS},
    {"upsample", required_argument, NULL, OPTION_UPSAMPLE},
    {"bank-layers", required_argument, NULL, OPTION_BANK_LAYERS},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"batch", required_argument, NULL, OPTION_BATCH},
    {"crop", required_argument, NULL, OPTION_CROP},
    {"optimizer", required_argument, NULL, OPTION_OPTIMIZER},
    {"identity-loss", required_argument, NULL, OPTION_IDENTITY_LOSS},
    {"style-steps", required_argument, NULL, OPTION_STYLE_STEPS},
    {"content", required_argument, NULL, OPTION_CONTENT},
    {"style-weight", required_argument, NULL, OPTION_STYLE_WEIGHT},
    {"variation", required_argument, NULL, OPTION_VARIATION},
    {"stability", required_argument, NULL, OPTION_STABILITY},
    {"noise", required_argument, NULL, OPTION_NOISE},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"validation", required_argument, NULL, OPTION_VALIDATION},
    {"validate-every", required_argument, NULL, OPTION_VALIDATE_EVERY},
    {"checkpoint-every", required_argument, NULL, OPTION_CHECKPOINT_EVERY},
    {"patience", required_argument, NULL, OPTION_PATIENCE},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

static const char *option_name(int id)
{
    for (const struct option *o = long_options; o->name; o++)
        if (o->val == id)
            return o->name;
    return "?";
}

static bc_status bad_value(int id, const char *expected, const bc_log *log)
{
    return bc_fail(log, BC_ERR_ARGUMENT, "--%s: '%s' is not %s", option_name(id), optarg, expected);
}

static bc_status parse_number(double *value, int id, double low, double high, const bc_log *log)
{
    char *end;
    *value = strtod(optarg, &end);
    if (end != optarg && *end == '\0' && *value >= low && *value <= high)
        return BC_OK;
    char expected[64];
    snprintf(expected, sizeof(expected), "a number from %g to %g", low, high);
    return bad_value(id, expected, log);
}

static bc_status parse_count(int64_t *value, int id, int64_t low, int64_t high, const bc_log *log)
{
    char *end;
    errno = 0;
    *value = strtoll(optarg, &end, 10);
    if (end != optarg && *end == '\0' && errno == 0 && *value >= low && *value <= high)
        return BC_OK;
    char expected[80];
    snprintf(expected, sizeof(expected), "a whole number from %lld to %lld", (long long)low,
             (long long)high);
    return bad_value(id, expected, log);
}

static bc_status parse_int(int *value, int id, int low, int high, const bc_log *log)
{
    int64_t count;
    const bc_status status = parse_count(&count, id, low, high, log);
    if (status == BC_OK)
        *value = (int)count;
    return status;
}

/* The index of the argument in `words`, which ends with NULL. */
static bc_status parse_word(int *value, int id, const char *const *words, const char *expected,
                            const bc_log *log)
{
    for (*value = 0; words[*value]; (*value)++)
        if (strcmp(optarg, words[*value]) == 0)
            return BC_OK;
    return bad_value(id, expected, log);
}

static bc_status parse_widths(int widths[BC_N_WIDTHS], int id, const bc_log *log)
{
    int n = 0;
    const int ok = sscanf(optarg, "%d,%d,%d%n", &widths[0], &widths[1], &widths[2], &n) == 3 &&
                   optarg[n] == '\0';
    for (int i = 0; i < BC_N_WIDTHS; i++)
        if (!ok || widths[i] < 8 || widths[i] > BC_MAX_WIDTH || widths[i] % 8)
            return bad_value(id, "three multiples of 8, as 8,16,32", log);
    return BC_OK;
}

static bc_status parse_brushes(bc_train_options *o, int id, const bc_log *log)
{
    const char *rest = optarg;
    for (o->n_brushes = 0; o->n_brushes < BC_TRAIN_MAX_BRUSHES;) {
        int n = 0, size = 0;
        if (sscanf(rest, "%d%n", &size, &n) != 1 || size < 64 || size > 2048)
            break;
        o->brushes[o->n_brushes++] = size;
        rest += n;
        if (*rest == '\0')
            return BC_OK;
        if (*rest++ != ',')
            break;
    }
    return bad_value(id, "up to four numbers from 64 to 2048, as 256,384", log);
}

static bc_status parse_loss(bc_train_options *o, int id, const bc_log *log)
{
    static const char *const losses[] = {"perceptual", "samples", NULL};
    int word = 0;
    const bc_status status = parse_word(&word, id, losses, "perceptual or samples", log);
    o->loss = losses[word];
    return status;
}

static bc_status parse_net_option(bc_train_config *c, int id, const bc_log *log)
{
    static const char *const upsamples[] = {"subpixel", "nearest", "zero", NULL};
    int word = 0;
    bc_status status;
    switch (id) {
    case OPTION_WIDTHS:
        return parse_widths(c->widths, id, log);
    case OPTION_BANK_LAYERS:
        return parse_int(&c->n_bank_layers, id, 1, BC_MAX_BANK_LAYERS, log);
    default:
        status = parse_word(&word, id, upsamples, "subpixel, nearest or zero", log);
        c->upsample = (bc_upsample)word;
        return status;
    }
}

static bc_status parse_training_option(bc_train_config *c, int id, const bc_log *log)
{
    static const char *const optimizers[] = {"adam", "descent", NULL};
    static const char *const losses[] = {"l1", "l2", NULL};
    int word = 0;
    int64_t seed = 0;
    bc_status status;
    switch (id) {
    case OPTION_STEPS:
        return parse_count(&c->n_steps, id, 1, INT32_MAX, log);
    case OPTION_RATE:
        return parse_number(&c->rate, id, 1e-9, 1e3, log);
    case OPTION_BATCH:
        return parse_int(&c->batch, id, 1, BC_TRAIN_MAX_BATCH, log);
    case OPTION_CROP:
        status = parse_int(&c->crop, id, 64, 1024, log);
        return status == BC_OK && c->crop % 4 ? bad_value(id, "a multiple of 4", log) : status;
    case OPTION_OPTIMIZER:
        status = parse_word(&word, id, optimizers, "adam or descent", log);
        c->optimizer = (bc_optimizer_kind)word;
        return status;
    case OPTION_IDENTITY_LOSS:
        status = parse_word(&word, id, losses, "l1 or l2", log);
        c->identity_loss = (bc_identity_loss)word;
        return status;
    case OPTION_STYLE_STEPS:
        return parse_int(&c->style_steps, id, 1, 1000, log);
    case OPTION_CONTENT:
        return parse_number(&c->content, id, 0, 1e6, log);
    case OPTION_STYLE_WEIGHT:
        return parse_number(&c->style, id, 0, 1e6, log);
    case OPTION_VARIATION:
        return parse_number(&c->variation, id, 0, 1e6, log);
    case OPTION_STABILITY:
        return parse_number(&c->stability, id, 0, 1e6, log);
    case OPTION_NOISE:
        return parse_number(&c->noise, id, 0, 255, log);
    default:
        status = parse_count(&seed, id, 0, INT64_MAX, log);
        c->seed = (uint64_t)seed;
        return status;
    }
}

static bc_status add_style(bc_train_options *o, const bc_log *log)
{
    if (o->n_styles == BC_TRAIN_MAX_STYLES)
        return bc_fail(log, BC_ERR_ARGUMENT, "--style: more than %d styles", BC_TRAIN_MAX_STYLES);
    o->styles[o->n_styles++] = optarg;
    return BC_OK;
}

static bc_status parse_option(bc_train_options *o, int id, const bc_log *log)
{
    switch (id) {
    case 'o':
        o->net = optarg;
        return BC_OK;
    case 's':
        return add_style(o, log);
    case 'q':
        o->is_quiet = true;
        return BC_OK;
    case OPTION_PAINTINGS:
        o->paintings = optarg;
        return BC_OK;
    case OPTION_LOSS_NETWORK:
        o->loss_network = optarg;
        return BC_OK;
    case OPTION_LOSS:
        return parse_loss(o, id, log);
    case OPTION_SAMPLES:
        o->samples = optarg;
        return BC_OK;
    case OPTION_BRUSH:
        return parse_brushes(o, id, log);
    case OPTION_THREADS:
        return parse_int(&o->n_threads, id, 1, BC_MAX_THREADS, log);
    case OPTION_VALIDATION:
        return parse_int(&o->n_validation, id, 1, 1000, log);
    case OPTION_VALIDATE_EVERY:
        return parse_count(&o->validate_every, id, 1, INT32_MAX, log);
    case OPTION_CHECKPOINT_EVERY:
        return parse_count(&o->checkpoint_every, id, 1, INT32_MAX, log);
    case OPTION_PATIENCE:
        return parse_int(&o->patience, id, 0, INT32_MAX, log);
    case OPTION_RESUME:
        o->resume = true;
        return BC_OK;
    case OPTION_WIDTHS:
    case OPTION_UPSAMPLE:
    case OPTION_BANK_LAYERS:
        return parse_net_option(&o->config, id, log);
    case OPTION_VERSION:
        printf("brushcast-train %s\n", bc_version());
        return BC_END;
    case OPTION_HELP:
        fputs(help, stdout);
        return BC_END;
    case '?':
        return bc_fail(log, BC_ERR_ARGUMENT, "unknown or incomplete option '%s'; see --help",
                       o->photos[optind - 1]);
    default:
        return parse_training_option(&o->config, id, log);
    }
}

static bc_status parse_command(bc_train_options *o, const char *word, const bc_log *log)
{
    static const char *const words[] = {"autoencoder", "bank", "joint", "measure"};
    static const int64_t steps[] = {600, 600, 2000, 1};
    for (int i = 0; i < 4; i++)
        if (word && strcmp(word, words[i]) == 0) {
            o->command = (bc_train_command)i;
            o->config.n_steps = steps[i];
            o->config.is_frozen = i == BC_TRAIN_BANK || i == BC_TRAIN_MEASURE;
            o->config.rate = i == BC_TRAIN_BANK ? 5e-3 : 2e-3;
            o->config.crop = i == BC_TRAIN_MEASURE ? 256 : 192;
            return BC_OK;
        }
    return bc_fail(log, BC_ERR_ARGUMENT,
                   "'%s' is no command: autoencoder, joint, bank or measure; see --help",
                   word ? word : "");
}

static bc_status check(const bc_train_options *o, const bc_log *log)
{
    if (!o->net)
        return bc_fail(log, BC_ERR_ARGUMENT, "-o NET is missing");
    if (o->n_photos == 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "no folder of photographs");
    if (o->command == BC_TRAIN_AUTOENCODER && o->n_styles > 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "autoencoder takes no --style");
    if (o->loss && (strcmp(o->loss, "samples") == 0) != (o->samples != NULL))
        return bc_fail(log, BC_ERR_ARGUMENT, "--loss %s goes %s --samples", o->loss,
                       o->samples ? "without" : "with");
    if (o->samples && (o->command != BC_TRAIN_BANK || o->n_styles != 1))
        return bc_fail(log, BC_ERR_ARGUMENT, "--samples goes with bank and one --style");
    if (o->command != BC_TRAIN_AUTOENCODER && (o->n_styles == 0 || !o->loss_network))
        return bc_fail(log, BC_ERR_ARGUMENT, "--style and --loss-network are needed");
    return BC_OK;
}

static const bc_train_options defaults = {
    .config = {.widths = {8, 16, 32},
               .n_bank_layers = 2,
               .batch = 2,
               .style_steps = 2,
               .content = 1,
               .style = 0.3,
               .variation = 0.5,
               .stability = 30,
               .max_shift = 3,
               .noise = 3,
               .seed = 1},
    .n_brushes = 1,
    .brushes = {256},
    .n_validation = 24,
    .validate_every = 250,
    .checkpoint_every = 100,
    .patience = 6,
};

bc_status bc_train_options_parse(bc_train_options *options, int argc, char **argv,
                                 const bc_log *log)
{
    *options = defaults;
    const int has_command = argc > 1 && argv[1][0] != '-';
    bc_status status = BC_OK;
    if (has_command)
        status = parse_command(options, argv[1], log);
    int id;
    opterr = 0;
    optind = 1 + has_command;
    options->photos = argv;
    while (status == BC_OK && (id = getopt_long(argc, argv, "o:s:q", long_options, NULL)) != -1)
        status = parse_option(options, id, log);
    if (status != BC_OK)
        return status;
    options->photos = argv + optind;
    options->n_photos = argc - optind;
    return has_command ? check(options, log) : parse_command(options, NULL, log);
}
