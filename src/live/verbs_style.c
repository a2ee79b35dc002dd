/* Verbs: which styles and which net. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "live/adding.h"
#include "live/call.h"
#include "paint/blend.h"

static const int64_t digits_patience_ns = 500000000;

static const bc_model *model_of(const bc_live *live)
{
    return bc_nets_model(live->nets, live->settings.net);
}

void bc_live_say_style(bc_live *live)
{
    const bc_settings *s = &live->settings;
    char detail[192] = "";
    if (s->n_styles == 0 || s->shows_original) {
        bc_live_say(live, "", "Original");
        return;
    }
    const bc_style_info style = bc_model_style(model_of(live), s->styles[0].style);
    const char *title = *style.title ? style.title : style.name;
    if (s->n_styles == 2) {
        const bc_style_info other = bc_model_style(model_of(live), s->styles[1].style);
        bc_live_say(live, "", "%s + %.0f\u00a0%% %s", title, 100 * (double)s->styles[1].weight,
                    *other.title ? other.title : other.name);
        return;
    }
    if (s->n_styles > 2) {
        bc_live_say(live, "", "%s + %d others", title, s->n_styles - 1);
        return;
    }
    snprintf(detail, sizeof(detail), "%s%s%s", style.artist,
             *style.artist && *style.year ? ", " : "", style.year);
    bc_live_say(live, detail, "%s", title);
}

static void set_styles(bc_live *live, const bc_style_weight *weights, int n)
{
    live->awaits_blend = false;
    bc_settings_set_styles(&live->settings, weights, n);
    live->settings.shows_original = false;
    bc_live_settings_changed(live);
    bc_live_say_style(live);
}

/* -1 is the original. */
static void set_style(bc_live *live, int style)
{
    if (style >= 0) {
        set_styles(live, &(bc_style_weight){.style = style, .weight = 1}, 1);
        return;
    }
    live->awaits_blend = false;
    live->settings.shows_original = true;
    bc_live_settings_changed(live);
    bc_live_say_style(live);
}

static void set_two(bc_live *live, int first, int second, float share)
{
    const bc_style_weight weights[] = {{first, 1 - share}, {second, share}};
    set_styles(live, weights, 2);
}

/* Errors become the answer. */
static void take_error(void *cookie, bc_log_level level, const char *message)
{
    if (level == BC_LOG_ERROR)
        bc_call_refuse(cookie, "%s", message);
}

/* A name, or a number from 1; 0 is the original, -1 here. */
static bool find_style(bc_call *c, const char *text, int *style)
{
    const bc_model *model = model_of(c->live);
    const int n = bc_model_style_count(model);
    char *end;
    *style = bc_model_find_style(model, text);
    if (*style >= 0)
        return true;
    const long number = strtol(text, &end, 10);
    if (end == text || *end)
        bc_call_refuse(c, "no style '%s' ('get styles' lists them)", text);
    else if (number < 0 || number > n)
        bc_call_refuse(c, "no style %ld: the net has %d", number, n);
    else
        *style = (int)number - 1;
    return !c->error[0];
}

/* Alone or, where a blend waits for it, with what is there. */
static void choose_style(bc_call *c, int style)
{
    bc_live *live = c->live;
    const int present = live->settings.n_styles > 0 ? live->settings.styles[0].style : -1;
    if (!live->awaits_blend || present < 0 || style == present)
        set_style(live, style);
    else if (style < 0)
        bc_call_refuse(c, "the original is no style to blend with");
    else
        set_two(live, present, style, 0.5F);
}

/* NAME[:WEIGHT],..., as everywhere. */
static void set_blend(bc_call *c, const char *blend)
{
    const bc_log log = {.write = take_error, .cookie = c};
    bc_style_weight weights[BC_MAX_BLEND];
    int n;
    if (bc_blend_parse(model_of(c->live), blend, weights, &n, &log) == BC_OK)
        set_styles(c->live, weights, n);
}

void bc_verb_style(bc_call *c)
{
    const bc_settings *s = &c->live->settings;
    const int n = bc_model_style_count(model_of(c->live));
    const int current = s->n_styles > 0 ? s->styles[0].style : 0;
    const char *text = bc_call_word(c, 1);
    int style;
    if (n > 0 && strcmp(text, "next") == 0)
        set_style(c->live, (current + 1) % n);
    else if (n > 0 && strcmp(text, "prev") == 0)
        set_style(c->live, (current + n - 1) % n);
    else if (strpbrk(text, ":,+"))
        set_blend(c, text);
    else if (find_style(c, text, &style))
        choose_style(c, style);
}

void bc_verb_original(bc_call *c)
{
    if (!bc_call_change_switch(c, &c->live->settings.shows_original))
        return;
    bc_live_settings_changed(c->live);
    bc_live_say_style(c->live);
}

static void toggle_original(bc_live *live)
{
    live->settings.shows_original = !live->settings.shows_original;
    bc_live_settings_changed(live);
    bc_live_say_style(live);
}

/* One that is typed, as in "1" and "2": the second goes on where a moment ago the first was. */
void bc_verb_digit(bc_call *c)
{
    bc_live *live = c->live;
    bc_typed_number *typed = &live->typed;
    const int64_t now_ns = bc_clock_ns();
    const int n = bc_model_style_count(model_of(live));
    const char *text = bc_call_word(c, 1);
    if (*text < '0' || *text > '9' || text[1]) {
        bc_call_refuse(c, "'%s' is not a digit", text);
        return;
    }
    const int whole = 10 * typed->number + *text - '0';
    const bool goes_on =
        typed->number > 0 && whole <= n && now_ns - typed->typed_ns < digits_patience_ns;
    live->awaits_blend |= goes_on && typed->is_blended;
    *typed = (bc_typed_number){goes_on ? whole : *text - '0', now_ns, live->awaits_blend};
    if (typed->number > n)
        bc_call_refuse(c, "no style %d: the net has %d", typed->number, n);
    else if (typed->number > 0)
        choose_style(c, typed->number - 1);
    else
        toggle_original(c->live);
}

/* blend A B SHARE, blend B with what is there, or blend: with what is chosen next. */
void bc_verb_blend(bc_call *c)
{
    const bc_settings *s = &c->live->settings;
    int first = s->n_styles > 0 ? s->styles[0].style : -1, second;
    double share = 0.5;
    if (c->n_words == 1 && first < 0)
        bc_call_refuse(c, "there is no style to blend with");
    else if (c->n_words == 1)
        c->live->awaits_blend = !c->live->awaits_blend;
    if (c->n_words == 1)
        return;
    if (c->n_words > 2 && !find_style(c, bc_call_word(c, 1), &first))
        return;
    if (!find_style(c, bc_call_word(c, c->n_words > 2 ? 2 : 1), &second))
        return;
    if (c->n_words > 3 && !bc_call_number(c, bc_call_word(c, 3), &share))
        return;
    if (first < 0 || second < 0 || share < 0 || share > 1)
        bc_call_refuse(c, "a blend is of two styles and a share from 0 to 1");
    else
        set_two(c->live, first, second, (float)share);
}

void bc_verb_share(bc_call *c)
{
    const bc_settings *s = &c->live->settings;
    float share = s->styles[1].weight;
    if (s->n_styles != 2)
        bc_call_refuse(c, "there is no blend of two");
    else if (bc_call_change_number(c, &share, 0, 1))
        set_two(c->live, s->styles[0].style, s->styles[1].style, share);
}

/* To another net: the same styles by name, or its first one. */
static void change_net(bc_live *live, int net)
{
    bc_settings *s = &live->settings;
    bc_blend blend = bc_settings_blend(s, live->nets, net);
    s->net = net;
    if (blend.n == 0 && s->n_styles > 0 && bc_model_style_count(model_of(live)) > 0)
        bc_blend_add(&blend, 0, 1);
    bc_settings_set_styles(s, blend.styles, blend.n);
    bc_live_settings_changed(live);
}

void bc_verb_net(bc_call *c)
{
    bc_live *live = c->live;
    const bc_nets *nets = live->nets;
    const char *name = bc_call_word(c, 1);
    int net = name ? 0 : (live->settings.net + 1) % nets->n;
    while (name && net < nets->n && strcmp(nets->names[net], name) != 0)
        net++;
    if (net == nets->n) {
        bc_call_refuse(c, "no net '%s' is open", name);
        return;
    }
    if (nets->n == 1) {
        bc_call_refuse(c, "there is no other net than %s", nets->names[0]);
        return;
    }
    change_net(live, net);
    bc_live_say(live, "", "Net: %s", nets->names[net]);
}

void bc_live_set_style(bc_live *live, int net, int style)
{
    if (net != live->settings.net)
        change_net(live, net);
    set_style(live, style);
}

void bc_verb_add(bc_call *c)
{
    bc_call_begin(c, bc_live_add_style(c->live, bc_call_word(c, 1)));
}
