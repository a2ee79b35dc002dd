/*
 * fingerprint.h: a hash that tells a user's pictures apart, so that interrupted work is not gone on
 * with on others. FNV-1a (Fowler, Noll, Vo); no protection against anyone who means harm.
 */
#ifndef BC_TRAIN_FINGERPRINT_H
#define BC_TRAIN_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#define BC_FINGERPRINT_START 0xcbf29ce484222325u

/* Of what `hash` is of, followed by n bytes. */
static inline uint64_t bc_fingerprint(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

#endif
