/*
 * verbs.h: the one table of commands. A key, the mouse and the control socket all say the same
 * lines: a verb and its words, separated by blanks; words with blanks stand in double quotes, in
 * which \ takes the next character as it is; several commands are separated by ';'.
 */
#ifndef BC_LIVE_VERBS_H
#define BC_LIVE_VERBS_H

#include "live/live.h"

struct bc_call;

/* Who may say it: files are no business of the network's. */
typedef enum bc_reach { BC_REACH_ALL, BC_REACH_ALL_WITHOUT_WORDS, BC_REACH_USER } bc_reach;

typedef struct bc_verb {
    const char *name, *words; /* "strength", "[+|-]SHARE" */
    const char *help;         /* what it does; lower case, no full stop */
    int least, most;          /* words after the verb */
    void (*run)(struct bc_call *call);
    bc_reach reach;
} bc_verb;

/* All verbs by name; the last one has none. */
extern const bc_verb bc_verbs[];
/* NULL: there is no such verb. */
const bc_verb *bc_verbs_find(const char *name);

/* Runs the line and answers as JSON: {"ok":true, ...} or {"ok":false,"error":"..."}. The caller
 * frees the text. `live` is a bc_live, whose lock is not held. Waits for what a command begins.
 * NULL without memory. Threads: any but the main one. */
char *bc_verbs_answer(void *live, const char *line);

/* Runs the line and waits for nothing: errors are said on the screen. `live` is a bc_live. */
void bc_verbs_run(void *live, const char *line);

/* As bc_verbs_run, for whoever is on the network, whose commands do not reach files and do not end
 * the program; false and the error if it is refused. `live` is a bc_live. */
bool bc_verbs_run_remote(void *live, const char *line, char *error, size_t size);

/* Whether the line's commands are verbs; the first that is none goes to `unknown`. */
bool bc_verbs_know(const char *line, char *unknown, size_t size);

/* What the keys are when nobody changed them; ends with NULL keys. */
extern const bc_binding bc_default_bindings[];

#endif
