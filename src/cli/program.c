#include "cli/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/console.h"
#include "cli/docs.h"

enum { FAILED = 1, USAGE = 2 };

static void print_help(const bc_program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s COMMAND [OPTION...]\n\n", program->name);
    for (const bc_command *const *command = program->commands; *command; command++)
        fprintf(stream, "  %-10s%s\n", (*command)->name, (*command)->summary);
    fprintf(stream, "\n'%s COMMAND --help' tells more, '%s --version' the version.\n",
            program->name, program->name);
    for (const bc_page *const *page = program->pages; page && *page; page++)
        fprintf(stream, "'%s help %s' lists the %s.\n", program->name, (*page)->name,
                (*page)->summary);
    fprintf(stream, "'%s --docs man|bash|zsh|fish' prints the man page or a shell's completions.\n",
            program->name);
}

static const bc_command *find_command(const bc_program *program, const char *name)
{
    for (const bc_command *const *command = program->commands; *command; command++) {
        if (strcmp(name, (*command)->name) == 0)
            return *command;
    }
    return NULL;
}

/* help, help COMMAND, help PAGE; `name` may be NULL. */
static int help(const bc_program *program, const char *name, const bc_log *log)
{
    const bc_command *command = name ? find_command(program, name) : NULL;
    const bc_page *page = name ? bc_docs_find_page(program, name) : NULL;
    if (page) {
        char *text = bc_docs_page_text(page);
        bc_options_print_text(text ? text : "", stdout);
        free(text);
    } else if (command) {
        bc_options_print_help(command, stdout);
    } else if (name) {
        bc_log_write(log, BC_LOG_ERROR, "no help on '%s'; see --help", name);
        return USAGE;
    } else {
        print_help(program, stdout);
    }
    return 0;
}

/* With the arguments after --docs. */
static int print_docs(const bc_program *program, int n_args, char **args)
{
    if (n_args == 1 && bc_docs_print(program, args[0]))
        return 0;
    fprintf(stderr, "%s: --docs is one of man|bash|zsh|fish\n", program->name);
    return USAGE;
}

static int run_command(const bc_program *program, int n_args, char **args, const bc_log *log)
{
    const char *name = n_args > 1 ? args[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(program, stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("%s %s\n", program->name, bc_version());
        return 0;
    }
    if (strcmp(name, "help") == 0)
        return help(program, n_args > 2 ? args[2] : NULL, log);
    const bc_command *command = find_command(program, name);
    if (command)
        return command->run(n_args - 1, args + 1, log);
    if (*name)
        bc_log_write(log, BC_LOG_ERROR, "no command '%s'; see --help", name);
    else
        print_help(program, stderr);
    return USAGE;
}

static int run(const bc_program *program, int n_args, char **args, const bc_log *log)
{
    const bc_command *first = program->commands[0];
    if (n_args > 1 && strcmp(args[1], "--docs") == 0)
        return print_docs(program, n_args - 2, args + 2);
    return first->name ? run_command(program, n_args, args, log) : first->run(n_args, args, log);
}

/* What was printed may have gone nowhere: to a disk that is full. */
static int finish_output(int status, const bc_log *log)
{
    const bool is_printed = fflush(stdout) == 0 && !ferror(stdout);
    if (is_printed || status != 0)
        return status;
    bc_log_write(log, BC_LOG_ERROR, "cannot write what is printed: %s", strerror(errno));
    return FAILED;
}

int bc_program_run(const bc_program *program, int n_args, char **args)
{
    bc_console_set_name(program->name);
    const bc_log log = bc_console_log();
    return finish_output(run(program, n_args, args, &log), &log);
}
