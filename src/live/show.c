#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "live/live.h"
#include "live/verbs.h"

enum { IDLE_MS = 50, MAX_LINES = 12, MAX_HELP = 64 };

static const int64_t message_ns = 2500000000, message_fade_ns = 500000000, refresh_ns = 250000000;

/* What the main thread keeps to build a view from. */
typedef struct show {
    bc_live *live;
    bc_thumbnail *thumbnails; /* [n_thumbnails]: the original, then the model's styles */
    int n_thumbnails;
    const bc_model *thumbnail_model;
    bc_help_line help[MAX_HELP];
    char help_keys[MAX_HELP][32];
    int n_help;
    char lines[MAX_LINES][128]; /* of statistics */
    const char *line_starts[MAX_LINES];
    int n_lines;
    int64_t lines_ns; /* when they were made: digits that flicker cannot be read */
    char recording[32], message[128], detail[192];
    uint64_t serial;
    bool is_fullscreen;
    int64_t shown_ns;
} show;

/* Parts of the view ------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void add_line(show *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->lines[s->n_lines], sizeof(s->lines[0]), format, args);
    va_end(args);
    s->line_starts[s->n_lines] = s->lines[s->n_lines];
    s->n_lines++;
}

static void make_statistics(show *s, int64_t now_ns)
{
    const bc_live *live = s->live;
    const bc_painted *shown = live->shown;
    if (now_ns - s->lines_ns < refresh_ns)
        return;
    s->lines_ns = now_ns;
    s->n_lines = 0;
    const bc_live_input_state source = bc_live_input_get_state(live->source);
    add_line(s, "%.1f fps, latency %.0f ms (99 %%: %.0f)", bc_live_fps(live),
             bc_times_percentile(&live->latency, 0.5), bc_times_percentile(&live->latency, 0.99));
    add_line(s, "convert %.1f ms, paint %.1f ms, mix %.1f ms",
             bc_times_percentile(&live->convert, 0.5), bc_times_percentile(&live->paint, 0.5),
             bc_times_percentile(&live->mix, 0.5));
    add_line(s, "frames %llu, dropped %llu", (unsigned long long)live->n_shown,
             (unsigned long long)(source.n_dropped + live->n_skipped));
    if (shown)
        add_line(s, "%dx%d, painted %dx%d (scale %.2f%s)", shown->width, shown->height,
                 shown->painted_width, shown->painted_height, bc_governor_scale(&live->governor),
                 live->settings.fixed_scale > 0 ? ", fixed" : "");
    add_line(s, "net %s%s, strength %.0f %%", live->nets->names[live->settings.net],
             bc_governor_is_cheap(&live->governor) ? " (lighter for speed)" : "",
             100 * (double)live->settings.strength);
    if (source.duration_us > 0)
        add_line(s, "%d:%02d / %d:%02d%s", (int)(source.position_us / 60000000),
                 (int)(source.position_us / 1000000) % 60, (int)(source.duration_us / 60000000),
                 (int)(source.duration_us / 1000000) % 60, source.is_looped ? ", looped" : "");
}

/* The old ones go last, so that the new ones are at another place: the window looks at that. */
static void make_thumbnails(show *s)
{
    const bc_model *model = bc_nets_model(s->live->nets, s->live->settings.net);
    if (s->thumbnails && s->thumbnail_model == model)
        return;
    const int n = bc_model_style_count(model) + 1;
    bc_thumbnail *thumbnails = calloc((size_t)n, sizeof(*thumbnails));
    if (!thumbnails)
        return;
    thumbnails[0].name = "original";
    for (int i = 1; i < n; i++) {
        const bc_style_info style = bc_model_style(model, i - 1);
        thumbnails[i] = (bc_thumbnail){.name = *style.title ? style.title : style.name,
                                       .pixels = style.thumbnail,
                                       .width = style.thumbnail_width,
                                       .height = style.thumbnail_height};
    }
    free(s->thumbnails);
    s->thumbnails = thumbnails;
    s->n_thumbnails = n;
    s->thumbnail_model = model;
}

/* A binding's help is what it does, or "KEYS<tab>WHAT" where it speaks for others too. */
static void make_help(show *s)
{
    const bc_bindings *bindings = s->live->params.bindings;
    for (int i = 0; i < bc_bindings_count(bindings) && s->n_help < MAX_HELP; i++) {
        const bc_binding b = bc_bindings_at(bindings, i);
        const char *tab = strchr(b.help, '\t');
        char *keys = s->help_keys[s->n_help];
        if (*b.help == '\0')
            continue;
        snprintf(keys, sizeof(s->help_keys[0]), "%.*s", tab ? (int)(tab - b.help) : 31,
                 tab ? b.help : b.keys);
        s->help[s->n_help++] = (bc_help_line){keys, tab ? tab + 1 : b.help};
    }
}

static float message_alpha(const bc_live *live, int64_t now_ns)
{
    const int64_t left_ns = message_ns - (now_ns - live->message_ns);
    if (live->is_error)
        return 1;
    if (!live->message[0] || left_ns <= 0)
        return 0;
    return left_ns > message_fade_ns ? 1 : (float)left_ns / (float)message_fade_ns;
}

static int current_cell(const bc_settings *settings)
{
    return settings->shows_original || settings->n_styles == 0 ? 0 : settings->styles[0].style + 1;
}

/* With the lock held. The strings that change on other threads are copied. */
static bc_view make_view(show *s, int64_t now_ns)
{
    bc_live *live = s->live;
    const bc_painted *shown = live->shown;
    const bc_settings *settings = &live->settings;
    bc_view view = {.serial = s->serial, .aspect = 4 / 3.0, .split = settings->split};
    if (shown) {
        view.painting = shown->picture;
        view.original = settings->shows_split ? shown->original : NULL;
        view.aspect = shown->aspect;
    }
    memcpy(s->message, live->message, sizeof(s->message));
    memcpy(s->detail, live->detail, sizeof(s->detail));
    view.message = s->message;
    view.detail = s->detail[0] ? s->detail : NULL;
    view.message_alpha = message_alpha(live, now_ns);
    if (live->shows_statistics) {
        make_statistics(s, now_ns);
        view.statistics = s->line_starts;
        view.n_statistics = s->n_lines;
    }
    if (live->shows_help) {
        view.help = s->help;
        view.n_help = s->n_help;
    }
    if (live->outputs.recording) {
        const int64_t seconds = bc_output_get_state(live->outputs.recording).length_us / 1000000;
        snprintf(s->recording, sizeof(s->recording), "%d:%02d", (int)(seconds / 60),
                 (int)(seconds % 60));
        view.recording = s->recording;
    }
    if (!bc_live_input_get_state(live->source).has_signal)
        view.waiting = live->params.is_camera ? "Waiting for the camera" : "Waiting for the input";
    make_thumbnails(s);
    view.thumbnails = s->thumbnails;
    view.n_thumbnails = s->n_thumbnails;
    view.current = current_cell(settings);
    return view;
}

/* The loop --------------------------------------------------------------------------------- */

/* The shown frames are the main thread's alone to replace, so they last beyond the lock. */
static void draw(show *s)
{
    const int64_t now_ns = bc_clock_ns();
    bc_live *live = s->live;
    pthread_mutex_lock(&live->lock);
    const bc_view view = make_view(s, now_ns);
    const bool wants_fullscreen = live->wants_fullscreen;
    pthread_mutex_unlock(&live->lock);
    if (wants_fullscreen != s->is_fullscreen) {
        s->is_fullscreen = wants_fullscreen;
        bc_window_set_fullscreen(live->window, wants_fullscreen);
    }
    bc_window_show(live->window, &view);
    s->shown_ns = now_ns;
}

/* Overlays move on even where no frame comes; and a picture of the window is of its present state.
 */
static bool is_stale(const show *s)
{
    pthread_mutex_lock(&s->live->lock);
    const bool is_grab_wanted = s->live->is_grab_wanted;
    pthread_mutex_unlock(&s->live->lock);
    return is_grab_wanted || bc_window_is_stale(s->live->window) ||
           bc_clock_ns() - s->shown_ns > refresh_ns / 4;
}

/* The newest painted frame, if there is one; false at the end. */
static bool take_painted(show *s, int64_t timeout_ns, bool *is_new)
{
    void *item;
    if (bc_queue_receive_within(s->live->painted, &item, timeout_ns) == BC_END)
        return false;
    *is_new = item != NULL;
    if (!item)
        return true;
    bc_live_adopt(s->live, item);
    s->serial++;
    return true;
}

static bool show_next(show *s)
{
    bool is_new = false;
    const char *command = bc_window_wait(s->live->window, IDLE_MS);
    for (; command; command = bc_window_wait(s->live->window, 0))
        bc_verbs_run(s->live, command);
    if (!take_painted(s, 0, &is_new))
        return false;
    if (!bc_window_is_hidden(s->live->window) && (is_new || is_stale(s)))
        draw(s);
    if (is_new)
        bc_live_presented(s->live);
    return true;
}

/* Without a window a frame is presented when it is painted: outputs have it already. */
static bool pass_next(show *s)
{
    bool is_new = false;
    if (!take_painted(s, IDLE_MS * 1000000LL, &is_new))
        return false;
    if (is_new)
        bc_live_presented(s->live);
    return true;
}

void bc_live_show(bc_live *live)
{
    show s = {.live = live, .serial = 1, .is_fullscreen = live->params.is_fullscreen};
    make_help(&s);
    bool goes_on = true;
    while (goes_on && atomic_load(live->params.stop) == 0) {
        goes_on = live->window ? show_next(&s) : pass_next(&s);
        bc_live_serve(live);
    }
    free(s.thumbnails);
}
