#include "app/commands.h"

const bc_command *const bc_commands[] = {
    &bc_command_cam,    &bc_command_play,  &bc_command_convert,
    &bc_command_styles, &bc_command_bench, NULL,
};
