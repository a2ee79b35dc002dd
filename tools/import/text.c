#include "import/text.h"

#include <string.h>

bool bc_text_is(bc_text a, const char *b)
{
    return a.n == strlen(b) && (a.n == 0 || memcmp(a.at, b, a.n) == 0);
}

bool bc_text_same(bc_text a, bc_text b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

void bc_text_copy(char *to, size_t size, bc_text text)
{
    const size_t n = text.n < size ? text.n : size - 1;
    if (n > 0)
        memcpy(to, text.at, n);
    to[n] = '\0';
}
