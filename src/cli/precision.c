#include "cli/precision.h"

#include <string.h>

static const char *const precisions[] = {
    [BC_PRECISION_EXACT] = "exact", [BC_PRECISION_FINE] = "fine", [BC_PRECISION_FAST] = "fast"};

const char *bc_precision_name(bc_precision precision)
{
    return precisions[precision];
}

bc_precision bc_precision_named(const char *name)
{
    for (int i = 0; name && i <= BC_PRECISION_FAST; i++) {
        if (strcmp(name, precisions[i]) == 0)
            return (bc_precision)i;
    }
    return BC_PRECISION_FAST;
}
