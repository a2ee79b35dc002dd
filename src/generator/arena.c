#include "generator/arena.h"

#include <stdlib.h>

static const bc_life never = {.born = 0, .dies = -1};

static bool is_bank(const bc_plan *plan, int step)
{
    return step >= plan->first_bank && step < plan->first_decoder;
}

static const bc_group *group_of(const bc_plan *plan, int step)
{
    const bc_group *g = plan->groups;
    while (g->end <= step)
        g++;
    return g;
}

/* Every style of a blend starts again from the encoder's output and needs its own response. */
static bc_life life_by_layers(const bc_plan *plan, int step)
{
    const int last_bank = plan->first_decoder - 1;
    bc_life life = {.born = step, .dies = step + 1};
    if (plan->max_blend > 1 && plan->n_bank_layers > 0) {
        if (is_bank(plan, step))
            life.born = plan->first_bank;
        if (step >= plan->first_bank - 1 && step < last_bank)
            life.dies = last_bank;
    }
    return life;
}

/* Without a style the decoder reads the encoder's output. */
static bc_life life_by_layers_plain(const bc_plan *plan, int step)
{
    if (is_bank(plan, step))
        return never;
    return (bc_life){.born = step,
                     .dies = step == plan->first_bank - 1 ? plan->first_decoder : step + 1};
}

/* Only a group's last map is needed, until the next group has run. */
static bc_life life_by_groups(const bc_plan *plan, int step)
{
    const bc_group *g = group_of(plan, step);
    if (step != g->end - 1)
        return never;
    return (bc_life){.born = g->first, .dies = g[1].end - 1};
}

static bc_life life_by_groups_plain(const bc_plan *plan, int step)
{
    const bc_group *g = group_of(plan, step), *decoder = group_of(plan, plan->first_decoder);
    if (is_bank(plan, step))
        return never;
    if (step != plan->first_bank - 1)
        return life_by_groups(plan, step);
    return g == decoder ? never : (bc_life){.born = g->first, .dies = decoder->end - 1};
}

static void set_lives(const bc_plan *plan, bc_map *map, int step)
{
    map->lives[BC_LAYERS] = life_by_layers(plan, step);
    map->lives[BC_LAYERS_PLAIN] = life_by_layers_plain(plan, step);
    map->lives[BC_GROUPS] = life_by_groups(plan, step);
    map->lives[BC_GROUPS_PLAIN] = life_by_groups_plain(plan, step);
}

static bool live_together(const bc_map *a, const bc_map *b)
{
    for (int way = 0; way < BC_N_WAYS; way++) {
        const bc_life x = a->lives[way], y = b->lives[way];
        if (x.born <= x.dies && y.born <= y.dies && x.born <= y.dies && y.born <= x.dies)
            return true;
    }
    return false;
}

/* First fit: the lowest place that no map of the same time takes. */
static void place_map(bc_plan *plan, bc_map *map, bc_map *const placed[], int n_placed)
{
    map->offset = 0;
    for (int i = 0; i < n_placed; i++) {
        const bc_map *other = placed[i];
        const bool overlaps =
            map->offset < other->offset + other->size && other->offset < map->offset + map->size;
        if (!live_together(map, other) || !overlaps)
            continue;
        map->offset = other->offset + other->size;
        i = -1; /* the new place must be clear of all */
    }
    if (map->offset + map->size > plan->arena_floats)
        plan->arena_floats = map->offset + map->size;
}

/* The largest first; equal ones as they were. */
static void sort(bc_map *maps[], int n)
{
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0 && maps[j]->size > maps[j - 1]->size; j--) {
            bc_map *map = maps[j];
            maps[j] = maps[j - 1];
            maps[j - 1] = map;
        }
    }
}

void bc_plan_place_maps(bc_plan *plan)
{
    bc_map *maps[BC_MAX_STEPS + BC_MAX_BLEND];
    int n = 0;
    for (int i = 0; i < plan->n_steps - 1; i++) {
        const bool is_response = plan->n_bank_layers > 0 && i == plan->first_decoder - 1;
        set_lives(plan, &plan->steps[i].map, i);
        if (!is_response)
            maps[n++] = &plan->steps[i].map;
        for (int style = 0; is_response && style < plan->max_blend; style++) {
            plan->responses[style] = plan->steps[i].map;
            maps[n++] = &plan->responses[style];
        }
    }
    sort(maps, n);
    for (int i = 0; i < n; i++)
        place_map(plan, maps[i], maps, i);
    plan->arena_floats += 2 * BC_PAD; /* the kernels' overrun */
}
