#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "cli/console.h"

static void print_help(FILE *stream)
{
    fputs("Usage: brushcast COMMAND [OPTION...]\n\n", stream);
    for (const bc_command *const *command = bc_commands; *command; command++)
        fprintf(stream, "  %-10s%s\n", (*command)->name, (*command)->summary);
    fputs("\n'brushcast COMMAND --help' tells more. 'brushcast --version' tells the version.\n",
          stream);
}

int main(int n_args, char **args)
{
    const bc_log log = bc_console_log();
    const char *name = n_args > 1 ? args[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("brushcast %s\n", bc_version());
        return 0;
    }
    for (const bc_command *const *command = bc_commands; *command; command++) {
        if (strcmp(name, (*command)->name) == 0)
            return (*command)->run(n_args - 1, args + 1, &log);
    }
    if (*name)
        fprintf(stderr, "brushcast: no command '%s'\n", name);
    print_help(stderr);
    return 2;
}
