/* The sum of two maps, row by row, in 32 bits. */
#include "generator/method.h"

static bool fits(const bc_step *step, const bc_kernels *kernels)
{
    (void)kernels;
    return step->layer->kind == BC_LAYER_ADD;
}

static bc_pass shape(bc_step *step, const bc_kernels *kernels)
{
    (void)step;
    (void)kernels;
    return (bc_pass){.rows = 1, .stride = 1, .n_slots = 1};
}

/* Two canvases of one size are the same. */
static void add_canvas(const bc_task *t, int y, float *to, ptrdiff_t channel_stride, bool is_twice)
{
    bc_load_canvas(t, y, to, channel_stride);
    for (int channel = 0; channel < t->step->n_out && is_twice; channel++) {
        for (int x = 0; x < t->step->width; x++)
            to[channel * channel_stride + x] *= 2;
    }
}

static void run(const bc_step_call *c)
{
    const bc_task *t = &c->task;
    const ptrdiff_t stride = c->rows.channel_stride;
    int n_canvases = 0, n_added = 0;
    for (int i = 0; i < t->n_inputs; i++)
        n_canvases += t->inputs[i].source == BC_SOURCE_CANVAS;
    if (n_canvases > 0)
        add_canvas(t, c->y, c->rows.map, stride, n_canvases == 2);
    for (int i = 0; i < t->n_inputs; i++) {
        if (t->inputs[i].source == BC_SOURCE_CANVAS)
            continue;
        for (int channel = 0; channel < t->step->n_out; channel++)
            bc_load_channel(t, &t->inputs[i], channel, c->y, c->rows.map + channel * stride,
                            n_canvases + n_added > 0);
        n_added++;
    }
}

const bc_method bc_method_sum = {.fits = fits, .shape = shape, .run = run};
