#include "live/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t message_ns = 2500000000, greeting_ns = 6000000000, fade_ns = 500000000,
                     refresh_ns = 250000000;

/* Statistics ------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void add_line(bc_viewer *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(v->lines[v->n_lines], sizeof(v->lines[0]), format, args);
    va_end(args);
    v->line_starts[v->n_lines] = v->lines[v->n_lines];
    v->n_lines++;
}

static void make_statistics(bc_viewer *v, int64_t now_ns)
{
    const bc_live *live = v->live;
    const bc_painted *shown = live->shown;
    if (now_ns - v->lines_ns < refresh_ns)
        return;
    v->lines_ns = now_ns;
    v->n_lines = 0;
    const bc_live_input_state source = bc_live_input_get_state(live->source);
    add_line(v, "%.1f fps, latency %.0f ms (99 %%: %.0f)", bc_live_fps(live),
             bc_times_percentile(&live->latency, 0.5), bc_times_percentile(&live->latency, 0.99));
    add_line(v, "convert %.1f ms, paint %.1f ms, mix %.1f ms",
             bc_times_percentile(&live->convert, 0.5), bc_times_percentile(&live->paint, 0.5),
             bc_times_percentile(&live->mix, 0.5));
    add_line(v, "frames %llu, dropped %llu", (unsigned long long)live->n_shown,
             (unsigned long long)(source.n_dropped + live->n_skipped));
    if (shown)
        add_line(v, "%dx%d, painted %dx%d (scale %.2f%s)", shown->width, shown->height,
                 shown->painted_width, shown->painted_height, bc_governor_scale(&live->governor),
                 live->settings.fixed_scale > 0 ? ", fixed" : "");
    add_line(v, "net %s%s, strength %.0f %%", live->nets->names[live->settings.net],
             bc_governor_is_cheap(&live->governor) ? " (lighter for speed)" : "",
             100 * (double)live->settings.strength);
    if (source.duration_us > 0)
        add_line(v, "%d:%02d / %d:%02d%s", (int)(source.position_us / 60000000),
                 (int)(source.position_us / 1000000) % 60, (int)(source.duration_us / 60000000),
                 (int)(source.duration_us / 1000000) % 60, source.is_looped ? ", looped" : "");
}

/* The filmstrip and the help --------------------------------------------------------------- */

/* The old ones go last, so that the new ones are at another place: the window looks at that. */
static void make_thumbnails(bc_viewer *v)
{
    const bc_model *model = bc_nets_model(v->live->nets, v->live->settings.net);
    if (v->thumbnails && v->thumbnail_model == model)
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
    free(v->thumbnails);
    v->thumbnails = thumbnails;
    v->n_thumbnails = n;
    bc_model_close(&v->thumbnail_model);
    v->thumbnail_model = bc_model_ref(model);
}

/* A binding's help is what it does, or "KEYS<tab>WHAT" where it speaks for others too. */
static void make_help(bc_viewer *v)
{
    const bc_bindings *bindings = v->live->params.bindings;
    for (int i = 0; i < bc_bindings_count(bindings) && v->n_help < BC_VIEWER_HELP; i++) {
        const bc_binding b = bc_bindings_at(bindings, i);
        const char *tab = strchr(b.help, '\t');
        char *keys = v->help_keys[v->n_help];
        if (*b.help == '\0')
            continue;
        snprintf(keys, sizeof(v->help_keys[0]), "%.*s", tab ? (int)(tab - b.help) : 31,
                 tab ? b.help : b.keys);
        v->help[v->n_help++] = (bc_help_line){keys, tab ? tab + 1 : b.help};
    }
}

/* Marks ------------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static void add_mark(bc_viewer *v, bc_mark_kind kind,
                                                           const char *format, ...)
{
    va_list args;
    char *text = v->mark_texts[v->n_marks];
    va_start(args, format);
    vsnprintf(text, sizeof(v->mark_texts[0]), format, args);
    va_end(args);
    v->marks[v->n_marks++] = (bc_mark){kind, text};
}

/* Of a peer its name alone: what follows may be a secret. */
static void add_output(bc_viewer *v, bc_output *output)
{
    const bc_output_state state = bc_output_get_state(output);
    const char *url = bc_output_url(output), *peer = strstr(url, "://"), *slash = strrchr(url, '/');
    const bc_mark_kind kind = state.has_failed ? BC_MARK_FAILED
                              : state.is_open  ? BC_MARK_LIVE
                                               : BC_MARK_WAITING;
    const char *what = state.has_failed ? "failed" : state.is_open ? "live" : "waiting";
    const char *name = peer ? peer + 3 : slash ? slash + 1 : url;
    const char *at = peer ? memchr(name, '@', strcspn(name, "/")) : NULL;
    name = at ? at + 1 : name;
    add_mark(v, kind, "%s %.*s", what, (int)strcspn(name, peer ? "/?" : ""), name);
}

static void add_recording(bc_viewer *v, bc_output *recording)
{
    const int seconds = (int)(bc_output_get_state(recording).length_us / 1000000);
    const char *url = bc_output_url(recording), *slash = strrchr(url, '/');
    add_mark(v, BC_MARK_RECORDING, "REC %d:%02d  %s", seconds / 60, seconds % 60,
             slash ? slash + 1 : url);
}

static void make_marks(bc_viewer *v)
{
    const bc_live *live = v->live;
    const double scale = bc_governor_scale(&live->governor);
    const bool is_cheap = bc_governor_is_cheap(&live->governor);
    v->n_marks = 0;
    if (live->outputs.recording)
        add_recording(v, live->outputs.recording);
    if (live->is_paused)
        add_mark(v, BC_MARK_PAUSED, "Paused");
    for (int i = 0; i < live->outputs.n_fixed; i++)
        add_output(v, live->outputs.fixed[i]);
    if (live->is_muted)
        add_mark(v, BC_MARK_MUTED, "Muted");
    if (live->settings.fixed_scale <= 0 && (is_cheap || scale < 0.99))
        add_mark(v, BC_MARK_SMALLER, "%s%.0f %%", is_cheap ? "lighter net, " : "", 100 * scale);
}

/* Messages --------------------------------------------------------------------------------- */

/* The keys of a command, or NULL. */
static const char *find_keys(const bc_bindings *bindings, const char *command)
{
    for (int i = 0; i < bc_bindings_count(bindings); i++) {
        const bc_binding b = bc_bindings_at(bindings, i);
        if (strcmp(b.command, command) == 0)
            return b.keys;
    }
    return NULL;
}

static void make_hint(bc_viewer *v)
{
    const bc_bindings *bindings = v->live->params.bindings;
    const char *help = find_keys(bindings, "help"), *quit = find_keys(bindings, "quit");
    const int n_styles = v->n_thumbnails - 1;
    size_t n = 0;
    if (help)
        n += (size_t)snprintf(v->hint + n, sizeof(v->hint) - n, "%.16s help, ", help);
    if (n_styles > 0 && find_keys(bindings, "digit 1"))
        n += (size_t)snprintf(v->hint + n, sizeof(v->hint) - n, "1-%d styles, ", n_styles);
    if (quit)
        n += (size_t)snprintf(v->hint + n, sizeof(v->hint) - n, "%.16s quit, ", quit);
    v->hint[n > 0 ? n - 2 : 0] = '\0';
}

static float message_alpha(const bc_viewer *v, int64_t now_ns)
{
    const bc_live *live = v->live;
    const bool is_greeting = live->message_ns == v->greeting_ns;
    const int64_t left_ns = live->message_ns + (is_greeting ? greeting_ns : message_ns) - now_ns;
    if (live->is_error)
        return 1;
    if (!live->message[0] || left_ns <= 0)
        return 0;
    return left_ns > fade_ns ? 1 : (float)left_ns / (float)fade_ns;
}

static void set_prompt(bc_viewer *v, bc_view *view)
{
    const bc_live *live = v->live;
    v->prompt[0] = '\0';
    if (live->opening)
        snprintf(v->prompt, sizeof(v->prompt), "Opening %s, Esc gives up", live->opening_name);
    else if (live->awaits_blend)
        snprintf(v->prompt, sizeof(v->prompt), "Blend with: 1-%d, or a click", v->n_thumbnails - 1);
    view->prompt = v->prompt[0] ? v->prompt : NULL;
    view->needs_strip = live->awaits_blend;
}

/* The strings that change on other threads are copied. */
static void set_messages(bc_viewer *v, bc_view *view, int64_t now_ns)
{
    bc_live *live = v->live;
    if (!live->shown && live->message_ns == v->greeting_ns)
        live->message_ns = v->greeting_ns = now_ns; /* it is to be read over a picture */
    memcpy(v->message, live->message, sizeof(v->message));
    memcpy(v->detail, live->detail, sizeof(v->detail));
    view->message = v->message;
    view->detail = v->detail[0] ? v->detail : NULL;
    view->hint = live->message_ns == v->greeting_ns ? v->hint : NULL;
    view->message_alpha = message_alpha(v, now_ns);
    view->is_error = live->is_error;
    set_prompt(v, view);
}

/* The view --------------------------------------------------------------------------------- */

static void set_chosen(bc_view *view, const bc_settings *settings)
{
    if (settings->shows_original || settings->n_styles == 0) {
        view->chosen[view->n_chosen++] = (bc_chosen){.cell = 0, .share = 1};
        return;
    }
    for (int i = 0; i < settings->n_styles && i < BC_VIEW_CHOSEN; i++)
        view->chosen[view->n_chosen++] =
            (bc_chosen){settings->styles[i].style + 1, settings->styles[i].weight};
}

static void set_input(bc_viewer *v, bc_view *view)
{
    const bc_live_input_state source = bc_live_input_get_state(v->live->source);
    view->position_us = source.position_us;
    view->duration_us = source.duration_us;
    if (!source.has_signal)
        view->waiting =
            v->live->params.is_camera ? "Waiting for the camera" : "Waiting for the input";
}

bc_view bc_viewer_look(bc_viewer *v, uint64_t serial, int64_t now_ns)
{
    bc_live *live = v->live;
    const bc_painted *shown = live->shown;
    const bc_settings *settings = &live->settings;
    bc_view view = {.serial = serial, .aspect = 4 / 3.0, .split = settings->split};
    if (shown) {
        view.painting = shown->picture;
        view.original = settings->shows_split ? shown->original : NULL;
        view.aspect = shown->aspect;
    }
    if (live->shows_statistics) {
        make_statistics(v, now_ns);
        view.statistics = v->line_starts;
        view.n_statistics = v->n_lines;
    }
    if (live->shows_help) {
        view.help = v->help;
        view.n_help = v->n_help;
    }
    make_thumbnails(v);
    make_marks(v);
    view.thumbnails = v->thumbnails;
    view.n_thumbnails = v->n_thumbnails;
    view.marks = v->marks;
    view.n_marks = v->n_marks;
    set_messages(v, &view, now_ns);
    set_chosen(&view, settings);
    set_input(v, &view);
    return view;
}

void bc_viewer_open(bc_viewer *v, bc_live *live)
{
    *v = (bc_viewer){.live = live};
    make_help(v);
    pthread_mutex_lock(&live->lock);
    make_thumbnails(v);
    make_hint(v);
    bc_live_say_style(live);
    v->greeting_ns = live->message_ns;
    pthread_mutex_unlock(&live->lock);
}

void bc_viewer_close(bc_viewer *v)
{
    free(v->thumbnails);
    bc_model_close(&v->thumbnail_model);
    *v = (bc_viewer){0};
}
