#include "train/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/fingerprint.h"

enum { NAME_SIZE = 96, DESCRIPTION_SIZE = 768, /* the width in next_word */ COUNTERS_SIZE = 1024 };

/* One arena of the state. */
typedef struct arena {
    char name[NAME_SIZE];
    float *values;
    size_t n;
} arena;

typedef struct arena_list {
    int n;
    arena *arenas;
} arena_list;

static void add(arena_list *list, size_t n, float *values, const char *group, const char *what)
{
    if (!values)
        return;
    arena *a = &list->arenas[list->n++];
    *a = (arena){.values = values, .n = n};
    snprintf(a->name, sizeof(a->name), "%s.%s", group, what);
}

static bc_status list_open(arena_list *list, const bc_trainer *t, const bc_log *log)
{
    *list = (arena_list){.arenas = calloc((size_t)(5 + 3 * t->n_styles), sizeof(arena))};
    if (!list->arenas)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a checkpoint");
    const size_t n = bc_trainer_net_floats(t);
    add(list, n, t->values, "net", "values");
    add(list, n, t->identity_optimizer.mean, "net", "identity.mean");
    add(list, n, t->identity_optimizer.square, "net", "identity.square");
    add(list, n, t->style_optimizer.mean, "net", "style.mean");
    add(list, n, t->style_optimizer.square, "net", "style.square");
    for (int i = 0; i < t->n_styles; i++) {
        const bc_train_style *style = &t->styles[i];
        char group[NAME_SIZE / 2];
        snprintf(group, sizeof(group), "style.%s", style->info.name);
        add(list, style->optimizer.n, style->values, group, "values");
        add(list, style->optimizer.n, style->optimizer.mean, group, "mean");
        add(list, style->optimizer.n, style->optimizer.square, group, "square");
    }
    return BC_OK;
}

/* A frozen net is not the training's own: its styles fit no other. */
static uint64_t fingerprint_frozen(const bc_trainer *t)
{
    return t->config.is_frozen ? bc_fingerprint(BC_FINGERPRINT_START, t->values,
                                                bc_trainer_net_floats(t) * sizeof(float))
                               : 0;
}

static uint64_t fingerprint_objectives(const bc_trainer *t)
{
    char text[BC_OBJECTIVE_TEXT_SIZE];
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < t->n_styles; i++) {
        bc_objective_print(text, &t->styles[i].objective);
        hash = bc_fingerprint(hash, text, strlen(text));
    }
    return hash;
}

/*
 * Everything that the rest of the training depends on, as pairs of words; styles are known by their
 * arenas.
 */
static void describe(char text[DESCRIPTION_SIZE], const bc_trainer *t)
{
    const bc_train_config *c = &t->config;
    snprintf(text, DESCRIPTION_SIZE,
             "layers %016" PRIx64 " identity-layers %d frozen %d crop %d batch %d style-steps %d "
             "steps %" PRId64 " rate %.17g optimizer %d "
             "identity-loss %d objectives %016" PRIx64 " motion %d noise %.17g flat %.17g photos "
             "%d net %016" PRIx64 " %s",
             bc_fingerprint(BC_FINGERPRINT_START, c->layers.text, strlen(c->layers.text)),
             c->identity.n, c->is_frozen, c->crop, c->batch, c->style_steps, c->n_steps, c->rate,
             c->optimizer, c->identity_loss, fingerprint_objectives(t), c->max_shift, c->noise,
             c->flat, t->photos->n_training, fingerprint_frozen(t), t->inputs);
}

static void print_counters(char text[COUNTERS_SIZE], const bc_trainer *t)
{
    int n = snprintf(text, COUNTERS_SIZE, "%" PRId64 " %" PRIu64 " %" PRId64 " %" PRId64, t->step,
                     t->random.state, t->identity_optimizer.n_steps, t->style_optimizer.n_steps);
    for (int i = 0; i < t->n_styles && n < COUNTERS_SIZE; i++)
        n += snprintf(text + n, (size_t)(COUNTERS_SIZE - n), " %" PRId64,
                      t->styles[i].optimizer.n_steps);
}

static int parse_counters(bc_trainer *t, const char *text)
{
    int n = 0;
    int ok =
        sscanf(text, "%" SCNd64 "%" SCNu64 "%" SCNd64 "%" SCNd64 "%n", &t->step, &t->random.state,
               &t->identity_optimizer.n_steps, &t->style_optimizer.n_steps, &n) == 4;
    for (int i = 0; i < t->n_styles && ok; i++) {
        int more = 0;
        text += n;
        ok = sscanf(text, "%" SCNd64 "%n", &t->styles[i].optimizer.n_steps, &more) == 1;
        n = more;
    }
    return ok;
}

bc_status bc_checkpoint_write(const char *path, const bc_trainer *trainer, const bc_log *log)
{
    char description[DESCRIPTION_SIZE], counters[COUNTERS_SIZE], seconds[32];
    arena_list list;
    bc_status status = list_open(&list, trainer, log);
    if (status < 0)
        return status;
    bc_tensor *tensors = calloc((size_t)list.n, sizeof(*tensors));
    for (int i = 0; i < list.n && tensors; i++)
        tensors[i] = (bc_tensor){.name = list.arenas[i].name,
                                 .dtype = BC_DTYPE_F32,
                                 .n_dims = 1,
                                 .shape = {(int64_t)list.arenas[i].n},
                                 .data = list.arenas[i].values,
                                 .size_bytes = list.arenas[i].n * sizeof(float)};
    describe(description, trainer);
    print_counters(counters, trainer);
    snprintf(seconds, sizeof(seconds), "%.3f", trainer->seconds);
    const bc_metadata metadata[] = {
        {"training", description}, {"counters", counters}, {"seconds", seconds}};
    status = tensors ? bc_safetensors_write(path, tensors, list.n, metadata, 3, log)
                     : bc_fail(log, BC_ERR_MEMORY, "no memory for a checkpoint");
    free(tensors);
    free(list.arenas);
    return status;
}

static const char *next_word(char word[DESCRIPTION_SIZE], const char *text)
{
    int n = 0;
    word[0] = '\0';
    sscanf(text, "%767s%n", word, &n);
    return text + n;
}

/* Names the first thing that differs. */
static bc_status refuse(const char *found, const char *expected, const char *path,
                        const bc_log *log)
{
    char name[DESCRIPTION_SIZE], value[DESCRIPTION_SIZE], other[DESCRIPTION_SIZE];
    do {
        expected = next_word(value, next_word(name, expected));
        found = next_word(other, next_word(other, found));
    } while (*expected && strcmp(value, other) == 0);
    return bc_fail(
        log, BC_ERR_MISMATCH,
        "%s: is of another training: its %s: %s, not %s; without --resume it begins anew", path,
        name, *other ? other : "unknown", value);
}

static bc_status check_description(const bc_trainer *t, const bc_safetensors *file,
                                   const char *path, const bc_log *log)
{
    char expected[DESCRIPTION_SIZE];
    const char *found = bc_safetensors_metadata(file, "training");
    describe(expected, t);
    if (found && strcmp(found, expected) == 0)
        return BC_OK;
    return refuse(found ? found : "", expected, path, log);
}

static bc_status read_arenas(const arena_list *list, const bc_safetensors *file, const char *path,
                             const bc_log *log)
{
    for (int i = 0; i < list->n; i++) {
        const arena *a = &list->arenas[i];
        const bc_tensor *tensor = bc_safetensors_find(file, a->name);
        if (!tensor || tensor->dtype != BC_DTYPE_F32 || tensor->size_bytes != a->n * sizeof(float))
            return bc_fail(log, BC_ERR_MISMATCH, "%s: has no '%s' of %zu values", path, a->name,
                           a->n);
        memcpy(a->values, tensor->data, tensor->size_bytes);
    }
    return BC_OK;
}

static bc_status read_counters(bc_trainer *t, const bc_safetensors *file, const char *path,
                               const bc_log *log)
{
    const char *counters = bc_safetensors_metadata(file, "counters");
    const char *seconds = bc_safetensors_metadata(file, "seconds");
    t->seconds = seconds ? strtod(seconds, NULL) : 0;
    return counters && parse_counters(t, counters)
               ? BC_OK
               : bc_fail(log, BC_ERR_FORMAT, "%s: its counters are malformed", path);
}

bc_status bc_checkpoint_read(bc_trainer *trainer, const char *path, const bc_log *log)
{
    bc_safetensors *file;
    arena_list list = {0};
    bc_status status = bc_safetensors_open(&file, path, log);
    if (status == BC_OK)
        status = check_description(trainer, file, path, log);
    if (status == BC_OK)
        status = list_open(&list, trainer, log);
    if (status == BC_OK)
        status = read_arenas(&list, file, path, log);
    if (status == BC_OK)
        status = read_counters(trainer, file, path, log);
    free(list.arenas);
    bc_safetensors_close(&file);
    return status;
}
