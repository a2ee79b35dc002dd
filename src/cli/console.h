/*
 * console.h: what a program says on stderr: messages, and one line of progress below them that is
 * drawn over. The process has one terminal, so this is the process's one console. Threads: any.
 */
#ifndef BC_CLI_CONSOLE_H
#define BC_CLI_CONSOLE_H

#include "brushcast.h"

/* The program's name, "brushcast" at first; a static string. */
void bc_console_set_name(const char *name);
const char *bc_console_name(void);

/* Messages up to this level are printed; BC_LOG_INFO at first. */
void bc_console_set_level(bc_log_level level);
bc_log_level bc_console_level(void);

/* A log that prints "NAME: MESSAGE". */
bc_log bc_console_log(void);

/* Draws the line of progress over the one before; NULL ends it, so that it stays. */
void bc_console_progress(const char *line);

#endif
