#include "live/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/control.h"
#include "live/verbs.h"

enum { LOOK_MS = 30, DEFAULT_RATE = 30 };

static const int64_t under_way_us = 200000; /* frames of the input before may still come */

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

void bc_live_forget_error(bc_live *live)
{
    if (live->is_error)
        live->message[0] = '\0';
    live->is_error = false;
}

/* The cheapest net that has all styles of the blend. */
static int cheapest_net(const bc_live *live)
{
    const bc_nets *nets = live->nets;
    const bc_settings *settings = &live->settings;
    int net = settings->net;
    for (int i = 0; i < nets->n; i++) {
        bool has_all = nets->costs[i] < nets->costs[net];
        for (int k = 0; k < settings->n_styles && has_all; k++)
            has_all = bc_nets_same_style(nets, settings->net, settings->styles[k].style, i) >= 0;
        net = has_all ? i : net;
    }
    return net;
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

void bc_live_open_input(bc_live *live, const char *url)
{
    snprintf(live->next_input, sizeof(live->next_input), "%s", url);
}

/* The first of brushcast-0001.png, brushcast-0002.png, ... that does not exist. */
static void find_free_name(char *name, size_t size, const char *ending)
{
    for (int i = 1; i < 10000; i++) {
        snprintf(name, size, "brushcast-%04d.%s", i, ending);
        if (access(name, F_OK) != 0)
            return;
    }
}

void bc_live_choose_name(char *name, size_t size, const char *path, const char *ending)
{
    if (path)
        snprintf(name, size, "%s", path);
    else
        find_free_name(name, size, ending);
}

static bc_output_params output_params(const bc_live *live, const char *url)
{
    return (bc_output_params){.url = url,
                              .source = live->source,
                              .start_us = live->outputs.line_us,
                              .overwrite = live->params.overwrite,
                              .log = live->params.log};
}

bc_status bc_live_record(bc_live *live, const char *path, char *name, size_t size)
{
    bc_live_choose_name(name, size, path, "mp4");
    const bc_output_params params = output_params(live, name);
    return bc_outputs_record(&live->outputs, &params);
}

/* Painting goes on while the file is finished. */
bc_status bc_live_stop_recording(bc_live *live)
{
    bc_output *recording = bc_outputs_take_recording(&live->outputs);
    pthread_mutex_unlock(&live->lock);
    const bc_status status = bc_output_close(&recording);
    pthread_mutex_lock(&live->lock);
    return status;
}

/* The paint thread ------------------------------------------------------------------------- */

static void drop_failed_recording(bc_live *live)
{
    const bc_output *recording = live->outputs.recording;
    if (!recording || !bc_output_get_state(live->outputs.recording).has_failed)
        return;
    live->outputs.n_failed++;
    bc_live_say(live, bc_output_url(recording), "Recording failed");
    bc_live_stop_recording(live);
}

static void note_painted(bc_live *live, bc_painted *painted)
{
    const int64_t now_us = bc_clock_ns() / 1000;
    bc_times_add(&live->convert, painted->convert_ms);
    bc_times_add(&live->paint, painted->paint_ms);
    bc_times_add(&live->mix, painted->mix_ms);
    bc_outputs_frame(&live->outputs, painted->picture, painted->time_us);
    drop_failed_recording(live);
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
    bc_settings settings;
    uint64_t serial;
    int net;
    double scale;
    bool is_paused, has_ended;
} brief;

static brief get_brief(bc_live *live)
{
    pthread_mutex_lock(&live->lock);
    const brief b = {.settings = live->settings,
                     .serial = live->settings_serial,
                     .net = bc_governor_is_cheap(&live->governor) ? cheapest_net(live)
                                                                  : live->settings.net,
                     .scale = bc_governor_scale(&live->governor),
                     .is_paused = live->is_paused,
                     .has_ended = bc_live_input_get_state(live->source).has_ended};
    pthread_mutex_unlock(&live->lock);
    return b;
}

static void paint(bc_live *live, const bc_captured *captured, const brief *b)
{
    bc_painted *painted;
    /* In a pause a fade is not waited for. */
    const int64_t now_ns = b->is_paused ? INT64_MAX / 2 : bc_clock_ns();
    const bc_status status = bc_studio_run(live->studio, &b->settings, b->net, b->scale,
                                           captured->frame, now_ns, &painted);
    if (status < 0) { /* it was said */
        live->paint_status = status;
        bc_queue_finish_receiving(live->captured);
        return;
    }
    painted->aspect = captured->aspect;
    painted->arrival_ns = captured->arrival_ns;
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

/* Paints what is captured and, in a pause, the last frame again whenever the settings change. */
static void *run_painting(void *arg)
{
    bc_live *live = arg;
    bc_captured *last = NULL;
    uint64_t serial = 0;
    void *item;
    while (bc_queue_receive_within(live->captured, &item, LOOK_MS * 1000000LL) == BC_OK) {
        const brief b = get_brief(live);
        if (item) {
            if (last)
                bc_captured_free(last);
            last = item;
        } else if (b.has_ended) {
            break;
        }
        const bool is_again =
            b.is_paused && (b.serial != serial || bc_studio_is_pending(live->studio));
        if (last && (item || is_again))
            paint(live, last, &b);
        serial = b.serial;
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

void bc_live_presented(bc_live *live)
{
    const int64_t now_ns = bc_clock_ns();
    pthread_mutex_lock(&live->lock);
    live->n_shown++;
    if (live->shown_ns > 0 && !live->is_paused)
        bc_times_add(&live->interval, 1e-6F * (float)(now_ns - live->shown_ns));
    if (!live->is_paused)
        bc_times_add(&live->latency, 1e-6F * (float)(now_ns - live->shown->arrival_ns));
    live->shown_ns = live->is_paused ? 0 : now_ns;
    bc_live_input_set_lead(live->source, (int64_t)(1e3 * bc_times_percentile(&live->latency, 0.5)));
    pthread_mutex_unlock(&live->lock);
}

static void on_packet(void *cookie, const bc_live_input *source, const bc_packet *packet)
{
    bc_live *live = cookie;
    pthread_mutex_lock(&live->lock);
    bc_outputs_packet(&live->outputs, source, packet);
    pthread_mutex_unlock(&live->lock);
}

static bc_status open_source(bc_live *live, bc_live_input **source, const char *url, bool is_first)
{
    const bc_live_params *p = &live->params;
    return bc_live_input_open(source,
                              &(bc_live_input_params){.url = url,
                                                      .format = is_first ? p->format : NULL,
                                                      .options = is_first ? p->options : NULL,
                                                      .is_camera = is_first && p->is_camera,
                                                      .is_looped = p->is_looped,
                                                      .start_us = is_first ? p->start_us : 0,
                                                      .n_threads = p->n_threads,
                                                      .frames = live->captured,
                                                      .plays_sound = !p->no_window && !p->is_silent,
                                                      .on_packet = on_packet,
                                                      .cookie = live,
                                                      .stop = p->stop,
                                                      .log = p->log});
}

/* The recording ends with its source: the next one has other streams. */
static void change_input(bc_live *live)
{
    char url[sizeof(live->next_input)];
    bc_live_input *next, *old = NULL;
    pthread_mutex_lock(&live->lock);
    memcpy(url, live->next_input, sizeof(url));
    live->next_input[0] = '\0';
    pthread_mutex_unlock(&live->lock);
    bc_status status = open_source(live, &next, url, false);
    if (status == BC_OK)
        status = bc_live_input_wait(next);
    pthread_mutex_lock(&live->lock);
    if (status == BC_OK) {
        bc_live_stop_recording(live);
        old = live->source;
        live->source = next;
        live->is_paused = false;
        bc_live_settings_changed(live);
    }
    bc_live_say(live, "", status == BC_OK ? "%s" : "Cannot open %s",
                strrchr(url, '/') ? strrchr(url, '/') + 1 : url);
    const int64_t line_us = live->outputs.line_us + under_way_us;
    pthread_mutex_unlock(&live->lock);
    bc_live_input_close(&old);
    if (status == BC_OK)
        bc_live_input_start(next, line_us);
    else
        bc_live_input_close(&next);
}

void bc_live_serve(bc_live *live)
{
    pthread_mutex_lock(&live->lock);
    bc_live_grab(live);
    const bool is_other_wanted = live->next_input[0];
    pthread_mutex_unlock(&live->lock);
    if (is_other_wanted)
        change_input(live);
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

static bc_status open_outputs(bc_live *live)
{
    const bc_live_params *p = &live->params;
    bc_status status = BC_OK;
    for (int i = 0; i < p->n_outputs && status == BC_OK; i++) {
        const bc_output_params params = output_params(live, p->outputs[i]);
        status = bc_outputs_add(&live->outputs, &params);
    }
    if (status == BC_OK && p->record) {
        const bc_output_params params = output_params(live, p->record);
        status = bc_outputs_record(&live->outputs, &params);
    }
    return status;
}

static bc_status open_all(bc_live *live)
{
    const bc_live_params *p = &live->params;
    const bc_studio_params studio_params = {
        .nets = live->nets, .n_threads = p->n_threads, .precision = p->precision, .log = p->log};
    bc_status status = bc_queue_open(&live->captured, 1, bc_captured_free);
    if (status == BC_OK)
        status = bc_queue_open(&live->painted, 1, free_painted);
    if (status == BC_OK)
        status = open_source(live, &live->source, p->input, true);
    if (status == BC_OK)
        status = bc_live_input_wait(live->source);
    if (status == BC_OK)
        status = bc_studio_open(&live->studio, &studio_params);
    if (status == BC_OK && !p->no_window)
        status = open_window(live);
    if (status == BC_OK)
        status = open_outputs(live);
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
    bc_window_close(&live->window);
    bc_status status = status_of_picture(live);
    bc_live_input_close(&live->source);
    const bc_status closed = bc_outputs_close(&live->outputs);
    status = status < 0 ? status : closed;
    bc_studio_close(&live->studio);
    bc_queue_close(&live->painted);
    bc_queue_close(&live->captured);
    bc_painted_free(&live->shown);
    return status;
}

bc_status bc_live_run(const bc_live_params *params)
{
    bc_control *control = NULL;
    bc_live *live = calloc(1, sizeof(*live));
    if (!live)
        return bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    live->params = *params;
    live->nets = params->nets;
    live->settings = params->settings;
    live->wants_fullscreen = params->is_fullscreen;
    live->main_thread = pthread_self();
    pthread_mutex_init(&live->lock, NULL);
    pthread_cond_init(&live->grabbed, NULL);
    bc_status status = open_all(live);
    if (status == BC_OK && params->control)
        status = bc_control_open(&control, params->control, bc_verbs_answer, live, &params->log);
    if (status == BC_OK)
        bc_live_show(live);
    pthread_mutex_lock(&live->lock);
    if (status == BC_OK && atomic_load(params->stop) != 0 && !live->was_quit)
        status = BC_ERR_INTERRUPTED;
    pthread_mutex_unlock(&live->lock);
    atomic_store(params->stop, 1); /* all threads end */
    bc_control_close(&control);
    const bc_status closed = close_all(live);
    pthread_cond_destroy(&live->grabbed);
    pthread_mutex_destroy(&live->lock);
    free(live);
    return status < 0 ? status : closed;
}
