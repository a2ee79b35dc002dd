/* precision.h: how frames are computed, an option of every command that paints. */
#ifndef BC_CLI_PRECISION_H
#define BC_CLI_PRECISION_H

#include "cli/options.h"

#define BC_PRECISION_OPTION(AT)                                                                    \
    {                                                                                              \
        "precision", "KIND",                                                                       \
            "exact (32 bits, layer by layer) or, for video, through several layers at once, by "   \
            "the processor's matrix units if it has them: fine (as good) or fast (no difference "  \
            "to be seen; draft is another name for it) (fast)",                                    \
            BC_OPTION_CHOICE, .offset = (AT), .choices = "exact|fine|fast|draft"                   \
    }

/* NULL: the default. */
bc_precision bc_precision_named(const char *name);
const char *bc_precision_name(bc_precision precision);

#endif
