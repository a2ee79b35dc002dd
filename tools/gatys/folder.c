#include "gatys/job.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"

typedef struct listing {
    struct dirent **entries; /* in order of name */
    int n;
} listing;

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

static bc_status list(listing *files, const char *folder, const bc_log *log)
{
    files->n = scandir(folder, &files->entries, is_visible, alphasort);
    if (files->n < 0)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be listed: %s", folder, strerror(errno));
    if (files->n == 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: no files in this folder", folder);
    return BC_OK;
}

static void free_list(listing *files)
{
    for (int i = 0; i < files->n; i++)
        free(files->entries[i]);
    free(files->entries);
}

static int stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (int)(dot - name) : (int)strlen(name);
}

static bool same_stem(const char *a, const char *b)
{
    const int n = stem_length(a);
    return n == stem_length(b) && strncmp(a, b, (size_t)n) == 0;
}

/* NAME.png, or NAME.EXTENSION.png where two pictures differ in that alone. */
static void output_path(char path[PATH_MAX], const char *folder, const listing *files, int i)
{
    const char *name = files->entries[i]->d_name;
    bool is_double = false;
    for (int j = 0; j < files->n; j++)
        is_double = is_double || (j != i && same_stem(name, files->entries[j]->d_name));
    snprintf(path, PATH_MAX, "%s/%.*s.png", folder,
             is_double ? (int)strlen(name) : stem_length(name), name);
}

/* BC_END if it was skipped. */
static bc_status paint_file(const bc_gatys_run *run, const listing *files, int i)
{
    char input[PATH_MAX], output[PATH_MAX];
    snprintf(input, sizeof(input), "%s/%s", run->options->content, files->entries[i]->d_name);
    output_path(output, run->options->output, files, i);
    if (access(output, F_OK) == 0 && !run->options->overwrite) {
        bc_log_write(run->log, BC_LOG_INFO, "%s: exists, skipped", output);
        return BC_END;
    }
    bc_photo content = {0};
    bc_status status = bc_photo_read(&content, input, 0, run->log);
    if (status < 0) {
        bc_log_write(run->log, BC_LOG_WARNING, "%s: cannot be read, skipped", input);
        return BC_END;
    }
    status = bc_gatys_paint(run, &content, output, true);
    bc_photo_free(&content);
    return status;
}

bc_status bc_gatys_paint_folder(const bc_gatys_run *run)
{
    const bc_gatys_options *o = run->options;
    listing files;
    if (o->log)
        return bc_fail(run->log, BC_ERR_ARGUMENT, "--log is of one picture, but %s is a folder",
                       o->content);
    bc_status status = bc_folder_make(o->output, run->log);
    if (status == BC_OK)
        status = list(&files, o->content, run->log);
    if (status < 0)
        return status;
    const int n = o->count && o->count < files.n ? o->count : files.n;
    int n_painted = 0, n_skipped = 0;
    for (int i = run->ranks.rank; i < n && status >= 0; i += run->ranks.n) {
        status = paint_file(run, &files, (int)((int64_t)i * files.n / n));
        n_painted += status == BC_OK;
        n_skipped += status == BC_END;
    }
    free_list(&files);
    if (status >= 0)
        bc_log_write(run->log, BC_LOG_INFO, "%s: %d painted, %d skipped", o->output, n_painted,
                     n_skipped);
    return status < 0 ? status : BC_OK;
}
