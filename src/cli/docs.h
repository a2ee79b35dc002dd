/* docs.h (private): pages made of a program's tables, so that they say what --help says. */
#ifndef BC_CLI_DOCS_H
#define BC_CLI_DOCS_H

#include "cli/program.h"

/* The man page, the completions of bash, zsh or fish, or the man page that is one of the program's
 * pages, to stdout; false: `kind` is none of them. */
bool bc_docs_print(const bc_program *program, const char *kind);

void bc_docs_print_man(const bc_program *program);
void bc_docs_print_page(const bc_program *program, const bc_page *page);

/* What the page writes; the caller frees it. NULL without memory. */
char *bc_docs_page_text(const bc_page *page);
/* NULL: there is none of the name. */
const bc_page *bc_docs_find_page(const bc_program *program, const char *name);

#endif
