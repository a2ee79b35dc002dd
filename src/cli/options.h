/*
 * cli/: what all programs of ours share at the command line.
 *
 * options.h: the arguments of a program or of its sub-command, described once: parsing, --help, man
 * pages and the completions of shells all come from the same tables.
 *
 * ffmpeg's habits: one dash or two mean the same, "--crf=18" and "-crf 18" too, options and other
 * arguments may be mixed, "--" ends the options, "-" is a file.
 */
#ifndef BC_CLI_OPTIONS_H
#define BC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "brushcast.h"

typedef enum bc_option_kind {
    BC_OPTION_FLAG,    /* bool, becomes true */
    BC_OPTION_TEXT,    /* const char *, points into the arguments */
    BC_OPTION_LIST,    /* bc_texts, one more each time the option is given, `high` times at most */
    BC_OPTION_CHOICE,  /* const char *, one of `choices` */
    BC_OPTION_WORD,    /* int or an enumeration, the number of the word in `choices` */
    BC_OPTION_COUNT,   /* int, low to high */
    BC_OPTION_LONG,    /* int64_t or uint64_t, low to high */
    BC_OPTION_NUMBER,  /* double, low to high */
    BC_OPTION_TIME,    /* int64_t, microseconds, from [[H:]M:]S[.FRACTION] */
    BC_OPTION_HEADING, /* no option: `help` stands over those that follow */
} bc_option_kind;

enum { BC_MAX_TEXTS = 32 };

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
    const char *name;     /* without dashes; NULL: a heading */
    const char *argument; /* as --help shows it, NULL for a flag */
    const char *help;     /* lower case, no full stop */
    bc_option_kind kind;
    size_t offset; /* of the value in the command's own struct */
    double low, high;
    const char *choices; /* "line|json|none" */
    bc_completion completion;
    char letter; /* means the same, after one dash; or 0 */
} bc_option;

#define BC_OPTIONS_HEADING(TEXT)                                                                   \
    {                                                                                              \
        .help = TEXT, .kind = BC_OPTION_HEADING                                                    \
    }

/* It is written with one dash: a letter, or a name with a colon, as "c:v". */
bool bc_option_is_short(const bc_option *option);

/* A sub-command, or a program that has none. */
typedef struct bc_command {
    const char *name; /* NULL: the program itself */
    const char *summary;
    const char *arguments;   /* "INPUT... -o OUTPUT", after the name */
    const char *description; /* paragraphs, separated by empty lines; lines "TERM\tWHAT IT IS" */
    const bc_option *options;
    int n_options;
    const char *examples; /* lines, "COMMAND\tWHAT IT DOES" */
    int (*run)(int n_args, char **args, const bc_log *log);
} bc_command;

/* The options that every command has: quiet, verbose, version, help. They are not in its table. */
extern const bc_option bc_common_options[];
extern const int bc_n_common_options;

/*
 * Fills `values` from the arguments, args[0] being the command's name. The other arguments stay in
 * args[1] to args[*n_args - 1]. Returns 0 to go on, 1 after --help and --version, which it prints
 * to stdout, or -1 for wrong usage, after a line that says what is wrong.
 */
int bc_options_parse(const bc_command *command, int *n_args, char **args, void *values,
                     const bc_log *log);

/*
 * Writes the values, whose options bc_options_parse takes back: --NAME=VALUE, one a line, in the
 * order of the table. Without texts that are NULL, numbers of things that are 0, flags and lists,
 * and without `left_out`, names with | between them.
 */
void bc_options_write(const bc_command *command, const void *values, const char *left_out,
                      FILE *stream);

/* What else is wrong with the arguments, in a line that ends with where to look; returns -1. */
int bc_options_refuse(const bc_command *command, const bc_log *log, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Paragraphs, lines "TERM\tWHAT IT IS" and headings "# HEADING", wrapped. */
void bc_options_print_text(const char *text, FILE *stream);

/* What --help prints. */
void bc_options_print_help(const bc_command *command, FILE *stream);

#endif
