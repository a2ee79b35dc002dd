/*
 * torch_file.h: the tensors of a dictionary that PyTorch has saved (.pth): a zip with a pickle and
 * a file for each storage, or, before version 1.6, pickles and storages one after the other.
 */
#ifndef BC_IMPORT_TORCH_FILE_H
#define BC_IMPORT_TORCH_FILE_H

#include "import/named_tensors.h"

/* Whether bytes are such a file's, by how they begin. */
bool bc_torch_file_is(const uint8_t *bytes, size_t size);

/* The tensors of numbers into an empty list, which the caller closes also after a failure. */
bc_status bc_torch_file_read(bc_named_tensors *list, const uint8_t *bytes, size_t size,
                             const char *path, const bc_log *log);

#endif
