/*
 * simd.h: loops compiled for several instruction sets; the program's loader takes the best one that
 * the processor has. Nothing is contracted and no sum is reordered, so all of them give the same
 * bits.
 */
#ifndef BC_BASE_SIMD_H
#define BC_BASE_SIMD_H

/* Before a function; what it calls within its file becomes part of it. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&                \
    !defined(__SANITIZE_THREAD__)
#define BC_SIMD __attribute__((flatten, target_clones("default", "avx2", "avx512f")))
#else
#define BC_SIMD /* sanitizers run before the loader has chosen */
#endif

#endif
