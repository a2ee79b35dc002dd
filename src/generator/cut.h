/*
 * cut.h: cuts a plan's steps into groups that run depth first.
 *
 * A group saves the passes over the maps between its steps, and pays with the rows that stripes
 * compute beside their own. The model of a frame's time counts the multiplications of the busiest
 * thread, and for each byte as many as could be made meanwhile: of a map, which is written to
 * memory and read again; and of what a row of calls touches (rings, weights and its outputs) and
 * the next row of calls wants again: nothing from the core's own cache, little from the thread's
 * share of the next one, since it comes in order, and as a map from memory. How deep rings must be
 * and what stripes compute beside their own is not derived but counted, by rolling them (roll.h):
 * all of them where a group is taken, a short one where it is only weighed. Of all ways to cut the
 * steps, in their order, the cheapest is found by dynamic programming.
 *
 * Columns narrow enough for the core's own cache were tried and lost: what they compute beside
 * their ends, rounded up to whole vectors, costs more than the shared cache.
 */
#ifndef BC_GENERATOR_CUT_H
#define BC_GENERATOR_CUT_H

#include "generator/plan.h"

/*
 * Sets the plan's groups, and the rings of all steps. With matrix units that is one group of all
 * steps; layer by layer every step is alone.
 */
void bc_plan_cut(bc_plan *plan, const bc_plan_params *params);

#endif
