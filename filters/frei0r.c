/*
 * frei0r.c: Brushcast as a frei0r filter, for FFmpeg, mpv, MLT (Kdenlive, Shotcut), Flowblade.
 *
 * Parameters: style ("NAME[:WEIGHT]+..."), strength, keep-colors, stabilize, scale (all 0 to 1) and
 * net. Statistics are each frame's own: hosts give frames to several instances in turn, and a frame
 * must not depend on who painted the one before.
 *
 * Nets and threads are shared by all instances of a process, and counted. A net that cannot be
 * opened is said once on stderr, and frames pass through unpainted.
 *
 * What hosts do, and is met here: MLT constructs instances that never paint, so everything opens at
 * the first frame; it also updates one instance from two threads. FFmpeg's libavfilter 8 hands over
 * rows of a multiple of 16 pixels without saying so. GStreamer's wrapper gives strings in another
 * way than the interface says while it plays, and has an element of its own: it is refused.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "effect.h"

/* The header says nothing about visibility, and a library hides what is not said to be seen. */
#pragma GCC visibility push(default)
#include <frei0r.h>
#pragma GCC visibility pop

enum { STYLE, STRENGTH, KEEP_COLORS, STABILIZE, SCALE, NET, N_PARAMS };

enum { FRAME_US = 40000 }; /* hosts give times in various units; only jumps are taken from them */

static const bc_painter_setting settings[N_PARAMS] = {[STRENGTH] = BC_PAINTER_STRENGTH,
                                                      [KEEP_COLORS] = BC_PAINTER_KEEP_COLORS,
                                                      [STABILIZE] = BC_PAINTER_STABILIZE,
                                                      [SCALE] = BC_PAINTER_SCALE};

static void print(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    if (level <= BC_LOG_WARNING)
        fprintf(stderr, "brushcast: %s\n", message);
}

static const bc_log to_stderr = {.write = print};

typedef struct instance {
    bc_effect *effect;
    int width, height;
    pthread_mutex_t lock; /* of what follows: held for a whole frame */
    double last_time, last_step;
    int64_t time_us;
} instance;

/* Whether the host's clock ran backwards, or on by much more than it uses to. */
static bool has_jumped(instance *i, double time)
{
    const double step = time - i->last_time;
    const bool jumped = step < 0 || (i->last_step > 0 && step > 16 * i->last_step);
    if (!jumped)
        i->last_step = step;
    i->last_time = time;
    return jumped;
}

/* Pixels from row to row: libavfilter 8 aligns them, whoever else calls does not. */
static int row_pixels(const instance *i, const void *caller)
{
    Dl_info info;
    const bool is_aligned = dladdr(caller, &info) && strstr(info.dli_fname, "libavfilter.so.8");
    return is_aligned ? (i->width + 15) / 16 * 16 : i->width;
}

static bc_image view(const instance *i, uint32_t *pixels, int row)
{
    return (bc_image){.pixels = (uint8_t *)pixels,
                      .stride_bytes = 4 * (ptrdiff_t)row,
                      .width = i->width,
                      .height = i->height,
                      .format = BC_RGBA32};
}

/* The interface ------------------------------------------------------------------------------ */

int f0r_init(void)
{
    Dl_info info;
    return !(dladdr(__builtin_return_address(0), &info) && strstr(info.dli_fname, "libgstfrei0r"));
}

/* Other instances may live on: FFmpeg calls this once for each of its filters. */
void f0r_deinit(void)
{
}

void f0r_get_plugin_info(f0r_plugin_info_t *info)
{
    *info = (f0r_plugin_info_t){.name = "Brushcast",
                                .author = "the Brushcast authors",
                                .plugin_type = F0R_PLUGIN_TYPE_FILTER,
                                .color_model = F0R_COLOR_MODEL_RGBA8888,
                                .frei0r_version = FREI0R_MAJOR_VERSION,
                                .major_version = BC_VERSION_MAJOR,
                                .minor_version = BC_VERSION_MINOR,
                                .num_params = N_PARAMS,
                                .explanation = "Repaints video in the style of a painting"};
}

static const bc_effect_parameter *parameter(int index)
{
    return index == STYLE ? &bc_effect_style
           : index == NET ? &bc_effect_net
                          : &bc_effect_numbers[settings[index]];
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    const bool is_text = index == STYLE || index == NET;
    *info = (f0r_param_info_t){.name = parameter(index)->name,
                               .type = is_text ? F0R_PARAM_STRING : F0R_PARAM_DOUBLE,
                               .explanation = parameter(index)->explanation};
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    instance *i = calloc(1, sizeof(*i));
    bc_effect *effect = bc_effect_open(BC_STATS_FRAME, &to_stderr);
    if (!i || !effect) {
        bc_effect_close(effect);
        free(i);
        return NULL;
    }
    *i = (instance){.effect = effect, .width = (int)width, .height = (int)height};
    pthread_mutex_init(&i->lock, NULL);
    return i;
}

void f0r_destruct(f0r_instance_t host)
{
    instance *i = host;
    bc_effect_close(i->effect);
    pthread_mutex_destroy(&i->lock);
    free(i);
}

void f0r_set_param_value(f0r_instance_t host, f0r_param_t value, int index)
{
    const instance *i = host;
    if (index == STYLE)
        bc_effect_set_style(i->effect, *(char **)value);
    else if (index == NET)
        bc_effect_set_net(i->effect, *(char **)value);
    else
        bc_effect_set(i->effect, settings[index], *(double *)value);
}

/* The interface has no constant texts; no host writes to one. */
static char *text(const instance *i, int index)
{
    const bool is_style = index == STYLE;
    return (char *)(uintptr_t)(is_style ? bc_effect_get_style(i->effect)
                                        : bc_effect_get_net(i->effect));
}

void f0r_get_param_value(f0r_instance_t host, f0r_param_t value, int index)
{
    const instance *i = host;
    if (index == STYLE || index == NET)
        *(char **)value = text(i, index);
    else
        *(double *)value = bc_effect_get(i->effect, settings[index]);
}

void f0r_update(f0r_instance_t host, double time, const uint32_t *in, uint32_t *out)
{
    instance *i = host;
    const int row = row_pixels(i, __builtin_return_address(0));
    const bc_image source = view(i, (uint32_t *)(uintptr_t)in, row), painting = view(i, out, row);
    pthread_mutex_lock(&i->lock);
    const unsigned flags = has_jumped(i, time) ? BC_PAINT_CUT : 0;
    i->time_us += FRAME_US;
    if (!bc_effect_paint(i->effect, &source, &painting, i->time_us, flags))
        memmove(out, in, 4 * (size_t)row * (size_t)i->height);
    pthread_mutex_unlock(&i->lock);
}
