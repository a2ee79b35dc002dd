/* Verbs: how it is painted and shown. */
#include <math.h>
#include <string.h>

#include "live/call.h"

static const float most_brush = 4, least_brush = 0.5F, brush_step = 1.25F;
static const double least_scale = 0.1, most_scale = 2, least_rate = 1, most_rate = 240;

void bc_verb_strength(bc_call *c)
{
    float *strength = &c->live->settings.strength;
    if (!bc_call_change_number(c, strength, 0, 1))
        return;
    bc_live_settings_changed(c->live);
    bc_call_say_share(c, "Strength", *strength);
}

/* As a number, or as a switch between all and nothing. */
static void change_share_or_switch(bc_call *c, float *share, const char *name)
{
    bool is_on = *share > 0;
    const char *text = bc_call_word(c, 1);
    if (text && strspn(text, "+-.0123456789") > 0) {
        if (!bc_call_change_number(c, share, 0, 1))
            return;
    } else if (bc_call_change_switch(c, &is_on)) {
        *share = is_on ? 1 : 0;
    } else {
        return;
    }
    bc_live_settings_changed(c->live);
    bc_call_say_share(c, name, *share);
}

void bc_verb_keep_colors(bc_call *c)
{
    change_share_or_switch(c, &c->live->settings.keep_colors, "Keep colours");
}

void bc_verb_stabilize(bc_call *c)
{
    change_share_or_switch(c, &c->live->settings.stabilize, "Stabiliser");
}

void bc_verb_brush(bc_call *c)
{
    float *brush = &c->live->settings.brush;
    if (strcmp(bc_call_word(c, 1), "larger") == 0)
        *brush = fminf(*brush * brush_step, most_brush);
    else if (strcmp(bc_call_word(c, 1), "smaller") == 0)
        *brush = fmaxf(*brush / brush_step, least_brush);
    else if (!bc_call_change_number(c, brush, least_brush, most_brush))
        return;
    bc_live_settings_changed(c->live);
    bc_call_say_share(c, "Brush", *brush);
}

/* A number between low and high, or "auto", which is 0. */
static bool change_automatic(bc_call *c, float *value, double low, double high)
{
    double number = 0;
    const char *verb = bc_call_word(c, 0), *text = bc_call_word(c, 1);
    if (strcmp(text, "auto") != 0) {
        if (!bc_call_number(c, text, &number))
            return false;
        if (number < low || number > high) {
            bc_call_refuse(c, "a %s is from %g to %g, or auto", verb, low, high);
            return false;
        }
    }
    *value = (float)number;
    bc_live_settings_changed(c->live);
    return true;
}

void bc_verb_scale(bc_call *c)
{
    float *scale = &c->live->settings.fixed_scale;
    if (!change_automatic(c, scale, least_scale, most_scale))
        return;
    if (*scale > 0)
        bc_call_say_share(c, "Scale", *scale);
    else
        bc_live_say(c->live, "", "Scale: automatic");
}

void bc_verb_rate(bc_call *c)
{
    float *rate = &c->live->settings.rate;
    if (!change_automatic(c, rate, least_rate, most_rate))
        return;
    if (*rate > 0)
        bc_live_say(c->live, "", "Rate: %.4g fps", (double)*rate);
    else
        bc_live_say(c->live, "", "Rate: automatic");
}

void bc_verb_mirror(bc_call *c)
{
    bool *mirror = &c->live->settings.mirror;
    if (!bc_call_change_switch(c, mirror))
        return;
    bc_live_settings_changed(c->live);
    bc_live_say(c->live, "", "Mirror %s", *mirror ? "on" : "off");
}

void bc_verb_key(bc_call *c)
{
    bc_key key;
    if (!bc_key_parse(&key, bc_call_word(c, 1))) {
        bc_call_refuse(c, BC_KEY_USAGE, bc_call_word(c, 1));
        return;
    }
    c->live->settings.key = key;
    bc_live_settings_changed(c->live);
    bc_live_say(c->live, "", "Key %s", bc_call_word(c, 1));
}

void bc_verb_mask(bc_call *c)
{
    const char *text = bc_call_word(c, 1);
    bc_mask_side *mask = &c->live->settings.mask;
    if (!c->live->mask)
        bc_call_refuse(c, "there is no mask input (--mask-input)");
    else if (strcmp(text, "inside") == 0)
        *mask = BC_MASK_INSIDE;
    else if (strcmp(text, "outside") == 0)
        *mask = BC_MASK_OUTSIDE;
    else if (strcmp(text, "off") == 0)
        *mask = BC_MASK_OFF;
    else
        bc_call_refuse(c, "a mask is painted inside, outside or not at all (off), not '%s'", text);
    if (c->error[0])
        return;
    bc_live_settings_changed(c->live);
    bc_live_say(c->live, "", "Mask %s", text);
}

void bc_verb_fade(bc_call *c)
{
    if (bc_call_change_number(c, &c->live->settings.fade_s, 0, 60))
        bc_live_say(c->live, "", "Fade %.1f s", (double)c->live->settings.fade_s);
}

/* A switch, or where the line stands. */
void bc_verb_split(bc_call *c)
{
    bc_settings *s = &c->live->settings;
    const char *text = bc_call_word(c, 1);
    if (text && strspn(text, "+-.0123456789") > 0) {
        if (!bc_call_change_number(c, &s->split, 0, 1))
            return;
        s->shows_split = true;
    } else if (!bc_call_change_switch(c, &s->shows_split)) {
        return;
    }
    bc_live_settings_changed(c->live);
}
