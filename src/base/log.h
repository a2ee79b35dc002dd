/*
 * base/: what every folder stands on: messages, memory, processors, threads, queues, time.
 * It knows nothing about pictures or networks.
 *
 * log.h: writes one formatted line to a bc_log. Threads: any. Messages longer than a line of
 * BC_LOG_LINE bytes are cut. Debug messages are never written once a frame.
 */
#ifndef BC_BASE_LOG_H
#define BC_BASE_LOG_H

#include <stdarg.h>

#include "brushcast.h"

enum { BC_LOG_LINE = 1024 };

void bc_log_write(const bc_log *log, bc_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes an error and returns `status`, so that a failure is one statement where it is found. */
bc_status bc_fail(const bc_log *log, bc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
