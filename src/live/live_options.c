#include "live/live_options.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/interrupt.h"
#include "live/verbs.h"
#include "media/log.h"

enum { MAX_CONF_ARGS = 128, MAX_LINE = 1024, INTERRUPTED = 130 };

/* Configuration ---------------------------------------------------------------------------- */

/* $XDG_CONFIG_HOME/brushcast/NAME; NULL if there is no such file. The caller frees it. */
static char *find_config(const char *name)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int length = -1;
    if (config && *config)
        length = asprintf(&path, "%s/brushcast/%s", config, name);
    else if (home)
        length = asprintf(&path, "%s/.config/brushcast/%s", home, name);
    if (length < 0)
        return NULL;
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *line)
{
    char *start = line + strspn(line, " \t");
    size_t length = strcspn(start, "\r\n");
    while (length > 0 && strchr(" \t", start[length - 1]))
        length--;
    start[length] = '\0';
    return start;
}

/* The file's lines as options, into `room`: "fade=1" is --fade=1. */
static bc_status read_conf(const char *path, int *n, char **args, char *room, const bc_log *log)
{
    char line[MAX_LINE];
    FILE *file = fopen(path, "r");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    while (*n < MAX_CONF_ARGS && fgets(line, sizeof(line), file)) {
        const char *option = trim(line);
        if (!*option || *option == '#')
            continue;
        args[(*n)++] = room;
        room += sprintf(room, "--%s", option) + 1;
    }
    fclose(file);
    return BC_OK;
}

static int parse_conf(const bc_command *command, bc_live_options *options, const bc_log *log)
{
    char *args[MAX_CONF_ARGS + 1] = {(char *)command->name};
    char *path = find_config("brushcast.conf");
    int n = 1;
    if (!path)
        return 0;
    options->conf = malloc(MAX_CONF_ARGS * (MAX_LINE + 3));
    int result = options->conf && read_conf(path, &n, args, options->conf, log) == BC_OK ? 0 : -1;
    if (result == 0)
        result = bc_options_parse(command, &n, args, options, log);
    if (result < 0 || n > 1)
        bc_log_write(log, BC_LOG_ERROR, "%s is not understood: a line is OPTION or OPTION=VALUE",
                     path);
    free(path);
    return result;
}

int bc_live_options_parse(const bc_command *command, int *n_args, char **args,
                          bc_live_options *options, const bc_log *log)
{
    const int result = parse_conf(command, options, log);
    if (result != 0)
        return result;
    options->to.n = 0; /* those of the file give way; none of them is usual there */
    return bc_options_parse(command, n_args, args, options, log);
}

void bc_live_options_close(bc_live_options *options)
{
    free(options->conf);
    options->conf = NULL;
}

/* A key that says what is no verb would only tell when it is pressed. */
static void name_unknown(const bc_bindings *bindings, const char *path, const bc_log *log)
{
    char unknown[64];
    for (int i = 0; i < bc_bindings_count(bindings); i++) {
        const bc_binding b = bc_bindings_at(bindings, i);
        if (!bc_verbs_know(b.command, unknown, sizeof(unknown)))
            bc_log_write(log, BC_LOG_WARNING, "%s: key '%s': there is no command '%s'", path,
                         b.keys, unknown);
    }
}

static bc_status open_bindings(bc_bindings **bindings, const bc_log *log)
{
    bc_status status = bc_bindings_open(bindings, bc_default_bindings, log);
    char *path = find_config("input.conf");
    if (status == BC_OK && path)
        status = bc_bindings_read(*bindings, path);
    if (status == BC_OK && path)
        name_unknown(*bindings, path, log);
    free(path);
    return status;
}

static bc_status open_midi_map(bc_midi_map **map, const bc_log *log)
{
    char *path = find_config("midi.conf");
    const bc_status status = bc_midi_map_open(map, path, log);
    free(path);
    return status;
}

/* Settings --------------------------------------------------------------------------------- */

/* The first style that a cheaper net can paint too, so that the governor has a choice. */
static int first_style(const bc_nets *nets)
{
    for (int i = 0; i < bc_model_style_count(bc_nets_model(nets, 0)); i++) {
        if (bc_nets_cheapest(nets, 0, &(bc_style_weight){.style = i}, 1) != 0)
            return i;
    }
    return 0;
}

static bc_status take_styles(bc_settings *settings, const bc_nets *nets, const char *blend,
                             const bc_log *log)
{
    const bc_model *model = bc_nets_model(nets, 0);
    bc_style_weight weights[BC_MAX_BLEND] = {{.style = first_style(nets), .weight = 1}};
    int n = bc_model_style_count(model) > 0;
    const bc_status status = blend ? bc_blend_parse(model, blend, weights, &n, log) : BC_OK;
    if (status == BC_OK)
        bc_settings_set_styles(settings, weights, n);
    return status;
}

static bc_status take_settings(bc_settings *settings, const bc_live_options *options,
                               const bc_nets *nets, const bc_log *log)
{
    const bool is_auto = !options->scale || strcmp(options->scale, "auto") == 0;
    char *end = NULL;
    const double scale = is_auto ? 0 : strtod(options->scale, &end);
    if (!is_auto && (end == options->scale || *end || !(scale >= 0.1 && scale <= 2)))
        return bc_fail(log, BC_ERR_ARGUMENT, "a scale is from 0.1 to 2 or auto, not '%s'",
                       options->scale);
    *settings = (bc_settings){.split = 0.5F,
                              .strength = (float)options->strength,
                              .keep_colors = (float)options->keep_colors,
                              .stabilize = (float)options->stabilize,
                              .brush = (float)options->brush,
                              .fade_s = (float)options->fade_s,
                              .fixed_scale = (float)scale,
                              .is_net_fixed = options->net != NULL,
                              .rate = (float)options->rate,
                              .mirror = options->mirror};
    if (options->mask_input)
        settings->mask = options->paints_outside ? BC_MASK_OUTSIDE : BC_MASK_INSIDE;
    if (options->key && !bc_key_parse(&settings->key, options->key))
        return bc_fail(log, BC_ERR_ARGUMENT, BC_KEY_USAGE, options->key);
    return take_styles(settings, nets, options->style, log);
}

/*
 * Inputs, recordings and clients have threads of their own, which come and go. To each glibc gives
 * an arena of its own, up to eight a processor, and none returns what it once held.
 */
static void limit_arenas(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 2);
#endif
}

int bc_live_options_run(const bc_live_options *options, bc_live_params *live)
{
    bc_nets nets = {0};
    const bc_log *log = &live->log;
    limit_arenas();
    live->stop = bc_interrupt_install();
    bc_media_log(log);
    live->is_fullscreen = options->is_fullscreen;
    live->no_window = options->no_window;
    live->n_threads = options->n_threads;
    live->precision = bc_precision_named(options->precision);
    live->overwrite = options->overwrite;
    live->outputs = options->to.texts;
    live->n_outputs = options->to.n;
    live->record = options->record;
    live->control = options->control;
    live->mask_input = options->mask_input;
    live->osc_port = options->osc_port;
    live->midi = options->midi;
    live->nets = &nets;
    bc_status status = open_bindings(&live->bindings, log);
    if (status == BC_OK && live->midi)
        status = open_midi_map(&live->midi_map, log);
    if (status == BC_OK)
        status = bc_nets_open(&nets, options->net, options->models, log);
    if (status == BC_OK)
        status = take_settings(&live->settings, options, &nets, log);
    if (status == BC_OK)
        status = bc_live_run(live);
    bc_nets_close(&nets);
    bc_midi_map_close(&live->midi_map);
    bc_bindings_close(&live->bindings);
    if (status == BC_ERR_INTERRUPTED)
        return INTERRUPTED;
    return status < 0 ? 1 : 0;
}
