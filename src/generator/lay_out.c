/* Where everything of a session lies in its one block of memory. */
#include "generator/session.h"

/* Parts are handed out one behind the other; without memory they are only counted. */
typedef struct block {
    uint8_t *memory;
    size_t n_bytes;
} block;

static void *take(block *b, size_t n_bytes)
{
    uint8_t *at = b->memory ? b->memory + b->n_bytes : NULL;
    b->n_bytes += (n_bytes + 63) & ~(size_t)63;
    return at;
}

static float *take_floats(block *b, size_t n)
{
    return take(b, n * sizeof(float));
}

static double *take_doubles(block *b, size_t n)
{
    return take(b, n * sizeof(double));
}

static bc_affine take_affine(block *b, int n_channels)
{
    return (bc_affine){.scale = take_floats(b, (size_t)n_channels),
                       .shift = take_floats(b, (size_t)n_channels)};
}

static bc_statistics take_statistics(block *b, int n_channels)
{
    return (bc_statistics){.mean = take_doubles(b, (size_t)n_channels),
                           .variance = take_doubles(b, (size_t)n_channels)};
}

static void take_state(block *b, bc_layer_state *state, const bc_step *step)
{
    *state = (bc_layer_state){.affine = take_affine(b, step->n_channels)};
    state->mixed = take_affine(b, step->n_channels);
    state->lanes = take_affine(b, step->matrix.n_lanes);
    state->running = take_statistics(b, step->n_channels);
}

static size_t thread_bytes(const bc_plan *plan)
{
    const size_t floats =
        plan->ring_floats + plan->load_floats + plan->scratch_floats + plan->emit_floats;
    return ((floats * sizeof(float) + 63) & ~(size_t)63) + 64; /* a line between two threads */
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t packed_bytes(const bc_plan *plan, bc_owner owner)
{
    size_t bytes = 0;
    for (int i = 0; i < plan->n_steps; i++) {
        if (plan->steps[i].layer->weights == owner)
            bytes += bc_weights_size(&plan->steps[i]);
    }
    return bytes;
}

static void take_layers(bc_session *s, block *b)
{
    size_t fold_floats = 0;
    for (int i = 0; i < s->plan.n_steps; i++) {
        const bc_step *step = &s->plan.steps[i];
        fold_floats = larger(fold_floats, bc_weights_scratch(step));
        if (!bc_is_each_styles(step)) {
            take_state(b, &s->layers[step->index], step);
            if (step->layer->norm_owner == BC_OWNER_STYLE)
                s->blended[step->index] = take_floats(b, 2 * (size_t)step->n_channels);
            continue;
        }
        for (int k = 0; k < s->plan.max_blend; k++)
            take_state(b, &s->slots[k].layers[step->index], step);
    }
    s->fold_scratch = take_floats(b, fold_floats);
}

size_t bc_session_lay_out(bc_session *s, uint8_t *memory)
{
    block b = {.memory = memory};
    s->maps = take_floats(&b, larger(s->plan.arena_floats, s->plain.arena_floats));
    s->thread_bytes = larger(thread_bytes(&s->plan), thread_bytes(&s->plain));
    s->threads = take(&b, s->thread_bytes * (size_t)s->params.n_threads);
    s->sums = take_doubles(&b, larger(s->plan.slots_doubles, s->plain.slots_doubles));
    take_layers(s, &b);
    s->recent = take_statistics(&b, s->plan.steps[0].n_channels);
    s->packed = take(&b, packed_bytes(&s->plan, BC_OWNER_NET));
    for (int k = 0; k < s->plan.max_blend; k++)
        s->slots[k].packed = take(&b, packed_bytes(&s->plan, BC_OWNER_STYLE));
    return b.n_bytes;
}
