#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
/* Linux gives the tile registers' large state only to those who ask. */
static bool may_use_tiles(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM */
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

/* What the compiler's run time has no names for: CPUID leaf 7, EDX, and leaf 7.1, EAX. */
static bool has_bits(unsigned subleaf, unsigned bits)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, subleaf, &a, &b, &c, &d) && ((subleaf ? a : d) & bits) == bits;
}

unsigned bc_cpu_features(void)
{
    const unsigned bf16 = 1u << 5, amx = 1u << 22 | 1u << 24; /* AMX-BF16, AMX-TILE */
    unsigned features = 0;
    /* The compiler's run time asks XGETBV too: the operating system must save the registers. */
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        features |= BC_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        features |= BC_CPU_AVX512;
    if (features & BC_CPU_AVX512 && has_bits(1, bf16))
        features |= BC_CPU_AVX512_BF16;
    if (has_bits(0, amx) && may_use_tiles())
        features |= BC_CPU_AMX;
    return features;
}
#elif defined(__aarch64__)
unsigned bc_cpu_features(void)
{
    return BC_CPU_NEON; /* part of the architecture's base */
}
#else
unsigned bc_cpu_features(void)
{
    return 0;
}
#endif

bc_caches bc_cpu_caches(void)
{
    const long most = 24 << 20;
    const long core = sysconf(_SC_LEVEL2_CACHE_SIZE), shared = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return (bc_caches){.core = (size_t)(core > 0 ? core : 1 << 20),
                       .shared = (size_t)(shared <= 0     ? 8 << 20
                                          : shared > most ? most
                                                          : shared)};
}

int bc_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    const int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

void bc_cpu_give_way(void)
{
    enum { WAY = 10 };
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + WAY); /* 0: Linux's threads */
}
