#include "import/draft.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/folder.h"
#include "base/log.h"
#include "model/net.h"

enum { MAX_TENSORS = 4 * BC_MAX_LAYERS, MAX_CHANNELS = 4 * BC_MAX_WIDTH /* of four phases */ };

/* One more than a table has: what does not fit is too long for it. */
enum { PRINTED_SIZE = BC_LAYERS_TEXT_SIZE + 1 };

static const char *const kind_names[] = {
    [BC_LAYER_CONV] = "conv", [BC_LAYER_ADD] = "add", [BC_LAYER_CANVAS] = "canvas"};

void bc_draft_close(bc_draft *draft)
{
    for (int i = 0; i < draft->n; i++) {
        free(draft->layers[i].weight);
        free(draft->layers[i].bias);
        free(draft->layers[i].scale);
        free(draft->layers[i].shift);
    }
    draft->n = 0;
}

static bool is_free(const bc_draft *draft, const char *name)
{
    const size_t length = strlen(name);
    if (length == 0 || length >= BC_LAYER_NAME_SIZE || strcmp(name, "frame") == 0 ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != length)
        return false;
    for (int i = 0; i < draft->n; i++)
        if (strcmp(draft->layers[i].layer.name, name) == 0)
            return false;
    return true;
}

bc_draft_layer *bc_draft_add(bc_draft *draft, bc_layer_kind kind, const char *name)
{
    if (draft->n == BC_MAX_LAYERS)
        return NULL;
    bc_draft_layer *added = &draft->layers[draft->n];
    *added = (bc_draft_layer){.layer = {.kind = kind, .inputs = {draft->n - 1, draft->n - 1}}};
    char *own = added->layer.name;
    snprintf(own, BC_LAYER_NAME_SIZE, "%s", is_free(draft, name) ? name : "");
    for (int number = draft->n; !own[0]; number++) {
        snprintf(own, BC_LAYER_NAME_SIZE, "%s.%d", kind_names[kind], number);
        if (!is_free(draft, own))
            own[0] = '\0';
    }
    draft->n++;
    return added;
}

static void scale_values(float *values, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++)
        values[i] *= factor;
}

bool bc_draft_take_shape(bc_layer *layer, int rank, const int64_t *dims)
{
    if (rank != 4 || dims[2] != dims[3] || dims[2] < 1 || dims[2] > 9 || dims[2] % 2 == 0 ||
        dims[0] < 1 || dims[1] < 1 || dims[0] > MAX_CHANNELS || dims[1] > MAX_CHANNELS)
        return false;
    layer->n_rows = layer->n_out = (int)dims[0];
    layer->n_in = (int)dims[1];
    layer->kernel = (int)dims[2];
    return true;
}

void bc_draft_set_range(bc_draft *draft, float range)
{
    for (int i = 0; i < draft->n; i++) {
        bc_draft_layer *d = &draft->layers[i];
        if (d->layer.kind == BC_LAYER_CONV && d->layer.inputs[0] == BC_FRAME)
            scale_values(d->weight, bc_draft_count_weights(&d->layer), range);
    }
    /* A table ends with a convolution without norm; another end is refused with it. */
    bc_draft_layer *last = draft->n > 0 ? &draft->layers[draft->n - 1] : NULL;
    if (!last || last->layer.kind != BC_LAYER_CONV)
        return;
    for (size_t i = 0; i < bc_draft_count_weights(&last->layer); i++)
        last->weight[i] /= range;
    for (int i = 0; i < last->layer.n_rows; i++)
        last->bias[i] /= range;
}

/* The table ------------------------------------------------------------------------------- */

static void append(char text[PRINTED_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(char text[PRINTED_SIZE], const char *format, ...)
{
    const size_t n = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, PRINTED_SIZE - n, format, args);
    va_end(args);
}

static const char *name_of(const bc_draft *draft, int layer)
{
    return layer == BC_FRAME ? "frame" : draft->layers[layer].layer.name;
}

static void print_conv(char text[PRINTED_SIZE], const bc_draft *draft, int i)
{
    const bc_layer *layer = &draft->layers[i].layer;
    append(text, "conv %d %d", layer->kernel, layer->n_out);
    if (layer->stride == BC_STRIDE_2)
        append(text, " stride=2");
    if (layer->stride == BC_STRIDE_HALF)
        append(text, " up=%s", bc_upsample_name(layer->upsample));
    append(text, "%s%s%s", layer->pad == BC_PAD_REFLECT ? " pad=reflect" : "",
           layer->norm ? " norm" : "", layer->relu ? " relu" : "");
    if (layer->inputs[0] != i - 1)
        append(text, " from=%s", name_of(draft, layer->inputs[0]));
}

static void print_table(char text[PRINTED_SIZE], const bc_draft *draft)
{
    text[0] = '\0';
    for (int i = 0; i < draft->n; i++) {
        const bc_layer *layer = &draft->layers[i].layer;
        append(text, "%s%s ", i ? "\n" : "", layer->name);
        if (layer->kind == BC_LAYER_CONV)
            print_conv(text, draft, i);
        else if (layer->kind == BC_LAYER_ADD)
            append(text, "add %s %s", name_of(draft, layer->inputs[0]),
                   name_of(draft, layer->inputs[1]));
        else
            append(text, "canvas %d stride=%d", layer->n_out, layer->cell);
    }
}

/* The layer of `table` that stands where one is seen through mixes. */
static int behind_mixes(const bc_layers *table, int layer)
{
    while (layer != BC_FRAME && table->layers[layer].kind == BC_LAYER_MIX)
        layer = table->layers[layer].inputs[0];
    return layer;
}

static bool is_same_layer(const bc_layer *a, const bc_layer *b)
{
    return strcmp(a->name, b->name) == 0 && a->kind == b->kind && a->n_in == b->n_in &&
           a->n_out == b->n_out && a->cell == b->cell && a->kernel == b->kernel &&
           a->n_rows == b->n_rows && a->stride == b->stride && a->upsample == b->upsample &&
           (a->pad == b->pad || a->kernel == 1) && a->norm == b->norm && a->relu == b->relu;
}

/* Whether `stated` is `found`, in some order, with mixes between its layers and owners. */
static bool is_same_net(const bc_layers *stated, const bc_layers *found)
{
    int n_mixes = 0;
    for (int i = 0; i < stated->n; i++) {
        const bc_layer *layer = &stated->layers[i];
        const int place = bc_layers_find(found, layer->name);
        n_mixes += layer->kind == BC_LAYER_MIX;
        if (layer->kind == BC_LAYER_MIX)
            continue;
        if (place < 0 || !is_same_layer(layer, &found->layers[place]))
            return false;
        for (int k = 0; k < bc_layer_inputs(layer); k++) {
            const int a = behind_mixes(stated, layer->inputs[k]),
                      b = found->layers[place].inputs[k];
            if ((a == BC_FRAME) != (b == BC_FRAME) ||
                (a != BC_FRAME && strcmp(stated->layers[a].name, found->layers[b].name) != 0))
                return false;
        }
    }
    return stated->n - n_mixes == found->n;
}

/* Whether each layer has the weights that its inputs and its line ask for. */
static bool is_filled(const bc_draft *draft, const bc_layers *found)
{
    bool ok = draft->n == found->n;
    for (int i = 0; i < draft->n && ok; i++) {
        const bc_layer *a = &draft->layers[i].layer, *b = &found->layers[i];
        ok = a->kind == b->kind && a->n_out == b->n_out &&
             (a->kind != BC_LAYER_CONV ||
              (a->n_in == b->n_in && a->n_rows == b->n_rows && a->kernel == b->kernel));
    }
    return ok;
}

static bool are_finite(const float *values, int n)
{
    bool ok = true;
    for (int i = 0; i < n; i++)
        ok = ok && isfinite(values[i]);
    return ok;
}

static bool is_finite(const bc_draft *draft)
{
    bool ok = true;
    for (int i = 0; i < draft->n && ok; i++) {
        const bc_draft_layer *d = &draft->layers[i];
        const bc_layer *layer = &d->layer;
        ok = layer->kind != BC_LAYER_CONV ||
             (are_finite(d->weight, (int)bc_draft_count_weights(layer)) &&
              are_finite(d->bias, layer->n_rows) &&
              (!layer->norm ||
               (are_finite(d->scale, layer->n_out) && are_finite(d->shift, layer->n_out))));
    }
    return ok;
}

bc_status bc_draft_make_table(bc_layers *table, const bc_draft *draft, const char *path,
                              const bc_log *log)
{
    char text[PRINTED_SIZE];
    bc_layers found;
    print_table(text, draft);
    bc_status status = bc_layers_parse(&found, text, path, log);
    if (status == BC_OK && !is_filled(draft, &found))
        status = bc_fail(log, BC_ERR_FORMAT, "%s: its weights do not fit its layers", path);
    if (status == BC_OK && !is_finite(draft))
        status = bc_fail(log, BC_ERR_FORMAT, "%s: has weights that are not finite", path);
    *table = found;
    if (status < 0 || !draft->table[0])
        return status;
    status = bc_layers_parse(table, draft->table, path, log);
    if (status == BC_OK && !is_same_net(table, &found))
        status = bc_fail(log, BC_ERR_FORMAT, "%s: its graph is not what its brushcast.layers says",
                         path);
    return status;
}

/* Tensors ---------------------------------------------------------------------------------- */

typedef struct tensor_list {
    int n;
    char names[MAX_TENSORS][BC_LAYER_NAME_SIZE + 16];
    bc_tensor tensors[MAX_TENSORS];
} tensor_list;

static void add_tensor(tensor_list *list, const bc_layer *layer, const char *what,
                       const float *values, int n_dims, const int64_t *shape)
{
    size_t n = 1;
    bc_tensor *tensor = &list->tensors[list->n];
    char *name = list->names[list->n++];
    snprintf(name, sizeof(list->names[0]), "%s.%s", layer->name, what);
    *tensor = (bc_tensor){.name = name, .dtype = BC_DTYPE_F32, .n_dims = n_dims, .data = values};
    for (int i = 0; i < n_dims; i++) {
        tensor->shape[i] = shape[i];
        n *= (size_t)shape[i];
    }
    tensor->size_bytes = n * sizeof(float);
}

/* Those of an owner. */
static void list_tensors(tensor_list *list, const bc_draft *draft, const bc_layers *table,
                         bc_owner owner)
{
    list->n = 0;
    for (int i = 0; i < draft->n; i++) {
        const bc_draft_layer *d = &draft->layers[i];
        const bc_layer *layer = &table->layers[bc_layers_find(table, d->layer.name)];
        const int64_t k = layer->kernel, n_out = layer->n_out, n_rows = layer->n_rows;
        const int64_t shape[] = {n_rows, layer->n_in, k, k};
        if (layer->kind == BC_LAYER_CONV && layer->weights == owner) {
            add_tensor(list, layer, "weight", d->weight, 4, shape);
            add_tensor(list, layer, "bias", d->bias, 1, &n_rows);
        }
        if (layer->norm && layer->norm_owner == owner) {
            add_tensor(list, layer, "norm.scale", d->scale, 1, &n_out);
            add_tensor(list, layer, "norm.shift", d->shift, 1, &n_out);
        }
    }
}

/* Writing ---------------------------------------------------------------------------------- */

static bc_status write_network(char id[BC_ID_SIZE], const tensor_list *list, const char *layers,
                               const char *folder, const char *name, const bc_log *log)
{
    char path[PATH_MAX];
    const bc_metadata metadata[] = {{"brushcast.format", "2"},
                                    {"brushcast.kind", "network"},
                                    {"brushcast.name", name},
                                    {"brushcast.layers", layers}};
    bc_tensors_identify(id, layers, list->tensors, list->n);
    snprintf(path, sizeof(path), "%s/network.safetensors", folder);
    return bc_safetensors_write(path, list->tensors, list->n, metadata, 4, log);
}

static bc_status write_style(const tensor_list *list, const bc_draft *draft, const char *id,
                             const char *folder, const char *name, const bc_log *log)
{
    char path[PATH_MAX];
    const bc_metadata metadata[] = {
        {"brushcast.format", "2"},   {"brushcast.kind", "style"}, {"brushcast.name", name},
        {"brushcast.network", id},   {"title", draft->title},     {"artist", draft->artist},
        {"licence", draft->licence}, {"year", draft->year},
    };
    snprintf(path, sizeof(path), "%s/styles", folder);
    bc_status status = bc_folder_make(path, log);
    snprintf(path, sizeof(path), "%s/styles/%s.safetensors", folder, name);
    if (status == BC_OK)
        status = bc_safetensors_write(path, list->tensors, list->n, metadata,
                                      sizeof(metadata) / sizeof(metadata[0]), log);
    return status;
}

/* As a style's: of a file, and a word of a blend. */
static bool is_name(const char *name)
{
    return name[0] && name[0] != '.' && strlen(name) < sizeof(((bc_draft *)0)->style) &&
           !strpbrk(name, "/:,+\n");
}

bc_status bc_draft_write(const bc_draft *draft, const char *folder, const char *name,
                         const char *path, const bc_log *log)
{
    const char *style = draft->style[0] ? draft->style : name;
    if (!is_name(style))
        return bc_fail(log, BC_ERR_FORMAT, "%s: '%s' is no name of a style", path, style);
    char id[BC_ID_SIZE];
    bc_layers table;
    tensor_list *lists = calloc(BC_N_OWNERS, sizeof(*lists));
    bc_status status = lists ? bc_draft_make_table(&table, draft, path, log)
                             : bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    for (int owner = 0; owner < BC_N_OWNERS && status == BC_OK; owner++)
        list_tensors(&lists[owner], draft, &table, (bc_owner)owner);
    if (status == BC_OK)
        status = bc_folder_make(folder, log);
    if (status == BC_OK)
        status = write_network(id, &lists[BC_OWNER_NET], table.text, folder,
                               draft->name[0] ? draft->name : name, log);
    if (status == BC_OK)
        status = write_style(&lists[BC_OWNER_STYLE], draft, id, folder, style, log);
    if (status == BC_OK)
        bc_log_write(log, BC_LOG_INFO, "%s: %d layers, %.1f kMAC a pixel", folder, table.n,
                     bc_layers_macs(&table) / 1000);
    free(lists);
    return status;
}
