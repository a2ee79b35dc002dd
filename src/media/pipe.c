#include "media/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/avstring.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "media/place.h"
#include "media/versions.h"

enum { LOOK_MS = 50, BUFFER_BYTES = 1 << 16 };

typedef struct pipe_end {
    int fd;
    bool is_own; /* opened here, and does not block: others may share stdin and stdout */
    AVIOInterruptCB interrupt;
} pipe_end;

/* The number of "-" and "pipe:N"; -1: it is a path. */
static int number_of(const char *name, bool writes)
{
    const char *number;
    if (av_strcasecmp(name, "-") == 0 || av_strcasecmp(name, "pipe:") == 0)
        return writes ? STDOUT_FILENO : STDIN_FILENO;
    if (!av_strstart(name, "pipe:", &number) || bc_place_is_file(name))
        return -1;
    return atoi(number);
}

bool bc_pipe_is(const char *name)
{
    struct stat info;
    if (number_of(name, false) >= 0)
        return true;
    return stat(bc_place_path(name), &info) == 0 && S_ISFIFO(info.st_mode);
}

static bool is_stopped(const pipe_end *end)
{
    return end->interrupt.callback && end->interrupt.callback(end->interrupt.opaque);
}

/* 0 when there is something to read or room to write, or the other end is gone. */
static int wait_for(const pipe_end *end, short event)
{
    struct pollfd fd = {.fd = end->fd, .events = event};
    while (!is_stopped(end)) {
        const int n = poll(&fd, 1, LOOK_MS);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return AVERROR(errno);
    }
    return AVERROR_EXIT;
}

static int read_some(void *cookie, uint8_t *bytes, int size)
{
    const pipe_end *end = cookie;
    ssize_t n = -1;
    do {
        const int error = wait_for(end, POLLIN);
        if (error < 0)
            return error;
        n = read(end->fd, bytes, (size_t)size);
    } while (n < 0 && (errno == EAGAIN || errno == EINTR));
    return n > 0 ? (int)n : n == 0 ? AVERROR_EOF : AVERROR(errno);
}

/* A pipe with room takes PIPE_BUF bytes without blocking. */
static int write_all(void *cookie, bc_written_byte *bytes, int size)
{
    const pipe_end *end = cookie;
    for (int done = 0; done < size;) {
        const int error = wait_for(end, POLLOUT);
        if (error < 0)
            return error;
        const int most = end->is_own ? size - done : FFMIN(size - done, PIPE_BUF);
        const ssize_t n = write(end->fd, bytes + done, (size_t)most);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return AVERROR(errno);
        done += n > 0 ? (int)n : 0;
    }
    return size;
}

/* To write it can only be opened once somebody reads. */
static int open_path(pipe_end *end, const char *path, bool writes)
{
    path = bc_place_path(path);
    end->is_own = true;
    while (!is_stopped(end)) {
        end->fd = open(path, (writes ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
        if (end->fd >= 0)
            return 0;
        if (errno != ENXIO && errno != EINTR)
            return AVERROR(errno);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return AVERROR_EXIT;
}

static void free_end(pipe_end *end)
{
    if (end->is_own && end->fd >= 0)
        close(end->fd);
    av_free(end);
}

int bc_pipe_open(AVIOContext **io, const char *name, bool writes, const AVIOInterruptCB *interrupt)
{
    *io = NULL;
    pipe_end *end = av_mallocz(sizeof(*end));
    unsigned char *buffer = av_malloc(BUFFER_BYTES);
    int error = end && buffer ? 0 : AVERROR(ENOMEM);
    if (error == 0) {
        *end = (pipe_end){.fd = number_of(name, writes), .interrupt = *interrupt};
        error = end->fd >= 0 ? 0 : open_path(end, name, writes);
    }
    if (error == 0) {
        *io = avio_alloc_context(buffer, BUFFER_BYTES, writes, end, writes ? NULL : read_some,
                                 writes ? write_all : NULL, NULL);
        error = *io ? 0 : AVERROR(ENOMEM);
    }
    if (error < 0) {
        if (end)
            free_end(end);
        av_free(buffer);
        return error;
    }
    (*io)->seekable = 0;
    return 0;
}

int bc_pipe_close(AVIOContext **io)
{
    if (!io || !*io)
        return 0;
    if ((*io)->write_flag)
        avio_flush(*io);
    const int error = (*io)->error;
    free_end((*io)->opaque);
    av_freep(&(*io)->buffer);
    avio_context_free(io);
    return error;
}
