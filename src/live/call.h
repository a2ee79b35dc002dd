/*
 * call.h (private to the verbs): one command at work, and what all verbs do with its words. Verbs
 * run with the program's lock held.
 */
#ifndef BC_LIVE_CALL_H
#define BC_LIVE_CALL_H

#include <jansson.h>

#include "live/live.h"

enum { BC_CALL_MAX_WORDS = 8 };

typedef struct bc_call {
    bc_live *live;
    int n_words;
    const char *words[BC_CALL_MAX_WORDS]; /* words[0] is the verb */
    bool is_by_hand;                      /* keys and mouse: errors are said on the screen */
    bool is_remote;                       /* from the network */
    bool was_error;                       /* the user did this while an error stood on the screen */
    json_t *answer;                       /* members of the answer */
    bc_work *work;                        /* that the verb has begun, or NULL: its end is the
                                             command's */
    char error[1200];                     /* "" while all is well */
} bc_call;

/* NULL if there are not so many. */
const char *bc_call_word(const bc_call *c, int index);
void bc_call_refuse(bc_call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text as JSON, which holds UTF-8 alone: where it is none, '?' stands for what is not ASCII. */
json_t *bc_call_text(const char *text);

/* The rest takes word 1; false and an error where it is not what it should be. */

bool bc_call_number(bc_call *c, const char *text, double *number);
/* "0.7" sets, "+0.1" and "-0.1" change; the result is kept between low and high. */
bool bc_call_change_number(bc_call *c, float *value, float low, float high);
/* "on", "off", or nothing for the other one. */
bool bc_call_change_switch(bc_call *c, bool *value);

/* The verb has begun this: its end is the command's. NULL: it could not. */
void bc_call_begin(bc_call *c, bc_work *work);

void bc_call_say_share(bc_call *c, const char *what, float share);

/* The verbs: what verbs.c lists. */
void bc_verb_add(bc_call *c);
void bc_verb_back(bc_call *c);
void bc_verb_blend(bc_call *c);
void bc_verb_cancel(bc_call *c);
void bc_verb_digit(bc_call *c);
void bc_verb_drop(bc_call *c);
void bc_verb_brush(bc_call *c);
void bc_verb_fade(bc_call *c);
void bc_verb_fullscreen(bc_call *c);
void bc_verb_get(bc_call *c);
void bc_verb_help(bc_call *c);
void bc_verb_keep_colors(bc_call *c);
void bc_verb_key(bc_call *c);
void bc_verb_loop(bc_call *c);
void bc_verb_mask(bc_call *c);
void bc_verb_mirror(bc_call *c);
void bc_verb_mute(bc_call *c);
void bc_verb_net(bc_call *c);
void bc_verb_open(bc_call *c);
void bc_verb_original(bc_call *c);
void bc_verb_pause(bc_call *c);
void bc_verb_quit(bc_call *c);
void bc_verb_rate(bc_call *c);
void bc_verb_record(bc_call *c);
void bc_verb_reset(bc_call *c);
void bc_verb_scale(bc_call *c);
void bc_verb_screenshot(bc_call *c);
void bc_verb_seek(bc_call *c);
void bc_verb_share(bc_call *c);
void bc_verb_split(bc_call *c);
void bc_verb_stabilize(bc_call *c);
void bc_verb_statistics(bc_call *c);
void bc_verb_strength(bc_call *c);
void bc_verb_style(bc_call *c);
void bc_verb_volume(bc_call *c);

#endif
