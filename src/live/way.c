#include "live/way.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

static const struct kind {
    const char *prefix, *ending;
    bc_way way;
} kinds[] = {
    {"/dev/video", NULL, {.format = "v4l2", .is_peer = true}},
    {"rtmp:", NULL, {"flv", "veryfast", "tune=zerolatency:g=60", .is_peer = true}},
    {"udp:", NULL, {"mpegts", "veryfast", "tune=zerolatency:g=60", .is_peer = true}},
    {"tcp:", NULL, {"mpegts", "veryfast", "tune=zerolatency:g=60", .is_peer = true}},
    {"srt:", NULL, {"mpegts", "veryfast", "tune=zerolatency:g=60", .is_peer = true}},
    {NULL, ".webm", {.options = "deadline=realtime:cpu-used=8"}},
    {NULL, ".mp4", {.preset = "veryfast"}},
    {NULL, ".m4v", {.preset = "veryfast"}},
    {NULL, ".mov", {.preset = "veryfast"}},
    {NULL, ".mkv", {.preset = "veryfast"}},
    {NULL, ".ts", {.preset = "veryfast"}},
    {NULL, ".flv", {.preset = "veryfast"}},
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static bool is_pipe(const char *url)
{
    struct stat info;
    return strcmp(url, "-") == 0 || begins_with(url, "pipe:") ||
           (stat(url, &info) == 0 && S_ISFIFO(info.st_mode));
}

/* Without an ending that says the format, a pipe gets Matroska. */
static bc_way pipe_way(const char *url, bc_way way)
{
    const char *slash = strrchr(url, '/');
    if (!strchr(slash ? slash : url, '.'))
        way = (bc_way){.format = "matroska", .preset = "veryfast"};
    way.is_peer = true;
    if (way.preset)
        way.options = "tune=zerolatency";
    return way;
}

/* "pipewire" or "pipewire:NAME". */
static const char *camera_name(const char *url)
{
    if (strcmp(url, "pipewire") == 0)
        return "Brushcast";
    const char *name = begins_with(url, "pipewire:") ? strchr(url, ':') + 1 : "";
    return *name ? name : NULL;
}

bc_way bc_way_find(const char *url)
{
    bc_way found = {.camera = camera_name(url)};
    found.is_peer = found.camera != NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !found.camera; i++) {
        const struct kind *kind = &kinds[i];
        if (kind->prefix ? begins_with(url, kind->prefix) : ends_with(url, kind->ending)) {
            found = kind->way;
            break;
        }
    }
    return is_pipe(url) ? pipe_way(url, found) : found;
}
