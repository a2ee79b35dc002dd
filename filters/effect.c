#include "effect.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const bc_effect_parameter bc_effect_style = {
    .name = "style",
    .title = "Style",
    .explanation = "NAME[:WEIGHT] of one or more styles, joined by '+' or ','"};
const bc_effect_parameter bc_effect_net = {
    .name = "net", .title = "Net", .explanation = "Name or folder of the net"};

const bc_effect_parameter bc_effect_numbers[BC_PAINTER_N_SETTINGS] = {
    [BC_PAINTER_STRENGTH] = {"strength", "Strength", "How much of the painting is seen", 0, 1, 1},
    [BC_PAINTER_KEEP_COLORS] = {"keep-colors", "Keep colours",
                                "How much of the video's own colours stay", 0, 1, 0},
    [BC_PAINTER_STABILIZE] = {"stabilize", "Stabilize",
                              "How still the painting holds where the video does", 0, 1, 0},
    [BC_PAINTER_SCALE] = {"scale", "Scale", "Size at which it is painted: smaller, larger strokes",
                          1.0 / 16, 4, 1},
    [BC_PAINTER_FADE] = {"fade", "Fade", "Seconds that one style takes to become the next", 0, 60,
                         0},
};

/* Shared by all effects of a process --------------------------------------------------------- */

typedef struct shared_net {
    char *name;
    bc_model *model; /* NULL: it could not be opened */
    int n_users;
    struct shared_net *next;
} shared_net;

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static shared_net *nets;
static bc_executor *executor;
static int n_executor_users;

static shared_net *add_net(const char *name, const bc_log *log)
{
    shared_net *net = calloc(1, sizeof(*net));
    if (!net)
        return NULL;
    net->name = strdup(name);
    bc_model_open(&net->model, *name ? name : NULL,
                  &(bc_model_params){.size = sizeof(bc_model_params), .log = *log});
    net->next = nets;
    nets = net;
    return net;
}

/* The net of that name; NULL without memory. */
static shared_net *take_net(const char *name, const bc_log *log)
{
    pthread_mutex_lock(&shared_lock);
    shared_net *net = nets;
    while (net && (!net->name || strcmp(net->name, name) != 0))
        net = net->next;
    if (!net)
        net = add_net(name, log);
    if (net)
        net->n_users++;
    if (n_executor_users++ == 0)
        bc_executor_open(&executor,
                         &(bc_executor_params){.size = sizeof(bc_executor_params), .log = *log});
    pthread_mutex_unlock(&shared_lock);
    return net;
}

static void give_net(shared_net *net)
{
    pthread_mutex_lock(&shared_lock);
    if (--n_executor_users == 0)
        bc_executor_close(&executor);
    if (net && --net->n_users == 0) {
        shared_net **at = &nets;
        while (*at != net)
            at = &(*at)->next;
        *at = net->next;
        bc_model_close(&net->model);
        free(net->name);
        free(net);
    }
    pthread_mutex_unlock(&shared_lock);
}

/* An effect ---------------------------------------------------------------------------------- */

/* Bits of what has changed since the last frame; below them, one for each number. */
#define NEW_STYLE (1u << BC_PAINTER_N_SETTINGS)
#define NEW_NET (NEW_STYLE << 1)
#define ALL_NEW (2 * NEW_NET - 1)

struct bc_effect {
    bc_stats stats;
    bc_log log;

    pthread_mutex_t lock; /* of what is wanted; held for moments */
    char *style, *net;    /* "": the default; NULL: no memory, likewise */
    double values[BC_PAINTER_N_SETTINGS];
    unsigned changed;

    pthread_mutex_t turn; /* of what paints */
    bool was_opened;      /* since the net was chosen */
    shared_net *shared;
    bc_painter *painter; /* NULL: frames stay as they are */
};

bc_effect *bc_effect_open(bc_stats stats, const bc_log *log)
{
    bc_effect *effect = calloc(1, sizeof(*effect));
    if (!effect)
        return NULL;
    *effect = (bc_effect){.stats = stats, .log = *log, .changed = ALL_NEW};
    for (int i = 0; i < BC_PAINTER_N_SETTINGS; i++)
        effect->values[i] = bc_effect_numbers[i].normal;
    pthread_mutex_init(&effect->lock, NULL);
    pthread_mutex_init(&effect->turn, NULL);
    return effect;
}

static void close_painter(bc_effect *effect)
{
    bc_painter_close(&effect->painter);
    if (effect->was_opened)
        give_net(effect->shared);
    effect->shared = NULL;
    effect->was_opened = false;
}

void bc_effect_close(bc_effect *effect)
{
    if (!effect)
        return;
    close_painter(effect);
    pthread_mutex_destroy(&effect->turn);
    pthread_mutex_destroy(&effect->lock);
    free(effect->style);
    free(effect->net);
    free(effect);
}

/* Parameters --------------------------------------------------------------------------------- */

static void set_text(bc_effect *effect, char **to, const char *text, unsigned bit)
{
    const char *wanted = text ? text : "";
    pthread_mutex_lock(&effect->lock);
    if (strcmp(*to ? *to : "", wanted) != 0) {
        free(*to);
        *to = strdup(wanted);
        effect->changed |= bit;
    }
    pthread_mutex_unlock(&effect->lock);
}

void bc_effect_set_style(bc_effect *effect, const char *blend)
{
    set_text(effect, &effect->style, blend, NEW_STYLE);
}

void bc_effect_set_net(bc_effect *effect, const char *net)
{
    set_text(effect, &effect->net, net, NEW_NET);
}

void bc_effect_set(bc_effect *effect, bc_painter_setting setting, double value)
{
    const bc_effect_parameter *domain = &bc_effect_numbers[setting];
    if (value != value)
        return;
    value = value < domain->low ? domain->low : value > domain->high ? domain->high : value;
    pthread_mutex_lock(&effect->lock);
    if (effect->values[setting] != value)
        effect->changed |= 1u << setting;
    effect->values[setting] = value;
    pthread_mutex_unlock(&effect->lock);
}

const char *bc_effect_get_style(const bc_effect *effect)
{
    return effect->style ? effect->style : "";
}

const char *bc_effect_get_net(const bc_effect *effect)
{
    return effect->net ? effect->net : "";
}

double bc_effect_get(bc_effect *effect, bc_painter_setting setting)
{
    pthread_mutex_lock(&effect->lock);
    const double value = effect->values[setting];
    pthread_mutex_unlock(&effect->lock);
    return value;
}

/* Frames ------------------------------------------------------------------------------------- */

static void open_painter(bc_effect *effect, const char *net)
{
    effect->was_opened = true;
    effect->shared = take_net(net, &effect->log);
    if (effect->shared && effect->shared->model)
        bc_painter_open(&effect->painter, &(bc_painter_params){.size = sizeof(bc_painter_params),
                                                               .model = effect->shared->model,
                                                               .executor = executor,
                                                               .stats = effect->stats,
                                                               .precision = BC_PRECISION_FAST,
                                                               .log = effect->log});
}

/* Opens the net that is wanted, which reads files, so that the lock of the parameters is free. */
static void follow_net(bc_effect *effect)
{
    pthread_mutex_lock(&effect->lock);
    const bool is_new = effect->changed & NEW_NET;
    char *net = is_new ? strdup(bc_effect_get_net(effect)) : NULL;
    if (is_new)
        effect->changed = ALL_NEW & ~NEW_NET;
    pthread_mutex_unlock(&effect->lock);
    if (is_new) {
        close_painter(effect);
        open_painter(effect, net ? net : "");
    }
    free(net);
}

/* Logs only when the lock is free: a host may answer with another style at once. */
static void follow_settings(bc_effect *effect)
{
    double values[BC_PAINTER_N_SETTINGS];
    pthread_mutex_lock(&effect->lock);
    /* What is for another net waits for it. */
    const unsigned changed = effect->changed & NEW_NET ? 0 : effect->changed;
    char *style = changed & NEW_STYLE ? strdup(bc_effect_get_style(effect)) : NULL;
    memcpy(values, effect->values, sizeof(values));
    effect->changed &= ~changed;
    pthread_mutex_unlock(&effect->lock);
    if (changed & NEW_STYLE)
        bc_painter_set_style(effect->painter, style && *style ? style : NULL);
    for (int i = 0; i < BC_PAINTER_N_SETTINGS; i++)
        if (changed & 1u << i)
            bc_painter_set(effect->painter, (bc_painter_setting)i, values[i]);
    free(style);
}

bool bc_effect_paint(bc_effect *effect, const bc_image *source, const bc_image *painting,
                     int64_t time_us, unsigned flags)
{
    pthread_mutex_lock(&effect->turn);
    follow_net(effect);
    if (effect->painter)
        follow_settings(effect);
    const bool is_painted =
        effect->painter && bc_painter_run(effect->painter, source, painting, time_us, flags) >= 0;
    pthread_mutex_unlock(&effect->turn);
    return is_painted;
}
