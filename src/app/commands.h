/*
 * commands.h: the sub-commands. Each takes its own arguments, args[0] being its name, and returns
 * the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
#ifndef BC_APP_COMMANDS_H
#define BC_APP_COMMANDS_H

#include "brushcast.h"

int bc_app_bench(int n_args, char **args, const bc_log *log);

#endif
