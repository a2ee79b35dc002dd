#include "model/model.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/params.h"

static const char extension[] = ".safetensors";

static bc_status fail_memory(const char *path, const bc_log *log)
{
    return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
}

/* The style names of a folder ----------------------------------------------------------------- */

/* The file's name without folder and extension; the caller's to free, NULL without memory. */
static char *style_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const size_t length = strlen(name), tail = sizeof(extension) - 1;
    if (length > tail && strcmp(name + length - tail, extension) == 0)
        return strndup(name, length - tail);
    return strdup(name);
}

static int is_style_file(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name), tail = sizeof(extension) - 1;
    return entry->d_name[0] != '.' && length > tail &&
           strcmp(entry->d_name + length - tail, extension) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Fills in style_names, in order, and n_styles. A net without the folder has no styles. */
static bc_status list_styles(bc_model *model, const char *folder, const bc_log *log)
{
    struct dirent **entries;
    const int n = scandir(folder, &entries, is_style_file, NULL);
    if (n < 0 && errno == ENOENT)
        return BC_OK;
    if (n < 0)
        return bc_fail(log, BC_ERR_IO, "%s: cannot list: %s", folder, strerror(errno));
    bc_status status = BC_OK;
    model->style_names = calloc((size_t)n + 1, sizeof(*model->style_names));
    for (int i = 0; i < n; i++) {
        char *name = model->style_names ? style_name(entries[i]->d_name) : NULL;
        if (name)
            model->style_names[model->n_styles++] = name;
        else
            status = fail_memory(folder, log);
        free(entries[i]);
    }
    free(entries);
    if (model->style_names)
        qsort(model->style_names, (size_t)model->n_styles, sizeof(char *), compare_names);
    return status;
}

/* Opening ---------------------------------------------------------------------------------- */

static bc_status open_styles(bc_model *model, const char *folder, const bc_log *log)
{
    bc_status status = BC_OK;
    model->styles = calloc((size_t)model->n_styles + 1, sizeof(*model->styles));
    if (!model->styles)
        return fail_memory(folder, log);
    for (int i = 0; i < model->n_styles && status == BC_OK; i++) {
        char *path;
        const char *name = model->style_names[i];
        if (asprintf(&path, "%s/%s%s", folder, name, extension) < 0)
            return fail_memory(folder, log);
        status = bc_style_open(&model->styles[i], path, name, &model->net, log);
        free(path);
    }
    return status;
}

/* The file of a folder that describes the net, of either format; the caller's to free. */
static char *net_path(const char *folder)
{
    char *path;
    if (asprintf(&path, "%s/network%s", folder, extension) < 0)
        return NULL;
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return asprintf(&path, "%s/autoencoder%s", folder, extension) < 0 ? NULL : path;
}

static bc_status open_folder(bc_model *model, const char *folder, const bc_log *log)
{
    char *path = net_path(folder), *styles;
    if (!path)
        return fail_memory(folder, log);
    bc_status status = bc_net_open(&model->net, path, log);
    free(path);
    if (status < 0)
        return status;
    if (asprintf(&styles, "%s/styles", folder) < 0)
        return fail_memory(folder, log);
    status = list_styles(model, styles, log);
    if (status == BC_OK)
        status = open_styles(model, styles, log);
    free(styles);
    return status;
}

/* Without a name: of the shipped nets the one that paints most, where it is found. */
static bc_status find_folder(char **folder, const char *net, const bc_model_params *params)
{
    if (net)
        return bc_model_find_net(folder, net, params->models, &params->log);
    if (bc_model_find_net(folder, "deep", params->models, NULL) == BC_OK)
        return BC_OK;
    return bc_model_find_net(folder, "light", params->models, &params->log);
}

bc_model *bc_model_alloc(void)
{
    bc_model *model = calloc(1, sizeof(*model));
    if (model)
        atomic_init(&model->n_users, 1);
    return model;
}

bc_status bc_model_open(bc_model **model, const char *net, const bc_model_params *params)
{
    bc_model_params p;
    char *folder = NULL;
    if (model)
        *model = NULL;
    if (!model || !params)
        return BC_ERR_ARGUMENT;
    bc_params_copy(&p, sizeof(p), sizeof(p), params);
    bc_status status = find_folder(&folder, net, &p);
    if (status < 0)
        return status;
    *model = bc_model_alloc();
    status = *model ? open_folder(*model, folder, &p.log) : fail_memory(folder, &p.log);
    free(folder);
    if (status < 0)
        bc_model_close(model);
    return status;
}

static bc_status open_style_files(bc_model *model, const char *const *paths, int n,
                                  const bc_log *log)
{
    bc_status status = BC_OK;
    model->styles = calloc((size_t)n + 1, sizeof(*model->styles));
    model->style_names = calloc((size_t)n + 1, sizeof(*model->style_names));
    if (!model->styles || !model->style_names)
        return fail_memory(model->net.name, log);
    for (int i = 0; i < n && status == BC_OK; i++) {
        char *name = model->style_names[i] = style_name(paths[i]);
        if (!name)
            return fail_memory(paths[i], log);
        model->n_styles++;
        status = bc_style_open(&model->styles[i], paths[i], name, &model->net, log);
    }
    return status;
}

bc_status bc_model_open_files(bc_model **model, const char *path, const char *const *style_paths,
                              int n_styles, const bc_log *log)
{
    *model = bc_model_alloc();
    if (!*model)
        return fail_memory(path, log);
    bc_status status = bc_net_open(&(*model)->net, path, log);
    if (status == BC_OK)
        status = open_style_files(*model, style_paths, n_styles, log);
    if (status < 0)
        bc_model_close(model);
    return status;
}

/* Closing ---------------------------------------------------------------------------------- */

bc_model *bc_model_ref(const bc_model *model)
{
    bc_model *same = (bc_model *)(uintptr_t)model; /* who has it says nothing of what it is */
    if (same)
        atomic_fetch_add(&same->n_users, 1);
    return same;
}

static void close_style(bc_model *model, int index)
{
    if (model->styles)
        bc_style_close(&model->styles[index]);
    if (model->style_names)
        free(model->style_names[index]);
}

void bc_model_close(bc_model **model)
{
    bc_model *m = model ? *model : NULL;
    if (model)
        *model = NULL;
    if (!m || atomic_fetch_sub(&m->n_users, 1) > 1)
        return;
    for (int i = 0; i < m->n_styles; i++)
        close_style(m, i);
    bc_net_close(&m->net);
    free(m->styles);
    free(m->style_names);
    free(m->weights);
    free(m);
}

/* Adding ----------------------------------------------------------------------------------- */

/* The styles of another model, whose files are shared, and room for one more. */
static bc_status share_styles(bc_model *model, const bc_model *other, const char *path,
                              const bc_log *log)
{
    const size_t n = (size_t)other->n_styles;
    model->styles = calloc(n + 1, sizeof(*model->styles));
    model->style_names = calloc(n + 1, sizeof(*model->style_names));
    if (!model->styles || !model->style_names)
        return fail_memory(path, log);
    for (size_t i = 0; i < n; i++) {
        bc_style *style = &model->styles[i];
        char *name = model->style_names[i] = strdup(other->style_names[i]);
        if (!name)
            return fail_memory(path, log);
        *style = other->styles[i];
        style->info.name = name;
        style->file = bc_safetensors_ref(style->file);
        model->n_styles++;
    }
    return BC_OK;
}

/* In place of the one of that name, or as the last. */
static bc_status add_style(bc_model *model, const char *path, const bc_log *log)
{
    char *name = style_name(path);
    if (!name)
        return fail_memory(path, log);
    const int same = bc_model_find_style(model, name);
    if (same >= 0)
        close_style(model, same);
    model->added = same >= 0 ? same : model->n_styles++;
    model->style_names[model->added] = name;
    return bc_style_open(&model->styles[model->added], path, name, &model->net, log);
}

bc_status bc_model_add_style(bc_model **extended, bc_model *model, const char *path,
                             const bc_model_params *params)
{
    if (extended)
        *extended = NULL;
    if (!extended || !model || !path || !params)
        return BC_ERR_ARGUMENT;
    bc_model_params p;
    bc_params_copy(&p, sizeof(p), sizeof(p), params);
    if (!model->net.file)
        return bc_fail(&p.log, BC_ERR_ARGUMENT, "%s: a net of no file takes no styles", path);
    bc_model *made = *extended = bc_model_alloc();
    if (!made)
        return fail_memory(path, &p.log);
    made->net = model->net;
    made->net.file = bc_safetensors_ref(model->net.file);
    bc_status status = share_styles(made, model, path, &p.log);
    if (status == BC_OK)
        status = add_style(made, path, &p.log);
    if (status < 0)
        bc_model_close(extended);
    return status;
}

/* Styles ----------------------------------------------------------------------------------- */

const char *bc_model_name(const bc_model *model)
{
    return model ? model->net.name : "";
}

const char *bc_model_id(const bc_model *model)
{
    return model ? model->net.id : "";
}

void bc_model_identify_style(const bc_model *model, int style, char id[BC_ID_SIZE])
{
    if (!id)
        return;
    id[0] = '\0';
    if (style >= 0 && style < bc_model_style_count(model) && model->styles[style].file)
        bc_net_identify(id, "", model->styles[style].file);
}

int bc_model_style_count(const bc_model *model)
{
    return model ? model->n_styles : 0;
}

bc_style_info bc_model_style(const bc_model *model, int style)
{
    if (style < 0 || style >= bc_model_style_count(model))
        return (bc_style_info){.name = "", .title = "", .artist = "", .year = "", .licence = ""};
    return model->styles[style].info;
}

int bc_model_find_style(const bc_model *model, const char *name)
{
    for (int i = 0; name && i < bc_model_style_count(model); i++) {
        if (strcmp(model->styles[i].info.name, name) == 0)
            return i;
    }
    return -1;
}
