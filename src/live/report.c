#include "live/report.h"

#include <math.h>
#include <stdio.h>

#include "live/call.h"

static json_t *json_style(const bc_live *live, int style)
{
    return bc_call_text(bc_model_style(bc_nets_model(live->nets, live->settings.net), style).name);
}

void bc_report_style_name(const bc_live *live, char name[BC_REPORT_STYLE])
{
    const bc_settings *s = &live->settings;
    const bool is_original = s->shows_original || s->n_styles == 0;
    const bc_model *model = bc_nets_model(live->nets, s->net);
    snprintf(name, BC_REPORT_STYLE, "%s",
             is_original ? "original" : bc_model_style(model, s->styles[0].style).name);
}

static json_t *json_blend(const bc_live *live)
{
    const bc_settings *s = &live->settings;
    json_t *blend = json_array();
    for (int i = 0; i < s->n_styles; i++)
        json_array_append_new(blend,
                              json_pack("{s:o, s:f}", "style", json_style(live, s->styles[i].style),
                                        "share", (double)s->styles[i].weight));
    return blend;
}

static json_t *json_styles(const bc_live *live)
{
    json_t *styles = json_array();
    for (int i = 0; i < bc_model_style_count(bc_nets_model(live->nets, live->settings.net)); i++)
        json_array_append_new(styles, json_style(live, i));
    return styles;
}

/* Milliseconds with a digit behind the point: nobody wants sixteen. */
static json_t *json_ms(const bc_times *times, double share)
{
    return json_real(round(10 * bc_times_percentile(times, share)) / 10);
}

static void set_times(json_t *state, const bc_live *live)
{
    json_object_set_new(state, "fps", json_real(round(100 * bc_live_fps(live)) / 100));
    json_object_set_new(state, "latency_ms", json_ms(&live->latency, 0.5));
    json_object_set_new(state, "latency_p99_ms", json_ms(&live->latency, 0.99));
    json_object_set_new(state, "interval_ms", json_ms(&live->interval, 0.5));
    json_object_set_new(state, "interval_p99_ms", json_ms(&live->interval, 0.99));
    json_object_set_new(state, "convert_ms", json_ms(&live->convert, 0.5));
    json_object_set_new(state, "paint_ms", json_ms(&live->paint, 0.5));
    json_object_set_new(state, "mix_ms", json_ms(&live->mix, 0.5));
}

static void set_settings(json_t *state, const bc_live *live)
{
    static const char *const masks[] = {"off", "inside", "outside"};
    const bc_settings *s = &live->settings;
    const bool is_original = s->shows_original || s->n_styles == 0;
    json_object_set_new(state, "style",
                        is_original ? json_null() : json_style(live, s->styles[0].style));
    json_object_set_new(state, "styles", json_styles(live));
    json_object_set_new(state, "blend", json_blend(live));
    json_object_set_new(state, "net", bc_call_text(live->nets->names[s->net]));
    json_object_set_new(state, "strength", json_real((double)s->strength));
    json_object_set_new(state, "keep_colors", json_real((double)s->keep_colors));
    json_object_set_new(state, "stabilize", json_real((double)s->stabilize));
    json_object_set_new(state, "brush", json_real((double)s->brush));
    json_object_set_new(state, "mirror", json_boolean(s->mirror));
    json_object_set_new(state, "key",
                        s->key.is_on
                            ? json_sprintf("%02x%02x%02x%s", s->key.rgb[0], s->key.rgb[1],
                                           s->key.rgb[2], s->key.paints_inside ? ":inside" : "")
                            : json_null());
    json_object_set_new(state, "mask", json_string(masks[s->mask]));
    json_object_set_new(state, "split", s->shows_split ? json_real((double)s->split) : json_null());
    json_object_set_new(state, "scale", json_real(bc_governor_scale(&live->governor)));
    json_object_set_new(state, "scale_changes", json_integer(live->n_scale_changes));
    json_object_set_new(state, "cheap_net", json_boolean(bc_governor_is_cheap(&live->governor)));
}

static void set_source(json_t *state, const bc_live *live)
{
    const bc_live_input_state source = bc_live_input_get_state(live->source);
    const bc_painted *shown = live->shown;
    const int net = shown && shown->model ? bc_nets_find(live->nets, shown->model) : -1;
    json_object_set_new(state, "size", json_pack("[i, i]", source.width, source.height));
    json_object_set_new(state, "painted_net",
                        net >= 0 ? bc_call_text(live->nets->names[net]) : json_null());
    json_object_set_new(state, "painted_size",
                        shown ? json_pack("[i, i]", shown->painted_width, shown->painted_height)
                              : json_null());
    json_object_set_new(state, "position", json_real(1e-6 * (double)source.position_us));
    json_object_set_new(state, "duration", json_real(1e-6 * (double)source.duration_us));
    json_object_set_new(state, "captured", json_integer((json_int_t)source.n_frames));
    json_object_set_new(state, "frames", json_integer((json_int_t)live->n_shown));
    json_object_set_new(state, "dropped",
                        json_integer((json_int_t)(source.n_dropped + live->n_skipped)));
    json_object_set_new(state, "signal", json_boolean(source.has_signal));
    json_object_set_new(state, "loop", json_boolean(source.is_looped));
    json_object_set_new(state, "paused", json_boolean(live->is_paused));
}

static json_t *json_output(bc_output *output)
{
    const bc_output_state state = bc_output_get_state(output);
    return json_pack("{s:o, s:b, s:b, s:I, s:I}", "url", bc_call_text(bc_output_url(output)),
                     "open", state.is_open, "failed", state.has_failed, "frames",
                     (json_int_t)state.n_frames, "dropped", (json_int_t)state.n_dropped);
}

static void set_outputs(json_t *state, const bc_live *live)
{
    json_t *outputs = json_array();
    int n_failed = live->outputs.n_failed;
    for (int i = 0; i < live->outputs.n_fixed; i++) {
        n_failed += bc_output_get_state(live->outputs.fixed[i]).has_failed;
        json_array_append_new(outputs, json_output(live->outputs.fixed[i]));
    }
    if (live->outputs.recording)
        json_array_append_new(outputs, json_output(live->outputs.recording));
    json_object_set_new(state, "outputs", outputs);
    json_object_set_new(state, "asleep",
                        json_boolean(!live->window && bc_outputs_are_asleep(&live->outputs)));
    json_object_set_new(state, "failed_outputs", json_integer(n_failed));
    json_object_set_new(state, "opening",
                        live->opening ? bc_call_text(live->opening_name) : json_null());
    json_object_set_new(state, "recording",
                        live->outputs.recording
                            ? bc_call_text(bc_output_url(live->outputs.recording))
                            : json_null());
}

/* What stands in red on the screen. */
static json_t *json_error(const bc_live *live)
{
    char text[sizeof(live->message) + sizeof(live->detail) + 2];
    if (!live->is_error)
        return json_null();
    snprintf(text, sizeof(text), "%s%s%s", live->message, live->detail[0] ? ": " : "",
             live->detail);
    return bc_call_text(text);
}

static void set_view(json_t *state, const bc_live *live)
{
    json_object_set_new(state, "fullscreen", json_boolean(live->wants_fullscreen));
    json_object_set_new(state, "statistics", json_boolean(live->shows_statistics));
    json_object_set_new(state, "awaits_blend", json_boolean(live->awaits_blend));
    json_object_set_new(state, "volume", json_real((double)live->volume));
    json_object_set_new(state, "muted", json_boolean(live->is_muted));
    json_object_set_new(state, "help", json_boolean(live->shows_help));
    json_object_set_new(state, "error", json_error(live));
}

void bc_report_styles(json_t *report, const bc_live *live)
{
    json_object_set_new(report, "styles", json_styles(live));
}

void bc_report_state(json_t *report, const bc_live *live)
{
    set_settings(report, live);
    set_times(report, live);
    set_source(report, live);
    set_view(report, live);
    set_outputs(report, live);
}
