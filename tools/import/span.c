#include "import/span.h"

#include <string.h>

bool bc_span_is(bc_span a, const char *b)
{
    return a.n == strlen(b) && (a.n == 0 || memcmp(a.at, b, a.n) == 0);
}

bool bc_span_same(bc_span a, bc_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

void bc_span_copy(char *to, size_t size, bc_span text)
{
    const size_t n = text.n < size ? text.n : size - 1;
    if (n > 0)
        memcpy(to, text.at, n);
    to[n] = '\0';
}
