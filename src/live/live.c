#include "live/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/control.h"
#include "live/midi.h"
#include "live/opening.h"
#include "live/osc.h"
#include "live/recording.h"
#include "live/screenshot.h"
#include "live/verbs.h"

enum { LOOK_MS = 30, DEFAULT_RATE = 30 };

double bc_live_fps(const bc_live *live)
{
    const double ms = bc_times_mean(&live->interval);
    return ms > 0 ? 1e3 / ms : 0;
}

/* What commands do ------------------------------------------------------------------------- */

static void say(bc_live *live, bool is_error, const char *detail, const char *format, va_list args)
{
    vsnprintf(live->message, sizeof(live->message), format, args);
    snprintf(live->detail, sizeof(live->detail), "%s", detail);
    live->message_ns = bc_clock_ns();
    live->is_error = is_error;
}

void bc_live_say(bc_live *live, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(live, false, detail, format, args);
    va_end(args);
}

void bc_live_say_error(bc_live *live, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(live, true, detail, format, args);
    va_end(args);
}

bool bc_live_forget_error(bc_live *live)
{
    const bool was_error = live->is_error;
    if (was_error)
        live->message[0] = '\0';
    live->is_error = false;
    return was_error;
}

static int cheapest_net(const bc_live *live)
{
    const bc_settings *s = &live->settings;
    return bc_nets_cheapest(live->nets, s->net, s->styles, s->n_styles);
}

static bc_governor_params governor_params(const bc_live *live)
{
    const bc_nets *nets = live->nets;
    const bc_settings *settings = &live->settings;
    double rate = settings->rate;
    if (rate <= 0) {
        const double fps = bc_live_input_get_state(live->source).fps;
        rate = fps > 0 && fps < DEFAULT_RATE ? fps : DEFAULT_RATE;
    }
    const double ratio = nets->costs[settings->net] / nets->costs[cheapest_net(live)];
    return (bc_governor_params){.budget_us = 1e6 / rate,
                                .net_ratio = ratio,
                                .fixed_scale = settings->fixed_scale,
                                .is_net_fixed = settings->is_net_fixed};
}

void bc_live_settings_changed(bc_live *live)
{
    const bc_governor_params params = governor_params(live);
    const bc_governor_params *old = &live->governor.params;
    live->settings_serial++;
    if (params.net_ratio != old->net_ratio || params.fixed_scale != old->fixed_scale ||
        params.is_net_fixed != old->is_net_fixed || params.budget_us != old->budget_us)
        bc_governor_set_params(&live->governor, &params);
}

void bc_live_quit(bc_live *live)
{
    live->was_quit = true;
    atomic_store(live->params.stop, 1);
}

/* The paint thread ------------------------------------------------------------------------- */

static void note_painted(bc_live *live, bc_painted *painted)
{
    const int64_t now_us = bc_clock_ns() / 1000;
    bc_times_add(&live->convert, painted->convert_ms);
    bc_times_add(&live->paint, painted->paint_ms);
    bc_times_add(&live->mix, painted->mix_ms);
    bc_outputs_frame(&live->outputs, painted->picture, painted->time_us);
    if (painted->painted_width > 0 && painted->is_as_wanted && !live->is_paused &&
        bc_governor_update(
            &live->governor, now_us,
            1e3 * (double)(painted->convert_ms + painted->paint_ms + painted->mix_ms))) {
        live->n_scale_changes++;
        bc_log_write(&live->params.log, BC_LOG_DEBUG, "governor: scale %.2f%s",
                     bc_governor_scale(&live->governor),
                     bc_governor_is_cheap(&live->governor) ? ", cheaper net" : "");
    }
}

/* What the paint thread needs to know, for one frame. */
typedef struct brief {
    bc_paint_order order; /* its model is held until it is painted */
    uint64_t serial;
    int n_open; /* outputs */
    bool is_asleep, has_ended;
} brief;

static brief get_brief(bc_live *live)
{
    pthread_mutex_lock(&live->lock);
    const bc_settings *settings = &live->settings;
    const int net = bc_governor_is_cheap(&live->governor) ? cheapest_net(live) : settings->net;
    const brief b = {.order = {.settings = *settings,
                               .model = bc_model_ref(bc_nets_model(live->nets, net)),
                               .blend = bc_settings_blend(settings, live->nets, net),
                               .scale = bc_governor_scale(&live->governor),
                               .is_paused = live->is_paused},
                     .serial = live->settings_serial,
                     .n_open = bc_outputs_count_open(&live->outputs),
                     .is_asleep = !live->window && bc_outputs_are_asleep(&live->outputs),
                     .has_ended =
                         !live->opening && bc_live_input_get_state(live->source).has_ended};
    pthread_mutex_unlock(&live->lock);
    return b;
}

static void paint(bc_live *live, const bc_captured *captured, bc_paint_order *order)
{
    bc_painted *painted;
    live->is_mask_late = false;
    if (live->mask && order->settings.mask != BC_MASK_OFF)
        order->mask = bc_mask_input_take(live->mask, captured->position_us, &live->is_mask_late);
    const bc_status status = bc_live_painter_run(live->painter, order, captured->frame, &painted);
    bc_frame_unref(&order->mask);
    if (status < 0) { /* it was said */
        live->paint_status = status;
        bc_queue_finish_receiving(live->captured);
        return;
    }
    painted->aspect = captured->aspect;
    painted->arrival_ns = captured->arrival_ns;
    painted->due_ns = captured->due_ns;
    painted->step_us = captured->step_us;
    painted->painted_ns = bc_clock_ns();
    painted->time_us = captured->time_us;
    uint64_t n_skipped = 0;
    pthread_mutex_lock(&live->lock);
    note_painted(live, painted);
    pthread_mutex_unlock(&live->lock);
    if (bc_queue_send_newest(live->painted, painted, &n_skipped) != BC_OK)
        bc_painted_free(&painted);
    pthread_mutex_lock(&live->lock);
    live->n_skipped += n_skipped;
    pthread_mutex_unlock(&live->lock);
    if (live->window)
        bc_window_wake(live->window);
}

/* Nobody would see it. */
static void skip(bc_live *live, const bc_captured *captured)
{
    pthread_mutex_lock(&live->lock);
    bc_outputs_skip(&live->outputs, captured->time_us);
    live->shown_ns = 0; /* how long it sleeps is no time between two pictures */
    pthread_mutex_unlock(&live->lock);
}

/* Paints what is captured and, in a pause, the last frame again whenever the settings change, its
 * mask comes late or somebody else is to see it. */
static void *run_painting(void *arg)
{
    bc_live *live = arg;
    bc_captured *last = NULL;
    uint64_t serial = 0;
    int n_open = 0;
    void *item;
    bool has_ended = false;
    while (!has_ended &&
           bc_queue_receive_within(live->captured, &item, LOOK_MS * 1000000LL) == BC_OK) {
        brief b = get_brief(live);
        if (item && last)
            bc_captured_free(last);
        last = item ? item : last;
        const bool is_again =
            b.order.is_paused && (b.serial != serial || b.n_open > n_open || live->is_mask_late ||
                                  bc_live_painter_is_pending(live->painter));
        if (last && b.is_asleep)
            skip(live, last);
        else if (last && (item || is_again))
            paint(live, last, &b.order);
        bc_model_close(&b.order.model);
        serial = b.serial;
        n_open = b.n_open;
        has_ended = !item && b.has_ended;
    }
    if (last)
        bc_captured_free(last);
    bc_queue_finish_receiving(live->captured);
    bc_queue_finish_sending(live->painted);
    if (live->window)
        bc_window_wake(live->window);
    return NULL;
}

/* The main thread's part ------------------------------------------------------------------- */

void bc_live_adopt(bc_live *live, bc_painted *painted)
{
    pthread_mutex_lock(&live->lock);
    bc_painted_free(&live->shown);
    live->shown = painted;
    pthread_mutex_unlock(&live->lock);
}

/* From its arrival to the eyes, but for the time that it was there before it was due. */
static int64_t latency_ns(const bc_painted *shown, int64_t now_ns)
{
    const int64_t early_ns = shown->due_ns - shown->painted_ns;
    return now_ns - shown->arrival_ns - (early_ns > 0 ? early_ns : 0);
}

void bc_live_presented(bc_live *live)
{
    const int64_t now_ns = bc_clock_ns();
    pthread_mutex_lock(&live->lock);
    live->n_shown++;
    if (live->shown_ns > 0 && !live->is_paused)
        bc_times_add(&live->interval, 1e-6F * (float)(now_ns - live->shown_ns));
    if (!live->is_paused)
        bc_times_add(&live->latency, 1e-6F * (float)latency_ns(live->shown, now_ns));
    live->shown_ns = live->is_paused ? 0 : now_ns;
    bc_live_input_set_volume(live->source, live->is_muted ? 0 : live->volume);
    bc_live_input_set_lead(live->source, (int64_t)(1e3 * bc_times_percentile(&live->latency, 0.5)));
    pthread_mutex_unlock(&live->lock);
}

void bc_live_serve(bc_live *live)
{
    pthread_mutex_lock(&live->lock);
    bc_live_grab(live);
    pthread_mutex_unlock(&live->lock);
    bc_live_look_at_outputs(live);
}

/* Errors are told on the screen too. */
static void hear(bc_live *live, bc_log_level level, const char *message, const char *what)
{
    bc_log_write(&live->params.log, level, "%s", message);
    if (level != BC_LOG_ERROR)
        return;
    pthread_mutex_lock(&live->lock);
    bc_live_say_error(live, message, "%s", what);
    pthread_mutex_unlock(&live->lock);
}

/* What the painter says, on any of its threads. */
static void hear_painter(void *cookie, bc_log_level level, const char *message)
{
    hear(cookie, level, message, "Cannot be painted so");
}

/* What the mask input says, on its thread. */
static void hear_mask(void *cookie, bc_log_level level, const char *message)
{
    hear(cookie, level, message, "Mask lost");
}

/* Life ------------------------------------------------------------------------------------- */

static void free_painted(void *item)
{
    bc_painted *painted = item;
    bc_painted_free(&painted);
}

static bc_status open_window(bc_live *live)
{
    const bc_live_params *p = &live->params;
    const bc_live_input_state state = bc_live_input_get_state(live->source);
    char title[160];
    const char *slash = strrchr(p->input, '/');
    snprintf(title, sizeof(title), "%s - Brushcast", slash && slash[1] ? slash + 1 : p->input);
    return bc_window_open(&live->window,
                          &(bc_window_params){.title = title,
                                              .width = (int)round(state.height * state.aspect),
                                              .height = state.height,
                                              .fullscreen = p->is_fullscreen,
                                              .bindings = p->bindings,
                                              .log = p->log});
}

static bc_status open_all(bc_live *live)
{
    const bc_live_params *p = &live->params;
    const bc_live_painter_params painter_params = {.model = bc_nets_model(live->nets, 0),
                                                   .n_threads = p->n_threads,
                                                   .precision = p->precision,
                                                   .log = {hear_painter, live}};
    bc_status status = bc_queue_open(&live->captured, 1, bc_captured_free);
    if (status == BC_OK)
        status = bc_queue_open(&live->painted, BC_LIVE_MAX_READY, free_painted);
    if (status == BC_OK)
        status = bc_workers_open(&live->workers, live, &p->log);
    if (status == BC_OK)
        status = bc_live_open_first_input(live);
    if (status == BC_OK && p->mask_input)
        status = bc_mask_input_open(&live->mask, p->mask_input, p->stop,
                                    &(bc_log){.write = hear_mask, .cookie = live});
    if (status == BC_OK)
        status = bc_live_painter_open(&live->painter, &painter_params);
    if (status == BC_OK && !p->no_window)
        status = open_window(live);
    if (status == BC_OK)
        status = bc_live_open_outputs(live);
    if (status < 0)
        return status;
    const bc_governor_params params = governor_params(live);
    bc_governor_init(&live->governor, &params);
    bc_live_input_start(live->source, 0);
    live->is_painting = pthread_create(&live->paint_thread, NULL, run_painting, live) == 0;
    return live->is_painting ? BC_OK : bc_fail(&p->log, BC_ERR_MEMORY, "no thread to paint on");
}

/* Why the picture has ended, where that was not meant: its input or its painting failed. */
static bc_status status_of_picture(const bc_live *live)
{
    const bc_status status = live->source ? bc_live_input_get_state(live->source).status : BC_OK;
    return live->paint_status < 0 ? live->paint_status : status;
}

/* From the source to the outputs, so that what is under way still arrives. */
static bc_status close_all(bc_live *live)
{
    if (live->captured)
        bc_queue_finish_sending(live->captured);
    if (live->is_painting)
        pthread_join(live->paint_thread, NULL);
    bc_workers_close(&live->workers);
    bc_window_close(&live->window);
    bc_status status = status_of_picture(live);
    bc_live_input_close(&live->source);
    const bc_status closed = bc_outputs_close(&live->outputs);
    status = status < 0 ? status : closed;
    bc_live_painter_close(&live->painter);
    bc_mask_input_close(&live->mask);
    bc_queue_close(&live->painted);
    bc_queue_close(&live->captured);
    bc_painted_free(&live->shown);
    bc_frame_unref(&live->grab);
    return status;
}

/* Whoever gives commands beside the window. */
typedef struct senders {
    bc_control *control;
    bc_osc *osc;
    bc_midi *midi;
} senders;

static bc_status open_senders(senders *s, bc_live *live)
{
    const bc_live_params *p = &live->params;
    bc_status status = BC_OK;
    if (p->control)
        status = bc_control_open(&s->control, p->control, bc_verbs_answer, live, &p->log);
    if (status == BC_OK && p->osc_port > 0)
        status = bc_osc_open(&s->osc, p->osc_port, bc_verbs_run_remote, live, &p->log);
    if (status == BC_OK && p->midi)
        status = bc_midi_open(&s->midi, p->midi, p->midi_map, bc_verbs_run, live, &p->log);
    return status;
}

static void close_senders(senders *s)
{
    bc_midi_close(&s->midi);
    bc_osc_close(&s->osc);
    bc_control_close(&s->control);
}

bc_status bc_live_run(const bc_live_params *params)
{
    senders s = {0};
    bc_live *live = calloc(1, sizeof(*live));
    if (!live)
        return bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    live->params = *params;
    live->nets = params->nets;
    live->settings = params->settings;
    live->wants_fullscreen = params->is_fullscreen;
    live->volume = 1;
    pthread_mutex_init(&live->lock, NULL);
    pthread_mutex_init(&live->source_lock, NULL);
    pthread_cond_init(&live->grabbed, NULL);
    bc_status status = open_all(live);
    if (status == BC_OK)
        status = open_senders(&s, live);
    if (status == BC_OK)
        bc_live_show(live);
    pthread_mutex_lock(&live->lock);
    if (status == BC_OK && atomic_load(params->stop) != 0 && !live->was_quit)
        status = BC_ERR_INTERRUPTED;
    pthread_mutex_unlock(&live->lock);
    atomic_store(params->stop, 1); /* all threads end */
    close_senders(&s);
    const bc_status closed = close_all(live);
    pthread_cond_destroy(&live->grabbed);
    pthread_mutex_destroy(&live->source_lock);
    pthread_mutex_destroy(&live->lock);
    free(live);
    return status < 0 ? status : closed;
}
