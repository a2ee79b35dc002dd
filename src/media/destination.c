#include "media/destination.h"

#include <errno.h>
#include <libavutil/avstring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/temporary.h"
#include "media/input.h"
#include "media/place.h"

/* Protocols and devices whose names say nothing about the container. */
static const char *usual_format(const char *name)
{
    static const struct {
        const char *start, *format;
    } table[] = {{"rtmp", "flv"},      {"rtsp:", "rtsp"},  {"udp:", "mpegts"},
                 {"srt:", "mpegts"},   {"tcp:", "mpegts"}, {"rtp:", "rtp_mpegts"},
                 {"pipe:", "matroska"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (av_strstart(name, table[i].start, NULL))
            return table[i].format;
    return NULL;
}

static bc_status find_container(bc_destination *destination, const char *name,
                                const bc_writer_params *params)
{
    const char *format = params->format, *option = params->format_option;
    if (!format && !bc_place_is_file(name))
        format = usual_format(name);
    destination->container = av_guess_format(format, format ? NULL : name, NULL);
    if (destination->container)
        return BC_OK;
    if (params->format)
        return bc_fail(&params->log, BC_ERR_ARGUMENT, "there is no output format '%s'", format);
    return bc_fail(&params->log, BC_ERR_ARGUMENT,
                   "%s: its name does not say which format to write%s%s", name,
                   option ? "; say it with " : "", option ? option : "");
}

static bool is_same_file(const struct stat *a, const char *name)
{
    struct stat b;
    return name && stat(bc_place_path(name), &b) == 0 && a->st_dev == b.st_dev &&
           a->st_ino == b.st_ino;
}

static bc_status check_existing(const char *path, const bc_reader *source,
                                const bc_writer_params *params, bool *is_special)
{
    struct stat existing;
    *is_special = false;
    if (stat(path, &existing) != 0)
        return BC_OK;
    if (source && is_same_file(&existing, bc_reader_input(source)->url))
        return bc_fail(&params->log, BC_ERR_IO, "%s: the output is the input", path);
    if (S_ISDIR(existing.st_mode))
        return bc_fail(&params->log, BC_ERR_IO, "%s is a folder", path);
    *is_special = !S_ISREG(existing.st_mode);
    if (!*is_special && !params->overwrite)
        return bc_fail(&params->log, BC_ERR_IO, "%s exists (-y overwrites it)", path);
    if (!*is_special && access(path, W_OK) != 0)
        return bc_fail(&params->log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    return BC_OK;
}

/* What the temporary file is named after, to be freed; NULL: no memory. */
static char *temporary_path(const char *path, const char *folder)
{
    const char *slash = strrchr(path, '/');
    char *other;
    if (!folder)
        return strdup(path);
    return asprintf(&other, "%s/%s", folder, slash ? slash + 1 : path) < 0 ? NULL : other;
}

/* A temporary file beside the place that the path leads to, or in a folder of its own. */
static bc_status open_temporary(bc_destination *destination, const char *path, const char *folder,
                                const bc_log *log)
{
    destination->path = bc_place_follow(path);
    if (!destination->path)
        return bc_fail(log, BC_ERR_IO, "cannot write %s: its links do not end", path);
    char *named = temporary_path(destination->path, folder);
    const int fd = named ? bc_temporary_create(&destination->temporary, named) : -1;
    free(named);
    if (fd < 0)
        return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    close(fd);
    destination->url = bc_place_url(destination->temporary);
    return BC_OK;
}

bc_status bc_destination_open(bc_destination *destination, const char *name,
                              const bc_reader *source, const bc_writer_params *params)
{
    *destination = (bc_destination){0};
    if (strcmp(name, "-") == 0)
        name = "pipe:1";
    bc_status status = find_container(destination, name, params);
    if (status < 0)
        return status;
    const AVOutputFormat *container = destination->container;
    const bool is_file = bc_place_is_file(name);
    destination->is_picture =
        strcmp(container->name, "image2") == 0 && av_filename_number_test(name) == 0 && is_file;
    bool is_special = !is_file || (container->flags & AVFMT_NOFILE && !destination->is_picture);
    if (!is_special)
        status = check_existing(bc_place_path(name), source, params, &is_special);
    if (status == BC_OK && params->parts)
        return BC_OK;
    if (status == BC_OK && !is_special)
        status = open_temporary(destination, bc_place_path(name), params->temporary_folder,
                                &params->log);
    else if (status == BC_OK)
        destination->url = bc_place_url(name);
    if (status < 0)
        return status;
    return destination->url ? BC_OK : bc_fail(&params->log, BC_ERR_MEMORY, "%s: no memory", name);
}

bc_status bc_destination_commit(bc_destination *destination, const bc_log *log)
{
    if (!destination->temporary)
        return BC_OK;
    if (rename(destination->temporary, destination->path) != 0)
        return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", destination->path, strerror(errno));
    free(destination->temporary);
    destination->temporary = NULL;
    return BC_OK;
}

void bc_destination_keep(bc_destination *destination, const bc_log *log)
{
    struct stat info;
    const char *temporary = destination->temporary;
    if (temporary && stat(temporary, &info) == 0 && info.st_size > 0 &&
        bc_destination_commit(destination, log) == BC_OK)
        bc_log_write(log, BC_LOG_WARNING, "%s: it is kept up to where it broke off",
                     destination->path);
}

void bc_destination_close(bc_destination *destination)
{
    if (destination->temporary)
        unlink(destination->temporary);
    free(destination->temporary);
    free(destination->path);
    free(destination->url);
    *destination = (bc_destination){0};
}
