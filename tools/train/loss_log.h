/*
 * loss_log.h: a training's losses as CSV, beside its checkpoints:
 *
 *     step,seconds,identity,content,style,variation,lattice,stability,total
 */
#ifndef BC_TRAIN_LOSS_LOG_H
#define BC_TRAIN_LOSS_LOG_H

#include <stdio.h>

#include "train/lane.h"

/*
 * Begins a new log at step 0; else goes on with the one at `path`, without the lines of later
 * steps, which will be made again. The caller closes the file.
 */
bc_status bc_loss_log_open(FILE **file, const char *path, int64_t step, const bc_log *log);

/* A line; `seconds` are those of the clock since the training's first step. */
bc_status bc_loss_log_write(FILE *file, int64_t step, double seconds, const bc_train_losses *losses,
                            const bc_log *log);

#endif
