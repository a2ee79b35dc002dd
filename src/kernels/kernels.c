#include "kernels/kernels.h"

#include <assert.h>

void bc_kernels_init(bc_kernels *kernels, bc_cpu cpu)
{
    assert(cpu != BC_CPU_NATIVE);
    bc_kernels_init_c(kernels);
    bc_kernels_init_c_matrix(kernels);
#if defined(__x86_64__)
    if (cpu >= BC_CPU_AVX2)
        bc_kernels_init_avx2(kernels);
    if (cpu >= BC_CPU_AVX512)
        bc_kernels_init_avx512(kernels);
    if (cpu >= BC_CPU_AMX)
        bc_kernels_init_amx(kernels);
#endif
    kernels->cpu = cpu;
}
