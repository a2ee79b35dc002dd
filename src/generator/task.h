/*
 * task.h: the steps of one frame as all jobs see them: the loading of a step's input rows, the
 * running of steps together, and the painting's pixels.
 */
#ifndef BC_GENERATOR_TASK_H
#define BC_GENERATOR_TASK_H

#include "generator/session.h"

/* What a step loads: a map and how it is normalised, a style's share included; or the frame, or a
 * canvas; or what the matrix units have left, and their steps read as it is. */
typedef struct bc_input {
    bc_source source;
    const bc_step *from; /* of a map: the step that made it */
    const bc_map *map;   /* likewise, its geometry */
    const bc_value_rows *values;
    float *data;
    bc_affine affine;
    float least; /* 0 with ReLU, else BC_NO_RELU */
} bc_input;

/* A step of one frame, and its inputs, which are added up. */
typedef struct bc_task {
    bc_session *session;
    const bc_frame_views *frame;
    const bc_step *step;
    const bc_pass *pass;
    int n_inputs;
    bc_input inputs[BC_MAX_TERMS * BC_MAX_BLEND];
} bc_task;

static inline int bc_clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/*
 * load.c: input row y (any, edges are padded) in planes, from sample 0 of plane 0 at `to` on.
 * `loaded` has the pass' load_floats.
 */
void bc_load_planes(const bc_task *task, int y, float *to, float *loaded);

/* load.c: a split row of the frame's pixels likewise; below its last row there is that again. */
void bc_load_pixels(const bc_task *task, int y, float *to);

/* load.c: row y of a map's channel, normalised, into `to`; `adds` as in bc_norm. */
void bc_load_channel(const bc_task *task, const bc_input *input, int channel, int y, float *to,
                     bool adds);

/* load.c: row y of a canvas in all channels of the step's input, not padded. */
void bc_load_canvas(const bc_task *task, int y, float *to, ptrdiff_t channel_stride);

/*
 * emit.c: writes the painting's rows 2y and 2y + 1 from the last step's outputs: all phases of grid
 * row y, or with stride 1 grid rows 2y and 2y + 1; output o is at rows.map + o * channel_stride.
 * `scratch` has the plan's emit_floats.
 */
void bc_emit_rows(const bc_task *task, const bc_map_rows *rows, int y, float *scratch);

/* A group's steps at work on one frame, in some styles; or one step of it. */
typedef struct bc_group_work {
    bc_session *session;
    const bc_plan *plan;
    const bc_frame_views *frame;
    bc_group group;
    int n_slots; /* that steps run in which every style runs for itself; 0 without a style */
    int slots[BC_MAX_BLEND];
    int n_mixed; /* the blend's slots, all of them, in the order in which a mix adds them up */
    int mixed[BC_MAX_BLEND];
} bc_group_work;

/* stripe.c: runs all stripes on the session's threads; sums are left in the steps' slots. */
void bc_group_work_run(bc_group_work *work);

#endif
