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
    {"style", "FILE", "a painting; several: several styles; distil: the new style's name",
     BC_OPTION_LIST, .offset = AT(styles), .high = BC_TRAIN_MAX_STYLES,
     .completion = BC_COMPLETE_FILE, .letter = 's'},
    {"paintings", "LIST",
     "names, titles, artists of paintings, and what is different for them (tab-separated text)",
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

    BC_OPTIONS_HEADING("How it paints"),
    {"look", "LOOK",
     "fine strokes over a picture that stays readable, or bold ones over its shapes alone; sets "
     "the options below, which a painting's line in LIST may set, too (fine)",
     BC_OPTION_WORD, .offset = AT(look), .choices = "fine|bold"},
    {"brush", "N[,N...]",
     "short side of the paintings in pixels: larger, broader strokes; of several sizes each "
     "picture draws one (fine 512, bold 720)",
     BC_OPTION_TEXT, .offset = AT(brush_list)},
    NUMBER("style-weight", "W", "of the style, each layer (fine 2.2, bold 3.5)", objective.style, 0,
           1e6),
    NUMBER("content", "W", "weight of the content (1)", objective.content, 0, 1e6),
    {"content-layer", "NAME",
     "what keeps the content, a layer of the loss network: a later one keeps shapes, an earlier "
     "one pixels (relu3_3)",
     BC_OPTION_TEXT, .offset = AT(content_layer)},
    NUMBER("variation", "W", "of the total variation (0.3)", objective.variation, 0, 1e6),
    NUMBER("stability", "W",
           "of the difference where the photograph moves, with noise, every second step (60)",
           objective.stability, 0, 1e6),
    NUMBER("lattice", "W", "of what is bound to the grid of 8x8 pixels, which is no stroke (1000)",
           objective.lattice, 0, 1e9),

    BC_OPTIONS_HEADING("The net (read from NET where it has one)"),
    {"layers", "TABLE",
     "joint and warmup: stylebank, cin, johnson, deep, or a file with a table of layers (deep)",
     BC_OPTION_TEXT, .offset = AT(layers), .completion = BC_COMPLETE_FILE},
    {"widths", "A,B,C", "autoencoder: channels of the encoder's layers (8,16,32)", BC_OPTION_TEXT,
     .offset = AT(width_list)},
    {"upsample", "KIND", "autoencoder: of the decoder: subpixel, nearest or zero (subpixel)",
     BC_OPTION_WORD, .offset = AT(upsample), .choices = "subpixel|nearest|zero"},
    COUNT("bank-layers", "of the first bank of an autoencoder (2)", n_bank_layers, 1,
          BC_MAX_BANK_LAYERS),

    BC_OPTIONS_HEADING("Training"),
    LONG("steps",
         "in all (autoencoder, warmup 600, joint 12000, bank 1200, or 400 if --quick, distil 4000)",
         config.n_steps, 1, INT32_MAX),
    {"quick", NULL, "bank: start from the style of NET whose pictures are nearest to the painting",
     BC_OPTION_FLAG, .offset = AT(is_quick)},
    LONG("warmup", "joint: steps that only give back the photograph, first (400 without styles)",
         config.n_warmup, 0, INT32_MAX),
    NUMBER("ramp", "SHARE",
           "joint: of the steps, until the style has its whole weight (0.45 without styles)",
           config.ramp, 0, 1),
    NUMBER("rate", "R", "at most (autoencoder 2e-3, bank 5e-3, else 1e-3)", config.rate, 1e-9,
           1e30),
    NUMBER("style-rate", "X",
           "joint: the rate of the styles' own weights, over the net's: each learns in its own "
           "steps alone (1)",
           config.style_rate, 0, 1000),
    COUNT("batch",
          "photographs a step, shared by the processes that mpirun starts (1, autoencoder 2)",
          config.batch, 1, BC_TRAIN_MAX_BATCH),
    COUNT("crop", "side of the squares trained on (192, measure 384)", config.crop, 64, 1024),
    {"optimizer", "NAME", "adam or descent (adam)", BC_OPTION_WORD, .offset = AT(config.optimizer),
     .choices = "adam|descent"},
    {"identity-loss", "KIND", "l1, the mean absolute difference, or l2, the mean squared one (l1)",
     BC_OPTION_WORD, .offset = AT(config.identity_loss), .choices = "l1|l2"},
    COUNT("style-steps", "joint of an autoencoder: style steps before each identity step (2)",
          config.style_steps, 1, 1000),
    NUMBER("noise", "S", "largest deviation of that noise, of 255 (8)", config.noise, 0, 255),
    NUMBER("flat", "SHARE", "of the photographs that get a flat patch (0.2)", config.flat, 0, 1),
    LONG("seed", "of all that is drawn (1)", config.seed, 0, (double)INT64_MAX),
    {"precision", "KIND",
     "of the loss network's contents and gradients: f32, or bf16, faster, gradients half a per "
     "cent off (auto: bf16 where the processor has it)",
     BC_OPTION_WORD, .offset = AT(precision), .choices = "auto|f32|bf16"},
    COUNT("threads", "processors to use (all); results do not depend on it", n_threads, 1,
          BC_MAX_THREADS),

    BC_OPTIONS_HEADING("Watching"),
    COUNT("validation", "photographs set aside (24)", n_validation, 1, 1000),
    {"preview", "FILE",
     "a photograph of the preview sheet; several: a face, a street, a sky, a dark room show most "
     "(the first ones set aside)",
     BC_OPTION_LIST, .offset = AT(previews), .high = BC_MAX_TEXTS, .completion = BC_COMPLETE_FILE},
    LONG("validate-every", "steps between figures and preview sheets (1000, bank 400)",
         validate_every, 1, INT32_MAX),
    LONG("checkpoint-every", "steps between checkpoints (100)", checkpoint_every, 1, INT32_MAX),
    {"resume", NULL, "go on from the last checkpoint", BC_OPTION_FLAG, .offset = AT(resume)},
};

const char *const bc_train_command_names[] = {"autoencoder", "warmup", "joint",
                                              "bank",        "distil", "measure"};

const bc_command bc_train_command = {
    .arguments = "COMMAND [TEACHER] -o NET [OPTION...] PHOTOS...",
    .description =
        "Trains the nets of Brushcast on the photographs in the folders PHOTOS. Processes started "
        "by mpirun share each step's photographs; results do not depend on their number.\n\n"
        "Commands:\n"
        "joint\ta net of any table of layers and all its styles together; goes on from NET\n"
        "bank\tone more style for each --style; the net itself and other styles stay as they are\n"
        "distil\tone more style, --style NAME, from what another net paints of the photographs: "
        "TEACHER is its folder, whose style of that name, or only one, is learned, or a file that "
        "brushcast-import reads\n"
        "warmup\ta net of any table, to give back the photograph through a style that is thrown "
        "away: a start for joint\n"
        "autoencoder\tencoder and decoder of a net of format 1 alone, to give back the "
        "photograph\n"
        "measure\tprints the figures of the styles of NET on photographs not trained on",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = bc_train_run_command,
};

/* Parsing ---------------------------------------------------------------------------------- */

static int parse_widths(bc_train_options *o, const bc_log *log)
{
    int *w = o->widths, end = 0;
    bool are_right = sscanf(o->width_list, "%d,%d,%d%n", &w[0], &w[1], &w[2], &end) == 3 &&
                     o->width_list[end] == '\0';
    for (int i = 0; i < BC_N_WIDTHS; i++)
        are_right = are_right && w[i] >= 8 && w[i] <= BC_MAX_WIDTH && w[i] % 8 == 0;
    return are_right ? 0
                     : bc_options_refuse(&bc_train_command, log,
                                         "--widths are three multiples of 8, as 8,16,32, not '%s'",
                                         o->width_list);
}

static int parse_objective(bc_train_options *o, const bc_log *log)
{
    bc_objective *objective = &o->objective;
    if (o->brush_list && bc_objective_parse_brushes(objective, o->brush_list) < 0)
        return bc_options_refuse(&bc_train_command, log,
                                 "--brush is up to %d numbers from 64 to 2048, as 256,384, not "
                                 "'%s'",
                                 BC_MAX_BRUSHES, o->brush_list);
    if (o->content_layer && strlen(o->content_layer) >= sizeof(objective->content_layer))
        return bc_options_refuse(&bc_train_command, log, "--content-layer: no layer '%s'",
                                 o->content_layer);
    if (o->content_layer)
        strcpy(objective->content_layer, o->content_layer);
    return 0;
}

/* The command's own defaults. */
static int begin(bc_train_options *o, const char *word, const bc_log *log)
{
    static const struct {
        int64_t steps, validate_every;
        double rate;
        int crop, batch;
    } defaults[] = {{600, 250, 2e-3, 192, 2},    {600, 250, 1e-3, 192, 1},
                    {12000, 1000, 1e-3, 192, 1}, {0, 400, 5e-3, 192, 1},
                    {4000, 1000, 5e-3, 192, 1},  {1, 1, 1, 384, 1}};
    for (int i = 0; i <= BC_TRAIN_MEASURE; i++)
        if (strcmp(word, bc_train_command_names[i]) == 0) {
            o->command = (bc_train_kind)i;
            o->validate_every = defaults[i].validate_every;
            o->config.n_steps = defaults[i].steps;
            o->config.rate = defaults[i].rate;
            o->config.crop = defaults[i].crop;
            o->config.batch = defaults[i].batch;
            o->config.is_frozen = i >= BC_TRAIN_BANK;
            return 0;
        }
    return bc_options_refuse(&bc_train_command, log,
                             "'%s' is no command: joint, bank, distil, warmup, autoencoder or "
                             "measure",
                             word);
}

static bool has_styles(const bc_train_options *o)
{
    return o->command != BC_TRAIN_AUTOENCODER && o->command != BC_TRAIN_WARMUP;
}

/* Of a file that is to be written. */
static bool is_style_name(const bc_texts *styles)
{
    const char *name = styles->n == 1 ? styles->texts[0] : "";
    return name[0] && name[0] != '.' && strlen(name) < 64 && !strpbrk(name, "/:,+");
}

static int check(const bc_train_options *o, const bc_log *log)
{
    if (!o->net)
        return bc_options_refuse(&bc_train_command, log, "-o NET is missing");
    if (o->n_photos == 0)
        return bc_options_refuse(&bc_train_command, log, "no folder of photographs");
    if (!has_styles(o) && o->styles.n > 0)
        return bc_options_refuse(&bc_train_command, log, "%s takes no --style",
                                 bc_train_command_names[o->command]);
    if (o->loss && (strcmp(o->loss, "samples") == 0) != (o->samples != NULL))
        return bc_options_refuse(&bc_train_command, log, "--loss %s goes %s --samples", o->loss,
                                 o->samples ? "without" : "with");
    if (o->samples && (o->command != BC_TRAIN_BANK || o->styles.n != 1))
        return bc_options_refuse(&bc_train_command, log,
                                 "--samples goes with bank and one --style");
    if (o->is_quick && o->command != BC_TRAIN_BANK)
        return bc_options_refuse(&bc_train_command, log, "--quick goes with bank");
    if (o->command == BC_TRAIN_DISTIL && !is_style_name(&o->styles))
        return bc_options_refuse(&bc_train_command, log,
                                 "distil takes one --style, a name of up to 63 letters");
    if (has_styles(o) && (o->styles.n == 0 || !o->loss_network))
        return bc_options_refuse(&bc_train_command, log, "--style and --loss-network are needed");
    return 0;
}

static bc_train_options make_defaults(void)
{
    return (bc_train_options){.config = {.n_warmup = -1,
                                         .ramp = -1,
                                         .style_steps = 2,
                                         .style_rate = 1,
                                         .max_shift = 4,
                                         .noise = 8,
                                         .flat = 0.2,
                                         .seed = 1},
                              .objective = bc_objective_none(),
                              .n_bank_layers = 2,
                              .width_list = "8,16,32",
                              .n_validation = 24,
                              .checkpoint_every = 100};
}

int bc_train_options_parse(bc_train_options *o, int n_args, char **args, const bc_log *log)
{
    const bool has_command = n_args > 1 && args[1][0] != '-';
    *o = make_defaults();
    if (has_command && begin(o, args[1], log) < 0)
        return -1;
    int parsed = bc_options_parse(&bc_train_command, &n_args, args, o, log);
    if (parsed == 0 && !has_command)
        parsed = begin(o, "", log);
    if (parsed != 0)
        return parsed;
    const int n_words = o->command == BC_TRAIN_DISTIL && n_args > 2 ? 3 : 2;
    o->teacher = n_words == 3 ? args[2] : NULL;
    o->photos = args + n_words;
    o->n_photos = n_args - n_words;
    if (o->config.n_steps == 0)
        o->config.n_steps = o->is_quick ? 400 : 1200;
    o->config.rate_warmup = (int)(o->config.n_steps < 2000 ? o->config.n_steps / 10 : 200);
    return parse_widths(o, log) < 0 || parse_objective(o, log) < 0 ? -1 : check(o, log);
}
