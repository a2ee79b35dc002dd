/* Winograd's F(4x4, .): dense 3x3 and 5x5 with stride 1, 9x9 with stride 2. */
#include "generator/method.h"
#include "kernels/pack.h"

/* Phases of `nearest` and `zero` have at most 2x2 taps of 3x3: nothing to gain there. */
static bool fits(const bc_step *step, const bc_kernels *kernels)
{
    const bc_layer *layer = step->layer;
    const bool is_dense =
        layer->stride != BC_STRIDE_HALF || layer->upsample == BC_UPSAMPLE_SUBPIXEL;
    if (kernels->winograd_block == 0 || layer->kind != BC_LAYER_CONV ||
        (step->is_last && step->n_phases == 1))
        return false;
    if (step->stride == 2)
        return step->kernel == 9;
    return step->kernel == 5 || (step->kernel == 3 && is_dense);
}

/* A tile's inputs reach one pair to either side; with stride 2, pairs of the samples loaded. */
static bc_pass shape(bc_step *step, const bc_kernels *kernels)
{
    const int n_points = bc_winograd_points(step->kernel);
    const int n_tiles = (step->width + BC_WINOGRAD_TILE - 1) / BC_WINOGRAD_TILE;
    const int rows = bc_winograd_pairs(kernels, step->kernel, step->width) ? 2 * BC_WINOGRAD_TILE
                                                                           : BC_WINOGRAD_TILE;
    bc_pass pass = {.rows = rows,
                    .stride = step->stride,
                    .above = step->kernel / 2,
                    .n_slots = step->stride * (n_points + rows - BC_WINOGRAD_TILE),
                    .split = true,
                    .n_samples = n_tiles * BC_WINOGRAD_TILE * step->stride / 2,
                    .halo = step->stride,
                    .weights_bytes = bc_winograd_size(step->n_in, step->n_out, step->kernel),
                    .scratch_floats =
                        bc_winograd_scratch(kernels, step->n_in, step->n_out, step->kernel)};
    pass.load_pitch = bc_plane_floats(pass.n_samples, pass.halo);
    /* a line more, so that rows do not fall onto the same sets of the cache */
    pass.ring_row = bc_winograd_row(kernels, step->n_in, step->kernel, step->width) + BC_PAD;
    /* all planes of a row, and one of them in halves for stride 2 */
    pass.load_floats = (size_t)pass.load_pitch * (size_t)(2 * step->n_in + 2);
    const double points = (double)n_points * step->stride;
    pass.row_products = points * points / (BC_WINOGRAD_TILE * BC_WINOGRAD_TILE) * step->n_in *
                        step->n_out * step->width;
    return pass;
}

static void pack(bc_weights *weights, const bc_step *step, const bc_kernels *kernels,
                 const bc_filters *filters, void *memory)
{
    weights->winograd = bc_winograd_pack(kernels, step->n_in, step->n_out, step->kernel,
                                         filters->weights, filters->bias, filters->gain, memory);
}

/* Transforms a plane of a split row with stride 2, whose own samples stand in pairs. */
static void transform_plane(const bc_task *t, const float *plane, int n_tiles, float *halves,
                            float *to)
{
    const bc_kernels *kernels = &t->session->kernels;
    float *even = halves + BC_PAD, *odd = even + t->pass->load_pitch;
    static const bc_norm as_it_is = {.scale = 1, .least = BC_NO_RELU};
    kernels->norm_split(even - 1, odd - 1, plane - 2, 2 * n_tiles + 2, as_it_is);
    kernels->winograd_load(to, bc_winograd_points(t->step->kernel), 2 * t->step->n_in, even, odd,
                           n_tiles);
}

/* A split row into a transformed one: a group of planes for each channel, or each plane. */
static void load(const bc_task *t, int y, float *ring, float *loaded)
{
    const bc_pass *pass = t->pass;
    const int n_in = t->step->n_in, group = t->session->kernels.winograd_strip;
    const int n_tiles = (t->step->width + BC_WINOGRAD_TILE - 1) / BC_WINOGRAD_TILE;
    float *to = bc_ring_row(pass, ring, y) + BC_PAD, *sample = loaded + BC_PAD;
    float *halves = loaded + 2 * n_in * pass->load_pitch;
    bc_load_planes(t, y, sample, loaded);
    for (int i = 0; i < n_in; i++) {
        const float *even = sample + 2 * i * pass->load_pitch, *odd = even + pass->load_pitch;
        if (t->step->stride == 1) {
            t->session->kernels.winograd_load(to + i * group, bc_winograd_points(t->step->kernel),
                                              n_in, even, odd, n_tiles);
            continue;
        }
        transform_plane(t, even, n_tiles, halves, to + 2 * i * group);
        transform_plane(t, odd, n_tiles, halves, to + (2 * i + 1) * group);
    }
}

static void run(const bc_step_call *c)
{
    const float *rows[BC_MAX_ROWS];
    bc_call_rows(c, rows);
    c->task.session->kernels.winograd_rows(&c->state->weights.winograd, rows, &c->rows,
                                           c->task.step->width, c->n_rows, c->sums, &c->ahead,
                                           c->scratch);
}

const bc_method bc_method_winograd = {
    .fits = fits, .shape = shape, .pack = pack, .load = load, .run = run};
