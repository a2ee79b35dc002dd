/*
 * generator/: the network at work. plan.h turns a table of layers and a frame's size into steps,
 * and says where everything lies; weights.h arranges the weights; session.h runs frames.
 *
 * Convolutions and sums are steps; a mix is a way to read its input, a canvas is made by who reads
 * it, and a sum that nobody reads but another sum is folded into that one, with the same bits. A
 * convolution computes a *grid* of width x height positions: its layer's outputs, or for stride 1/2
 * all four sub-pixel phases of them, as an ordinary convolution on the low-resolution grid. Its
 * outputs are stored raw, as a map [n_out][height][width]; whoever reads them normalises them as it
 * loads them, row by row, into a ring of rows that its kernel reads.
 *
 * A step's pass is the way in which it is computed: a method (method.h), and its cut of the grid
 * into calls of the kernel, some whole rows each. Calls depend on nothing but the grid: each has
 * its own slot for its sums, and slots are added in order, so that the statistics are the same
 * whichever thread ran what.
 *
 * Depth first, for frames whose normalisation is known before they start: the steps of a *group*
 * run together. A *stripe*, some rows of the group's last step, rolls down the frame (roll.h): of a
 * step's outputs there are only the last rows, a ring as deep as its readers need, and no map. What
 * a step needs above and below a stripe's own rows is computed by the neighbouring stripe as well.
 * cut.h chooses the groups. Since calls are the same in either order, so are the statistics and
 * the painting, bit for bit. Layer by layer a convolution of a canvas is in a group with the sum
 * that reads it: it runs once for its sums alone, and again, row by row, for that reader.
 *
 * With matrix units every step of a table that they can run has a second pass, on bf16 rows, and
 * all steps are one group: each call writes what it computes, normalised, into a ring of rows that
 * the kernels of its readers read.
 */
#ifndef BC_GENERATOR_PLAN_H
#define BC_GENERATOR_PLAN_H

#include "base/cpu.h"
#include "kernels/kernels.h"
#include "kernels/pack.h"
#include "model/model.h"

enum { BC_MAX_STEPS = BC_MAX_LAYERS, BC_MAX_TERMS = 3 /* that a sum adds up */ };

typedef struct bc_method bc_method;

/*
 * Raw outputs of a step: row y of the grid is row y % n_rows here. All of them in the arena, or the
 * last ones in a thread's memory. Of a step that runs once for each style there may be n_copies,
 * one behind the other.
 */
typedef struct bc_map {
    size_t offset;                        /* floats into the arena, or into a thread's rings */
    ptrdiff_t row_stride, channel_stride; /* floats */
    int n_rows;
    size_t size; /* floats of one copy */
    int n_copies;
} bc_map;

/*
 * Rows of bf16 pixels for the matrix units, normalised: row y is row y % n_rows here. Copies as in
 * bc_map.
 */
typedef struct bc_value_rows {
    size_t offset; /* floats into a thread's rings */
    size_t row;    /* floats of a row */
    int n_rows;
    ptrdiff_t lead, low; /* values in front of pixel 0, and from high to low parts (0: none) */
    int before, behind;  /* pixels that repeat the row's first and last one */
} bc_value_rows;

/* What a method makes of a step. Its rings get their places, and these their depths, from cut.h. */
typedef struct bc_pass {
    const bc_method *method; /* NULL: there is no such pass */
    int rows;                /* output rows of a call */
    int stride;              /* input rows from an output row's own to the next one's */
    int above;               /* input rows needed above the first output row's own */
    int n_slots;             /* input rows of a call */
    int n_calls;

    /* Of a step that loads its input, n_slots rows of it, into a ring of its own: */
    size_t ring_row;      /* floats of a ring row; 0: it reads its input where it is */
    size_t ring_offset;   /* floats into a thread's rings; one ring for each style may follow */
    bool split;           /* rows are loaded split, else plain */
    int n_samples;        /* of a plane of a loaded row, halo left out */
    int halo;             /* samples left and right of them */
    ptrdiff_t load_pitch; /* floats from plane to plane of a loaded row */
    size_t load_floats;   /* for the rows on their way to be transformed */

    size_t weights_bytes;  /* packed */
    size_t scratch_floats; /* of a call */
    double row_products;   /* multiplications for a row of the grid */
    bc_map ring;           /* the last outputs, if readers in the group or pixels want them */

    /* Of the matrix units: */
    bc_value_rows in;  /* the ring of a step that loads its input */
    bc_value_rows out; /* the last outputs as their readers want them; row 0: they are in `ring` */
    int n_lanes;       /* of the outputs, which leave normalised */
} bc_pass;

/* Steps that run depth first. */
typedef struct bc_group {
    int first, end;
    int height;    /* of the smallest grid */
    int rows;      /* of that: a stripe has a multiple, so that every step has whole calls */
    int n_stripes; /* that a frame is cut into */
    int n_styles;  /* that steps which every style runs for itself run in at once, at most */
    bool is_matrix;
} bc_group;

/* How a frame may run: layer by layer or depth first. */
typedef enum bc_frame_way { BC_LAYERS, BC_GROUPS, BC_N_WAYS } bc_frame_way;

/* The steps from which and up to which a map is needed; dies < born: never. */
typedef struct bc_life {
    int born, dies;
} bc_life;

typedef enum bc_source {
    BC_SOURCE_PIXELS,
    BC_SOURCE_CANVAS,
    BC_SOURCE_MAP,
    BC_SOURCE_PHASES /* a map of four sub-pixel phases */
} bc_source;

/* An input of a step. */
typedef struct bc_edge {
    bc_source source;
    int from;    /* the step that makes it; of pixels and canvases -1 */
    bool is_mix; /* of a step that runs once for each style: their sum by share */
} bc_edge;

typedef struct bc_step {
    char name[BC_LAYER_NAME_SIZE]; /* the layer's */
    const bc_layer *layer;
    int index; /* of the layer in its table */
    bool is_last;
    int n_inputs;
    bc_edge inputs[BC_MAX_TERMS];
    /* Of a step that runs once for each style: the first of its kind and the end of them. */
    int first_of_styles, end_of_styles;
    bool is_mixed, is_read_plain; /* some reader reads it through a mix, some without one */
    int last_reader;              /* the last step that reads it, or itself */
    int n_in, n_out;              /* n_out: all phases */
    int n_channels;               /* n_out / n_phases, but 3 of 8 of a last step with stride 1 */
    int n_phases;                 /* 1 or 4; output phase * n_channels + channel */
    int kernel, stride;           /* of the convolution on the grid: stride 1 or 2 */
    int in_width, in_height;      /* of the loaded input */
    int width, height;            /* of the grid */
    double macs;                  /* multiply-adds a frame, as an ordinary convolution */
    bc_pass pass;
    bc_pass matrix;               /* by the matrix units, if they can run all steps */
    int n_parts;                  /* of a number there: 1 bf16 or 2 */
    bc_matrix_shape matrix_shape; /* of a convolution's */
    bc_map map;                   /* in the arena */
    /* Doubles: sums of its calls; if it runs for each style, one after another. */
    size_t slots_offset;
    bc_life lives[BC_N_WAYS];
    bool is_in_place; /* a sum whose map takes the place of its first input's */
    bool is_remade;   /* it has no map: it runs for its sums, and again with its reader */
} bc_step;

typedef struct bc_plan {
    const bc_layers *table;
    bool is_folded[BC_MAX_LAYERS]; /* of the table: a sum that is no step */
    int n_steps;
    bc_step steps[BC_MAX_STEPS];
    int n_groups;
    bc_group groups[BC_MAX_STEPS];
    int max_blend;
    size_t arena_floats;
    size_t ring_floats, load_floats, scratch_floats, emit_floats; /* for each thread */
    size_t slots_doubles;                                         /* sums of all calls */
} bc_plan;

typedef struct bc_plan_params {
    int width, height;
    int max_blend; /* as in bc_session_params, at least 1 */
    int n_threads;
    bc_caches caches; /* to run depth first in; 0: never, every step is for itself */
    int n_parts;      /* of numbers for the matrix units: 1 bf16 or 2; 0: not to use them */
    bool is_plain;    /* without a style: what each style runs on its own is left out */
    bool keeps_sums;  /* none is folded, so that all can be looked at */
} bc_plan_params;

/*
 * Plans frames on `table`, which must outlive the plan, with the kernels of `kernels`. Allocates
 * nothing. Neither threads nor caches change what is computed, only its order.
 */
void bc_plan_make(bc_plan *plan, const bc_layers *table, const bc_kernels *kernels,
                  const bc_plan_params *params);

/* Whether the step runs once for each style of a blend. */
static inline bool bc_is_each_styles(const bc_step *step)
{
    return step->layer->is_each_styles;
}

/* Floats from plane to plane of a row's chroma on its way out: even and odd pixels of two. */
static inline ptrdiff_t bc_emit_pitch(const bc_step *last)
{
    return last->width / (last->n_phases == 4 ? 1 : 2) + 4 * BC_PAD;
}

/* Rows of its reader's input that a row of a step's grid makes. */
static inline int bc_step_scale(const bc_step *step)
{
    return step->n_phases == 4 ? 2 : 1;
}

/* The pass that a step takes in a group. */
static inline const bc_pass *bc_step_pass(const bc_step *step, bool is_matrix)
{
    return is_matrix ? &step->matrix : &step->pass;
}

/* Whether somebody outside its group reads a step's outputs, or nobody but the painting. */
bool bc_plan_keeps(const bc_plan *plan, const bc_group *group, int step);

/* Doubles of the sums that a step's calls leave, 2 * n_out each, in whichever pass. */
static inline size_t bc_plan_slots(const bc_step *step)
{
    const int n_calls =
        step->pass.n_calls > step->matrix.n_calls ? step->pass.n_calls : step->matrix.n_calls;
    return 2 * (size_t)step->n_out * (size_t)n_calls;
}

#endif
