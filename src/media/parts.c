#include "media/parts.h"

#include <dirent.h>
#include <errno.h>
#include <libavutil/mathematics.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"
#include "base/temporary.h"
#include "media/part.h"
#include "media/place.h"

enum { MAX_SETTINGS = 1 << 16 };

struct bc_parts {
    bc_parts_params params;
    char *folder;
};

/* Settings --------------------------------------------------------------------------------- */

static char *path_in(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static char *folder_of(const char *output)
{
    char *folder;
    return asprintf(&folder, "%s.parts", bc_place_path(output)) < 0 ? NULL : folder;
}

/* NULL, and errno, where it is not there or no text of ours. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? calloc(1, MAX_SETTINGS + 1) : NULL;
    if (text && fread(text, 1, MAX_SETTINGS, file) == 0) {
        free(text);
        text = NULL;
        errno = EINVAL;
    }
    if (file)
        fclose(file);
    return text;
}

static bc_status write_text(const char *path, const char *text, const bc_log *log)
{
    char *temporary;
    const int fd = bc_temporary_create(&temporary, path);
    if (fd < 0)
        return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    const size_t length = strlen(text);
    bool is_good = write(fd, text, length) == (ssize_t)length;
    is_good &= close(fd) == 0;
    if (!is_good || rename(temporary, path) != 0) {
        unlink(temporary);
        is_good = false;
    }
    free(temporary);
    return is_good ? BC_OK : bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

/* The first line that differs. */
static bc_status compare(const bc_parts *parts, const char *there, const char *wanted)
{
    while (*there && *wanted) {
        const size_t a = strcspn(there, "\n"), b = strcspn(wanted, "\n");
        if (a != b || memcmp(there, wanted, a) != 0)
            break;
        there += a + (there[a] == '\n');
        wanted += b + (wanted[b] == '\n');
    }
    if (!*there && !*wanted)
        return BC_OK;
    const int a = (int)strcspn(there, "\n"), b = (int)strcspn(wanted, "\n");
    return bc_fail(&parts->params.log, BC_ERR_MISMATCH,
                   "%s was begun with other settings, '%.*s', not '%.*s': delete it to begin anew",
                   parts->folder, a, there, b, wanted);
}

static bc_status check_settings(const bc_parts *parts)
{
    const bc_parts_params *params = &parts->params;
    char *path = path_in(parts->folder, "settings");
    if (!path)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: no memory", params->output);
    bc_status status = BC_OK;
    if (access(path, F_OK) != 0)
        status = write_text(path, params->settings, &params->log);
    char *there = status == BC_OK ? read_text(path) : NULL;
    if (there)
        status = compare(parts, there, params->settings);
    else if (status == BC_OK)
        status = bc_fail(&params->log, BC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    free(there);
    free(path);
    return status;
}

char *bc_parts_settings(const char *output, const bc_log *log)
{
    char *folder = folder_of(output), *path = folder ? path_in(folder, "settings") : NULL;
    char *text = path ? read_text(path) : NULL;
    if (!text)
        bc_log_write(log, BC_LOG_ERROR, "%s: there are no parts of it: cannot read %s: %s", output,
                     path ? path : "them", strerror(errno));
    free(path);
    free(folder);
    return text;
}

/* Life ------------------------------------------------------------------------------------- */

bc_status bc_parts_open(bc_parts **parts_out, const bc_parts_params *params)
{
    bc_parts *parts = *parts_out = calloc(1, sizeof(*parts));
    if (!parts || !(parts->folder = folder_of(params->output))) {
        bc_parts_close(parts_out);
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: no memory", params->output);
    }
    parts->params = *params;
    bc_status status = BC_OK;
    if (params->settings)
        status = bc_folder_make(parts->folder, &params->log);
    if (status == BC_OK && params->settings)
        status = check_settings(parts);
    if (status < 0)
        bc_parts_close(parts_out);
    return status;
}

void bc_parts_close(bc_parts **parts)
{
    if (!parts || !*parts)
        return;
    free((*parts)->folder);
    free(*parts);
    *parts = NULL;
}

const char *bc_parts_folder(const bc_parts *parts)
{
    return parts->folder;
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), n = strlen(ending);
    return length > n && strcmp(name + length - n, ending) == 0;
}

void bc_parts_remove(const bc_parts *parts)
{
    DIR *folder = opendir(parts->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (strcmp(name, "settings") == 0 || ends_with(name, ".packets") ||
            ends_with(name, ".part"))
            unlinkat(dirfd(folder), name, 0);
    }
    if (folder)
        closedir(folder);
    rmdir(parts->folder); /* where somebody has put something of theirs, it stays */
}

/* Times ------------------------------------------------------------------------------------ */

int64_t bc_parts_begin_us(const bc_parts *parts, int number)
{
    const bc_parts_params *params = &parts->params;
    return params->count == 0
               ? number * (int64_t)BC_PART_US
               : av_rescale_rnd(params->duration_us, number, params->count, AV_ROUND_UP);
}

int bc_parts_at(const bc_parts *parts, int64_t time_us)
{
    const bc_parts_params *params = &parts->params;
    const int last = params->count > 0 ? params->count - 1 : BC_MAX_PARTS;
    int low = 0, high = last; /* the last one that begins at that time or before */
    while (low < high) {
        const int middle = low + (high - low + 1) / 2;
        if (bc_parts_begin_us(parts, middle) <= time_us)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

int bc_parts_after(const bc_parts *parts, int number)
{
    return number + 1 < parts->params.count ? number + 1 : -1;
}

/* Parts ------------------------------------------------------------------------------------ */

char *bc_parts_path(const bc_parts *parts, int number)
{
    char *path;
    return asprintf(&path, "%s/%06d.packets", parts->folder, number) < 0 ? NULL : path;
}

bool bc_parts_has(const bc_parts *parts, int number)
{
    char *path = bc_parts_path(parts, number);
    const bool is_there = path && access(path, F_OK) == 0;
    free(path);
    return is_there;
}

bc_status bc_parts_read(const bc_parts *parts, int number, int *next, int64_t *n_damaged)
{
    const bc_log *log = &parts->params.log;
    char *path = bc_parts_path(parts, number);
    AVPacket *packet = av_packet_alloc();
    bc_part_reader part = {0};
    bc_status status = path && packet ? bc_part_open(&part, path, log)
                                      : bc_fail(log, BC_ERR_MEMORY, "%s: no memory", parts->folder);
    while (status == BC_OK) {
        status = bc_part_read(&part, packet);
        av_packet_unref(packet);
    }
    *next = part.next;
    *n_damaged = part.n_damaged;
    bc_part_close(&part);
    av_packet_free(&packet);
    free(path);
    return status == BC_END ? BC_OK : status;
}

static void name_missing(const bc_parts *parts, int number)
{
    const bc_log *log = &parts->params.log;
    if (parts->params.count > 0)
        bc_log_write(log, BC_LOG_ERROR, "%s: part %d of %d is missing", parts->folder, number + 1,
                     parts->params.count);
    else
        bc_log_write(log, BC_LOG_ERROR, "%s: the film is not complete: %06d.packets is missing",
                     parts->folder, number);
}

int bc_parts_find_missing(const bc_parts *parts, bool is_named)
{
    int first = -1;
    int64_t n_damaged;
    for (int number = 0, next; number >= 0; number = next) {
        const bool is_there = bc_parts_has(parts, number);
        const bool is_whole = is_there && bc_parts_read(parts, number, &next, &n_damaged) == BC_OK;
        if (!is_there && is_named)
            name_missing(parts, number);
        if (!is_whole && first < 0)
            first = number;
        if (parts->params.count > 0)
            next = bc_parts_after(parts, number);
        else if (!is_whole || next <= number)
            break;
    }
    return first;
}
