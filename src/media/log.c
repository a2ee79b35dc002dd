#include "media/log.h"

#include <libavutil/log.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "media/complaint.h"

/* The one exception to "no process-wide state": av_log_set_callback takes no cookie. */
static _Atomic(const bc_log *) process_log;

static void forward(void *object, int level, const char *format, va_list args)
{
    if (level > AV_LOG_WARNING)
        return;
    if (level <= AV_LOG_ERROR)
        bc_complaint_count(object, format);
    char line[BC_LOG_LINE];
    int print_prefix = 1;
    av_log_format_line2(object, level, format, args, line, sizeof(line), &print_prefix);
    line[strcspn(line, "\n")] = '\0';
    bc_log_write(atomic_load(&process_log), BC_LOG_DEBUG, "%s", line);
}

void bc_media_log(const bc_log *log)
{
    atomic_store(&process_log, log);
    av_log_set_callback(forward);
}
