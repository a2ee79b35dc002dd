#include "live/verbs.h"

#include <stdlib.h>
#include <string.h>

#include "live/call.h"

enum { MAX_LINE = 8192 };

static const struct verb {
    const char *name, *words;
    int least, most; /* words after the verb */
    void (*run)(bc_call *c);
} verbs[] = {
    {"add", "FILE", 1, 1, bc_verb_add},
    {"blend", "[STYLE] STYLE [SHARE]", 1, 3, bc_verb_blend},
    {"brush", "larger|smaller|SIZE", 1, 1, bc_verb_brush},
    {"drop", "FILE", 1, 1, bc_verb_drop},
    {"fade", "SECONDS", 1, 1, bc_verb_fade},
    {"fullscreen", "[on|off]", 0, 1, bc_verb_fullscreen},
    {"get", "state|styles", 1, 1, bc_verb_get},
    {"help", "[on|off]", 0, 1, bc_verb_help},
    {"keep-colors", "[on|off|SHARE]", 0, 1, bc_verb_keep_colors},
    {"loop", "[on|off]", 0, 1, bc_verb_loop},
    {"mirror", "[on|off]", 0, 1, bc_verb_mirror},
    {"net", "[NET]", 0, 1, bc_verb_net},
    {"open", "INPUT", 1, 1, bc_verb_open},
    {"original", "[on|off]", 0, 1, bc_verb_original},
    {"pause", "[on|off]", 0, 1, bc_verb_pause},
    {"quit", "", 0, 0, bc_verb_quit},
    {"rate", "auto|FPS", 1, 1, bc_verb_rate},
    {"record", "[on|off|FILE]", 0, 1, bc_verb_record},
    {"reset", "", 0, 0, bc_verb_reset},
    {"scale", "auto|SCALE", 1, 1, bc_verb_scale},
    {"screenshot", "[FILE [window]]", 0, 2, bc_verb_screenshot},
    {"seek", "[+|-]SECONDS", 1, 1, bc_verb_seek},
    {"share", "[+|-]SHARE", 1, 1, bc_verb_share},
    {"split", "[on|off|POSITION]", 0, 1, bc_verb_split},
    {"stabilize", "[on|off|SHARE]", 0, 1, bc_verb_stabilize},
    {"statistics", "[on|off]", 0, 1, bc_verb_statistics},
    {"strength", "[+|-]SHARE", 1, 1, bc_verb_strength},
    {"style", "NAME|NUMBER|next|prev", 1, 1, bc_verb_style},
};

/* Lines ------------------------------------------------------------------------------------ */

static void run_verb(bc_call *c)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        const struct verb *v = &verbs[i];
        if (strcmp(v->name, c->words[0]) != 0)
            continue;
        if (c->n_words - 1 < v->least || c->n_words - 1 > v->most)
            bc_call_refuse(c, "usage: %s %s", v->name, v->words);
        else
            v->run(c);
        return;
    }
    bc_call_refuse(c, "no command '%s'", c->words[0]);
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

/* The answer; an error is said on the screen too if `is_said`. */
static json_t *run_line(bc_live *live, const char *line, bool is_said)
{
    char room[2 * MAX_LINE]; /* for the words of one command, each with its end */
    bc_call c = {.live = live, .answer = json_object()};
    if (strlen(line) >= MAX_LINE)
        bc_call_refuse(&c, "the line is too long");
    json_object_set_new(c.answer, "ok", json_true()); /* comes first */
    pthread_mutex_lock(&live->lock);
    while (!c.error[0] && run_next(&c, &line, room))
        ;
    if (c.error[0] && is_said)
        bc_live_say(live, "", "%s", c.error);
    pthread_mutex_unlock(&live->lock);
    if (c.error[0]) {
        json_object_set_new(c.answer, "ok", json_false());
        json_object_set_new(c.answer, "error", bc_call_text(c.error));
    }
    return c.answer;
}

char *bc_verbs_answer(void *live, const char *line)
{
    json_t *answer = run_line(live, line, false);
    char *text = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    json_decref(answer);
    if (((bc_live *)live)->window)
        bc_window_wake(((bc_live *)live)->window);
    return text;
}

void bc_verbs_run(bc_live *live, const char *line)
{
    json_decref(run_line(live, line, true));
}
