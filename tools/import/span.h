/* span.h: texts that lie in a file's bytes. */
#ifndef BC_IMPORT_SPAN_H
#define BC_IMPORT_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* Not terminated by a NUL. */
typedef struct bc_span {
    const char *at;
    size_t n;
} bc_span;

bool bc_span_is(bc_span a, const char *b);
bool bc_span_same(bc_span a, bc_span b);
/* As C's, in a buffer of `size` bytes; what does not fit is cut. */
void bc_span_copy(char *to, size_t size, bc_span text);

#endif
