/* docs.h (private): pages made of a program's tables, so that they say what --help says. */
#ifndef BC_CLI_DOCS_H
#define BC_CLI_DOCS_H

#include "cli/program.h"

/* The man page, or the completions of bash, zsh or fish, to stdout; false: `kind` is none of them.
 */
bool bc_docs_print(const bc_program *program, const char *kind);

void bc_docs_print_man(const bc_program *program);

#endif
