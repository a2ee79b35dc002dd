/* Verbs: how it is painted and shown. */
#include <math.h>
#include <string.h>

#include "app/call.h"

static const float most_brush = 4, least_brush = 0.5F, brush_step = 1.25F;
static const double least_scale = 0.1, most_scale = 2;

void bc_verb_strength(bc_call *c)
{
    float *strength = &c->stage->settings.strength;
    if (!bc_call_change_number(c, strength, 0, 1))
        return;
    bc_stage_settings_changed(c->stage);
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
    bc_stage_settings_changed(c->stage);
    bc_call_say_share(c, name, *share);
}

void bc_verb_keep_colors(bc_call *c)
{
    change_share_or_switch(c, &c->stage->settings.keep_colors, "Keep colours");
}

void bc_verb_stabilize(bc_call *c)
{
    change_share_or_switch(c, &c->stage->settings.stabilize, "Stabiliser");
}

void bc_verb_brush(bc_call *c)
{
    float *brush = &c->stage->settings.brush;
    if (strcmp(bc_call_word(c, 1), "larger") == 0)
        *brush = fminf(*brush * brush_step, most_brush);
    else if (strcmp(bc_call_word(c, 1), "smaller") == 0)
        *brush = fmaxf(*brush / brush_step, least_brush);
    else if (!bc_call_change_number(c, brush, least_brush, most_brush))
        return;
    bc_stage_settings_changed(c->stage);
    bc_call_say_share(c, "Brush", *brush);
}

void bc_verb_scale(bc_call *c)
{
    double scale = 0;
    if (strcmp(bc_call_word(c, 1), "auto") != 0) {
        if (!bc_call_number(c, bc_call_word(c, 1), &scale))
            return;
        if (scale < least_scale || scale > most_scale) {
            bc_call_refuse(c, "a scale is from %g to %g, or auto", least_scale, most_scale);
            return;
        }
    }
    c->stage->settings.fixed_scale = (float)scale;
    bc_stage_settings_changed(c->stage);
    if (scale > 0)
        bc_call_say_share(c, "Scale", (float)scale);
    else
        bc_stage_say(c->stage, "", "Scale: automatic");
}

void bc_verb_mirror(bc_call *c)
{
    bool *mirror = &c->stage->settings.mirror;
    if (!bc_call_change_switch(c, mirror))
        return;
    bc_stage_settings_changed(c->stage);
    bc_stage_say(c->stage, "", "Mirror %s", *mirror ? "on" : "off");
}

void bc_verb_fade(bc_call *c)
{
    if (bc_call_change_number(c, &c->stage->settings.fade_s, 0, 60))
        bc_stage_say(c->stage, "", "Fade %.1f s", (double)c->stage->settings.fade_s);
}

/* A switch, or where the line stands. */
void bc_verb_split(bc_call *c)
{
    bc_settings *s = &c->stage->settings;
    const char *text = bc_call_word(c, 1);
    if (text && strspn(text, "+-.0123456789") > 0) {
        if (!bc_call_change_number(c, &s->split, 0, 1))
            return;
        s->shows_split = true;
    } else if (!bc_call_change_switch(c, &s->shows_split)) {
        return;
    }
    bc_stage_settings_changed(c->stage);
}
