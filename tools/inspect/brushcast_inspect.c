#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/console.h"
#include "inspect/inspect.h"
#include "media/log.h"
#include "train/blas.h"

static const bc_command *const commands[] = {
    &bc_inspect_layers, &bc_inspect_features, &bc_inspect_style,    &bc_inspect_decode,
    &bc_inspect_losses, &bc_inspect_flicker,  &bc_inspect_roofline,
};
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(void)
{
    printf("Usage: brushcast-inspect COMMAND ...\n"
           "Shows what nets compute.\n\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nbrushcast-inspect COMMAND --help says more.\n");
}

static int run(int n_args, char **args, const bc_log *log)
{
    const char *name = n_args > 1 ? args[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help();
        return BC_EXIT_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        printf("brushcast-inspect %s\n", bc_version());
        return BC_EXIT_DONE;
    }
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i]->run(n_args - 1, args + 1, log);
    }
    bc_fail(log, BC_ERR_ARGUMENT, "no command '%s'; see --help", name);
    return BC_EXIT_USAGE;
}

int main(int n_args, char **args)
{
    bc_blas_choose(args);
    bc_console_set_name("brushcast-inspect");
    bc_console_set_level(BC_LOG_WARNING);
    const bc_log log = bc_console_log();
    bc_media_log(&log);
    const int status = run(n_args, args, &log);
    if (fflush(stdout) != 0 && status == BC_EXIT_DONE) {
        bc_fail(&log, BC_ERR_IO, "standard output: %s", strerror(errno));
        return BC_EXIT_FAILED;
    }
    return status;
}
