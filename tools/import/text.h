/* text.h: texts that lie in a file's bytes. */
#ifndef BC_IMPORT_TEXT_H
#define BC_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Not terminated by a NUL. */
typedef struct bc_text {
    const char *at;
    size_t n;
} bc_text;

bool bc_text_is(bc_text a, const char *b);
bool bc_text_same(bc_text a, bc_text b);
/* As C's, in a buffer of `size` bytes; what does not fit is cut. */
void bc_text_copy(char *to, size_t size, bc_text text);

#endif
