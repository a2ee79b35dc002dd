/*
 * cpu.h: what the processor and the operating system offer. The one place that asks the
 * processor; everything else takes a tier as an argument. Threads: any.
 *
 * A tier is a bundle of features that came together in real processors:
 *   AVX2    AVX2 and FMA                          (Haswell and Zen, and later)
 *   AVX512  AVX-512 F, CD, BW, DQ, VL             (Skylake-SP and Zen 4, and later)
 *   AMX     AMX TILE and BF16, AVX-512 BF16       (Sapphire Rapids and later)
 */
#ifndef BC_BASE_CPU_H
#define BC_BASE_CPU_H

#include <stdbool.h>

#include "brushcast.h"

/*
 * The best tier of this machine: never BC_CPU_NATIVE. Asks the operating system for the tile
 * registers, which a process may use only then; without its permission AMX is not there.
 */
bc_cpu bc_cpu_detect(void);

/* Whether there are products of pairs of bfloat16: AVX512_BF16 (Cooper Lake, Zen 4 and later). */
bool bc_cpu_has_bf16(void);

/* "c", "avx2", "avx512", "amx" or "native". */
const char *bc_cpu_name(bc_cpu cpu);

/* The inverse of bc_cpu_name: 0, or -1 for an unknown name. */
int bc_cpu_parse(const char *name, bc_cpu *cpu);

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

#endif
