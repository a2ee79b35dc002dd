/*
 * cpu.h: what the processor and the operating system offer. The one place that asks the
 * processor; everything else takes its features as an argument. Threads: any.
 */
#ifndef BC_BASE_CPU_H
#define BC_BASE_CPU_H

#include <stddef.h>

#include "brushcast.h"

/*
 * Features, in bits. Each is a bundle of extensions that came together in real processors,
 * the first of which stand behind it.
 */
enum {
    BC_CPU_AVX2 = 1 << 0,        /* AVX2 and FMA (Haswell, Zen) */
    BC_CPU_AVX512 = 1 << 1,      /* AVX-512 F, CD, BW, DQ, VL (Skylake-SP, Zen 4) */
    BC_CPU_AVX512_BF16 = 1 << 2, /* products of pairs of bfloat16 (Cooper Lake, Zen 4) */
    BC_CPU_AMX = 1 << 3,         /* AMX TILE and BF16 (Sapphire Rapids) */
    BC_CPU_NEON = 1 << 4         /* Advanced SIMD (every 64-bit ARM) */
};

/*
 * The features of this machine. Asks the operating system for AMX's tile registers, which a
 * process may use only then; without its permission AMX is not there.
 */
unsigned bc_cpu_features(void);

/* In bytes. */
typedef struct bc_caches {
    size_t core;   /* a processor's own of the second level */
    size_t shared; /* that of the third level, which processors share */
} bc_caches;

/*
 * What the system says, else 1 MiB and 8 MiB; of the shared one at most 24 MiB: virtual machines
 * have been seen to name that of the whole host.
 */
bc_caches bc_cpu_caches(void);

/* Processors that this process may run on, at least 1. */
int bc_cpu_count(void);

/* The calling thread does what can wait: from now on it runs where others leave room. */
void bc_cpu_give_way(void);

#endif
