#include "train/objective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { LOWEST_BRUSH = 64, HIGHEST_BRUSH = 2048 };

bc_objective bc_objective_none(void)
{
    return (bc_objective){
        .style = -1, .content = -1, .variation = -1, .stability = -1, .lattice = -1};
}

bc_objective bc_objective_look(bc_look look)
{
    static const bc_objective looks[] = {
        [BC_LOOK_FINE] = {1, {512}, 2.2, "relu3_3", 1, 0.3, 60, 1000},
        [BC_LOOK_BOLD] = {1, {720}, 3.5, "relu3_3", 1, 0.3, 60, 1000},
    };
    return looks[look];
}

static void override(double *value, double over)
{
    if (over >= 0)
        *value = over;
}

void bc_objective_override(bc_objective *objective, const bc_objective *over)
{
    if (over->n_brushes > 0) {
        objective->n_brushes = over->n_brushes;
        memcpy(objective->brushes, over->brushes, sizeof(over->brushes));
    }
    if (over->content_layer[0])
        memcpy(objective->content_layer, over->content_layer, sizeof(over->content_layer));
    override(&objective->style, over->style);
    override(&objective->content, over->content);
    override(&objective->variation, over->variation);
    override(&objective->stability, over->stability);
    override(&objective->lattice, over->lattice);
}

bc_status bc_objective_parse_brushes(bc_objective *objective, const char *list)
{
    int n = 0;
    for (const char *at = list;; at++) {
        char *end;
        const long brush = strtol(at, &end, 10);
        if (end == at || brush < LOWEST_BRUSH || brush > HIGHEST_BRUSH || n == BC_MAX_BRUSHES)
            return BC_ERR_ARGUMENT;
        objective->brushes[n++] = (int)brush;
        at = end;
        if (*at == '\0')
            break;
        if (*at != ',')
            return BC_ERR_ARGUMENT;
    }
    objective->n_brushes = n;
    return BC_OK;
}

static bc_status parse_layer(bc_objective *objective, const char *name)
{
    if (!name[0] || strlen(name) >= sizeof(objective->content_layer))
        return BC_ERR_ARGUMENT;
    strcpy(objective->content_layer, name);
    return BC_OK;
}

static bc_status parse_weight(double *weight, const char *text)
{
    char *end;
    *weight = strtod(text, &end);
    return end != text && !*end && isfinite(*weight) && *weight >= 0 ? BC_OK : BC_ERR_ARGUMENT;
}

static bc_status parse_look(bc_objective *objective, const char *name)
{
    if (strcmp(name, "fine") != 0 && strcmp(name, "bold") != 0)
        return BC_ERR_ARGUMENT;
    bc_objective look = bc_objective_look(name[0] == 'f' ? BC_LOOK_FINE : BC_LOOK_BOLD);
    bc_objective_override(&look, objective); /* whichever stands first */
    *objective = look;
    return BC_OK;
}

static bc_status parse_word(bc_objective *o, const char *key, const char *value)
{
    const struct {
        const char *key;
        double *weight;
    } weights[] = {{"style-weight", &o->style},
                   {"content", &o->content},
                   {"variation", &o->variation},
                   {"stability", &o->stability},
                   {"lattice", &o->lattice}};
    for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++)
        if (strcmp(key, weights[i].key) == 0)
            return parse_weight(weights[i].weight, value);
    if (strcmp(key, "brush") == 0)
        return bc_objective_parse_brushes(o, value);
    if (strcmp(key, "content-layer") == 0)
        return parse_layer(o, value);
    return strcmp(key, "look") == 0 ? parse_look(o, value) : BC_ERR_ARGUMENT;
}

bc_status bc_objective_parse(bc_objective *objective, const char *words, const char *where,
                             const bc_log *log)
{
    char copy[256], *rest = copy, *word;
    *objective = bc_objective_none();
    if (snprintf(copy, sizeof(copy), "%s", words) >= (int)sizeof(copy))
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: '%s' is too long", where, words);
    while ((word = strsep(&rest, " "))) {
        char *value = strchr(word, '=');
        if (!*word)
            continue;
        if (value)
            *value++ = '\0';
        if (!value || parse_word(objective, word, value) < 0)
            return bc_fail(log, BC_ERR_ARGUMENT, "%s: '%s%s%s' is no word of an objective", where,
                           word, value ? "=" : "", value ? value : "");
    }
    return BC_OK;
}

static size_t append(char *text, size_t n, const char *key, double weight)
{
    if (weight < 0 || n >= BC_OBJECTIVE_TEXT_SIZE)
        return n;
    return n + (size_t)snprintf(text + n, BC_OBJECTIVE_TEXT_SIZE - n, "%s%s=%.6g", n ? " " : "",
                                key, weight);
}

void bc_objective_print(char text[BC_OBJECTIVE_TEXT_SIZE], const bc_objective *objective)
{
    const bc_objective *o = objective;
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < o->n_brushes; i++)
        n += (size_t)snprintf(text + n, BC_OBJECTIVE_TEXT_SIZE - n, "%s%d",
                              i ? "," : "brush=", o->brushes[i]);
    if (o->content_layer[0])
        n += (size_t)snprintf(text + n, BC_OBJECTIVE_TEXT_SIZE - n, "%scontent-layer=%s",
                              n ? " " : "", o->content_layer);
    n = append(text, n, "style-weight", o->style);
    n = append(text, n, "content", o->content);
    n = append(text, n, "variation", o->variation);
    n = append(text, n, "stability", o->stability);
    append(text, n, "lattice", o->lattice);
}
