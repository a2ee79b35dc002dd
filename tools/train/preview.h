/* preview.h: a sheet of what a training has come to. */
#ifndef BC_TRAIN_PREVIEW_H
#define BC_TRAIN_PREVIEW_H

#include "train/trainer.h"

/* Each photograph is shown at this size. */
enum { BC_PREVIEW_WIDTH = 384, BC_PREVIEW_HEIGHT = 256 };

/*
 * A picture at `path` with a column for each photograph, its middle: above the photograph itself,
 * then what the identity path makes of it, if there is one, then each style's painting.
 */
bc_status bc_preview_write(const bc_trainer *trainer, const char *path, const bc_photo *photos,
                           int n_photos, const bc_log *log);

#endif
