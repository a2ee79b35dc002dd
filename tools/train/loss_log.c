#include "train/loss_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Stands behind the last whole line of steps up to `step`, and cuts the rest off. */
static int keep_until(FILE *file, int64_t step)
{
    char *line = NULL;
    size_t capacity = 0;
    off_t end = 0;
    while (getline(&line, &capacity, file) > 0 && strchr(line, '\n') &&
           (end == 0 || strtoll(line, NULL, 10) <= step))
        end = ftello(file);
    free(line);
    return fseeko(file, end, SEEK_SET) == 0 && ftruncate(fileno(file), end) == 0;
}

bc_status bc_loss_log_open(FILE **file, const char *path, int64_t step, const bc_log *log)
{
    *file = fopen(path, step == 0 ? "w+" : "r+");
    if (!*file && step > 0 && errno == ENOENT)
        *file = fopen(path, "w+");
    if (!*file || !keep_until(*file, step))
        return bc_fail(log, BC_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (ftello(*file) == 0)
        fputs("step,seconds,identity,content,style,variation,lattice,stability,total\n", *file);
    return BC_OK;
}

bc_status bc_loss_log_write(FILE *file, int64_t step, double seconds, const bc_train_losses *losses,
                            const bc_log *log)
{
    fprintf(file, "%lld,%.1f,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", (long long)step, seconds,
            losses->identity, losses->content, losses->style, losses->variation, losses->lattice,
            losses->stability, losses->total);
    return fflush(file) == 0 ? BC_OK
                             : bc_fail(log, BC_ERR_IO, "the log of losses: %s", strerror(errno));
}
