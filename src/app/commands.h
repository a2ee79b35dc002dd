/* commands.h: the sub-commands, one file each. */
#ifndef BC_APP_COMMANDS_H
#define BC_APP_COMMANDS_H

#include "cli/options.h"

extern const bc_command bc_command_bench;
extern const bc_command bc_command_cam;
extern const bc_command bc_command_convert;
extern const bc_command bc_command_join;
extern const bc_command bc_command_play;
extern const bc_command bc_command_styles;

#endif
