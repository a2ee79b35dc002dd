#include "train/teacher.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "import/style_file.h"
#include "model/model.h"
#include "train/fingerprint.h"

static bc_status open_values(bc_teacher *teacher, const bc_layers *table, const char *path,
                             const bc_log *log)
{
    bc_params_make(&teacher->params, table);
    const size_t n_net = teacher->params.n_values[BC_OWNER_NET];
    const size_t n_style = teacher->params.n_values[BC_OWNER_STYLE];
    teacher->memory = calloc(n_net + n_style + 1, sizeof(float));
    if (!teacher->memory)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory for its parameters", path);
    teacher->values.of[BC_OWNER_NET] = teacher->memory;
    teacher->values.of[BC_OWNER_STYLE] = teacher->memory + n_net;
    return BC_OK;
}

static void set_fingerprint(bc_teacher *teacher)
{
    const bc_params *params = &teacher->params;
    const size_t n = params->n_values[BC_OWNER_NET] + params->n_values[BC_OWNER_STYLE];
    const char *table = params->table.text;
    teacher->fingerprint = bc_fingerprint(BC_FINGERPRINT_START, table, strlen(table));
    teacher->fingerprint = bc_fingerprint(teacher->fingerprint, teacher->memory, n * sizeof(float));
}

/* A folder --------------------------------------------------------------------------------- */

/* The style of that name, or the only one, or -1. */
static int find_style(const bc_model *model, const char *name)
{
    const int style = bc_model_find_style(model, name);
    return style < 0 && bc_model_style_count(model) == 1 ? 0 : style;
}

static bc_status read_model(bc_teacher *teacher, const bc_model *model, const char *path,
                            const char *name, const bc_log *log)
{
    const int style = find_style(model, name);
    const bool has_styles = bc_layers_have_styles(&model->net.table);
    if (style < 0 && has_styles)
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "%s: has %d styles, none of them called '%s': which one is to be learned?",
                       path, bc_model_style_count(model), name);
    bc_status status = open_values(teacher, &model->net.table, path, log);
    if (status == BC_OK)
        status = bc_params_read(teacher->values.of[BC_OWNER_NET], &teacher->params, BC_OWNER_NET,
                                model->net.file, path, log);
    if (status == BC_OK && has_styles)
        status = bc_params_read(teacher->values.of[BC_OWNER_STYLE], &teacher->params,
                                BC_OWNER_STYLE, model->styles[style].file, path, log);
    return status;
}

static bc_status open_folder(bc_teacher *teacher, const char *path, const char *style,
                             const bc_log *log)
{
    bc_model *model;
    bc_status status = bc_model_open(
        &model, path, &(bc_model_params){.size = sizeof(bc_model_params), .log = *log});
    if (status == BC_OK)
        status = read_model(teacher, model, path, style, log);
    bc_model_close(&model);
    return status;
}

/* A file of another project ---------------------------------------------------------------- */

static const bc_draft_layer *find_layer(const bc_draft *draft, const char *name)
{
    int i = 0;
    while (strcmp(draft->layers[i].layer.name, name) != 0)
        i++;
    return &draft->layers[i];
}

static void copy(float *to, const float *from, size_t n)
{
    memcpy(to, from, n * sizeof(*to));
}

/* Every layer of the table but a mix is one of the draft. */
static void take_draft(bc_teacher *teacher, const bc_draft *draft)
{
    const bc_params *params = &teacher->params;
    for (int i = 0; i < params->table.n; i++) {
        const bc_layer *layer = &params->table.layers[i];
        const bc_layer_params *at = &params->layers[i];
        if (layer->kind != BC_LAYER_CONV)
            continue;
        const bc_draft_layer *d = find_layer(draft, layer->name);
        const size_t n_rows = (size_t)layer->n_rows, n_out = (size_t)layer->n_out;
        float *own = teacher->values.of[layer->weights],
              *norm = teacher->values.of[layer->norm_owner];
        copy(own + at->weight, d->weight,
             n_rows * (size_t)(layer->n_in * layer->kernel * layer->kernel));
        copy(own + at->bias, d->bias, n_rows);
        if (layer->norm)
            copy(norm + at->scale, d->scale, n_out);
        if (layer->norm)
            copy(norm + at->shift, d->shift, n_out);
    }
}

static bc_status open_file(bc_teacher *teacher, const char *path, const bc_log *log)
{
    bc_layers table;
    bc_draft *draft = calloc(1, sizeof(*draft));
    if (!draft)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    bc_status status = bc_style_file_open(draft, path, 0, log);
    if (status == BC_OK)
        status = bc_draft_make_table(&table, draft, path, log);
    if (status == BC_OK)
        status = open_values(teacher, &table, path, log);
    if (status == BC_OK)
        take_draft(teacher, draft);
    bc_draft_close(draft);
    free(draft);
    return status;
}

/* ------------------------------------------------------------------------------------------ */

bc_status bc_teacher_open(bc_teacher *teacher, const char *path, const char *style,
                          const bc_log *log)
{
    struct stat info;
    const bool is_file = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    *teacher = (bc_teacher){.memory = NULL};
    const bc_status status =
        is_file ? open_file(teacher, path, log) : open_folder(teacher, path, style, log);
    if (status == BC_OK)
        set_fingerprint(teacher);
    return status;
}

void bc_teacher_close(bc_teacher *teacher)
{
    free(teacher->memory);
    *teacher = (bc_teacher){.memory = NULL};
}
