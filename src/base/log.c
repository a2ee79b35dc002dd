#include "base/log.h"

#include <stdio.h>

static void write_line(const bc_log *log, bc_log_level level, const char *format, va_list args)
{
    if (!log || !log->write)
        return;
    char line[BC_LOG_LINE];
    vsnprintf(line, sizeof(line), format, args);
    log->write(log->cookie, level, line);
}

void bc_log_write(const bc_log *log, bc_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(log, level, format, args);
    va_end(args);
}

bc_status bc_fail(const bc_log *log, bc_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(log, BC_LOG_ERROR, format, args);
    va_end(args);
    return status;
}
