#include "train/blas.h"

#include <cblas.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names && strcasecmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Names that are on neither list are newer than this: OpenBLAS knows what it does. */
const char *bc_blas_better(const char *kernels, unsigned features)
{
    static const char *const before_avx2[] = {
        "Generic", "Katmai", "Coppermine", "Northwood", "Prescott",    "Banias",      "Core2",
        "Penryn",  "Atom",   "Dunnington", "Nehalem",   "Sandybridge", "Athlon",      "Opteron",
        "Nano",    "Bobcat", "Barcelona",  "Bulldozer", "Piledriver",  "Steamroller", NULL};
    static const char *const before_avx512[] = {"Haswell", "Zen", "Excavator", NULL};
    const bool is_old = is_one_of(before_avx2, kernels);
    if (features & BC_CPU_AVX512 && (is_old || is_one_of(before_avx512, kernels)))
        return "SkylakeX";
    return features & BC_CPU_AVX2 && is_old ? "Haswell" : NULL;
}

const char *bc_blas_kernels(void)
{
    return openblas_get_corename();
}

void bc_blas_choose(char **argv)
{
    static const char variable[] = "OPENBLAS_CORETYPE";
    const char *better = bc_blas_better(bc_blas_kernels(), bc_cpu_features());
    char program[PATH_MAX];
    if (!better || getenv(variable) || setenv(variable, better, true) != 0)
        return;
    /* The link's target: the program keeps its name in lists of processes. */
    const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length <= 0)
        return;
    program[length] = '\0';
    execv(program, argv);
}
