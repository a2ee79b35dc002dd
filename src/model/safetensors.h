/*
 * model/: the files of a net, read, checked and held: tensors, the auto-encoder, style banks and
 * the library of a folder. It computes nothing.
 *
 * safetensors.h: the container of all our files.
 *
 *     8 bytes     length n of the header, little-endian
 *     n bytes     JSON: {"NAME": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]},
 * ...,
 *                 "__metadata__": {"KEY": "VALUE", ...}}
 *     the rest    the tensors' bytes, little-endian, row-major; offsets count from here
 *
 * A file is untrusted. Opening it checks everything that the format promises: the header's length
 * and JSON, duplicate names, dtypes, shapes whose product overflows, offsets that are out of the
 * file, that overlap, leave gaps or disagree with the shape. Memory taken is a small multiple of
 * the file's size. Source: https://github.com/huggingface/safetensors, "Format".
 */
#ifndef BC_MODEL_SAFETENSORS_H
#define BC_MODEL_SAFETENSORS_H

#include "brushcast.h"

enum { BC_TENSOR_MAX_DIMS = 8 };

typedef enum bc_dtype { BC_DTYPE_U8, BC_DTYPE_F32, BC_DTYPE_OTHER } bc_dtype;

typedef struct bc_tensor {
    const char *name;
    bc_dtype dtype;
    int n_dims;
    int64_t shape[BC_TENSOR_MAX_DIMS]; /* outermost first */
    const void *data;                  /* size_bytes, aligned to 16 bytes when read from a file */
    size_t size_bytes;
} bc_tensor;

typedef struct bc_metadata {
    const char *key, *value;
} bc_metadata;

typedef struct bc_safetensors bc_safetensors;

/* Reads and checks the whole file. All pointers got from it live until it is closed. */
bc_status bc_safetensors_open(bc_safetensors **file, const char *path, const bc_log *log);
/* The same of `size` bytes in memory, which are copied; messages call them `name`. */
bc_status bc_safetensors_parse(bc_safetensors **file, const void *bytes, size_t size,
                               const char *name, const bc_log *log);
/* The same file for one more, who closes it too. Threads: any. */
bc_safetensors *bc_safetensors_ref(bc_safetensors *file);
/* The last to close it frees it. */
void bc_safetensors_close(bc_safetensors **file);

/* Tensors in order of name (byte-wise). */
int bc_safetensors_count(const bc_safetensors *file);
const bc_tensor *bc_safetensors_at(const bc_safetensors *file, int index);
/* NULL if there is none of that name. */
const bc_tensor *bc_safetensors_find(const bc_safetensors *file, const char *name);
/* The value of a key of __metadata__, or NULL. */
const char *bc_safetensors_metadata(const bc_safetensors *file, const char *key);

/*
 * Writes a file whole or not at all: to a temporary name beside `path`, then renamed; an old file
 * survives every failure. Tensors' data must be little-endian; dtypes U8 and F32. BC_ERR_ARGUMENT
 * for a name that is there twice, a text that is no UTF-8 or a size that disagrees with its shape.
 */
bc_status bc_safetensors_write(const char *path, const bc_tensor *tensors, int n_tensors,
                               const bc_metadata *metadata, int n_metadata, const bc_log *log);

#endif
