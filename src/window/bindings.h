/*
 * live/: the window, what is drawn over the picture, keys and mouse, and sound. It knows frames,
 * not styles or networks: whatever the user does leaves it as a line of text, a command, and
 * whatever is to be seen comes to it as a bc_view.
 *
 * bindings.h: which command a key stands for.
 *
 * Keys are named as mpv names them: a character as it is typed ("s", "?", "["), or SHARP, SPACE,
 * ESC, LEFT, RIGHT, UP, DOWN, PGUP, PGDWN, HOME, END, TAB, BS, DEL, F1 to F12, MBTN_LEFT_DBL,
 * MBTN_RIGHT, WHEEL_UP, WHEEL_DOWN; ENTER is never used by default. Keys pressed one after another
 * are joined by '-': "b-2". Threads: one at a time.
 */
#ifndef BC_WINDOW_BINDINGS_H
#define BC_WINDOW_BINDINGS_H

#include <stdbool.h>

#include "brushcast.h"

typedef struct bc_bindings bc_bindings;

typedef struct bc_binding {
    const char *keys, *command;
    const char *help; /* what it does; "KEYS<tab>WHAT" speaks for others; "": has no line */
} bc_binding;

/* `defaults` ends with a binding whose keys are NULL; copied. */
bc_status bc_bindings_open(bc_bindings **bindings, const bc_binding *defaults, const bc_log *log);
void bc_bindings_close(bc_bindings **bindings);

/*
 * Reads lines "KEYS COMMAND" over the present bindings: a key that is bound anew loses its old
 * command, and the command `ignore` unbinds it. Empty lines and lines from '#' are skipped. A line
 * that is not a binding fails with its file and number.
 */
bc_status bc_bindings_read(bc_bindings *bindings, const char *path);
bc_status bc_bindings_set(bc_bindings *bindings, const char *keys, const char *command);

/*
 * A key was pressed: the command, the bindings' own, or NULL if there is none or a longer sequence
 * has begun.
 */
const char *bc_bindings_press(bc_bindings *bindings, const char *key);

/* Whether it would be of use to press it now: it is bound, or begins or continues a sequence. */
bool bc_bindings_knows(const bc_bindings *bindings, const char *key);

int bc_bindings_count(const bc_bindings *bindings);
bc_binding bc_bindings_at(const bc_bindings *bindings, int index);

#endif
