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
#include "media/picture.h"
#include "model/model.h"

static const char *autoencoder_path(char path[PATH_MAX], const char *folder)
{
    snprintf(path, PATH_MAX, "%s/autoencoder.safetensors", folder);
    return path;
}

static const char *bank_path(char path[PATH_MAX], const char *folder, const char *name)
{
    snprintf(path, PATH_MAX, "%s/styles/%s.safetensors", folder, name);
    return path;
}

/* A net's banks are all as deep: a new one becomes like those that are there. */
static void probe_banks(bc_train_config *config, const char *folder)
{
    bc_model *model;
    if (bc_model_open(&model, folder, &(bc_model_params){0}) == BC_OK && model->n_banks > 0)
        config->n_bank_layers = model->banks[0].n_layers;
    bc_model_close(&model);
}

bc_status bc_net_files_probe(bc_train_config *config, const char *folder, const bc_log *log)
{
    char path[PATH_MAX];
    bc_autoencoder autoencoder;
    if (access(autoencoder_path(path, folder), F_OK) != 0)
        return BC_END;
    const bc_status status = bc_autoencoder_open(&autoencoder, path, log);
    if (status == BC_OK) {
        memcpy(config->widths, autoencoder.widths, sizeof(config->widths));
        config->upsample = autoencoder.upsample;
    }
    bc_autoencoder_close(&autoencoder);
    if (status == BC_OK && config->is_frozen)
        probe_banks(config, folder);
    return status;
}

static bc_status read_bank(bc_trainer *t, bc_train_style *style, const char *folder, bool is_needed,
                           const bc_autoencoder *autoencoder, const bc_log *log)
{
    char path[PATH_MAX];
    bc_bank bank;
    if (access(bank_path(path, folder, style->info.name), F_OK) != 0)
        return is_needed ? bc_fail(log, BC_ERR_IO, "%s: not there", path) : BC_OK;
    bc_status status = bc_bank_open(&bank, path, style->info.name, autoencoder, log);
    if (status == BC_OK && bank.n_layers == t->config.n_bank_layers)
        status = bc_params_read(style->values, &t->bank, bank.file, path, log);
    else if (is_needed && status == BC_OK)
        status = bc_fail(log, BC_ERR_MISMATCH, "%s: has %d layers, not --bank-layers %d", path,
                         bank.n_layers, t->config.n_bank_layers);
    else if (!is_needed && (status == BC_OK || status == BC_ERR_MISMATCH)) {
        bc_log_write(log, BC_LOG_WARNING, "%s: not used, it will be trained anew", path);
        status = BC_OK;
    }
    bc_bank_close(&bank);
    return status;
}

bc_status bc_net_files_read(bc_trainer *trainer, const char *folder, bool needs_banks,
                            const bc_log *log)
{
    char path[PATH_MAX];
    bc_autoencoder autoencoder;
    bc_status status = bc_autoencoder_open(&autoencoder, autoencoder_path(path, folder), log);
    if (status == BC_OK)
        status =
            bc_params_read(trainer->values, &trainer->autoencoder, autoencoder.file, path, log);
    for (int i = 0; i < trainer->n_styles && status == BC_OK; i++)
        status = read_bank(trainer, &trainer->styles[i], folder, needs_banks, &autoencoder, log);
    bc_autoencoder_close(&autoencoder);
    return status;
}

/* Whether the trainer has the style of a file in the folder of styles. */
static int is_trained(const bc_trainer *t, const char *file)
{
    const char *dot = strrchr(file, '.');
    const size_t n = dot ? (size_t)(dot - file) : 0;
    if (n == 0 || strcmp(dot, ".safetensors") != 0)
        return 1; /* no bank */
    for (int i = 0; i < t->n_styles; i++) {
        const char *name = t->styles[i].info.name;
        if (strlen(name) == n && memcmp(name, file, n) == 0)
            return 1;
    }
    return 0;
}

bc_status bc_net_files_check(const bc_trainer *trainer, const char *folder, const bc_log *log)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/styles", folder);
    DIR *styles = trainer->config.is_frozen ? NULL : opendir(path);
    bc_status status = BC_OK;
    const struct dirent *entry;
    while (styles && status == BC_OK && (entry = readdir(styles)))
        if (!is_trained(trainer, entry->d_name))
            status = bc_fail(log, BC_ERR_ARGUMENT,
                             "%s/%s: would no longer fit: train its --style too, or move it away",
                             path, entry->d_name);
    if (styles)
        closedir(styles);
    return status;
}

/* The file's tensors are those of the group; returns their number. */
static int list_tensors(bc_tensor tensors[BC_MAX_PARAMS], const bc_params *params,
                        const float *values)
{
    for (int i = 0; i < params->n_params; i++) {
        const bc_param *param = &params->params[i];
        tensors[i] = (bc_tensor){.name = param->name,
                                 .dtype = BC_DTYPE_F32,
                                 .n_dims = param->n_dims,
                                 .data = values + param->offset,
                                 .size_bytes = param->n * sizeof(*values)};
        memcpy(tensors[i].shape, param->shape, sizeof(param->shape));
    }
    return params->n_params;
}

/* Into `folder`, with the name of the net that it is for. */
static bc_status write_autoencoder(const bc_trainer *t, const char *folder, const char *name,
                                   const bc_log *log)
{
    char path[PATH_MAX], widths[48];
    bc_tensor tensors[BC_MAX_PARAMS];
    const int n = list_tensors(tensors, &t->autoencoder, t->values);
    snprintf(widths, sizeof(widths), "%d,%d,%d", t->config.widths[0], t->config.widths[1],
             t->config.widths[2]);
    const bc_metadata metadata[] = {
        {"brushcast.format", "1"},
        {"brushcast.kind", "autoencoder"},
        {"brushcast.name", name},
        {"brushcast.widths", widths},
        {"brushcast.upsample", bc_upsample_name(t->config.upsample)},
    };
    return bc_safetensors_write(autoencoder_path(path, folder), tensors, n, metadata,
                                sizeof(metadata) / sizeof(metadata[0]), log);
}

static bc_status write_bank(const bc_trainer *t, const bc_train_style *style, const char *folder,
                            const char *id, const char *command, const bc_log *log)
{
    char path[PATH_MAX];
    bc_tensor tensors[BC_MAX_PARAMS + 1];
    const bc_style_info *info = &style->info;
    int n = list_tensors(tensors, &t->bank, style->values);
    if (info->thumbnail)
        tensors[n++] =
            (bc_tensor){.name = "thumbnail",
                        .dtype = BC_DTYPE_U8,
                        .n_dims = 3,
                        .shape = {info->thumbnail_height, info->thumbnail_width, 3},
                        .data = info->thumbnail,
                        .size_bytes = (size_t)(info->thumbnail_height * info->thumbnail_width * 3)};
    const bc_metadata metadata[] = {
        {"brushcast.format", "1"},  {"brushcast.kind", "bank"}, {"brushcast.name", info->name},
        {"title", info->title},     {"artist", info->artist},   {"year", info->year},
        {"licence", info->licence}, {"trained", command},       {"brushcast.autoencoder", id},
    };
    return bc_safetensors_write(bank_path(path, folder, info->name), tensors, n, metadata,
                                sizeof(metadata) / sizeof(metadata[0]), log);
}

/* The id is of the file as it was written. */
static bc_status read_id(char id[BC_ID_SIZE], const char *folder, const bc_log *log)
{
    char path[PATH_MAX];
    bc_autoencoder autoencoder;
    const bc_status status = bc_autoencoder_open(&autoencoder, autoencoder_path(path, folder), log);
    memcpy(id, autoencoder.id, BC_ID_SIZE);
    bc_autoencoder_close(&autoencoder);
    return status;
}

static bc_status write_banks(const bc_trainer *t, const char *folder, const char *id,
                             const char *command, const bc_log *log)
{
    bc_status status = BC_OK;
    for (int i = 0; i < t->n_styles && status == BC_OK; i++)
        status = write_bank(t, &t->styles[i], folder, id, command, log);
    return status;
}

/* All files of the net `folder`, into the folder `part`. */
static bc_status write_part(const bc_trainer *t, const char *part, const char *folder,
                            const char *command, const bc_log *log)
{
    char styles[PATH_MAX], id[BC_ID_SIZE];
    const char *slash = strrchr(folder, '/');
    snprintf(styles, sizeof(styles), "%s/styles", part);
    bc_status status = bc_folder_make(styles, log);
    if (status == BC_OK && !t->config.is_frozen)
        status = write_autoencoder(t, part, slash && slash[1] ? slash + 1 : folder, log);
    if (status == BC_OK)
        status = read_id(id, t->config.is_frozen ? folder : part, log);
    return status == BC_OK ? write_banks(t, part, id, command, log) : status;
}

static bc_status move(const char *from, const char *to, const bc_log *log)
{
    return rename(from, to) == 0
               ? BC_OK
               : bc_fail(log, BC_ERR_IO, "%s: cannot be written: %s", to, strerror(errno));
}

/* Everything from `part` to its place in the net. */
static bc_status move_part(const bc_trainer *t, const char *part, const char *folder,
                           const bc_log *log)
{
    char from[PATH_MAX], to[PATH_MAX];
    bc_status status = t->config.is_frozen
                           ? BC_OK
                           : move(autoencoder_path(from, part), autoencoder_path(to, folder), log);
    for (int i = 0; i < t->n_styles && status == BC_OK; i++)
        status = move(bank_path(from, part, t->styles[i].info.name),
                      bank_path(to, folder, t->styles[i].info.name), log);
    return status;
}

/* The folder and what may be in it. */
static void remove_part(const bc_trainer *t, const char *part)
{
    char path[PATH_MAX];
    for (int i = 0; i < t->n_styles; i++)
        unlink(bank_path(path, part, t->styles[i].info.name));
    unlink(autoencoder_path(path, part));
    snprintf(path, sizeof(path), "%s/styles", part);
    rmdir(path);
    rmdir(part);
}

bc_status bc_net_files_write(const bc_trainer *trainer, const char *folder, const char *command,
                             const bc_log *log)
{
    char styles[PATH_MAX], part[PATH_MAX - 512];
    const int length = snprintf(part, sizeof(part), "%s/new.%d.part", folder, (int)getpid());
    if (length >= (int)sizeof(part))
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: the name is too long", folder);
    snprintf(styles, sizeof(styles), "%s/styles", folder);
    bc_status status = bc_folder_make(styles, log);
    if (status == BC_OK)
        status = write_part(trainer, part, folder, command, log);
    if (status == BC_OK)
        status = move_part(trainer, part, folder, log);
    remove_part(trainer, part);
    return status;
}

static void put(uint8_t *sheet, int width, int row, int column, const float *picture, int crop)
{
    uint8_t *corner = sheet + ((size_t)(row * crop) * (size_t)width + (size_t)(column * crop)) * 3;
    for (int y = 0; y < crop; y++)
        bc_picture_quantise(corner + (size_t)y * (size_t)width * 3, picture + y * crop, crop,
                            (size_t)crop * (size_t)crop);
}

static bc_status sheet_row(bc_trainer *t, uint8_t *sheet, int width, int row, const bc_log *log)
{
    const int crop = t->config.crop;
    bc_lane *lane = &t->lanes[0];
    float *picture = lane->pictures[0];
    const bc_status status = bc_photo_centre(picture, crop, &t->photos->validation[row], log);
    if (status < 0)
        return status;
    bc_train_net_values values = {t->values, NULL};
    put(sheet, width, row, 0, picture, crop);
    put(sheet, width, row, 1, bc_train_net_forward(&lane->identity_net, values, picture), crop);
    for (int i = 0; i < t->n_styles; i++) {
        values.bank = t->styles[i].values;
        put(sheet, width, row, 2 + i, bc_train_net_forward(&lane->paint_nets[0], values, picture),
            crop);
    }
    return BC_OK;
}

bc_status bc_trainer_sheet(bc_trainer *trainer, const char *path, int n_photos, const bc_log *log)
{
    const int crop = trainer->config.crop, width = (2 + trainer->n_styles) * crop;
    uint8_t *sheet = malloc((size_t)(n_photos * crop) * (size_t)width * 3);
    if (!sheet)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory for the preview", path);
    bc_status status = BC_OK;
    for (int row = 0; row < n_photos && status == BC_OK; row++)
        status = sheet_row(trainer, sheet, width, row, log);
    if (status == BC_OK)
        status = bc_picture_write(path,
                                  &(bc_image){.pixels = sheet,
                                              .stride_bytes = 3 * width,
                                              .width = width,
                                              .height = n_photos * crop,
                                              .format = BC_RGB24},
                                  log);
    free(sheet);
    return status;
}
