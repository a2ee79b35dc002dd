/*
 * options.h: the arguments of a sub-command, described once: parsing, --help, the man page and the
 * completions of shells all come from the same tables.
 *
 * ffmpeg's habits: one dash or two mean the same, "--crf=18" and "-crf 18" too, options and other
 * arguments may be mixed, "--" ends the options, "-" is a file.
 */
#ifndef BC_APP_OPTIONS_H
#define BC_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "brushcast.h"

typedef enum bc_option_kind {
    BC_OPTION_FLAG,   /* bool, becomes true */
    BC_OPTION_TEXT,   /* const char *, points into the arguments */
    BC_OPTION_LIST,   /* bc_texts, one more each time the option is given */
    BC_OPTION_CHOICE, /* const char *, one of `choices` */
    BC_OPTION_COUNT,  /* int, low to high */
    BC_OPTION_NUMBER, /* double, low to high */
    BC_OPTION_TIME    /* int64_t, microseconds, from [[H:]M:]S[.FRACTION] */
} bc_option_kind;

enum { BC_MAX_TEXTS = 8 };

typedef struct bc_texts {
    int n;
    const char *texts[BC_MAX_TEXTS];
} bc_texts;

/* What a shell can offer as an option's value. */
typedef enum bc_completion {
    BC_COMPLETE_NOTHING,
    BC_COMPLETE_FILE,
    BC_COMPLETE_FOLDER,
    BC_COMPLETE_STYLE /* the output of "brushcast styles --names" */
} bc_completion;

typedef struct bc_option {
    const char *name;     /* without dashes */
    const char *argument; /* as --help shows it, NULL for a flag */
    const char *help;     /* lower case, no full stop */
    bc_option_kind kind;
    size_t offset; /* of the value in the command's own struct */
    double low, high;
    const char *choices; /* "line|json|none" */
    bc_completion completion;
} bc_option;

typedef struct bc_command {
    const char *name, *summary;
    const char *arguments;   /* "INPUT... -o OUTPUT", after the name */
    const char *description; /* paragraphs, separated by empty lines */
    const bc_option *options;
    int n_options;
    const char *examples; /* lines, "COMMAND\tWHAT IT DOES" */
    int (*run)(int n_args, char **args, const bc_log *log);
} bc_command;

/* The options that every command has: help, q, v. They are not in its table. */
extern const bc_option bc_common_options[];
extern const int bc_n_common_options;

/*
 * Fills `values` from the arguments, args[0] being the command's name. The other arguments stay in
 * args[1] to args[*n_args - 1]. Returns 0 to go on, 1 after --help, which it prints to stdout, or
 * -1 for wrong usage, after a line that says what is wrong.
 */
int bc_options_parse(const bc_command *command, int *n_args, char **args, void *values,
                     const bc_log *log);

/* What --help prints. */
void bc_options_print_help(const bc_command *command, FILE *stream);

/* How frames are computed, an option of every command that paints. */
#define BC_PRECISION_OPTION(AT)                                                                    \
    {                                                                                              \
        "precision", "KIND",                                                                       \
            "exact (32 bits, layer by layer) or, where --stats is stream, through several layers " \
            "at once, by the processor's matrix units if it has them: fine (as good) or fast (no " \
            "difference to be seen); draft: as fast (fast)",                                       \
            BC_OPTION_CHOICE, .offset = (AT), .choices = "exact|fine|fast|draft"                   \
    }

/* NULL: the default. */
bc_precision bc_precision_named(const char *name);
const char *bc_precision_name(bc_precision precision);

#endif
