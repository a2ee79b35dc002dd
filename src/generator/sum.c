/* The sum of two maps, row by row. */
#include "generator/task.h"

/* Two canvases of one size are the same. */
static void add_canvas(const bc_task *t, int y, float *to, ptrdiff_t channel_stride, bool is_twice)
{
    bc_load_canvas(t, y, to, channel_stride);
    for (int channel = 0; channel < t->step->n_out && is_twice; channel++) {
        for (int x = 0; x < t->step->width; x++)
            to[channel * channel_stride + x] *= 2;
    }
}

void bc_sum_row(const bc_task *t, int y, float *to, ptrdiff_t channel_stride)
{
    int n_canvases = 0, n_added = 0;
    for (int i = 0; i < t->n_inputs; i++)
        n_canvases += t->inputs[i].source == BC_SOURCE_CANVAS;
    if (n_canvases > 0)
        add_canvas(t, y, to, channel_stride, n_canvases == 2);
    for (int i = 0; i < t->n_inputs; i++) {
        if (t->inputs[i].source == BC_SOURCE_CANVAS)
            continue;
        for (int channel = 0; channel < t->step->n_out; channel++)
            bc_load_channel(t, &t->inputs[i], channel, y, to + channel * channel_stride,
                            n_canvases + n_added > 0);
        n_added++;
    }
}
