#include "app/verbs.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/report.h"

enum { MAX_WORDS = 8, MAX_LINE = 8192 };

static const float most_brush = 4, least_brush = 0.5F, brush_step = 1.25F;
static const double least_scale = 0.1, most_scale = 2;

/* One command at work: its words, and what is answered. */
typedef struct call {
    bc_stage *stage;
    int n_words;
    const char *words[MAX_WORDS]; /* words[0] is the verb */
    json_t *answer;               /* members of the answer */
    char error[1200];             /* "" while all is well */
} call;

static const char *word(const call *c, int index)
{
    return index < c->n_words ? c->words[index] : NULL;
}

__attribute__((format(printf, 2, 3))) static void refuse(call *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->error, sizeof(c->error), format, args);
    va_end(args);
}

/* Values ----------------------------------------------------------------------------------- */

static bool parse_number(call *c, const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && isfinite(*number))
        return true;
    refuse(c, "'%s' is not a number", text);
    return false;
}

/* "0.7" sets, "+0.1" and "-0.1" change; the result is kept between low and high. */
static bool change_number(call *c, float *value, float low, float high)
{
    double number;
    const char *text = word(c, 1);
    if (!parse_number(c, text, &number))
        return false;
    if (*text == '+' || *text == '-')
        number += (double)*value;
    *value = fminf(fmaxf((float)number, low), high);
    return true;
}

/* "on", "off", or nothing for the other one. */
static bool change_switch(call *c, bool *value)
{
    const char *text = word(c, 1);
    if (!text || strcmp(text, "toggle") == 0)
        *value = !*value;
    else if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0)
        *value = strcmp(text, "on") == 0;
    else
        refuse(c, "'%s' is neither on nor off", text);
    return !c->error[0];
}

static void say_share(call *c, const char *what, float share)
{
    bc_stage_say(c->stage, "", "%s %.0f %%", what, 100 * (double)share);
}

/* Styles ----------------------------------------------------------------------------------- */

static const bc_model *model_of(const bc_stage *stage)
{
    return stage->nets->models[stage->settings.net];
}

static void say_style(bc_stage *stage)
{
    const bc_settings *s = &stage->settings;
    char detail[192] = "";
    if (s->n_styles == 0 || s->shows_original) {
        bc_stage_say(stage, "", "Original");
        return;
    }
    const bc_style_info style = bc_model_style(model_of(stage), s->styles[0].style);
    const char *title = *style.title ? style.title : style.name;
    if (s->n_styles == 2) {
        const bc_style_info other = bc_model_style(model_of(stage), s->styles[1].style);
        bc_stage_say(stage, "", "%s + %.0f %% %s", title, 100 * (double)s->styles[1].weight,
                     *other.title ? other.title : other.name);
        return;
    }
    snprintf(detail, sizeof(detail), "%s%s%s", style.artist,
             *style.artist && *style.year ? ", " : "", style.year);
    bc_stage_say(stage, detail, "%s", title);
}

static void set_style(bc_stage *stage, int style)
{
    bc_settings *s = &stage->settings;
    s->shows_original = style < 0;
    if (style >= 0) {
        s->n_styles = 1;
        s->styles[0] = (bc_style_weight){.style = style, .weight = 1};
    }
    bc_stage_settings_changed(stage);
    say_style(stage);
}

/* A name, or a number from 1; 0 is the original, -1 here. */
static bool find_style(call *c, const char *text, int *style)
{
    const bc_model *model = model_of(c->stage);
    const int n = bc_model_style_count(model);
    char *end;
    *style = bc_model_find_style(model, text);
    if (*style >= 0)
        return true;
    const long number = strtol(text, &end, 10);
    if (end == text || *end)
        refuse(c, "no style '%s' ('get styles' lists them)", text);
    else if (number < 0 || number > n)
        refuse(c, "no style %ld: the net has %d", number, n);
    else
        *style = (int)number - 1;
    return !c->error[0];
}

static void run_style(call *c)
{
    const bc_settings *s = &c->stage->settings;
    const int n = bc_model_style_count(model_of(c->stage));
    const int current = s->n_styles > 0 ? s->styles[0].style : 0;
    int style;
    if (n > 0 && strcmp(word(c, 1), "next") == 0)
        set_style(c->stage, (current + 1) % n);
    else if (n > 0 && strcmp(word(c, 1), "prev") == 0)
        set_style(c->stage, (current + n - 1) % n);
    else if (find_style(c, word(c, 1), &style))
        set_style(c->stage, style);
}

static void run_original(call *c)
{
    if (!change_switch(c, &c->stage->settings.shows_original))
        return;
    bc_stage_settings_changed(c->stage);
    say_style(c->stage);
}

static void set_blend(bc_stage *stage, int first, int second, float share)
{
    bc_settings *s = &stage->settings;
    s->n_styles = 2;
    s->styles[0] = (bc_style_weight){.style = first, .weight = 1 - share};
    s->styles[1] = (bc_style_weight){.style = second, .weight = share};
    s->shows_original = false;
    bc_stage_settings_changed(stage);
    say_style(stage);
}

/* blend A B SHARE, or blend B with what is there. */
static void run_blend(call *c)
{
    const bc_settings *s = &c->stage->settings;
    int first = s->n_styles > 0 ? s->styles[0].style : -1, second;
    double share = 0.5;
    if (c->n_words > 2 && !find_style(c, word(c, 1), &first))
        return;
    if (!find_style(c, word(c, c->n_words > 2 ? 2 : 1), &second))
        return;
    if (c->n_words > 3 && !parse_number(c, word(c, 3), &share))
        return;
    if (first < 0 || second < 0 || share < 0 || share > 1)
        refuse(c, "a blend is of two styles and a share from 0 to 1");
    else
        set_blend(c->stage, first, second, (float)share);
}

static void run_share(call *c)
{
    const bc_settings *s = &c->stage->settings;
    float share = s->styles[1].weight;
    if (s->n_styles < 2)
        refuse(c, "there is no blend");
    else if (change_number(c, &share, 0, 1))
        set_blend(c->stage, s->styles[0].style, s->styles[1].style, share);
}

/* To another net: the same styles by name, or its first one. */
static void run_net(call *c)
{
    bc_stage *stage = c->stage;
    const bc_nets *nets = stage->nets;
    bc_settings *s = &stage->settings;
    int net = (s->net + 1) % nets->n;
    for (int i = 0; c->n_words > 1 && i < nets->n; i++)
        net = strcmp(nets->names[i], word(c, 1)) == 0 ? i : net;
    if (c->n_words > 1 && strcmp(nets->names[net], word(c, 1)) != 0) {
        refuse(c, "no net '%s' is open", word(c, 1));
        return;
    }
    if (nets->n == 1) {
        refuse(c, "there is no other net than %s", nets->names[0]);
        return;
    }
    for (int i = 0; i < s->n_styles; i++) {
        const int same = bc_nets_same_style(nets, s->net, s->styles[i].style, net);
        s->styles[i].style = same >= 0 ? same : 0;
    }
    s->net = net;
    if (bc_model_style_count(model_of(stage)) == 0)
        s->n_styles = 0;
    bc_stage_settings_changed(stage);
    bc_stage_say(stage, "", "Net: %s", nets->names[net]);
}

/* The painting ----------------------------------------------------------------------------- */

static void run_strength(call *c)
{
    float *strength = &c->stage->settings.strength;
    if (!change_number(c, strength, 0, 1))
        return;
    bc_stage_settings_changed(c->stage);
    say_share(c, "Strength", *strength);
}

/* As a number, or as a switch between all and nothing. */
static void change_share_or_switch(call *c, float *share, const char *name)
{
    bool is_on = *share > 0;
    const char *text = word(c, 1);
    if (text && strspn(text, "+-.0123456789") > 0) {
        if (!change_number(c, share, 0, 1))
            return;
    } else if (change_switch(c, &is_on)) {
        *share = is_on ? 1 : 0;
    } else {
        return;
    }
    bc_stage_settings_changed(c->stage);
    say_share(c, name, *share);
}

static void run_keep_colors(call *c)
{
    change_share_or_switch(c, &c->stage->settings.keep_colors, "Keep colours");
}

static void run_stabilize(call *c)
{
    change_share_or_switch(c, &c->stage->settings.stabilize, "Stabiliser");
}

static void run_brush(call *c)
{
    float *brush = &c->stage->settings.brush;
    if (strcmp(word(c, 1), "larger") == 0)
        *brush = fminf(*brush * brush_step, most_brush);
    else if (strcmp(word(c, 1), "smaller") == 0)
        *brush = fmaxf(*brush / brush_step, least_brush);
    else if (!change_number(c, brush, least_brush, most_brush))
        return;
    bc_stage_settings_changed(c->stage);
    say_share(c, "Brush", *brush);
}

static void run_scale(call *c)
{
    double scale = 0;
    if (strcmp(word(c, 1), "auto") != 0) {
        if (!parse_number(c, word(c, 1), &scale))
            return;
        if (scale < least_scale || scale > most_scale) {
            refuse(c, "a scale is from %g to %g, or auto", least_scale, most_scale);
            return;
        }
    }
    c->stage->settings.fixed_scale = (float)scale;
    bc_stage_settings_changed(c->stage);
    if (scale > 0)
        say_share(c, "Scale", (float)scale);
    else
        bc_stage_say(c->stage, "", "Scale: automatic");
}

static void run_mirror(call *c)
{
    bool *mirror = &c->stage->settings.mirror;
    if (!change_switch(c, mirror))
        return;
    bc_stage_settings_changed(c->stage);
    bc_stage_say(c->stage, "", "Mirror %s", *mirror ? "on" : "off");
}

static void run_fade(call *c)
{
    if (change_number(c, &c->stage->settings.fade_s, 0, 60))
        bc_stage_say(c->stage, "", "Fade %.1f s", (double)c->stage->settings.fade_s);
}

/* A switch, or where the line stands. */
static void run_split(call *c)
{
    bc_settings *s = &c->stage->settings;
    const char *text = word(c, 1);
    if (text && strspn(text, "+-.0123456789") > 0) {
        if (!change_number(c, &s->split, 0, 1))
            return;
        s->shows_split = true;
    } else if (!change_switch(c, &s->shows_split)) {
        return;
    }
    bc_stage_settings_changed(c->stage);
}

/* The window and the input ----------------------------------------------------------------- */

static void run_pause(call *c)
{
    bc_stage *stage = c->stage;
    if (!change_switch(c, &stage->is_paused))
        return;
    bc_source_pause(stage->source, stage->is_paused);
    bc_stage_say(stage, "", stage->is_paused ? "Paused" : "Playing");
}

/* To a time in seconds, or by so many. */
static void run_seek(call *c)
{
    const bc_source_state state = bc_source_get_state(c->stage->source);
    const char *text = word(c, 1);
    double seconds;
    if (!parse_number(c, text, &seconds))
        return;
    if (state.duration_us <= 0) {
        refuse(c, "one cannot seek in this input");
        return;
    }
    if (*text == '+' || *text == '-')
        seconds += 1e-6 * (double)state.position_us;
    seconds = fmax(seconds, 0);
    bc_source_seek(c->stage->source, (int64_t)(seconds * 1e6));
    bc_stage_say(c->stage, "", "%d:%02d / %d:%02d", (int)seconds / 60, (int)seconds % 60,
                 (int)(state.duration_us / 60000000), (int)(state.duration_us / 1000000) % 60);
}

static void run_loop(call *c)
{
    bool is_looped = bc_source_get_state(c->stage->source).is_looped;
    if (!change_switch(c, &is_looped))
        return;
    bc_source_loop(c->stage->source, is_looped);
    bc_stage_say(c->stage, "", "Loop %s", is_looped ? "on" : "off");
}

static void run_open(call *c)
{
    const char *url = word(c, 1), *ending = strrchr(url, '.');
    if (ending && strcmp(ending, ".safetensors") == 0)
        refuse(c, "a style is added by putting its file into the net's folder styles");
    else
        bc_stage_open_input(c->stage, url);
}

static void run_fullscreen(call *c)
{
    change_switch(c, &c->stage->wants_fullscreen);
}

static void run_statistics(call *c)
{
    change_switch(c, &c->stage->shows_statistics);
}

static void run_help(call *c)
{
    change_switch(c, &c->stage->shows_help);
}

static void run_quit(call *c)
{
    bc_stage_quit(c->stage);
}

/* Outputs ---------------------------------------------------------------------------------- */

static void run_screenshot(call *c)
{
    char name[1024];
    const bool of_window = c->n_words > 2 && strcmp(word(c, 2), "window") == 0;
    if (bc_stage_screenshot(c->stage, word(c, 1), of_window, name, sizeof(name)) < 0) {
        refuse(c, "cannot write %s", name);
        return;
    }
    json_object_set_new(c->answer, "file", json_string(name));
    if (!of_window)
        bc_stage_say(c->stage, name, "Screenshot");
}

static void start_recording(call *c, const char *path)
{
    char name[1024];
    if (c->stage->recording)
        refuse(c, "%s is being recorded already", bc_output_url(c->stage->recording));
    else if (bc_stage_record(c->stage, path, name, sizeof(name)) < 0)
        refuse(c, "cannot record %s", name);
    else
        json_object_set_new(c->answer, "file", json_string(name));
}

static void stop_recording(call *c)
{
    char name[1024];
    if (!c->stage->recording)
        return;
    snprintf(name, sizeof(name), "%s", bc_output_url(c->stage->recording));
    if (bc_stage_stop_recording(c->stage) < 0) {
        refuse(c, "%s could not be finished", name);
        return;
    }
    json_object_set_new(c->answer, "file", json_string(name));
    bc_stage_say(c->stage, name, "Recorded");
}

/* record FILE, record on, record off, or record: the other one. */
static void run_record(call *c)
{
    const char *text = word(c, 1);
    if (text && strcmp(text, "off") == 0)
        stop_recording(c);
    else if (text && strcmp(text, "on") != 0)
        start_recording(c, text);
    else if (!text && c->stage->recording)
        stop_recording(c);
    else
        start_recording(c, NULL);
}

/* Answers ---------------------------------------------------------------------------------- */

static void run_get(call *c)
{
    if (strcmp(word(c, 1), "styles") == 0) {
        bc_report_styles(c->answer, c->stage);
    } else if (strcmp(word(c, 1), "state") == 0) {
        bc_report_state(c->answer, c->stage);
    } else {
        refuse(c, "there is 'get state' and 'get styles', no 'get %s'", word(c, 1));
    }
}

/* The statistics start anew: so that one can measure from here on. */
static void run_reset(call *c)
{
    bc_stage *stage = c->stage;
    stage->latency = stage->interval = stage->convert = stage->paint = stage->mix = (bc_times){0};
}

static const struct verb {
    const char *name, *words;
    int least, most; /* words after the verb */
    void (*run)(call *c);
} verbs[] = {
    {"blend", "[STYLE] STYLE [SHARE]", 1, 3, run_blend},
    {"brush", "larger|smaller|SIZE", 1, 1, run_brush},
    {"drop", "FILE", 1, 1, run_open},
    {"fade", "SECONDS", 1, 1, run_fade},
    {"fullscreen", "[on|off]", 0, 1, run_fullscreen},
    {"get", "state|styles", 1, 1, run_get},
    {"help", "[on|off]", 0, 1, run_help},
    {"keep-colors", "[on|off|SHARE]", 0, 1, run_keep_colors},
    {"loop", "[on|off]", 0, 1, run_loop},
    {"mirror", "[on|off]", 0, 1, run_mirror},
    {"net", "[NET]", 0, 1, run_net},
    {"open", "INPUT", 1, 1, run_open},
    {"original", "[on|off]", 0, 1, run_original},
    {"pause", "[on|off]", 0, 1, run_pause},
    {"quit", "", 0, 0, run_quit},
    {"record", "[on|off|FILE]", 0, 1, run_record},
    {"reset", "", 0, 0, run_reset},
    {"scale", "auto|SCALE", 1, 1, run_scale},
    {"screenshot", "[FILE [window]]", 0, 2, run_screenshot},
    {"seek", "[+|-]SECONDS", 1, 1, run_seek},
    {"share", "[+|-]SHARE", 1, 1, run_share},
    {"split", "[on|off|POSITION]", 0, 1, run_split},
    {"stabilize", "[on|off|SHARE]", 0, 1, run_stabilize},
    {"statistics", "[on|off]", 0, 1, run_statistics},
    {"strength", "[+|-]SHARE", 1, 1, run_strength},
    {"style", "NAME|NUMBER|next|prev", 1, 1, run_style},
};

/* Lines ------------------------------------------------------------------------------------ */

static void run_verb(call *c)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        const struct verb *v = &verbs[i];
        if (strcmp(v->name, c->words[0]) != 0)
            continue;
        if (c->n_words - 1 < v->least || c->n_words - 1 > v->most)
            refuse(c, "usage: %s %s", v->name, v->words);
        else
            v->run(c);
        return;
    }
    refuse(c, "no command '%s'", c->words[0]);
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

/* Runs one command of the line; false after the last. */
static bool run_next(call *c, const char **text, char *room)
{
    const char *w;
    c->n_words = 0;
    while ((w = take_word(text, &room))) {
        if (c->n_words < MAX_WORDS)
            c->words[c->n_words++] = w;
    }
    const bool is_more = **text == ';';
    *text += is_more;
    if (c->n_words > 0)
        run_verb(c);
    return is_more && !c->error[0];
}

/* The answer; an error is said on the screen too if `is_said`. */
static json_t *run_line(bc_stage *stage, const char *line, bool is_said)
{
    char room[2 * MAX_LINE]; /* for the words of one command, each with its end */
    call c = {.stage = stage, .answer = json_object()};
    if (strlen(line) >= MAX_LINE)
        refuse(&c, "the line is too long");
    json_object_set_new(c.answer, "ok", json_true()); /* comes first */
    pthread_mutex_lock(&stage->lock);
    while (!c.error[0] && run_next(&c, &line, room))
        ;
    if (c.error[0] && is_said)
        bc_stage_say(stage, "", "%s", c.error);
    pthread_mutex_unlock(&stage->lock);
    if (c.error[0]) {
        json_object_set_new(c.answer, "ok", json_false());
        json_object_set_new(c.answer, "error", json_string(c.error));
    }
    return c.answer;
}

char *bc_verbs_answer(void *stage, const char *line)
{
    json_t *answer = run_line(stage, line, false);
    char *text = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    json_decref(answer);
    if (((bc_stage *)stage)->window)
        bc_window_wake(((bc_stage *)stage)->window);
    return text;
}

void bc_verbs_run(bc_stage *stage, const char *line)
{
    json_decref(run_line(stage, line, true));
}
