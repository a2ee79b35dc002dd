#include "live/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/call.h"

enum { MAX_LINE = 8192 };

const bc_verb bc_verbs[] = {
    {"add", "FILE", "plays the style of a file", 1, 1, bc_verb_add, BC_REACH_USER},
    {"back", "",
     "one step back: out of what is asked or being opened, the help, the full screen, the program",
     0, 0, bc_verb_back, BC_REACH_USER},
    {"blend", "[[STYLE] STYLE [SHARE]]",
     "paints with two styles, the second with this share (0.5); the present one and another; the "
     "present one and what is chosen next",
     0, 3, bc_verb_blend, BC_REACH_ALL},
    {"brush", "larger|smaller|SIZE", "size of the strokes, 0.5 to 4; 1: as trained", 1, 1,
     bc_verb_brush, BC_REACH_ALL},
    {"cancel", "", "gives up the input that is being opened", 0, 0, bc_verb_cancel, BC_REACH_ALL},
    {"digit", "0...9",
     "a digit of a style's number; another one within half a second goes on with it", 1, 1,
     bc_verb_digit, BC_REACH_ALL},
    {"drop", "FILE",
     "what a file does that falls on the window: a style is added, anything else opened", 1, 1,
     bc_verb_drop, BC_REACH_USER},
    {"fade", "SECONDS", "how long one style takes to become the next", 1, 1, bc_verb_fade,
     BC_REACH_ALL},
    {"fullscreen", "[on|off]", "the full screen, or a window", 0, 1, bc_verb_fullscreen,
     BC_REACH_ALL},
    {"get", "state|styles", "what is going on, or the names of the styles, as JSON", 1, 1,
     bc_verb_get, BC_REACH_ALL},
    {"help", "[on|off]", "the keys, on the screen", 0, 1, bc_verb_help, BC_REACH_ALL},
    {"keep-colors", "[on|off|SHARE]", "how much of the source's colours stay", 0, 1,
     bc_verb_keep_colors, BC_REACH_ALL},
    {"key", "COLOUR[:inside]|off",
     "leaves a screen of this colour as it is: green, blue or RRGGBB; inside: paints it alone", 1,
     1, bc_verb_key, BC_REACH_ALL},
    {"loop", "[on|off]", "begins anew at the end", 0, 1, bc_verb_loop, BC_REACH_ALL},
    {"mask", "inside|outside|off",
     "paints where the mask input is white, where it is black, or all", 1, 1, bc_verb_mask,
     BC_REACH_ALL},
    {"mirror", "[on|off]", "swaps left and right", 0, 1, bc_verb_mirror, BC_REACH_ALL},
    {"mute", "[on|off]", "silence", 0, 1, bc_verb_mute, BC_REACH_ALL},
    {"net", "[NET]", "paints with another net that is open; without a name the next one", 0, 1,
     bc_verb_net, BC_REACH_ALL},
    {"open", "INPUT", "plays another file, stream or device; what is being recorded ends", 1, 1,
     bc_verb_open, BC_REACH_USER},
    {"original", "[on|off]", "shows the picture as it came", 0, 1, bc_verb_original, BC_REACH_ALL},
    {"pause", "[on|off]", "holds the picture still", 0, 1, bc_verb_pause, BC_REACH_ALL},
    {"quit", "", "ends the program", 0, 0, bc_verb_quit, BC_REACH_USER},
    {"rate", "auto|FPS", "the rate that is held by painting smaller", 1, 1, bc_verb_rate,
     BC_REACH_ALL},
    {"record", "[on|off|FILE]",
     "records to FILE, or to a name of its own; off: the recording is finished", 0, 1,
     bc_verb_record, BC_REACH_ALL_WITHOUT_WORDS},
    {"reset", "", "statistics begin anew", 0, 0, bc_verb_reset, BC_REACH_ALL},
    {"scale", "auto|SCALE",
     "paints at SCALE times the frame's size, 0.1 to 2; auto: as the rate allows", 1, 1,
     bc_verb_scale, BC_REACH_ALL},
    {"screenshot", "[FILE [window]]",
     "writes a picture of the painting, or of the window with all that lies over it", 0, 2,
     bc_verb_screenshot, BC_REACH_ALL_WITHOUT_WORDS},
    {"seek", "[+|-]SECONDS", "to a time of the input, or by so many seconds", 1, 1, bc_verb_seek,
     BC_REACH_ALL},
    {"share", "[+|-]SHARE", "the second style's share of a blend", 1, 1, bc_verb_share,
     BC_REACH_ALL},
    {"split", "[on|off|POSITION]",
     "the original beside the painting, and where the line stands, 0 to 1", 0, 1, bc_verb_split,
     BC_REACH_ALL},
    {"stabilize", "[on|off|SHARE]", "how still it is held what stands still", 0, 1,
     bc_verb_stabilize, BC_REACH_ALL},
    {"statistics", "[on|off]", "rates and times, on the screen", 0, 1, bc_verb_statistics,
     BC_REACH_ALL},
    {"strength", "[+|-]SHARE", "how much of the painting is seen", 1, 1, bc_verb_strength,
     BC_REACH_ALL},
    {"style", "NAME[:WEIGHT],...|NUMBER|next|prev",
     "paints with a style or a blend, by names or a number in the strip; 0: the original", 1, 1,
     bc_verb_style, BC_REACH_ALL},
    {"volume", "[+|-]SHARE", "how loud it is, 0 to 1", 1, 1, bc_verb_volume, BC_REACH_ALL},
    {0},
};

/* Lines ------------------------------------------------------------------------------------ */

const bc_verb *bc_verbs_find(const char *name)
{
    const bc_verb *verb = bc_verbs;
    while (verb->name && strcmp(verb->name, name) != 0)
        verb++;
    return verb->name ? verb : NULL;
}

static void run_verb(bc_call *c)
{
    const bc_verb *v = bc_verbs_find(c->words[0]);
    if (!v)
        bc_call_refuse(c, "no command '%s'", c->words[0]);
    else if (c->n_words - 1 < v->least || c->n_words - 1 > v->most)
        bc_call_refuse(c, "usage: %s %s", v->name, v->words);
    else if (c->is_remote && (v->reach == BC_REACH_USER ||
                              (v->reach == BC_REACH_ALL_WITHOUT_WORDS && c->n_words > 1)))
        bc_call_refuse(c, "'%s' is not for the network", v->name);
    else
        v->run(c);
}

/* Copies the next word from *text to *room; NULL at the end of the command. */
static const char *take_word(const char **text, char **room)
{
    const char *from = *text + strspn(*text, " \t");
    char *word_start = *room, *to = *room;
    bool is_quoted = false;
    *text = from;
    if (*from == '\0' || *from == ';')
        return NULL;
    for (; *from && (is_quoted || !strchr(" \t;", *from)); from++) {
        if (*from == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        if (is_quoted && *from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to++ = '\0';
    *text = from;
    *room = to;
    return word_start;
}

bool bc_verbs_know(const char *line, char *unknown, size_t size)
{
    char room[2 * MAX_LINE];
    bool knows = strlen(line) < MAX_LINE;
    snprintf(unknown, size, "%.20s...", knows ? "" : line);
    for (; knows && *line; line += *line == ';') {
        char *next = room;
        const char *name = take_word(&line, &next);
        knows = !name || bc_verbs_find(name);
        if (!knows)
            snprintf(unknown, size, "%s", name);
        while (take_word(&line, &next))
            ;
    }
    return knows;
}

/* Runs one command of the line; false after the last. */
static bool run_next(bc_call *c, const char **text, char *room)
{
    const char *w;
    c->n_words = 0;
    while ((w = take_word(text, &room))) {
        if (c->n_words < BC_CALL_MAX_WORDS)
            c->words[c->n_words++] = w;
    }
    const bool is_more = **text == ';';
    *text += is_more;
    if (c->n_words > 0)
        run_verb(c);
    return is_more && !c->error[0];
}

/* With the lock held, which is given back meanwhile: others go on. */
static void wait_for_work(bc_call *c)
{
    pthread_mutex_unlock(&c->live->lock);
    const bc_work_result result = bc_work_wait(c->work);
    pthread_mutex_lock(&c->live->lock);
    if (result.status < 0)
        bc_call_refuse(c, "%s", result.reason);
    else if (result.file[0])
        json_object_set_new(c->answer, "file", bc_call_text(result.file));
    else if (result.style[0])
        json_object_set_new(c->answer, "style", bc_call_text(result.style));
}

/* Runs the line's commands, with the lock held, and waits for what they begin or leaves it alone.
 */
static void run_commands(bc_call *c, const char *line, bool is_waiting)
{
    char room[2 * MAX_LINE]; /* for the words of one command, each with its end */
    bool is_more = true;
    while (is_more && !c->error[0]) {
        is_more = run_next(c, &line, room);
        if (c->work && !is_waiting)
            bc_work_forget(c->work);
        else if (c->work)
            wait_for_work(c);
        c->work = NULL;
    }
}

/* Fills in the call's answer and error. */
static void run_line(bc_call *c, const char *line, bool is_waiting)
{
    bc_live *live = c->live;
    if (strlen(line) >= MAX_LINE)
        bc_call_refuse(c, "the line is too long");
    json_object_set_new(c->answer, "ok", json_true()); /* comes first */
    pthread_mutex_lock(&live->lock);
    c->was_error = c->is_by_hand && bc_live_forget_error(live);
    run_commands(c, line, is_waiting);
    if (c->error[0] && c->is_by_hand)
        bc_live_say_error(live, "", "%s", c->error);
    pthread_mutex_unlock(&live->lock);
    if (live->window)
        bc_window_wake(live->window);
}

char *bc_verbs_answer(void *live, const char *line)
{
    bc_call c = {.live = live, .answer = json_object()};
    run_line(&c, line, true);
    if (c.error[0]) {
        json_object_set_new(c.answer, "ok", json_false());
        json_object_set_new(c.answer, "error", bc_call_text(c.error));
    }
    char *text = json_dumps(c.answer, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    json_decref(c.answer);
    return text;
}

void bc_verbs_run(void *live, const char *line)
{
    bc_call c = {.live = live, .is_by_hand = true, .answer = json_object()};
    run_line(&c, line, false);
    json_decref(c.answer);
}

bool bc_verbs_run_remote(void *live, const char *line, char *error, size_t size)
{
    bc_call c = {.live = live, .is_remote = true, .answer = json_object()};
    run_line(&c, line, false);
    json_decref(c.answer);
    snprintf(error, size, "%s", c.error);
    return !c.error[0];
}
