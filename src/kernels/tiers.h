/*
 * tiers.h: the one table of the instruction sets that there are kernels for, in order of speed.
 * Dispatch, bc_tier_name and the tests all walk it. Threads: any.
 */
#ifndef BC_KERNELS_TIERS_H
#define BC_KERNELS_TIERS_H

#include <stdbool.h>

#include "kernels/kernels.h"

/* A tier contains every tier before it whose needs are among its own. */
struct bc_tier {
    const char *name;
    unsigned needs;                    /* bits of base/cpu.h; of "c", which runs everywhere, none */
    void (*init)(bc_kernels *kernels); /* overwrites what this tier does better */
};

/* The first (`tier` NULL) or the next tier that this machine has; NULL behind the last. */
const bc_tier *bc_tier_next(const bc_tier *tier);

/*
 * The tier of that name, whether this machine has it or not, or NULL if there is none. NULL and
 * "native" mean the best that this machine has.
 */
const bc_tier *bc_tier_find(const char *name);

/* Whether this machine has all that the tier needs. */
bool bc_tier_is_supported(const bc_tier *tier);

/* Fills the table of kernels for a tier, which only a machine that has it may call. */
void bc_kernels_init(bc_kernels *kernels, const bc_tier *tier);

#endif
