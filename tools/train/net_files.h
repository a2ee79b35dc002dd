/* net_files.h: what a training reads from and writes to the folder of a net (DESIGN.md, "Files").
 */
#ifndef BC_TRAIN_NET_FILES_H
#define BC_TRAIN_NET_FILES_H

#include "train/trainer.h"

/*
 * Sets `config`'s widths and upsample to those of the net's auto-encoder, and, if that is frozen,
 * n_bank_layers to that of its banks; BC_END if the folder has none yet.
 */
bc_status bc_net_files_probe(bc_train_config *config, const char *folder, const bc_log *log);

/*
 * The net's auto-encoder into the trainer, and the banks of the trainer's styles where the folder
 * has them; a bank of another auto-encoder or with other layers is left alone. With needs_banks a
 * bank that is missing or left alone is an error.
 */
bc_status bc_net_files_read(bc_trainer *trainer, const char *folder, bool needs_banks,
                            const bc_log *log);

/*
 * BC_ERR_ARGUMENT if the trainer would change the auto-encoder under a bank of the folder that it
 * does not train.
 */
bc_status bc_net_files_check(const bc_trainer *trainer, const char *folder, const bc_log *log);

/*
 * Writes the auto-encoder, unless it is frozen, and the trainer's banks; makes the folders. Files
 * take the place of older ones when all of them are written: a disk that is full leaves the old
 * net. `command` is what the banks say they were trained by.
 */
bc_status bc_net_files_write(const bc_trainer *trainer, const char *folder, const char *command,
                             const bc_log *log);

/*
 * A picture at `path`: a row for each of the first n_photos validation photographs; in it the
 * photograph, the identity path's result, and each style's painting.
 */
bc_status bc_trainer_sheet(bc_trainer *trainer, const char *path, int n_photos, const bc_log *log);

#endif
