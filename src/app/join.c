#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "base/log.h"
#include "cli/interrupt.h"
#include "convert/conversion.h"
#include "media/log.h"
#include "media/parts.h"

enum { MAX_WORDS = 64 };

typedef struct settings {
    const char *output;
    bool overwrite;
} settings;

static const bc_option options[] = {
    {"o", "OUTPUT", "the film to write, as it was given to convert", BC_OPTION_TEXT,
     .offset = offsetof(settings, output), .completion = BC_COMPLETE_FILE},
    {"y", NULL, "overwrite a file that exists", BC_OPTION_FLAG,
     .offset = offsetof(settings, overwrite)},
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_join = {
    .name = "join",
    .summary = "join the parts of a film that were painted with convert --part",
    .arguments = "FILM -o OUTPUT",
    .description =
        "Makes OUTPUT of the parts in the folder OUTPUT.parts, which processes on any machines "
        "have painted with 'brushcast convert FILM -o OUTPUT --part I/N'. Pictures are neither "
        "decoded nor encoded again, and keep FILM's times; sound, subtitles, chapters and all "
        "else that is no picture come from FILM, as in any conversion. All other options are "
        "those that the parts were painted with.\n\n"
        "Parts that are missing or damaged, or were encoded in another way, are named, and then "
        "nothing is written. The folder is deleted when OUTPUT is whole.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples = "for i in 1 2 3; do brushcast convert film.mkv -o painted.mkv --part $i/3; done\t"
                "paint in three parts, here one after the other\n"
                "brushcast join film.mkv -o painted.mkv\tand join them\n",
    .run = run,
};

/* The options that convert was given: lines of the description, which the words point into. */
static bool read_options(bc_conversion_settings *s, char *lines, const bc_log *log)
{
    char *words[MAX_WORDS] = {"convert"}, *rest;
    int n_words = 1;
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, "--", 2) == 0 && n_words < MAX_WORDS)
            words[n_words++] = line;
    return bc_options_parse(&bc_command_convert, &n_words, words, s, log) == 0;
}

static int join(const settings *asked, const char *film, const bc_log *log)
{
    bc_conversion_settings s = {.stats = "stream", .strength = 1, .scale = 1};
    char *description = bc_parts_settings(asked->output, log);
    char *lines = description ? strdup(description) : NULL;
    atomic_int *stop = bc_interrupt_install();
    bc_status status = lines && read_options(&s, lines, log) ? BC_OK : BC_ERR_FORMAT;
    s.overwrite = asked->overwrite;
    if (status == BC_OK)
        status = bc_conversion_join(&s, description, film, asked->output, stop, log);
    free(lines);
    free(description);
    return atomic_load(stop) ? 130 : status < 0;
}

static int run(int n_args, char **args, const bc_log *log)
{
    settings s = {0};
    const int parsed = bc_options_parse(&bc_command_join, &n_args, args, &s, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    if (n_args != 2 || !s.output) {
        bc_options_refuse(&bc_command_join, log, "%s",
                          n_args != 2 ? "one film is wanted" : "no output is given: -o OUTPUT");
        return 2;
    }
    bc_media_log(log);
    return join(&s, args[1], log);
}
