/* Direct convolution, tap by tap: whatever the others do not fit. */
#include "generator/method.h"
#include "kernels/pack.h"

static bool fits(const bc_step *step, const bc_kernels *kernels)
{
    (void)kernels;
    return step->layer->kind == BC_LAYER_CONV;
}

static bc_conv_shape shape_conv(const bc_step *step, const bc_pass *pass)
{
    return (bc_conv_shape){.n_in = step->n_in,
                           .n_out = step->n_out,
                           .height = step->kernel,
                           .width = step->kernel,
                           .split = pass->split,
                           .pitch = pass->load_pitch};
}

/* Video's chroma is made of two rows, so that a last step makes two at once. */
static bc_pass shape(bc_step *step, const bc_kernels *kernels)
{
    (void)kernels;
    const int reach = step->kernel / 2;
    const int rows = step->is_last && step->n_phases == 1 ? 2 : 1;
    bc_pass pass = {.rows = rows,
                    .stride = step->stride,
                    .above = reach,
                    .n_slots = step->kernel + (rows - 1) * step->stride,
                    .split = step->stride == 2,
                    .n_samples = step->width,
                    .halo = step->stride == 2 ? (reach + 1) / 2 : reach,
                    .scratch_floats = BC_CONV_SCRATCH(step->n_out)};
    pass.load_pitch = bc_plane_floats(pass.n_samples, pass.halo);
    pass.ring_row = (size_t)pass.load_pitch * (size_t)(step->n_in * (pass.split ? 2 : 1));
    if (step->inputs[0].source == BC_SOURCE_PIXELS && !pass.split)
        pass.load_floats = 6 * (size_t)pass.load_pitch; /* pairs, before they are joined */
    const bc_conv_shape conv = shape_conv(step, &pass);
    pass.weights_bytes = bc_conv_size(&conv);
    pass.row_products =
        (double)step->kernel * step->kernel * step->n_in * step->n_out * step->width;
    return pass;
}

static void pack(bc_weights *weights, const bc_step *step, const bc_kernels *kernels,
                 const bc_filters *filters, void *memory)
{
    const bc_conv_shape shape = shape_conv(step, &step->pass);
    weights->direct =
        bc_conv_pack(kernels, &shape, filters->weights, filters->bias, filters->gain, memory);
}

static void load(const bc_task *task, int y, float *ring, float *loaded)
{
    bc_load_planes(task, y, bc_ring_row(task->pass, ring, y) + BC_PAD, loaded);
}

static void run(const bc_step_call *c)
{
    static const bc_ahead nothing = {0};
    const float *rows[BC_MAX_ROWS];
    bc_map_rows out = c->rows;
    bc_call_rows(c, rows);
    for (int i = 0; i < c->n_rows; i++, out.map += out.row_stride)
        c->task.session->kernels.conv_row(
            &c->state->weights.direct, rows + i * c->task.pass->stride, &out, c->task.step->width,
            c->sums, i == 0 ? &c->ahead : &nothing, c->scratch);
}

const bc_method bc_method_direct = {
    .fits = fits, .shape = shape, .pack = pack, .load = load, .run = run};
