#include "media/destination.h"

#include <errno.h>
#include <libavutil/avstring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "media/input.h"

/* Protocols and devices whose names say nothing about the container. */
static const char *usual_format(const char *name)
{
    static const struct {
        const char *start, *format;
    } table[] = {{"rtmp", "flv"},       {"rtsp:", "rtsp"},     {"udp:", "mpegts"},
                 {"srt:", "mpegts"},    {"tcp:", "mpegts"},    {"rtp:", "rtp_mpegts"},
                 {"pipe:", "matroska"}, {"/dev/video", "v4l2"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (av_strstart(name, table[i].start, NULL))
            return table[i].format;
    return NULL;
}

static bc_status find_container(bc_destination *destination, const char *name,
                                const bc_writer_params *params)
{
    const char *format = params->format ? params->format : usual_format(name);
    destination->container = av_guess_format(format, format ? NULL : name, NULL);
    if (destination->container)
        return BC_OK;
    if (params->format)
        return bc_fail(&params->log, BC_ERR_ARGUMENT, "there is no output format '%s'", format);
    return bc_fail(&params->log, BC_ERR_ARGUMENT,
                   "%s: its name does not say which format to write (--output-format says it)",
                   name);
}

/* A local file's path of what may be a URL. */
static const char *path_of(const char *name)
{
    av_strstart(name, "file:", &name);
    return name;
}

static bool is_same_file(const struct stat *a, const char *name)
{
    struct stat b;
    return name && stat(path_of(name), &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
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

static bool is_local_file(const char *name)
{
    const char *protocol = avio_find_protocol_name(name);
    return protocol && strcmp(protocol, "file") == 0;
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
    const bool is_pictures = strcmp(container->name, "image2") == 0;
    destination->is_picture =
        is_pictures && av_filename_number_test(name) == 0 && is_local_file(name);
    bool is_special = false;
    if (!is_local_file(name) || (container->flags & AVFMT_NOFILE && !destination->is_picture))
        is_special = true;
    else
        status = check_existing(path_of(name), source, params, &is_special);
    if (status < 0)
        return status;
    if (!is_special) {
        destination->path = strdup(path_of(name));
        if (asprintf(&destination->url, "%s.%d.part", path_of(name), (int)getpid()) < 0)
            destination->url = NULL;
    } else {
        destination->url = strdup(name);
    }
    return destination->url ? BC_OK : bc_fail(&params->log, BC_ERR_MEMORY, "%s: no memory", name);
}

bc_status bc_destination_commit(bc_destination *destination, const bc_log *log)
{
    if (!destination->path)
        return BC_OK;
    if (rename(destination->url, destination->path) != 0)
        return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", destination->path, strerror(errno));
    free(destination->path);
    destination->path = NULL;
    return BC_OK;
}

void bc_destination_close(bc_destination *destination)
{
    if (destination->path)
        unlink(destination->url);
    free(destination->path);
    free(destination->url);
    *destination = (bc_destination){0};
}
