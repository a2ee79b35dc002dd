/*
 * task.h: the steps of one frame as all jobs see them: the loading of a step's input rows, the
 * running of steps together, and the painting's pixels.
 */
#ifndef BC_GENERATOR_TASK_H
#define BC_GENERATOR_TASK_H

#include "generator/session.h"

/* What a step loads: a map and how it is normalised, a style's share included; or the frame, or a
 * canvas. */
typedef struct bc_input {
    bc_source source;
    const bc_step *from; /* of a map: the step that made it */
    const bc_map *map;   /* likewise, its geometry */
    const float *data;
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
    bc_input inputs[2 * BC_MAX_BLEND];
} bc_task;

/* Where the ring row of input row y lies. */
static inline float *bc_ring_row(const bc_pass *pass, float *ring, int y)
{
    const int n = pass->n_ring;
    return ring + (size_t)((y % n + n) % n) * pass->ring_row;
}

/* Sample 0 of its plane 0; of a BC_MATRIX pass, value 0 of its pixel 0. */
static inline float *bc_ring_sample(const bc_pass *pass, float *ring, int y)
{
    return bc_ring_row(pass, ring, y) + BC_PAD;
}

static inline uint16_t *bc_ring_values(const bc_pass *pass, float *ring, int y)
{
    return (uint16_t *)(void *)bc_ring_row(pass, ring, y) + pass->lead;
}

static inline int bc_clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

/* load.c: fills the ring row of input row y (any, edges repeat); `loaded` has the load_floats. */
void bc_load_row(const bc_task *task, int y, float *ring, float *loaded);

/* load.c: row y of a map's channel, normalised, into `to`; `adds` as in bc_norm. */
void bc_load_channel(const bc_task *task, const bc_input *input, int channel, int y, float *to,
                     bool adds);

/*
 * emit.c: writes the painting's rows 2y and 2y + 1 from the last step's outputs: all phases of grid
 * row y, or with stride 1 grid rows 2y and 2y + 1; output o is at rows.map + o * channel_stride.
 * `scratch` has the plan's emit_floats.
 */
void bc_emit_rows(const bc_task *task, const bc_map_rows *rows, int y, float *scratch);

/* sum.c: runs a BC_LAYER_ADD, whose inputs are the task's, into `out`, laid out as the step's map.
 */
void bc_sum_run(const bc_task *task, float *out);

/* What a step does in one style; all but the banks' steps do one thing. */
typedef struct bc_variant {
    const bc_weights *weights;
    bc_affine affine; /* of the outputs, for the next stage */
    bc_affine lanes;  /* likewise, for a BC_MATRIX pass: [lanes] */
    double *sums;     /* [call][sums, squares][n_out]; NULL: the last step */
    float *out;       /* the map, for the last stage; unless that is the last step */
} bc_variant;

typedef struct bc_stage {
    bc_task task; /* inputs: of the first stage only */
    int n_variants;
    bc_variant variants[BC_MAX_BLEND]; /* in the order in which the decoder adds them up */
} bc_stage;

/* Steps that run together, each on what the one before it makes: a group's, or one alone. */
typedef struct bc_cascade {
    bc_session *session;
    bc_group group; /* height, rows and n_stripes */
    int n_stages;
    bc_stage stages[BC_MAX_STEPS];
    const bc_map *out_map; /* geometry of the last stage's maps; NULL: to pixels */
} bc_cascade;

/* stripe.c: runs all stripes on the session's threads; sums are left in the variants' slots. */
void bc_cascade_run(bc_cascade *cascade);

#endif
