/*
 * ncnn.h: the weights of a fast_neural_style net as ncnn stores them: of each convolution a tag,
 * weights [out, in, k, k] of 16 bits, filled up to four bytes, and biases of 32; of each
 * normalisation scales and shifts of 32 bits. The file has no names: the net's shape is its format.
 */
#ifndef BC_IMPORT_NCNN_H
#define BC_IMPORT_NCNN_H

#include "import/named_tensors.h"

/* Whether bytes are such a file's, by its first four. */
bool bc_ncnn_is(const uint8_t *bytes, size_t size);

/* The tensors, with their names in PyTorch, into an empty list. */
bc_status bc_ncnn_read(bc_named_tensors *list, const uint8_t *bytes, size_t size, const char *path,
                       const bc_log *log);

#endif
