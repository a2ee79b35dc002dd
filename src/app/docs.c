/*
 * docs: writes the man page and the completions of shells from the tables of the sub-commands, so
 * that they say what --help says. Runs while building. Usage: docs man|bash|zsh|fish
 */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"

/* Man page --------------------------------------------------------------------------------- */

/* Text of a man page: backslashes and hyphens are special, and a full stop at a line's start. */
static void roff(const char *text)
{
    bool is_start = true;
    for (; *text; text++) {
        if (text[0] == '\n' && text[1] == '\n') {
            fputs("\n.PP\n", stdout);
            text++;
            is_start = true;
            continue;
        }
        if (is_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        is_start = *text == '\n';
    }
}

static const char *dashes(const bc_option *option)
{
    return bc_option_is_short(option) ? "-" : "--";
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
    roff(dashes(option));
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

static void man_examples(const char *examples)
{
    while (*examples) {
        char line[512];
        const int length = (int)strcspn(examples, "\n");
        snprintf(line, sizeof(line), "%.*s", length, examples);
        char *tab = strchr(line, '\t');
        if (tab)
            *tab = '\0';
        fputs(".TP\n\\fB", stdout);
        roff(line);
        fputs("\\fR\n", stdout);
        roff(tab ? tab + 1 : "");
        putchar('\n');
        examples += length + (examples[length] != '\0');
    }
}

static void man_command(const bc_command *command)
{
    fputs(".SH BRUSHCAST ", stdout);
    for (const char *c = command->name; *c; c++)
        putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    fputs("\n.B brushcast ", stdout);
    roff(command->name);
    fputs("\n.I ", stdout);
    roff(command->arguments);
    fputs("\n.PP\n", stdout);
    roff(command->description);
    putchar('\n');
    for (int i = 0; i < command->n_options; i++)
        man_option(&command->options[i]);
    if (command->examples) {
        fputs(".SS Examples\n", stdout);
        man_examples(command->examples);
    }
}

static void print_man(void)
{
    printf(
        ".TH BRUSHCAST 1 \"\" \"brushcast %s\"\n.SH NAME\nbrushcast \\- live video painter\n"
        ".SH SYNOPSIS\n.B brushcast\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
        "Runs every frame of a video through a small convolutional network that paints it in the "
        "style of a painting, on the processor of an ordinary machine. Options begin with one "
        "dash or two, and their values follow after a space or an equals sign.\n.PP\n"
        "All commands have these options:\n",
        bc_version());
    for (int i = 0; i < bc_n_common_options; i++)
        man_option(&bc_common_options[i]);
    for (const bc_command *const *command = bc_commands; *command; command++)
        man_command(*command);
    fputs(".SH EXIT STATUS\n0 all is done; 1 something failed; 2 wrong usage; 130 interrupted, the "
          "output being finished.\n.SH FILES\nNets are looked for in the folder of "
          "\\fB\\-\\-models\\fR, in \\fI$BRUSHCAST_MODELS\\fR, "
          "\\fI$XDG_DATA_HOME/brushcast\\fR and the installed data folder.\n",
          stdout);
}

/* bash ------------------------------------------------------------------------------------- */

static const char *bash_values(const bc_option *option)
{
    switch (option->completion) {
    case BC_COMPLETE_FILE:
        return "compgen -f -- \"$word\"";
    case BC_COMPLETE_FOLDER:
        return "compgen -d -- \"$word\"";
    case BC_COMPLETE_STYLE:
        return "compgen -W \"$(brushcast styles --names 2>/dev/null)\" -- \"$word\"";
    case BC_COMPLETE_NOTHING:
        break;
    }
    return ":";
}

static void bash_option_values(const bc_command *command, const bc_option *option)
{
    if (!option->argument)
        return;
    printf("    %s:-%s | %s:--%s)\n", command->name, option->name, command->name, option->name);
    if (option->choices)
        printf("        mapfile -t COMPREPLY < <(IFS='|'; compgen -W '%s' -- \"$word\")\n",
               option->choices);
    else
        printf("        mapfile -t COMPREPLY < <(%s)\n", bash_values(option));
    fputs("        return ;;\n", stdout);
}

static void print_bash(void)
{
    fputs("# Completion of bash for brushcast; written by docs.\n"
          "_brushcast() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
          "command=${COMP_WORDS[1]} words\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    for (const bc_command *const *command = bc_commands; *command; command++)
        printf("%s ", (*command)->name);
    fputs("--help --version' -- \"$word\")\n"
          "        return\n"
          "    fi\n"
          "    case $command:$before in\n",
          stdout);
    for (const bc_command *const *command = bc_commands; *command; command++)
        for (int i = 0; i < (*command)->n_options; i++)
            bash_option_values(*command, &(*command)->options[i]);
    fputs("    esac\n    case $command in\n", stdout);
    for (const bc_command *const *command = bc_commands; *command; command++) {
        printf("    %s) words='", (*command)->name);
        for (int i = 0; i < (*command)->n_options; i++)
            printf("%s%s ", dashes(&(*command)->options[i]), (*command)->options[i].name);
        for (int i = 0; i < bc_n_common_options; i++)
            printf("%s%s ", dashes(&bc_common_options[i]), bc_common_options[i].name);
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
          "    *) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
          "    esac\n"
          "}\n"
          "complete -o filenames -F _brushcast brushcast\n",
          stdout);
}

/* zsh and fish ----------------------------------------------------------------------------- */

/* Inside single quotes; `special` are escaped besides. */
static void quoted(const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        else if (strchr(special, *text))
            putchar('\\');
        putchar(*text);
    }
}

static void zsh_option(const bc_option *option)
{
    printf("            '%s", dashes(option));
    quoted(option->name, ":[]");
    putchar('[');
    quoted(option->help, ":[]");
    putchar(']');
    if (option->argument) {
        putchar(':');
        quoted(option->argument, ":[]");
        putchar(':');
    }
    if (option->choices) {
        putchar('(');
        for (const char *c = option->choices; *c; c++)
            putchar(*c == '|' ? ' ' : *c);
        putchar(')');
    } else if (option->completion == BC_COMPLETE_FILE) {
        fputs("_files", stdout);
    } else if (option->completion == BC_COMPLETE_FOLDER) {
        fputs("_files -/", stdout);
    } else if (option->completion == BC_COMPLETE_STYLE) {
        fputs("($(brushcast styles --names 2>/dev/null))", stdout);
    }
    fputs("' \\\n", stdout);
}

static void print_zsh(void)
{
    fputs("#compdef brushcast\n# Completion of zsh for brushcast; written by docs.\n"
          "local -a commands=(\n",
          stdout);
    for (const bc_command *const *command = bc_commands; *command; command++) {
        printf("    '%s:", (*command)->name);
        quoted((*command)->summary, ":");
        fputs("'\n", stdout);
    }
    fputs(")\n"
          "_arguments -C '--help[print this and exit]' '--version[print the version]' "
          "'1: :->command' '*:: :->rest'\n"
          "case $state in\n"
          "command) _describe command commands ;;\n"
          "rest)\n"
          "    case $words[1] in\n",
          stdout);
    for (const bc_command *const *command = bc_commands; *command; command++) {
        printf("    %s)\n        _arguments \\\n", (*command)->name);
        for (int i = 0; i < (*command)->n_options; i++)
            zsh_option(&(*command)->options[i]);
        for (int i = 0; i < bc_n_common_options; i++)
            zsh_option(&bc_common_options[i]);
        fputs("            '*:input:_files' ;;\n", stdout);
    }
    fputs("    esac ;;\nesac\n", stdout);
}

static void fish_option(const char *command, const bc_option *option)
{
    const char *how = !option->name[1] ? "-s" : strchr(option->name, ':') ? "-o" : "-l";
    printf("complete -c brushcast -n '__fish_seen_subcommand_from %s' %s '%s' -d '", command, how,
           option->name);
    for (const char *c = option->help; *c; c++) {
        if (*c == '\'' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
    putchar('\'');
    if (option->choices) {
        fputs(" -x -a '", stdout);
        for (const char *c = option->choices; *c; c++)
            putchar(*c == '|' ? ' ' : *c);
        putchar('\'');
    } else if (option->completion == BC_COMPLETE_STYLE) {
        fputs(" -x -a '(brushcast styles --names 2>/dev/null)'", stdout);
    } else if (option->completion == BC_COMPLETE_FOLDER) {
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
    } else if (option->argument) {
        fputs(option->completion == BC_COMPLETE_FILE ? " -r" : " -x", stdout);
    }
    putchar('\n');
}

static void print_fish(void)
{
    fputs("# Completion of fish for brushcast; written by docs.\n", stdout);
    for (const bc_command *const *command = bc_commands; *command; command++) {
        printf("complete -c brushcast -n __fish_use_subcommand -f -a %s -d '%s'\n",
               (*command)->name, (*command)->summary);
        for (int i = 0; i < (*command)->n_options; i++)
            fish_option((*command)->name, &(*command)->options[i]);
        for (int i = 0; i < bc_n_common_options; i++)
            fish_option((*command)->name, &bc_common_options[i]);
    }
}

int main(int n_args, char **args)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } pages[] = {
        {"man", print_man}, {"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; n_args == 2 && i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(args[1], pages[i].name) == 0) {
            pages[i].print();
            return 0;
        }
    }
    fputs("Usage: docs man|bash|zsh|fish\n", stderr);
    return 2;
}
