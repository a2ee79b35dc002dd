/*
 * checkpoint.h: the whole state of a trainer in one safetensors file, written whole or not at all:
 * a training that goes on from it makes the same bits as one that was never interrupted.
 *
 *     net.values, .identity.mean, .identity.square, .style.mean, .style.square
 *     style.NAME.values, .mean, .square
 */
#ifndef BC_TRAIN_CHECKPOINT_H
#define BC_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

bc_status bc_checkpoint_write(const char *path, const bc_trainer *trainer, const bc_log *log);

/*
 * Into a trainer that was opened with the same configuration, styles and number of photographs and,
 * where it is frozen, has read the same net;
 * BC_ERR_MISMATCH, saying what differs, if it was not.
 */
bc_status bc_checkpoint_read(bc_trainer *trainer, const char *path, const bc_log *log);

#endif
