#include "live/reason.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"

/* FNV-1a. */
static uint64_t hash_of(const char *line)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *line; line++)
        hash = (hash ^ (uint8_t)*line) * 0x100000001b3u;
    return hash;
}

static bool is_new(bc_reason *reason, const char *line)
{
    const uint64_t hash = hash_of(line);
    for (unsigned i = 0; i < BC_REASON_LINES && i < reason->n_passed; i++)
        if (reason->passed[i] == hash)
            return false;
    reason->passed[reason->n_passed++ % BC_REASON_LINES] = hash;
    return true;
}

static void take_line(void *cookie, bc_log_level level, const char *line)
{
    bc_reason *reason = cookie;
    pthread_mutex_lock(&reason->lock);
    const bool is_passed = is_new(reason, line);
    if (level == BC_LOG_ERROR && !reason->text[0])
        snprintf(reason->text, sizeof(reason->text), "%s", line);
    pthread_mutex_unlock(&reason->lock);
    if (is_passed)
        bc_log_write(&reason->next, level, "%s", line);
}

void bc_reason_init(bc_reason *reason, const bc_log *next)
{
    *reason = (bc_reason){.next = *next};
    pthread_mutex_init(&reason->lock, NULL);
}

void bc_reason_free(bc_reason *reason)
{
    pthread_mutex_destroy(&reason->lock);
}

bc_log bc_reason_log(bc_reason *reason)
{
    return (bc_log){.write = take_line, .cookie = reason};
}

void bc_reason_get(bc_reason *reason, char text[BC_REASON_SIZE])
{
    pthread_mutex_lock(&reason->lock);
    snprintf(text, BC_REASON_SIZE, "%s", reason->text);
    pthread_mutex_unlock(&reason->lock);
}
