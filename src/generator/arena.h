/*
 * arena.h: gives a plan's maps their places in one block of memory, which maps that are never
 * needed at once share.
 */
#ifndef BC_GENERATOR_ARENA_H
#define BC_GENERATOR_ARENA_H

#include "generator/plan.h"

/* Sets the offsets of all maps and the arena's size. Groups must be known. */
void bc_plan_place_maps(bc_plan *plan);

#endif
