#include "train/net_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"

/* A net of format 1 has a path without a style. */
static bool is_format_1(const bc_train_config *config)
{
    return config->identity.n > 0;
}

static const char *net_path(char path[PATH_MAX], const char *folder, bool is_format_1)
{
    snprintf(path, PATH_MAX, "%s/%s.safetensors", folder, is_format_1 ? "autoencoder" : "network");
    return path;
}

static const char *style_path(char path[PATH_MAX], const char *folder, const char *name)
{
    snprintf(path, PATH_MAX, "%s/styles/%s.safetensors", folder, name);
    return path;
}

/* Reading ---------------------------------------------------------------------------------- */

static const char extension[] = ".safetensors";

static int is_style(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name), tail = sizeof(extension) - 1;
    return n > tail && n - tail < sizeof(bc_style_name) &&
           strcmp(entry->d_name + n - tail, extension) == 0;
}

bc_status bc_net_files_list(bc_style_name **names, int *n_names, const char *folder,
                            const bc_log *log)
{
    char path[PATH_MAX];
    struct dirent **entries;
    snprintf(path, sizeof(path), "%s/styles", folder);
    const int n = scandir(path, &entries, is_style, alphasort);
    *n_names = 0;
    *names = calloc((size_t)(n > 0 ? n : 1), sizeof(**names));
    for (int i = 0; i < n; i++) {
        const size_t length = strlen(entries[i]->d_name) - (sizeof(extension) - 1);
        if (*names)
            memcpy((*names)[(*n_names)++].text, entries[i]->d_name, length);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return *names ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
}

/* The net's depth is that of a style that is there: it is read for that alone. */
static bc_status find_depth(bc_net *net, const char *folder, const bc_log *log)
{
    char path[PATH_MAX];
    bc_style_name *names;
    int n;
    bc_status status = bc_net_files_list(&names, &n, folder, log);
    if (status == BC_OK && n > 0) {
        bc_style style;
        bc_style_open(&style, style_path(path, folder, names[0].text), names[0].text, net, log);
        bc_style_close(&style);
    }
    free(names);
    return status;
}

/* BC_END if there is none. */
static bc_status open_net(bc_net *net, char path[PATH_MAX], const char *folder, const bc_log *log)
{
    *net = (bc_net){0};
    if (access(net_path(path, folder, false), F_OK) != 0 &&
        access(net_path(path, folder, true), F_OK) != 0)
        return BC_END;
    return bc_net_open(net, path, log);
}

bc_status bc_net_files_probe(bc_train_config *config, const char *folder, int n_bank_layers,
                             const bc_log *log)
{
    char path[PATH_MAX];
    bc_net net;
    bc_status status = open_net(&net, path, folder, log);
    if (status == BC_OK && net.format == 1) {
        bc_layers_of_format_1(&config->identity, net.widths, net.upsample, 0);
        status = find_depth(&net, folder, log);
        bc_layers_of_format_1(&config->layers, net.widths, net.upsample,
                              net.n_bank_layers ? net.n_bank_layers : n_bank_layers);
    } else if (status == BC_OK) {
        config->identity.n = 0;
        config->layers = net.table;
    }
    bc_net_close(&net);
    return status;
}

static bc_status read_style(const bc_trainer *t, bc_train_style *style, const char *folder,
                            const char *name, bc_net *net, const bc_log *log)
{
    char path[PATH_MAX];
    bc_style file = {0};
    style_path(path, folder, name);
    if (access(path, F_OK) != 0)
        return bc_fail(log, BC_ERR_IO, "%s: not there", path);
    bc_status status = bc_style_open(&file, path, name, net, log);
    if (status == BC_OK)
        status =
            bc_params_read(style->values, &t->style_path, BC_OWNER_STYLE, file.file, path, log);
    bc_style_close(&file);
    return status;
}

bc_status bc_net_files_read_style(const bc_trainer *trainer, bc_train_style *style,
                                  const char *folder, const char *name, const bc_log *log)
{
    char path[PATH_MAX];
    bc_net net;
    bc_status status = open_net(&net, path, folder, log);
    if (status == BC_OK)
        status = read_style(trainer, style, folder, name, &net, log);
    bc_net_close(&net);
    return status;
}

/* A style that cannot be gone on from costs a warning, not the run. */
static bc_status read_styles(bc_trainer *t, const char *folder, bool needs_styles, int *n_read,
                             bc_net *net, const bc_log *log)
{
    char path[PATH_MAX];
    for (int i = 0; i < t->n_styles; i++) {
        bc_train_style *style = &t->styles[i];
        style_path(path, folder, style->info.name);
        if (!needs_styles && access(path, F_OK) != 0)
            continue;
        const bc_status status = read_style(t, style, folder, style->info.name, net, log);
        if (status < 0 && (needs_styles || status != BC_ERR_MISMATCH))
            return status;
        if (status < 0)
            bc_log_write(log, BC_LOG_WARNING, "%s: not used, it will be trained anew", path);
        *n_read += status == BC_OK;
    }
    return BC_OK;
}

bc_status bc_net_files_read(bc_trainer *trainer, const char *folder, bool needs_styles, int *n_read,
                            const bc_log *log)
{
    char path[PATH_MAX];
    bc_net net;
    *n_read = 0;
    bc_status status = open_net(&net, path, folder, log);
    if (status == BC_OK)
        status = bc_params_read(trainer->values, &trainer->style_path, BC_OWNER_NET, net.file, path,
                                log);
    if (status == BC_OK)
        status = read_styles(trainer, folder, needs_styles, n_read, &net, log);
    bc_net_close(&net);
    return status;
}

static bool is_trained(const bc_trainer *t, const char *name)
{
    for (int i = 0; i < t->n_styles; i++)
        if (strcmp(t->styles[i].info.name, name) == 0)
            return true;
    return false;
}

bc_status bc_net_files_check(const bc_trainer *trainer, const char *folder, const bc_log *log)
{
    bc_style_name *names = NULL;
    int n = 0;
    bc_status status =
        trainer->config.is_frozen ? BC_OK : bc_net_files_list(&names, &n, folder, log);
    for (int i = 0; i < n && status == BC_OK; i++)
        if (!is_trained(trainer, names[i].text))
            status = bc_fail(log, BC_ERR_ARGUMENT,
                             "%s/styles/%s%s: would no longer fit: train its --style too, or move "
                             "it away",
                             folder, names[i].text, extension);
    free(names);
    return status;
}

/* Writing ---------------------------------------------------------------------------------- */

/* Into `folder`, with the name of the net that it is for. */
static bc_status write_net(const bc_trainer *t, const char *folder, const char *name,
                           const bc_log *log)
{
    char path[PATH_MAX], widths[48];
    bc_tensor tensors[BC_MAX_PARAMS];
    const bc_layers *table = &t->style_path.table;
    const int n = bc_params_list(tensors, &t->style_path, BC_OWNER_NET, t->values);
    const bool is_1 = is_format_1(&t->config);
    snprintf(widths, sizeof(widths), "%d,%d,%d", table->layers[0].n_out, table->layers[1].n_out,
             table->layers[2].n_out);
    const bc_metadata format_1[] = {
        {"brushcast.format", "1"},
        {"brushcast.kind", "autoencoder"},
        {"brushcast.name", name},
        {"brushcast.widths", widths},
        {"brushcast.upsample", bc_upsample_name(table->layers[table->n - 1].upsample)},
    };
    const bc_metadata format_2[] = {
        {"brushcast.format", "2"},
        {"brushcast.kind", "network"},
        {"brushcast.name", name},
        {"brushcast.layers", table->text},
    };
    return bc_safetensors_write(net_path(path, folder, is_1), tensors, n,
                                is_1 ? format_1 : format_2, is_1 ? 5 : 4, log);
}

static void add_thumbnail(bc_tensor *tensors, int *n, const bc_style_info *info)
{
    if (info->thumbnail)
        tensors[(*n)++] =
            (bc_tensor){.name = "thumbnail",
                        .dtype = BC_DTYPE_U8,
                        .n_dims = 3,
                        .shape = {info->thumbnail_height, info->thumbnail_width, 3},
                        .data = info->thumbnail,
                        .size_bytes = (size_t)(info->thumbnail_height * info->thumbnail_width * 3)};
}

static bc_status write_style(const bc_trainer *t, const bc_train_style *style, const char *folder,
                             const char *id, const char *command, const bc_log *log)
{
    char path[PATH_MAX], trained[1024 + BC_OBJECTIVE_TEXT_SIZE], objective[BC_OBJECTIVE_TEXT_SIZE];
    bc_tensor tensors[BC_MAX_PARAMS + 1];
    const bc_style_info *info = &style->info;
    const bool is_1 = is_format_1(&t->config);
    int n = bc_params_list(tensors, &t->style_path, BC_OWNER_STYLE, style->values);
    add_thumbnail(tensors, &n, info);
    bc_objective_print(objective, &style->objective);
    snprintf(trained, sizeof(trained), "%s (%s)", command, objective);
    const bc_metadata metadata[] = {
        {"brushcast.format", is_1 ? "1" : "2"},
        {"brushcast.kind", is_1 ? "bank" : "style"},
        {"brushcast.name", info->name},
        {is_1 ? "brushcast.autoencoder" : "brushcast.network", id},
        {"title", info->title},
        {"artist", info->artist},
        {"year", info->year},
        {"licence", info->licence},
        {"trained", trained},
    };
    return bc_safetensors_write(style_path(path, folder, info->name), tensors, n, metadata,
                                sizeof(metadata) / sizeof(metadata[0]), log);
}

/* The id is of the file as it was written. */
static bc_status read_id(char id[BC_ID_SIZE], const char *folder, const bc_log *log)
{
    char path[PATH_MAX];
    bc_net net;
    const bc_status status = open_net(&net, path, folder, log);
    memcpy(id, net.id, BC_ID_SIZE);
    bc_net_close(&net);
    return status == BC_END ? BC_ERR_IO : status;
}

/* All files of the net `folder`, into the folder `part`. */
static bc_status write_part(const bc_trainer *t, const char *part, const char *folder, int n_styles,
                            const char *command, const bc_log *log)
{
    char styles[PATH_MAX], id[BC_ID_SIZE];
    const char *slash = strrchr(folder, '/');
    snprintf(styles, sizeof(styles), "%s/styles", part);
    bc_status status = bc_folder_make(styles, log);
    if (status == BC_OK && !t->config.is_frozen)
        status = write_net(t, part, slash && slash[1] ? slash + 1 : folder, log);
    if (status == BC_OK)
        status = read_id(id, t->config.is_frozen ? folder : part, log);
    for (int i = 0; i < n_styles && status == BC_OK; i++)
        status = write_style(t, &t->styles[i], part, id, command, log);
    return status;
}

static bc_status move(const char *from, const char *to, const bc_log *log)
{
    return rename(from, to) == 0
               ? BC_OK
               : bc_fail(log, BC_ERR_IO, "%s: cannot be written: %s", to, strerror(errno));
}

/* Everything from `part` to its place in the net. */
static bc_status move_part(const bc_trainer *t, const char *part, const char *folder, int n_styles,
                           const bc_log *log)
{
    char from[PATH_MAX], to[PATH_MAX];
    const bool is_1 = is_format_1(&t->config);
    bc_status status = t->config.is_frozen
                           ? BC_OK
                           : move(net_path(from, part, is_1), net_path(to, folder, is_1), log);
    for (int i = 0; i < n_styles && status == BC_OK; i++)
        status = move(style_path(from, part, t->styles[i].info.name),
                      style_path(to, folder, t->styles[i].info.name), log);
    return status;
}

/* The folder and what may be in it. */
static void remove_part(const bc_trainer *t, const char *part, int n_styles)
{
    char path[PATH_MAX];
    for (int i = 0; i < n_styles; i++)
        unlink(style_path(path, part, t->styles[i].info.name));
    unlink(net_path(path, part, is_format_1(&t->config)));
    snprintf(path, sizeof(path), "%s/styles", part);
    rmdir(path);
    rmdir(part);
}

bc_status bc_net_files_write(const bc_trainer *trainer, const char *folder, int n_styles,
                             const char *command, const bc_log *log)
{
    char styles[PATH_MAX], part[PATH_MAX - 512];
    const int length = snprintf(part, sizeof(part), "%s/new.%d.part", folder, (int)getpid());
    if (length >= (int)sizeof(part))
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: the name is too long", folder);
    snprintf(styles, sizeof(styles), "%s/styles", folder);
    bc_status status = bc_folder_make(styles, log);
    if (status == BC_OK)
        status = write_part(trainer, part, folder, n_styles, command, log);
    if (status == BC_OK)
        status = move_part(trainer, part, folder, n_styles, log);
    remove_part(trainer, part, n_styles);
    return status;
}
