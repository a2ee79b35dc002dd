#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TRIES = 100, MAX_HOST = 64, ENDING_SIZE = 128 };

static void make_ending(char ending[ENDING_SIZE], int try)
{
    char host[MAX_HOST + 1] = "", number[16] = "";
    if (gethostname(host, MAX_HOST) != 0)
        host[0] = '\0';
    host[strcspn(host, "./")] = '\0';
    if (try > 0)
        snprintf(number, sizeof(number), "-%d", try);
    snprintf(ending, ENDING_SIZE, ".%s-%d%s.part", host, (int)getpid(), number);
}

/* The bytes of `path` that leave room for the ending: whole characters of UTF-8. */
static int length_before(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t length = strlen(base), room = NAME_MAX - strlen(ending);
    if (length > room)
        for (length = room; length > 0 && (base[length] & 0xC0) == 0x80;)
            length--;
    return (int)(base - path) + (int)length;
}

int bc_temporary_create(char **name, const char *path)
{
    char ending[ENDING_SIZE];
    int fd = -1;
    *name = NULL;
    for (int try = 0; try < MAX_TRIES && fd < 0; try++) {
        make_ending(ending, try);
        if (asprintf(name, "%.*s%s", length_before(path, ending), path, ending) < 0) {
            *name = NULL;
            errno = ENOMEM;
            return -1;
        }
        fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            break;
        const int reason = errno;
        free(*name);
        *name = NULL;
        errno = reason;
        if (reason != EEXIST)
            break;
    }
    return fd;
}
