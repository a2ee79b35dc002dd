/* net_files.h: what a training reads from and writes to the folder of a net (DESIGN.md, "Files").
 */
#ifndef BC_TRAIN_NET_FILES_H
#define BC_TRAIN_NET_FILES_H

#include "model/net.h"
#include "train/trainer.h"

/*
 * Sets `config`'s tables to those of the net in the folder; BC_END if there is none yet. Where a
 * net of format 1 has no styles, n_bank_layers says how deep the first is to be.
 */
bc_status bc_net_files_probe(bc_train_config *config, const char *folder, int n_bank_layers,
                             const bc_log *log);

/*
 * The net's tensors into the trainer, and those of the trainer's styles where the folder has them;
 * a style of another net is left alone. With needs_styles one that is missing or left alone is an
 * error. *n_read: how many styles were read.
 */
bc_status bc_net_files_read(bc_trainer *trainer, const char *folder, bool needs_styles, int *n_read,
                            const bc_log *log);

/* The tensors of the net's style `name` into `style`. BC_ERR_IO if there is none. */
bc_status bc_net_files_read_style(const bc_trainer *trainer, bc_train_style *style,
                                  const char *folder, const char *name, const bc_log *log);

/*
 * The names of the net's styles, in order, as an array to be freed, and their number; both empty
 * where there are none.
 */
typedef struct bc_style_name {
    char text[64];
} bc_style_name;
bc_status bc_net_files_list(bc_style_name **names, int *n_names, const char *folder,
                            const bc_log *log);

/*
 * BC_ERR_ARGUMENT if the trainer would change the net under a style of the folder that it does not
 * train.
 */
bc_status bc_net_files_check(const bc_trainer *trainer, const char *folder, const bc_log *log);

/*
 * Writes the net, unless it is frozen, and the first n_styles of the trainer's styles; makes the
 * folders. Files take the place of older ones when all of them are written: a disk that is full
 * leaves the old net. `command` is what the styles say they were trained by.
 */
bc_status bc_net_files_write(const bc_trainer *trainer, const char *folder, int n_styles,
                             const char *command, const bc_log *log);

#endif
