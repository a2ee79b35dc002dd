#include <string.h>

#include "cli/docs.h"

static bool is_one(const bc_program *program)
{
    return !program->commands[0]->name;
}

/* Calls `each` with all options of a command, the common ones too, but for headings. */
static void each_option(const bc_program *program, const bc_command *command,
                        void (*each)(const bc_program *, const bc_command *, const bc_option *))
{
    for (int i = 0; i < command->n_options; i++)
        if (command->options[i].kind != BC_OPTION_HEADING)
            each(program, command, &command->options[i]);
    for (int i = 0; i < bc_n_common_options; i++)
        each(program, command, &bc_common_options[i]);
}

static void print_choices(const char *choices)
{
    for (; *choices; choices++)
        putchar(*choices == '|' ? ' ' : *choices);
}

/* bash ------------------------------------------------------------------------------------- */

/* "_brushcast_train": a program's name as a shell's function. */
static void bash_function(const bc_program *program)
{
    putchar('_');
    for (const char *c = program->name; *c; c++)
        putchar(*c == '-' ? '_' : *c);
}

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

static void bash_case(const bc_command *command, const char *dashes, const char *name)
{
    printf("%s%s%s%s", command->name ? command->name : "", command->name ? ":" : "", dashes, name);
}

static void bash_option_values(const bc_program *program, const bc_command *command,
                               const bc_option *option)
{
    (void)program;
    if (!option->argument)
        return;
    fputs("    ", stdout);
    bash_case(command, "-", option->name);
    fputs(" | ", stdout);
    bash_case(command, "--", option->name);
    if (option->letter) {
        fputs(" | ", stdout);
        bash_case(command, "-", (char[]){option->letter, '\0'});
    }
    fputs(")\n", stdout);
    if (option->choices)
        printf("        mapfile -t COMPREPLY < <(IFS='|'; compgen -W '%s' -- \"$word\")\n",
               option->choices);
    else
        printf("        mapfile -t COMPREPLY < <(%s)\n", bash_values(option));
    fputs("        return ;;\n", stdout);
}

static void bash_word(const bc_program *program, const bc_command *command, const bc_option *option)
{
    (void)program;
    (void)command;
    printf("%s%s ", bc_option_is_short(option) ? "-" : "--", option->name);
}

static void bash_words(const bc_program *program, const bc_command *command)
{
    fputs("words='", stdout);
    each_option(program, command, bash_word);
    fputs("'", stdout);
}

/* The commands themselves, and which of them is at hand. */
static void bash_commands(const bc_program *program)
{
    fputs("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          stdout);
    for (const bc_command *const *command = program->commands; *command; command++)
        printf("%s ", (*command)->name);
    fputs("--help --version' -- \"$word\")\n"
          "        return\n"
          "    fi\n"
          "    case $command in\n",
          stdout);
    for (const bc_command *const *command = program->commands; *command; command++) {
        printf("    %s) ", (*command)->name);
        bash_words(program, *command);
        fputs(" ;;\n", stdout);
    }
    fputs("    esac\n    before=$command:$before\n", stdout);
}

static void print_bash(const bc_program *program)
{
    printf("# Completion of bash for %s; written by it.\n", program->name);
    bash_function(program);
    fputs("() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
          "command=${COMP_WORDS[1]} words\n",
          stdout);
    if (is_one(program)) {
        fputs("    ", stdout);
        bash_words(program, program->commands[0]);
        putchar('\n');
    } else {
        bash_commands(program);
    }
    fputs("    case $before in\n", stdout);
    for (const bc_command *const *command = program->commands; *command; command++)
        each_option(program, *command, bash_option_values);
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
          "    *) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
          "    esac\n"
          "}\n"
          "complete -o filenames -F ",
          stdout);
    bash_function(program);
    printf(" %s\n", program->name);
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

static void zsh_values(const bc_option *option)
{
    if (option->choices) {
        putchar('(');
        print_choices(option->choices);
        putchar(')');
    } else if (option->completion == BC_COMPLETE_FILE) {
        fputs("_files", stdout);
    } else if (option->completion == BC_COMPLETE_FOLDER) {
        fputs("_files -/", stdout);
    } else if (option->completion == BC_COMPLETE_STYLE) {
        fputs("($(brushcast styles --names 2>/dev/null))", stdout);
    }
}

static void zsh_spec(const bc_option *option, const char *dashes, const char *name)
{
    printf("            '%s", dashes);
    quoted(name, ":[]");
    putchar('[');
    quoted(option->help, ":[]");
    putchar(']');
    if (option->argument) {
        putchar(':');
        quoted(option->argument, ":[]");
        putchar(':');
        zsh_values(option);
    }
    fputs("' \\\n", stdout);
}

static void zsh_option(const bc_program *program, const bc_command *command,
                       const bc_option *option)
{
    (void)program;
    (void)command;
    zsh_spec(option, bc_option_is_short(option) ? "-" : "--", option->name);
    if (option->letter)
        zsh_spec(option, "-", (char[]){option->letter, '\0'});
}

static void zsh_arguments(const bc_program *program, const bc_command *command)
{
    fputs("        _arguments \\\n", stdout);
    each_option(program, command, zsh_option);
    fputs("            '*:input:_files'", stdout);
}

static void zsh_commands(const bc_program *program)
{
    fputs("local -a commands=(\n", stdout);
    for (const bc_command *const *command = program->commands; *command; command++) {
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
    for (const bc_command *const *command = program->commands; *command; command++) {
        printf("    %s)\n", (*command)->name);
        zsh_arguments(program, *command);
        fputs(" ;;\n", stdout);
    }
    fputs("    esac ;;\nesac\n", stdout);
}

static void print_zsh(const bc_program *program)
{
    printf("#compdef %s\n# Completion of zsh for %s; written by it.\n", program->name,
           program->name);
    if (is_one(program)) {
        zsh_arguments(program, program->commands[0]);
        putchar('\n');
    } else {
        zsh_commands(program);
    }
}

static void fish_values(const bc_option *option)
{
    if (option->choices) {
        fputs(" -x -a '", stdout);
        print_choices(option->choices);
        putchar('\'');
    } else if (option->completion == BC_COMPLETE_STYLE) {
        fputs(" -x -a '(brushcast styles --names 2>/dev/null)'", stdout);
    } else if (option->completion == BC_COMPLETE_FOLDER) {
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
    } else if (option->argument) {
        fputs(option->completion == BC_COMPLETE_FILE ? " -r" : " -x", stdout);
    }
}

static void fish_option(const bc_program *program, const bc_command *command,
                        const bc_option *option)
{
    const char *how = !option->name[1] ? "-s" : strchr(option->name, ':') ? "-o" : "-l";
    printf("complete -c %s", program->name);
    if (command->name)
        printf(" -n '__fish_seen_subcommand_from %s'", command->name);
    if (option->letter)
        printf(" -s %c", option->letter);
    printf(" %s '%s' -d '", how, option->name);
    for (const char *c = option->help; *c; c++) {
        if (*c == '\'' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
    putchar('\'');
    fish_values(option);
    putchar('\n');
}

static void print_fish(const bc_program *program)
{
    printf("# Completion of fish for %s; written by it.\n", program->name);
    for (const bc_command *const *command = program->commands; *command; command++) {
        if ((*command)->name)
            printf("complete -c %s -n __fish_use_subcommand -f -a %s -d '%s'\n", program->name,
                   (*command)->name, (*command)->summary);
        each_option(program, *command, fish_option);
    }
}

/* All -------------------------------------------------------------------------------------- */

bool bc_docs_print(const bc_program *program, const char *kind)
{
    static const struct {
        const char *name;
        void (*print)(const bc_program *);
    } pages[] = {
        {"man", bc_docs_print_man}, {"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(kind, pages[i].name) == 0) {
            pages[i].print(program);
            return true;
        }
    }
    const bc_page *page = bc_docs_find_page(program, kind);
    if (page)
        bc_docs_print_page(program, page);
    return page != NULL;
}
