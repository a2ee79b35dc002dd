#include "app/studio.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "app/mirror.h"
#include "stabilizer/stabilizer.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "live/view.h"
#include "media/convert.h"
#include "media/mix.h"

enum {
    MIN_SIZE = 16,
    MAX_INTERVAL_US = 2000000 /* between frames of one scene */
};

typedef struct blend {
    int n;
    bc_style_weight styles[BC_LIVE_BLEND];
} blend;

/* A session, what it was opened for, and what it paints. */
typedef struct easel {
    bc_session *session;
    const bc_model *model;
    const char *net; /* its name */
    int width, height;
    blend blend;
} easel;

/* The thread that opens and closes sessions. */
typedef struct workshop {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_running, must_stop;
    bool is_wanted, is_ready; /* never both */
    easel wanted, ready;
    easel waste;   /* to be closed */
    easel refused; /* could not be opened: not asked for again */
} workshop;

struct bc_studio {
    bc_studio_params params;
    bc_converter *converter;       /* to the painting's size */
    bc_converter *whole_converter; /* to the source's own */
    bc_mixer *mixer;               /* NULL until something is mixed */
    bc_image mixed;                /* what it is for */
    workshop shop;
    easel current;
    int blend_net; /* whose styles the blends are of */
    blend from, to, shown;
    int64_t fade_start_ns;
    int64_t last_us; /* time of the last frame painted, or BC_NO_PTS */
    bc_stabilizer *stabilizer;
    blend stabilized; /* what the stabiliser holds */
};

void bc_painted_free(bc_painted **painted)
{
    if (!painted || !*painted)
        return;
    bc_frame_unref(&(*painted)->picture);
    bc_frame_unref(&(*painted)->original);
    free(*painted);
    *painted = NULL;
}

/* Sessions --------------------------------------------------------------------------------- */

static bc_status open_easel(const bc_studio *studio, easel *e)
{
    const bc_session_params params = {.width = e->width,
                                      .height = e->height,
                                      .n_threads = studio->params.n_threads,
                                      .max_blend = BC_LIVE_BLEND,
                                      .precision = studio->params.precision,
                                      .stats = BC_STATS_STREAM,
                                      .log = studio->params.log};
    return bc_session_open(&e->session, e->model, &params);
}

static bool is_same(const easel *a, const easel *b)
{
    return a->model == b->model && a->width == b->width && a->height == b->height;
}

static void *run_workshop(void *arg)
{
    bc_studio *studio = arg;
    workshop *shop = &studio->shop;
    pthread_mutex_lock(&shop->lock);
    while (!shop->must_stop) {
        if (shop->waste.session) {
            easel waste = shop->waste;
            shop->waste = (easel){0};
            pthread_mutex_unlock(&shop->lock);
            bc_session_close(&waste.session);
            pthread_mutex_lock(&shop->lock);
        } else if (shop->is_wanted) {
            easel next = shop->wanted;
            pthread_mutex_unlock(&shop->lock);
            const bc_status status = open_easel(studio, &next);
            pthread_mutex_lock(&shop->lock);
            shop->is_wanted = false;
            shop->is_ready = status == BC_OK;
            *(shop->is_ready ? &shop->ready : &shop->refused) = next;
        } else {
            pthread_cond_wait(&shop->changed, &shop->lock);
        }
    }
    pthread_mutex_unlock(&shop->lock);
    return NULL;
}

static bc_status open_workshop(bc_studio *studio)
{
    workshop *shop = &studio->shop;
    pthread_mutex_init(&shop->lock, NULL);
    pthread_cond_init(&shop->changed, NULL);
    shop->is_running = pthread_create(&shop->thread, NULL, run_workshop, studio) == 0;
    return shop->is_running ? BC_OK
                            : bc_fail(&studio->params.log, BC_ERR_MEMORY, "studio: no thread");
}

static void close_workshop(workshop *shop)
{
    if (shop->is_running) {
        pthread_mutex_lock(&shop->lock);
        shop->must_stop = true;
        pthread_cond_signal(&shop->changed);
        pthread_mutex_unlock(&shop->lock);
        pthread_join(shop->thread, NULL);
    }
    pthread_cond_destroy(&shop->changed);
    pthread_mutex_destroy(&shop->lock);
    bc_session_close(&shop->waste.session);
    if (shop->is_ready)
        bc_session_close(&shop->ready.session);
}

/* Takes a finished session, and orders the wanted one if it is another. */
static bc_status choose_easel(bc_studio *studio, const easel *wanted)
{
    workshop *shop = &studio->shop;
    if (!studio->current.session) {
        studio->current = *wanted;
        return open_easel(studio, &studio->current);
    }
    pthread_mutex_lock(&shop->lock);
    if (shop->is_ready && !shop->waste.session) {
        shop->waste = studio->current;
        studio->current = shop->ready;
        shop->is_ready = false;
        pthread_cond_signal(&shop->changed);
    }
    if (!is_same(&studio->current, wanted) && !is_same(&shop->refused, wanted) &&
        !shop->is_wanted && !shop->is_ready) {
        shop->wanted = *wanted;
        shop->is_wanted = true;
        pthread_cond_signal(&shop->changed);
    }
    pthread_mutex_unlock(&shop->lock);
    return BC_OK;
}

bc_status bc_studio_open(bc_studio **studio_out, const bc_studio_params *params)
{
    bc_studio *studio = *studio_out = calloc(1, sizeof(*studio));
    if (!studio)
        return bc_fail(&params->log, BC_ERR_MEMORY, "studio: out of memory");
    studio->params = *params;
    studio->last_us = BC_NO_PTS;
    if (studio->params.n_threads == 0)
        studio->params.n_threads = bc_cpu_count();
    const int n_threads = studio->params.n_threads;
    bc_status status = open_workshop(studio);
    if (status == BC_OK)
        status = bc_converter_open(&studio->converter, n_threads, &params->log);
    if (status == BC_OK)
        status = bc_converter_open(&studio->whole_converter, n_threads, &params->log);
    if (status == BC_OK)
        status = bc_stabilizer_open(&studio->stabilizer, n_threads, &params->log);
    if (status < 0)
        bc_studio_close(studio_out);
    return status;
}

void bc_studio_close(bc_studio **studio_in)
{
    if (!studio_in || !*studio_in)
        return;
    bc_studio *studio = *studio_in;
    close_workshop(&studio->shop);
    bc_session_close(&studio->current.session);
    bc_converter_close(&studio->converter);
    bc_converter_close(&studio->whole_converter);
    bc_mixer_close(&studio->mixer);
    bc_stabilizer_close(&studio->stabilizer);
    free(studio);
    *studio_in = NULL;
}

/* Styles ----------------------------------------------------------------------------------- */

static void add_share(blend *b, int style, float weight)
{
    int i = 0;
    while (i < b->n && b->styles[i].style != style)
        i++;
    if (i == BC_LIVE_BLEND || weight <= 0)
        return;
    if (i == b->n)
        b->styles[b->n++] = (bc_style_weight){.style = style};
    b->styles[i].weight += weight;
}

static blend wanted_blend(const bc_settings *settings)
{
    blend b = {0};
    for (int i = 0; i < settings->n_styles; i++)
        add_share(&b, settings->styles[i].style, settings->styles[i].weight);
    return b;
}

static bool are_equal(const blend *a, const blend *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        if (a->styles[i].style != b->styles[i].style || a->styles[i].weight != b->styles[i].weight)
            return false;
    }
    return true;
}

/* The smallest shares make room: at most two styles are faded out while two come. */
static void keep_two(blend *b)
{
    while (b->n > 2) {
        int least = 0;
        for (int i = 1; i < b->n; i++) {
            if (b->styles[i].weight < b->styles[least].weight)
                least = i;
        }
        b->styles[least] = b->styles[--b->n];
    }
}

/* Moves `shown` on its way from the last blend to the wanted one. */
static void fade(bc_studio *studio, const bc_settings *settings, int64_t now_ns)
{
    const blend wanted = wanted_blend(settings);
    const bool is_other_net = studio->blend_net != settings->net;
    if (is_other_net || !are_equal(&wanted, &studio->to)) {
        studio->from = is_other_net ? (blend){0} : studio->shown;
        studio->to = wanted;
        studio->blend_net = settings->net;
        studio->fade_start_ns = now_ns;
        keep_two(&studio->from);
    }
    const double done = settings->fade_s > 0
                            ? (double)(now_ns - studio->fade_start_ns) / (settings->fade_s * 1e9)
                            : 1;
    if (done >= 1 || studio->from.n == 0) {
        studio->shown = studio->to;
        return;
    }
    studio->shown = (blend){0};
    for (int i = 0; i < studio->to.n; i++)
        add_share(&studio->shown, studio->to.styles[i].style,
                  (float)done * studio->to.styles[i].weight);
    for (int i = 0; i < studio->from.n; i++)
        add_share(&studio->shown, studio->from.styles[i].style,
                  (float)(1 - done) * studio->from.styles[i].weight);
}

/*
 * The blend in the terms of the session's model. Where that has none of its styles yet, it paints
 * on as it did: another session is on its way.
 */
static bc_status set_style(bc_studio *studio)
{
    easel *current = &studio->current;
    const bc_model *asked = bc_nets_model(studio->params.nets, studio->blend_net);
    blend b = {0};
    for (int i = 0; i < studio->shown.n; i++) {
        const bc_style_weight *w = &studio->shown.styles[i];
        const char *name = bc_model_style(asked, w->style).name;
        const int style = bc_model_find_style(current->model, name);
        if (style >= 0)
            add_share(&b, style, w->weight);
    }
    if (b.n == 0 || are_equal(&b, &current->blend))
        return BC_OK;
    current->blend = b;
    return bc_session_set_style(current->session, b.styles, b.n);
}

/* Pictures --------------------------------------------------------------------------------- */

static int scaled(int size, double scale)
{
    const double wanted = round(size * scale);
    return (int)fmin(fmax(wanted, MIN_SIZE), BC_MAX_SIZE);
}

/* Planes with the source's colours, or with BT.709's in limited range where those can't be shown.
 */
static bc_status make(const bc_studio *studio, bc_frame **frame, const bc_image *source, int width,
                      int height)
{
    const bc_status status = bc_frame_alloc(frame, width, height, BC_YUV420, &studio->params.log);
    if (status == BC_OK && bc_view_knows(source->matrix, source->range)) {
        (*frame)->image.matrix = source->matrix;
        (*frame)->image.range = source->range;
        (*frame)->image.chroma_position = source->chroma_position;
    }
    return status;
}

static bc_status mirror(const bc_studio *studio, bc_frame **frame)
{
    const bc_image *image = &(*frame)->image;
    bc_frame *mirrored = NULL;
    const bc_status status = make(studio, &mirrored, image, image->width, image->height);
    if (status == BC_OK)
        bc_mirror(image, &mirrored->image);
    bc_frame_unref(frame);
    *frame = mirrored;
    return status;
}

static bool has_size(const bc_frame *frame, int width, int height)
{
    return frame && frame->image.width == width && frame->image.height == height;
}

static bool can_be_shown(const bc_image *image)
{
    return image->pixels && image->format == BC_YUV420 &&
           bc_view_knows(image->matrix, image->range);
}

/* The source in this size: itself, where that is it. */
static bc_status convert(const bc_studio *studio, bc_converter *converter, bool is_mirrored,
                         bc_frame *source, int width, int height, bc_frame **frame)
{
    bc_status status = BC_OK;
    if (can_be_shown(&source->image) && has_size(source, width, height)) {
        *frame = bc_frame_ref(source);
    } else {
        status = make(studio, frame, &source->image, width, height);
        if (status == BC_OK)
            status = bc_converter_run(converter, source, &(*frame)->image);
    }
    if (status == BC_OK && is_mirrored)
        status = mirror(studio, frame);
    if (status < 0)
        bc_frame_unref(frame);
    return status;
}

/* Another style is seen at once. */
static bc_status steady_source(bc_studio *studio, float amount, const bc_frame *source,
                               bc_image *steady)
{
    if (!are_equal(&studio->shown, &studio->stabilized))
        bc_stabilizer_restart(studio->stabilizer);
    studio->stabilized = studio->shown;
    return bc_stabilizer_source(studio->stabilizer, &source->image, amount, steady);
}

/* The session's running statistics follow the scene's own time; after a jump all begins anew. */
static void tell_time(bc_studio *studio, int64_t time_us)
{
    if (time_us != BC_NO_PTS && studio->last_us != BC_NO_PTS) {
        const int64_t interval_us = time_us - studio->last_us;
        bc_session_set_interval(studio->current.session, 1e-6 * (double)interval_us);
        if (interval_us < 0 || interval_us > MAX_INTERVAL_US) {
            bc_session_restart(studio->current.session);
            bc_stabilizer_restart(studio->stabilizer);
        }
    }
    studio->last_us = time_us;
}

static float ms_since(int64_t *start_ns)
{
    const int64_t now_ns = bc_clock_ns();
    const float ms = 1e-6F * (float)(now_ns - *start_ns);
    *start_ns = now_ns;
    return ms;
}

static bc_status paint(bc_studio *studio, const bc_settings *settings, bc_frame *source,
                       bc_painted *painted, bc_frame **small)
{
    const int width = studio->current.width, height = studio->current.height;
    int64_t clock_ns = bc_clock_ns();
    bc_status status =
        convert(studio, studio->converter, settings->mirror, source, width, height, small);
    if (status == BC_OK)
        status = make(studio, &painted->picture, &source->image, width, height);
    if (status == BC_OK)
        status = set_style(studio);
    painted->convert_ms = ms_since(&clock_ns);
    if (status < 0)
        return status;
    tell_time(studio, bc_frame_time_us(source));
    bc_image steady;
    status = steady_source(studio, settings->stabilize, *small, &steady);
    const float steady_ms = ms_since(&clock_ns);
    if (status < 0)
        return status;
    bc_session_run(studio->current.session, &steady, &painted->picture->image);
    painted->paint_ms = ms_since(&clock_ns);
    status = bc_stabilizer_painting(studio->stabilizer, &painted->picture->image);
    painted->painted_width = width;
    painted->painted_height = height;
    painted->net = studio->current.net;
    painted->mix_ms = steady_ms + ms_since(&clock_ns);
    return status;
}

/* The source in its own size: the small one, where that is it. */
static bc_status get_whole(bc_studio *studio, const bc_settings *settings, bc_frame *source,
                           bc_frame *small, bc_frame **whole)
{
    const int width = source->image.width, height = source->image.height;
    if (has_size(small, width, height)) {
        *whole = bc_frame_ref(small);
        return BC_OK;
    }
    return convert(studio, studio->whole_converter, settings->mirror, source, width, height, whole);
}

static bool is_alike(const bc_image *a, const bc_image *b)
{
    return a->width == b->width && a->height == b->height && a->matrix == b->matrix &&
           a->range == b->range && a->chroma_position == b->chroma_position;
}

/* A mixer for frames like this one. */
static bc_status fit_mixer(bc_studio *studio, const bc_frame *whole)
{
    if (studio->mixer && is_alike(&studio->mixed, &whole->image))
        return BC_OK;
    bc_mixer_close(&studio->mixer);
    studio->mixed = whole->image;
    return bc_mixer_open_like(&studio->mixer, whole, studio->params.n_threads, &studio->params.log);
}

static bc_status mix(bc_studio *studio, const bc_settings *settings, bc_frame *whole,
                     bc_painted *painted)
{
    if (!painted->picture) {
        painted->picture = bc_frame_ref(whole);
        return BC_OK;
    }
    if (settings->strength >= 1 && settings->keep_colors <= 0)
        return BC_OK;
    const bc_mix mix = {.strength = settings->strength, .keep_colors = settings->keep_colors};
    bc_frame *mixed = NULL;
    bc_status status = fit_mixer(studio, whole);
    if (status == BC_OK)
        status = bc_mixer_run(studio->mixer, whole, painted->picture, &mix, &mixed);
    bc_frame_unref(&painted->picture);
    painted->picture = mixed;
    return status;
}

static bc_status make_picture(bc_studio *studio, const bc_settings *settings, bc_frame *source,
                              bc_painted *painted)
{
    const bool is_painted =
        !settings->shows_original && settings->n_styles > 0 && settings->strength > 0;
    const bool needs_whole =
        !is_painted || settings->shows_split || settings->strength < 1 || settings->keep_colors > 0;
    bc_frame *small = NULL, *whole = NULL;
    bc_status status = BC_OK;
    if (is_painted)
        status = paint(studio, settings, source, painted, &small);
    int64_t clock_ns = bc_clock_ns();
    if (status == BC_OK && needs_whole)
        status = get_whole(studio, settings, source, small, &whole);
    if (status == BC_OK && needs_whole)
        status = mix(studio, settings, whole, painted);
    painted->mix_ms += ms_since(&clock_ns);
    if (status == BC_OK && settings->shows_split)
        painted->original = bc_frame_ref(whole);
    bc_frame_unref(&small);
    bc_frame_unref(&whole);
    return status;
}

bool bc_studio_is_pending(bc_studio *studio)
{
    pthread_mutex_lock(&studio->shop.lock);
    const bool is_pending = studio->shop.is_wanted || studio->shop.is_ready;
    pthread_mutex_unlock(&studio->shop.lock);
    return is_pending;
}

bc_status bc_studio_run(bc_studio *studio, const bc_settings *settings, int net, double scale,
                        bc_frame *source, int64_t now_ns, bc_painted **painted)
{
    const double share = scale / settings->brush;
    const easel wanted = {.model = bc_nets_model(studio->params.nets, net),
                          .net = studio->params.nets->names[net],
                          .width = scaled(source->image.width, share),
                          .height = scaled(source->image.height, share)};
    *painted = calloc(1, sizeof(**painted));
    if (!*painted)
        return bc_fail(&studio->params.log, BC_ERR_MEMORY, "studio: out of memory");
    (*painted)->width = source->image.width;
    (*painted)->height = source->image.height;
    (*painted)->aspect = (double)source->image.width / source->image.height;
    bc_status status = choose_easel(studio, &wanted);
    (*painted)->is_as_wanted = is_same(&studio->current, &wanted);
    fade(studio, settings, now_ns);
    if (status == BC_OK)
        status = make_picture(studio, settings, source, *painted);
    if (status < 0)
        bc_painted_free(painted);
    return status;
}
