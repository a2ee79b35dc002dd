#include "train/train_options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define AT(FIELD) offsetof(bc_train_options, FIELD)

#define COUNT(NAME, HELP, FIELD, LOW, HIGH)                                                        \
    {                                                                                              \
        NAME, "N", HELP, BC_OPTION_COUNT, .offset = AT(FIELD), .low = LOW, .high = HIGH            \
    }
#define LONG(NAME, HELP, FIELD, LOW, HIGH)                                                         \
    {                                                                                              \
        NAME, "N", HELP, BC_OPTION_LONG, .offset = AT(FIELD), .low = LOW, .high = HIGH             \
    }
#define NUMBER(NAME, ARGUMENT, HELP, FIELD, LOW, HIGH)                                             \
    {                                                                                              \
        NAME, ARGUMENT, HELP, BC_OPTION_NUMBER, .offset = AT(FIELD), .low = LOW, .high = HIGH      \
    }

static const bc_option table[] = {
    {"output", "NET", "folder of the net, made if need be", BC_OPTION_TEXT, .offset = AT(net),
     .completion = BC_COMPLETE_FOLDER, .letter = 'o'},
    {"style", "FILE", "a painting; several: several styles", BC_OPTION_LIST, .offset = AT(styles),
     .high = BC_TRAIN_MAX_STYLES, .completion = BC_COMPLETE_FILE, .letter = 's'},
    {"paintings", "LIST", "names, titles, artists of paintings (tab-separated text)",
     BC_OPTION_TEXT, .offset = AT(paintings), .completion = BC_COMPLETE_FILE},
    {"loss-network", "FILE", "weights of VGG, from brushcast-import", BC_OPTION_TEXT,
     .offset = AT(loss_network), .completion = BC_COMPLETE_FILE},
    {"loss", "KIND",
     "perceptual, by the loss network, or samples: bank only, of one --style, by the mean squared "
     "difference to paintings of PHOTOS made by brushcast-gatys, the paper's way (as --samples is "
     "given)",
     BC_OPTION_CHOICE, .offset = AT(loss), .choices = "perceptual|samples"},
    {"samples", "FOLDER", "those paintings", BC_OPTION_TEXT, .offset = AT(samples),
     .completion = BC_COMPLETE_FOLDER},
    {"brush", "N[,N...]",
     "short side of the paintings in pixels: larger, broader strokes; of several sizes each "
     "picture draws one (256)",
     BC_OPTION_TEXT, .offset = AT(brush_list)},

    BC_OPTIONS_HEADING("The net (read from NET where it has one)"),
    {"widths", "A,B,C", "channels of the encoder's layers (8,16,32)", BC_OPTION_TEXT,
     .offset = AT(width_list)},
    {"upsample", "KIND", "of the decoder: subpixel, nearest or zero (subpixel)", BC_OPTION_WORD,
     .offset = AT(config.upsample), .choices = "subpixel|nearest|zero"},
    COUNT("bank-layers", "layers of a bank (2)", config.n_bank_layers, 1, BC_MAX_BANK_LAYERS),

    BC_OPTIONS_HEADING("Training"),
    LONG("steps", "in all (autoencoder 600, joint 2000, bank 600)", config.n_steps, 1, INT32_MAX),
    NUMBER("rate", "R", "at the start (2e-3, bank 5e-3)", config.rate, 1e-9, 1e3),
    COUNT("batch", "photographs a step, shared by the processes that mpirun starts (2)",
          config.batch, 1, BC_TRAIN_MAX_BATCH),
    COUNT("crop", "side of the squares trained on, a multiple of 4 (192, measure 256)", config.crop,
          64, 1024),
    {"optimizer", "NAME", "adam or descent (adam)", BC_OPTION_WORD, .offset = AT(config.optimizer),
     .choices = "adam|descent"},
    {"identity-loss", "KIND", "l1, the mean absolute difference, or l2, the mean squared one (l1)",
     BC_OPTION_WORD, .offset = AT(config.identity_loss), .choices = "l1|l2"},
    COUNT("style-steps", "style steps before each identity step, joint only (2)",
          config.style_steps, 1, 1000),
    NUMBER("content", "W", "weight of the content (1)", config.content, 0, 1e6),
    NUMBER("style-weight", "W", "of the style, each layer (0.3)", config.style, 0, 1e6),
    NUMBER("variation", "W", "of the total variation (0.5)", config.variation, 0, 1e6),
    NUMBER("stability", "W", "of the difference where the photograph moves, with noise (30)",
           config.stability, 0, 1e6),
    NUMBER("noise", "S", "deviation of that noise, of 255 (3)", config.noise, 0, 255),
    LONG("seed", "of all that is drawn (1)", config.seed, 0, (double)INT64_MAX),
    {"precision", "KIND",
     "of the loss network's backward pass: f32, or bf16, faster, gradients half a per cent off "
     "(auto: bf16 "
     "where "
     "the processor has it)",
     BC_OPTION_WORD, .offset = AT(precision), .choices = "auto|f32|bf16"},
    COUNT("threads", "processors to use (all); results do not depend on it", n_threads, 1,
          BC_MAX_THREADS),

    BC_OPTIONS_HEADING("Watching"),
    COUNT("validation", "photographs set aside (24)", n_validation, 1, 1000),
    LONG("validate-every", "steps between figures and preview sheets (250)", validate_every, 1,
         INT32_MAX),
    LONG("checkpoint-every", "steps between checkpoints (100)", checkpoint_every, 1, INT32_MAX),
    COUNT("patience", "validations without a gain before it stops by itself (6; 0: never)",
          patience, 0, INT_MAX),
    {"resume", NULL, "go on from the last checkpoint", BC_OPTION_FLAG, .offset = AT(resume)},
};

const bc_command bc_train_command = {
    .arguments = "COMMAND -o NET [OPTION...] PHOTOS...",
    .description =
        "Trains the nets of Brushcast on the photographs in the folders PHOTOS. Processes started "
        "by mpirun share each step's photographs; results do not depend on their number.\n\n"
        "Commands:\n"
        "autoencoder\tencoder and decoder alone, to give back the photograph\n"
        "joint\tencoder, decoder and one bank for each --style together; goes on from NET\n"
        "bank\tone bank for each --style; encoder and decoder of NET stay as they are\n"
        "measure\tprints the figures of the banks of NET on photographs not trained on",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = bc_train_run_command,
};

/* Lists of numbers ------------------------------------------------------------------------- */

/* The numbers of "8,16,32" as far as they are right: how many, or -1. */
static int parse_list(const char *text, int *numbers, int most, int low, int high)
{
    for (int n = 0; n < most;) {
        int length = 0;
        if (sscanf(text, "%d%n", &numbers[n], &length) != 1 || numbers[n] < low ||
            numbers[n] > high)
            return -1;
        n++;
        text += length;
        if (!*text)
            return n;
        if (*text++ != ',')
            return -1;
    }
    return -1;
}

static int parse_widths(bc_train_options *o, const bc_log *log)
{
    int *widths = o->config.widths;
    bool are_right = parse_list(o->width_list, widths, BC_N_WIDTHS, 8, BC_MAX_WIDTH) == BC_N_WIDTHS;
    for (int i = 0; i < BC_N_WIDTHS; i++)
        are_right = are_right && widths[i] % 8 == 0;
    return are_right ? 0
                     : bc_options_refuse(&bc_train_command, log,
                                         "--widths are three multiples of 8, as 8,16,32, not '%s'",
                                         o->width_list);
}

static int parse_brushes(bc_train_options *o, const bc_log *log)
{
    o->n_brushes = parse_list(o->brush_list, o->brushes, BC_TRAIN_MAX_BRUSHES, 64, 2048);
    return o->n_brushes > 0
               ? 0
               : bc_options_refuse(
                     &bc_train_command, log,
                     "--brush is up to %d numbers from 64 to 2048, as 256,384, not '%s'",
                     BC_TRAIN_MAX_BRUSHES, o->brush_list);
}

/* Parsing ---------------------------------------------------------------------------------- */

/* The command's own defaults. */
static int begin(bc_train_options *o, const char *word, const bc_log *log)
{
    static const char *const words[] = {"autoencoder", "bank", "joint", "measure"};
    static const int64_t steps[] = {600, 600, 2000, 1};
    for (int i = 0; i < 4; i++)
        if (strcmp(word, words[i]) == 0) {
            o->command = (bc_train_kind)i;
            o->config.n_steps = steps[i];
            o->config.is_frozen = i == BC_TRAIN_BANK || i == BC_TRAIN_MEASURE;
            o->config.rate = i == BC_TRAIN_BANK ? 5e-3 : 2e-3;
            o->config.crop = i == BC_TRAIN_MEASURE ? 256 : 192;
            return 0;
        }
    return bc_options_refuse(&bc_train_command, log,
                             "'%s' is no command: autoencoder, joint, bank or measure", word);
}

static int check(const bc_train_options *o, const bc_log *log)
{
    if (!o->net)
        return bc_options_refuse(&bc_train_command, log, "-o NET is missing");
    if (o->n_photos == 0)
        return bc_options_refuse(&bc_train_command, log, "no folder of photographs");
    if (o->config.crop % 4)
        return bc_options_refuse(&bc_train_command, log, "--crop is a multiple of 4, not %d",
                                 o->config.crop);
    if (o->command == BC_TRAIN_AUTOENCODER && o->styles.n > 0)
        return bc_options_refuse(&bc_train_command, log, "autoencoder takes no --style");
    if (o->loss && (strcmp(o->loss, "samples") == 0) != (o->samples != NULL))
        return bc_options_refuse(&bc_train_command, log, "--loss %s goes %s --samples", o->loss,
                                 o->samples ? "without" : "with");
    if (o->samples && (o->command != BC_TRAIN_BANK || o->styles.n != 1))
        return bc_options_refuse(&bc_train_command, log,
                                 "--samples goes with bank and one --style");
    if (o->command != BC_TRAIN_AUTOENCODER && (o->styles.n == 0 || !o->loss_network))
        return bc_options_refuse(&bc_train_command, log, "--style and --loss-network are needed");
    return 0;
}

static const bc_train_options defaults = {
    .config = {.n_bank_layers = 2,
               .batch = 2,
               .style_steps = 2,
               .content = 1,
               .style = 0.3,
               .variation = 0.5,
               .stability = 30,
               .max_shift = 3,
               .noise = 3,
               .seed = 1},
    .width_list = "8,16,32",
    .brush_list = "256",
    .n_validation = 24,
    .validate_every = 250,
    .checkpoint_every = 100,
    .patience = 6,
};

int bc_train_options_parse(bc_train_options *o, int n_args, char **args, const bc_log *log)
{
    const bool has_command = n_args > 1 && args[1][0] != '-';
    *o = defaults;
    if (has_command && begin(o, args[1], log) < 0)
        return -1;
    int parsed = bc_options_parse(&bc_train_command, &n_args, args, o, log);
    if (parsed == 0 && !has_command)
        parsed = begin(o, "", log);
    if (parsed != 0)
        return parsed;
    o->photos = args + 2;
    o->n_photos = n_args - 2;
    return parse_widths(o, log) < 0 || parse_brushes(o, log) < 0 ? -1 : check(o, log);
}
