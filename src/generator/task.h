/*
 * task.h: one step of one frame, as all its jobs see it, the loading of its input rows, and the
 * painting's pixels.
 */
#ifndef BC_GENERATOR_TASK_H
#define BC_GENERATOR_TASK_H

#include "generator/session.h"

/* A map that a step loads, and how it is normalised: a style's share is part of the affine map. */
typedef struct bc_input {
    const float *map;
    bc_affine affine;
} bc_input;

typedef struct bc_task {
    bc_session *session;
    const bc_frame_views *frame;
    const bc_step *step, *from; /* `from`: the step that made the inputs; NULL for pixels */
    const bc_pass *pass;
    const bc_weights *weights;
    int n_inputs;
    bc_input inputs[BC_MAX_BLEND];
    const bc_map *in_map; /* geometry of all inputs */
    float *out;           /* NULL: the last step, to pixels */
    const bc_map *out_map;
    int n_chunks; /* jobs a column */
} bc_task;

/* Where the ring row of input row y lies: sample 0 of plane 0. */
static inline float *bc_ring_sample(const bc_task *task, float *ring, int y)
{
    const int n = task->pass->n_slots;
    return ring + (size_t)((y % n + n) % n) * task->pass->ring_row + BC_PAD;
}

static inline int bc_clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/*
 * Fills the ring row of input row y (any, edges repeat) for a column of the pass; `loaded`
 * has the pass's load_floats.
 */
void bc_load_row(const bc_task *task, int column, int y, float *ring, float *loaded);

/*
 * Writes the painting's rows 2y and 2y + 1 from n positions of grid row y of the last step, from
 * position x, a column's first, on: output o is `rows + o * pitch`. `scratch` has the plan's
 * emit_floats.
 */
void bc_emit_rows(const bc_task *task, const float *rows, ptrdiff_t pitch, int x, int n, int y,
                  float *scratch);
/* When the last row is written: what needs pixels of two columns. */
void bc_emit_end(const bc_task *task);
/* Memory that the session keeps for that. */
size_t bc_emit_edges_bytes(const bc_step *last);

#endif
