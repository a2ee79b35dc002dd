#include "app/stage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/control.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/log.h"

enum { LOOK_MS = 30, DEFAULT_RATE = 30 };

double bc_stage_fps(const bc_stage *stage)
{
    const double ms = bc_times_mean(&stage->interval);
    return ms > 0 ? 1e3 / ms : 0;
}

/* What commands do ------------------------------------------------------------------------- */

void bc_stage_say(bc_stage *stage, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(stage->message, sizeof(stage->message), format, args);
    va_end(args);
    snprintf(stage->detail, sizeof(stage->detail), "%s", detail);
    stage->message_ns = bc_clock_ns();
}

/* The cheapest net that has all styles of the blend. */
static int cheapest_net(const bc_stage *stage)
{
    const bc_nets *nets = stage->nets;
    const bc_settings *settings = &stage->settings;
    int net = settings->net;
    for (int i = 0; i < nets->n; i++) {
        bool has_all = nets->costs[i] < nets->costs[net];
        for (int k = 0; k < settings->n_styles && has_all; k++)
            has_all = bc_nets_same_style(nets, settings->net, settings->styles[k].style, i) >= 0;
        net = has_all ? i : net;
    }
    return net;
}

static bc_governor_params governor_params(const bc_stage *stage)
{
    const bc_nets *nets = stage->nets;
    const bc_settings *settings = &stage->settings;
    double rate = settings->rate;
    if (rate <= 0) {
        const double fps = bc_source_get_state(stage->source).fps;
        rate = fps > 0 && fps < DEFAULT_RATE ? fps : DEFAULT_RATE;
    }
    const double ratio = nets->costs[settings->net] / nets->costs[cheapest_net(stage)];
    return (bc_governor_params){.budget_us = 1e6 / rate,
                                .net_ratio = ratio,
                                .fixed_scale = settings->fixed_scale,
                                .is_net_fixed = settings->is_net_fixed};
}

void bc_stage_settings_changed(bc_stage *stage)
{
    const bc_governor_params params = governor_params(stage);
    const bc_governor_params *old = &stage->governor.params;
    stage->settings_serial++;
    if (params.net_ratio != old->net_ratio || params.fixed_scale != old->fixed_scale ||
        params.is_net_fixed != old->is_net_fixed || params.budget_us != old->budget_us)
        bc_governor_set_params(&stage->governor, &params);
}

void bc_stage_quit(bc_stage *stage)
{
    stage->was_quit = true;
    atomic_store(stage->params.stop, 1);
}

void bc_stage_open_input(bc_stage *stage, const char *url)
{
    snprintf(stage->next_input, sizeof(stage->next_input), "%s", url);
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

void bc_stage_choose_name(char *name, size_t size, const char *path, const char *ending)
{
    if (path)
        snprintf(name, size, "%s", path);
    else
        find_free_name(name, size, ending);
}

static bc_output_params output_params(const bc_stage *stage, const char *url)
{
    return (bc_output_params){.url = url,
                              .source = stage->source,
                              .start_us = stage->outputs.line_us,
                              .overwrite = stage->params.overwrite,
                              .log = stage->params.log};
}

bc_status bc_stage_record(bc_stage *stage, const char *path, char *name, size_t size)
{
    bc_stage_choose_name(name, size, path, "mp4");
    const bc_output_params params = output_params(stage, name);
    return bc_outputs_record(&stage->outputs, &params);
}

/* Painting goes on while the file is finished. */
bc_status bc_stage_stop_recording(bc_stage *stage)
{
    bc_output *recording = bc_outputs_take_recording(&stage->outputs);
    pthread_mutex_unlock(&stage->lock);
    const bc_status status = bc_output_close(&recording);
    pthread_mutex_lock(&stage->lock);
    return status;
}

/* The paint thread ------------------------------------------------------------------------- */

static void drop_failed_recording(bc_stage *stage)
{
    const bc_output *recording = stage->outputs.recording;
    if (!recording || !bc_output_get_state(stage->outputs.recording).has_failed)
        return;
    stage->outputs.n_failed++;
    bc_stage_say(stage, bc_output_url(recording), "Recording failed");
    bc_stage_stop_recording(stage);
}

static void note_painted(bc_stage *stage, bc_painted *painted)
{
    const int64_t now_us = bc_clock_ns() / 1000;
    bc_times_add(&stage->convert, painted->convert_ms);
    bc_times_add(&stage->paint, painted->paint_ms);
    bc_times_add(&stage->mix, painted->mix_ms);
    bc_outputs_frame(&stage->outputs, painted->picture, painted->time_us);
    drop_failed_recording(stage);
    if (painted->painted_width > 0 && painted->is_as_wanted && !stage->is_paused &&
        bc_governor_update(
            &stage->governor, now_us,
            1e3 * (double)(painted->convert_ms + painted->paint_ms + painted->mix_ms))) {
        stage->n_scale_changes++;
        bc_log_write(&stage->params.log, BC_LOG_DEBUG, "governor: scale %.2f%s",
                     bc_governor_scale(&stage->governor),
                     bc_governor_is_cheap(&stage->governor) ? ", cheaper net" : "");
    }
}

/* What the paint thread needs to know of the stage, for one frame. */
typedef struct brief {
    bc_settings settings;
    uint64_t serial;
    int net;
    double scale;
    bool is_paused, has_ended;
} brief;

static brief get_brief(bc_stage *stage)
{
    pthread_mutex_lock(&stage->lock);
    const brief b = {.settings = stage->settings,
                     .serial = stage->settings_serial,
                     .net = bc_governor_is_cheap(&stage->governor) ? cheapest_net(stage)
                                                                   : stage->settings.net,
                     .scale = bc_governor_scale(&stage->governor),
                     .is_paused = stage->is_paused,
                     .has_ended = bc_source_get_state(stage->source).has_ended};
    pthread_mutex_unlock(&stage->lock);
    return b;
}

static void paint(bc_stage *stage, const bc_captured *captured, const brief *b)
{
    bc_painted *painted;
    /* In a pause a fade is not waited for. */
    const int64_t now_ns = b->is_paused ? INT64_MAX / 2 : bc_clock_ns();
    if (bc_studio_run(stage->studio, &b->settings, b->net, b->scale, captured->frame, now_ns,
                      &painted) < 0) {
        bc_queue_finish_receiving(stage->captured); /* out of memory: it was said */
        return;
    }
    painted->aspect = captured->aspect;
    painted->arrival_ns = captured->arrival_ns;
    painted->time_us = captured->time_us;
    uint64_t n_skipped = 0;
    pthread_mutex_lock(&stage->lock);
    note_painted(stage, painted);
    pthread_mutex_unlock(&stage->lock);
    if (bc_queue_send_newest(stage->painted, painted, &n_skipped) != BC_OK)
        bc_painted_free(&painted);
    pthread_mutex_lock(&stage->lock);
    stage->n_skipped += n_skipped;
    pthread_mutex_unlock(&stage->lock);
    if (stage->window)
        bc_window_wake(stage->window);
}

/* Paints what is captured and, in a pause, the last frame again whenever the settings change. */
static void *run_painting(void *arg)
{
    bc_stage *stage = arg;
    bc_captured *last = NULL;
    uint64_t serial = 0;
    void *item;
    while (bc_queue_receive_within(stage->captured, &item, LOOK_MS * 1000000LL) == BC_OK) {
        const brief b = get_brief(stage);
        if (item) {
            if (last)
                bc_captured_free(last);
            last = item;
        } else if (b.has_ended) {
            break;
        }
        const bool is_again =
            b.is_paused && (b.serial != serial || bc_studio_is_pending(stage->studio));
        if (last && (item || is_again))
            paint(stage, last, &b);
        serial = b.serial;
    }
    if (last)
        bc_captured_free(last);
    bc_queue_finish_receiving(stage->captured);
    bc_queue_finish_sending(stage->painted);
    if (stage->window)
        bc_window_wake(stage->window);
    return NULL;
}

/* The main thread's part ------------------------------------------------------------------- */

void bc_stage_adopt(bc_stage *stage, bc_painted *painted)
{
    pthread_mutex_lock(&stage->lock);
    bc_painted_free(&stage->shown);
    stage->shown = painted;
    pthread_mutex_unlock(&stage->lock);
}

void bc_stage_presented(bc_stage *stage)
{
    const int64_t now_ns = bc_clock_ns();
    pthread_mutex_lock(&stage->lock);
    stage->n_shown++;
    if (stage->shown_ns > 0 && !stage->is_paused)
        bc_times_add(&stage->interval, 1e-6F * (float)(now_ns - stage->shown_ns));
    if (!stage->is_paused)
        bc_times_add(&stage->latency, 1e-6F * (float)(now_ns - stage->shown->arrival_ns));
    stage->shown_ns = stage->is_paused ? 0 : now_ns;
    bc_source_set_lead(stage->source, (int64_t)(1e3 * bc_times_percentile(&stage->latency, 0.5)));
    pthread_mutex_unlock(&stage->lock);
}

static void on_packet(void *cookie, const bc_source *source, const bc_packet *packet)
{
    bc_stage *stage = cookie;
    pthread_mutex_lock(&stage->lock);
    bc_outputs_packet(&stage->outputs, source, packet);
    pthread_mutex_unlock(&stage->lock);
}

static bc_status open_source(bc_stage *stage, bc_source **source, const char *url, bool is_first)
{
    const bc_stage_params *p = &stage->params;
    return bc_source_open(source, &(bc_source_params){.url = url,
                                                      .format = is_first ? p->format : NULL,
                                                      .options = is_first ? p->options : NULL,
                                                      .is_camera = is_first && p->is_camera,
                                                      .is_looped = p->is_looped,
                                                      .start_us = is_first ? p->start_us : 0,
                                                      .n_threads = p->n_threads,
                                                      .frames = stage->captured,
                                                      .line_us = stage->outputs.line_us,
                                                      .plays_sound = !p->no_window && !p->is_silent,
                                                      .on_packet = on_packet,
                                                      .cookie = stage,
                                                      .stop = p->stop,
                                                      .log = p->log});
}

/* The recording ends with its source: the next one has other streams. */
static void change_input(bc_stage *stage)
{
    char url[sizeof(stage->next_input)];
    bc_source *next, *old = NULL;
    pthread_mutex_lock(&stage->lock);
    memcpy(url, stage->next_input, sizeof(url));
    stage->next_input[0] = '\0';
    pthread_mutex_unlock(&stage->lock);
    const bc_status status = open_source(stage, &next, url, false);
    pthread_mutex_lock(&stage->lock);
    if (status == BC_OK) {
        bc_stage_stop_recording(stage);
        old = stage->source;
        stage->source = next;
        stage->is_paused = false;
        bc_stage_settings_changed(stage);
    }
    bc_stage_say(stage, "", status == BC_OK ? "%s" : "Cannot open %s",
                 strrchr(url, '/') ? strrchr(url, '/') + 1 : url);
    pthread_mutex_unlock(&stage->lock);
    bc_source_close(&old);
    if (status == BC_OK)
        bc_source_start(next);
}

void bc_stage_serve(bc_stage *stage)
{
    pthread_mutex_lock(&stage->lock);
    bc_stage_grab(stage);
    const bool is_other_wanted = stage->next_input[0];
    pthread_mutex_unlock(&stage->lock);
    if (is_other_wanted)
        change_input(stage);
}

/* Life ------------------------------------------------------------------------------------- */

static void free_painted(void *item)
{
    bc_painted *painted = item;
    bc_painted_free(&painted);
}

static bc_status open_window(bc_stage *stage)
{
    const bc_stage_params *p = &stage->params;
    const bc_source_state state = bc_source_get_state(stage->source);
    char title[160];
    const char *slash = strrchr(p->input, '/');
    snprintf(title, sizeof(title), "%s - Brushcast", slash && slash[1] ? slash + 1 : p->input);
    return bc_window_open(&stage->window,
                          &(bc_window_params){.title = title,
                                              .width = (int)round(state.height * state.aspect),
                                              .height = state.height,
                                              .fullscreen = p->is_fullscreen,
                                              .bindings = p->bindings,
                                              .log = p->log});
}

static bc_status open_outputs(bc_stage *stage)
{
    const bc_stage_params *p = &stage->params;
    bc_status status = BC_OK;
    for (int i = 0; i < p->n_outputs && status == BC_OK; i++) {
        const bc_output_params params = output_params(stage, p->outputs[i]);
        status = bc_outputs_add(&stage->outputs, &params);
    }
    if (status == BC_OK && p->record) {
        const bc_output_params params = output_params(stage, p->record);
        status = bc_outputs_record(&stage->outputs, &params);
    }
    return status;
}

static bc_status open_all(bc_stage *stage)
{
    const bc_stage_params *p = &stage->params;
    const bc_studio_params studio_params = {
        .nets = stage->nets, .n_threads = p->n_threads, .precision = p->precision, .log = p->log};
    bc_status status = bc_queue_open(&stage->captured, 1, bc_captured_free);
    if (status == BC_OK)
        status = bc_queue_open(&stage->painted, 1, free_painted);
    if (status == BC_OK)
        status = open_source(stage, &stage->source, p->input, true);
    if (status == BC_OK)
        status = bc_studio_open(&stage->studio, &studio_params);
    if (status == BC_OK && !p->no_window)
        status = open_window(stage);
    if (status == BC_OK)
        status = open_outputs(stage);
    if (status < 0)
        return status;
    const bc_governor_params params = governor_params(stage);
    bc_governor_init(&stage->governor, &params);
    status = bc_source_start(stage->source);
    if (status == BC_OK)
        stage->is_painting = pthread_create(&stage->paint_thread, NULL, run_painting, stage) == 0;
    return stage->is_painting ? BC_OK : bc_fail(&p->log, BC_ERR_MEMORY, "no thread to paint on");
}

/* From the source to the outputs, so that what is under way still arrives. */
static bc_status close_all(bc_stage *stage)
{
    if (stage->captured)
        bc_queue_finish_sending(stage->captured);
    if (stage->is_painting)
        pthread_join(stage->paint_thread, NULL);
    bc_window_close(&stage->window);
    bc_source_close(&stage->source);
    const bc_status status = bc_outputs_close(&stage->outputs);
    bc_studio_close(&stage->studio);
    bc_queue_close(&stage->painted);
    bc_queue_close(&stage->captured);
    bc_painted_free(&stage->shown);
    return status;
}

bc_status bc_stage_run(const bc_stage_params *params)
{
    bc_control *control = NULL;
    bc_stage *stage = calloc(1, sizeof(*stage));
    if (!stage)
        return bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    stage->params = *params;
    stage->nets = params->nets;
    stage->settings = params->settings;
    stage->wants_fullscreen = params->is_fullscreen;
    stage->main_thread = pthread_self();
    pthread_mutex_init(&stage->lock, NULL);
    pthread_cond_init(&stage->grabbed, NULL);
    bc_status status = open_all(stage);
    if (status == BC_OK && params->control)
        status = bc_control_open(&control, params->control, bc_verbs_answer, stage, &params->log);
    if (status == BC_OK)
        bc_stage_show(stage);
    pthread_mutex_lock(&stage->lock);
    if (status == BC_OK && atomic_load(params->stop) != 0 && !stage->was_quit)
        status = BC_ERR_INTERRUPTED;
    pthread_mutex_unlock(&stage->lock);
    atomic_store(params->stop, 1); /* all threads end */
    bc_control_close(&control);
    const bc_status closed = close_all(stage);
    pthread_cond_destroy(&stage->grabbed);
    pthread_mutex_destroy(&stage->lock);
    free(stage);
    return status < 0 ? status : closed;
}
