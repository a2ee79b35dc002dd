/*
 * params.h: structs of brushcast.h that may grow. The first field of each is `size`, which tells
 * how much of the struct a caller knows.
 */
#ifndef BC_BASE_PARAMS_H
#define BC_BASE_PARAMS_H

#include <string.h>

/* How many of a struct's `bytes` a caller knows, whose `size` is 0 for the `first` ones. */
static inline size_t bc_params_known(size_t size, size_t bytes, size_t first)
{
    const size_t known = size > 0 ? size : first;
    return known < bytes ? known : bytes;
}

/* Copies what the caller's struct has to one of `bytes`; the rest is 0. */
static inline void bc_params_copy(void *to, size_t bytes, size_t first, const void *from)
{
    size_t size;
    memcpy(&size, from, sizeof(size));
    memset(to, 0, bytes);
    memcpy(to, from, bc_params_known(size, bytes, first));
}

#endif
