/* Verbs: what stands on the screen beside the picture. */
#include "live/call.h"

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
