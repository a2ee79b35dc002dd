#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/console.h"
#include "cli/program.h"
#include "inspect/inspect.h"
#include "media/log.h"
#include "train/blas.h"

static const bc_command *const commands[] = {
    &bc_inspect_layers, &bc_inspect_features, &bc_inspect_style,    &bc_inspect_decode,
    &bc_inspect_losses, &bc_inspect_flicker,  &bc_inspect_roofline, NULL,
};

static const bc_program program = {
    .name = "brushcast-inspect",
    .summary = "show what nets compute",
    .description = "Shows what nets compute, how they learned, how fast and how steady they are.",
    .commands = commands,
};

int main(int n_args, char **args)
{
    bc_blas_choose(args);
    bc_console_set_level(BC_LOG_WARNING);
    const bc_log log = bc_console_log();
    bc_media_log(&log);
    const int status = bc_program_run(&program, n_args, args);
    if (fflush(stdout) != 0 && status == BC_EXIT_DONE) {
        bc_fail(&log, BC_ERR_IO, "standard output: %s", strerror(errno));
        return BC_EXIT_FAILED;
    }
    return status;
}
