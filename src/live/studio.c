#include "live/studio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "live/mirror.h"
#include "media/convert.h"
#include "media/mix.h"
#include "paint/workshop.h"
#include "stabilizer/stabilizer.h"
#include "window/view.h"

enum {
    MIN_SIZE = 16,
    MAX_INTERVAL_US = 2000000 /* between frames of one scene */
};

struct bc_studio {
    bc_studio_params params;
    bc_converter *converter;       /* to the painting's size */
    bc_converter *whole_converter; /* to the source's own */
    bc_mixer *mixer;               /* NULL until something is mixed */
    bc_image mixed;                /* what it is for */
    bc_workshop workshop;
    bc_fade fade;
    int fade_net;
    int64_t last_us; /* time of the last frame painted, or BC_NO_PTS */
    bc_stabilizer *stabilizer;
    bc_blend stabilized; /* what the stabiliser holds */
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

/* Life ------------------------------------------------------------------------------------- */

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
    bc_status status =
        bc_workshop_open(&studio->workshop, &(bc_workshop_params){.n_threads = n_threads,
                                                                  .precision = params->precision,
                                                                  .log = params->log});
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
    bc_workshop_close(&studio->workshop);
    bc_converter_close(&studio->converter);
    bc_converter_close(&studio->whole_converter);
    bc_mixer_close(&studio->mixer);
    bc_stabilizer_close(&studio->stabilizer);
    free(studio);
    *studio_in = NULL;
}

/* Styles ----------------------------------------------------------------------------------- */

static bc_blend wanted_blend(const bc_settings *settings)
{
    bc_blend b = {0};
    for (int i = 0; i < settings->n_styles; i++)
        bc_blend_add(&b, settings->styles[i].style, settings->styles[i].weight);
    return b;
}

/*
 * The blend in the terms of the session's model. Where that has none of its styles yet, it paints
 * on as it did: another session is on its way.
 */
static bc_status set_style(bc_studio *studio)
{
    bc_easel *current = &studio->workshop.current;
    const bc_model *asked = bc_nets_model(studio->params.nets, studio->fade_net);
    bc_blend b = {0};
    for (int i = 0; i < studio->fade.shown.n; i++) {
        const bc_style_weight *w = &studio->fade.shown.styles[i];
        const char *name = bc_model_style(asked, w->style).name;
        const int style = bc_model_find_style(current->model, name);
        if (style >= 0)
            bc_blend_add(&b, style, w->weight);
    }
    if (b.n == 0 || bc_blend_is_same(&b, &current->blend))
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

/* Planes with the source's colours, or with BT.709's where those can't be shown. */
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
    if (!bc_blend_is_same(&studio->fade.shown, &studio->stabilized))
        bc_stabilizer_restart(studio->stabilizer);
    studio->stabilized = studio->fade.shown;
    return bc_stabilizer_source(studio->stabilizer, &source->image, amount, steady);
}

/* The session's running statistics follow the scene's own time; after a jump all begins anew. */
static void tell_time(bc_studio *studio, int64_t time_us)
{
    if (time_us != BC_NO_PTS && studio->last_us != BC_NO_PTS) {
        const int64_t interval_us = time_us - studio->last_us;
        bc_session_set_interval(studio->workshop.current.session, 1e-6 * (double)interval_us);
        if (interval_us < 0 || interval_us > MAX_INTERVAL_US) {
            bc_session_restart(studio->workshop.current.session);
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
    const int width = studio->workshop.current.width, height = studio->workshop.current.height;
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
    status = bc_session_run(studio->workshop.current.session, &steady, &painted->picture->image);
    if (status < 0)
        return status;
    painted->paint_ms = ms_since(&clock_ns);
    status = bc_stabilizer_painting(studio->stabilizer, &painted->picture->image);
    painted->painted_width = width;
    painted->painted_height = height;
    painted->net = studio->workshop.current.net;
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
    return bc_workshop_is_pending(&studio->workshop);
}

bc_status bc_studio_run(bc_studio *studio, const bc_settings *settings, int net, double scale,
                        bc_frame *source, int64_t now_ns, bc_painted **painted)
{
    const double share = scale / settings->brush;
    const bc_easel wanted = {.model = bc_nets_model(studio->params.nets, net),
                             .net = studio->params.nets->names[net],
                             .width = scaled(source->image.width, share),
                             .height = scaled(source->image.height, share)};
    *painted = calloc(1, sizeof(**painted));
    if (!*painted)
        return bc_fail(&studio->params.log, BC_ERR_MEMORY, "studio: out of memory");
    (*painted)->width = source->image.width;
    (*painted)->height = source->image.height;
    (*painted)->aspect = (double)source->image.width / source->image.height;
    const bc_blend blend = wanted_blend(settings);
    bc_status status = bc_workshop_choose(&studio->workshop, &wanted);
    (*painted)->is_as_wanted = bc_easel_is_same(&studio->workshop.current, &wanted);
    studio->fade_net = settings->net;
    bc_fade_step(&studio->fade, (const char *)studio->params.nets + settings->net, &blend, 4, settings->fade_s, now_ns / 1000);
    if (status == BC_OK)
        status = make_picture(studio, settings, source, *painted);
    if (status < 0)
        bc_painted_free(painted);
    return status;
}
