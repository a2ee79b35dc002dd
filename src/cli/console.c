#include "cli/console.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool has_progress;
static const char *program = "brushcast";
static atomic_int shown_level = BC_LOG_INFO;

void bc_console_set_name(const char *name)
{
    program = name;
}

const char *bc_console_name(void)
{
    return program;
}

void bc_console_set_level(bc_log_level level)
{
    atomic_store(&shown_level, (int)level);
}

bc_log_level bc_console_level(void)
{
    return (bc_log_level)atomic_load(&shown_level);
}

static void clear_progress(void)
{
    if (has_progress)
        fputs("\r\033[K", stderr);
    has_progress = false;
}

static void print_line(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    if ((int)level > atomic_load(&shown_level))
        return;
    pthread_mutex_lock(&lock);
    clear_progress();
    fprintf(stderr, "%s: %s%s\n", program, level == BC_LOG_WARNING ? "warning: " : "", message);
    pthread_mutex_unlock(&lock);
}

bc_log bc_console_log(void)
{
    return (bc_log){.write = print_line};
}

void bc_console_progress(const char *line)
{
    pthread_mutex_lock(&lock);
    if (line) {
        fprintf(stderr, "\r%s\033[K", line);
        has_progress = true;
    } else if (has_progress) {
        fputc('\n', stderr);
        has_progress = false;
    }
    pthread_mutex_unlock(&lock);
}
