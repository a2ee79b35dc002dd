#include <stdio.h>
#include <string.h>

#include "app/commands.h"

static const struct command {
    const char *name, *summary;
    int (*run)(int n_args, char **args, const bc_log *log);
} commands[] = {
    {"bench", "measure the generator on this machine", bc_app_bench},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_line(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    if (level <= BC_LOG_INFO)
        fprintf(stderr, "brushcast: %s\n", message);
}

static void print_help(FILE *stream)
{
    fputs("Usage: brushcast COMMAND [OPTION...]\n\n", stream);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  %-10s%s\n", commands[i].name, commands[i].summary);
    fputs("\n'brushcast COMMAND --help' tells more. 'brushcast --version' tells the version.\n",
          stream);
}

int main(int n_args, char **args)
{
    const bc_log log = {.write = print_line};
    const char *name = n_args > 1 ? args[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("brushcast %s\n", bc_version());
        return 0;
    }
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(n_args - 1, args + 1, &log);
    }
    if (*name)
        fprintf(stderr, "brushcast: no command '%s'\n", name);
    print_help(stderr);
    return 2;
}
