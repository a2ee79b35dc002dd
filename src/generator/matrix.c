/*
 * Convolutions and sums by the matrix units, depth first with all other steps: from rows of bf16
 * pixels, which readers want, to such rows; of the last step to rows of planes.
 */
#include <string.h>

#include "generator/method.h"
#include "generator/roll.h"
#include "kernels/bf16.h"
#include "kernels/pack.h"

/* Fitting ------------------------------------------------------------------------------------ */

/* No edge is reflected, and what is read through a mix, which has its style's share, only so. */
static bool fits_any(const bc_step *step)
{
    return step->layer->pad == BC_PAD_EDGE && !(step->is_mixed && step->is_read_plain);
}

/* The frame is read with stride 2, in pairs of rows, and the painting is made of phases. */
static bool fits(const bc_step *step, const bc_kernels *kernels)
{
    (void)kernels;
    const bool is_first = step->inputs[0].source == BC_SOURCE_PIXELS;
    return step->layer->kind == BC_LAYER_CONV && fits_any(step) &&
           !(is_first && (step->stride != 2 || step->kernel / 2 % 2 != 0)) &&
           !(step->is_last && step->n_phases != 4);
}

static bool fits_sum(const bc_step *step, const bc_kernels *kernels)
{
    (void)kernels;
    return step->layer->kind == BC_LAYER_ADD && fits_any(step) && step->inputs[0].from >= 0 &&
           step->inputs[1].from >= 0;
}

/* Shape -------------------------------------------------------------------------------------- */

/* Pixels behind a row that its maker may write: the rest of a position, or of a vector. */
enum { SLACK = 64 };

static void need(size_t *size, ptrdiff_t wanted)
{
    if (wanted > (ptrdiff_t)*size)
        *size = (size_t)wanted;
}

/* Rows of `width` pixels for a step to read with its kernel. */
static void fit_reader(bc_value_rows *rows, const bc_step *reader, int width)
{
    const int n_values = bc_matrix_values(&reader->matrix_shape), reach = reader->kernel / 2;
    const ptrdiff_t wanted = bc_matrix_want(&reader->matrix_shape, reader->width);
    const int behind = (int)(wanted + n_values - 1) / n_values - width;
    rows->before = reach > rows->before ? reach : rows->before;
    rows->behind = behind > rows->behind ? behind : rows->behind;
    rows->lead = (ptrdiff_t)rows->before * n_values;
    /* values behind the lead yet */
    need(&rows->row, bc_matrix_reach(&reader->matrix_shape, reader->width));
    need(&rows->row, (ptrdiff_t)(width + reader->kernel + SLACK) * n_values);
}

/* Turns a number of values behind pixel 0 into floats. */
static void close_rows(bc_value_rows *rows, bool has_low)
{
    const ptrdiff_t n_values = rows->lead + (ptrdiff_t)rows->row;
    const ptrdiff_t part = bc_spread(n_values / 2 + 1);
    rows->low = has_low ? 2 * part : 0;
    rows->row = (size_t)(has_low ? 2 * part : part);
}

/* Of a step that reads the frame or a canvas. */
static void shape_ring(const bc_step *step, bc_pass *pass)
{
    const bool is_frame = step->inputs[0].source == BC_SOURCE_PIXELS;
    fit_reader(&pass->in, step, step->in_width);
    close_rows(&pass->in, step->matrix_shape.has_low && !is_frame);
    pass->in.n_rows = pass->n_slots;
    pass->ring_row = pass->in.row;
    pass->n_samples = step->in_width / (is_frame ? 2 : 1);
    pass->load_pitch = bc_plane_floats(pass->n_samples, pass->halo);
    pass->load_floats = (size_t)pass->load_pitch * (size_t)(is_frame ? 12 : step->n_in);
}

static bc_pass shape(bc_step *step, const bc_kernels *kernels)
{
    (void)kernels;
    const bool is_first = step->inputs[0].source == BC_SOURCE_PIXELS;
    bc_matrix_shape *s = &step->matrix_shape;
    *s = (bc_matrix_shape){.n_in = step->n_in,
                           .n_out = step->n_out,
                           .kernel = step->kernel,
                           .stride = step->stride,
                           .n_phases = step->n_phases,
                           .is_first = is_first,
                           .planar = step->is_last,
                           .has_low = step->n_parts == 2};
    bc_pass pass = {.rows = 1,
                    .stride = is_first ? 1 : step->stride, /* of pairs of rows */
                    .above = is_first ? step->kernel / 4 : step->kernel / 2,
                    .n_slots = is_first ? (step->kernel + 1) / 2 : step->kernel,
                    .split = is_first, /* pixels, on their way */
                    .halo = step->kernel / 2,
                    .weights_bytes = bc_matrix_size(s),
                    .scratch_floats = bc_matrix_scratch(s),
                    .n_lanes = bc_matrix_choose(s).n_lanes};
    if (step->inputs[0].from < 0)
        shape_ring(step, &pass);
    return pass;
}

static bc_pass shape_sum(bc_step *step, const bc_kernels *kernels)
{
    (void)step;
    (void)kernels;
    return (bc_pass){.rows = 1, .stride = 1, .n_slots = 1};
}

void bc_matrix_shape_rows(bc_plan *plan)
{
    for (int i = 0; i < plan->n_steps - 1; i++) {
        bc_step *step = &plan->steps[i];
        bc_value_rows *rows = &step->matrix.out;
        const int width = step->width * bc_step_scale(step);
        need(&rows->row, (ptrdiff_t)(width + SLACK) * step->n_channels);
        for (int k = i + 1; k < plan->n_steps; k++) {
            const bc_step *reader = &plan->steps[k];
            if (reader->inputs[0].from == i && reader->layer->kind == BC_LAYER_CONV)
                fit_reader(rows, reader, width);
        }
        close_rows(rows, step->n_parts == 2);
    }
}

static void pack(bc_weights *weights, const bc_step *step, const bc_kernels *kernels,
                 const bc_filters *filters, void *memory)
{
    (void)kernels;
    weights->matrix =
        bc_matrix_pack(&step->matrix_shape, filters->weights, filters->bias, filters->gain, memory);
}

/* For each lane of the outputs. */
static void normalise(const bc_step *step, const bc_layer_state *state)
{
    const bc_matrix *matrix = &state->weights.matrix;
    const bc_affine *affine = step->is_mixed ? &state->mixed : &state->affine;
    for (int i = 0; i < step->matrix.n_lanes; i++) {
        const int channel = bc_matrix_output(matrix, i) % step->n_channels;
        state->lanes.scale[i] = affine->scale[channel];
        state->lanes.shift[i] = affine->shift[channel];
    }
}

/* Loading ------------------------------------------------------------------------------------ */

/* Value 0 of pixel 0 of row y. */
static uint16_t *row_values(const bc_value_rows *rows, float *ring, int y)
{
    const int n = rows->n_rows;
    float *row = ring + (size_t)((y % n + n) % n) * rows->row;
    return (uint16_t *)(void *)row + rows->lead;
}

/* Rows 2y and 2y + 1 of the frame into a matrix row, as far as kernels reach to either side. */
static void load_pixels(const bc_task *t, int y, float *loaded, uint16_t *values)
{
    const bc_value_rows *rows = &t->pass->in;
    const int left = t->step->kernel / 4, right = (rows->behind + 1) / 2; /* pairs */
    const float *planes[2][6];
    for (int i = 0; i < 2; i++) {
        float *sample = loaded + BC_PAD + 6 * i * t->pass->load_pitch;
        bc_load_pixels(t, 2 * y + i, sample);
        for (int plane = 0; plane < 6; plane++)
            planes[i][plane] = sample + plane * t->pass->load_pitch - left;
    }
    t->session->kernels.matrix_pixels(values - rows->lead, planes,
                                      left + t->pass->n_samples + right);
}

/* A canvas's row into a matrix row. */
static void load_canvas(const bc_task *t, int y, float *loaded, uint16_t *values)
{
    const bc_value_rows *rows = &t->pass->in;
    const int n_in = t->step->n_in, width = t->step->in_width;
    float *sample = loaded + BC_PAD;
    bc_load_canvas(t, y, sample, t->pass->load_pitch);
    for (int x = -rows->before; x < width + rows->behind; x++) {
        for (int c = 0; c < n_in; c++) {
            const float value = sample[c * t->pass->load_pitch + bc_clamp(x, 0, width - 1)];
            uint16_t *to = &values[x * n_in + c];
            *to = rows->low ? bc_cut_to_bf16(value) : bc_to_bf16(value);
            if (rows->low)
                to[rows->low] = bc_to_bf16(value - bc_from_bf16(*to));
        }
    }
}

static void load(const bc_task *t, int y, float *ring, float *loaded)
{
    uint16_t *values = row_values(&t->pass->in, ring, y);
    if (t->step->inputs[0].source == BC_SOURCE_PIXELS)
        load_pixels(t, y, loaded, values);
    else
        load_canvas(t, bc_step_row(t->step, y), loaded, values);
}

/* Calls -------------------------------------------------------------------------------------- */

static bc_matrix_input input_of(const bc_step_call *c)
{
    const bc_task *t = &c->task;
    const bc_input *from = &t->inputs[0];
    const int y = c->y * t->pass->stride - t->pass->above;
    bc_matrix_input in = {.low = from->values ? from->values->low : t->pass->in.low};
    for (int k = 0; k < t->pass->n_slots; k++)
        in.rows[k] = from->values
                         ? row_values(from->values, from->data, bc_step_row(t->step, y + k))
                         : row_values(&t->pass->in, c->ring, y + k);
    return in;
}

/* The row's first and last pixels are repeated beside it. */
static void repeat_edges(const bc_value_rows *rows, uint16_t *values, int n_values, int width)
{
    const size_t pixel = (size_t)n_values * sizeof(*values);
    uint16_t *const last = values + (width - 1) * n_values;
    for (int i = 1; i <= rows->before; i++)
        memcpy(values - i * n_values, values, pixel);
    for (int i = 1; i <= rows->behind; i++)
        memcpy(last + i * n_values, last, pixel);
}

static void finish_row(const bc_step *step, uint16_t *values)
{
    const bc_value_rows *rows = &step->matrix.out;
    const int width = step->width * bc_step_scale(step);
    repeat_edges(rows, values, step->n_channels, width);
    if (rows->low)
        repeat_edges(rows, values + rows->low, step->n_channels, width);
}

static void run(const bc_step_call *c)
{
    const bc_step *step = c->task.step;
    const bc_value_rows *out = &step->matrix.out;
    const bc_kernels *kernels = &c->task.session->kernels;
    const bc_matrix *matrix = &c->state->weights.matrix;
    const bc_matrix_input in = input_of(c);
    bc_matrix_lines lines = {.low = out->low,
                             .scale = c->state->lanes.scale,
                             .shift = c->state->lanes.shift,
                             .least = step->layer->relu ? 0 : BC_NO_RELU,
                             .add = c->adds};
    if (step->is_last) {
        kernels->matrix_planes(matrix, &in, step->width, c->rows.map, c->rows.channel_stride,
                               c->scratch);
        return;
    }
    for (int i = 0; i < matrix->n_lines; i++)
        lines.lines[i] = row_values(out, c->values, c->y * matrix->n_lines + i);
    kernels->matrix_lines(matrix, &in, step->width, &lines, c->sums, c->scratch);
    for (int i = 0; i < matrix->n_lines; i++)
        finish_row(step, lines.lines[i]);
}

static void run_sum(const bc_step_call *c)
{
    const bc_task *t = &c->task;
    const bc_value_rows *out = &t->step->matrix.out;
    bc_matrix_sum sum = {.scale = c->share,
                         .to = row_values(out, c->values, c->y),
                         .to_low = out->low,
                         .add = c->adds};
    for (int i = 0; i < 2; i++) {
        sum.from[i] = row_values(t->inputs[i].values, t->inputs[i].data, c->y);
        sum.from_low[i] = t->inputs[i].values->low;
    }
    t->session->kernels.matrix_add(&sum, t->step->width * t->step->n_channels);
    finish_row(t->step, sum.to);
}

const bc_method bc_method_matrix = {
    .fits = fits, .shape = shape, .pack = pack, .load = load, .run = run, .normalise = normalise};
const bc_method bc_method_matrix_sum = {.fits = fits_sum, .shape = shape_sum, .run = run_sum};
