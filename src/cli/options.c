#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/console.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 96 };

const bc_option bc_common_options[] = {
    {.name = "quiet", .letter = 'q', .help = "print errors only"},
    {.name = "verbose", .letter = 'v', .help = "print more, FFmpeg's warnings too"},
    {.name = "version", .help = "print the version and exit"},
    {.name = "help", .letter = 'h', .help = "print this and exit"},
};
const int bc_n_common_options = sizeof(bc_common_options) / sizeof(bc_common_options[0]);

/* Values ----------------------------------------------------------------------------------- */

/* The number of the choice, or -1. */
static int find_choice(const char *choices, const char *text)
{
    const size_t length = strlen(text);
    int n = 0;
    for (const char *choice = choices; choice; choice = strchr(choice, '|'), n++) {
        choice += *choice == '|';
        if (strncmp(choice, text, length) == 0 && (choice[length] == '|' || !choice[length]))
            return length > 0 ? n : -1;
    }
    return -1;
}

static bool parse_number(const char *text, double low, double high, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && !*end && *number >= low && *number <= high; /* no NaN */
}

static bool parse_whole(const char *text, double low, double high, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return end != text && !*end && errno == 0 && (double)*number >= low && (double)*number <= high;
}

static bool parse_time(const char *text, int64_t *us)
{
    double seconds = 0;
    for (int n_parts = 0; n_parts < 3; n_parts++) {
        char *end;
        const double part = strtod(text, &end);
        if (end == text || !(part >= 0 && part < 1e9))
            return false;
        seconds = 60 * seconds + part;
        if (!*end) {
            *us = llround(seconds * 1e6);
            return true;
        }
        if (*end != ':')
            return false;
        text = end + 1;
    }
    return false;
}

static bool append(bc_texts *list, int most, const char *text)
{
    assert(most <= BC_MAX_TEXTS);
    if (list->n == most)
        return false;
    list->texts[list->n++] = text;
    return true;
}

static bool store_int(const bc_option *option, const char *text, int *at)
{
    int64_t number = -1;
    const bool is_right = option->kind == BC_OPTION_WORD
                              ? (number = find_choice(option->choices, text)) >= 0
                              : parse_whole(text, option->low, option->high, &number);
    if (is_right)
        *at = (int)number;
    return is_right;
}

static bool store(const bc_option *option, const char *text, void *values)
{
    char *place = (char *)values + option->offset;
    void *at = place;
    switch (option->kind) {
    case BC_OPTION_FLAG:
        *(bool *)at = true;
        return true;
    case BC_OPTION_CHOICE:
    case BC_OPTION_TEXT:
        *(const char **)at = text;
        return option->kind == BC_OPTION_TEXT || find_choice(option->choices, text) >= 0;
    case BC_OPTION_LIST:
        return append(at, (int)option->high, text);
    case BC_OPTION_WORD:
    case BC_OPTION_COUNT:
        return store_int(option, text, at);
    case BC_OPTION_LONG:
        return parse_whole(text, option->low, option->high, at);
    case BC_OPTION_NUMBER:
        return parse_number(text, option->low, option->high, at);
    case BC_OPTION_TIME:
        return parse_time(text, at);
    case BC_OPTION_HEADING:
        break;
    }
    return false;
}

/* Writing ---------------------------------------------------------------------------------- */

static void write_whole(const bc_option *option, int64_t number, FILE *stream)
{
    if (number != 0)
        fprintf(stream, "--%s=%lld\n", option->name, (long long)number);
}

static void write_word(const bc_option *option, int number, FILE *stream)
{
    const char *word = option->choices;
    for (int i = 0; i < number; i++)
        word = strchr(word, '|') + 1;
    fprintf(stream, "--%s=%.*s\n", option->name, (int)strcspn(word, "|"), word);
}

static void write_option(const bc_option *option, const void *values, FILE *stream)
{
    const void *at = (const char *)values + option->offset;
    switch (option->kind) {
    case BC_OPTION_CHOICE:
    case BC_OPTION_TEXT:
        if (*(const char *const *)at)
            fprintf(stream, "--%s=%s\n", option->name, *(const char *const *)at);
        break;
    case BC_OPTION_WORD:
        write_word(option, *(const int *)at, stream);
        break;
    case BC_OPTION_COUNT:
        write_whole(option, *(const int *)at, stream);
        break;
    case BC_OPTION_LONG:
        write_whole(option, *(const int64_t *)at, stream);
        break;
    case BC_OPTION_NUMBER:
        fprintf(stream, "--%s=%.17g\n", option->name, *(const double *)at);
        break;
    case BC_OPTION_TIME:
        if (*(const int64_t *)at > 0)
            fprintf(stream, "--%s=%.6f\n", option->name, 1e-6 * (double)*(const int64_t *)at);
        break;
    case BC_OPTION_FLAG:
    case BC_OPTION_LIST:
    case BC_OPTION_HEADING:
        break;
    }
}

void bc_options_write(const bc_command *command, const void *values, const char *left_out,
                      FILE *stream)
{
    for (int i = 0; i < command->n_options; i++) {
        const bc_option *option = &command->options[i];
        if (option->name && find_choice(left_out, option->name) < 0)
            write_option(option, values, stream);
    }
}

/* Parsing ---------------------------------------------------------------------------------- */

int bc_options_refuse(const bc_command *command, const bc_log *log, const char *format, ...)
{
    char what[BC_LOG_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    bc_log_write(log, BC_LOG_ERROR, "%s%s%s; see --help", command->name ? command->name : "",
                 command->name ? ": " : "", what);
    return -1;
}

static bool has_name(const bc_option *option, const char *name, size_t length)
{
    return option->name &&
           ((strlen(option->name) == length && strncmp(option->name, name, length) == 0) ||
            (length == 1 && option->letter == *name));
}

static const bc_option *find(const bc_option *options, int n_options, const char *name,
                             size_t length)
{
    for (int i = 0; i < n_options; i++)
        if (has_name(&options[i], name, length))
            return &options[i];
    return NULL;
}

static const char *dashes(const bc_option *option)
{
    return bc_option_is_short(option) ? "-" : "--";
}

static int refuse_value(const bc_command *command, const bc_option *option, const char *text,
                        const bc_log *log)
{
    const char *dash = dashes(option), *name = option->name;
    switch (option->kind) {
    case BC_OPTION_CHOICE:
    case BC_OPTION_WORD:
        return bc_options_refuse(command, log, "%s%s is one of %s, not '%s'", dash, name,
                                 option->choices, text);
    case BC_OPTION_LIST:
        return bc_options_refuse(command, log, "%s%s can be given %g times", dash, name,
                                 option->high);
    case BC_OPTION_TIME:
        return bc_options_refuse(
            command, log, "%s%s is a time like 90, 1:30 or 0:01:30.5, not '%s'", dash, name, text);
    default:
        return bc_options_refuse(command, log, "%s%s is a %snumber from %g to %g, not '%s'", dash,
                                 name, option->kind == BC_OPTION_NUMBER ? "" : "whole ",
                                 option->low, option->high, text);
    }
}

/* `text` after its dashes; `next` may be its value. Returns the arguments used, or -1. */
static int take_option(const bc_command *command, const char *text, const char *next, void *values,
                       const bc_log *log)
{
    const size_t length = strcspn(text, "=");
    const bc_option *option = find(command->options, command->n_options, text, length);
    const char *value = text[length] ? text + length + 1 : next;
    if (!option)
        return bc_options_refuse(command, log, "no option '%s%s'", text[1] ? "--" : "-", text);
    if (option->kind == BC_OPTION_FLAG && text[length])
        return bc_options_refuse(command, log, "%s%s takes no value", dashes(option), option->name);
    if (option->kind != BC_OPTION_FLAG && !value)
        return bc_options_refuse(command, log, "%s%s needs a value: %s", dashes(option),
                                 option->name, option->argument);
    if (!store(option, value, values))
        return refuse_value(command, option, value, log);
    return option->kind == BC_OPTION_FLAG || text[length] ? 1 : 2;
}

/* 0: not one of them; 1: taken; 2: the program has nothing else to do. */
static int take_common(const bc_command *command, const char *text)
{
    const bc_option *option = find(bc_common_options, bc_n_common_options, text, strlen(text));
    const char *name = option ? option->name : "";
    if (strcmp(name, "quiet") == 0)
        return bc_console_set_level(BC_LOG_ERROR), 1;
    if (strcmp(name, "verbose") == 0)
        return bc_console_set_level(BC_LOG_DEBUG), 1;
    if (strcmp(name, "help") == 0)
        return bc_options_print_help(command, stdout), 2;
    if (strcmp(name, "version") == 0)
        return printf("%s %s\n", bc_console_name(), bc_version()), 2;
    return 0;
}

int bc_options_parse(const bc_command *command, int *n_args, char **args, void *values,
                     const bc_log *log)
{
    int n_kept = 1;
    bool are_over = false;
    for (int i = 1; i < *n_args;) {
        const char *text = args[i];
        if (are_over || text[0] != '-' || !text[1]) {
            args[n_kept++] = args[i++];
            continue;
        }
        text += text[1] == '-' ? 2 : 1;
        are_over = !*text;
        const int common = are_over ? 1 : take_common(command, text);
        if (common == 2)
            return 1;
        const char *next = i + 1 < *n_args ? args[i + 1] : NULL;
        const int n_used = common ? 1 : take_option(command, text, next, values, log);
        if (n_used < 0)
            return -1;
        i += n_used;
    }
    *n_args = n_kept;
    return 0;
}

/* Help ------------------------------------------------------------------------------------- */

/* Words from `column` on, wrapped and indented. */
static void print_wrapped(FILE *stream, const char *text, int column, int indent)
{
    while (*text) {
        const int length = (int)strcspn(text, " ");
        if (column + length > HELP_WIDTH && column > indent) {
            fprintf(stream, "\n%*s", indent, "");
            column = indent;
        }
        fprintf(stream, "%.*s", length, text);
        column += length + 1;
        text += length;
        if (*text == ' ') {
            text++;
            if (column + (int)strcspn(text, " ") <= HELP_WIDTH)
                fputc(' ', stream);
        }
    }
    fputc('\n', stream);
}

bool bc_option_is_short(const bc_option *option)
{
    return !option->name[1] || strchr(option->name, ':');
}

/* A term, and from the help's column on what it is. */
static void print_term(FILE *stream, const char *term, int length, const char *text)
{
    if (length < HELP_COLUMN - 1)
        fprintf(stream, "%-*.*s", HELP_COLUMN, length, term);
    else
        fprintf(stream, "%.*s\n%*s", length, term, HELP_COLUMN, "");
    print_wrapped(stream, text, HELP_COLUMN, HELP_COLUMN);
}

static void print_option(FILE *stream, const bc_option *option)
{
    char head[96], letter[8] = "";
    if (option->kind == BC_OPTION_HEADING) {
        fprintf(stream, "\n%s:\n", option->help);
        return;
    }
    if (option->letter)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    const int length = snprintf(head, sizeof(head), "  %s%s%s %s", letter, dashes(option),
                                option->name, option->argument ? option->argument : "");
    print_term(stream, head, length, option->help);
}

static void print_line(FILE *stream, const char *line)
{
    char term[96];
    const char *tab = strchr(line, '\t');
    if (strncmp(line, "# ", 2) == 0) {
        fprintf(stream, "\n%s\n", line + 2);
        return;
    }
    if (!tab) {
        print_wrapped(stream, line, 0, 0);
        return;
    }
    const int length = snprintf(term, sizeof(term), "  %.*s", (int)(tab - line), line);
    print_term(stream, term, length, tab + 1);
}

void bc_options_print_text(const char *text, FILE *stream)
{
    char line[2048];
    while (*text) {
        const int length = (int)strcspn(text, "\n");
        snprintf(line, sizeof(line), "%.*s", length, text);
        print_line(stream, line);
        text += length + (text[length] != '\0');
    }
}

static void print_examples(FILE *stream, const char *examples)
{
    fputs("\nExamples:\n", stream);
    while (*examples) {
        const int command = (int)strcspn(examples, "\t");
        const int line = (int)strcspn(examples, "\n");
        fprintf(stream, "  %.*s\n      %.*s\n", command, examples, line - command - 1,
                examples + command + 1);
        examples += line + (examples[line] != '\0');
    }
}

void bc_options_print_help(const bc_command *command, FILE *stream)
{
    fprintf(stream, "Usage: %s %s%s%s\n", bc_console_name(), command->name ? command->name : "",
            command->name ? " " : "", command->arguments);
    bc_options_print_text(command->description, stream);
    fputs("\nOptions:\n", stream);
    bool has_headings = false;
    for (int i = 0; i < command->n_options; i++) {
        print_option(stream, &command->options[i]);
        has_headings |= command->options[i].kind == BC_OPTION_HEADING;
    }
    if (has_headings)
        fputc('\n', stream);
    for (int i = 0; i < bc_n_common_options; i++)
        print_option(stream, &bc_common_options[i]);
    if (command->examples)
        print_examples(stream, command->examples);
}
