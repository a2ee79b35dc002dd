#include "app/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "base/log.h"
#include "media/writer.h"

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* FOLDER/NAME, with another extension where nothing writes its own. */
static char *output_in(const char *folder, const char *input)
{
    const char *name = base_name(input), *dot = strrchr(name, '.');
    const char *separator = *folder && folder[strlen(folder) - 1] == '/' ? "" : "/";
    const bool is_writable = bc_writer_knows_name(name);
    char *path;
    const int length = is_writable || !dot ? (int)strlen(name) : (int)(dot - name);
    if (asprintf(&path, "%s%s%.*s%s", folder, separator, length, name, is_writable ? "" : ".mp4") <
        0)
        return NULL;
    return path;
}

static bc_status add(bc_conversion_list *list, const char *input, char *output, const bc_log *log)
{
    bc_conversion_files *files = realloc(list->files, (size_t)(list->n_files + 1) * sizeof(*files));
    char *copy = strdup(input);
    if (files)
        list->files = files;
    if (!files || !copy || !output) {
        free(copy);
        free(output);
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", input);
    }
    files[list->n_files++] = (bc_conversion_files){copy, output};
    for (int i = 0; i < list->n_files - 1; i++)
        if (strcmp(files[i].output, output) == 0)
            return bc_fail(log, BC_ERR_ARGUMENT, "%s and %s would both become %s", files[i].input,
                           input, output);
    return BC_OK;
}

static int is_visible_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (entry->d_type == DT_REG || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

static bc_status add_folder(bc_conversion_list *list, const char *folder, const char *output,
                            const bc_log *log)
{
    struct dirent **entries;
    const int n_entries = scandir(folder, &entries, is_visible_file, alphasort);
    if (n_entries < 0)
        return bc_fail(log, BC_ERR_IO, "cannot read %s: %s", folder, strerror(errno));
    bc_status status = BC_OK;
    for (int i = 0; i < n_entries; i++) {
        char *input = NULL;
        if (status == BC_OK && asprintf(&input, "%s/%s", folder, entries[i]->d_name) < 0)
            status = BC_ERR_MEMORY;
        if (status == BC_OK && !is_folder(input))
            status = add(list, input, output_in(output, input), log);
        free(input);
        free(entries[i]);
    }
    free(entries);
    if (status == BC_OK && list->n_files == 0)
        return bc_fail(log, BC_ERR_IO, "there are no files in %s", folder);
    return status;
}

static bc_status add_all(bc_conversion_list *list, char *const *inputs, int n_inputs,
                         const char *output, const char *input_format, const bc_log *log)
{
    const bool has_folder = !input_format && is_folder(inputs[0]);
    if (n_inputs == 1 && !has_folder && !is_folder(output))
        return add(list, inputs[0], strdup(output), log);
    bc_status status = bc_folder_make(output, log);
    for (int i = 0; i < n_inputs && status == BC_OK; i++) {
        if (!input_format && is_folder(inputs[i]))
            status = add_folder(list, inputs[i], output, log);
        else
            status = add(list, inputs[i], output_in(output, inputs[i]), log);
    }
    return status;
}

bc_status bc_conversion_list_make(bc_conversion_list *list, char *const *inputs, int n_inputs,
                                  const char *output, const char *input_format, const bc_log *log)
{
    *list = (bc_conversion_list){0};
    const bc_status status = add_all(list, inputs, n_inputs, output, input_format, log);
    if (status < 0)
        bc_conversion_list_free(list);
    return status;
}

void bc_conversion_list_free(bc_conversion_list *list)
{
    for (int i = 0; i < list->n_files; i++) {
        free(list->files[i].input);
        free(list->files[i].output);
    }
    free(list->files);
    *list = (bc_conversion_list){0};
}
