/* Shows a frame's layers as the tools want them: normalised, phases joined. */
#include <stdlib.h>

#include "base/log.h"
#include "generator/session.h"

typedef struct showing {
    bc_session *session;
    const bc_observer *observer;
    bc_status status; /* the first failure */
} showing;

/* One channel as the next layer would see it. */
static void copy_channel(float *to, const bc_step *step, const float *data, const bc_affine *affine,
                         int channel)
{
    const int scale = step->n_phases == 4 ? 2 : 1;
    const bc_map *map = &step->map;
    for (int y = 0; y < scale * step->height; y++) {
        for (int x = 0; x < scale * step->width; x++) {
            const int phase = scale == 1 ? 0 : 2 * (y & 1) + (x & 1);
            const float raw = data[(phase * step->n_channels + channel) * map->channel_stride +
                                   y / scale * map->row_stride + x / scale];
            const float value = affine->scale[channel] * raw + affine->shift[channel];
            *to++ = value > 0 || !step->layer->relu ? value : 0;
        }
    }
}

static void show_step(void *cookie, const bc_step *step, const float *data,
                      const bc_layer_state *state)
{
    showing *s = cookie;
    const int scale = step->n_phases == 4 ? 2 : 1;
    const int width = scale * step->width, height = scale * step->height;
    const size_t size = (size_t)width * (size_t)height;
    float *copy = malloc((size_t)step->n_channels * size * sizeof(*copy));
    if (!copy) {
        s->status = bc_fail(&s->session->params.log, BC_ERR_MEMORY, "no memory to show layer %s",
                            step->name);
        return;
    }
    for (int c = 0; c < step->n_channels; c++)
        copy_channel(copy + (size_t)c * size, step, data, &state->affine, c);
    s->observer->layer(s->observer->cookie, step->name, copy, step->n_channels, height, width);
    free(copy);
}

bc_status bc_session_observe(bc_session *session, const bc_image *source, const bc_image *painting,
                             const bc_observer *observer)
{
    showing s = {.session = session, .observer = observer};
    const bc_watcher watcher = {.step = show_step, .cookie = &s};
    bc_frame_views frame = bc_frame_views_make(source, painting);
    frame.linear = observer->linear;
    bc_session_run_frame(session, &frame, observer->layer ? &watcher : NULL);
    return s.status;
}
