#include "paint/blend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/model.h"

void bc_blend_add(bc_blend *b, int style, float weight)
{
    int i = 0;
    while (i < b->n && b->styles[i].style != style)
        i++;
    if (i == BC_MAX_BLEND || weight <= 0)
        return;
    if (i == b->n)
        b->styles[b->n++] = (bc_style_weight){.style = style};
    b->styles[i].weight += weight;
}

bool bc_blend_is_same(const bc_blend *a, const bc_blend *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        if (a->styles[i].style != b->styles[i].style || a->styles[i].weight != b->styles[i].weight)
            return false;
    }
    return true;
}

static void add_all(bc_blend *b, const bc_blend *other, float share)
{
    for (int i = 0; i < other->n; i++)
        bc_blend_add(b, other->styles[i].style, share * other->styles[i].weight);
}

/* Leaves out the smallest shares. */
static void keep_most(bc_blend *b, int n)
{
    while (b->n > n) {
        int least = 0;
        for (int i = 1; i < b->n; i++) {
            if (b->styles[i].weight < b->styles[least].weight)
                least = i;
        }
        b->styles[least] = b->styles[--b->n];
    }
}

bc_blend bc_blend_translate(const bc_blend *blend, const bc_model *from, const bc_model *to)
{
    bc_blend translated = {0};
    if (from == to)
        return *blend;
    for (int i = 0; i < blend->n; i++) {
        const bc_style_weight *w = &blend->styles[i];
        const int style = bc_model_find_style(to, bc_model_style(from, w->style).name);
        if (style >= 0)
            bc_blend_add(&translated, style, w->weight);
    }
    return translated;
}

/* Fades ------------------------------------------------------------------------------------ */

static void change_model(bc_fade *fade, const bc_model *model)
{
    fade->from = bc_blend_translate(&fade->from, fade->model, model);
    fade->to = bc_blend_translate(&fade->to, fade->model, model);
    fade->shown = bc_blend_translate(&fade->shown, fade->model, model);
    bc_model_close(&fade->model);
    fade->model = bc_model_ref(model);
}

static void begin(bc_fade *fade, const bc_blend *wanted, int room, int64_t now_us)
{
    fade->from = fade->shown;
    fade->to = *wanted;
    fade->start_us = now_us;
    keep_most(&fade->from, room > wanted->n ? room - wanted->n : 0);
}

void bc_fade_step(bc_fade *fade, const bc_model *model, const bc_blend *wanted, int room,
                  double seconds, int64_t now_us)
{
    if (fade->model != model)
        change_model(fade, model);
    if (!bc_blend_is_same(wanted, &fade->to))
        begin(fade, wanted, room, now_us);
    const double done = seconds > 0 ? (double)(now_us - fade->start_us) / (seconds * 1e6) : 1;
    if (done >= 1 || fade->from.n == 0) {
        fade->shown = fade->to;
        return;
    }
    fade->shown = (bc_blend){0};
    add_all(&fade->shown, &fade->to, (float)done);
    add_all(&fade->shown, &fade->from, (float)(1 - done));
}

void bc_fade_clear(bc_fade *fade)
{
    bc_model_close(&fade->model);
    *fade = (bc_fade){0};
}

/* Parsing ---------------------------------------------------------------------------------- */

static bc_status fail_unknown(const bc_model *model, const char *name, const bc_log *log)
{
    char known[BC_LOG_LINE] = "";
    size_t length = 0;
    for (int i = 0; i < bc_model_style_count(model) && length < sizeof(known); i++)
        length += (size_t)snprintf(known + length, sizeof(known) - length, " %s",
                                   bc_model_style(model, i).name);
    return bc_fail(log, BC_ERR_ARGUMENT, "no style '%s'; there are:%s", name,
                   known[0] ? known : " none");
}

/* One NAME[:WEIGHT], which is cut up. */
static bc_status parse_part(const bc_model *model, char *text, bc_blend *blend, const bc_log *log)
{
    char *colon = strrchr(text, ':'), *end = NULL;
    float weight = 1;
    if (colon) {
        weight = strtof(colon + 1, &end);
        if (end == colon + 1 || *end || !(weight >= 0) || isinf(weight))
            return bc_fail(log, BC_ERR_ARGUMENT, "'%s' is not NAME:WEIGHT", text);
        *colon = '\0';
    }
    const int style = bc_model_find_style(model, text);
    if (style < 0)
        return fail_unknown(model, text, log);
    if (blend->n == BC_MAX_BLEND)
        return bc_fail(log, BC_ERR_ARGUMENT, "a blend has %d styles at most", BC_MAX_BLEND);
    blend->styles[blend->n++] = (bc_style_weight){.style = style, .weight = weight};
    return BC_OK;
}

/* Parts between ',' or '+', none of them empty. */
static bc_status parse_parts(const bc_model *model, char *text, bc_blend *blend, const bc_log *log)
{
    bc_status status = BC_OK;
    float sum = 0;
    for (char *part = text, *next; part && status == BC_OK; part = next) {
        char *end = part + strcspn(part, ",+");
        next = *end ? end + 1 : NULL;
        *end = '\0';
        status = parse_part(model, part, blend, log);
    }
    for (int i = 0; i < blend->n; i++)
        sum += blend->styles[i].weight;
    if (status == BC_OK && !(sum > 0 && isfinite(sum)))
        status = bc_fail(log, BC_ERR_ARGUMENT, "the weights of the blend come to %g", (double)sum);
    return status;
}

bc_status bc_blend_parse(const bc_model *model, const char *blend, bc_style_weight weights[],
                         int *n_weights, const bc_log *log)
{
    bc_blend parsed = {0};
    if (!model || !weights || !n_weights)
        return BC_ERR_ARGUMENT;
    if (!blend && bc_model_style_count(model) == 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "the net %s has no styles", bc_model_name(model));
    if (!blend)
        parsed = (bc_blend){1, {{.style = 0, .weight = 1}}};
    char *copy = strdup(blend ? blend : "none");
    bc_status status = copy ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "a blend: out of memory");
    if (copy && strcmp(copy, "none") != 0)
        status = parse_parts(model, copy, &parsed, log);
    free(copy);
    if (status < 0)
        return status;
    memcpy(weights, parsed.styles, (size_t)parsed.n * sizeof(*weights));
    *n_weights = parsed.n;
    return BC_OK;
}
