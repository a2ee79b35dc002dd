#include "convert/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"
#include "media/content.h"
#include "media/writer.h"

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_named_folder(const char *path)
{
    return *path && path[strlen(path) - 1] == '/';
}

static bool has_ending(const char *name, const char *ending)
{
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot + 1, ending) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* FOLDER/NAME. The name stays whole where its ending says what is in the file, or can be written.
 */
static char *output_in(const char *folder, const char *input, const bc_content *content)
{
    const char *name = base_name(input), *dot = strrchr(name, '.');
    const char *separator = is_named_folder(folder) ? "" : "/";
    const bool is_picture = content->kind == BC_CONTENT_PICTURE;
    const bool is_animated = content->ending && strcmp(content->ending, "apng") == 0;
    const bool fits =
        bc_writer_knows_name(name) && !(is_animated && !has_ending(name, "apng")) &&
        (content->kind == BC_CONTENT_OTHER || bc_writer_is_picture(name) == is_picture);
    const int length = fits || is_picture || !dot ? (int)strlen(name) : (int)(dot - name);
    char *path;
    if (asprintf(&path, "%s%s%.*s%s%s", folder, separator, length, name, fits ? "" : ".",
                 fits              ? ""
                 : content->ending ? content->ending
                                   : "mp4") < 0)
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

/* Whatever is in a folder beside what can be painted is passed over. */
static bc_status add_member(bc_conversion_list *list, const char *input, const char *output,
                            const bc_log *log)
{
    const bc_content content = bc_content_of(input);
    const char *rare = bc_content_rare_kind(input);
    if (content.kind != BC_CONTENT_OTHER)
        return add(list, input, output_in(output, input, &content), log);
    if (rare)
        bc_log_write(log, BC_LOG_WARNING, "%s is passed over: FFmpeg here cannot read %s", input,
                     rare);
    else
        bc_log_write(log, BC_LOG_INFO, "%s is passed over: no picture and no video", input);
    return BC_OK;
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
            status = add_member(list, input, output, log);
        free(input);
        free(entries[i]);
    }
    free(entries);
    if (status == BC_OK && list->n_files == 0)
        return bc_fail(log, BC_ERR_IO, "there are no files to paint in %s", folder);
    return status;
}

static bc_status add_file(bc_conversion_list *list, const char *input, const char *output,
                          const char *input_format, const bc_log *log)
{
    bc_content content = {BC_CONTENT_OTHER, NULL};
    if (!input_format && access(input, R_OK) == 0)
        content = bc_content_of(input);
    return add(list, input, output_in(output, input, &content), log);
}

static bc_status add_all(bc_conversion_list *list, char *const *inputs, int n_inputs,
                         const char *output, const char *input_format, const bc_log *log)
{
    const bool has_folder = !input_format && is_folder(inputs[0]);
    if (n_inputs == 1 && !has_folder && !is_folder(output))
        return add(list, inputs[0], strdup(output), log);
    if (n_inputs > 1 && bc_writer_knows_name(output) && !is_folder(output) &&
        !is_named_folder(output))
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "%s is a file's name, but %d inputs need a folder (%s/ is one)", output,
                       n_inputs, output);
    bc_status status = bc_folder_make(output, log);
    for (int i = 0; i < n_inputs && status == BC_OK; i++) {
        if (!input_format && is_folder(inputs[i]))
            status = add_folder(list, inputs[i], output, log);
        else
            status = add_file(list, inputs[i], output, input_format, log);
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
