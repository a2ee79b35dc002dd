#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/docs.h"

/* Text of a man page: backslashes and hyphens are special, and a full stop at its start. */
static void roff(const char *text)
{
    bool is_start = true;
    for (; *text; text++) {
        if (is_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        is_start = false;
    }
}

static void capitals(const char *text)
{
    for (; *text; text++)
        putchar(toupper((unsigned char)*text));
}

static void man_option(const bc_option *option)
{
    if (option->kind == BC_OPTION_HEADING) {
        printf(".SS %s\n", option->help);
        return;
    }
    fputs(".TP\n\\fB", stdout);
    if (option->letter)
        printf("\\-%c\\fR, \\fB", option->letter);
    roff(bc_option_is_short(option) ? "-" : "--");
    roff(option->name);
    fputs("\\fR", stdout);
    if (option->argument) {
        fputs(" \\fI", stdout);
        roff(option->argument);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    roff(option->help);
    fputs(".\n", stdout);
}

/* Paragraphs, lines "TERM\tWHAT IT IS" and headings "# HEADING". */
static void man_description(const char *text)
{
    char line[2048];
    while (*text) {
        const int length = (int)strcspn(text, "\n");
        snprintf(line, sizeof(line), "%.*s", length, text);
        char *tab = strchr(line, '\t');
        if (strncmp(line, "# ", 2) == 0) {
            fputs(".SH ", stdout);
            roff(line + 2);
        } else if (tab) {
            *tab = '\0';
            fputs(".TP\n\\fB", stdout);
            roff(line);
            fputs("\\fR\n", stdout);
            roff(tab + 1);
        } else {
            fputs(".PP\n", stdout);
            roff(line);
        }
        putchar('\n');
        text += length;
        text += *text == '\n';
        text += *text == '\n'; /* an empty line is a paragraph's end too */
    }
}

static void man_options(const bc_command *command)
{
    for (int i = 0; i < command->n_options; i++)
        man_option(&command->options[i]);
}

static void man_command(const bc_program *program, const bc_command *command)
{
    fputs(".SH ", stdout);
    capitals(command->name);
    printf("\n.B %s %s\n.I ", program->name, command->name);
    roff(command->arguments);
    putchar('\n');
    man_description(command->description);
    man_options(command);
    if (command->examples) {
        fputs(".SS Examples\n", stdout);
        man_description(command->examples);
    }
}

static void man_head(const bc_program *program, const char *arguments, const char *description)
{
    fputs(".TH ", stdout);
    capitals(program->name);
    printf(" 1 \"\" \"brushcast %s\"\n.SH NAME\n", bc_version());
    roff(program->name);
    fputs(" \\- ", stdout);
    roff(program->summary);
    fputs("\n.SH SYNOPSIS\n.B ", stdout);
    roff(program->name);
    fputs("\n.I ", stdout);
    roff(arguments);
    fputs("\n.SH DESCRIPTION\n", stdout);
    man_description(description);
    fputs(".PP\nOptions begin with one dash or two, and their values follow after a space or an "
          "equals sign.\n",
          stdout);
}

void bc_docs_print_man(const bc_program *program)
{
    const bc_command *const *commands = program->commands;
    const bool is_one = !commands[0]->name;
    man_head(program, is_one ? commands[0]->arguments : "COMMAND [OPTION...]",
             is_one ? commands[0]->description : program->description);
    fputs(".SH OPTIONS\n", stdout);
    if (is_one)
        man_options(commands[0]);
    else
        fputs("All commands have these:\n", stdout);
    for (int i = 0; i < bc_n_common_options; i++)
        man_option(&bc_common_options[i]);
    for (; *commands && !is_one; commands++)
        man_command(program, *commands);
    fputs(".SH EXIT STATUS\n0 all is done; 1 something failed; 2 wrong usage; 130 interrupted, "
          "what had begun being finished.\n",
          stdout);
    if (program->files) {
        fputs(".SH FILES\n", stdout);
        roff(program->files);
        putchar('\n');
    }
    if (program->pages)
        fputs(".SH SEE ALSO\n", stdout);
    for (const bc_page *const *page = program->pages; page && *page; page++)
        printf(".BR %s\\-%s (7)%s\n", program->name, (*page)->name, page[1] ? "," : "");
}

/* The other pages --------------------------------------------------------------------------- */

const bc_page *bc_docs_find_page(const bc_program *program, const char *name)
{
    for (const bc_page *const *page = program->pages; page && *page; page++) {
        if (strcmp((*page)->name, name) == 0)
            return *page;
    }
    return NULL;
}

char *bc_docs_page_text(const bc_page *page)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return NULL;
    page->write(stream);
    fclose(stream);
    return text;
}

void bc_docs_print_page(const bc_program *program, const bc_page *page)
{
    char *text = bc_docs_page_text(page);
    printf(".TH ");
    capitals(program->name);
    putchar('-');
    capitals(page->name);
    printf(" 7 \"\" \"brushcast %s\"\n.SH NAME\n%s\\-%s \\- %s\n.SH DESCRIPTION\n", bc_version(),
           program->name, page->name, page->summary);
    man_description(text ? text : "");
    printf(".SH SEE ALSO\n.BR %s (1)\n", program->name);
    free(text);
}
