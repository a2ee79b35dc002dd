/*
 * interrupt.h: Ctrl-C. The first SIGINT, SIGTERM or SIGHUP asks to stop: what is there is finished
 * properly. The second one ends the process at once, with status 130, and deletes the temporary
 * file; but not one within a fifth of a second, as some programs signal a process and then its
 * whole group. The process has one set of signals, so this is the process's.
 */
#ifndef BC_CLI_INTERRUPT_H
#define BC_CLI_INTERRUPT_H

#include <stdatomic.h>

/* Installs the handlers; ignores SIGPIPE and SIGXFSZ. The result is not 0 once somebody asked to
 * stop. */
atomic_int *bc_interrupt_install(void);

/* The file to delete at a second signal; NULL: none. The string must stay until it is replaced. */
void bc_interrupt_set_temporary(const char *path);

#endif
