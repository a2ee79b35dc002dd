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

#include "brushcast.h"

/* The header says nothing about visibility, and a library hides what is not said to be seen. */
#pragma GCC visibility push(default)
#include <frei0r.h>
#pragma GCC visibility pop

enum { STYLE, STRENGTH, KEEP_COLORS, STABILIZE, SCALE, NET, N_PARAMS };

enum { FRAME_US = 40000 }; /* hosts give times in various units; only jumps are taken from them */

static const struct parameter {
    const char *name, *explanation;
    bc_painter_setting setting; /* of numbers */
} parameters[N_PARAMS] = {
    [STYLE] = {"style", "NAME[:WEIGHT] of one or more styles, joined by '+'", 0},
    [STRENGTH] = {"strength", "how much of the painting is seen", BC_PAINTER_STRENGTH},
    [KEEP_COLORS] = {"keep-colors", "how much of the video's own colours stay",
                     BC_PAINTER_KEEP_COLORS},
    [STABILIZE] = {"stabilize", "how still the painting holds", BC_PAINTER_STABILIZE},
    [SCALE] = {"scale", "size at which it is painted: smaller, larger strokes", BC_PAINTER_SCALE},
    [NET] = {"net", "name or folder of the net", 0},
};

/* Shared by all instances -------------------------------------------------------------------- */

typedef struct shared_net {
    char *name;
    bc_model *model; /* NULL: it could not be opened */
    int n_users;
    struct shared_net *next;
} shared_net;

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static shared_net *nets;
static bc_executor *executor;
static int n_executor_users;

static void print(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    if (level <= BC_LOG_WARNING)
        fprintf(stderr, "brushcast: %s\n", message);
}

static const bc_log to_stderr = {.write = print};

static shared_net *add_net(const char *name)
{
    shared_net *net = calloc(1, sizeof(*net));
    if (!net)
        return NULL;
    net->name = strdup(name);
    bc_model_open(&net->model, *name ? name : NULL,
                  &(bc_model_params){.size = sizeof(bc_model_params), .log = to_stderr});
    net->next = nets;
    nets = net;
    return net;
}

/* The net of that name; NULL without memory. */
static shared_net *take_net(const char *name)
{
    pthread_mutex_lock(&shared_lock);
    shared_net *net = nets;
    while (net && (!net->name || strcmp(net->name, name) != 0))
        net = net->next;
    if (!net)
        net = add_net(name);
    if (net)
        net->n_users++;
    if (n_executor_users++ == 0)
        bc_executor_open(
            &executor, &(bc_executor_params){.size = sizeof(bc_executor_params), .log = to_stderr});
    pthread_mutex_unlock(&shared_lock);
    return net;
}

static void give_net(shared_net *net)
{
    pthread_mutex_lock(&shared_lock);
    if (--n_executor_users == 0)
        bc_executor_close(&executor);
    if (net && --net->n_users == 0) {
        shared_net **at = &nets;
        while (*at != net)
            at = &(*at)->next;
        *at = net->next;
        bc_model_close(&net->model);
        free(net->name);
        free(net);
    }
    pthread_mutex_unlock(&shared_lock);
}

/* Instances ---------------------------------------------------------------------------------- */

typedef struct instance {
    int width, height;
    char *style, *net; /* "": the default */
    double values[N_PARAMS];
    pthread_mutex_t lock;
    bool was_opened; /* since the net was chosen */
    shared_net *shared;
    bc_painter *painter; /* NULL: frames pass through */
    double last_time, last_step;
    int64_t time_us;
} instance;

static void close_painter(instance *i)
{
    bc_painter_close(&i->painter);
    if (i->was_opened)
        give_net(i->shared);
    i->shared = NULL;
    i->was_opened = false;
}

static void apply(instance *i, int index)
{
    if (!i->painter)
        return;
    if (index == STYLE)
        bc_painter_set_style(i->painter, i->style && *i->style ? i->style : NULL);
    else
        bc_painter_set(i->painter, parameters[index].setting, i->values[index]);
}

static void open_painter(instance *i)
{
    i->was_opened = true;
    i->shared = take_net(i->net);
    if (!i->shared || !i->shared->model)
        return;
    bc_painter_open(&i->painter, &(bc_painter_params){.size = sizeof(bc_painter_params),
                                                      .model = i->shared->model,
                                                      .executor = executor,
                                                      .stats = BC_STATS_FRAME,
                                                      .log = to_stderr});
    for (int index = 0; index < NET; index++)
        apply(i, index);
}

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

static bool is_text(int index)
{
    return index == STYLE || index == NET;
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    *info = (f0r_param_info_t){.name = parameters[index].name,
                               .type = is_text(index) ? F0R_PARAM_STRING : F0R_PARAM_DOUBLE,
                               .explanation = parameters[index].explanation};
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    instance *i = calloc(1, sizeof(*i));
    if (!i)
        return NULL;
    *i = (instance){.width = (int)width, .height = (int)height};
    i->values[STRENGTH] = i->values[SCALE] = 1;
    i->style = strdup("");
    i->net = strdup("");
    pthread_mutex_init(&i->lock, NULL);
    return i;
}

void f0r_destruct(f0r_instance_t host)
{
    instance *i = host;
    close_painter(i);
    pthread_mutex_destroy(&i->lock);
    free(i->style);
    free(i->net);
    free(i);
}

/* Hosts set all parameters before every frame: only what is another one counts. */
static void set_text(instance *i, int index, const char *text)
{
    char **to = index == STYLE ? &i->style : &i->net;
    if (!text || (*to && strcmp(*to, text) == 0))
        return;
    free(*to);
    *to = strdup(text);
    if (index == NET)
        close_painter(i);
    else
        apply(i, STYLE);
}

void f0r_set_param_value(f0r_instance_t host, f0r_param_t value, int index)
{
    instance *i = host;
    pthread_mutex_lock(&i->lock);
    if (is_text(index)) {
        set_text(i, index, *(char **)value);
    } else if (i->values[index] != *(double *)value) {
        i->values[index] = *(double *)value;
        apply(i, index);
    }
    pthread_mutex_unlock(&i->lock);
}

void f0r_get_param_value(f0r_instance_t host, f0r_param_t value, int index)
{
    instance *i = host;
    if (is_text(index))
        *(char **)value = index == STYLE ? i->style : i->net;
    else
        *(double *)value = i->values[index];
}

void f0r_update(f0r_instance_t host, double time, const uint32_t *in, uint32_t *out)
{
    instance *i = host;
    const int row = row_pixels(i, __builtin_return_address(0));
    const bc_image source = view(i, (uint32_t *)(uintptr_t)in, row), painting = view(i, out, row);
    pthread_mutex_lock(&i->lock);
    if (!i->was_opened && i->style && i->net)
        open_painter(i);
    const unsigned flags = has_jumped(i, time) ? BC_PAINT_CUT : 0;
    i->time_us += FRAME_US;
    if (!i->painter || bc_painter_run(i->painter, &source, &painting, i->time_us, flags) < 0)
        memmove(out, in, 4 * (size_t)row * (size_t)i->height);
    pthread_mutex_unlock(&i->lock);
}
