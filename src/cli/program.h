/* program.h: a whole program: its commands, its help, and the pages that are made of its tables. */
#ifndef BC_CLI_PROGRAM_H
#define BC_CLI_PROGRAM_H

#include "cli/options.h"

/* A page of the manual beside the program's own: "keys" of "brushcast" is brushcast-keys(7). */
typedef struct bc_page {
    const char *name, *summary;
    void (*write)(FILE *text); /* paragraphs, lines "TERM\tWHAT IT IS", headings "# HEADING" */
} bc_page;

typedef struct bc_program {
    const char *name, *summary; /* "brushcast", "live video painter" */
    const char *description;    /* as a command's, of all commands together; NULL: there is one */
    const char *files;          /* what its man page says of files and variables, or NULL */
    const bc_command *const *commands; /* ends with NULL; one without a name is the only one */
    const bc_page *const *pages;       /* ends with NULL; NULL: there are none */
} bc_program;

/*
 * The rest of main: names the console after the program and runs the command that the arguments
 * ask for. Returns the exit status: the command's, 2 for wrong usage, or 1 where what was printed
 * could not be written.
 *
 * --help and --version are answered, help with the name of a command or a page, and --docs KIND,
 * which the build calls.
 */
int bc_program_run(const bc_program *program, int n_args, char **args);

#endif
