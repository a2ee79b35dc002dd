#include "kernels/tiers.h"

#include <string.h>

#include "base/cpu.h"

static const bc_tier tiers[] = {
    {"c", 0, bc_kernels_init_c},
#if defined(__aarch64__)
    {"neon", BC_CPU_NEON, bc_kernels_init_neon},
#endif
#if defined(__x86_64__)
    {"avx2", BC_CPU_AVX2, bc_kernels_init_avx2},
    {"avx512", BC_CPU_AVX2 | BC_CPU_AVX512, bc_kernels_init_avx512},
    {"amx", BC_CPU_AVX2 | BC_CPU_AVX512 | BC_CPU_AVX512_BF16 | BC_CPU_AMX, bc_kernels_init_amx},
#endif
};

enum { N_TIERS = sizeof(tiers) / sizeof(tiers[0]) };

bool bc_tier_is_supported(const bc_tier *tier)
{
    return (tier->needs & ~bc_cpu_features()) == 0;
}

const bc_tier *bc_tier_next(const bc_tier *tier)
{
    for (tier = tier ? tier + 1 : tiers; tier < tiers + N_TIERS; tier++) {
        if (bc_tier_is_supported(tier))
            return tier;
    }
    return NULL;
}

static const bc_tier *best_tier(void)
{
    const bc_tier *best = tiers;
    for (const bc_tier *tier = best; tier; tier = bc_tier_next(tier))
        best = tier;
    return best;
}

const bc_tier *bc_tier_find(const char *name)
{
    if (!name || strcmp(name, "native") == 0)
        return best_tier();
    for (int i = 0; i < N_TIERS; i++) {
        if (strcmp(name, tiers[i].name) == 0)
            return &tiers[i];
    }
    return NULL;
}

const char *bc_tier_name(int i)
{
    const bc_tier *tier = i < 0 ? NULL : bc_tier_next(NULL);
    while (tier && i-- > 0)
        tier = bc_tier_next(tier);
    return tier ? tier->name : NULL;
}

void bc_kernels_init(bc_kernels *kernels, const bc_tier *tier)
{
    for (const bc_tier *part = tiers; part <= tier; part++) {
        if ((part->needs & ~tier->needs) == 0)
            part->init(kernels);
    }
    kernels->tier = tier;
}
