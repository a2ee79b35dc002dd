#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const tier_names[] = {[BC_CPU_NATIVE] = "native",
                                         [BC_CPU_C] = "c",
                                         [BC_CPU_AVX2] = "avx2",
                                         [BC_CPU_AVX512] = "avx512",
                                         [BC_CPU_AMX] = "amx"};

enum { N_TIERS = sizeof(tier_names) / sizeof(tier_names[0]) };

/* CPUID leaf 7.1, EAX bit 5. */
bool bc_cpu_has_bf16(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
#else
    return false;
#endif
}

#if defined(__x86_64__)
/* CPUID leaf 7: AMX-BF16 and AMX-TILE are EDX bits 22 and 24. */
static bool processor_has_amx(void)
{
    const unsigned amx = 1u << 22 | 1u << 24;
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & amx) == amx && bc_cpu_has_bf16();
}

/* Linux gives the tile registers' large state only to those who ask. */
static bool may_use_tiles(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM */
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#endif

bc_cpu bc_cpu_detect(void)
{
#if defined(__x86_64__)
    /* The compiler's run time asks XGETBV too: the operating system must save the registers. */
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return BC_CPU_C;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return processor_has_amx() && may_use_tiles() ? BC_CPU_AMX : BC_CPU_AVX512;
    return BC_CPU_AVX2;
#else
    return BC_CPU_C;
#endif
}

const char *bc_cpu_name(bc_cpu cpu)
{
    return tier_names[cpu];
}

int bc_cpu_parse(const char *name, bc_cpu *cpu)
{
    for (int i = 0; i < N_TIERS; i++) {
        if (strcmp(name, tier_names[i]) == 0) {
            *cpu = (bc_cpu)i;
            return 0;
        }
    }
    return -1;
}

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
