/* nearest.h: which style of a net a new one is most like. */
#ifndef BC_TRAIN_NEAREST_H
#define BC_TRAIN_NEAREST_H

#include "train/net_files.h"

/*
 * The trainer's style `style` starts from that of the net's styles `names` whose paintings of two
 * validation photographs have the lowest style loss for it. Where the net has none, it stays as it
 * is.
 */
bc_status bc_nearest_style(bc_trainer *trainer, int style, const char *folder,
                           const bc_style_name *names, int n_names, const bc_log *log);

#endif
