/*
 * generator/: the network at work. plan.h turns a net and a frame's size into steps, one a layer,
 * and says where everything lies; weights.h arranges the weights; session.h runs frames.
 *
 * A step computes a *grid* of width x height positions: its layer's outputs, or for stride 1/2
 * all four sub-pixel phases of them, as an ordinary convolution on the low-resolution grid. Its
 * outputs are stored raw, as a map [n_out][height][width]; the next step normalises them as it
 * loads them, row by row, into a ring of rows that its kernel reads.
 *
 * A step's pass is the way in which it is computed: an algorithm, and its cut of the grid into
 * columns, narrow enough that the ring stays in a core's cache, and of a column into calls of the
 * kernel, one or four rows each. Columns and calls depend on nothing but the grid: every call has
 * its own slot for its sums, and slots are added in order, so that the statistics are the same
 * whichever thread ran what.
 */
#ifndef BC_GENERATOR_PLAN_H
#define BC_GENERATOR_PLAN_H

#include "kernels/kernels.h"
#include "kernels/pack.h"
#include "model/model.h"

enum { BC_MAX_STEPS = BC_N_ENCODER + BC_MAX_BANK_LAYERS + BC_N_DECODER };

typedef enum bc_algorithm {
    BC_DIRECT,
    BC_WINOGRAD /* dense 3x3 with stride 1, 5x5 with stride 1, 9x9 with stride 2 */
} bc_algorithm;

typedef struct bc_pass {
    bc_algorithm algorithm;
    int rows;               /* output rows of a call */
    int above;              /* input rows needed above the first output row's own */
    int n_slots;            /* input rows of a call, and of the ring */
    bool split;             /* rows are loaded split, else plain */
    int halo;               /* samples of a loaded row left and right of a column */
    ptrdiff_t load_pitch;   /* floats from plane to plane of a loaded row */
    size_t ring_row;        /* floats of a ring row */
    size_t load_floats;     /* for the rows on their way to be transformed */
    int column_width;       /* grid positions */
    int n_columns, n_calls; /* calls of one column */
} bc_pass;

/* Floats from plane to plane of a row's chroma on its way out: even and odd pixels of two. */
static inline ptrdiff_t bc_emit_pitch(const bc_pass *last)
{
    return last->column_width + 4 * BC_PAD;
}

/* Raw outputs of a step. Life: the places in the order of the steps between which it is needed. */
typedef struct bc_map {
    size_t offset;                        /* floats into the arena */
    ptrdiff_t row_stride, channel_stride; /* floats */
    size_t size;
    int born, dies;
} bc_map;

typedef enum bc_source { BC_SOURCE_PIXELS, BC_SOURCE_MAP, BC_SOURCE_PHASES } bc_source;

typedef struct bc_step {
    char name[16];         /* the layer's */
    const bc_layer *layer; /* of a bank's step: the first bank's, whose shape all share */
    int bank_layer;        /* or -1 */
    bc_source source;
    int n_in, n_out;         /* n_out: all phases */
    int n_channels;          /* n_out / n_phases */
    int n_phases;            /* 1 or 4; output phase * n_channels + channel */
    int kernel, stride;      /* of the convolution on the grid: stride 1 or 2 */
    int in_width, in_height; /* of the loaded input */
    int width, height;       /* of the grid */
    double macs;             /* multiply-adds a frame, as an ordinary convolution */
    bc_pass pass;
    bc_map map; /* of the last bank layer: geometry only, its places are in `responses` */
} bc_step;

typedef struct bc_plan {
    int n_steps, first_bank, n_bank_layers, first_decoder;
    bc_step steps[BC_MAX_STEPS];
    int max_blend;
    bc_map responses[BC_MAX_BLEND]; /* the last bank layer's, one for each style of a blend */
    size_t arena_floats;
    size_t ring_floats, load_floats, scratch_floats, row_floats, emit_floats; /* for each thread */
    size_t slots_doubles; /* sums of all calls of the largest step */
} bc_plan;

/*
 * Plans frames of width x height on `model` with the kernels of `kernels`. Banks must all have the
 * same number of layers; max_blend as in bc_session_params, at least 1. Allocates nothing.
 */
void bc_plan_make(bc_plan *plan, const bc_model *model, const bc_kernels *kernels, int width,
                  int height, int max_blend);

/* Samples of a loaded row's plane, halo left out, that `width` positions of the grid need. */
int bc_pass_samples(const bc_pass *pass, const bc_step *step, int width);

#endif
