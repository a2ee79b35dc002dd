#include "app/commands.h"
#include "cli/program.h"
#include "live/pages.h"

static const bc_command *const commands[] = {
    &bc_command_cam,
    &bc_command_play,
    &bc_command_convert,
    &bc_command_join,
    &bc_command_styles,
    &bc_command_bench,
    NULL,
};

static const bc_page *const pages[] = {&bc_page_keys, &bc_page_control, NULL};

static const bc_program program = {
    .name = "brushcast",
    .summary = "live video painter",
    .description =
        "Runs every frame of a video through a small convolutional network that paints it in the "
        "style of a painting, on the processor of an ordinary machine.",
    .files = "Nets are looked for in the folder of --models, in $BRUSHCAST_MODELS, "
             "$XDG_DATA_HOME/brushcast and the installed data folder.",
    .commands = commands,
    .pages = pages,
};

int main(int n_args, char **args)
{
    return bc_program_run(&program, n_args, args);
}
