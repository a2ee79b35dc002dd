#include "live/midi_map.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "live/verbs.h"

enum { MAX_RULES = 256, MAX_COMMAND = 512, PRESSED = 64, MOST = 127, N_CHANNELS = 16 };

typedef enum kind { KNOB, BUTTON, PAD, N_KINDS } kind;

static const char *const kinds[N_KINDS] = {"knob", "button", "pad"};

typedef struct rule {
    kind kind;
    int channel;               /* 0: all */
    int first, last;           /* numbers */
    char command[MAX_COMMAND]; /* a knob's and a range's lack their last word */
    double low, high;          /* of a knob */
    bool is_pressed;           /* a button, now */
} rule;

struct bc_midi_map {
    int n;
    rule rules[MAX_RULES];
};

/* Where something wrong stands, and who is told. */
typedef struct place {
    const char *path;
    int line;
    const bc_log *log;
} place;

static const char *const usual[] = {"knob 1 strength", "knob 7 strength", "pad 36-127 style"};

/* A line ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bc_status refuse(const place *at, const char *format,
                                                              ...)
{
    char reason[BC_LOG_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return bc_fail(at->log, BC_ERR_FORMAT, "%s:%d: %s", at->path, at->line, reason);
}

static bc_status take_kind(rule *r, const char *text, const place *at)
{
    int k = 0;
    while (k < N_KINDS && strcmp(kinds[k], text) != 0)
        k++;
    r->kind = (kind)k;
    return k < N_KINDS ? BC_OK : refuse(at, "'%.60s' is neither knob, button nor pad", text);
}

/* A number from low to high at *text, which goes on behind it; -1: there is none. */
static int take_number(const char **text, int low, int high)
{
    char *end;
    const long number = strtol(*text, &end, 10);
    const bool is_one = end != *text && **text >= '0' && **text <= '9';
    *text = end;
    return is_one && number >= low && number <= high ? (int)number : -1;
}

/* [CHANNEL/]NUMBER[-LAST] */
static bc_status take_numbers(rule *r, const char *text, const place *at)
{
    const char *rest = text;
    r->channel = 0;
    if (strchr(text, '/')) {
        r->channel = take_number(&rest, 1, N_CHANNELS);
        if (r->channel < 0 || *rest++ != '/')
            return refuse(at, "'%.60s': a channel is from 1 to %d", text, N_CHANNELS);
    }
    r->first = r->last = take_number(&rest, 0, MOST);
    if (r->first >= 0 && *rest == '-' && r->kind == PAD) {
        rest++;
        r->last = take_number(&rest, r->first, MOST);
    }
    if (r->first < 0 || r->last < 0 || *rest)
        return refuse(at, "'%.60s' is no %s: that is a number from 0 to %d%s", text, kinds[r->kind],
                      MOST, r->kind == PAD ? ", or two that rise, as in 36-51" : "");
    return BC_OK;
}

/* A verb to which a word is given. */
static bc_status check_verb(const char *name, const place *at)
{
    const bc_verb *verb = bc_verbs_find(name);
    if (!verb)
        return refuse(at, "there is no command '%.60s'", name);
    if (verb->least > 1 || verb->most < 1)
        return refuse(at, "%s takes no number", name);
    return BC_OK;
}

/* VERB [LOW HIGH] */
static bc_status take_range(rule *r, const char *text, const place *at)
{
    char verb[64], more;
    const int n = sscanf(text, "%63s %lf %lf %c", verb, &r->low, &r->high, &more);
    if (n == 1)
        r->high = 1;
    if ((n != 1 && n != 3) || !(r->low >= 0 && isfinite(r->low)) ||
        !(r->high >= 0 && isfinite(r->high)))
        return refuse(at, "'%.60s': a knob has a command, and may have two numbers from 0 on",
                      text);
    snprintf(r->command, sizeof(r->command), "%s", verb);
    return check_verb(verb, at);
}

static bc_status take_command(rule *r, const char *text, const place *at)
{
    char unknown[64];
    if (r->kind == KNOB)
        return take_range(r, text, at);
    if (strlen(text) >= sizeof(r->command))
        return refuse(at, "it is longer than %d bytes", MAX_COMMAND - 1);
    snprintf(r->command, sizeof(r->command), "%s", text);
    if (r->last > r->first)
        return check_verb(r->command, at);
    return bc_verbs_know(text, unknown, sizeof(unknown))
               ? BC_OK
               : refuse(at, "there is no command '%.60s'", unknown);
}

/* Takes the line apart. */
static bc_status read_line(bc_midi_map *map, char *line, const place *at)
{
    char *rest = NULL;
    for (size_t n = strlen(line); n > 0 && strchr(" \t\r\n", line[n - 1]); n--)
        line[n - 1] = '\0';
    const char *name = strtok_r(line, " \t", &rest);
    if (!name || *name == '#')
        return BC_OK;
    if (map->n == MAX_RULES)
        return refuse(at, "there are more than %d", MAX_RULES);
    rule *r = &map->rules[map->n];
    *r = (rule){0};
    bc_status status = take_kind(r, name, at);
    const char *numbers = strtok_r(NULL, " \t", &rest);
    if (status == BC_OK && !numbers)
        status = refuse(at, "'%s' without a number", name);
    if (status == BC_OK)
        status = take_numbers(r, numbers, at);
    const char *command = rest ? rest + strspn(rest, " \t") : "";
    if (status == BC_OK && !*command)
        status = refuse(at, "'%s %s' without a command", name, numbers);
    if (status == BC_OK)
        status = take_command(r, command, at);
    map->n += status == BC_OK;
    return status;
}

/* The file --------------------------------------------------------------------------------- */

static bc_status read_file(bc_midi_map *map, const char *path, const bc_log *log)
{
    char *line = NULL;
    size_t size = 0;
    bc_status status = BC_OK;
    FILE *file = fopen(path, "r");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    for (place at = {path, 1, log}; getline(&line, &size, file) >= 0; at.line++) {
        const bc_status wrong = read_line(map, line, &at);
        status = wrong < 0 ? wrong : status;
    }
    free(line);
    fclose(file);
    return status;
}

static void take_usual(bc_midi_map *map)
{
    char line[64];
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        snprintf(line, sizeof(line), "%s", usual[i]);
        read_line(map, line, &(place){0});
    }
}

bc_status bc_midi_map_open(bc_midi_map **map, const char *path, const bc_log *log)
{
    *map = calloc(1, sizeof(**map));
    if (!*map)
        return bc_fail(log, BC_ERR_MEMORY, "MIDI: out of memory");
    if (!path)
        take_usual(*map);
    const bc_status status = path ? read_file(*map, path, log) : BC_OK;
    if (status < 0)
        bc_midi_map_close(map);
    return status;
}

void bc_midi_map_close(bc_midi_map **map)
{
    if (!map)
        return;
    free(*map);
    *map = NULL;
}

/* Events ----------------------------------------------------------------------------------- */

/* True: by this rule the event says something. A button remembers how it stands. */
static bool note_event(rule *r, const bc_midi_event *event)
{
    if (event->is_note != (r->kind == PAD) || event->number < r->first || event->number > r->last ||
        (r->channel != 0 && r->channel != event->channel))
        return false;
    if (r->kind == KNOB)
        return true;
    if (r->kind == PAD)
        return event->value > 0;
    const bool was_pressed = r->is_pressed;
    r->is_pressed = event->value >= PRESSED;
    return r->is_pressed && !was_pressed;
}

/* The word that the rule's command lacks, or "". */
static void make_word(const rule *r, const bc_midi_event *event, char word[32])
{
    word[0] = '\0';
    if (r->kind == KNOB)
        snprintf(word, 32, " %.4g", r->low + (r->high - r->low) * event->value / MOST);
    else if (r->last > r->first)
        snprintf(word, 32, " %d", event->number - r->first + 1);
}

bool bc_midi_map_find(bc_midi_map *map, const bc_midi_event *event, char line[BC_MIDI_LINE])
{
    size_t length = 0;
    char word[32];
    line[0] = '\0';
    for (int i = 0; i < map->n; i++) {
        rule *r = &map->rules[i];
        if (!note_event(r, event) || length + MAX_COMMAND + sizeof(word) > BC_MIDI_LINE)
            continue;
        make_word(r, event, word);
        length += (size_t)snprintf(line + length, BC_MIDI_LINE - length, "%s%s%s",
                                   length > 0 ? "; " : "", r->command, word);
    }
    return length > 0;
}
