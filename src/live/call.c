#include "live/call.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *bc_call_word(const bc_call *c, int index)
{
    return index < c->n_words ? c->words[index] : NULL;
}

void bc_call_refuse(bc_call *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->error, sizeof(c->error), format, args);
    va_end(args);
}

json_t *bc_call_text(const char *text)
{
    json_t *json = json_string(text);
    char *copy = json ? NULL : strdup(text);
    for (char *c = copy; c && *c; c++)
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    if (copy)
        json = json_string(copy);
    free(copy);
    return json;
}

bool bc_call_number(bc_call *c, const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && isfinite(*number))
        return true;
    bc_call_refuse(c, "'%s' is not a number", text);
    return false;
}

bool bc_call_change_number(bc_call *c, float *value, float low, float high)
{
    double number;
    const char *text = bc_call_word(c, 1);
    if (!bc_call_number(c, text, &number))
        return false;
    if (*text == '+' || *text == '-')
        number += (double)*value;
    *value = fminf(fmaxf((float)number, low), high);
    return true;
}

bool bc_call_change_switch(bc_call *c, bool *value)
{
    const char *text = bc_call_word(c, 1);
    if (!text || strcmp(text, "toggle") == 0)
        *value = !*value;
    else if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0)
        *value = strcmp(text, "on") == 0;
    else
        bc_call_refuse(c, "'%s' is neither on nor off", text);
    return !c->error[0];
}

void bc_call_begin(bc_call *c, bc_work *work)
{
    c->work = work;
    if (!work)
        bc_call_refuse(c, "too much is being done at once");
}

void bc_call_say_share(bc_call *c, const char *what, float share)
{
    bc_live_say(c->live, "", "%s %.0f %%", what, 100 * (double)share);
}
