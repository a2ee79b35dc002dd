/* Verbs: the input, the window, what is written, and what is asked. */
#include <math.h>
#include <string.h>

#include "live/call.h"
#include "live/opening.h"
#include "live/recording.h"
#include "live/report.h"
#include "live/screenshot.h"

/* The window and the input ----------------------------------------------------------------- */

void bc_verb_pause(bc_call *c)
{
    bc_live *live = c->live;
    if (!bc_call_change_switch(c, &live->is_paused))
        return;
    bc_live_input_pause(live->source, live->is_paused);
    bc_live_say(live, "", live->is_paused ? "Paused" : "Playing");
}

/* To a time in seconds, or by so many. */
void bc_verb_seek(bc_call *c)
{
    const bc_live_input_state state = bc_live_input_get_state(c->live->source);
    const char *text = bc_call_word(c, 1);
    double seconds;
    if (!bc_call_number(c, text, &seconds))
        return;
    if (state.duration_us <= 0) {
        bc_call_refuse(c, "one cannot seek in this input");
        return;
    }
    if (*text == '+' || *text == '-')
        seconds += 1e-6 * (double)state.position_us;
    seconds = fmax(seconds, 0);
    bc_live_input_seek(c->live->source, (int64_t)(seconds * 1e6));
    bc_live_say(c->live, "", "%d:%02d / %d:%02d", (int)seconds / 60, (int)seconds % 60,
                (int)(state.duration_us / 60000000), (int)(state.duration_us / 1000000) % 60);
}

void bc_verb_loop(bc_call *c)
{
    bool is_looped = bc_live_input_get_state(c->live->source).is_looped;
    if (!bc_call_change_switch(c, &is_looped))
        return;
    bc_live_input_loop(c->live->source, is_looped);
    bc_live_say(c->live, "", "Loop %s", is_looped ? "on" : "off");
}

void bc_verb_open(bc_call *c)
{
    bc_call_begin(c, bc_live_open_input(c->live, bc_call_word(c, 1)));
}

void bc_verb_cancel(bc_call *c)
{
    if (!bc_live_give_up_input(c->live))
        bc_call_refuse(c, "nothing is being opened");
}

/* What fell on the window: a style or something to play. */
void bc_verb_drop(bc_call *c)
{
    const char *ending = strrchr(bc_call_word(c, 1), '.');
    if (ending && strcmp(ending, ".safetensors") == 0)
        bc_verb_add(c);
    else
        bc_verb_open(c);
}

void bc_verb_quit(bc_call *c)
{
    bc_live_quit(c->live);
}

/* Outputs ---------------------------------------------------------------------------------- */

void bc_verb_screenshot(bc_call *c)
{
    const bool of_window = c->n_words > 2 && strcmp(bc_call_word(c, 2), "window") == 0;
    bc_call_begin(c, bc_live_screenshot(c->live, bc_call_word(c, 1), of_window));
}

static void start_recording(bc_call *c, const char *path)
{
    if (c->live->outputs.recording)
        bc_call_refuse(c, "%s is being recorded already",
                       bc_output_url(c->live->outputs.recording));
    else if (c->live->is_record_beginning)
        bc_call_refuse(c, "a recording is just beginning");
    else
        bc_call_begin(c, bc_live_record(c->live, path));
}

/* One that broke off by itself is told to the first who wants to stop it. */
static void stop_recording(bc_call *c)
{
    bc_live *live = c->live;
    if (live->outputs.recording)
        bc_call_begin(c, bc_live_stop_recording(live));
    else if (live->is_record_beginning)
        bc_call_refuse(c, "a recording is just beginning");
    else if (live->lost_recording[0])
        bc_call_refuse(c, "%s", live->lost_recording);
    live->lost_recording[0] = '\0';
}

/* record FILE, record on, record off, or record: the other one. */
void bc_verb_record(bc_call *c)
{
    const char *text = bc_call_word(c, 1);
    if (text && strcmp(text, "off") == 0)
        stop_recording(c);
    else if (text && strcmp(text, "on") != 0)
        start_recording(c, text);
    else if (!text && c->live->outputs.recording)
        stop_recording(c);
    else
        start_recording(c, NULL);
}

/* Answers ---------------------------------------------------------------------------------- */

void bc_verb_get(bc_call *c)
{
    if (strcmp(bc_call_word(c, 1), "styles") == 0) {
        bc_report_styles(c->answer, c->live);
    } else if (strcmp(bc_call_word(c, 1), "state") == 0) {
        bc_report_state(c->answer, c->live);
    } else {
        bc_call_refuse(c, "there is 'get state' and 'get styles', no 'get %s'", bc_call_word(c, 1));
    }
}

/* The statistics start anew: so that one can measure from here on. */
void bc_verb_reset(bc_call *c)
{
    bc_live *live = c->live;
    live->latency = live->interval = live->convert = live->paint = live->mix = (bc_times){0};
}
