/*
 * osc.h: Open Sound Control over UDP, the language of light desks, music programs and tablets. A
 * message's address is a verb and its arguments are its words: /strength 0.7, /style "great-wave".
 * Words may stand in the address too, for buttons, which send 1 when they are pressed and 0 when
 * they are let go: /style/next 1. An address may begin with /brushcast.
 *
 * Anybody on the network can send: what takes the commands must not let them reach files. There
 * are no answers; errors are logged.
 */
#ifndef BC_LIVE_OSC_H
#define BC_LIVE_OSC_H

#include <stdbool.h>
#include <stddef.h>

#include "brushcast.h"

typedef struct bc_osc bc_osc;

/* Takes a command; false and an error if it is refused. Called from one thread. */
typedef bool bc_osc_fn(void *cookie, const char *line, char *error, size_t size);

/* BC_ERR_UNSUPPORTED in a build without liblo. */
bc_status bc_osc_open(bc_osc **osc, int port, bc_osc_fn *take, void *cookie, const bc_log *log);
/* Waits for the command that is being taken. */
void bc_osc_close(bc_osc **osc);

#endif
