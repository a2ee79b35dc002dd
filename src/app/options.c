#include "app/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/console.h"
#include "base/log.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 96 };

const bc_option bc_common_options[] = {
    {.name = "q", .help = "print errors only"},
    {.name = "v", .help = "print more, FFmpeg's warnings too"},
    {.name = "help", .help = "print this and exit"},
};
const int bc_n_common_options = sizeof(bc_common_options) / sizeof(bc_common_options[0]);

/* Values ----------------------------------------------------------------------------------- */

static bool is_choice(const char *choices, const char *text)
{
    const size_t length = strlen(text);
    for (const char *choice = choices; choice; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        if (strncmp(choice, text, length) == 0 && (choice[length] == '|' || !choice[length]))
            return length > 0;
    }
    return false;
}

static bool parse_number(const char *text, double low, double high, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && !*end && *number >= low && *number <= high; /* no NaN */
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

static bool append(bc_texts *list, const char *text)
{
    if (list->n == BC_MAX_TEXTS)
        return false;
    list->texts[list->n++] = text;
    return true;
}

static bool store(const bc_option *option, const char *text, void *values)
{
    char *at = (char *)values + option->offset;
    double number;
    switch (option->kind) {
    case BC_OPTION_FLAG:
        *(bool *)at = true;
        return true;
    case BC_OPTION_CHOICE:
    case BC_OPTION_TEXT:
        *(const char **)at = text;
        return option->kind == BC_OPTION_TEXT || is_choice(option->choices, text);
    case BC_OPTION_LIST:
        return append((bc_texts *)(void *)at, text);
    case BC_OPTION_COUNT:
        if (!parse_number(text, option->low, option->high, &number) || number != floor(number))
            return false;
        *(int *)at = (int)number;
        return true;
    case BC_OPTION_NUMBER:
        return parse_number(text, option->low, option->high, (double *)at);
    case BC_OPTION_TIME:
        return parse_time(text, (int64_t *)at);
    }
    return false;
}

/* Parsing ---------------------------------------------------------------------------------- */

static const bc_option *find(const bc_option *options, int n_options, const char *name,
                             size_t length)
{
    for (int i = 0; i < n_options; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static void complain_value(const bc_command *command, const bc_option *option, const char *text,
                           const bc_log *log)
{
    if (option->kind == BC_OPTION_CHOICE)
        bc_log_write(log, BC_LOG_ERROR, "%s: -%s is one of %s, not '%s'", command->name,
                     option->name, option->choices, text);
    else if (option->kind == BC_OPTION_LIST)
        bc_log_write(log, BC_LOG_ERROR, "%s: -%s can be given %d times", command->name,
                     option->name, BC_MAX_TEXTS);
    else if (option->kind == BC_OPTION_TIME)
        bc_log_write(log, BC_LOG_ERROR, "%s: -%s is a time like 90, 1:30 or 0:01:30.5, not '%s'",
                     command->name, option->name, text);
    else
        bc_log_write(log, BC_LOG_ERROR, "%s: -%s is a number from %g to %g, not '%s'",
                     command->name, option->name, option->low, option->high, text);
}

/* `text` after its dashes; `next` may be its value. Returns the arguments used, or -1. */
static int take_option(const bc_command *command, const char *text, const char *next, void *values,
                       const bc_log *log)
{
    const size_t length = strcspn(text, "=");
    const bc_option *option = find(command->options, command->n_options, text, length);
    const char *value = text[length] ? text + length + 1 : next;
    if (!option) {
        bc_log_write(log, BC_LOG_ERROR, "%s: no option '-%s' (--help lists them)", command->name,
                     text);
        return -1;
    }
    if (option->kind == BC_OPTION_FLAG && text[length]) {
        bc_log_write(log, BC_LOG_ERROR, "%s: -%s takes no value", command->name, option->name);
        return -1;
    }
    if (option->kind != BC_OPTION_FLAG && !value) {
        bc_log_write(log, BC_LOG_ERROR, "%s: -%s needs a value: %s", command->name, option->name,
                     option->argument);
        return -1;
    }
    if (!store(option, value, values)) {
        complain_value(command, option, value, log);
        return -1;
    }
    return option->kind == BC_OPTION_FLAG || text[length] ? 1 : 2;
}

/* 0: not one of them; 1: taken; 2: --help was printed. */
static int take_common(const bc_command *command, const char *text)
{
    if (strcmp(text, "q") == 0 || strcmp(text, "quiet") == 0)
        return bc_console_set_level(BC_LOG_ERROR), 1;
    if (strcmp(text, "v") == 0 || strcmp(text, "verbose") == 0)
        return bc_console_set_level(BC_LOG_DEBUG), 1;
    if (strcmp(text, "help") != 0 && strcmp(text, "h") != 0)
        return 0;
    bc_options_print_help(command, stdout);
    return 2;
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

static void print_option(FILE *stream, const bc_option *option)
{
    char head[64];
    const bool is_letter = !option->name[1] || strchr(option->name, ':');
    const int length = snprintf(head, sizeof(head), "  %s%s %s", is_letter ? "-" : "--",
                                option->name, option->argument ? option->argument : "");
    if (length < HELP_COLUMN - 1)
        fprintf(stream, "%-*s", HELP_COLUMN, head);
    else
        fprintf(stream, "%s\n%*s", head, HELP_COLUMN, "");
    print_wrapped(stream, option->help, HELP_COLUMN, HELP_COLUMN);
}

static void print_paragraphs(FILE *stream, const char *text)
{
    char paragraph[2048];
    while (*text) {
        const char *end = strstr(text, "\n\n");
        const int length = end ? (int)(end - text) : (int)strlen(text);
        snprintf(paragraph, sizeof(paragraph), "%.*s", length, text);
        print_wrapped(stream, paragraph, 0, 0);
        fputc('\n', stream);
        text += length + (end ? 2 : 0);
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
    fprintf(stream, "Usage: brushcast %s %s\n", command->name, command->arguments);
    print_paragraphs(stream, command->description);
    fputs("Options:\n", stream);
    for (int i = 0; i < command->n_options; i++)
        print_option(stream, &command->options[i]);
    for (int i = 0; i < bc_n_common_options; i++)
        print_option(stream, &bc_common_options[i]);
    if (command->examples)
        print_examples(stream, command->examples);
}

static const char *const precisions[] = {
    [BC_PRECISION_EXACT] = "exact", [BC_PRECISION_FINE] = "fine", [BC_PRECISION_FAST] = "fast"};

const char *bc_precision_name(bc_precision precision)
{
    return precisions[precision];
}

bc_precision bc_precision_named(const char *name)
{
    for (int i = 0; name && i <= BC_PRECISION_FAST; i++) {
        if (strcmp(name, precisions[i]) == 0)
            return (bc_precision)i;
    }
    return BC_PRECISION_FAST;
}
