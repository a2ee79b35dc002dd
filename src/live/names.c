#include "live/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { MAX_TRIES = 1000, MAX_FOLDER = 768, MAX_LINE = 1024 };

/* Folders ---------------------------------------------------------------------------------- */

/* The value of a line like XDG_VIDEOS_DIR="$HOME/Videos"; false: it is another line. */
static bool take_folder(const char *line, const char *key, char folder[MAX_FOLDER])
{
    const size_t length = strlen(key);
    const char *home = getenv("HOME"), *value = line + length;
    if (strncmp(line, key, length) != 0 || strncmp(value, "=\"", 2) != 0)
        return false;
    value += 2;
    const bool is_at_home = strncmp(value, "$HOME", 5) == 0;
    if (is_at_home)
        value += 5;
    snprintf(folder, MAX_FOLDER, "%s%.*s", is_at_home && home ? home : "",
             (int)strcspn(value, "\"\n"), value);
    return true;
}

/* What $XDG_CONFIG_HOME/user-dirs.dirs says. */
static bool read_folder(const char *key, char folder[MAX_FOLDER])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char path[MAX_LINE], line[MAX_LINE];
    if (config && *config)
        snprintf(path, sizeof(path), "%s/user-dirs.dirs", config);
    else
        snprintf(path, sizeof(path), "%s/.config/user-dirs.dirs", home ? home : "");
    FILE *file = fopen(path, "r");
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof(line), file))
        is_found = take_folder(line, key, folder);
    if (file)
        fclose(file);
    return is_found;
}

/* The user's folder for files of that ending. */
static void find_folder(const char *ending, char folder[MAX_FOLDER])
{
    const bool is_picture = strcmp(ending, "png") == 0;
    const char *home = getenv("HOME");
    if (!read_folder(is_picture ? "XDG_PICTURES_DIR" : "XDG_VIDEOS_DIR", folder))
        snprintf(folder, MAX_FOLDER, "%s/%s", home ? home : "", is_picture ? "Pictures" : "Videos");
    if (access(folder, W_OK) != 0)
        snprintf(folder, MAX_FOLDER, "%s", home ? home : "/tmp");
}

/* Names ------------------------------------------------------------------------------------ */

/* Creates the first of FOLDERstem.ending, FOLDERstem-2.ending, ... that is not there. */
static bool create_in(const char *folder, const char *stem, const char *ending, char *path,
                      size_t size)
{
    for (int i = 1; i <= MAX_TRIES; i++) {
        char number[16] = "";
        if (i > 1)
            snprintf(number, sizeof(number), "-%d", i);
        snprintf(path, size, "%s%s%s.%s", folder, stem, number, ending);
        const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            close(fd);
        if (fd >= 0 || errno != EEXIST)
            return fd >= 0;
    }
    return false;
}

bc_status bc_name_create(char *path, size_t size, const char *style, const char *ending,
                         const bc_log *log)
{
    char folder[MAX_FOLDER + 1], stem[160], date[32];
    struct tm local;
    const time_t now = time(NULL);
    strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", localtime_r(&now, &local));
    snprintf(stem, sizeof(stem), "brushcast-%s-%.100s", date, style);
    if (create_in("", stem, ending, path, size))
        return BC_OK;
    find_folder(ending, folder);
    strcat(folder, "/");
    if (create_in(folder, stem, ending, path, size))
        return BC_OK;
    return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

void bc_name_drop(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && info.st_size == 0)
        unlink(path);
}
