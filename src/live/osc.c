#include "live/osc.h"

#include <lo/lo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { MAX_LINE = 2048 };

struct bc_osc {
    bc_log log;
    bc_osc_fn *take;
    void *cookie;
    lo_server_thread server;
};

/* A command as it grows; too long ones are cut, and then refused by their takers. */
typedef struct line {
    char text[MAX_LINE];
    size_t n;
} line;

static void add_character(line *l, char c)
{
    if (l->n + 1 < sizeof(l->text))
        l->text[l->n++] = c;
    l->text[l->n] = '\0';
}

/* In quotes, whatever is in it: a word stays one. */
static void add_word(line *l, const char *word, size_t length)
{
    if (l->n > 0)
        add_character(l, ' ');
    add_character(l, '"');
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '"' || word[i] == '\\')
            add_character(l, '\\');
        add_character(l, word[i] == '\n' ? ' ' : word[i]);
    }
    add_character(l, '"');
}

/* The address' words; returns how many there are. */
static int add_address(line *l, const char *address)
{
    static const char ours[] = "/brushcast/";
    int n = 0;
    if (strncmp(address, ours, strlen(ours)) == 0)
        address += strlen(ours) - 1;
    while (*address == '/') {
        const size_t length = strcspn(++address, "/");
        add_word(l, address, length);
        address += length;
        n++;
    }
    return n;
}

static void add_argument(line *l, char type, lo_arg *arg)
{
    char number[64] = "";
    const char *word = number;
    if (type == LO_STRING || type == LO_SYMBOL)
        word = type == LO_STRING ? &arg->s : &arg->S;
    else if (type == LO_TRUE || type == LO_FALSE)
        word = type == LO_TRUE ? "on" : "off";
    else if (lo_is_numerical_type((lo_type)type))
        snprintf(number, sizeof(number), "%.6Lg", lo_hires_val((lo_type)type, arg));
    add_word(l, word, strlen(word));
}

/* A button that is let go says 0 (or false). */
static bool is_let_go(const char *types, lo_arg **args, int n_args)
{
    return n_args > 0 && (types[0] == LO_FALSE || (lo_is_numerical_type((lo_type)types[0]) &&
                                                   lo_hires_val((lo_type)types[0], args[0]) == 0));
}

static int on_message(const char *address, const char *types, lo_arg **args, int n_args,
                      lo_message message, void *cookie)
{
    bc_osc *osc = cookie;
    line l = {0};
    char error[256];
    (void)message;
    const bool is_button = add_address(&l, address) > 1;
    if (is_button && is_let_go(types, args, n_args))
        return 0;
    for (int i = 0; i < n_args && !is_button; i++)
        add_argument(&l, types[i], args[i]);
    if (!osc->take(osc->cookie, l.text, error, sizeof(error)))
        bc_log_write(&osc->log, BC_LOG_WARNING, "OSC %s: %s", address, error);
    return 0;
}

bc_status bc_osc_open(bc_osc **osc, int port, bc_osc_fn *take, void *cookie, const bc_log *log)
{
    char name[16];
    *osc = malloc(sizeof(**osc));
    if (!*osc)
        return bc_fail(log, BC_ERR_MEMORY, "OSC: out of memory");
    **osc = (bc_osc){.log = *log, .take = take, .cookie = cookie};
    snprintf(name, sizeof(name), "%d", port);
    (*osc)->server = lo_server_thread_new_with_proto(name, LO_UDP, NULL);
    if ((*osc)->server &&
        lo_server_thread_add_method((*osc)->server, NULL, NULL, on_message, *osc) &&
        lo_server_thread_start((*osc)->server) == 0)
        return BC_OK;
    bc_osc_close(osc);
    return bc_fail(log, BC_ERR_IO, "cannot listen for OSC on port %d: it is taken", port);
}

void bc_osc_close(bc_osc **osc)
{
    if (!osc || !*osc)
        return;
    if ((*osc)->server)
        lo_server_thread_free((*osc)->server);
    free(*osc);
    *osc = NULL;
}
