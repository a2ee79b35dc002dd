/* Verbs: what stands on the screen beside the picture, and what is heard. */
#include "live/call.h"
#include "live/opening.h"

void bc_verb_fullscreen(bc_call *c)
{
    bc_call_change_switch(c, &c->live->wants_fullscreen);
}

void bc_verb_statistics(bc_call *c)
{
    bc_call_change_switch(c, &c->live->shows_statistics);
}

void bc_verb_help(bc_call *c)
{
    bc_call_change_switch(c, &c->live->shows_help);
}

/* One thing at a time, as ESC does everywhere. */
void bc_verb_back(bc_call *c)
{
    bc_live *live = c->live;
    if (c->was_error || bc_live_give_up_input(live))
        return;
    if (live->awaits_blend)
        live->awaits_blend = false;
    else if (live->shows_help)
        live->shows_help = false;
    else if (live->wants_fullscreen)
        live->wants_fullscreen = false;
    else
        bc_live_quit(live);
}

void bc_verb_mute(bc_call *c)
{
    bool *is_muted = &c->live->is_muted;
    if (bc_call_change_switch(c, is_muted))
        bc_live_say(c->live, "", *is_muted ? "Muted" : "Sound");
}

void bc_verb_volume(bc_call *c)
{
    if (!bc_call_change_number(c, &c->live->volume, 0, 1))
        return;
    c->live->is_muted = false;
    bc_call_say_share(c, "Volume", c->live->volume);
}
