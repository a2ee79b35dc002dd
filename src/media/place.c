#include "media/place.h"

#include <libavformat/avio.h>
#include <libavutil/avstring.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 40 };

bool bc_place_is_file(const char *name)
{
    if (strcmp(name, "-") == 0)
        return false;
    const char *protocol = avio_find_protocol_name(name);
    const bool is_url = protocol ? strcmp(protocol, "file") != 0 : strstr(name, "://") != NULL;
    return !is_url || access(name, F_OK) == 0;
}

const char *bc_place_path(const char *name)
{
    if (access(name, F_OK) != 0)
        av_strstart(name, "file:", &name);
    return name;
}

char *bc_place_url(const char *name)
{
    char *url;
    if (!bc_place_is_file(name))
        return strdup(name);
    return asprintf(&url, "file:%s", bc_place_path(name)) < 0 ? NULL : url;
}

char *bc_place_follow(const char *path)
{
    char target[PATH_MAX], *place = strdup(path);
    for (int i = 0; place && i < MAX_LINKS; i++) {
        const ssize_t length = readlink(place, target, sizeof(target) - 1);
        if (length < 0)
            return place; /* no link */
        target[length] = '\0';
        const char *slash = target[0] == '/' ? NULL : strrchr(place, '/');
        char *next = NULL;
        if (asprintf(&next, "%.*s%s", slash ? (int)(slash + 1 - place) : 0, place, target) < 0)
            next = NULL;
        free(place);
        place = next;
    }
    free(place);
    return NULL;
}
